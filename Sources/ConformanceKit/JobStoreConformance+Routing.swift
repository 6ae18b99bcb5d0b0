import Generation
package import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let routing: [Check] = [
        Check("a job's routes are kept as they were admitted; one with a single route has none") { store in
            var driver = try await JobDriver(store)
            let (job, routes) = try await driver.admitRouted()
            #expect(job.admitted.routeCount == 3 && job.admitted.route == 0)
            #expect(try await store.routes(of: job.id) == routes)
            #expect(try await store.job(job.id) == job)
            let plain = try await driver.admit()
            #expect(try await store.routes(of: plain.id).isEmpty)
        },
        Check("a refused job that goes on elsewhere is served, claimed, billed and counted there") { store in
            var driver = try await JobDriver(store)
            let (admitted, routes) = try await driver.admitRouted()
            let first = JobScript(admitted.admitted)
            var job = try await driver.claim(admitted)
            job = try await driver.commit(first.way(to: .sending), of: job)
            job = try await driver.commit(
                .refused(
                    JobFailure(.unavailable, "It is down.", retryable: true),
                    isForCapacity: false,
                    retryAt: driver.now,
                    reroute: routes[1]
                ),
                of: job
            )
            #expect(job.worker == nil)
            #expect(job.admitted == admitted.admitted.moved(to: routes[1]))
            #expect(try await store.job(job.id) == job)
            let abandoned = LaneCapacity(lane: admitted.admitted.lane, slots: 9, startsNow: nil)
            let none = try await store.claimQueued(worker: driver.worker, lanes: [abandoned], now: driver.now, limit: 9)
            #expect(none.jobs.isEmpty)
            job = try await driver.claim(job)
            let second = JobScript(job.admitted)
            job = try await driver.commit(second.way(to: .completed, attempt: 2), of: job)
            #expect(try await store.job(job.id) == job)
            let attempts = try await store.attempts(of: job.id)
            #expect(attempts.map(\.start.endpoint) == [routes[0].endpoint, routes[1].endpoint])
            let row = try await store.usageRecord(of: job.id)
            #expect(row?.endpoint == routes[1].endpoint)
            #expect(row?.charge.charged == second.charge)
            var query = JobQuery(workspace: driver.key.workspace)
            query.model = routes[1].endpoint.model
            #expect(try await store.jobs(query).map(\.id) == [job.id])
        },
        Check("a failed generation that cost nothing goes on elsewhere with the same hold") { store in
            var driver = try await JobDriver(store)
            let (admitted, routes) = try await driver.admitRouted()
            let held = try await store.balance(of: driver.key.workspace).held
            var job = try await driver.claim(admitted)
            job = try await driver.commit(JobScript(admitted.admitted).way(to: .running), of: job)
            job = try await driver.commit(
                .providerFailed(
                    JobFailure(.unknown, "It died.", retryable: true),
                    retryAt: driver.now.adding(seconds: 5),
                    reroute: routes[2]
                ),
                of: job
            )
            #expect(job.admitted.endpoint == routes[2].endpoint && job.admitted.hold == admitted.admitted.hold)
            #expect(try await store.balance(of: driver.key.workspace).held == held)
            #expect(try await store.job(job.id) == job)
        },
        Check("what waits in a lane that takes nothing is claimed to be moved, if it has another route, when it is due")
        {
            store in
            var driver = try await JobDriver(store)
            let lane = Lane("shut")
            let plain = try await driver.admit(lane: lane)
            let (target, routes) = try await driver.admitRouted(lane: lane)
            var later = JobParameters()
            later.startAfter = driver.now.adding(seconds: 3_600)
            let (waiting, _) = try await driver.admitRouted(lane: lane, parameters: later)
            let (elsewhere, _) = try await driver.admitRouted(lane: Lane("open"))
            func movable(of worker: WorkerID, limit: Int = 9) async throws -> [JobID] {
                try await store.claimMovable(worker: worker, lanes: [lane], now: driver.now, limit: limit).map(\.id)
            }
            #expect(try await movable(of: WorkerID("no lease")).isEmpty)
            #expect(try await movable(of: driver.worker, limit: 0).isEmpty)
            #expect(try await movable(of: driver.worker) == [target.id])
            #expect(try await movable(of: driver.worker).isEmpty)
            guard let claimed = try await store.job(target.id) else { return }
            #expect(claimed.worker == driver.worker && claimed.epoch == 1)
            let moved = try await driver.commit(
                .rerouted(routes[1], availableAt: driver.now.adding(seconds: 60)),
                of: claimed
            )
            #expect(moved.worker == nil && moved.admitted.lane == routes[1].lane)
            #expect(try await store.job(moved.id) == moved)
            for job in [plain, waiting, elsewhere] { #expect(try await store.job(job.id) == job) }
            // Put off: neither its old lane nor its new one gives it away before its time.
            let now = driver.now
            let early = try await store.claimMovable(worker: driver.worker, lanes: [routes[1].lane], now: now, limit: 9)
            #expect(early.isEmpty)
            driver.fixtures.tick(seconds: 61)
            let due = try await store.claimMovable(
                worker: driver.worker,
                lanes: [routes[1].lane],
                now: driver.now,
                limit: 9
            )
            #expect(due.map(\.id) == [moved.id])
        },
        Check("the customers' keys of all routes are kept until the job is over") { store in
            var driver = try await JobDriver(store)
            for id in ["one", "two"] { _ = try await store.createCustomerKey(driver.customerKey(id)) }
            let (job, _) = try await driver.admitRouted(accounts: ["byok:one", "main", "byok:two"])
            for id in ["one", "two"] { #expect(try await store.deleteCustomerKey(id, at: driver.now)) }
            #expect(try await store.customerKeySnapshot(after: 0)?.keys.map(\.id).sorted() == ["one", "two"])
            _ = try await driver.commit(.cancelRequested, of: job)
            #expect(try await store.customerKeySnapshot(after: 0)?.keys.isEmpty == true)
        },
        Check("what is known about endpoints is read as it was written last") { store in
            let driver = try await JobDriver(store)
            #expect(try await store.endpointHealth().isEmpty)
            let (one, two) = (JobFixtures.endpoint("vendor/a"), JobFixtures.endpoint("vendor/b", account: "other"))
            try await store.saveEndpointHealth([one: #"{"v":1}"#, two: "{}"], at: driver.now)
            try await store.saveEndpointHealth([one: #"{"v":2}"#], at: driver.now)
            #expect(try await store.endpointHealth() == [one: #"{"v":2}"#, two: "{}"])
        },
    ]
}

extension NewJob {
    /// The job's own route, or another one that differs from it in everything that can differ.
    package func route(_ number: Int = 0, account: String? = nil) -> JobRoute {
        var request = request
        if number > 0 { request.model = "vendor/other-\(number)" }
        let other = EndpointID(model: request.model, provider: "provider-\(number)", account: account ?? "main")
        return JobRoute(
            number: number,
            endpoint: number == 0 ? endpoint : other,
            lane: number == 0 ? lane : Lane("lane \(number) of \(id)"),
            request: request,
            adjustments: number == 0 ? adjustments : [],
            prices: prices,
            hold: hold,
            estimatedCost: number == 0 ? estimatedCost ?? .zero : Credits(nanoUSD: Int64(number)),
            defaultDeadlineSeconds: number == 0 ? defaultDeadlineSeconds : 100 + Int64(number),
            reason: "Choice \(number)."
        )
    }
}

extension JobDriver {
    /// Admits a job with three routes.
    ///
    /// - Parameters:
    ///   - lane: The lane of the first.
    ///   - parameters: What the client says besides.
    ///   - accounts: The accounts of the routes.
    /// - Returns: The job and its routes.
    /// - Throws: `notAdmitted`, or what the store throws.
    package mutating func admitRouted(
        lane: Lane? = nil,
        parameters: JobParameters = JobParameters(),
        accounts: [String] = ["main", "main", "main"]
    ) async throws -> (Job, [JobRoute]) {
        let plain = fixtures.newJob(key, parameters: parameters, lane: lane, account: accounts[0])
        let new = NewJob(
            id: plain.id,
            workspace: plain.workspace,
            keyHash: plain.keyHash,
            request: plain.request,
            parameters: plain.parameters,
            adjustments: plain.adjustments,
            endpoint: plain.endpoint,
            lane: plain.lane,
            hold: plain.hold,
            estimatedCost: plain.estimatedCost,
            prices: plain.prices,
            createdAt: plain.createdAt,
            defaultDeadlineSeconds: plain.defaultDeadlineSeconds,
            routeCount: accounts.count
        )
        let routes = accounts.enumerated().map { new.route($0.offset, account: $0.element) }
        let known = fixtures.admission(of: new)
        let outcome = try await store.admit(
            Admission(
                job: new,
                idempotencyKey: nil,
                fingerprint: known.fingerprint,
                answer: known.answer,
                queuedMax: known.queuedMax,
                routes: routes
            )
        )
        guard case .admitted(let job) = outcome else { throw JobDriverFailure.notAdmitted(outcome) }
        return (job, routes)
    }
}
