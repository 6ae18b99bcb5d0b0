import Generation
import JobCore
import Logging
import ProviderKit

/// What every driver of a process shares.
struct DriverServices: Sendable {
    let store: any JobStore
    let artifacts: any ArtifactStore
    let catalog: EndpointCatalog
    let live: LiveJobs
    let signals: WorkSignals
    let durations: ObservedDurations
    let budgets: LaneBudgets
    let board: EndpointBoard
    let poller: StatusPoller
    let references: ReferenceFetcher
    let outputs: LiveOutputs
    let environment: EngineEnvironment
    let settings: JobWorker.Settings
    let metrics: EngineMetrics
    let logger: Logger
}

/// What a driver does after a step.
enum NextStep {
    /// Go on with the job as it stands now.
    case go(Job)
    /// The job is over, is another worker's, or waits in the queue: nothing is left to do here.
    case leave
}

/// Drives one claimed job from record to record until it is over, given back or lost.
///
/// Each step reads the job's state and does what that state asks for; nothing is remembered between steps that a crash
/// could take away. That is why a fresh job, one taken over from a dead worker, and one after an error of the database
/// all go through the same loop.
struct JobDriver: Sendable {
    let services: DriverServices
    let worker: WorkerID
    let epoch: Int64
    /// When this worker took the job.
    let takenAt: Timestamp
    /// The same on the clock that is never set: when its start was taken out of the lane's rate budget.
    let takenAtBoot: Double
    let halt: Halt
    /// Whether it was claimed without a slot, to be moved to another endpoint.
    var isToMove = false

    var environment: EngineEnvironment { services.environment }
    var fence: Fence { Fence(worker: worker, epoch: epoch) }

    /// Drives the job.
    func drive(_ claimed: Job) async {
        defer {
            services.signals.dueTimes.release(claimed.id)
            // Of a job that was left before its send; an outcome has ended the probe by then.
            services.board.giveBackProbe(claimed.admitted.endpoint, of: takenAt)
            services.poller.forget(claimed.id)
            services.signals.jobsWait()
        }
        services.live.publish(claimed)
        var job = claimed
        var failures = 0
        // A cancelled task's sleeps end at once: without the question it would go round for ever.
        while !job.state.isTerminal, job.fence == fence, !Task.isCancelled {
            do {
                guard case .go(let next) = try await step(job) else { return }
                job = next
                failures = 0
            } catch {
                log(.error, "step failed; it is tried again", job, ["error": "\(error)"])
                guard let current = await afterFailure(of: job, &failures) else { return }
                job = current
            }
        }
        // Over by a commit that threw, or by another's: whoever learns it clears away.
        if job.state.isTerminal { services.outputs.end(job.id) }
    }

    /// The job as the store has it after a pause: a commit that threw may have happened, and no step is taken on what
    /// was true before it.
    ///
    /// - Returns: The job; nil when this worker has to leave it.
    private func afterFailure(of job: Job, _ failures: inout Int) async -> Job? {
        while !Task.isCancelled {
            failures += 1
            // Where a stop, or the client's wish to cancel, wakes it.
            await pause(job, seconds: min(30, 0.25 * Double(1 << min(failures, 7))))
            if halt.isUp { return nil }
            do {
                guard let current = try await services.store.job(job.id) else { return nil }
                services.live.publish(current)
                return current
            } catch {
                log(.error, "the job could not be read", job, ["error": "\(error)"])
            }
        }
        return nil
    }

    private func step(_ job: Job) async throws -> NextStep {
        switch job.state {
        case .queued(let queued):
            if halt.isUp { return .leave }
            return try await begin(job, queued)
        case .submitting(let submitting):
            switch submitting.stage {
            case .intent:
                if halt.isUp { return .leave }
                return try await submitFirst(job, submitting)
            case .sending: return try await afterLostSend(job, submitting)
            case .verifying(let since):
                if halt.isUp { return .leave }
                return try await verify(job, submitting, since: since)
            }
        case .running(let running):
            if halt.isUp { return .leave }
            return try await poll(job, running)
        case .storing(let storing):
            if halt.isUp { return .leave }
            return try await store(job, storing)
        case .completed, .failed, .cancelled, .expired: return .leave
        }
    }

