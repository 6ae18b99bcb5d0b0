import Generation
import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let usageRows: [Check] = [
        Check("every job that is over has one row of usage, and no other job has any") { store in
            var driver = try await JobDriver(store)
            var parameters = JobParameters()
            parameters.user = "end user"
            parameters.sessionID = "session \"1\""
            for situation in JobSituation.allCases {
                let job = try await driver.job(in: situation, parameters: parameters, account: "second")
                let row = try await store.usageRecord(of: job.id)
                #expect(try row == UsageRecord(job), "\(situation)")
                #expect((row != nil) == job.state.isTerminal)
                guard let row else { continue }
                #expect(row.user == "end user" && row.session == "session \"1\"" && row.endpoint.account == "second")
                guard case .completed = job.state else { continue }
                #expect(row.charge == JobCharge(charged: JobScript(job.admitted).charge))
                #expect(row.quantities.milliseconds == 4_000)
                #expect(row.quantities.images == 1 && row.quantities.outputs == 2)
            }
            let all = try await store.usage(UsageQuery(workspace: nil, from: JobFixtures.start, to: distantFuture))
            let over = JobSituation.allCases.count {
                [.completed, .failed, .cancelled, .cancelledAtCost, .expired].contains($0)
            }
            #expect(all.groups.map(\.sums.requests) == [Int64(over)])
        },
        Check("a row of usage stays when what the job made is deleted") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .completed)
            let row = try await store.usageRecord(of: job.id)
            #expect(try await store.markDeleted(job.id) != nil)
            #expect(try await store.usageRecord(of: job.id) == row)
        },
        Check("a row of usage tells fees from the provider's part, and what own keys have cost elsewhere") { store in
            var driver = try await JobDriver(store)
            let ten = try #require(ExactDecimal("10"))
            var charges: [JobCharge] = []
            for terms in [
                PriceTerms(markupPercent: ten, feePercent: ten), PriceTerms(byok: BYOKTerms(feePercent: ten)),
            ] {
                let prices = JobFixtures.prices.with(terms)
                let used = MeteredUsage(quantities: [.second: ExactDecimal(4)])
                let hold = try prices.bill(used, rounding: .up).total
                let job = try await driver.admit(driver.fixtures.newJob(driver.key, hold: hold, prices: prices))
                let script = JobScript(job.admitted)
                let bill = try prices.bill(used, rounding: .halfToEven)
                try await driver.commit(script.way(to: .storing) + [.artifactsStored(script.artifacts, bill)], of: job)
                let row = try #require(try await store.usageRecord(of: job.id))
                charges.append(row.charge)
            }
            // 0.40 by the list, a tenth on it, and a tenth of that; then a tenth of the list alone.
            #expect(
                charges == [
                    JobCharge(charged: Credits(nanoUSD: 484_000_000), fee: Credits(nanoUSD: 84_000_000)),
                    JobCharge(
                        charged: Credits(nanoUSD: 40_000_000),
                        fee: Credits(nanoUSD: 40_000_000),
                        listPrice: Credits(nanoUSD: 400_000_000),
                        isBYOK: true
                    ),
                ]
            )
            let all = UsageQuery(workspace: nil, from: JobFixtures.start, to: distantFuture)
            let sums = try #require(try await store.usage(all).groups.first?.sums)
            #expect(sums.providerCost == Credits(nanoUSD: 400_000_000) && sums.fee == Credits(nanoUSD: 124_000_000))
            #expect(sums.listPrice == Credits(nanoUSD: 400_000_000))
            let statement = try await store.statement(
                of: driver.key.workspace,
                from: JobFixtures.start,
                to: distantFuture
            )
            #expect(statement?.difference == .zero && statement?.charged == sums.charged)
        },
        Check("usage is summed up by period and dimensions") { store in
            var driver = try await UsageMonth.make(in: store)
            var query = UsageMonth.query
            query.dimensions = [.user, .type]
            query.granularity = .day
            let report = try await store.usage(query)
            #expect(!report.isTruncated)
            #expect(
                report.groups.map(UsageMonth.line) == [
                    "2027-06-27 ann video 1/1 10", "2027-06-28 - video 1/1 20", "2027-06-28 ann video 1/1 40",
                    "2027-07-01 ann image 1/1 80", "2027-07-01 bob video 0/1 0", "2027-07-04 bob video 1/1 160",
                ]
            )
            query.dimensions = []
            query.granularity = .week
            #expect(
                try await store.usage(query).groups.map(UsageMonth.line)
                    == ["2027-06-21 1/1 10", "2027-06-28 4/5 300"]
            )
            query.granularity = .month
            #expect(
                try await store.usage(query).groups.map(UsageMonth.line)
                    == ["2027-06-01 3/3 70", "2027-07-01 2/3 240"]
            )
            query.granularity = .hour
            #expect(try await store.usage(query).groups.first?.start?.description == "2027-06-27T23:00:00.000Z")
            query.granularity = .minute
            #expect(try await store.usage(query).groups.first?.start?.description == "2027-06-27T23:59:00.000Z")
            query.granularity = nil
            let whole = try #require(try await store.usage(query).groups.first)
            #expect(UsageMonth.line(whole) == "5/6 310")
            #expect(whole.sums.failed == 1 && whole.sums.quantities.milliseconds == 20_000)
            #expect(whole.sums.quantities.outputs == 10 && whole.sums.providerCost == whole.sums.charged)
            query.to = query.from
            #expect(try await store.usage(query).groups.map(UsageMonth.line) == ["0/0 0"])
            query.granularity = .day
            #expect(try await store.usage(query).groups == [])
            query.to = distantFuture
            query.granularity = nil
            query.workspace = "other"
            #expect(try await store.usage(query).groups.map(UsageMonth.line) == ["1/1 5"])
            query.workspace = nil
            query.dimensions = [.workspace]
            #expect(
                try await store.usage(query).groups.map(UsageMonth.line) == ["default 5/6 310", "other 1/1 5"]
            )
            query.dimensions = [.key]
            query.filters = [UsageFilter(.key, .equal, [driver.key.hash])]
            #expect(try await store.usage(query).groups.map(\.values) == [[driver.key.hash]])
            _ = try await driver.job(in: .running)
        },
        Check("usage is filtered, put in order and cut off") { store in
            _ = try await UsageMonth.make(in: store)
            func users(_ filters: UsageFilter...) async throws -> [String] {
                var query = UsageMonth.query
                query.filters = filters
                query.dimensions = [.user]
                return try await store.usage(query).groups.map(UsageMonth.line)
            }
            let (none, ann, bob) = ("- 1/1 20", "ann 3/3 130", "bob 1/2 160")
            #expect(try await users() == [none, ann, bob])
            #expect(try await users(UsageFilter(.user, .equal, ["ann"])) == [ann])
            #expect(try await users(UsageFilter(.user, .notEqual, ["ann"])) == [bob])
            #expect(try await users(UsageFilter(.user, .isIn, ["ann", "bob", "eve"])) == [ann, bob])
            #expect(try await users(UsageFilter(.user, .isIn, ["ann"], includesUnset: true)) == [none, ann])
            #expect(try await users(UsageFilter(.user, .isNotIn, ["ann", "eve"])) == [bob])
            #expect(try await users(UsageFilter(.user, .greater, ["ann"])) == [bob])
            #expect(try await users(UsageFilter(.user, .atLeast, ["ann"])) == [ann, bob])
            #expect(try await users(UsageFilter(.user, .less, ["bob"])) == [ann])
            #expect(try await users(UsageFilter(.user, .atMost, ["bob"])) == [ann, bob])
            #expect(
                try await users(UsageFilter(.state, .equal, ["failed"]), UsageFilter(.user, .equal, ["bob"]))
                    == ["bob 0/1 0"]
            )
            var query = UsageMonth.query
            query.dimensions = [.user]
            for metric in UsageMetric.allCases {
                query.order = .init(.metric(metric), isDescending: true)
                #expect(try await store.usage(query).groups.count == 3, "\(metric)")
            }
            query.order = .init(.metric(.charged), isDescending: true)
            #expect(try await store.usage(query).groups.map(UsageMonth.line) == [bob, ann, none])
            query.order = .init(.metric(.successRate), isDescending: false)
            #expect(try await store.usage(query).groups.map(UsageMonth.line) == [bob, none, ann])
            query.order = .init(.dimension(.user), isDescending: true)
            query.limit = 2
            var report = try await store.usage(query)
            #expect(report.groups.map(UsageMonth.line) == [bob, ann] && report.isTruncated)
            query.limit = 3
            report = try await store.usage(query)
            #expect(report.groups.count == 3 && !report.isTruncated)
            query.granularity = .day
            query.groupLimit = 1
            query.order = .init(.period, isDescending: true)
            #expect(
                try await store.usage(query).groups.map(UsageMonth.line)
                    == ["2027-07-04 bob 1/1 160", "2027-07-01 ann 1/1 80", "2027-06-28 - 1/1 20"]
            )
        },
    ]

    static let distantFuture = Timestamp(milliseconds: 32_503_680_000_000)
}

