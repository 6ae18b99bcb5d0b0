/// Where one attempt stands.
///
/// Its life is apart from the job's: evidence moves it whatever the job's epoch.
public enum AttemptState: String, Sendable, Codable, CaseIterable {
    /// Recorded; not a byte was sent.
    case intent
    /// The one send may be on the wire.
    case sending
    /// The provider has accepted it.
    case accepted
    /// The provider has not started it, for certain.
    case refused
    /// The answer was lost: the provider may have it.
    case unknown
    /// It was unknown, and was found at the provider.
    case found
    /// It was unknown, and is known not to have started.
    case absent
    /// It was unknown, and was given up by policy.
    case abandoned
}

/// What happens to an attempt.
public enum AttemptEvent: String, Sendable, Codable, CaseIterable {
    /// The send starts: the first, or a resend in class A or A'.
    case sendingBegan
    /// The provider answered that it has it.
    case accepted
    /// The provider, or the wire, answered that nothing was started.
    case refused
    /// The answer is lost.
    case answerLost
    /// A look-up showed that nothing was started.
    case foundAbsent
    /// The policy gave it up.
    case abandoned
}

extension AttemptState {
    /// The state after `event`, or nil when it does not apply here.
    ///
    /// An acceptance of what is accepted already changes nothing: evidence may arrive twice, by different ways.
    public func applying(_ event: AttemptEvent) -> AttemptState? {
        switch (self, event) {
        case (.intent, .sendingBegan), (.unknown, .sendingBegan): .sending
        case (.intent, .refused), (.sending, .refused), (.unknown, .refused): .refused
        case (.intent, .abandoned): .refused
        case (.sending, .accepted): .accepted
        case (.unknown, .accepted): .found
        case (.accepted, .accepted): .accepted
        case (.found, .accepted): .found
        case (.refused, .refused): .refused
        case (.sending, .answerLost), (.unknown, .answerLost): .unknown
        case (.unknown, .foundAbsent): .absent
        case (.unknown, .abandoned): .abandoned
        case (.intent, .accepted), (.intent, .answerLost), (.intent, .foundAbsent), (.sending, .sendingBegan),
            (.sending, .foundAbsent), (.sending, .abandoned),
            (.accepted, .sendingBegan), (.accepted, .refused), (.accepted, .answerLost), (.accepted, .foundAbsent),
            (.accepted, .abandoned), (.found, .sendingBegan), (.found, .refused), (.found, .answerLost),
            (.found, .foundAbsent), (.found, .abandoned), (.refused, .sendingBegan), (.refused, .accepted),
            (.refused, .answerLost), (.refused, .foundAbsent), (.refused, .abandoned),
            (.absent, .sendingBegan), (.absent, .accepted), (.absent, .refused), (.absent, .answerLost),
            (.absent, .foundAbsent), (.absent, .abandoned), (.abandoned, .sendingBegan), (.abandoned, .accepted),
            (.abandoned, .refused), (.abandoned, .answerLost), (.abandoned, .foundAbsent), (.abandoned, .abandoned):
            nil
        }
    }
}

extension AttemptState {
    /// Whether it is not known yet, for certain or by policy, what became of the send.
    public var awaitsOutcome: Bool {
        switch self {
        case .intent, .sending, .unknown: true
        case .accepted, .refused, .found, .absent, .abandoned: false
        }
    }
}

/// What is fixed about an attempt when it begins, before anything is sent.
public struct NewAttempt: Sendable, Hashable, Codable {
    /// Its number within the job, from 1.
    public let number: Int
    /// Model, provider and account, pinned.
    public let endpoint: EndpointID
    /// Our id of it toward the provider; equal for resends.
    public let externalID: String
    /// Its secret: the idempotency key, and part of its callback URL.
    public let token: String
    /// Where the provider may call back to; nil when it was told nothing.
    ///
    /// Equal for resends, wherever the service has moved meanwhile.
    public let callbackURL: String?

    /// Describes a new attempt.
    public init(
        number: Int,
        endpoint: EndpointID,
        externalID: String,
        token: String,
        callbackURL: String? = nil
    ) {
        self.number = number
        self.endpoint = endpoint
        self.externalID = externalID
        self.token = token
        self.callbackURL = callbackURL
    }
}

/// One try to have a job done by a provider.
public struct Attempt: Sendable, Hashable {
    /// The job it belongs to.
    public let job: JobID
    /// What was fixed when it began.
    public let start: NewAttempt
    /// Where it stands.
    public var state: AttemptState
    /// The epoch under which it was last sent, or began: it tells a worker's own send from another's.
    public var epoch: Int64
    /// How often it was sent: 0, 1, or more by resends.
    public var sends: Int
    /// SHA-256 of the body that was sent, hexadecimal; equal for resends.
    public var bodySHA256: String?
    /// When it began.
    public let beganAt: Timestamp
    /// When the latest send was committed.
    public var sendingAt: Timestamp?
    /// When its outcome became known or was given up.
    public var endedAt: Timestamp?
    /// The provider's id of it.
    public var remoteID: String?
    /// The provider's answer, as the engine wrote it: kept as evidence even when the job was lost to another worker.
    public var submission: String?
    /// Why it was refused or given up.
    public var failure: JobFailure?
    /// An id that came too late to be used: to be cancelled at the provider.
    public var orphanRemoteID: String?

