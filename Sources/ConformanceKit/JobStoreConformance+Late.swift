import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let late: [Check] = [
        Check("attempts that were sent at an account are read page by page, by job and number") { store in
            var driver = try await JobDriver(store)
            let early = try await driver.job(in: .running)
            let start = driver.fixtures.tick(seconds: 10)
            _ = try await driver.job(in: .intent)
            _ = try await driver.job(in: .queued)
            let other = try await driver.job(in: .running, account: "other")
            var expected: [JobID] = []
            for situation in [JobSituation.sending, .verifying, .running, .completed, .failed] {
                expected.append(try await driver.job(in: situation).id)
            }
            let (provider, account) = (early.admitted.endpoint.provider, early.admitted.endpoint.account)
            func page(_ account: String, after place: AttemptPlace?, limit: Int) async throws -> [Attempt] {
                try await store.attempts(
                    provider: provider,
                    account: account,
                    sentSince: start,
                    after: place,
                    limit: limit
                )
            }
            let all = try await page(account, after: nil, limit: 100)
            #expect(all.map(\.job) == expected)
            var read: [Attempt] = []
            while true {
                let place = read.last.map { AttemptPlace(job: $0.job, number: $0.start.number) }
                let next = try await page(account, after: place, limit: 2)
                read += next
                guard next.count == 2 else { break }
            }
            #expect(read == all)
            #expect(try await page("other", after: nil, limit: 100).map(\.job) == [other.id])
            #expect(try await page("nobody's", after: nil, limit: 100).isEmpty)
        },
        Check("what comes late is recorded once: the artifacts with the job, the loss in the ledger, and nothing else")
        {
            store in
            var driver = try await JobDriver(store)
            for situation in [JobSituation.failed, .cancelled, .expired] {
                let job = try await driver.job(in: situation)
                guard let attempt = try await store.attempts(of: job.id).last else { continue }
                let before = try await driver.observe(job)
                let transfers = try await store.audit().transfers
                let late = Self.late(of: job, attempt.start.number, loss: Credits(nanoUSD: 9_000_000_000_000))
                #expect(try await store.lateResults(of: [job.id]).isEmpty)
                #expect(try await store.recordLate(late, at: driver.fixtures.tick()) == .recorded)
                #expect(try await driver.observe(job) == before)
                #expect(try await store.audit().transfers == transfers + 1)
                #expect(try await store.recordLate(late, at: driver.fixtures.tick()) == .alreadyRecorded)
                #expect(try await store.audit().transfers == transfers + 1)
                #expect(try await store.lateResults(of: [job.id]) == [job.id: [late]])
                let recorded = try await store.artifacts(after: nil, limit: 100)
                for artifact in late.artifacts {
                    #expect(try await store.isReferenced(artifact.key))
                    #expect(recorded.contains(artifact))
                }
                // Of the same job a second one, which has nothing and cost nothing.
                let other = LateResult(
                    job: job.id,
                    attempt: attempt.start.number,
                    remoteID: "another",
                    artifacts: [],
                    loss: .zero
                )
                #expect(try await store.recordLate(other, at: driver.fixtures.tick()) == .recorded)
                #expect(try await store.audit().transfers == transfers + 1)
                #expect(try await store.lateResults(of: [job.id])[job.id] == [late, other])
                #expect(try await store.audit().findings.isEmpty)
            }
        },
        Check("of 16 racing records of one late result exactly one counts") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .failed)
            let number = try #require(try await store.attempts(of: job.id).last).start.number
            let late = Self.late(of: job, number, loss: Credits(nanoUSD: 7))
            let at = driver.fixtures.tick()
            let outcomes = try await race(Array(1...16)) { _ in try await store.recordLate(late, at: at) }
            #expect(outcomes.count { $0 == .recorded } == 1)
            #expect(outcomes.count { $0 == .alreadyRecorded } == 15)
        },
        Check(
            "nothing comes late to a job in flight, or of an attempt that is not there; to a completed one only a loss"
        ) {
            store in
            var driver = try await JobDriver(store)
            for situation in JobSituation.allCases {
                let job = try await driver.job(in: situation)
                let late = Self.late(of: job, 9, loss: Credits(nanoUSD: 7))
                #expect(try await store.recordLate(late, at: driver.fixtures.tick()) == .refused)
                guard !job.state.isTerminal, let attempt = try await store.attempts(of: job.id).last else { continue }
                let early = Self.late(of: job, attempt.start.number, loss: Credits(nanoUSD: 7))
                #expect(try await store.recordLate(early, at: driver.fixtures.tick()) == .refused)
                #expect(try await store.job(job.id) == job)
            }
            let job = try await driver.job(in: .completed)
            let before = try await driver.observe(job)
            let late = Self.late(of: job, 1, loss: Credits(nanoUSD: 7))
            #expect(try await store.recordLate(late, at: driver.fixtures.tick()) == .refused)
            let loss = LateResult(job: job.id, attempt: 1, remoteID: late.remoteID, artifacts: [], loss: late.loss)
            #expect(try await store.recordLate(loss, at: driver.fixtures.tick()) == .recorded)
            #expect(try await driver.observe(job) == before)
            #expect(try await store.lateResults(of: [job.id])[job.id] == [loss])
        },
        Check("what came late is deleted as what came in time is, and its loss stays") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .failed)
            let number = try #require(try await store.attempts(of: job.id).last).start.number
            let late = Self.late(of: job, number, loss: Credits(nanoUSD: 7))
            #expect(try await store.recordLate(late, at: driver.fixtures.tick()) == .recorded)
            let transfers = try await store.audit().transfers
            let deletion = try #require(try await store.markDeleted(job.id))
            #expect(deletion.artifacts == late.artifacts)
            #expect(deletion.job == job.deleted?.job)
            for artifact in late.artifacts { #expect(try await !store.isReferenced(artifact.key)) }
            #expect(try await store.lateResults(of: [job.id])[job.id]?.flatMap(\.artifacts) == [])
            #expect(try await store.markDeleted(job.id) == nil)
            // It does not come back.
            #expect(try await store.recordLate(late, at: driver.fixtures.tick()) == .alreadyRecorded)
            #expect(try await store.audit().transfers == transfers)
        },
    ]

    private static func late(of job: Job, _ attempt: Int, loss: Credits) -> LateResult {
        LateResult(
            job: job.id,
            attempt: attempt,
            remoteID: "late-\(job.id)",
            artifacts: JobScript(job.admitted).artifacts,
            loss: loss
        )
    }
}
