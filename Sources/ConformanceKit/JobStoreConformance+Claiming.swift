import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let claiming: [Check] = [
        Check("a claim gives the job to the worker under a new epoch, and is no event") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.admit(lane: lane)
            let result = try await claim(driver)
            #expect(result.jobs == [job.claimed(by: driver.worker)])
            #expect(result.nextDueAt == nil)
            #expect(try await store.job(job.id) == job.claimed(by: driver.worker))
            #expect(try await store.events(of: job.id, after: 0, limit: 10).map(\.version) == [1])
        },
        Check("a job is claimed once, and never before its time") { store in
            var driver = try await JobDriver(store)
            var parameters = JobParameters()
            let due = driver.now.adding(seconds: 60)
            parameters.startAfter = due
            let waiting = try await driver.admit(parameters: parameters, lane: lane)
            var later = parameters
            later.startAfter = due.adding(seconds: 60)
            _ = try await driver.admit(parameters: later, lane: lane)
            let early = try await claim(driver, at: due.adding(seconds: -0.001))
            #expect(early.jobs == [])
            #expect(early.nextDueAt == due)
            let onTime = try await claim(driver, at: due)
            #expect(onTime.jobs.map(\.id) == [waiting.id])
            #expect(onTime.nextDueAt == due.adding(seconds: 60))
            #expect(try await claim(driver, at: due).jobs == [])
        },
        Check("nextDueAt tells only of jobs in the lanes asked for, and not of those that are due") { store in
            var driver = try await JobDriver(store)
            var parameters = JobParameters()
            parameters.startAfter = driver.now.adding(seconds: 60)
            _ = try await driver.admit(parameters: parameters, lane: Lane("other"))
            _ = try await driver.admit(lane: lane)
            let none = try await store.claimQueued(
                worker: driver.worker,
                lanes: [LaneCapacity(lane: lane, slots: 0, startsNow: nil)],
                now: driver.now,
                limit: 10
            )
            #expect(none.jobs == [])
            #expect(none.nextDueAt == nil)
            let other = try await store.claimQueued(
                worker: driver.worker,
                lanes: [LaneCapacity(lane: Lane("other"), slots: 1, startsNow: nil)],
                now: driver.now,
                limit: 10
            )
            #expect(other.jobs == [])
            #expect(other.nextDueAt == parameters.startAfter)
        },
        Check("a job that goes back to the queue waits for its new time") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .sending, lane: lane)
            let retryAt = driver.now.adding(seconds: 30)
            let failure = JobFailure(.rateLimited, "The provider had no capacity.", retryable: true)
            let back = try await driver.commit(.refused(failure, isForCapacity: true, retryAt: retryAt), of: job)
            #expect(back.worker == nil)
            #expect(try await claim(driver, at: retryAt.adding(seconds: -0.001)).nextDueAt == retryAt)
            let again = try await claim(driver, at: retryAt).jobs
            #expect(again == [back.claimed(by: driver.worker)])
            #expect(again.first?.epoch == 2)
        },
        Check("within a workspace priority goes first, then age") { store in
            var driver = try await JobDriver(store)
            var expected: [(priority: Int, id: JobID)] = []
            for priority in [0, 5, -100, 5, 0, 100, -1] {
                var parameters = JobParameters()
                parameters.priority = priority
                let job = try await driver.admit(parameters: parameters, lane: lane)
                expected.append((priority, job.id))
            }
            expected.sort { ($1.priority, $0.id) < ($0.priority, $1.id) }
            #expect(try await claim(driver).jobs.map(\.id) == expected.map(\.id))
        },
        Check("a queue position counts the jobs that a claim would take before, within the workspace") { store in
            var driver = try await JobDriver(store)
            let other = try await driver.addWorkspace("other", credits: Credits(nanoUSD: 1_000_000_000))
            _ = try await driver.admit(other, lane: lane)
            _ = try await driver.admit()
            var urgent = JobParameters()
            urgent.priority = 1
            let first = try await driver.admit(lane: lane)
            let second = try await driver.admit(lane: lane)
            #expect(try await store.queuePosition(of: first) == 0)
            #expect(try await store.queuePosition(of: second) == 1)
            let third = try await driver.admit(parameters: urgent, lane: lane)
            #expect(try await store.queuePosition(of: third) == 0)
            #expect(try await store.queuePosition(of: second) == 2)
            try await driver.commit([.cancelRequested], of: first)
            #expect(try await store.queuePosition(of: second) == 1)
            let running = try await driver.job(in: .running)
            #expect(try await store.queuePosition(of: running) == nil)
        },
        Check("workspaces share a lane fairly by jobs in flight, whatever the order of their jobs") { store in
            var driver = try await JobDriver(store)
            let small = try await driver.addWorkspace("small", credits: Credits(nanoUSD: 9_000_000_000))
            let smaller = try await driver.addWorkspace("smaller", credits: Credits(nanoUSD: 9_000_000_000))
            var urgent = JobParameters()
            urgent.priority = 100
            var flood: [JobID] = []
            for _ in 0..<10 { flood.append(try await driver.admit(parameters: urgent, lane: lane).id) }
            var few: [JobID] = []
            for _ in 0..<2 { few.append(try await driver.admit(small, lane: lane).id) }
            var fewer: [JobID] = []
            for _ in 0..<2 { fewer.append(try await driver.admit(smaller, lane: lane).id) }
            // None in flight: priority decides; then each workspace in turn, the older job before the younger.
            let first = try await claim(driver, limit: 4).jobs.map(\.id)
            #expect(first == [flood[0], few[0], fewer[0], flood[1]])
            // In flight: 2, 1, 1.
            let second = try await claim(driver, limit: 4).jobs.map(\.id)
            #expect(second == [few[1], fewer[1], flood[2], flood[3]])
        },
        Check("what is in flight in other lanes does not count against a workspace") { store in
            var driver = try await JobDriver(store)
            let other = try await driver.addWorkspace("other", credits: Credits(nanoUSD: 9_000_000_000))
            _ = try await driver.job(in: .running)
            let older = try await driver.admit(lane: lane)
            let younger = try await driver.admit(other, lane: lane)
            #expect(try await claim(driver, limit: 1).jobs.map(\.id) == [older.id])
            #expect(try await claim(driver, limit: 1).jobs.map(\.id) == [younger.id])
        },
        Check("a lane's slots are shared by all workers, and filled by jobs that are claimed or at the provider") {
            store in
            var driver = try await JobDriver(store)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            for _ in 0..<6 { _ = try await driver.admit(lane: lane) }
            let mine = try await claim(driver, slots: 3, limit: 2).jobs
            #expect(mine.count == 2)
            #expect(try await claim(driver, by: second, slots: 3, limit: 10).jobs.count == 1)
            #expect(try await claim(driver, by: second, slots: 3, limit: 10).jobs == [])
            // Submitting, verifying, running, being stopped: the slot stays taken.
            var job = try #require(mine.first)
            let script = JobScript(job.admitted)
            for event in try script.way(to: .stopping) {
                job = try await driver.commit(event, of: job)
                #expect(try await claim(driver, slots: 3).jobs == [])
            }
            // Done at the provider, the slot is free, once.
            job = try await driver.commit(.providerCompleted(outputs: "outputs"), of: job)
            #expect(try await claim(driver, by: second, slots: 3, limit: 10).jobs.count == 1)
            job = try await driver.commit(.artifactsStored(script.artifacts, .empty), of: job)
            #expect(try await claim(driver, slots: 3, limit: 10).jobs == [])
            // Given up before it was sent, it is free too.
            try await driver.commit([.cancelRequested], of: #require(mine.last))
            #expect(try await claim(driver, slots: 3, limit: 10).jobs.count == 1)
        },
        Check("a job at the provider fills its slot while nobody holds it") { store in
            var driver = try await JobDriver(store)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            _ = try await driver.job(in: .running, lane: lane)
            try await store.release(driver.worker)
            _ = try await driver.admit(lane: lane)
            #expect(try await claim(driver, by: second, slots: 1).jobs == [])
            #expect(try await claim(driver, by: second, slots: 2).jobs.count == 1)
        },
        Check("no more jobs of a lane are claimed than may start now, nor in all than the limit") { store in
            var driver = try await JobDriver(store)
            let lanes = ["a", "b"].map { Lane($0) }
            for lane in lanes { for _ in 0..<4 { _ = try await driver.admit(lane: lane) } }
            func claim(_ startsNow: Int?, limit: Int) async throws -> [Lane] {
                try await store.claimQueued(
                    worker: driver.worker,
                    lanes: lanes.map {
                        LaneCapacity(lane: $0, slots: 100, startsNow: $0 == lanes[0] ? startsNow : nil)
                    },
                    now: driver.now,
                    limit: limit
                ).jobs.map(\.admitted.lane)
            }
            #expect(try await claim(0, limit: 1) == [lanes[1]])
            #expect(try await claim(2, limit: 3) == [lanes[0], lanes[0], lanes[1]])
            #expect(try await claim(nil, limit: 10) == [lanes[0], lanes[0], lanes[1], lanes[1]])
        },
        Check("only lanes that are named are served") { store in
            var driver = try await JobDriver(store)
            _ = try await driver.admit()
            #expect(try await claim(driver).jobs == [])
            let none = try await store.claimQueued(worker: driver.worker, lanes: [], now: driver.now, limit: 10)
            #expect(none.jobs == [])
            #expect(none.nextDueAt == nil)
        },
        Check("a worker without a lease that lasts claims nothing") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.admit(lane: lane)
            let stranger = WorkerID("never leased")
            #expect(try await claim(driver, by: stranger).jobs == [])
            let lapsed = WorkerID("lapsed")
            try await driver.startLease(of: lapsed, seconds: 15)
            driver.fixtures.tick(seconds: 15)
            #expect(try await claim(driver, by: lapsed).jobs == [])
            #expect(try await store.job(job.id) == job)
        },
        Check("16 racing workers never claim a job twice, and leave none") { store in
            var driver = try await JobDriver(store)
            var expected: Set<JobID> = []
            for _ in 0..<100 { expected.insert(try await driver.admit(lane: lane).id) }
            let workers = (0..<16).map { WorkerID("racer-\($0)") }
            for worker in workers { try await driver.startLease(of: worker) }
            let now = driver.now
            let claimed = try await race(workers) { worker in
                var mine: [JobID] = []
                for _ in 0..<100 {
                    let jobs = try await store.claimQueued(
                        worker: worker,
                        lanes: [LaneCapacity(lane: lane, slots: 1_000, startsNow: nil)],
                        now: now,
                        limit: 3
                    ).jobs
                    for job in jobs { #expect(job.worker == worker) }
                    mine += jobs.map(\.id)
                    guard !jobs.isEmpty else { break }
                }
                return mine
            }.flatMap(\.self)
            #expect(claimed.count == 100)
            #expect(Set(claimed) == expected)
        },
        Check("16 racing workers never fill more than a lane's slots") { store in
            var driver = try await JobDriver(store)
            for _ in 0..<30 { _ = try await driver.admit(lane: lane) }
            let workers = (0..<16).map { WorkerID("racer-\($0)") }
            for worker in workers { try await driver.startLease(of: worker) }
            let now = driver.now
            let claimed = try await race(workers) { worker in
                try await store.claimQueued(
                    worker: worker,
                    lanes: [LaneCapacity(lane: lane, slots: 7, startsNow: nil)],
                    now: now,
                    limit: 3
                ).jobs.count
            }
            #expect(claimed.reduce(0, +) == 7)
        },
    ]

    private static let lane = Lane("lane")

    private static func claim(
        _ driver: JobDriver,
        by worker: WorkerID? = nil,
        slots: Int = 1_000,
        limit: Int = 100,
        at now: Timestamp? = nil
    ) async throws -> ClaimResult {
        try await driver.store.claimQueued(
            worker: worker ?? driver.worker,
            lanes: [LaneCapacity(lane: lane, slots: slots, startsNow: nil)],
            now: now ?? driver.now,
            limit: limit
        )
    }
}
