import ConformanceKit
import Foundation
import Generation
import JobCore
import Ledger
import Testing

/// The life of a job, held against a table that was written by hand.
@Suite struct JobTransitionTests {
    private static let tableNow = JobFixtures.start.adding(seconds: 5)

    // For each event that is legal in a situation: where each of its samples leads.
    private static let table: [JobSituation: [JobEventKind: [JobState.Name]]] = [
        .queued: [
            .rerouted: [.queued], .attemptBegan: [.submitting], .refused: [.failed, .failed, .failed],
            .cancelRequested: [.cancelled],
            .deadlinePassed: [.expired],
        ],
        .queuedAgain: [
            .rerouted: [.queued], .attemptBegan: [.submitting], .refused: [.failed, .failed, .failed],
            .cancelRequested: [.cancelled],
            .deadlinePassed: [.expired],
        ],
        .intent: [
            .sendingBegan: [.submitting], .refused: [.failed, .queued, .queued], .cancelRequested: [.cancelled],
            .deadlinePassed: [.expired],
        ],
        .sending: [
            .accepted: [.running], .completedAtOnce: [.storing], .refused: [.failed, .queued, .queued],
            .answerLost: [.submitting], .cancelRequested: [.submitting],
        ],
        .verifying: [
            .sendingBegan: [.submitting], .accepted: [.running], .completedAtOnce: [.storing],
            .refused: [.failed, .queued, .queued], .foundAbsent: [.queued], .gaveUpVerifying: [.failed, .queued],
            .cancelRequested: [.submitting],
        ],
        .resending: [
            .accepted: [.running], .completedAtOnce: [.storing], .answerLost: [.submitting],
            .cancelRequested: [.submitting],
        ],
        .verifyingResend: [
            .sendingBegan: [.submitting], .accepted: [.running], .completedAtOnce: [.storing],
            .foundAbsent: [.queued], .gaveUpVerifying: [.failed, .queued], .cancelRequested: [.submitting],
        ],
        .stoppingSend: [
            .accepted: [.running], .completedAtOnce: [.storing], .refused: [.cancelled, .cancelled, .cancelled],
            .answerLost: [.submitting],
        ],
        .stoppingVerification: [
            .sendingBegan: [.submitting], .accepted: [.running], .completedAtOnce: [.storing],
            .refused: [.cancelled, .cancelled, .cancelled], .foundAbsent: [.cancelled],
            .gaveUpVerifying: [.cancelled, .cancelled],
        ],
        .running: [
            .polled: [.running], .providerCompleted: [.storing], .providerFailed: [.failed, .queued],
            .providerCancelled: [.cancelled, .cancelled], .cancelRequested: [.running], .deadlinePassed: [.expired],
        ],
        .runningWithProgress: [
            .polled: [.running], .providerCompleted: [.storing], .providerFailed: [.failed, .queued],
            .providerCancelled: [.cancelled, .cancelled], .cancelRequested: [.running], .deadlinePassed: [.expired],
        ],
        .stopping: [
            .polled: [.running], .providerCompleted: [.storing], .providerFailed: [.cancelled, .cancelled],
            .providerCancelled: [.cancelled, .cancelled], .deadlinePassed: [.expired],
        ],
        .storing: [
            .outputsRenewed: [.storing], .artifactsStored: [.completed, .completed], .outputsRejected: [.failed],
        ],
        .storingAtOnce: [
            .outputsRenewed: [.storing], .artifactsStored: [.completed, .completed], .outputsRejected: [.failed],
        ],
        .completed: [:], .failed: [:], .cancelled: [:], .cancelledAtCost: [:], .expired: [:],
    ]

    private func job(in situation: JobSituation) throws -> (job: Job, script: JobScript) {
        var fixtures = JobFixtures()
        let new = fixtures.newJob(fixtures.key())
        let script = JobScript(new)
        let job = try script.way(to: situation).reduce(Job(new)) { job, event in
            job.applying(try job.state.applying(event, at: new.createdAt))
        }
        return (job, script)
    }

