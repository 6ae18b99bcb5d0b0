import Generation
import JobCore
import Logging
import ProviderKit

/// The honest gap: a send whose answer nobody read.
///
/// First comes evidence: what another worker, or an earlier life of this one, learned and recorded. Then the attempt's
/// recovery class decides; last, the operator's policy. No step here sends anything new except the same request with the
/// same token, and only where the provider takes that as one request.
extension JobDriver {
    /// How many looks a look-up gets at least.
    private static let looksMin = 3

    /// The job is in `sending`, and no send of this driver is under way: its answer is lost, or stands in the evidence.
    func afterLostSend(_ job: Job, _ submitting: JobState.Submitting) async throws -> NextStep {
        if let next = try await applyEvidence(job, submitting) { return next }
        return try await advance(job, .answerLost)
    }

    /// Finds out what became of a send.
    func verify(_ job: Job, _ submitting: JobState.Submitting, since: Timestamp) async throws -> NextStep {
        if let next = try await applyEvidence(job, submitting) { return next }
        guard let attempt = try await attempt(of: job, submitting.attempt) else { throw AttemptRefusedStep() }
        guard let endpoint = services.catalog.endpoint(attempt.start.endpoint) else {
            // A start without the provider's key must not cost what may be paid for: the key may come back.
            let waited = environment.now().seconds(since: max(attempt.beganAt, takenAt))
            guard waited > services.settings.verifySecondsMax else {
                await pause(job, seconds: Self.unconfiguredPauseSeconds)
                return .go(try await reload(job))
            }
            return try await giveUp(job)
        }
        let recovery = endpoint.adapter.recoveryClass(of: job.admitted.request)
        // Asked before any look: only one that begins after that time shows all there is.
        let isQuiet = isQuiet(attempt, endpoint, lostAt: since, recovery: recovery)
        let waited = environment.now().seconds(since: max(attempt.beganAt, takenAt))
        // The bound ends what would go on for ever, but not before one look that shows all there is.
        let isLast = isQuiet && waited > services.settings.verifySecondsMax
        switch recovery {
        case .resend:
            return isLast ? try await giveUp(job) : try await resend(job, attempt)
        case .lookUpThenResend(let settle):
            switch try await lookUp(job, attempt, endpoint) {
            case .found(let next): return next
            case .unanswered: return isLast ? try await giveUp(job) : try await lookAgain(job, settle)
            case .notShown: break
            }
            if isLast { return try await giveUp(job) }
            guard isQuiet, hasLookedOften(since: since, settle) else { return try await lookAgain(job, settle) }
            return try await resend(job, attempt)
        case .lookUp(let settle, let isComplete):
            switch try await lookUp(job, attempt, endpoint) {
            case .found(let next): return next
            case .unanswered: return isLast ? try await giveUp(job) : try await lookAgain(job, settle)
            case .notShown: break
            }
            guard isLast || isQuiet && hasLookedOften(since: since, settle) else {
                return try await lookAgain(job, settle)
            }
            // One answered look at the very end is not enough to say that nothing was started.
            guard isComplete, hasLookedOften(since: since, settle) else { return try await giveUp(job) }
            return try await advance(
                job,
                .foundAbsent(retryAt: environment.now().adding(seconds: backoff(attempt.start.number)))
            )
        case .unrecoverable:
            // Only a worker that is still out there could know more.
            guard isQuiet else { return try await lookAgain(job, 5) }
            return try await giveUp(job)
        }
    }

    /// Decides by what is recorded about the send; nil when nothing is.
    private func applyEvidence(_ job: Job, _ submitting: JobState.Submitting) async throws -> NextStep? {
        guard let attempt = try await attempt(of: job, submitting.attempt) else { return nil }
        switch attempt.state {
        case .accepted, .found:
            guard let text = attempt.submission else { return nil }
            let endpoint = services.catalog.endpoint(attempt.start.endpoint)
            return try await apply(try Self.decode(Submission.self, text), to: job, endpoint)
        case .refused:
            let failure =
                attempt.failure
                ?? JobFailure(.unavailable, "The request was not sent.", retryable: true)
            let retryAt = failure.retryable ? environment.now().adding(seconds: backoff(attempt.start.number)) : nil
            // Of refusals only definite ones are evidence, so these two are for capacity.
            let isForCapacity = failure.code == .rateLimited || failure.code == .unavailable
            return try await advance(job, .refused(failure, isForCapacity: isForCapacity, retryAt: retryAt))
        case .intent, .sending, .unknown, .absent, .abandoned: return nil
        }
    }

    /// Sends the same again, with the same token and body, after a pause that grows with the number of sends.
    private func resend(_ job: Job, _ attempt: Attempt) async throws -> NextStep {
        let lastSent = attempt.sendingAt ?? attempt.beganAt
        let pause = min(30, 0.25 * Double(1 << min(attempt.sends, 7)))
        let dueAt = lastSent.adding(seconds: pause)
        if environment.now() < dueAt {
            await services.signals.dueTimes.wait(for: job.id, until: dueAt)
            return .go(try await reload(job))
        }
        log(.notice, "the answer was lost; sending the same again", job, ["sends": "\(attempt.sends)"])
        return try await send(job, attempt)
    }

