/// A place that credits are in.
///
/// The sum over all accounts is zero at all times.
public enum Account: Sendable, Hashable {
    /// What a workspace can spend.
    case available(workspace: String)
    /// What is set aside for a workspace's open jobs.
    case held(workspace: String)
    /// What settled jobs have cost.
    case providerCost
    /// What providers billed beyond what a workspace was charged: the operator's loss.
    case providerLoss
    /// The platform's fees.
    case platformFee
    /// Where purchased credits come from.
    case purchases
    /// Where granted credits come from, and corrections go to.
    case adjustments

    /// The name under which the account is stored.
    public var name: String {
        switch self {
        case .available(let workspace): "available:\(workspace)"
        case .held(let workspace): "held:\(workspace)"
        case .providerCost: "provider_cost"
        case .providerLoss: "provider_loss"
        case .platformFee: "platform_fee"
        case .purchases: "purchases"
        case .adjustments: "adjustments"
        }
    }
}

/// One movement of credits from an account to another.
///
/// Never changed, never deleted.
public struct Transfer: Sendable, Hashable {
    /// Unique; a function of the cause, such as `settle:<job>`: the same cause can move money only once.
    public let id: String
    /// The account that gives.
    public let from: Account
    /// The account that receives.
    public let to: Account
    /// How much; above zero.
    public let amount: Credits
    /// Who or what caused it, for the audit: a job's id, or an operator's words.
    public let cause: String

    /// Makes a transfer.
    ///
    /// - Throws: `notPositive` for an amount of zero or less.
    public init(
        id: String,
        from: Account,
        to: Account,
        amount: Credits,
        cause: String
    ) throws(LedgerRefusal) {
        guard amount > .zero else { throw .notPositive }
        self.id = id
        self.from = from
        self.to = to
        self.amount = amount
        self.cause = cause
    }

    /// Credits given to a workspace by the operator.
    public static func grant(
        id: String,
        workspace: String,
        amount: Credits,
        reason: String
    ) throws(LedgerRefusal) -> Transfer {
        try Transfer(
            id: "grant:\(id)",
            from: .adjustments,
            to: .available(workspace: workspace),
            amount: amount,
            cause: reason
        )
    }

    /// What a provider billed beyond a resolved hold: the operator's loss, never the workspace's.
    public static func providerLoss(job: String, kind: String, amount: Credits) throws(LedgerRefusal) -> Transfer {
        try Transfer(
            id: "loss:\(kind):\(job)",
            from: .providerLoss,
            to: .providerCost,
            amount: amount,
            cause: job
        )
    }
}

/// How a hold ends.
public enum HoldResolution: Sendable, Hashable, Codable {
    /// Up to the held amount is charged; the rest goes back.
    case settle(Credits)
    /// All of it goes back.
    case void
}

/// Credits set aside for one job: two-phase, resolved exactly once.
public struct Hold: Sendable, Hashable {
    /// Where a hold stands.
    public enum State: Sendable, Hashable {
        /// Open: the job may still cost something.
        case pending
        /// Settled, at this amount.
        case posted(Credits)
        /// Given back.
        case voided
    }

    /// The job it is for.
    public let job: String
    /// The workspace whose credits they are.
    public let workspace: String
    /// How much is set aside; zero for free jobs.
    public let amount: Credits
    /// Where it stands.
    public let state: State

    /// Describes a hold as it is stored.
    public init(job: String, workspace: String, amount: Credits, state: State = .pending) {
        self.job = job
        self.workspace = workspace
        self.amount = amount
        self.state = state
    }

    /// The transfers that open the hold: none for an amount of zero.
    public func opening() throws(LedgerRefusal) -> [Transfer] {
        guard amount != .zero else { return [] }
        return [
            try Transfer(
                id: "hold:\(job)",
                from: .available(workspace: workspace),
                to: .held(workspace: workspace),
                amount: amount,
                cause: job
            )
        ]
    }

    /// The hold after its resolution, and the transfers that make it so.
    ///
    /// - Throws: `alreadyResolved` the second time; `exceedsHold` for a settlement above the amount; `notPositive` for
    ///   a negative one.
    public func resolving(_ resolution: HoldResolution) throws(LedgerRefusal) -> (hold: Hold, transfers: [Transfer]) {
        guard case .pending = state else { throw .alreadyResolved }
        let charged: Credits
        let next: State
        switch resolution {
        case .settle(let cost):
            guard cost >= .zero else { throw .notPositive }
            guard cost <= amount else { throw .exceedsHold(held: amount, asked: cost) }
            charged = cost
            next = .posted(cost)
        case .void:
            charged = .zero
            next = .voided
        }
        var transfers: [Transfer] = []
        if charged > .zero {
            transfers.append(
                try Transfer(
                    id: "settle:\(job)",
                    from: .held(workspace: workspace),
                    to: .providerCost,
                    amount: charged,
                    cause: job
                )
            )
        }
        let rest = try amount.subtracting(charged)
        if rest > .zero {
            transfers.append(
                try Transfer(
                    id: "release:\(job)",
                    from: .held(workspace: workspace),
                    to: .available(workspace: workspace),
                    amount: rest,
                    cause: job
                )
            )
        }
        return (Hold(job: job, workspace: workspace, amount: amount, state: next), transfers)
    }
}