/// A month in the life of a store: who used it when, and what it cost in nano-dollars.
enum UsageMonth {
    /// All of it, of the workspace that has most.
    static let query = UsageQuery(
        workspace: JobFixtures.workspace,
        from: JobFixtures.start,
        to: JobStoreConformance.distantFuture
    )

    private static let days: [(time: String, user: String?, cost: Int64?, isImage: Bool)] = [
        ("2027-06-27T23:59:59.999Z", "ann", 10, false), ("2027-06-28T00:00:00.000Z", nil, 20, false),
        ("2027-06-28T23:59:59.999Z", "ann", 40, false), ("2027-07-01T00:00:00.000Z", "ann", 80, true),
        ("2027-07-01T00:00:00.001Z", "bob", nil, false), ("2027-07-04T23:59:59.999Z", "bob", 160, false),
    ]

    /// Fills an empty store.
    ///
    /// - Throws: What the store throws.
    static func make(in store: any JobStore) async throws -> JobDriver {
        var driver = try await JobDriver(store)
        for day in days {
            var parameters = JobParameters()
            parameters.user = day.user
            let new = driver.fixtures.newJob(
                driver.key,
                request: day.isImage ? JobFixtures.image() : JobFixtures.video(),
                parameters: parameters
            )
            try await finish(driver.admit(new), at: day.time, cost: day.cost, &driver)
        }
        let stranger = try await driver.addWorkspace("other", credits: Credits(nanoUSD: 1_000_000_000))
        try await finish(driver.admit(stranger), at: "2027-07-04T12:00:00.000Z", cost: 5, &driver)
        return driver
    }

