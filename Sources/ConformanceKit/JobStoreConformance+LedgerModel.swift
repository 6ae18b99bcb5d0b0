import Foundation
import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    /// What the random operations are drawn from: another number in each run, or that of the environment's LEDGER_SEED.
    private static let ledgerSeed: UInt64 = {
        if let given = ProcessInfo.processInfo.environment["LEDGER_SEED"].flatMap({ UInt64($0) }) { return given }
        // The standard library draws a new seed for its hashes in each process.
        return UInt64(truncatingIfNeeded: "ledger model".hashValue) % 1_000_000
    }()

    static let ledgerModel: [Check] = [
        Check("10,000 random operations agree with a model of all money, LEDGER_SEED=\(ledgerSeed)") { store in
            // Also when all is well: a run that was different can be had again.
            FileHandle.standardError.write(Data("ledger model: LEDGER_SEED=\(ledgerSeed)\n".utf8))
            var run = try await LedgerRun(store, seed: ledgerSeed)
            for step in 0..<10_000 {
                try await run.step(step)
                if step % 2_500 == 2_499 { try await run.expectAll(step) }
            }
            #expect(run.ended > 300, "LEDGER_SEED=\(ledgerSeed)")
        }
    ]
}

/// A store and a model, and one operation after the other on both.
private struct LedgerRun {
    private static let workspaces = ["default", "art", "zoo"]
    private static let liveMax = 24
    /// What jobs are charged by: nothing besides, markup and fee, and own keys with and without an allowance.
    private static let terms: [LedgerModel.Terms] = [
        LedgerModel.Terms(), LedgerModel.Terms(markup: 7, fee: 3), LedgerModel.Terms(markup: 33),
        LedgerModel.Terms(fee: 11), LedgerModel.Terms(own: (fee: 5, allowance: 3_000_000_000)),
        LedgerModel.Terms(own: (fee: 0, allowance: 0)),
    ]

    /// A job that is not over, and what the model knows of it.
    private struct Live {
        var job: Job
        let terms: LedgerModel.Terms
    }

    private let store: any JobStore
    private let seed: UInt64
    private let start: Timestamp
    private var driver: JobDriver
    private var model = LedgerModel()
    private var keys: [APIKey] = []
    private var live: [Live] = []
    private(set) var ended = 0

    init(_ store: any JobStore, seed: UInt64) async throws {
        self.store = store
        self.seed = seed
        driver = try await JobDriver(store, credits: .zero, seed: seed)
        start = driver.now
        keys = [driver.key]
        for workspace in Self.workspaces {
            try await store.ensureWorkspace(workspace, at: start)
            keys.append(driver.fixtures.key(workspace: workspace))
            keys.append(driver.fixtures.key(workspace: workspace, limit: Credits(nanoUSD: 20_000_000_000)))
        }
        for key in keys.dropFirst() { try await store.createKey(key) }
    }

