public import Generation
public import Ledger

/// Where a job is in its life.
///
/// Each case carries just what is true in that state.
public enum JobState: Sendable, Hashable, Codable {
    /// Accepted and paid for by a hold; waits for a worker, a slot, a rate budget or its time.
    case queued(Queued)
    /// An attempt is recorded; its request may be on the wire.
    case submitting(Submitting)
    /// The provider has it.
    case running(Running)
    /// The provider is done; its outputs are being copied and checked.
    case storing(Storing)
    /// The artifacts are ours and the hold is settled. Terminal.
    case completed(Completed)
    /// Ended without artifacts; the hold is void. Terminal.
    case failed(JobFailure)
    /// Stopped on the client's word; the hold is void, or settled at what the provider charged. Terminal.
    case cancelled(Cancelled)
    /// Its deadline passed; the hold is void. Terminal.
    case expired

    /// How many attempts there were, and since when the first may have been on the wire.
    public struct Tally: Sendable, Hashable, Codable {
        /// How many attempts were begun.
        public var begun: Int
        /// How many of them count against the limit: all but those refused for capacity.
        public var counted: Int
        /// When the first send of the first attempt was committed.
        public var firstSentAt: Timestamp?

        /// No attempt.
        public static let none = Tally(begun: 0, counted: 0)

        /// How many counted attempts a job may have.
        public static let countedMax = 3

        /// Makes a tally.
        public init(begun: Int, counted: Int, firstSentAt: Timestamp? = nil) {
            self.begun = begun
            self.counted = counted
            self.firstSentAt = firstSentAt
        }
    }

    /// Of a job that waits.
    public struct Queued: Sendable, Hashable, Codable {
        /// When it may be claimed.
        public var availableAt: Timestamp
        /// The attempts so far.
        public var tally: Tally

        /// Describes a waiting job.
        public init(availableAt: Timestamp, tally: Tally = .none) {
            self.availableAt = availableAt
            self.tally = tally
        }
    }

    /// How far a submission is.
    public enum SubmissionStage: Sendable, Hashable, Codable {
        /// Not a byte was sent.
        case intent
        /// The send may be on the wire. Nothing expires until its answer is known.
        case sending
        /// The answer was lost, since then; a resolver finds out.
        case verifying(since: Timestamp)
    }

    /// Of a job whose attempt is under way.
    public struct Submitting: Sendable, Hashable, Codable {
        /// The attempt's number.
        public var attempt: Int
        /// How far it is.
        public var stage: SubmissionStage
        /// How often it was sent: 0, 1, or more by resends.
        public var sends: Int
        /// The attempts so far, this one included.
        public var tally: Tally
        /// When the client asked to stop, if it did.
        public var cancelRequestedAt: Timestamp?
    }

    /// Of a job at its provider.
    public struct Running: Sendable, Hashable, Codable {
        /// The attempt's number.
        public var attempt: Int
        /// The provider's operation, as the engine writes it.
        public var operation: String
        /// When the provider accepted it.
        public var acceptedAt: Timestamp
        /// When it is to be polled next.
        public var nextPollAt: Timestamp
        /// How many polls in a row did not find it.
        public var missedPolls: Int
        /// The provider's own figure, 0 to 1; never goes back.
        public var progress: Double?
        /// Whether it waits in the provider's queue.
        public var isQueuedAtProvider: Bool
        /// The attempts so far, this one included.
        public var tally: Tally
        /// When the client asked to stop, if it did.
        public var cancelRequestedAt: Timestamp?
    }

    /// Of a job whose outputs are being copied.
    public struct Storing: Sendable, Hashable, Codable {
        /// The attempt's number.
        public var attempt: Int
        /// The provider's operation, to ask for new URLs; nil when it answered at once.
        public var operation: String?
        /// The provider's outputs, as the engine writes them.
        public var outputs: String
        /// When the provider was found to be done.
        public var since: Timestamp
        /// The attempts so far, this one included.
        public var tally: Tally
    }

    /// Of a job that succeeded.
    public struct Completed: Sendable, Hashable, Codable {
        /// The artifacts, by index.
        public var artifacts: [Artifact]
        /// What was charged, line by line.
        public var bill: Bill
        /// In what the provider delivered something else than it was asked for.
        public var adjustments: [Adjustment]

