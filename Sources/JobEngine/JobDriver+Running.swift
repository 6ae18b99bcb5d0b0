import Generation
import JobCore
import Ledger
import Logging
import ProviderKit

/// At the provider: ask when due, stop when asked to, notice the end.
extension JobDriver {
    /// How many polls in a row may not find the generation, and over how many seconds, before it counts as lost.
    private static let missedPollsMax = 3
    private static let missedPollSeconds = 30.0
    /// Longer than any pause between two polls, in seconds.
    private static let pauseMax = 2 * PollSchedule.hintMax
    /// What the wall clock's times are rounded to, in seconds.
    private static let tickSeconds = 0.002
    /// How long one waits for its turn before it looks at itself again, in seconds.
    private static let turnSecondsMax = 60.0
    /// For how long one that is past the model's deadline is asked for when the question fails, and how often, in seconds.
    private static let lateSecondsMax = 600.0
    private static let lateSecondsBetween = 15.0

    /// Sleeps until the next poll is due, then polls.
    func poll(_ job: Job, _ running: JobState.Running) async throws -> NextStep {
        let dueAt = dueAt(job, running)
        if isEarly(job, dueAt) {
            let seconds = dueAt - environment.bootSeconds()
            let wakeAt = min(environment.now().adding(seconds: seconds), job.deadline)
            await services.signals.dueTimes.wait(for: job.id, until: wakeAt)
            if halt.isUp { return .leave }
            // A wish to stop may have been recorded meanwhile; else nothing has changed and nothing is read.
            return .go(try await isEarly(job, dueAt) ? reload(job) : current(job))
        }
        guard let endpoint = services.catalog.endpoint(job.admitted.endpoint) else {
            // A start without the provider's key must not cost what is paid for: the key may come back.
            if isLate(job) { return try await advance(job, .deadlinePassed) }
            await pause(job, seconds: Self.unconfiguredPauseSeconds)
            return .go(try await reload(job))
        }
        let operation = try Self.decode(ProviderOperation.self, running.operation)
        let isLate = isLate(job)
        // The client's deadline is its word. The model's ends what would go on for ever: what is done is still taken, also
        // when nobody asked for a while.
        if isLate, job.admitted.parameters.expiresAfterSeconds != nil {
            return try await expire(job, operation, endpoint)
        }
        let isStopping = running.cancelRequestedAt != nil && services.poller.mayStop(job)
        if isStopping { await cancelAtProvider(operation, endpoint, job) }
        let isCalledFor = services.signals.dueTimes.takeHint(job.id)
        let answer = await services.poller.status(
            of: operation,
            job: job,
            at: endpoint,
            wantedAt: dueAt,
            isUrgent: isCalledFor || isStopping,
            until: environment.now().adding(seconds: Self.turnSecondsMax)
        )
        // Not its turn yet: whatever has happened meanwhile comes first.
        guard let answer else {
            if isCalledFor { services.signals.dueTimes.keepHint(job.id) }
            return halt.isUp ? .leave : .go(try await reload(job))
        }
        let elapsed = environment.now().seconds(since: running.acceptedAt)
        let schedule = PollSchedule(endpoint, services.durations, job)
        let isShort = services.poller.isShort(endpoint)
        let jitter = environment.randomFraction()
        let status: OperationStatus
        switch answer {
        case .success(let known): status = known
        case .failure(let failure):
            services.metrics.polled(endpoint.id, "error")
            services.metrics.failed(endpoint.id, failure)
            if isLate {
                // A provider that cannot be asked has not said that nothing is done: what is paid for is not given up at
                // the first question after a long stop.
                let late = environment.now().seconds(since: max(job.deadline, takenAt))
                guard failure.code != .notFound, late < Self.lateSecondsMax else {
                    return try await expire(job, operation, endpoint)
                }
                await pause(job, seconds: Self.lateSecondsBetween)
                return .go(try await reload(job))
            }
            return try await afterFailedPoll(
                job,
                running,
                failure,
                schedule.interval(elapsed: elapsed, hint: nil, jitter: jitter, isShort: isShort)
            )
        }
        let seenAt = environment.now()
        services.metrics.polled(endpoint.id, status.word)
        let unseen = services.poller.secondsUnseen(job)
        switch status {
        case .pending where isLate: return try await expire(job, operation, endpoint)
        case .pending(let progress, let isQueued, let hint):
            services.poller.sawUnfinished(job)
            let interval = schedule.interval(elapsed: elapsed, hint: hint, jitter: jitter, isShort: isShort)
            return try await stillRunning(job, running, progress: progress, isQueued: isQueued, in: interval)
        case .completed(let outputs, let usage):
            services.metrics.ended(endpoint.id, unseenFor: unseen ?? elapsed)
            // It ended some time since the last look: in the middle, or soon after such jobs usually begin to.
            let earliest = unseen.map { elapsed - $0 } ?? min(schedule.early, elapsed)
            services.durations.observe((earliest + elapsed) / 2, of: job)
            guard !outputs.isEmpty else {
                return try await advance(job, .providerFailed(Self.withheld, retryAt: nil), seenAt: seenAt)
            }
            let next = try await advance(
                job,
                .providerCompleted(outputs: try Self.encode(ProviderResult(outputs, usage)))
            )
            environment.passed(.storing)
            return next
        case .failed(let failure):
            services.metrics.ended(endpoint.id, unseenFor: unseen ?? elapsed)
            log(.info, "generation failed", job, ["code": "\(failure.code.rawValue)", "details": "\(failure.details)"])
            services.metrics.failed(endpoint.id, failure)
            note(failure, of: endpoint, wasAccepted: true, startedAt: running.acceptedAt)
            let retryAt = failure.billing == .notCharged ? retryTime(failure, tries: running.attempt) : nil
            let next = try await nextTry(
                job,
                after: failure,
                wasAccepted: true,
                attempt: running.attempt,
                ownRetryAt: retryAt
            )
            return try await advance(
                job,
                .providerFailed(JobFailure(failure), retryAt: next.at, reroute: next.route),
                seenAt: seenAt
            )
        case .cancelled(let nano):
            // What the client's own key is billed is not charged once more.
            let isPaidHere = job.admitted.prices.terms?.byok == nil
            let charged = isPaidHere ? min(job.admitted.hold, max(.zero, Credits(nanoUSD: nano ?? 0))) : .zero
            return try await advance(job, .providerCancelled(charged: charged), seenAt: seenAt)
        }
    }