    private mutating func draw(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &driver.fixtures.generator)
    }

    private mutating func drawWorkspace() -> String { Self.workspaces[Int(draw(0...2))] }

    private func comment(_ step: Int) -> Comment { "LEDGER_SEED=\(seed), operation \(step)" }

    mutating func step(_ step: Int) async throws {
        switch draw(0...99) {
        case 0...9: try await move(step, draw(1...1_500_000_000)) { .grant($0) }
        case 10...13: try await move(step, draw(1...50_000_000)) { .adjust($0) }
        case 14...21: try await move(step, -draw(1...200_000_000)) { .adjust($0) }
        case 22...25: try await move(step, -draw(1...200_000_000)) { .back("chargeback", $0) }
        case 26...29: try await move(step, -draw(1...50_000_000)) { .back("refund", $0) }
        case 30...35: try await move(step, -draw(1...1_500_000_000)) { .back("expiry", $0) }
        case 36: try await passDay()
        case 37...52 where live.count < Self.liveMax: try await admit(step)
        case _: try await advance(step)
        }
        if step % 16 == 0 { try await expectBalances(step) }
    }

    // MARK: Credits

    private enum Movement {
        case grant(Int64)
        case adjust(Int64)
        case back(String, Int64)
    }

    private mutating func move(_ step: Int, _ amount: Int64, _ movement: (Int64) -> Movement) async throws {
        let workspace = drawWorkspace()
        let transfer: Transfer
        var mayOwe = false
        switch movement(amount) {
        case .grant(let nano):
            transfer = try .grant(id: "\(step)", workspace: workspace, amount: Credits(nanoUSD: nano), reason: "test")
        case .adjust(let nano):
            transfer = try .adjustment(
                id: "\(step)",
                workspace: workspace,
                amount: Credits(nanoUSD: nano),
                reason: "test",
                actor: "model"
            )
        case .back(let kind, let nano):
            mayOwe = kind != "expiry"
            transfer = try Transfer(
                id: "\(kind):\(step)",
                from: .available(workspace: workspace),
                to: .purchases,
                amount: Credits(nanoUSD: -nano),
                cause: "payment"
            )
        }
        let at = driver.fixtures.tick()
        if model.move(amount, of: workspace, mayOwe: mayOwe) {
            #expect(try await store.transfer(transfer, at: at), comment(step))
            #expect(try await !store.transfer(transfer, at: at), comment(step))
        } else {
            await #expect(throws: LedgerRefusal.overdrawn(account: "available:\(workspace)"), comment(step)) {
                _ = try await store.transfer(transfer, at: at)
            }
        }
    }

    private mutating func passDay() async throws {
        driver.fixtures.tick(seconds: Double(draw(1...86_400)))
        try await driver.startLease(of: driver.worker)
    }

    // MARK: Jobs

    private static let secondPrice: Int64 = 100_000_000

    private static func sheet(_ terms: LedgerModel.Terms) -> PriceSheet {
        let own = terms.own.map {
            BYOKTerms(feePercent: ExactDecimal($0.fee), allowance: Credits(nanoUSD: $0.allowance))
        }
        return JobFixtures.prices.with(
            PriceTerms(markupPercent: ExactDecimal(terms.markup), feePercent: ExactDecimal(terms.fee), byok: own)
        )
    }

    private mutating func admit(_ step: Int) async throws {
        let key = keys[Int(draw(0...Int64(keys.count - 1)))]
        let terms = Self.terms[Int(draw(0...Int64(Self.terms.count - 1)))]
        // Four seconds at most.
        let hold = LedgerModel.hold(4 * Self.secondPrice, terms)
        let new = driver.fixtures.newJob(key, hold: Credits(nanoUSD: hold), prices: Self.sheet(terms))
        let outcome = try await store.admit(driver.fixtures.admission(of: new))
        let available = model.purses[key.workspace]?.available ?? 0
        let left = key.limit.map { $0.nanoUSD - (model.committed[key.hash] ?? 0) }
        if let left, hold > left {
            #expect(outcome == .keyLimitReached(remaining: Credits(nanoUSD: left)), comment(step))
        } else if hold > available {
            #expect(outcome == .insufficientCredits(available: Credits(nanoUSD: available)), comment(step))
        } else {
            #expect(outcome == .admitted(Job(new)), comment(step))
            model.admit(hold, of: key.workspace, key: key.hash)
            live.append(Live(job: Job(new), terms: terms))
        }
    }

    private mutating func advance(_ step: Int) async throws {
        guard let index = live.indices.randomElement(using: &driver.fixtures.generator) else { return }
        let (job, terms) = (live[index].job, live[index].terms)
        let milliseconds = draw(0...4_000)
        let hold = job.admitted.hold
        let script = JobScript(job.admitted, charge: Credits(nanoUSD: draw(0...hold.nanoUSD)))
        let legal = try script.samples(in: job.state).filter { event in
            // A refusal is as good as a failure, and ends too many lives early.
            if case .refused = event { return false }
            return (try? job.state.applying(event, at: job.admitted.createdAt)) != nil
        }
        guard var event = legal.randomElement(using: &driver.fixtures.generator) else { return }
        if case .artifactsStored(let artifacts, _) = event {
            let usage = MeteredUsage(quantities: [.second: .thousandths(milliseconds)])
            event = .artifactsStored(artifacts, try job.admitted.prices.bill(usage, rounding: .halfToEven))
        }
        let next = try await driver.commit([event], of: job)
        if next.state.isTerminal || step % 8 == 0 {
            // A provider that says it twice, and a worker that does not know that it has.
            let again = try await store.commit(
                job.state.applying(event, at: driver.now),
                of: job.id,
                expecting: job.version,
                fence: job.fence
            )
            #expect(again == .stale(next), comment(step))
        }
        live[index].job = next
        guard next.state.isTerminal else { return }
        live.remove(at: index)
        ended += 1
        resolve(next, terms, price: milliseconds * (Self.secondPrice / 1_000), step)
    }

    private mutating func resolve(_ job: Job, _ terms: LedgerModel.Terms, price: Int64, _ step: Int) {
        let (workspace, key) = (job.admitted.workspace, job.admitted.keyHash)
        let at = job.finishedAt ?? driver.now
        var (cost, share, listed): (Int64, Int64, Int64) = (0, 0, 0)
        switch job.state {
        case .completed(let completed):
            (cost, share) = model.charge(price, terms, of: workspace, at: at)
            listed = terms.own == nil ? 0 : price
            #expect(completed.bill.total.nanoUSD == cost, comment(step))
        case .cancelled(let cancelled): cost = cancelled.charged.nanoUSD
        case .failed, .expired, .queued, .submitting, .running, .storing: break
        }
        model.resolve(
            job.admitted.hold.nanoUSD,
            at: cost,
            share: share,
            listed: listed,
            of: workspace,
            key: key,
            on: UsagePeriods.day(of: at)
        )
    }

    // MARK: What must agree

    private func expectBalances(_ step: Int) async throws {
        for workspace in Self.workspaces {
            let purse = model.purses[workspace] ?? LedgerModel.Purse()
            let balance = Balance(
                available: Credits(nanoUSD: purse.available),
                held: Credits(nanoUSD: purse.held)
            )
            #expect(try await store.balance(of: workspace) == balance, comment(step))
        }
    }

    func expectAll(_ step: Int) async throws {
        try await expectBalances(step)
        let periods = UsagePeriods(at: driver.now)
        for workspace in Self.workspaces {
            let purse = model.purses[workspace] ?? LedgerModel.Purse()
            let spending = try await store.spending(ofWorkspace: workspace, in: periods)
            let month = purse.days.filter { $0.key >= periods.monthStart }.values
            #expect(spending.charged.total.nanoUSD == purse.charged, comment(step))
            #expect(spending.charged.monthly.nanoUSD == month.reduce(0) { $0 + $1.charged }, comment(step))
            #expect(spending.byok.total.nanoUSD == purse.days.values.reduce(0) { $0 + $1.listed }, comment(step))
            #expect(spending.byok.monthly.nanoUSD == month.reduce(0) { $0 + $1.listed }, comment(step))
            #expect(spending.held.nanoUSD == purse.held, comment(step))
            #expect(try await store.totals(of: workspace).charged.nanoUSD == purse.charged, comment(step))
        }
        for key in keys {
            let spending = try #require(try await store.spending(ofKey: key.hash, in: periods))
            let committed = try spending.charged.total.adding(spending.held)
            #expect(committed.nanoUSD == model.committed[key.hash] ?? 0, comment(step))
        }
        #expect(try await store.storeMetrics(now: driver.now).ledgerDifference == 0, comment(step))
        let report = try await store.audit()
        #expect(report.findings == [], comment(step))
        #expect(report.transfers == model.transfers, comment(step))
    }
}