    /// Describes an attempt as it is stored.
    public init(
        job: JobID,
        start: NewAttempt,
        state: AttemptState,
        epoch: Int64,
        sends: Int,
        beganAt: Timestamp
    ) {
        self.job = job
        self.start = start
        self.state = state
        self.epoch = epoch
        self.sends = sends
        self.beganAt = beganAt
    }

    /// An attempt as it begins: nothing was sent.
    public init(_ start: NewAttempt, of job: JobID, epoch: Int64, at now: Timestamp) {
        self.init(job: job, start: start, state: .intent, epoch: epoch, sends: 0, beganAt: now)
    }
}

// What stores write about attempts. Both functions are pure, so that every store decides alike; that a provider's id
// belongs to one attempt alone is for the store to see to.
extension Attempt {
    /// The attempt after a job's transition.
    ///
    /// A resend has the body of the first send. A refusal counts only for a first send. An attempt that has an id
    /// takes no other.
    ///
    /// - Parameters:
    ///   - change: What the transition does to it.
    ///   - epoch: The job's epoch.
    ///   - now: The transition's time.
    /// - Returns: The attempt to write, or nil when it does not allow the change: the transition is stale then.
    public func applying(_ change: AttemptChange, epoch: Int64, at now: Timestamp) -> Attempt? {
        var next = self
        switch change {
        case .begin: return nil
        case .send(let number, let bodySHA256):
            guard number == start.number, let state = state.applying(.sendingBegan),
                self.bodySHA256 == nil || self.bodySHA256 == bodySHA256
            else { return nil }
            next.state = state
            next.epoch = epoch
            next.sends += 1
            next.bodySHA256 = bodySHA256
            next.sendingAt = now
        case .move(let number, let event, let remoteID, let failure):
            guard number == start.number, let state = state.applying(event), event != .refused || sends <= 1,
                remoteID == nil || self.remoteID == nil || remoteID == self.remoteID
            else { return nil }
            next.state = state
            next.remoteID = self.remoteID ?? remoteID
            next.failure = failure ?? self.failure
            if !state.awaitsOutcome { next.endedAt = endedAt ?? now }
        }
        return next
    }

    /// The attempt after evidence about one of its sends.
    ///
    /// - Parameters:
    ///   - evidence: What was learned.
    ///   - send: The number of the send that it is about, from 1.
    ///   - jobIsOver: Whether the job is in a terminal state.
    ///   - now: When it was learned.
    /// - Returns: The attempt to write, and what became of the evidence.
    public func recording(
        _ evidence: SendEvidence,
        send: Int,
        jobIsOver: Bool,
        at now: Timestamp
    ) -> (attempt: Attempt, outcome: EvidenceOutcome) {
        let isOpen = !jobIsOver && (state == .sending || state == .unknown)
        switch evidence {
        case .refused(let failure):
            guard isOpen, send == 1, sends == 1, let next = state.applying(.refused) else {
                return (self, .alreadyKnown)
            }
            var refused = self
            refused.state = next
            refused.failure = failure
            refused.endedAt = now
            return (refused, .recorded)
        case .accepted(let remoteID, let submission):
            guard remoteID == nil || (remoteID != self.remoteID && remoteID != orphanRemoteID) else {
                return (self, .alreadyKnown)
            }
            if isOpen, let next = state.applying(.accepted) {
                var accepted = self
                accepted.state = next
                accepted.remoteID = remoteID
                accepted.submission = submission
                accepted.endedAt = now
                return (accepted, .recorded)
            }
            return keepingOrphan(remoteID, submission)
        }
    }

    /// Keeps an id that is not the attempt's own, unless it can only be another name of the same generation.
    ///
    /// One send makes one generation. After a resend there may be a second, as any is of an attempt that is over.
    private func keepingOrphan(_ remoteID: String?, _ submission: String) -> (Attempt, EvidenceOutcome) {
        if state == .accepted || state == .found, sends <= 1 || remoteID == nil { return (self, .alreadyKnown) }
        var late = self
        late.orphanRemoteID = orphanRemoteID ?? remoteID
        late.submission = self.submission ?? submission
        return (late, remoteID == nil && late == self ? .alreadyKnown : .orphaned)
    }
}

/// What was learned about one send.
///
/// Not a decision: recorded whatever the job's epoch.
public enum SendEvidence: Sendable, Hashable {
    /// The provider has it, under this id (nil when it gives none), with this answer as the engine writes it.
    case accepted(remoteID: String?, submission: String)
    /// It was not started. Only believed of a first send.
    case refused(JobFailure)
}

/// What became of a piece of evidence.
public enum EvidenceOutcome: Sendable, Hashable {
    /// The attempt has it now; whoever holds the job should look.
    case recorded
    /// The attempt knew it, or something better, already.
    case alreadyKnown
    /// It came too late: the id is kept as an orphan, to be cancelled at the provider.
    case orphaned
}
