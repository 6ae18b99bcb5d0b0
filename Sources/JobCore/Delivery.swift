extension OutboxMessage {
    /// What the message is called on the wire: the same however often it is sent, so that a receiver can tell repeats.
    public var name: String { "msg_\(job)_\(version)" }

    /// Whom it is sent to: the URL's scheme, host and port as they were written, in lower case.
    ///
    /// What the bound on deliveries at once is counted in. Two spellings of one origin are bounded each for itself.
    public var origin: String {
        var slashes = 0
        let end = url.utf8.firstIndex { byte in
            if byte == UInt8(ascii: "/") { slashes += 1 }
            return slashes == 3 || byte == UInt8(ascii: "?")
        }
        return url[..<(end ?? url.endIndex)].lowercased()
    }
}

/// A message that one process delivers now.
public struct OutboxDelivery: Sendable, Hashable {
    /// What is delivered.
    public let message: OutboxMessage
    /// How many tries have ended before this one.
    public let triesBefore: Int
    /// Until when nobody else takes the message.
    public let claimedUntil: Timestamp

    /// Describes a delivery.
    public init(message: OutboxMessage, triesBefore: Int, claimedUntil: Timestamp) {
        self.message = message
        self.triesBefore = triesBefore
        self.claimedUntil = claimedUntil
    }

    /// Counts the tries from 1.
    public var number: Int { triesBefore + 1 }
}

/// What a claim of deliveries found.
public struct DeliveryClaim: Sendable, Hashable {
    /// The messages, now the caller's.
    public let deliveries: [OutboxDelivery]
    /// When the next message becomes due whose origin has room; nil when none waits.
    ///
    /// Not later than now when there were more than were asked for.
    public let nextDueAt: Timestamp?

    /// Describes a claim's result.
    public init(deliveries: [OutboxDelivery], nextDueAt: Timestamp?) {
        self.deliveries = deliveries
        self.nextDueAt = nextDueAt
    }
}

/// One try to deliver a message, as the delivery log has it.
public struct DeliveryTry: Sendable, Hashable {
    /// How the try ended.
    public enum Result: Sendable, Hashable {
        /// The receiver answered with this status.
        case status(Int)
        /// There was no answer: a few words for the operator, without the URL.
        case error(String)
    }

    /// Counts the tries from 1.
    public let number: Int
    /// When it began.
    public let at: Timestamp
    /// How it ended.
    public let result: Result
    /// How long it took, in milliseconds.
    public let milliseconds: Int64

    /// Describes a try.
    public init(number: Int, at: Timestamp, result: Result, milliseconds: Int64) {
        self.number = number
        self.at = at
        self.result = result
        self.milliseconds = milliseconds
    }
}

/// What a try means for its message.
public enum DeliveryOutcome: Sendable, Hashable {
    /// The receiver has it.
    case delivered
    /// It is tried again at this time.
    case retry(at: Timestamp)
    /// It is not tried again: it stays as a dead letter.
    case exhausted
}

/// Whose jobs, keys and credits belong together.
public struct Workspace: Sendable, Hashable, Codable {
    /// Its name.
    public let name: String
    /// When it was made.
    public let createdAt: Timestamp

    /// Describes a workspace.
    public init(name: String, createdAt: Timestamp) {
        self.name = name
        self.createdAt = createdAt
    }
}
