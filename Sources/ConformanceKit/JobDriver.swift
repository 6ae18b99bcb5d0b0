package import JobCore
package import Ledger
import Testing

/// A job and everything a store keeps about it, to be compared before and after.
package struct JobObservation: Sendable, Equatable {
    /// The job.
    package let job: Job?
    /// Its attempts.
    package let attempts: [Attempt]
    /// Its events.
    package let events: [JobEventRecord]
    /// What waits to be told to its client.
    package let outbox: [OutboxMessage]
    /// What its workspace has.
    package let balance: Balance
}

/// What a driven job does that a test did not expect: the test fails with it.
package enum JobDriverFailure: Error, Sendable {
    /// The store did not admit the job.
    case notAdmitted(AdmissionOutcome)
    /// The store gave other jobs than the one that waits in its lane.
    case notClaimed(JobID)
    /// The store refused a legal transition.
    case notCommitted(CommitOutcome)
}

/// One worker, one key with credits, and the means to bring jobs into any situation in a store.
package struct JobDriver: Sendable {
    /// The store.
    package let store: any JobStore
    /// The key that posts the jobs; its workspace has credits.
    package let key: APIKey
    /// The worker that holds them; its lease lasts for a month.
    package let worker: WorkerID
    /// Where values come from.
    package var fixtures: JobFixtures

    /// Makes an empty store ready: a workspace with credits, a key, a worker with a lease.
    ///
    /// - Throws: What the store throws.
    package init(
        _ store: any JobStore,
        credits: Credits = Credits(nanoUSD: 1_000_000_000_000),
        seed: UInt64 = 1
    )
        async throws
    {
        var fixtures = JobFixtures(seed: seed)
        self.store = store
        self.key = fixtures.key()
        self.worker = WorkerID("worker-1")
        self.fixtures = fixtures
        try await store.ensureWorkspace(key.workspace, at: fixtures.now)
        try await store.createKey(key)
        if credits > .zero { try await grant(credits) }
        try await startLease(of: worker)
    }

    /// The test's time.
    package var now: Timestamp { fixtures.now }

    /// Gives credits to a workspace.
    ///
    /// - Throws: What the store throws.
    package mutating func grant(_ amount: Credits, to workspace: String = JobFixtures.workspace) async throws {
        try await store.ensureWorkspace(workspace, at: fixtures.now)
        let grant = try Transfer.grant(id: fixtures.hash(), workspace: workspace, amount: amount, reason: "test")
        #expect(try await store.transfer(grant, at: fixtures.tick()))
    }

    /// Adds a key of another workspace, with credits.
    ///
    /// - Throws: What the store throws.
    package mutating func addWorkspace(_ name: String, credits: Credits) async throws -> APIKey {
        let key = fixtures.key(workspace: name)
        try await grant(credits, to: name)
        try await store.createKey(key)
        return key
    }

    /// Starts or renews a worker's lease, by default for a month.
    ///
    /// - Throws: What the store throws.
    package func startLease(of worker: WorkerID, seconds: Double = 2_592_000) async throws {
        #expect(try await store.renewLease(of: worker, now: now, until: now.adding(seconds: seconds)))
    }

    /// Admits a job of `key`, by default the driver's own.
    ///
    /// - Parameters:
    ///   - key: Who posts it.
    ///   - parameters: What the client says besides.
    ///   - lane: Its lane; by default one of its own.
    ///   - account: The provider account it is served with.
    ///   - hold: What is set aside.
    /// - Returns: The job.
    /// - Throws: `notAdmitted`, or what the store throws.
    package mutating func admit(
        _ key: APIKey? = nil,
        parameters: JobParameters = JobParameters(),
        lane: Lane? = nil,
        account: String = "main",
        hold: Credits = JobFixtures.hold
    ) async throws -> Job {
        try await admit(
            fixtures.newJob(
                key ?? self.key,
                parameters: parameters,
                lane: lane,
                account: account,
                hold: hold
            )
        )
    }

    /// Admits a job.
    ///
    /// - Throws: `notAdmitted`, or what the store throws.
    package mutating func admit(_ new: NewJob) async throws -> Job {
        let outcome = try await store.admit(fixtures.admission(of: new))
        guard case .admitted(let job) = outcome else { throw JobDriverFailure.notAdmitted(outcome) }
        return job
    }

    /// Claims one job by its lane, in which no other job may wait before it.
    ///
    /// The time moves on to when the job is due.
    ///
    /// - Throws: `notClaimed`, or what the store throws.
    package mutating func claim(_ job: Job, by other: WorkerID? = nil) async throws -> Job {
        if let due = job.state.dueAt, due > now { fixtures.tick(seconds: due.seconds(since: now)) }
        let claimed = try await store.claimQueued(
            worker: other ?? worker,
            lanes: [LaneCapacity(lane: job.admitted.lane, slots: 1_000, startsNow: nil)],
            now: fixtures.tick(),
            limit: 1
        )
        guard let first = claimed.jobs.first, first.id == job.id else { throw JobDriverFailure.notClaimed(job.id) }
        return first
    }

    /// Moves a job by an event, under its own fence.
    ///
    /// - Throws: `notCommitted`, `IllegalTransition`, or what the store throws.
    @discardableResult
    package mutating func commit(_ event: JobEvent, of job: Job) async throws -> Job {
        let outcome = try await store.commit(
            job.state.applying(event, at: fixtures.tick()),
            of: job.id,
            expecting: job.version,
            fence: job.fence
        )
        guard case .committed(let next) = outcome else { throw JobDriverFailure.notCommitted(outcome) }
        return next
    }

    /// Moves a job by events, claiming it where an attempt begins.
    ///
    /// - Throws: `notClaimed`, `notCommitted`, `IllegalTransition`, or what the store throws.
    @discardableResult
    package mutating func commit(_ events: [JobEvent], of job: Job) async throws -> Job {
        var job = job
        for event in events {
            if case .attemptBegan = event, job.worker == nil { job = try await claim(job) }
            job = try await commit(event, of: job)
        }
        return job
    }

    /// Admits a job and brings it into a situation.
    ///
    /// - Throws: What admission, claim and commits throw.
    package mutating func job(
        in situation: JobSituation,
        parameters: JobParameters = JobParameters(),
        lane: Lane? = nil,
        account: String = "main",
        hold: Credits = JobFixtures.hold
    ) async throws -> Job {
        let job = try await admit(parameters: parameters, lane: lane, account: account, hold: hold)
        return try await commit(JobScript(job.admitted).way(to: situation), of: job)
    }

    /// Admits a job and brings it into a state.
    ///
    /// - Throws: What admission, claim and commits throw.
    package mutating func job(in state: JobState.Name) async throws -> Job { try await job(in: JobSituation(state)) }

    /// Everything that the store keeps about a job.
    ///
    /// - Throws: What the store throws.
    package func observe(_ job: Job) async throws -> JobObservation {
        JobObservation(
            job: try await store.job(job.id),
            attempts: try await store.attempts(of: job.id),
            events: try await store.events(of: job.id, after: 0, limit: 1_000),
            outbox: try await store.outbox(of: job.id),
            balance: try await store.balance(of: job.admitted.workspace)
        )
    }
}