    @Test func everyStateAndEverySituationIsHeld() throws {
        #expect(Set(Self.table.keys) == Set(JobSituation.allCases))
        let states = try JobSituation.allCases.map { try job(in: $0).job.state.name }
        #expect(Set(states) == Set(JobState.Name.allCases))
        for state in JobState.Name.allCases { #expect(try job(in: JobSituation(state)).job.state.name == state) }
    }

    @Test(arguments: JobSituation.allCases)
    func exactlyTheTableIsLegal(_ situation: JobSituation) throws {
        let (job, script) = try job(in: situation)
        for kind in JobEventKind.allCases {
            for (index, event) in try script.samples(of: kind, in: job.state).enumerated() {
                #expect(JobEventKind(event) == kind)
                if let to = Self.table[situation]?[kind] {
                    let transition = try job.state.applying(event, at: Self.tableNow)
                    #expect(transition.from == job.state)
                    #expect(transition.to.name == to[index], "\(kind), sample \(index)")
                    #expect(transition.at == Self.tableNow)
                } else {
                    let refusal = #expect(throws: IllegalTransition.self, "\(kind)") {
                        try job.state.applying(event, at: Self.tableNow)
                    }
                    #expect(refusal?.state == job.state)
                    #expect(refusal?.event == event)
                }
            }
        }
    }

    @Test(arguments: JobSituation.allCases)
    func afterTheLastAttemptNothingIsQueuedAgainButForCapacity(_ situation: JobSituation) throws {
        var fixtures = JobFixtures()
        let new = fixtures.newJob(fixtures.key())
        let script = JobScript(new)
        let way = script.wayToLastAttempt + (try script.way(to: situation, attempt: JobState.Tally.countedMax))
        let state = try way.reduce(new.initialState) { try $0.applying($1, at: new.createdAt).to }
        for kind in JobEventKind.allCases {
            for (index, event) in try script.samples(of: kind, in: state).enumerated() {
                let expected = Self.table[situation]?[kind]?[index]
                let to = try? state.applying(event, at: Self.tableNow).to.name
                let staysInQueue: Bool
                switch event {
                case .refused(_, let isForCapacity, _, _): staysInQueue = isForCapacity
                case .rerouted: staysInQueue = true
                case _: staysInQueue = false
                }
                let wanted = expected == .queued && !staysInQueue ? .failed : expected
                #expect(to == wanted, "\(kind), sample \(index)")
            }
        }
    }

    @Test(arguments: JobSituation.allCases)
    func aHoldIsResolvedExactlyOnTheWayIntoATerminalState(_ situation: JobSituation) throws {
        let (job, script) = try job(in: situation)
        for event in try script.samples(in: job.state) {
            guard let transition = try? job.state.applying(event, at: Self.tableNow) else { continue }
            #expect((transition.resolution != nil) == transition.to.isTerminal)
            #expect(transition.notifiesClient == transition.to.isTerminal)
            let after = job.applying(transition)
            #expect((after.finishedAt != nil) == after.state.isTerminal)
            #expect(after.version == job.version + 1)
            switch transition.to {
            case .completed(let completed): #expect(transition.resolution == .settle(completed.bill.total))
            case .cancelled(let cancelled):
                let isFree = cancelled.charged == .zero
                #expect(transition.resolution == (isFree ? .void : .settle(cancelled.charged)))
            case .failed, .expired: #expect(transition.resolution == .void)
            case .queued, .submitting, .running, .storing: break
            }
        }
    }

    @Test(arguments: JobSituation.allCases)
    func aWorkerIsKeptExactlyWhileTheJobIsInFlight(_ situation: JobSituation) throws {
        let (unclaimed, script) = try job(in: situation)
        let job = unclaimed.claimed(by: WorkerID("worker"))
        for event in try script.samples(in: job.state) {
            guard let transition = try? job.state.applying(event, at: Self.tableNow) else { continue }
            let after = job.applying(transition)
            #expect(after.epoch == job.epoch)
            switch after.state {
            case .queued, .completed, .failed, .cancelled, .expired: #expect(after.worker == nil)
            case .submitting, .running, .storing: #expect(after.worker == job.worker)
            }
        }
    }

    @Test func phasesTellMoreThanStates() throws {
        let expected: [JobSituation: JobPhase] = [
            .queued: .waiting, .queuedAgain: .waiting, .intent: .submitting, .sending: .submitting,
            .verifying: .verifying, .resending: .submitting, .verifyingResend: .verifying,
            .stoppingSend: .cancelling, .stoppingVerification: .verifying, .running: .generating,
            .runningWithProgress: .generating, .stopping: .cancelling, .storing: .storing, .storingAtOnce: .storing,
        ]
        for situation in JobSituation.allCases {
            #expect(try job(in: situation).job.state.phase == expected[situation], "\(situation)")
        }
    }

    // MARK: Attempts

