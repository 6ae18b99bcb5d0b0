public import Generation
public import Ledger

/// Something that happened to a job.
public enum JobEvent: Sendable, Hashable {
    /// A waiting job is to be served elsewhere, or later, since the endpoint that it waits for cannot take it now.
    case rerouted(JobRoute, availableAt: Timestamp)
    /// A worker recorded what it is about to send.
    case attemptBegan(NewAttempt)
    /// A worker is about to send: the first time from `intent`, again from `verifying` in class A or A'.
    case sendingBegan(bodySHA256: String)
    /// The provider has it.
    case accepted(remoteID: String, operation: String, nextPollAt: Timestamp)
    /// The provider answered with the outputs at once.
    case completedAtOnce(outputs: String)
    /// Nothing was started, for certain. `retryAt` when another attempt may help, with `reroute` on another of the job's
    /// routes; a refusal for capacity does not count.
    ///
    /// Never after a resend: that it is refused proves nothing about the first send. Its answer counts as lost.
    case refused(JobFailure, isForCapacity: Bool, retryAt: Timestamp?, reroute: JobRoute? = nil)
    /// The answer is lost.
    case answerLost
    /// A look-up showed that nothing was started.
    case foundAbsent(retryAt: Timestamp)
    /// The outcome could not be found out: by policy the client is refunded, or (`retryAt`) the job is tried once more.
    case gaveUpVerifying(JobFailure, retryAt: Timestamp?)
    /// The provider is not done.
    case polled(progress: Double?, isQueuedAtProvider: Bool, nextPollAt: Timestamp, found: Bool)
    /// The provider is done.
    case providerCompleted(outputs: String)
    /// The provider failed. `retryAt` when it bills nothing and another attempt may help, with `reroute` on another route.
    case providerFailed(JobFailure, retryAt: Timestamp?, reroute: JobRoute? = nil)
    /// The provider has stopped, and charges this much.
    case providerCancelled(charged: Credits)
    /// The outputs at the provider have new URLs.
    case outputsRenewed(outputs: String)
    /// All outputs, at least one, are stored and checked, and this is what they cost, and in what they are not what was
    /// asked for.
    case artifactsStored([Artifact], Bill, adjustments: [Adjustment] = [])
    /// An output is not what it should be, and cannot be had again.
    case outputsRejected(JobFailure)
    /// The client asked to stop.
    case cancelRequested
    /// The deadline passed; a running generation was cancelled at the provider before.
    case deadlinePassed
}

/// An event that does not apply in the state the job is in.
public struct IllegalTransition: Error, Hashable {
    /// The state the job was in.
    public let state: JobState
    /// The event that was refused.
    public let event: JobEvent
}

/// What a transition does to the job's attempt, in the same transaction.
public enum AttemptChange: Sendable, Hashable {
    /// A new attempt is recorded in state `intent`.
    case begin(NewAttempt)
    /// The send is about to start.
    case send(number: Int, bodySHA256: String)
    /// The attempt moves; with the provider's id if it is accepted, or the reason if it ends.
    case move(number: Int, AttemptEvent, remoteID: String?, failure: JobFailure?)
}

/// One legal step of a job, with all its consequences as data.
///
/// Only ``JobState/applying(_:at:)`` makes these, so a store can be handed no other; what it may make of one is a cheaper
/// one (``afterAllowance(_:used:)``). A store writes the state, the
/// resolution of the hold, the attempt's change, the event row and the outbox row in one transaction, or nothing.
public struct JobTransition: Sendable, Hashable {
    /// The state that the job must still be in for the step to count.
    public let from: JobState
    /// The state that the job is in afterwards.
    public let to: JobState
    /// When it happened.
    public let at: Timestamp
    /// What happens to the hold: exactly the transitions into terminal states resolve it.
    public let resolution: HoldResolution?
    /// What happens to the attempt.
    public let attempt: AttemptChange?
    /// The route that the job is on from now on; nil: as before.
    public let reroute: JobRoute?

    /// Whether the job goes back to the queue, free for any worker.
    public var givesUpWorker: Bool {
        switch to {
        case .queued, .completed, .failed, .cancelled, .expired: true
        case .submitting, .running, .storing: false
        }
    }

    /// Whether the client is told: a row in the outbox, if the job has a callback.
    public var notifiesClient: Bool { to.isTerminal }

