import JobCore
import Testing

extension JobStoreConformance {
    static let events: [Check] = [
        Check("a job's events have its versions as ids, from 1 without gaps, whatever its life") { store in
            var driver = try await JobDriver(store)
            for situation in JobSituation.allCases {
                var job = try await driver.admit()
                var expected = [JobEventRecord(job, at: job.admitted.createdAt)]
                for event in try JobScript(job.admitted).way(to: situation) {
                    job = try await driver.commit([event], of: job)
                    expected.append(JobEventRecord(job, at: driver.now))
                }
                let events = try await store.events(of: job.id, after: 0, limit: 100)
                #expect(events == expected)
                #expect(events.map(\.version) == Array(1...job.version))
            }
        },
        Check("events carry the phase and the provider's own progress, which never goes back") { store in
            var driver = try await JobDriver(store)
            var job = try await driver.job(in: .running)
            for (progress, isQueued) in [(nil, true), (0.25, false), (0.1, false), (nil, false), (1.5, false)] {
                job = try await driver.commit(
                    .polled(progress: progress, isQueuedAtProvider: isQueued, nextPollAt: driver.now, found: true),
                    of: job
                )
            }
            job = try await driver.commit(.cancelRequested, of: job)
            let events = try await store.events(of: job.id, after: 4, limit: 100)
            #expect(events.map(\.progress) == [nil, 0.25, 0.25, 0.25, 1, 1])
            #expect(
                events.map(\.phase)
                    == [.providerQueue, .generating, .generating, .generating, .generating, .cancelling]
            )
        },
        Check("events are read after a version, page by page") { store in
            var driver = try await JobDriver(store)
            var job = try await driver.job(in: .running)
            for _ in 0..<20 {
                job = try await driver.commit(
                    .polled(progress: nil, isQueuedAtProvider: false, nextPollAt: driver.now, found: true),
                    of: job
                )
            }
            let all = try await store.events(of: job.id, after: 0, limit: 1_000)
            #expect(all.count == 24)
            var pages: [JobEventRecord] = []
            for _ in 0..<10 {
                let page = try await store.events(of: job.id, after: pages.last?.version ?? 0, limit: 7)
                #expect(page.count <= 7)
                pages += page
                guard page.count == 7 else { break }
            }
            #expect(pages == all)
            #expect(try await store.events(of: job.id, after: 23, limit: 10) == Array(all.suffix(1)))
            #expect(try await store.events(of: job.id, after: 24, limit: 10) == [])
            #expect(try await store.events(of: job.id, after: 99, limit: 10) == [])
        },
        Check("jobs do not see each other's events, attempts and messages") { store in
            var driver = try await JobDriver(store)
            let first = try await driver.job(in: .completed, parameters: parametersWithCallback)
            let before = try await driver.observe(first)
            let second = try await driver.job(in: .failed, parameters: parametersWithCallback)
            let after = try await driver.observe(first)
            #expect(after.events == before.events)
            #expect(after.attempts == before.attempts)
            #expect(after.outbox == before.outbox)
            let other = try await driver.observe(second)
            #expect(other.events.allSatisfy { $0.job == second.id })
            #expect(other.attempts.allSatisfy { $0.job == second.id })
            #expect(other.outbox.allSatisfy { $0.job == second.id })
        },
        Check("a job that is not there has nothing") { store in
            var driver = try await JobDriver(store)
            let stranger = Job(driver.fixtures.newJob(driver.key))
            #expect(
                try await driver.observe(stranger)
                    == JobObservation(
                        job: nil,
                        attempts: [],
                        events: [],
                        outbox: [],
                        balance: store.balance(of: driver.key.workspace)
                    )
            )
        },
    ]
}