    @Test func anAttemptHasTheNextNumber() throws {
        let (first, script) = try job(in: .queued)
        let (second, _) = try job(in: .queuedAgain)
        for number in -1...4 {
            let event = JobEvent.attemptBegan(script.attempt(number))
            #expect((try? first.state.applying(event, at: Self.tableNow)) != nil || number != 1)
            #expect((try? first.state.applying(event, at: Self.tableNow)) == nil || number == 1)
            #expect((try? second.state.applying(event, at: Self.tableNow)) != nil || number != 2)
            #expect((try? second.state.applying(event, at: Self.tableNow)) == nil || number == 2)
        }
    }

    private static let failure = JobFailure(.unavailable, "The provider was down.", retryable: true)

    /// Begins and sends an attempt, and ends it by `event`.
    private func attempt(_ job: Job, _ script: JobScript, endingIn events: [JobEvent]) throws -> Job {
        let number = (job.state.tally?.begun ?? 0) + 1
        let sent: [JobEvent] = [.attemptBegan(script.attempt(number)), .sendingBegan(bodySHA256: "body")]
        return try (sent + events).reduce(job) { job, event in
            job.applying(try job.state.applying(event, at: Self.tableNow))
        }
    }

    @Test func refusalsForCapacityDoNotCount() throws {
        var (job, script) = try job(in: .queued)
        for begun in 1...10 {
            job = try attempt(
                job,
                script,
                endingIn: [.refused(Self.failure, isForCapacity: true, retryAt: Self.tableNow)]
            )
            let tally = JobState.Tally(begun: begun, counted: 0, firstSentAt: Self.tableNow)
            #expect(job.state == .queued(JobState.Queued(availableAt: Self.tableNow, tally: tally)))
        }
    }

    @Test func threeCountedAttemptsEndAJob() throws {
        let retryAt = Self.tableNow
        let endings: [[JobEvent]] = [
            [.refused(Self.failure, isForCapacity: false, retryAt: retryAt)],
            [.answerLost, .foundAbsent(retryAt: retryAt)],
            [.answerLost, .gaveUpVerifying(Self.failure, retryAt: retryAt)],
            [
                .accepted(remoteID: "r", operation: "o", nextPollAt: retryAt),
                .providerFailed(Self.failure, retryAt: retryAt),
            ],
        ]
        let forCapacity = JobEvent.refused(Self.failure, isForCapacity: true, retryAt: retryAt)
        for ending in endings {
            var (job, script) = try job(in: .queued)
            for counted in 1...3 {
                job = try attempt(job, script, endingIn: [forCapacity])
                job = try attempt(job, script, endingIn: ending)
                #expect(job.state.name == (counted < 3 ? .queued : .failed))
                #expect(job.state.tally?.counted == (counted < 3 ? counted : nil))
            }
        }
    }

    @Test func aRefusalOfAResendProvesNothing() throws {
        for situation in [JobSituation.resending, .verifyingResend] {
            let (job, script) = try job(in: situation)
            for event in try script.samples(of: .refused, in: job.state) {
                #expect(throws: IllegalTransition.self) { try job.state.applying(event, at: Self.tableNow) }
            }
        }
    }

    @Test func aResendKeepsTheFirstSendsTime() throws {
        let (job, _) = try job(in: .verifying)
        let first = try #require(job.state.tally?.firstSentAt)
        let again = try job.state.applying(.sendingBegan(bodySHA256: "body"), at: Self.tableNow)
        #expect(again.to.tally?.firstSentAt == first)
        #expect(first < Self.tableNow)
    }

    // MARK: Progress

    @Test func progressIsTheProvidersAndNeverGoesBack() throws {
        var (job, _) = try job(in: .running)
        let polls: [(Double?, Double?)] = [
            (nil, nil), (.nan, nil), (.infinity, nil), (-1, 0), (0.3, 0.3), (0.2, 0.3), (nil, 0.3), (.nan, 0.3),
            (0.9, 0.9), (7, 1), (0.5, 1),
        ]
        for (given, shown) in polls {
            let event = JobEvent.polled(
                progress: given,
                isQueuedAtProvider: false,
                nextPollAt: Self.tableNow,
                found: true
            )
            job = job.applying(try job.state.applying(event, at: Self.tableNow))
            #expect(job.state.progress == shown)
        }
    }

    @Test func pollsThatFindNothingAreCounted() throws {
        var (job, _) = try job(in: .running)
        var missed: [Int] = []
        for found in [false, false, true, false] {
            let event = JobEvent.polled(
                progress: nil,
                isQueuedAtProvider: true,
                nextPollAt: Self.tableNow,
                found: found
            )
            job = job.applying(try job.state.applying(event, at: Self.tableNow))
            guard case .running(let running) = job.state else { continue }
            missed.append(running.missedPolls)
            #expect(running.nextPollAt == Self.tableNow)
            #expect(job.state.phase == .providerQueue)
        }
        #expect(missed == [1, 2, 0, 1])
    }

