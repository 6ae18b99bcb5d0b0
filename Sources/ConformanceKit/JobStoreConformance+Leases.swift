import JobCore
import Testing

extension JobStoreConformance {
    static let leases: [Check] = [
        Check("a lease is renewed as often as its worker asks, and keeps its jobs") { store in
            var driver = try await JobDriver(store)
            let worker = WorkerID("short")
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            try await driver.startLease(of: worker, seconds: 15)
            let job = try await driver.claim(driver.admit(), by: worker)
            let running = try await driver.commit(JobScript(job.admitted).way(to: .running), of: job)
            for _ in 0..<5 {
                driver.fixtures.tick(seconds: 14)
                try await driver.startLease(of: worker, seconds: 15)
                let taken = try await store.claimOrphans(worker: second, now: driver.now, limit: 10)
                #expect(taken == [])
            }
            #expect(try await store.job(job.id) == running)
        },
        Check("jobs of a lease that ran out are taken over under a new epoch, and its worker is fenced off") { store in
            var driver = try await JobDriver(store)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            for situation in [JobSituation.intent, .sending, .verifying, .running, .stopping, .storing] {
                let worker = WorkerID("dies in \(situation.rawValue)")
                try await driver.startLease(of: worker, seconds: 15)
                let claimed = try await driver.claim(driver.admit(), by: worker)
                let job = try await driver.commit(JobScript(claimed.admitted).way(to: situation), of: claimed)
                driver.fixtures.tick(seconds: 20)
                let before = try await driver.observe(job)
                let taken = try await store.claimOrphans(worker: second, now: driver.now, limit: 10)
                #expect(taken == [job.claimed(by: second)])
                #expect(try await store.job(job.id) == taken.first)
                // A take-over is no event, and moves no attempt.
                #expect(try await store.events(of: job.id, after: 0, limit: 100) == before.events)
                #expect(try await store.attempts(of: job.id) == before.attempts)
                for event in try JobScript(job.admitted).samples(in: job.state) where event != .cancelRequested {
                    guard let transition = try? job.state.applying(event, at: driver.now) else { continue }
                    let late = try await store.commit(
                        transition,
                        of: job.id,
                        expecting: job.version,
                        fence: job.fence
                    )
                    #expect(late == .stale(job.claimed(by: second)))
                }
                #expect(try await driver.observe(job).attempts == before.attempts)
            }
        },
        Check("a lease lasts while its end is later than now") { store in
            var driver = try await JobDriver(store)
            let worker = WorkerID("short")
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            try await driver.startLease(of: worker, seconds: 15)
            let end = driver.now.adding(seconds: 15)
            let job = try await driver.claim(driver.admit(), by: worker)
            try await driver.commit(JobScript(job.admitted).way(to: .sending), of: job)
            let early = try await store.claimOrphans(worker: second, now: end.adding(seconds: -0.001), limit: 10)
            #expect(early == [])
            let onTime = try await store.claimOrphans(worker: second, now: end, limit: 10)
            #expect(onTime.map(\.id) == [job.id])
        },
        Check("a lease that ran out unnoticed is renewed; one whose jobs were taken never is") { store in
            var driver = try await JobDriver(store)
            let worker = WorkerID("slow")
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            try await driver.startLease(of: worker, seconds: 15)
            let claimed = try await driver.claim(driver.admit(), by: worker)
            let job = try await driver.commit(JobScript(claimed.admitted).way(to: .running), of: claimed)
            driver.fixtures.tick(seconds: 60)
            try await driver.startLease(of: worker, seconds: 15)
            #expect(try await store.claimOrphans(worker: second, now: driver.now, limit: 10) == [])
            #expect(try await store.job(job.id) == job)
            driver.fixtures.tick(seconds: 60)
            #expect(try await store.claimOrphans(worker: second, now: driver.now, limit: 10).count == 1)
            for _ in 0..<3 {
                let until = driver.now.adding(seconds: 3_600)
                #expect(try await !store.renewLease(of: worker, now: driver.fixtures.tick(), until: until))
            }
            let lane = LaneCapacity(lane: try await driver.admit().admitted.lane, slots: 9, startsNow: nil)
            let ended = try await store.claimQueued(worker: worker, lanes: [lane], now: driver.now, limit: 9)
            #expect(ended.jobs == [])
            #expect(try await store.claimOrphans(worker: worker, now: driver.now, limit: 10) == [])
        },
        Check("a waiting job that a dead worker had claimed is free again, and no orphan") { store in
            var driver = try await JobDriver(store)
            let worker = WorkerID("dead")
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            try await driver.startLease(of: worker, seconds: 15)
            let job = try await driver.claim(driver.admit(), by: worker)
            driver.fixtures.tick(seconds: 20)
            #expect(try await store.claimOrphans(worker: second, now: driver.now, limit: 10) == [])
            #expect(try await store.job(job.id) == job.released())
            let again = try await driver.claim(job, by: second)
            #expect(again.epoch == 2)
            let late = try await store.commit(
                job.state.applying(.attemptBegan(JobScript(job.admitted).attempt(1)), at: driver.now),
                of: job.id,
                expecting: job.version,
                fence: job.fence
            )
            #expect(late == .stale(again))
        },
        Check("jobs of workers that live, and one's own, are not taken over") { store in
            var driver = try await JobDriver(store)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            _ = try await driver.claim(driver.admit())
            for situation in JobSituation.allCases { _ = try await driver.job(in: situation) }
            for worker in [driver.worker, second] {
                #expect(try await store.claimOrphans(worker: worker, now: driver.now, limit: 100) == [])
            }
        },
        Check("a worker without a lease that lasts takes nothing over") { store in
            var driver = try await JobDriver(store)
            _ = try await driver.job(in: .running)
            try await store.release(driver.worker)
            let stranger = WorkerID("never leased")
            #expect(try await store.claimOrphans(worker: stranger, now: driver.now, limit: 10) == [])
            let lapsed = WorkerID("lapsed")
            try await driver.startLease(of: lapsed, seconds: 15)
            driver.fixtures.tick(seconds: 15)
            #expect(try await store.claimOrphans(worker: lapsed, now: driver.now, limit: 10) == [])
        },
        Check("a worker that stops gives everything back at once, and never returns") { store in
            var driver = try await JobDriver(store)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            let waiting = try await driver.claim(driver.admit())
            let flying = [
                try await driver.job(in: .intent), try await driver.job(in: .sending),
                try await driver.job(in: .running), try await driver.job(in: .storing),
            ]
            let other = try await driver.claim(driver.admit(), by: second)
            let over = try await driver.job(in: .completed)
            try await store.release(driver.worker)
            for job in [waiting] + flying { #expect(try await store.job(job.id) == job.released()) }
            for job in [other, over] { #expect(try await store.job(job.id) == job) }
            #expect(
                try await !store.renewLease(
                    of: driver.worker,
                    now: driver.fixtures.tick(),
                    until: driver.now.adding(seconds: 60)
                )
            )
            #expect(try await driver.claim(waiting, by: second).epoch == 2)
            let taken = try await store.claimOrphans(worker: second, now: driver.now, limit: 10)
            #expect(taken == flying.map { $0.claimed(by: second) })
            // Giving back twice, or what one never had, is no error.
            try await store.release(driver.worker)
            try await store.release(WorkerID("never leased"))
            #expect(try await store.job(flying[0].id) == taken.first)
        },
        Check("orphans are taken over oldest first, up to the limit") { store in
            var driver = try await JobDriver(store)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            var ids: [JobID] = []
            for _ in 0..<5 { ids.append(try await driver.job(in: .running).id) }
            try await store.release(driver.worker)
            var taken: [JobID] = []
            for count in [2, 2, 1, 0] {
                let jobs = try await store.claimOrphans(worker: second, now: driver.now, limit: 2)
                #expect(jobs.count == count)
                taken += jobs.map(\.id)
            }
            #expect(taken == ids)
        },
        Check("a worker finds all that it holds, and nothing else") { store in
            var driver = try await JobDriver(store)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            let waiting = try await driver.claim(driver.admit())
            let flying = [
                try await driver.job(in: .intent), try await driver.job(in: .sending),
                try await driver.job(in: .running), try await driver.job(in: .storing),
            ]
            _ = try await driver.admit()
            _ = try await driver.job(in: .completed)
            let other = try await driver.claim(driver.admit(), by: second)
            #expect(try await store.heldJobs(by: driver.worker) == [waiting] + flying)
            #expect(try await store.heldJobs(by: second) == [other])
            try await store.release(driver.worker)
            #expect(try await store.heldJobs(by: driver.worker) == [])
            #expect(try await store.heldJobs(by: WorkerID("never leased")) == [])
        },
        Check("waiting jobs past their deadline are found, whatever their lane, the longest overdue first") { store in
            var driver = try await JobDriver(store)
            func overdue(_ limit: Int = 100) async throws -> [Job] {
                try await store.overdueJobs(now: driver.now, limit: limit)
            }
            var parameters = JobParameters()
            parameters.expiresAfterSeconds = 60
            let later = try await driver.admit(parameters: parameters)
            parameters.expiresAfterSeconds = 30
            let soon = try await driver.admit(parameters: parameters)
            let claimed = try await driver.claim(driver.admit(parameters: parameters))
            let over = try await driver.commit(.cancelRequested, of: driver.admit(parameters: parameters))
            _ = try await driver.job(in: .running, parameters: parameters)
            // Waits again after its first send: the model's 900 seconds count from there.
            let refused = try await driver.job(in: .queuedAgain)
            let patient = try await driver.admit()
            #expect(try await overdue() == [])
            driver.fixtures.tick(seconds: 29)
            #expect(try await overdue() == [])
            driver.fixtures.tick(seconds: 32)
            #expect(try await overdue() == [soon, later])
            #expect(try await overdue(1) == [soon])
            #expect(refused.deadline < patient.deadline)
            driver.fixtures.tick(seconds: refused.deadline.seconds(since: driver.now))
            #expect(try await overdue() == [soon, later, refused])
            // Any worker may end it, also when another has claimed it by now.
            try await driver.startLease(of: WorkerID("worker-2"))
            let taken = try await driver.claim(soon, by: WorkerID("worker-2"))
            let outcome = try await store.commit(
                soon.state.applying(.deadlinePassed, at: driver.now),
                of: soon.id,
                expecting: soon.version,
                fence: nil
            )
            guard case .committed(let expired) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(expired.state == .expired && expired.worker == nil && taken.worker != nil)
            #expect(try await overdue() == [later, refused])
            #expect(claimed.worker != nil && over.state.isTerminal)
        },
        Check("a store that one process has to itself ends all other leases at its start") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .running)
            let waiting = try await driver.claim(driver.admit())
            let next = WorkerID("next start")
            try await driver.startLease(of: next)
            try await store.endOtherLeases(than: next)
            let until = driver.now.adding(seconds: 60)
            #expect(try await !store.renewLease(of: driver.worker, now: driver.now, until: until))
            #expect(try await store.renewLease(of: next, now: driver.now, until: until))
            let taken = try await store.claimOrphans(worker: next, now: driver.now, limit: 10)
            #expect(taken == [job.claimed(by: next)])
            #expect(try await store.job(waiting.id) == waiting.released())
        },
        Check("of 16 racing rescuers each orphan goes to one") { store in
            var driver = try await JobDriver(store)
            var expected: Set<JobID> = []
            for _ in 0..<40 { expected.insert(try await driver.job(in: .running).id) }
            try await store.release(driver.worker)
            let workers = (0..<16).map { WorkerID("rescuer-\($0)") }
            for worker in workers { try await driver.startLease(of: worker) }
            let now = driver.now
            let taken = try await race(workers) { worker in
                var mine: [JobID] = []
                for _ in 0..<100 {
                    let jobs = try await store.claimOrphans(worker: worker, now: now, limit: 3)
                    mine += jobs.map(\.id)
                    guard !jobs.isEmpty else { break }
                }
                return mine
            }.flatMap(\.self)
            #expect(taken.count == 40)
            #expect(Set(taken) == expected)
        },
    ]
}