    /// When the next poll is due, on the clock of the boot.
    private func dueAt(_ job: Job, _ running: JobState.Running) -> Double {
        if let planned = services.poller.plannedAt(job) { return planned }
        let ahead = running.nextPollAt.seconds(since: environment.now())
        // A time further ahead than any pause comes from a clock that was set back: the poll is due.
        return environment.bootSeconds() + (ahead > Self.pauseMax ? 0 : ahead)
    }

    /// Whether nothing is to be asked yet.
    ///
    /// Not once the deadline has passed, or the provider has called back.
    private func isEarly(_ job: Job, _ dueAt: Double) -> Bool {
        dueAt - environment.bootSeconds() > Self.tickSeconds && environment.now() < job.deadline
            && !services.signals.dueTimes.hasHint(job.id)
    }

    /// Stops at the provider what is too late, then says so.
    ///
    /// In this order, so that a crash between the two repeats the first.
    private func expire(_ job: Job, _ operation: ProviderOperation, _ endpoint: Endpoint) async throws -> NextStep {
        await cancelAtProvider(operation, endpoint, job)
        return try await advance(job, .deadlinePassed)
    }

    /// The generation goes on.
    ///
    /// Only what a client would notice is written.
    private func stillRunning(
        _ job: Job,
        _ running: JobState.Running,
        progress: Double?,
        isQueued: Bool,
        in seconds: Double
    ) async throws -> NextStep {
        let nextPollAt = environment.now().adding(seconds: seconds)
        let known = running.progress ?? -1
        let isNews =
            progress.map { $0.isFinite && min(1, max(0, $0)) > known } ?? false
            || isQueued != running.isQueuedAtProvider || running.missedPolls > 0
        guard isNews else {
            services.poller.plan(job, in: seconds)
            return .go(try await current(job))
        }
        return try await advance(
            job,
            .polled(progress: progress, isQueuedAtProvider: isQueued, nextPollAt: nextPollAt, found: true),
            isPassing: true
        )
    }

    /// The question failed, not the generation: it is asked again, until the deadline.
    private func afterFailedPoll(
        _ job: Job,
        _ running: JobState.Running,
        _ failure: ProviderFailure,
        _ interval: Double
    ) async throws -> NextStep {
        log(.info, "poll failed", job, ["code": "\(failure.code.rawValue)", "details": "\(failure.details)"])
        guard failure.code == .notFound else {
            let hint = failure.retry.seconds.map { min($0, PollSchedule.hintMax) }
            let pause = max(interval, hint ?? min(30, max(1, interval * 2)))
            services.poller.plan(job, in: pause)
            return .go(try await current(job))
        }
        if running.missedPolls + 1 >= Self.missedPollsMax {
            return try await advance(
                job,
                .providerFailed(
                    JobFailure(.notFound, "The provider lost the generation.", retryable: true),
                    retryAt: nil
                )
            )
        }
        return try await advance(
            job,
            .polled(
                progress: nil,
                isQueuedAtProvider: running.isQueuedAtProvider,
                nextPollAt: environment.now().adding(seconds: max(interval, Self.missedPollSeconds)),
                found: false
            ),
            isPassing: true
        )
    }

    /// The job as it stands, from memory: this worker's own commits and every client's wish pass through there.
    private func current(_ job: Job) async throws -> Job {
        guard let known = try await services.live.job(job.id), known.version > job.version else { return job }
        return try await reload(job)
    }

    /// Asks the provider to stop, where it can.
    ///
    /// That it has stopped is learned from its status.
    private func cancelAtProvider(_ operation: ProviderOperation, _ endpoint: Endpoint, _ job: Job) async {
        guard let adapter = endpoint.adapter as? any CancellableAdapter else { return }
        do {
            try await adapter.cancel(operation)
        } catch {
            log(.info, "cancel failed at the provider", job, ["details": "\(error.details)"])
        }
    }
}

extension ProviderFailure.Retry {
    /// The pause that the provider asked for, in seconds.
    fileprivate var seconds: Double? {
        switch self {
        case .never, .backoff: nil
        case .after(let seconds): seconds
        }
    }
}

extension OperationStatus {
    /// What it is counted as.
    fileprivate var word: StaticString {
        switch self {
        case .pending: "pending"
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }
}