    init(
        from: JobState,
        to: JobState,
        at: Timestamp,
        resolution: HoldResolution? = nil,
        attempt: AttemptChange? = nil,
        reroute: JobRoute? = nil
    ) {
        self.from = from
        self.to = to
        self.at = at
        self.resolution = resolution
        self.attempt = attempt
        self.reroute = reroute
    }
}

extension JobState {
    /// The step that `event` causes from this state: the whole life of a job in one function.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - now: When.
    /// - Returns: The step to hand to the store.
    /// - Throws: ``IllegalTransition`` when the event does not apply here.
    public func applying(_ event: JobEvent, at now: Timestamp) throws(IllegalTransition) -> JobTransition {
        switch (self, event) {
        case (.queued(let queued), .attemptBegan(let attempt)):
            guard attempt.number == queued.tally.begun + 1 else { throw IllegalTransition(state: self, event: event) }
            return JobTransition(from: self, to: queued.beginning(attempt), at: now, attempt: .begin(attempt))
        case (.queued(let queued), .rerouted(let route, let availableAt)):
            return JobTransition(
                from: self,
                to: .queued(Queued(availableAt: availableAt, tally: queued.tally)),
                at: now,
                reroute: route
            )
        case (.queued, .refused(let failure, _, _, _)):
            // Before any attempt: a reference cannot be had.
            return JobTransition(from: self, to: .failed(failure), at: now, resolution: .void)
        case (.queued, .cancelRequested):
            return JobTransition(from: self, to: .cancelled(Cancelled(charged: .zero)), at: now, resolution: .void)
        case (.queued, .deadlinePassed):
            return JobTransition(from: self, to: .expired, at: now, resolution: .void)

        case (.submitting(let submitting), .sendingBegan(let bodySHA256)):
            guard let next = submitting.sending(at: now) else { throw IllegalTransition(state: self, event: event) }
            return JobTransition(
                from: self,
                to: next,
                at: now,
                attempt: .send(number: submitting.attempt, bodySHA256: bodySHA256)
            )
        case (.submitting(let submitting), .accepted(let remoteID, let operation, let nextPollAt)):
            guard submitting.mayBeAtProvider else { throw IllegalTransition(state: self, event: event) }
            return JobTransition(
                from: self,
                to: submitting.running(operation: operation, at: now, nextPollAt: nextPollAt),
                at: now,
                attempt: submitting.change(.accepted, remoteID: remoteID)
            )
        case (.submitting(let submitting), .completedAtOnce(let outputs)):
            guard submitting.mayBeAtProvider else { throw IllegalTransition(state: self, event: event) }
            return JobTransition(
                from: self,
                to: .storing(
                    Storing(
                        attempt: submitting.attempt,
                        operation: nil,
                        outputs: outputs,
                        since: now,
                        tally: submitting.tally
                    )
                ),
                at: now,
                attempt: submitting.change(.accepted)
            )
        case (.submitting(let submitting), .refused(let failure, let isForCapacity, let retryAt, let reroute)):
            guard !submitting.wasResent else { throw IllegalTransition(state: self, event: event) }
            return submitting.over(
                from: self,
                failure,
                retryAt: retryAt,
                reroute: reroute,
                counts: !isForCapacity,
                at: now,
                attempt: submitting.change(.refused, failure: failure)
            )
        case (.submitting(let submitting), .answerLost):
            guard let next = submitting.verifying(since: now) else {
                throw IllegalTransition(state: self, event: event)
            }
            return JobTransition(from: self, to: next, at: now, attempt: submitting.change(.answerLost))
        case (.submitting(let submitting), .foundAbsent(let retryAt)):
            guard case .verifying = submitting.stage else { throw IllegalTransition(state: self, event: event) }
            let failure = JobFailure(.unavailable, "The provider did not receive the request.", retryable: true)
            return submitting.over(
                from: self,
                failure,
                retryAt: retryAt,
                counts: true,
                at: now,
                attempt: submitting.change(.foundAbsent)
            )
        case (.submitting(let submitting), .gaveUpVerifying(let failure, let retryAt)):
            guard case .verifying = submitting.stage else { throw IllegalTransition(state: self, event: event) }
            return submitting.over(
                from: self,
                failure,
                retryAt: retryAt,
                counts: true,
                at: now,
                attempt: submitting.change(.abandoned, failure: failure)
            )
        case (.submitting(let submitting), .cancelRequested):
            guard submitting.cancelRequestedAt == nil else { throw IllegalTransition(state: self, event: event) }
            switch submitting.stage {
            case .intent:
                return JobTransition(
                    from: self,
                    to: .cancelled(Cancelled(charged: .zero)),
                    at: now,
                    resolution: .void,
                    attempt: submitting.change(.refused)
                )
            case .sending, .verifying:
                var next = submitting
                next.cancelRequestedAt = now
                return JobTransition(from: self, to: .submitting(next), at: now)
            }
        case (.submitting(let submitting), .deadlinePassed):
            guard submitting.stage == .intent else { throw IllegalTransition(state: self, event: event) }
            return JobTransition(
                from: self,
                to: .expired,
                at: now,
                resolution: .void,
                attempt: submitting.change(.refused)
            )

        case (.running(let running), .polled(let progress, let isQueued, let nextPollAt, let found)):
            return JobTransition(
                from: self,
                to: running.polled(progress, isQueued: isQueued, nextPollAt: nextPollAt, found: found),
                at: now
            )
        case (.running(let running), .providerCompleted(let outputs)):
            return JobTransition(
                from: self,
                to: .storing(
                    Storing(
                        attempt: running.attempt,
                        operation: running.operation,
                        outputs: outputs,
                        since: now,
                        tally: running.tally
                    )
                ),
                at: now
            )
        case (.running(let running), .providerFailed(let failure, let retryAt, let reroute)):
            let next: JobState
            if running.cancelRequestedAt != nil {
                next = .cancelled(Cancelled(charged: .zero))
            } else if let retryAt, running.tally.counted < Tally.countedMax {
                next = .queued(Queued(availableAt: retryAt, tally: running.tally))
            } else {
                next = .failed(failure)
            }
            return JobTransition(
                from: self,
                to: next,
                at: now,
                resolution: next.isTerminal ? .void : nil,
                attempt: .move(number: running.attempt, .accepted, remoteID: nil, failure: failure),
                reroute: next.isTerminal ? nil : reroute
            )
        case (.running, .providerCancelled(let charged)):
            return JobTransition(
                from: self,
                to: .cancelled(Cancelled(charged: charged)),
                at: now,
                resolution: charged == .zero ? .void : .settle(charged)
            )
        case (.running(let running), .cancelRequested):
            guard running.cancelRequestedAt == nil else { throw IllegalTransition(state: self, event: event) }
            var next = running
            next.cancelRequestedAt = now
            next.nextPollAt = now
            return JobTransition(from: self, to: .running(next), at: now)
        case (.running, .deadlinePassed):
            return JobTransition(from: self, to: .expired, at: now, resolution: .void)

        case (.storing(let storing), .outputsRenewed(let outputs)):
            var next = storing
            next.outputs = outputs
            return JobTransition(from: self, to: .storing(next), at: now)
        case (.storing, .artifactsStored(let artifacts, let bill, let adjustments)):
            guard !artifacts.isEmpty else { throw IllegalTransition(state: self, event: event) }
            return JobTransition(
                from: self,
                to: .completed(Completed(artifacts: artifacts, bill: bill, adjustments: adjustments)),
                at: now,
                resolution: .settle(bill.total)
            )
        case (.storing, .outputsRejected(let failure)):
            return JobTransition(from: self, to: .failed(failure), at: now, resolution: .void)

        case (.queued, .sendingBegan), (.queued, .accepted), (.queued, .completedAtOnce), (.queued, .answerLost),
            (.queued, .foundAbsent), (.queued, .gaveUpVerifying), (.queued, .polled), (.queued, .providerCompleted),
            (.queued, .providerFailed), (.queued, .providerCancelled), (.queued, .outputsRenewed),
            (.queued, .artifactsStored), (.queued, .outputsRejected),
            (.submitting, .rerouted), (.running, .rerouted), (.storing, .rerouted),
            (.submitting, .attemptBegan), (.submitting, .polled), (.submitting, .providerCompleted),
            (.submitting, .providerFailed), (.submitting, .providerCancelled), (.submitting, .outputsRenewed),
            (.submitting, .artifactsStored), (.submitting, .outputsRejected),
            (.running, .attemptBegan), (.running, .sendingBegan), (.running, .accepted), (.running, .completedAtOnce),
            (.running, .refused), (.running, .answerLost), (.running, .foundAbsent), (.running, .gaveUpVerifying),
            (.running, .outputsRenewed), (.running, .artifactsStored), (.running, .outputsRejected),
            (.storing, .attemptBegan), (.storing, .sendingBegan), (.storing, .accepted), (.storing, .completedAtOnce),
            (.storing, .refused), (.storing, .answerLost), (.storing, .foundAbsent), (.storing, .gaveUpVerifying),
            (.storing, .polled), (.storing, .providerCompleted), (.storing, .providerFailed),
            (.storing, .providerCancelled), (.storing, .cancelRequested), (.storing, .deadlinePassed),
            (.completed, _), (.failed, _), (.cancelled, _), (.expired, _):
            throw IllegalTransition(state: self, event: event)
        }
    }
}