    /// Ends a job at a time: completed at a cost, or failed.
    ///
    /// - Throws: What the store throws.
    static func finish(_ job: Job, at time: String, cost: Int64?, _ driver: inout JobDriver) async throws {
        let script = JobScript(job.admitted)
        let ready = try await driver.commit(script.way(to: .storing), of: job)
        let event: JobEvent =
            if let cost {
                .artifactsStored(script.artifacts, try JobScript.bill(Credits(nanoUSD: cost)))
            } else {
                .outputsRejected(JobFailure(.invalidOutput, "Not what it should be.", retryable: true))
            }
        let step = try ready.state.applying(event, at: #require(Timestamp(rfc3339: time)))
        let outcome = try await driver.store.commit(step, of: job.id, expecting: ready.version, fence: ready.fence)
        guard case .committed = outcome else { throw JobDriverFailure.notCommitted(outcome) }
    }

    /// A group in a line: period, values, completed of all, charged.
    static func line(_ group: UsageGroup) -> String {
        let period = group.start.map { [String($0.description.prefix(10))] } ?? []
        let figures = ["\(group.sums.completed)/\(group.sums.requests)", "\(group.sums.charged.nanoUSD)"]
        return (period + group.values.map { $0 ?? "-" } + figures).joined(separator: " ")
    }
}
