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
    /// What caused it, for the audit: a job's id, a payment's, or an operator's words.
    public let cause: String
    /// Why somebody moved it by hand; empty for what follows from a job or a payment, and in rows from before there were
    /// reasons.
    public let reason: String
    /// Who moved it by hand; empty likewise.
    public let actor: String

    /// Makes a transfer.
    ///
    /// - Throws: `notPositive` for an amount of zero or less.
    public init(
        id: String,
        from: Account,
        to: Account,
        amount: Credits,
        cause: String,
        reason: String = "",
        actor: String = ""
    ) throws(LedgerRefusal) {
        guard amount > .zero else { throw .notPositive }
        self.id = id
        self.from = from
        self.to = to
        self.amount = amount
        self.cause = cause
        self.reason = reason
        self.actor = actor
    }

    /// Credits given to a workspace by the operator.
    public static func grant(
        id: String,
        workspace: String,
        amount: Credits,
        reason: String,
        actor: String = ""
    ) throws(LedgerRefusal) -> Transfer {
        try Transfer(
            id: "grant:\(id)",
            from: .adjustments,
            to: .available(workspace: workspace),
            amount: amount,
            cause: reason,
            reason: reason,
            actor: actor
        )
    }

    /// A correction by hand: credits given for an amount above zero, taken for one below.
    ///
    /// - Throws: `unexplained` without a reason or an actor; `notPositive` for zero; `overflow`.
    public static func adjustment(
        id: String,
        workspace: String,
        amount: Credits,
        reason: String,
        actor: String
    ) throws(LedgerRefusal) -> Transfer {
        guard !reason.isEmpty, !actor.isEmpty else { throw .unexplained }
        let account = Account.available(workspace: workspace)
        let isGiven = amount > .zero
        return try Transfer(
            id: "adjust:\(id)",
            from: isGiven ? .adjustments : account,
            to: isGiven ? account : .adjustments,
            amount: isGiven ? amount : Credits.zero.subtracting(amount),
            cause: id,
            reason: reason,
            actor: actor
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

extension Transfer {
    /// What kind of movement it is, by the first word of its id.
    public enum Kind: String, Sendable, CaseIterable {
        /// A job's worst case is set aside.
        case hold
        /// A provider's part of what a job has cost.
        case settle
        /// The platform's part: markup and fee.
        case fee
        /// What is left of a hold goes back.
        case release
        /// A provider billed beyond a hold.
        case loss
        /// The operator gives credits.
        case grant
        /// The operator corrects by hand, in either direction.
        case adjust
        /// Credits are bought.
        case purchase
        /// The fee of a purchase.
        case purchaseFee = "purchase_fee"
        /// A purchase is given back.
        case refund
        /// The payment system takes a purchase back.
        case chargeback
        /// Credits have run out of time.
        case expiry
    }

    /// What kind of movement it is; nil for an id of no known form.
    public var kind: Kind? { Kind(rawValue: String(id.prefix { $0 != ":" })) }

    /// Whether it may leave a workspace with less than nothing.
    ///
    /// So may only a refund and a chargeback: that money has left already, whatever was bought with it. Nothing may ever
    /// leave less than nothing set aside.
    public var mayOverdraw: Bool { (kind == .refund || kind == .chargeback) && to == .purchases }

    /// Checks a workspace's account against a balance that the transfer would leave.
    ///
    /// - Parameter balance: What would be left in the account that gives.
    /// - Throws: `overdrawn` when it would be less than nothing, and may not be.
    public func check(leaving balance: Credits) throws(LedgerRefusal) {
        guard balance < .zero else { return }
        switch from {
        case .available where mayOverdraw: return
        case .available, .held: throw .overdrawn(account: from.name)
        case .providerCost, .providerLoss, .platformFee, .purchases, .adjustments: return
        }
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
    /// How much of what was charged is the platform's, not the provider's.
    public let platformShare: Credits

    /// Describes a hold as it is stored.
    public init(
        job: String,
        workspace: String,
        amount: Credits,
        state: State = .pending,
        platformShare: Credits = .zero
    ) {
        self.job = job
        self.workspace = workspace
        self.amount = amount
        self.state = state
        self.platformShare = platformShare
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
    /// - Parameters:
    ///   - resolution: How it ends.
    ///   - platformShare: How much of a settlement is the platform's.
    /// - Returns: Both.
    /// - Throws: `alreadyResolved` the second time; `exceedsHold` for a settlement above the amount, or a share above the
    ///   settlement; `notPositive` for negative ones.
    public func resolving(
        _ resolution: HoldResolution,
        platformShare: Credits = .zero
    ) throws(LedgerRefusal) -> (hold: Hold, transfers: [Transfer]) {
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
        guard platformShare >= .zero else { throw .notPositive }
        guard platformShare <= charged else { throw .exceedsHold(held: charged, asked: platformShare) }
        let parts: [(kind: Transfer.Kind, to: Account, amount: Credits)] = [
            (.settle, .providerCost, try charged.subtracting(platformShare)),
            (.fee, .platformFee, platformShare),
            (.release, .available(workspace: workspace), try amount.subtracting(charged)),
        ]
        var transfers: [Transfer] = []
        for part in parts where part.amount > .zero {
            transfers.append(
                try Transfer(
                    id: "\(part.kind.rawValue):\(job)",
                    from: .held(workspace: workspace),
                    to: part.to,
                    amount: part.amount,
                    cause: job
                )
            )
        }
        let hold = Hold(
            job: job,
            workspace: workspace,
            amount: amount,
            state: next,
            platformShare: platformShare
        )
        return (hold, transfers)
    }
}