extension JobState.Queued {
    fileprivate func beginning(_ attempt: NewAttempt) -> JobState {
        var next = tally
        next.begun += 1
        next.counted += 1
        return .submitting(JobState.Submitting(attempt: attempt.number, stage: .intent, sends: 0, tally: next))
    }
}

extension JobState.Submitting {
    /// Whether the provider can have the request.
    fileprivate var mayBeAtProvider: Bool { stage != .intent }

    fileprivate var wasResent: Bool { sends > 1 }

    fileprivate func change(
        _ event: AttemptEvent,
        remoteID: String? = nil,
        failure: JobFailure? = nil
    ) -> AttemptChange {
        .move(number: attempt, event, remoteID: remoteID, failure: failure)
    }

    fileprivate func sending(at now: Timestamp) -> JobState? {
        switch stage {
        case .intent, .verifying:
            var next = self
            next.stage = .sending
            next.sends += 1
            next.tally.firstSentAt = tally.firstSentAt ?? now
            return .submitting(next)
        case .sending: return nil
        }
    }

    fileprivate func verifying(since now: Timestamp) -> JobState? {
        switch stage {
        case .sending:
            var next = self
            next.stage = .verifying(since: now)
            return .submitting(next)
        case .intent, .verifying: return nil
        }
    }