    /// What a look at the provider brought.
    private enum Look {
        /// The send is there; this is how the job goes on.
        case found(NextStep)
        /// The provider answered, and does not show it.
        case notShown
        /// The provider could not be asked: that says nothing about the send.
        case unanswered
    }

    /// Looks for the send at the provider.
    private func lookUp(_ job: Job, _ attempt: Attempt, _ endpoint: Endpoint) async throws -> Look {
        guard let adapter = endpoint.adapter as? any RecoverableAdapter else { return .unanswered }
        let found: Submission?
        let request = try await requestToSend(job)
        do {
            found = try await adapter.find(request, attempt: reference(attempt)) { await isTaken($0, from: attempt) }
        } catch {
            log(.info, "look-up failed", job, ["details": "\(error.details)"])
            return .unanswered
        }
        guard let found else { return .notShown }
        if case .accepted(let operation) = found, !Self.isUsable(operation.remoteID) { return .unanswered }
        log(.notice, "the lost submit was found at the provider", job)
        do {
            return .found(try await apply(found, to: job, endpoint))
        } catch is AttemptRefusedStep {
            // Another attempt has claimed the same generation in the same moment, or the attempt has news: the next look
            // passes it over.
            return .unanswered
        }
    }

    /// Whether a generation at the provider is another attempt's.
    ///
    /// While that cannot be told it counts as taken: it is looked for again, and nobody gets what is not his.
    private func isTaken(_ remoteID: String, from attempt: Attempt) async -> Bool {
        let (provider, account) = (attempt.start.endpoint.provider, attempt.start.endpoint.account)
        do {
            let owner = try await services.store.attempt(remoteID: remoteID, provider: provider, account: account)
            guard let owner else { return false }
            return owner.job != attempt.job || owner.start.number != attempt.start.number
        } catch {
            services.logger.error("the owner of a generation could not be read", metadata: ["error": "\(error)"])
            return true
        }
    }

    /// Waits for a while, or for news, and looks again.
    private func lookAgain(_ job: Job, _ settleSeconds: Int64) async throws -> NextStep {
        await pause(job, seconds: Self.secondsBetweenLooks(settleSeconds))
        return .go(try await reload(job))
    }

    /// Whether there was time for enough looks since this worker began to look.
    private func hasLookedOften(since: Timestamp, _ settleSeconds: Int64) -> Bool {
        let looking = environment.now().seconds(since: max(since, takenAt))
        return looking >= Self.secondsBetweenLooks(settleSeconds) * Double(Self.looksMin - 1)
    }

    private static func secondsBetweenLooks(_ settleSeconds: Int64) -> Double {
        min(10, max(0.25, Double(settleSeconds) / Double(looksMin)))
    }

    /// Whether nobody can still be sending the attempt, and the provider has had its time to show it.
    ///
    /// A send of this very worker is over when it gets here. That of another may start until its window closes, which is
    /// after its lease has ended, unless no other process can have the store open: then the one that sent is dead. Its
    /// request may be at the provider all the same, which can take the send's whole time-out to accept it: the provider's
    /// own time counts from there. In class C nothing would be looked for then, and a dead process tells nothing more.
    private func isQuiet(
        _ attempt: Attempt,
        _ endpoint: Endpoint,
        lostAt: Timestamp,
        recovery: RecoveryClass
    ) -> Bool {
        var sendOverAt = attempt.sendingAt ?? attempt.beganAt
        if attempt.epoch != epoch {
            let isDead = services.settings.isOnlyProcess
            let start = isDead ? 0 : services.settings.leaseSeconds + services.settings.sendWindowSeconds
            let answer = isDead && recovery == .unrecoverable ? 0 : endpoint.model.timing.sendTimeoutSeconds
            sendOverAt = sendOverAt.adding(seconds: start + Double(answer))
        }
        return environment.now() >= max(sendOverAt, lostAt).adding(seconds: Double(recovery.settleSeconds))
    }

    /// Nothing more can be found out: the operator's policy decides.
    private func giveUp(_ job: Job) async throws -> NextStep {
        let retryAt: Timestamp?
        switch services.settings.unknownOutcome {
        case .refund: retryAt = nil
        case .retryOnce(let holdMax):
            let isSecond = try await services.store.attempts(of: job.id).contains { $0.state == .abandoned }
            retryAt = isSecond || job.admitted.hold > holdMax ? nil : environment.now()
        }
        log(.warning, "the outcome of a submit stays unknown", job, ["policy": "\(services.settings.unknownOutcome)"])
        return try await advance(
            job,
            .gaveUpVerifying(
                JobFailure(
                    .outcomeUnknown,
                    "The provider's answer was lost and it cannot be found out whether it accepted the request. Nothing was charged, and the request was not sent again.",
                    retryable: true
                ),
                retryAt: retryAt
            )
        )
    }
}

extension RecoveryClass {
    /// How long the provider may take to show what it has accepted, in seconds.
    fileprivate var settleSeconds: Int64 {
        switch self {
        case .resend, .unrecoverable: 0
        case .lookUpThenResend(let seconds), .lookUp(let seconds, _): seconds
        }
    }
}
