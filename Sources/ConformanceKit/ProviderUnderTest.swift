public import ProviderKit

/// The provider's side of a network adapter under test: a server on this machine that speaks the wire, makes faults on
/// demand, and keeps what it was asked.
///
/// Closures, so that the suite knows no server: whoever has one fills them in.
public struct ProviderUnderTest: Sendable {
    /// What a request is for.
    public enum Operation: Sendable, Hashable {
        /// The paid one.
        case submit
        /// How one generation stands.
        case poll
        /// Several generations in one answer.
        case list
        /// Stops a generation.
        case cancel
        /// The bytes of an output.
        case download
        /// Anything else.
        case other
    }

    /// What goes wrong with one exchange.
    public enum Fault: Sendable, Hashable {
        /// This status in the wire's own form; nothing was done.
        case status(Int, retryAfter: Int? = nil)
        /// Done, and answered with what is no JSON.
        case malformed
        /// Done, and answered with half of the JSON.
        case truncated
        /// Done, and answered with JSON of another shape.
        case otherShape
        /// Done, and answered 200 with a page.
        case html
        /// Done, and answered 200 with nothing.
        case empty
        /// Done, and answered with more than anybody should read.
        case huge
        /// Done, and never answered.
        case hang
        /// Done, and closed without a byte of an answer.
        case answerLost
        /// Closed with nothing done.
        case neverArrived
        /// The output is said to be elsewhere; at the origin that is not the wire's.
        case redirectElsewhere
    }

    /// How the next generation is to end.
    public enum Outcome: Sendable, Hashable {
        /// As asked.
        case succeeded
        /// It could not be done.
        case failed
        /// The prompt or an input is refused by a filter.
        case filteredInput
        /// What was made is held back by a filter.
        case filteredOutput
        /// Done, without media.
        case withoutMedia
        /// Shows a word that nobody knows until it succeeds.
        case unknownStatus
        /// The provider forgets it.
        case vanished
    }

    /// One request that the provider got.
    public struct Recorded: Sendable {
        /// What it was for.
        public let operation: Operation
        /// Whether it came to another origin than the wire's.
        public let isElsewhere: Bool
        /// The method, the path with its query, and the header fields, as text.
        public let head: String
        /// The body.
        public let body: [UInt8]

        /// Describes a request.
        public init(operation: Operation, isElsewhere: Bool, head: String, body: [UInt8]) {
            self.operation = operation
            self.isElsewhere = isElsewhere
            self.head = head
            self.body = body
        }
    }

    /// What the provider documents that differs from what most do.
    public struct Facts: Sendable {
        /// Statuses of a submit that are documented to bill nothing, besides 4xx other than 408, 409, 425 and 499.
        public var unbilledStatuses: Set<Int> = []
        /// Statuses of a submit, below 500, that leave the outcome unknown all the same.
        public var unsureStatuses: Set<Int> = []
        /// The reasons that statuses of a submit are given, where they are others than usual.
        public var submitCodes: [Int: Set<ProviderFailure.Code>] = [:]
        /// How long it may take until a lost generation can be found, in seconds.
        public var findSeconds: Double = 10
        /// Whether a 429 says when to come back in the header `Retry-After`.
        public var honoursRetryAfter = true
        /// Whether an answer about several generations tells how those ended that have; otherwise they may be missing.
        public var listTellsEnds = true

        /// What most do.
        public init() {}
    }

    /// Makes the next requests of an operation go wrong.
    public var inject: @Sendable (Fault, Operation, _ times: Int) -> Void
    /// Forgets what was injected and not played.
    public var clearFaults: @Sendable () -> Void
    /// Sets how the next generation ends.
    public var force: @Sendable (Outcome) -> Void
    /// Everything that it was asked, in order.
    public var journal: @Sendable () -> [Recorded]
    /// The ids of all generations that it ever started, in order.
    public var started: @Sendable () -> [String]
    /// Ends a generation at once, as it was going to end.
    public var finish: @Sendable (_ id: String) -> Void
    /// What it would post to the callback URL of a generation now; nil when it posts nothing.
    public var callback: @Sendable (_ id: String) -> (body: [UInt8], headers: [(name: String, value: String)])?
    /// The time, in milliseconds since 1970.
    public var now: @Sendable () -> Int64
    /// What it documents.
    public var facts: Facts

    /// Describes a provider.
    public init(
        facts: Facts = Facts(),
        now: @escaping @Sendable () -> Int64,
        inject: @escaping @Sendable (Fault, Operation, _ times: Int) -> Void,
        clearFaults: @escaping @Sendable () -> Void,
        force: @escaping @Sendable (Outcome) -> Void,
        journal: @escaping @Sendable () -> [Recorded],
        started: @escaping @Sendable () -> [String],
        finish: @escaping @Sendable (_ id: String) -> Void,
        callback: @escaping @Sendable (_ id: String) -> (body: [UInt8], headers: [(name: String, value: String)])?
    ) {
        self.facts = facts
        self.now = now
        self.inject = inject
        self.clearFaults = clearFaults
        self.force = force
        self.journal = journal
        self.started = started
        self.finish = finish
        self.callback = callback
    }

    /// The paid requests that it got.
    public var submits: [Recorded] { journal().filter { $0.operation == .submit } }

    /// The questions for one generation that it got.
    public var polls: [Recorded] { journal().filter { $0.operation == .poll } }
}