    // MARK: Cancel and deadline

    // Where a cancel leads; it changes nothing elsewhere.
    private static let cancels: [JobSituation: JobState.Name] = [
        .queued: .cancelled, .queuedAgain: .cancelled, .intent: .cancelled, .sending: .submitting,
        .verifying: .submitting, .resending: .submitting, .verifyingResend: .submitting, .running: .running,
        .runningWithProgress: .running,
    ]

    @Test(arguments: JobSituation.allCases)
    func cancelFollowsTheRules(_ situation: JobSituation) throws {
        let (job, _) = try job(in: situation)
        let transition = try? job.state.applying(.cancelRequested, at: Self.tableNow)
        #expect(transition?.to.name == Self.cancels[situation])
        guard let next = transition?.to, !next.isTerminal else { return }
        #expect(next.cancelRequestedAt == Self.tableNow)
        if case .running = next { #expect(next.dueAt == Self.tableNow) }
    }

    @Test func aCancelWhileSendingGoesOnToTheProvider() throws {
        let (job, script) = try job(in: .stoppingSend)
        for event in try script.samples(of: .accepted, in: job.state) {
            let running = try job.state.applying(event, at: Self.tableNow).to
            #expect(running.phase == .cancelling)
            #expect(running.dueAt == Self.tableNow)
        }
    }

    @Test(arguments: JobSituation.allCases)
    func theDeadlineFollowsTheRules(_ situation: JobSituation) throws {
        let expiring: Set<JobSituation> = [
            .queued, .queuedAgain, .intent, .running, .runningWithProgress, .stopping,
        ]
        let (job, _) = try job(in: situation)
        let transition = try? job.state.applying(.deadlinePassed, at: Self.tableNow)
        #expect(transition?.to == (expiring.contains(situation) ? .expired : nil))
        #expect(transition?.resolution == (expiring.contains(situation) ? .void : nil))
    }

    @Test func theDeadlineIsTheClientsElseTheModelsElseTheQueues() throws {
        func deadline(
            _ situation: JobSituation,
            startAfter: Double? = nil,
            expiresAfterSeconds: Int64? = nil
        ) throws -> Double {
            var fixtures = JobFixtures()
            var parameters = JobParameters()
            parameters.startAfter = startAfter.map { JobFixtures.start.adding(seconds: $0) }
            parameters.expiresAfterSeconds = expiresAfterSeconds
            let key = fixtures.key()
            let new = fixtures.newJob(key, parameters: parameters)
            let sentAt = new.createdAt.adding(seconds: 100)
            let job = try JobScript(new).way(to: situation).reduce(Job(new)) { job, event in
                job.applying(try job.state.applying(event, at: sentAt))
            }
            return job.deadline.seconds(since: new.createdAt)
        }
        let queueMax = Double(Job.queueWaitSecondsMax)
        #expect(try deadline(.queued) == queueMax)
        #expect(try deadline(.intent) == queueMax)
        #expect(try deadline(.sending) == 1_000)
        #expect(try deadline(.running) == 1_000)
        #expect(try deadline(.queuedAgain) == 1_000)
        #expect(try deadline(.queued, startAfter: -50) == queueMax)
        #expect(try abs(deadline(.queued, startAfter: 50) - queueMax - 50) < 1)
        for situation in [JobSituation.queued, .sending, .running, .queuedAgain] {
            #expect(try deadline(situation, expiresAfterSeconds: 60) == 60)
            #expect(try abs(deadline(situation, startAfter: 50, expiresAfterSeconds: 60) - 110) < 1)
        }
    }

    // MARK: Storing

    @Test func nothingCompletesWithoutAnArtifact() throws {
        let (job, _) = try job(in: .storing)
        #expect(throws: IllegalTransition.self) {
            try job.state.applying(.artifactsStored([], .empty), at: Self.tableNow)
        }
    }

    @Test func whatWasDeliveredOtherwiseIsToldWithTheJobEvenWithoutItsArtifacts() throws {
        let (job, _) = try job(in: .completed)
        guard case .completed(let completed) = job.state else {
            Issue.record("not completed")
            return
        }
        #expect(completed.adjustments.map(\.reason) == [.deliveredOtherwise])
        #expect(job.adjustments == job.admitted.adjustments + completed.adjustments)
        #expect(job.deleted?.job.adjustments == job.adjustments)
    }