    fileprivate func running(operation: String, at now: Timestamp, nextPollAt: Timestamp) -> JobState {
        .running(
            JobState.Running(
                attempt: attempt,
                operation: operation,
                acceptedAt: now,
                nextPollAt: cancelRequestedAt == nil ? nextPollAt : now,
                missedPolls: 0,
                progress: nil,
                isQueuedAtProvider: false,
                tally: tally,
                cancelRequestedAt: cancelRequestedAt
            )
        )
    }

    /// The attempt has ended without a generation: stop if asked to, try again if that may help, else fail.
    fileprivate func over(
        from state: JobState,
        _ failure: JobFailure,
        retryAt: Timestamp?,
        reroute: JobRoute? = nil,
        counts: Bool,
        at now: Timestamp,
        attempt change: AttemptChange
    ) -> JobTransition {
        var tally = tally
        if !counts { tally.counted -= 1 }
        let next: JobState
        if cancelRequestedAt != nil {
            next = .cancelled(JobState.Cancelled(charged: .zero))
        } else if let retryAt, tally.counted < JobState.Tally.countedMax {
            next = .queued(JobState.Queued(availableAt: retryAt, tally: tally))
        } else {
            next = .failed(failure)
        }
        return JobTransition(
            from: state,
            to: next,
            at: now,
            resolution: next.isTerminal ? .void : nil,
            attempt: change,
            reroute: next.isTerminal ? nil : reroute
        )
    }
}

extension JobState.Running {
    fileprivate func polled(_ progress: Double?, isQueued: Bool, nextPollAt: Timestamp, found: Bool) -> JobState {
        var next = self
        if let progress, progress.isFinite {
            let bounded = min(1, max(0, progress))
            next.progress = max(self.progress ?? 0, bounded)
        }
        next.isQueuedAtProvider = isQueued
        next.nextPollAt = nextPollAt
        next.missedPolls = found ? 0 : missedPolls + 1
        return .running(next)
    }
}
