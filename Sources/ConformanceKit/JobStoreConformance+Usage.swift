import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let usage: [Check] = [
        Check("a workspace's totals tell what came in and what was charged") { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 2_000_000_000))
            try await driver.grant(Credits(nanoUSD: 500_000_000))
            let other = try await driver.addWorkspace("other", credits: Credits(nanoUSD: 1_000_000_000))
            _ = try await driver.admit(other)
            _ = try await driver.job(in: .failed)
            _ = try await driver.job(in: .running)
            let before = WorkspaceTotals(credited: Credits(nanoUSD: 2_500_000_000), charged: .zero)
            #expect(try await store.totals(of: driver.key.workspace) == before)
            let done = try await driver.job(in: .completed)
            let stopped = try await driver.job(in: .cancelledAtCost)
            let charged = try charge(of: done).adding(charge(of: stopped))
            let after = WorkspaceTotals(credited: Credits(nanoUSD: 2_500_000_000), charged: charged)
            #expect(try await store.totals(of: driver.key.workspace) == after)
            #expect(
                try await store.totals(of: "other")
                    == WorkspaceTotals(credited: Credits(nanoUSD: 1_000_000_000), charged: .zero)
            )
            #expect(try await store.totals(of: "nobody") == WorkspaceTotals(credited: .zero, charged: .zero))
        },
        Check("a key's usage is told by day, week and month") { store in
            var driver = try await JobDriver(store)
            // A month that begins within a week: Monday 28 June, Thursday 1 July, Sunday 4 July 2027.
            let times = [
                "2027-06-27T23:59:59.999Z", "2027-06-28T00:00:00.000Z", "2027-06-30T23:59:59.000Z",
                "2027-07-01T00:00:01.000Z", "2027-07-04T10:00:00.000Z", "2027-07-04T23:59:58.000Z",
            ]
            let day = Self.day
            for (index, time) in times.enumerated() {
                let job = try await driver.job(in: .storing)
                let at = try #require(Timestamp(rfc3339: time))
                let cost = Credits(nanoUSD: Int64(1) << Int64(index))
                let stored = try job.state.applying(
                    .artifactsStored(JobScript(job.admitted).artifacts, JobScript.bill(cost)),
                    at: at
                )
                let outcome = try await store.commit(stored, of: job.id, expecting: job.version, fence: job.fence)
                guard case .committed = outcome else { throw JobDriverFailure.notCommitted(outcome) }
            }
            _ = try await driver.job(in: .running)
            let stranger = driver.fixtures.key()
            try await store.createKey(stranger)

            func usage(at time: String, of hash: String) async throws -> KeyUsage? {
                guard let now = Timestamp(rfc3339: time) else { return nil }
                return try await store.usage(ofKey: hash, in: UsagePeriods(at: now))
            }
            let key = driver.key.hash
            #expect(
                try await usage(at: "2027-07-04T23:59:59Z", of: key)
                    == KeyUsage(
                        total: day(63),
                        daily: day(48),
                        weekly: day(62),
                        monthly: day(56),
                        held: JobFixtures.hold
                    )
            )
            #expect(
                try await usage(at: "2027-07-05T00:00:00Z", of: key)
                    == KeyUsage(total: day(63), daily: day(0), weekly: day(0), monthly: day(56), held: JobFixtures.hold)
            )
            #expect(
                try await usage(at: "2027-08-01T00:00:00Z", of: key)
                    == KeyUsage(total: day(63), daily: day(0), weekly: day(0), monthly: day(0), held: JobFixtures.hold)
            )
            #expect(
                try await usage(at: "2027-07-04T23:59:59Z", of: stranger.hash)
                    == KeyUsage(total: day(0), daily: day(0), weekly: day(0), monthly: day(0), held: .zero)
            )
            #expect(try await usage(at: "2027-07-04T23:59:59Z", of: driver.fixtures.hash()) == nil)
        },
    ]

    private static func day(_ nano: Int64) -> Credits { Credits(nanoUSD: nano) }

    private static func charge(of job: Job) -> Credits {
        switch job.state {
        case .completed(let completed): completed.bill.total
        case .cancelled(let cancelled): cancelled.charged
        case .queued, .submitting, .running, .storing, .failed, .expired: .zero
        }
    }
}
