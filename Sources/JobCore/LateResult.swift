public import Ledger

/// What came of a generation that its job had given up: known after the job was over.
///
/// The job stays as it ended, and so does its hold. What was made is the client's, free of charge; what the provider
/// bills is the operator's loss.
public struct LateResult: Sendable, Hashable {
    /// The job.
    public let job: JobID
    /// The number of the attempt whose send made it.
    public let attempt: Int
    /// The provider's id of it.
    public let remoteID: String
    /// What was made, numbered after what the job had already; none of a job that was completed by another attempt, or
    /// when nothing can be had any more.
    public let artifacts: [Artifact]
    /// What the provider bills for it; zero when that is nothing.
    public let loss: Credits

    /// Describes a late result.
    public init(job: JobID, attempt: Int, remoteID: String, artifacts: [Artifact], loss: Credits) {
        self.job = job
        self.attempt = attempt
        self.remoteID = remoteID
        self.artifacts = artifacts
        self.loss = loss
    }

    /// The movement of the loss, whose id is a function of the generation; nil for none.
    ///
    /// - Throws: `LedgerRefusal.notPositive` for a loss below zero.
    public func transfer() throws(LedgerRefusal) -> Transfer? {
        guard loss != .zero else { return nil }
        return try Transfer.providerLoss(job: job.description, kind: "late:\(remoteID)", amount: loss)
    }
}

/// What became of a late result.
public enum LateOutcome: Sendable, Hashable {
    /// The artifacts are the job's, and the loss is booked.
    case recorded
    /// The same generation was recorded before; nothing was written.
    case alreadyRecorded
    /// There is no such attempt, its job is not over, or was completed and has its own artifacts; nothing was written.
    case refused
}

/// An attempt's place in the order of all: by job, then number.
public struct AttemptPlace: Sendable, Hashable {
    /// The job.
    public let job: JobID
    /// The attempt's number.
    public let number: Int

    /// Names a place.
    public init(job: JobID, number: Int) {
        self.job = job
        self.number = number
    }
}
