/// What a store tells the operator about itself, read at one moment.
public struct StoreMetrics: Sendable, Hashable {
    /// How many jobs are in each state.
    public var jobs: [JobState.Name: Int]
    /// How many of them wait for a worker.
    public var waiting: Int
    /// How many jobs are in flight whose worker's lease does not last: none, but between a worker's end and the takeover
    /// of its jobs.
    public var inFlightWithoutLease: Int
    /// How many messages to clients wait to be delivered.
    public var outboxPending: Int
    /// When the oldest of them was written; nil when none waits.
    public var outboxOldest: Timestamp?
    /// How many messages were given up.
    public var outboxExhausted: Int
    /// What all accounts come to, in nano US dollars: zero, or the ledger is broken.
    public var ledgerDifference: Int64

    /// Describes a store.
    public init(
        jobs: [JobState.Name: Int],
        waiting: Int,
        inFlightWithoutLease: Int,
        outboxPending: Int,
        outboxOldest: Timestamp?,
        outboxExhausted: Int,
        ledgerDifference: Int64
    ) {
        self.jobs = jobs
        self.waiting = waiting
        self.inFlightWithoutLease = inFlightWithoutLease
        self.outboxPending = outboxPending
        self.outboxOldest = outboxOldest
        self.outboxExhausted = outboxExhausted
        self.ledgerDifference = ledgerDifference
    }
}
