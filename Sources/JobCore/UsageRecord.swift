public import Generation
public import Ledger

/// What a job that is over has cost, and how much came of it: the one row that is kept of each.
///
/// Written in the transaction that ends the job, never changed afterwards: what is counted by day, key or model is counted
/// over these rows, and the audit holds them against jobs, holds and transfers.
public struct UsageRecord: Sendable, Hashable {
    /// The job.
    public let job: JobID
    /// Whose credits paid for it.
    public let workspace: String
    /// SHA-256 of the key that posted it, hexadecimal.
    public let keyHash: String
    /// What kind of media it was about.
    public let type: GenerationType
    /// Where it was served.
    public let endpoint: EndpointID
    /// The end user that the client named.
    public let user: String?
    /// The session that the client named.
    public let session: String?
    /// How it ended.
    public let state: JobState.Name
    /// What it cost.
    public let charge: JobCharge
    /// How much came of it.
    public let quantities: UsageQuantities
    /// When it was admitted.
    public let createdAt: Timestamp
    /// When a worker first began an attempt.
    public let startedAt: Timestamp?
    /// When it ended.
    public let finishedAt: Timestamp

    /// Describes a row as it is stored.
    public init(
        job: JobID,
        workspace: String,
        keyHash: String,
        type: GenerationType,
        endpoint: EndpointID,
        user: String?,
        session: String?,
        state: JobState.Name,
        charge: JobCharge,
        quantities: UsageQuantities,
        createdAt: Timestamp,
        startedAt: Timestamp?,
        finishedAt: Timestamp
    ) {
        self.job = job
        self.workspace = workspace
        self.keyHash = keyHash
        self.type = type
        self.endpoint = endpoint
        self.user = user
        self.session = session
        self.state = state
        self.charge = charge
        self.quantities = quantities
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }

    /// The row of a job; nil for one that is not over.
    ///
    /// - Throws: `LedgerRefusal.overflow`.
    public init?(_ job: Job) throws(LedgerRefusal) {
        guard let finishedAt = job.finishedAt, let charge = try JobCharge(of: job.state) else { return nil }
        let admitted = job.admitted
        self.init(
            job: job.id,
            workspace: admitted.workspace,
            keyHash: admitted.keyHash,
            type: admitted.request.type,
            endpoint: admitted.endpoint,
            user: admitted.parameters.user,
            session: admitted.parameters.sessionID,
            state: job.state.name,
            charge: charge,
            quantities: UsageQuantities(of: job.state),
            createdAt: admitted.createdAt,
            startedAt: job.startedAt,
            finishedAt: finishedAt
        )
    }
}

/// What a job that is over has cost, and who got it.
public struct JobCharge: Sendable, Hashable {
    /// What the workspace was charged: for the provider, and fees.
    public let charged: Credits
    /// What of that are the platform's fees.
    public let fee: Credits
    /// What the provider charged the workspace itself, at list price, for a job with the workspace's own key.
    public let listPrice: Credits
    /// Whether the job ran with the workspace's own key.
    public let isBYOK: Bool

    /// What of the charge is for the provider.
    public var providerCost: Credits { Credits(nanoUSD: charged.nanoUSD - fee.nanoUSD) }

    /// Describes a charge; of fees at most the whole.
    public init(charged: Credits, fee: Credits = .zero, listPrice: Credits = .zero, isBYOK: Bool = false) {
        self.charged = charged
        self.fee = fee
        self.listPrice = listPrice
        self.isBYOK = isBYOK
    }

    /// What ending in a state costs; nil for a state that is not terminal.
    ///
    /// - Throws: `LedgerRefusal.overflow`.
    public init?(of state: JobState) throws(LedgerRefusal) {
        switch state {
        case .queued, .submitting, .running, .storing: return nil
        case .completed(let completed):
            self.init(
                charged: completed.bill.total,
                fee: try completed.bill.platformShare(),
                listPrice: completed.bill.byokListPrice ?? .zero,
                isBYOK: completed.bill.byokListPrice != nil
            )
        case .cancelled(let cancelled): self.init(charged: cancelled.charged)
        case .failed, .expired: self.init(charged: .zero)
        }
    }
}

/// How much came of a job: what was measured on its files, and what its bill counts.
public struct UsageQuantities: Sendable, Hashable {
    /// Milliseconds of video or sound: made, or listened to.
    public var milliseconds: Int64 = 0
    /// Pictures that were made.
    public var images: Int64 = 0
    /// Files that were made.
    public var outputs: Int64 = 0
    /// Tokens that went in, as billed.
    public var inputTokens: Int64 = 0
    /// Tokens that came out, as billed.
    public var outputTokens: Int64 = 0
    /// Characters of text, as billed.
    public var characters: Int64 = 0

    /// Nothing.
    public init() {}

    /// What came of a job that ended in a state: nothing, unless it was completed.
    public init(of state: JobState) {
        guard case .completed(let completed) = state else { return }
        for artifact in completed.artifacts {
            milliseconds += min(max(0, artifact.durationMilliseconds ?? 0), Self.most)
            images += artifact.mediaType.hasPrefix("image/") ? 1 : 0
            outputs += 1
        }
        for line in completed.bill.lines {
            let wholes = min(max(0, line.quantity.wholes), Self.most)
            switch line.unit {
            case .inputTextToken, .inputImageToken, .inputAudioToken: inputTokens += wholes
            case .outputTextToken, .outputAudioToken, .outputImageToken, .token: outputTokens += wholes
            case .character: characters += wholes
            case .second, .image, .megapixel, .request, .audioMinute, .audioSecond, .inputMegapixel, .referenceImage,
                .minimum, .markup, .platformFee:
                break
            }
        }
    }

    /// Beyond what a single figure can mean: so that no sum over many rows overflows.
    private static let most: Int64 = 1_000_000_000_000
}

extension ExactDecimal {
    /// The number without what stands after the point.
    fileprivate var wholes: Int64 {
        var value = mantissa
        for _ in 0..<scale { value /= 10 }
        return value
    }
}
