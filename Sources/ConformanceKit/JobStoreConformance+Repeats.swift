import JobCore
import Testing

extension JobStoreConformance {
    static let repeats: [Check] = [
        Check("a job that awaits its answer is unanswered until it is marked") { store in
            var driver = try await JobDriver(store)
            let start = driver.now
            var jobs: [UnansweredJob] = []
            for fingerprint in ["one", "same", "same"] {
                let new = driver.fixtures.newJob(driver.key)
                let admission = driver.fixtures.admission(of: new, fingerprint: fingerprint, awaitsAnswer: true)
                #expect(try await store.admit(admission) == .admitted(Job(new)))
                jobs.append(
                    UnansweredJob(
                        id: new.id,
                        keyHash: driver.key.hash,
                        fingerprint: fingerprint,
                        createdAt: new.createdAt
                    )
                )
            }
            // Newest first, and no more than asked for.
            #expect(try await store.unansweredJobs(since: start, limit: 10) == jobs.reversed())
            #expect(try await store.unansweredJobs(since: start, limit: 2) == [jobs[2], jobs[1]])
            #expect(try await store.unansweredJobs(since: start, limit: 0) == [])
            // The time is the job's own, and counts with it.
            #expect(try await store.unansweredJobs(since: jobs[1].createdAt, limit: 10) == [jobs[2], jobs[1]])
            #expect(try await store.unansweredJobs(since: jobs[2].createdAt.adding(seconds: 1), limit: 10) == [])

            let stranger = driver.fixtures.id()
            try await store.markAnswered([jobs[1].id, stranger], at: driver.fixtures.tick())
            #expect(try await store.unansweredJobs(since: start, limit: 10) == [jobs[2], jobs[0]])
            try await store.markAnswered([jobs[1].id, jobs[0].id, jobs[2].id], at: driver.fixtures.tick())
            #expect(try await store.unansweredJobs(since: start, limit: 10) == [])
        },
        Check("a job that is running or over is unanswered still") { store in
            var driver = try await JobDriver(store)
            let new = driver.fixtures.newJob(driver.key)
            let admission = driver.fixtures.admission(of: new, awaitsAnswer: true)
            #expect(try await store.admit(admission) == .admitted(Job(new)))
            try await driver.commit(JobScript(new).way(to: .completed), of: Job(new))
            #expect(try await store.unansweredJobs(since: new.createdAt, limit: 10).map(\.id) == [new.id])
        },
        Check("a job that nobody will mark, and one that was refused, are not unanswered") { store in
            var driver = try await JobDriver(store)
            let start = driver.now
            let keyed = driver.fixtures.newJob(driver.key)
            let admission = driver.fixtures.admission(of: keyed, idempotencyKey: "k")
            #expect(try await store.admit(admission) == .admitted(Job(keyed)))
            _ = try await driver.admit()
            let refused = driver.fixtures.newJob(driver.key)
            let full = driver.fixtures.admission(of: refused, queuedMax: 0, awaitsAnswer: true)
            #expect(try await store.admit(full) == .queueFull)
            #expect(try await store.unansweredJobs(since: start, limit: 10) == [])
        },
    ]
}