    /// Commits what `event` causes, on the job as it stands by then.
    ///
    /// When only the version moved (a client's wish to stop was recorded meanwhile), the event is applied to the newer
    /// state; when the event no longer applies there, the newer state is what to go on with.
    ///
    /// - Parameters:
    ///   - job: The job as the caller knows it.
    ///   - event: What happened.
    ///   - seenAt: When it was seen, if it is the provider's end.
    ///   - isPassing: Whether the event counts only for the job as the caller knows it: the newer state is gone on with.
    /// - Returns: What to do next.
    /// - Throws: `AttemptRefusedStep` when the attempt does not allow it; what the store throws.
    func advance(
        _ job: Job,
        _ event: JobEvent,
        seenAt: Timestamp? = nil,
        isPassing: Bool = false
    ) async throws -> NextStep {
        var current = job
        while true {
            guard current.fence == fence, !current.state.isTerminal else { return .leave }
            let transition: JobTransition
            do {
                transition = try current.state.applying(event, at: environment.now())
            } catch {
                // An event that does not apply to what the caller has seen would be tried again as fast as it can be.
                guard current.version != job.version else { throw error }
                return .go(current)
            }
            switch try await services.store.commit(
                transition,
                of: current.id,
                expecting: current.version,
                fence: fence
            ) {
            case .committed(let moved):
                services.live.publish(moved)
                if moved.state.isTerminal { services.outputs.end(moved.id) }
                if moved.state.isTerminal, let seenAt = seenAt ?? current.state.providerEndedAt {
                    services.metrics.told(moved, seenAt: seenAt, now: environment.now())
                }
                // A job that is being stored leaves its slot free.
                if case .storing = moved.state { services.signals.jobsWait() }
                return moved.fence == fence && !moved.state.isTerminal ? .go(moved) : .leave
            case .stale(let newer):
                services.live.publish(newer)
                // Same version: not the job moved, but its attempt does not allow the step.
                guard newer.version != current.version else {
                    guard newer.fence == fence else { return .leave }
                    throw AttemptRefusedStep()
                }
                if isPassing, newer.fence == fence { return .go(newer) }
                current = newer
            case .missing: return .leave
            }
        }
    }

    /// Whether the job is past its deadline.
    func isLate(_ job: Job) -> Bool { environment.now() >= job.deadline }

    /// Waits for a while, or for news about the job.
    func pause(_ job: Job, seconds: Double) async {
        await services.signals.dueTimes.wait(for: job.id, until: environment.now().adding(seconds: seconds))
    }

    /// How long to wait before another try: doubling, at most a minute, with jitter.
    func backoff(_ tries: Int) -> Double {
        min(60, 0.5 * Double(1 << min(max(tries, 0), 7))) * (0.75 + 0.5 * environment.randomFraction())
    }

    /// When another attempt may help; nil when none does.
    func retryTime(_ failure: ProviderFailure, tries: Int) -> Timestamp? {
        switch failure.retry {
        case .never: nil
        case .backoff: environment.now().adding(seconds: backoff(tries))
        // Never sooner than our own pause: a provider that asks for none would be asked without end.
        case .after(let seconds): environment.now().adding(seconds: max(backoff(tries), min(seconds, 3_600)))
        }
    }

    /// What a provider says about a failure may be long.
    private static let detailCharactersMax = 2_000

    func log(_ level: Logger.Level, _ message: Logger.Message, _ job: Job, _ more: Logger.Metadata = [:]) {
        var metadata = more.mapValues { Logger.MetadataValue.string(String("\($0)".prefix(Self.detailCharactersMax))) }
        metadata["job"] = "\(job.id)"
        metadata["state"] = "\(job.state.name.rawValue)"
        services.logger.log(level: level, message, metadata: metadata)
    }
}

extension JobState {
    /// When the provider was found to be done, while its outputs are being stored.
    fileprivate var providerEndedAt: Timestamp? {
        guard case .storing(let storing) = self else { return nil }
        return storing.since
    }
}

/// A step that the job allows but its attempt does not: the attempt has news, which the next look will see.
struct AttemptRefusedStep: Error {}

extension JobFailure {
    /// The failure that a provider's failure means for the client.
    init(_ failure: ProviderFailure) {
        let code: Code =
            switch failure.code {
            case .invalidRequest: .invalidRequest
            case .contentPolicy: .contentPolicy
            case .authentication: .authentication
            case .insufficientProviderFunds: .insufficientProviderFunds
            case .rateLimited: .rateLimited
            case .unavailable: .unavailable
            case .timedOut: .timedOut
            case .notFound: .notFound
            case .unknown: .unknown
            }
        self.init(
            code,
            failure.message,
            providerCode: failure.providerCode,
            retryable: failure.retry != .never
        )
    }
}
