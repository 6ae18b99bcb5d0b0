import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let evidence: [Check] = [
        Check("an attempt goes from intent to sending once, with the body's hash") { store in
            var driver = try await JobDriver(store)
            let begun = try await driver.job(in: .intent)
            let start = JobScript(begun.admitted).attempt(1)
            #expect(
                try await store.attempts(of: begun.id)
                    == [Attempt(start, of: begun.id, epoch: 1, at: driver.now)]
            )
            let sending = try await driver.commit(.sendingBegan(bodySHA256: "body"), of: begun)
            let attempt = try await attempt(of: sending, in: store)
            #expect(attempt.start == start)
            #expect(attempt.state == .sending)
            #expect(attempt.sends == 1)
            #expect(attempt.bodySHA256 == "body")
            #expect(attempt.sendingAt == driver.now)
            #expect(attempt.endedAt == nil)
            // A second worker that read the job before: refused, and nothing is sent again.
            let second = try await store.commit(
                begun.state.applying(.sendingBegan(bodySHA256: "body"), at: driver.fixtures.tick()),
                of: begun.id,
                expecting: begun.version,
                fence: begun.fence
            )
            #expect(second == .stale(sending))
            #expect(try await store.attempts(of: sending.id) == [attempt])
        },
        Check("the attempts of several jobs are read together as they are one by one") { store in
            var driver = try await JobDriver(store)
            let sent = try await driver.job(in: .running)
            let other = try await driver.job(in: .verifying)
            let waiting = try await driver.job(in: .queued)
            let found = try await store.attempts(of: [sent.id, other.id, waiting.id, sent.id])
            #expect(
                try await found
                    == [
                        sent.id: store.attempts(of: sent.id), other.id: store.attempts(of: other.id),
                    ]
            )
            let none: [JobID] = []
            #expect(try await store.attempts(of: none).isEmpty)
        },
        Check("a resend from unknown counts, and keeps the token and the body") { store in
            var driver = try await JobDriver(store)
            let lost = try await driver.job(in: .verifying)
            let before = try await attempt(of: lost, in: store)
            #expect(before.state == .unknown)
            let body = try #require(before.bodySHA256)
            let other = try await store.commit(
                lost.state.applying(.sendingBegan(bodySHA256: "another body"), at: driver.fixtures.tick()),
                of: lost.id,
                expecting: lost.version,
                fence: lost.fence
            )
            #expect(other == .stale(lost))
            // Another worker takes the job over: the resend is its own.
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            try await store.release(driver.worker)
            let taken = try #require(try await store.claimOrphans(worker: second, now: driver.now, limit: 1).first)
            let resent = try await driver.commit(.sendingBegan(bodySHA256: body), of: taken)
            let after = try await attempt(of: resent, in: store)
            #expect(before.epoch == 1)
            #expect(after.epoch == 2)
            #expect(after.start == before.start)
            #expect(after.state == .sending)
            #expect(after.sends == 2)
            #expect(after.bodySHA256 == body)
            #expect(after.sendingAt == driver.now)
        },
        Check("an acceptance that a lost worker reports is kept, and used by the next") { store in
            var driver = try await JobDriver(store)
            let sent = try await driver.job(in: .sending)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            try await store.endOtherLeases(than: second)
            let taken = try #require(
                try await store.claimOrphans(worker: second, now: driver.fixtures.tick(), limit: 10).first
            )
            let before = try await driver.observe(taken)
            let answer = SendEvidence.accepted(remoteID: "remote", submission: "the answer")
            let at = driver.fixtures.tick()
            #expect(try await store.record(answer, of: sent.id, attempt: 1, send: 1, at: at) == .recorded)
            let known = try await attempt(of: sent, in: store)
            #expect(known.state == .accepted)
            #expect(known.remoteID == "remote")
            #expect(known.submission == "the answer")
            #expect(known.endedAt == at)
            // Evidence is no decision: the job has not moved.
            #expect(try await store.job(sent.id) == taken)
            #expect(try await driver.observe(taken).events == before.events)
            // The same again, by another way.
            #expect(
                try await store.record(answer, of: sent.id, attempt: 1, send: 1, at: driver.fixtures.tick())
                    == .alreadyKnown
            )
            #expect(try await attempt(of: sent, in: store) == known)
            // The holder cannot call it lost any more, or give it another id, but goes on with it.
            let contradictions: [JobEvent] = [
                .answerLost, .accepted(remoteID: "another", operation: "operation", nextPollAt: driver.now),
            ]
            for event in contradictions {
                let lost = try await store.commit(
                    taken.state.applying(event, at: driver.fixtures.tick()),
                    of: taken.id,
                    expecting: taken.version,
                    fence: taken.fence
                )
                #expect(lost == .stale(taken))
            }
            let running = try await driver.commit(
                .accepted(remoteID: "remote", operation: "operation", nextPollAt: driver.now),
                of: taken
            )
            #expect(running.state.name == .running)
            #expect(try await attempt(of: running, in: store).endedAt == at)
        },
        Check("an acceptance found while verifying is the attempt's") { store in
            var driver = try await JobDriver(store)
            for situation in [JobSituation.verifying, .resending, .verifyingResend, .stoppingVerification] {
                let job = try await driver.job(in: situation)
                let remote = JobScript(job.admitted).remoteID(1)
                let answer = SendEvidence.accepted(remoteID: remote, submission: "found")
                let at = driver.fixtures.tick()
                #expect(try await store.record(answer, of: job.id, attempt: 1, send: 1, at: at) == .recorded)
                let attempt = try await attempt(of: job, in: store)
                #expect(attempt.state == (situation == .resending ? .accepted : .found))
                #expect(attempt.remoteID == remote)
                for event in try JobScript(job.admitted).samples(of: .gaveUpVerifying, in: job.state) {
                    guard let transition = try? job.state.applying(event, at: driver.now) else { continue }
                    let outcome = try await store.commit(
                        transition,
                        of: job.id,
                        expecting: job.version,
                        fence: job.fence
                    )
                    #expect(outcome == .stale(job))
                }
            }
        },
        Check("an answer without an id is an acceptance too") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .sending)
            let answer = SendEvidence.accepted(remoteID: nil, submission: "outputs")
            let at = driver.fixtures.tick()
            #expect(try await store.record(answer, of: job.id, attempt: 1, send: 1, at: at) == .recorded)
            #expect(try await store.record(answer, of: job.id, attempt: 1, send: 1, at: at) == .alreadyKnown)
            let known = try await attempt(of: job, in: store)
            #expect(known.state == .accepted)
            #expect(known.remoteID == nil)
            #expect(known.submission == "outputs")
            let storing = try await driver.commit(.completedAtOnce(outputs: "outputs"), of: job)
            #expect(storing.state.name == .storing)
        },
        Check("a refusal of the only send is kept, sending or unknown") { store in
            var driver = try await JobDriver(store)
            for situation in [JobSituation.sending, .verifying] {
                let job = try await driver.job(in: situation)
                let at = driver.fixtures.tick()
                let outcome = try await store.record(refusal, of: job.id, attempt: 1, send: 1, at: at)
                #expect(outcome == .recorded)
                let attempt = try await attempt(of: job, in: store)
                #expect(attempt.state == .refused)
                #expect(attempt.failure == failure)
                #expect(attempt.endedAt == at)
                // No resend any more: the holder decides on the refusal.
                for event in try JobScript(job.admitted).samples(of: .sendingBegan, in: job.state) {
                    guard let transition = try? job.state.applying(event, at: driver.now) else { continue }
                    let stale = try await store.commit(
                        transition,
                        of: job.id,
                        expecting: job.version,
                        fence: job.fence
                    )
                    #expect(stale == .stale(job))
                }
                let failed = try await driver.commit(
                    .refused(failure, isForCapacity: false, retryAt: nil),
                    of: job
                )
                #expect(failed.state == .failed(failure))
            }
        },
        Check("a refusal proves nothing once the attempt was sent again") { store in
            var driver = try await JobDriver(store)
            for situation in [JobSituation.resending, .verifyingResend] {
                let job = try await driver.job(in: situation)
                let before = try await driver.observe(job)
                for send in 1...2 {
                    let outcome = try await store.record(
                        refusal,
                        of: job.id,
                        attempt: 1,
                        send: send,
                        at: driver.fixtures.tick()
                    )
                    #expect(outcome == .alreadyKnown)
                    #expect(try await driver.observe(job) == before)
                }
            }
        },
        Check("a refusal of what was not sent, was accepted or is over is not kept") { store in
            var driver = try await JobDriver(store)
            let situations: [JobSituation] = [.queuedAgain, .intent, .running, .storing, .completed, .failed]
            for situation in situations {
                let job = try await driver.job(in: situation)
                let before = try await driver.observe(job)
                let outcome = try await store.record(
                    refusal,
                    of: job.id,
                    attempt: 1,
                    send: 1,
                    at: driver.fixtures.tick()
                )
                #expect(outcome == .alreadyKnown, "\(situation)")
                #expect(try await driver.observe(job) == before, "\(situation)")
            }
        },
        Check("an id that comes after the attempt is over is kept as an orphan, and moves nothing") { store in
            var driver = try await JobDriver(store)
            let endings: [JobEvent] = [
                .foundAbsent(retryAt: driver.now),
                .gaveUpVerifying(failure, retryAt: driver.now),
                .gaveUpVerifying(failure, retryAt: nil),
                .refused(failure, isForCapacity: false, retryAt: driver.now),
            ]
            for event in endings {
                let job = try await driver.commit(event, of: driver.job(in: .verifying))
                let before = try await driver.observe(job)
                let remote = JobScript(job.admitted).remoteID(1)
                let answer = SendEvidence.accepted(remoteID: remote, submission: "late")
                let at = driver.fixtures.tick()
                #expect(try await store.record(answer, of: job.id, attempt: 1, send: 1, at: at) == .orphaned)
                var expected = try #require(before.attempts.first)
                expected.orphanRemoteID = remote
                expected.submission = "late"
                let after = try await driver.observe(job)
                #expect(after.attempts == [expected])
                #expect(after.job == before.job)
                #expect(after.balance == before.balance)
                #expect(after.events == before.events)
                #expect(try await store.record(answer, of: job.id, attempt: 1, send: 1, at: at) == .alreadyKnown)
            }
        },
        Check("a second generation of an attempt that was sent again is an orphan, even of a job that is over") {
            store in
            var driver = try await JobDriver(store)
            var job = try await driver.job(in: .resending)
            let script = JobScript(job.admitted)
            job = try await driver.commit(
                .accepted(remoteID: script.remoteID(1), operation: "operation", nextPollAt: driver.now),
                of: job
            )
            let events: [JobEvent?] = [nil, .deadlinePassed]
            for (index, event) in events.enumerated() {
                if let event { job = try await driver.commit(event, of: job) }
                let known = SendEvidence.accepted(remoteID: script.remoteID(1), submission: "again")
                let at = driver.fixtures.tick()
                #expect(try await store.record(known, of: job.id, attempt: 1, send: 2, at: at) == .alreadyKnown)
                let second = SendEvidence.accepted(remoteID: "second \(index)", submission: "again")
                #expect(try await store.record(second, of: job.id, attempt: 1, send: 2, at: at) == .orphaned)
                let attempt = try await attempt(of: job, in: store)
                #expect(attempt.remoteID == script.remoteID(1))
                #expect(attempt.orphanRemoteID == "second 0")
            }
        },
        Check("one send makes one generation: another id of it is no orphan") { store in
            var driver = try await JobDriver(store)
            for situation in [JobSituation.running, .storing, .completed] {
                let job = try await driver.job(in: situation)
                let before = try await driver.observe(job)
                let alias = SendEvidence.accepted(remoteID: "alias of \(job.id)", submission: "callback")
                let outcome = try await store.record(
                    alias,
                    of: job.id,
                    attempt: 1,
                    send: 1,
                    at: driver.fixtures.tick()
                )
                #expect(outcome == .alreadyKnown)
                #expect(try await driver.observe(job) == before)
            }
        },
        Check("evidence about an attempt that is not there is not kept") { store in
            var driver = try await JobDriver(store)
            let answer = SendEvidence.accepted(remoteID: "remote", submission: "answer")
            let stranger = driver.fixtures.id()
            let at = driver.fixtures.tick()
            #expect(try await store.record(answer, of: stranger, attempt: 1, send: 1, at: at) == .alreadyKnown)
            let job = try await driver.job(in: .sending)
            let before = try await driver.observe(job)
            #expect(try await store.record(answer, of: job.id, attempt: 2, send: 1, at: at) == .alreadyKnown)
            #expect(try await driver.observe(job) == before)
        },
        Check("a provider's id belongs to one attempt of an account: a second commit of it is stale") { store in
            var driver = try await JobDriver(store)
            let first = try await driver.job(in: .sending)
            let event = JobEvent.accepted(remoteID: "same", operation: "operation", nextPollAt: driver.now)
            try await driver.commit(event, of: first)
            let second = try await driver.job(in: .sending)
            let before = try await driver.observe(second)
            let outcome = try await store.commit(
                second.state.applying(event, at: driver.fixtures.tick()),
                of: second.id,
                expecting: second.version,
                fence: second.fence
            )
            #expect(outcome == .stale(second))
            #expect(try await driver.observe(second) == before)
            // Another account's ids are others.
            let elsewhere = try await driver.job(in: .sending, account: "second account")
            #expect(try await driver.commit(event, of: elsewhere).state.name == .running)
        },
        Check("evidence with an id that another attempt has is not kept, not even as an orphan") { store in
            var driver = try await JobDriver(store)
            let owner = try await driver.job(in: .running)
            let taken = JobScript(owner.admitted).remoteID(1)
            for situation in [JobSituation.sending, .verifying, .failed, .queuedAgain] {
                let job = try await driver.job(in: situation)
                let before = try await driver.observe(job)
                let answer = SendEvidence.accepted(remoteID: taken, submission: "answer")
                let at = driver.fixtures.tick()
                #expect(try await store.record(answer, of: job.id, attempt: 1, send: 1, at: at) == .alreadyKnown)
                #expect(try await driver.observe(job) == before)
            }
        },
        Check("of 16 racing acceptances of one id exactly one attempt gets it") { store in
            var driver = try await JobDriver(store)
            var jobs: [Job] = []
            for _ in 0..<16 { jobs.append(try await driver.job(in: .sending)) }
            let at = driver.fixtures.tick()
            let outcomes = try await race(jobs) { job in
                try await store.record(
                    .accepted(remoteID: "same", submission: "answer"),
                    of: job.id,
                    attempt: 1,
                    send: 1,
                    at: at
                )
            }
            #expect(outcomes.filter { $0 == .recorded }.count == 1)
            #expect(outcomes.filter { $0 == .alreadyKnown }.count == 15)
        },
        Check("each attempt of a job has a row of its own, in order") { store in
            var driver = try await JobDriver(store)
            var job = try await driver.job(in: .queuedAgain)
            let script = JobScript(job.admitted)
            for number in 2...4 {
                job = try await driver.commit(
                    [
                        .attemptBegan(script.attempt(number)), .sendingBegan(bodySHA256: "body"),
                        .refused(failure, isForCapacity: true, retryAt: driver.now),
                    ],
                    of: job
                )
            }
            let attempts = try await store.attempts(of: job.id)
            #expect(attempts.map(\.start) == (1...4).map(script.attempt))
            #expect(attempts.allSatisfy { $0.state == .refused && $0.failure != nil && $0.endedAt != nil })
            #expect(attempts.map(\.epoch) == [1, 2, 3, 4])
            #expect(try await store.attempts(of: driver.fixtures.id()) == [])
        },
        Check("a failure at the provider is noted on its attempt") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .running)
            let accepted = try await attempt(of: job, in: store)
            try await driver.commit(.providerFailed(failure, retryAt: driver.now), of: job)
            var expected = accepted
            expected.failure = failure
            #expect(try await attempt(of: job, in: store) == expected)
        },
    ]

    private static let failure = JobFailure(
        .invalidRequest,
        "The provider found the prompt wrong.",
        providerCode: "bad_prompt",
        retryable: false
    )
    private static let refusal = SendEvidence.refused(failure)

    private static func attempt(of job: Job, in store: any JobStore) async throws -> Attempt {
        try #require(try await store.attempts(of: job.id).last)
    }
}
