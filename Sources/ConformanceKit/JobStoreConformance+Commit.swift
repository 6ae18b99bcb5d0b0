import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    /// The whole transition table: one check for each situation, in which every event is tried.
    static let commit: [Check] =
        JobSituation.allCases.map { situation in
            Check("from \(situation.rawValue): each legal step moves, posts and tells; a stale one writes nothing") {
                try await holdToTable(situation, $0)
            }
        } + [
            Check("of 16 racing commits exactly one wins") { store in
                var driver = try await JobDriver(store)
                let job = try await driver.job(in: .running)
                let now = driver.fixtures.tick()
                let events: [JobEvent] = (0..<16).map { index in
                    switch index % 3 {
                    case 0: .cancelRequested
                    case 1: .providerCompleted(outputs: "outputs \(index)")
                    case _: .polled(progress: nil, isQueuedAtProvider: false, nextPollAt: now, found: true)
                    }
                }
                let outcomes = try await race(events) { event in
                    try await store.commit(
                        job.state.applying(event, at: now),
                        of: job.id,
                        expecting: job.version,
                        fence: job.fence
                    )
                }
                let winners = outcomes.compactMap(\.committedJob)
                #expect(winners.count == 1)
                #expect(try await store.job(job.id) == winners.first)
                #expect(try await store.events(of: job.id, after: job.version, limit: 100).count == 1)
            },
            Check("a client cancels without a fence, whoever holds the job") { store in
                var driver = try await JobDriver(store)
                for situation in [JobSituation.queued, .intent, .sending, .verifying, .running] {
                    let job = try await driver.job(in: situation)
                    let outcome = try await store.commit(
                        job.state.applying(.cancelRequested, at: driver.fixtures.tick()),
                        of: job.id,
                        expecting: job.version,
                        fence: nil
                    )
                    let next = try #require(outcome.committedJob)
                    #expect(next.worker == (next.state.isTerminal ? nil : job.worker))
                    #expect(next.epoch == job.epoch)
                    #expect(try await store.job(job.id) == next)
                }
            },
            Check("a cancel between intent and sending wins over the send") { store in
                var driver = try await JobDriver(store)
                let job = try await driver.job(in: .intent)
                let cancelled = try await driver.commit([.cancelRequested], of: job)
                let send = try JobScript(job.admitted).samples(of: .sendingBegan, in: job.state)
                for event in send {
                    let outcome = try await store.commit(
                        job.state.applying(event, at: driver.fixtures.tick()),
                        of: job.id,
                        expecting: job.version,
                        fence: job.fence
                    )
                    #expect(outcome == .stale(cancelled))
                }
                #expect(try await store.attempts(of: job.id).map(\.state) == [.refused])
            },
            Check("a job that is not there is missing") { store in
                var driver = try await JobDriver(store)
                let job = Job(driver.fixtures.newJob(driver.key))
                let outcome = try await store.commit(
                    job.state.applying(.cancelRequested, at: driver.fixtures.tick()),
                    of: job.id,
                    expecting: 1,
                    fence: nil
                )
                #expect(outcome == .missing)
                #expect(try await store.job(job.id) == nil)
            },
            Check("a charge beyond the hold, or below zero, is an error and writes nothing") { store in
                var driver = try await JobDriver(store)
                let job = try await driver.job(in: .stopping, parameters: parametersWithCallback)
                let before = try await driver.observe(job)
                for charge in [JobFixtures.hold.nanoUSD + 1, -1] {
                    let transition = try job.state.applying(
                        .providerCancelled(charged: Credits(nanoUSD: charge)),
                        at: driver.fixtures.tick()
                    )
                    await #expect(throws: LedgerRefusal.self) {
                        try await store.commit(
                            transition,
                            of: job.id,
                            expecting: job.version,
                            fence: job.fence
                        )
                    }
                    #expect(try await driver.observe(job) == before)
                }
                try await driver.commit(.providerCancelled(charged: JobFixtures.hold), of: job)
                #expect(try await store.balance(of: driver.key.workspace).held == .zero)
            },
            Check("a job of no hold settles at nothing") { store in
                var driver = try await JobDriver(store, credits: .zero)
                let job = try await driver.job(in: .completed, hold: .zero)
                #expect(job.state.name == .completed)
                #expect(try await store.balance(of: driver.key.workspace) == Balance(available: .zero, held: .zero))
            },
            Check("only the end of a job with a callback leaves a message, and only one") { store in
                var driver = try await JobDriver(store)
                for situation in JobSituation.allCases {
                    let job = try await driver.job(in: situation, parameters: parametersWithCallback)
                    let message = OutboxMessage(
                        job: job.id,
                        version: job.version,
                        state: job.state.name,
                        url: "https://client.example/hook",
                        createdAt: job.finishedAt ?? driver.now
                    )
                    #expect(try await store.outbox(of: job.id) == (job.state.isTerminal ? [message] : []))
                    let silent = try await driver.job(in: situation)
                    #expect(try await store.outbox(of: silent.id) == [])
                }
            },
        ]

    static var parametersWithCallback: JobParameters {
        var parameters = JobParameters()
        parameters.callbackURL = "https://client.example/hook"
        return parameters
    }

    /// Tries every event on jobs in one situation.
    private static func holdToTable(_ situation: JobSituation, _ store: any JobStore) async throws {
        var driver = try await JobDriver(store)
        let other = WorkerID("other")
        try await driver.startLease(of: other)
        var job = try await driver.job(in: situation, parameters: parametersWithCallback)

        // A step that is legal elsewhere: only the store can refuse it.
        let untouched = try await driver.observe(job)
        let elsewhere = JobState.queued(JobState.Queued(availableAt: Timestamp(milliseconds: 1)))
        let foreign = try elsewhere.applying(.deadlinePassed, at: driver.now)
        let lost = try await store.commit(foreign, of: job.id, expecting: job.version, fence: job.fence)
        #expect(lost == .stale(job))
        #expect(try await driver.observe(job) == untouched)

        for index in try JobScript(job.admitted).samples(in: job.state).indices {
            // Each event has a job of its own, and its ids and files are that job's: no two jobs may share any.
            let event = try JobScript(job.admitted).samples(in: job.state)[index]
            guard let transition = try? job.state.applying(event, at: driver.fixtures.tick()) else { continue }
            if case .attemptBegan = event { job = try await driver.claim(job) }
            let before = try await driver.observe(job)
            #expect(before.job == job)

            func expectStale(version: Int64, fence: Fence?, _ why: Comment) async throws {
                let outcome = try await store.commit(transition, of: job.id, expecting: version, fence: fence)
                #expect(outcome == .stale(job), why)
                #expect(try await driver.observe(job) == before, why)
            }
            let name = "\(JobEventKind(event).rawValue)"
            try await expectStale(version: job.version - 1, fence: job.fence, "\(name): a version ago")
            try await expectStale(version: job.version + 1, fence: job.fence, "\(name): a version ahead")
            if let fence = job.fence {
                let late = Fence(worker: fence.worker, epoch: fence.epoch - 1)
                try await expectStale(version: job.version, fence: late, "\(name): an epoch ago")
                let wrong = Fence(worker: other, epoch: fence.epoch)
                try await expectStale(version: job.version, fence: wrong, "\(name): another worker")
            } else {
                let late = Fence(worker: driver.worker, epoch: job.epoch)
                try await expectStale(version: job.version, fence: late, "\(name): a worker that gave it back")
            }

            let outcome = try await store.commit(
                transition,
                of: job.id,
                expecting: job.version,
                fence: job.fence
            )
            let expected = job.applying(transition)
            #expect(outcome == .committed(expected), "\(name)")
            let after = try await driver.observe(job)
            #expect(after.job == expected, "\(name)")
            #expect(after.events == before.events + [JobEventRecord(expected, at: transition.at)], "\(name)")
            #expect(after.attempts == attempts(before.attempts, after: transition, of: job), "\(name)")
            #expect(after.balance == balance(before.balance, after: transition, of: job), "\(name)")
            #expect(after.outbox.count == (expected.state.isTerminal ? 1 : 0), "\(name)")

            // The same again is stale.
            let again = try await store.commit(transition, of: job.id, expecting: job.version, fence: job.fence)
            #expect(again == .stale(expected), "\(name)")
            #expect(try await driver.observe(job) == after, "\(name)")

            job = try await driver.job(in: situation, parameters: parametersWithCallback)
        }
    }

    private static func attempts(_ before: [Attempt], after transition: JobTransition, of job: Job) -> [Attempt] {
        switch transition.attempt {
        case nil: before
        case .begin(let start): before + [Attempt(start, of: job.id, epoch: job.epoch, at: transition.at)]
        case .send(let number, _), .move(let number, _, _, _):
            before.compactMap { attempt in
                guard let change = transition.attempt, attempt.start.number == number else { return attempt }
                return attempt.applying(change, epoch: job.epoch, at: transition.at)
            }
        }
    }

    private static func balance(_ before: Balance, after transition: JobTransition, of job: Job) -> Balance {
        let hold = job.admitted.hold.nanoUSD
        let charged: Int64
        switch transition.resolution {
        case nil: return before
        case .settle(let amount): charged = amount.nanoUSD
        case .void: charged = 0
        }
        return Balance(
            available: Credits(nanoUSD: before.available.nanoUSD + hold - charged),
            held: Credits(nanoUSD: before.held.nanoUSD - hold)
        )
    }
}

extension CommitOutcome {
    /// The job, if the transition was committed.
    var committedJob: Job? {
        guard case .committed(let job) = self else { return nil }
        return job
    }
}