    @Test func aCompletedJobOfAnEarlierVersionTellsOfNoAdjustments() throws {
        let (job, _) = try job(in: .completed)
        let text = String(decoding: try JSONEncoder().encode(job.state), as: UTF8.self)
        let told = try #require(text.firstRange(of: /"adjustments":\[[^\]]*\],?/))
        let earlier = text.replacingCharacters(in: told, with: "").replacing(",}", with: "}")
        let state = try JSONDecoder().decode(JobState.self, from: Data(earlier.utf8))
        guard case .completed(let before) = state, case .completed(let now) = job.state else {
            Issue.record("not completed")
            return
        }
        #expect(before.adjustments == [])
        #expect(before.artifacts == now.artifacts)
        #expect(before.bill == now.bill)
    }

    @Test func renewedOutputsReplaceTheOld() throws {
        let (job, _) = try job(in: .storing)
        let next = try job.state.applying(.outputsRenewed(outputs: "new"), at: Self.tableNow).to
        guard case .storing(let before) = job.state, case .storing(let after) = next else {
            Issue.record("not storing")
            return
        }
        #expect(after.outputs == "new")
        #expect(after.since == before.since)
        #expect(after.operation == before.operation)
    }

    // MARK: Whole lives

    /// Whatever happens in whatever order: the attempt follows the job, and every count holds.
    @Test(arguments: 1...50)
    func everyLifeKeepsTheRules(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var fixtures = JobFixtures(seed: UInt64(seed))
        let key = fixtures.key()
        for _ in 0..<20 {
            let new = fixtures.newJob(key)
            let script = JobScript(new)
            var job = Job(new).claimed(by: WorkerID("worker"))
            var attempts: [Attempt] = []
            var hold = Hold(job: new.id.description, workspace: new.workspace, amount: new.hold)
            var steps = 0
            while !job.state.isTerminal, steps < 200 {
                steps += 1
                let events = try script.samples(in: job.state)
                guard let event = events.randomElement(using: &generator),
                    let transition = try? job.state.applying(event, at: fixtures.tick())
                else { continue }
                let comment: Comment = "seed \(seed): \(job.state.name) \(JobEventKind(event))"
                switch transition.attempt {
                case .begin(let start):
                    attempts.append(Attempt(start, of: job.id, epoch: job.epoch, at: transition.at))
                case .some(let change):
                    let last = try #require(attempts.last, comment)
                    let next = last.applying(change, epoch: job.epoch, at: transition.at)
                    attempts[attempts.count - 1] = try #require(next, comment)
                case nil: break
                }
                if let resolution = transition.resolution { hold = try hold.resolving(resolution).hold }
                let progress = job.state.progress
                job = job.applying(transition)
                if let before = progress, let after = job.state.progress { #expect(after >= before, comment) }
                if let tally = job.state.tally {
                    #expect(tally.begun == attempts.count, comment)
                    #expect(tally.counted <= JobState.Tally.countedMax, comment)
                    #expect((tally.firstSentAt == nil) == attempts.allSatisfy { $0.sends == 0 }, comment)
                }
                expectAgreement(job.state, attempts, comment)
                if job.worker == nil, !job.state.isTerminal { job = job.claimed(by: WorkerID("worker")) }
            }
            #expect((hold.state != .pending) == job.state.isTerminal)
            // Sent again only after the answer was lost: all but the last attempt are over.
            #expect(attempts.dropLast().allSatisfy { !$0.state.awaitsOutcome })
            if job.state.isTerminal { #expect(attempts.allSatisfy { !$0.state.awaitsOutcome }) }
        }
    }

    private func expectAgreement(_ state: JobState, _ attempts: [Attempt], _ comment: Comment) {
        let last = attempts.last
        switch state {
        case .submitting(let submitting):
            #expect(submitting.attempt == last?.start.number, comment)
            #expect(submitting.sends == last?.sends, comment)
            switch submitting.stage {
            case .intent: #expect(last?.state == .intent, comment)
            case .sending: #expect(last?.state == .sending, comment)
            case .verifying: #expect(last?.state == .unknown, comment)
            }
        case .running(let running):
            #expect(running.attempt == last?.start.number, comment)
            #expect(last?.state == .accepted || last?.state == .found, comment)
        case .storing(let storing):
            #expect(storing.attempt == last?.start.number, comment)
            #expect(last?.state == .accepted || last?.state == .found, comment)
        case .queued, .completed, .failed, .cancelled, .expired: break
        }
    }
}