        /// Describes a success.
        public init(artifacts: [Artifact], bill: Bill, adjustments: [Adjustment] = []) {
            self.artifacts = artifacts
            self.bill = bill
            self.adjustments = adjustments
        }

        /// Reads a success; those of earlier versions tell of no adjustments.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            artifacts = try container.decode([Artifact].self, forKey: .artifacts)
            bill = try container.decode(Bill.self, forKey: .bill)
            adjustments = try container.decodeIfPresent([Adjustment].self, forKey: .adjustments) ?? []
        }
    }

    /// Of a job that was stopped.
    public struct Cancelled: Sendable, Hashable, Codable {
        /// What the provider charged for it, at most the hold.
        public var charged: Credits
    }

    /// The names under which states are stored.
    public enum Name: String, Sendable, Codable, CaseIterable {
        /// Waiting.
        case queued
        /// An attempt is under way.
        case submitting
        /// At the provider.
        case running
        /// Being copied.
        case storing
        /// Succeeded.
        case completed
        /// Failed.
        case failed
        /// Stopped.
        case cancelled
        /// Too late.
        case expired

        /// Whether no event can move a job in this state any further.
        public var isTerminal: Bool {
            switch self {
            case .queued, .submitting, .running, .storing: false
            case .completed, .failed, .cancelled, .expired: true
            }
        }
    }

    /// The name under which the state is stored.
    public var name: Name {
        switch self {
        case .queued: .queued
        case .submitting: .submitting
        case .running: .running
        case .storing: .storing
        case .completed: .completed
        case .failed: .failed
        case .cancelled: .cancelled
        case .expired: .expired
        }
    }

    /// Whether no event can move the job any further.
    public var isTerminal: Bool { name.isTerminal }

    /// When the job next wants attention by itself; nil when a worker is at it, or it is over.
    public var dueAt: Timestamp? {
        switch self {
        case .queued(let queued): queued.availableAt
        case .running(let running): running.nextPollAt
        case .submitting, .storing, .completed, .failed, .cancelled, .expired: nil
        }
    }

    /// The attempts so far; nil in terminal states, where the attempt rows tell.
    public var tally: Tally? {
        switch self {
        case .queued(let queued): queued.tally
        case .submitting(let submitting): submitting.tally
        case .running(let running): running.tally
        case .storing(let storing): storing.tally
        case .completed, .failed, .cancelled, .expired: nil
        }
    }

    /// When the client asked to stop, if it did and the job is not over.
    public var cancelRequestedAt: Timestamp? {
        switch self {
        case .submitting(let submitting): submitting.cancelRequestedAt
        case .running(let running): running.cancelRequestedAt
        case .queued, .storing, .completed, .failed, .cancelled, .expired: nil
        }
    }

    /// The provider's own progress figure, if the job is at the provider and it gives one.
    public var progress: Double? {
        guard case .running(let running) = self else { return nil }
        return running.progress
    }

    /// More about a live job than its status tells; nil when it is over.
    public var phase: JobPhase? {
        switch self {
        case .queued: .waiting
        case .submitting(let submitting):
            switch submitting.stage {
            case .intent, .sending: submitting.cancelRequestedAt == nil ? .submitting : .cancelling
            case .verifying: .verifying
            }
        case .running(let running):
            if running.cancelRequestedAt != nil {
                .cancelling
            } else {
                running.isQueuedAtProvider ? .providerQueue : .generating
            }
        case .storing: .storing
        case .completed, .failed, .cancelled, .expired: nil
        }
    }
}

/// More about a live job than its status tells.
public enum JobPhase: String, Sendable, Codable, CaseIterable {
    /// Waits for a worker, a slot or its time.
    case waiting
    /// Is being submitted.
    case submitting
    /// Whether the provider has it is being found out.
    case verifying
    /// Waits at the provider.
    case providerQueue = "provider_queue"
    /// Is being made.
    case generating
    /// Is being copied and checked.
    case storing
    /// The client asked to stop; the provider has not said so yet.
    case cancelling
}
