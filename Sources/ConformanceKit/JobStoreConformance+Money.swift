import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let money: [Check] = [
        Check("markup and fee are charged with the provider's part, and counted with it") { store in
            var driver = try await JobDriver(store)
            let before = try await store.balance(of: driver.key.workspace)
            let terms = PriceTerms(markupPercent: try percent("12.5"), feePercent: try percent("5"))
            let done = try await complete(try await driver.newJob(under: terms), seconds: 3, &driver)
            // 0.30, with its markup 0.3375, with its fee 0.354375.
            let charged = Credits(nanoUSD: 354_375_000)
            #expect(try bill(of: done).total == charged)
            #expect(try bill(of: done).platformShare() == Credits(nanoUSD: 54_375_000))
            let after = try await store.balance(of: driver.key.workspace)
            #expect(after == Balance(available: try before.available.subtracting(charged), held: .zero))
            #expect(try await store.storeMetrics(now: driver.now).ledgerDifference == 0)
            let spending = try await store.spending(ofWorkspace: driver.key.workspace, in: UsagePeriods(at: driver.now))
            #expect(spending == Spending(charged: same(charged), byok: .none, held: .zero))
            #expect(try await store.spending(ofKey: driver.key.hash, in: UsagePeriods(at: driver.now)) == spending)
        },
        Check("a job by the client's own key costs the fee above the month's allowance") { store in
            var driver = try await JobDriver(store)
            let before = try await store.balance(of: driver.key.workspace).available
            // Of 0.40 each, 0.70 a month are free.
            let terms = PriceTerms(
                byok: BYOKTerms(feePercent: try percent("5"), allowance: Credits(nanoUSD: 700_000_000))
            )
            var charged: [Int64] = []
            for _ in 0..<3 {
                let job = try await driver.newJob(under: terms)
                let done = try await complete(job, seconds: 4, &driver)
                #expect(try await store.job(done.id) == done)
                let bill = try bill(of: done)
                #expect(bill.byokListPrice == Credits(nanoUSD: 400_000_000))
                #expect(bill.lines.map(\.unit) == [.second, .platformFee])
                charged.append(bill.total.nanoUSD)
            }
            #expect(charged == [0, 5_000_000, 20_000_000])
            var after = try await store.balance(of: driver.key.workspace)
            #expect(after == Balance(available: try before.subtracting(Credits(nanoUSD: 25_000_000)), held: .zero))
            let spending = try await store.spending(ofWorkspace: driver.key.workspace, in: UsagePeriods(at: driver.now))
            #expect(spending.byok == same(Credits(nanoUSD: 1_200_000_000)))
            #expect(spending.charged == same(Credits(nanoUSD: 25_000_000)))
            #expect(try await store.spending(ofKey: driver.key.hash, in: UsagePeriods(at: driver.now)) == spending)
            // Another month has an allowance of its own.
            let job = try await driver.newJob(under: terms)
            driver.fixtures.tick(seconds: 31 * 86_400)
            try await driver.startLease(of: driver.worker)
            let done = try await complete(job, seconds: 4, &driver)
            #expect(try bill(of: done).total == .zero)
            after = try await store.balance(of: driver.key.workspace)
            #expect(after.available == (try before.subtracting(Credits(nanoUSD: 25_000_000))))
            let next = try await store.spending(ofWorkspace: driver.key.workspace, in: UsagePeriods(at: driver.now))
            #expect(next.byok.total == Credits(nanoUSD: 1_600_000_000))
            #expect(next.byok.monthly == Credits(nanoUSD: 400_000_000))
        },
        Check("jobs that end at once share one allowance") { store in
            var driver = try await JobDriver(store)
            let terms = PriceTerms(
                byok: BYOKTerms(feePercent: try percent("10"), allowance: Credits(nanoUSD: 1_000_000_000))
            )
            var jobs: [Job] = []
            for _ in 0..<16 { jobs.append(try await stored(try await driver.newJob(under: terms), &driver)) }
            let at = driver.fixtures.tick()
            let ends = try jobs.map { job in
                (
                    job: job,
                    step: try job.state.applying(
                        .artifactsStored(JobScript(job.admitted).artifacts, try listBill(of: job, seconds: 4)),
                        at: at
                    )
                )
            }
            let charges = try await race(ends) { end in
                let outcome = try await store.commit(
                    end.step,
                    of: end.job.id,
                    expecting: end.job.version,
                    fence: end.job.fence
                )
                guard case .committed(let done) = outcome else { throw JobDriverFailure.notCommitted(outcome) }
                return try bill(of: done).total.nanoUSD
            }
            // A tenth of what 16 × 0.40 have above 1.00, whoever came first.
            #expect(charges.reduce(0, +) == 540_000_000)
            #expect(charges.sorted().prefix(3) == [0, 0, 20_000_000])
        },
        Check("a correction by hand goes both ways, and takes no more than there is") { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 10))
            let workspace = driver.key.workspace
            func adjust(_ nano: Int64, _ id: String) async throws -> Bool {
                let transfer = try Transfer.adjustment(
                    id: id,
                    workspace: workspace,
                    amount: Credits(nanoUSD: nano),
                    reason: "counted twice",
                    actor: "an operator"
                )
                return try await store.transfer(transfer, at: driver.now)
            }
            #expect(try await adjust(5, "up"))
            #expect(try await adjust(-12, "down"))
            #expect(try await !adjust(-12, "down"))
            await #expect(throws: LedgerRefusal.overdrawn(account: "available:\(workspace)")) {
                _ = try await adjust(-4, "too much")
            }
            #expect(try await store.balance(of: workspace).available == Credits(nanoUSD: 3))
            driver.fixtures.tick()
        },
        Check("only refunds and chargebacks leave a debt, which nothing is admitted with") { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 10))
            let workspace = driver.key.workspace
            func back(_ id: String, _ nano: Int64, to account: Account = .purchases) throws -> Transfer {
                try Transfer(
                    id: id,
                    from: .available(workspace: workspace),
                    to: account,
                    amount: Credits(nanoUSD: nano),
                    cause: "pay_1"
                )
            }
            let at = driver.now
            for refused in [
                try back("expiry:1", 11), try back("purchase:1", 11),
                try back("chargeback:1", 11, to: .adjustments), try back("refunded:1", 11),
            ] {
                await #expect(throws: LedgerRefusal.overdrawn(account: "available:\(workspace)")) {
                    _ = try await store.transfer(refused, at: at)
                }
            }
            #expect(try await store.balance(of: workspace).available == Credits(nanoUSD: 10))
            #expect(try await store.transfer(try back("chargeback:1", 15), at: at))
            #expect(try await store.transfer(try back("refund:1", 1), at: at))
            let debt = Credits(nanoUSD: -6)
            #expect(try await store.balance(of: workspace) == Balance(available: debt, held: .zero))
            let free = driver.fixtures.admission(of: driver.fixtures.newJob(driver.key, hold: .zero))
            #expect(try await store.admit(free) == .insufficientCredits(available: debt))
            try await driver.grant(Credits(nanoUSD: 6))
            #expect(try await store.admit(free) == .admitted(Job(free.job)))
        },
        Check("nothing is known to be spent by nobody") { store in
            var driver = try await JobDriver(store)
            let periods = UsagePeriods(at: driver.now)
            #expect(try await store.spending(ofKey: driver.fixtures.hash(), in: periods) == nil)
            let none = Spending(charged: .none, byok: .none, held: .zero)
            #expect(try await store.spending(ofWorkspace: "nobody", in: periods) == none)
            #expect(try await store.spending(ofKey: driver.key.hash, in: periods) == none)
            _ = try await driver.job(in: .running)
            let held = Spending(charged: .none, byok: .none, held: JobFixtures.hold)
            #expect(try await store.spending(ofKey: driver.key.hash, in: periods) == held)
            #expect(try await store.spending(ofWorkspace: driver.key.workspace, in: periods) == held)
        },
    ]

    private static func percent(_ text: String) throws -> ExactDecimal { try #require(ExactDecimal(text)) }

    private static func same(_ amount: Credits) -> PeriodSums {
        PeriodSums(total: amount, daily: amount, weekly: amount, monthly: amount)
    }

    private static func listBill(of job: Job, seconds: Int64) throws -> Bill {
        try job.admitted.prices.bill(
            MeteredUsage(quantities: [.second: ExactDecimal(seconds)]),
            rounding: .halfToEven
        )
    }

    /// Brings a job to where its outputs are stored.
    private static func stored(_ job: Job, _ driver: inout JobDriver) async throws -> Job {
        try await driver.commit(JobScript(job.admitted).way(to: .storing), of: job)
    }

    /// Completes a job at the price of so many seconds.
    private static func complete(_ job: Job, seconds: Int64, _ driver: inout JobDriver) async throws -> Job {
        let stored = try await stored(job, &driver)
        let event = JobEvent.artifactsStored(
            JobScript(job.admitted).artifacts,
            try listBill(of: job, seconds: seconds)
        )
        return try await driver.commit(event, of: stored)
    }

    private static func bill(of job: Job) throws -> Bill {
        guard case .completed(let completed) = job.state else { throw JobDriverFailure.notClaimed(job.id) }
        return completed.bill
    }
}

extension JobDriver {
    /// Admits a job of four seconds at most, under these terms.
    fileprivate mutating func newJob(under terms: PriceTerms) async throws -> Job {
        let prices = JobFixtures.prices.with(terms)
        let hold = try prices.bill(MeteredUsage(quantities: [.second: ExactDecimal(4)]), rounding: .up).total
        return try await admit(fixtures.newJob(key, hold: hold, prices: prices))
    }
}
