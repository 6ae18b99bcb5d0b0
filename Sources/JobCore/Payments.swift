public import Ledger

/// A message of a payment system, or of the operator, as the store takes it.
public struct PaymentEvent: Sendable, Hashable {
    /// What it means for the ledger.
    public enum Meaning: Sendable, Hashable {
        /// Something became known about a payment; its credits end at `expiresAt`, if they do.
        case fact(Payment.Fact, payment: String, expiresAt: Timestamp? = nil)
        /// It says nothing about credits; why, for the operator.
        case nothing(String)
        /// It cannot be followed; why, for the operator.
        case refused(String)
    }

    /// The message's name: unique for its sender.
    public let id: String
    /// The sender's word for what it is about.
    public let kind: String
    /// When it was made.
    public let createdAt: Timestamp
    /// What it means.
    public let meaning: Meaning

    /// Describes a message.
    public init(id: String, kind: String, createdAt: Timestamp, meaning: Meaning) {
        self.id = id
        self.kind = kind
        self.createdAt = createdAt
        self.meaning = meaning
    }
}

extension PaymentEvent {
    /// Why a purchase for a workspace that is not there is refused; it can be repeated once it is.
    public static let unknownWorkspace = "there is no such workspace"
}

/// What became of a message of a payment system.
public enum PaymentOutcome: Sendable, Hashable {
    /// It told something new; credits were moved if any were due.
    case applied
    /// What it tells was known.
    case unchanged
    /// It says nothing about credits.
    case ignored(String)
    /// It cannot be followed.
    case refused(String)

    /// The word under which it is recorded.
    public var name: String {
        switch self {
        case .applied: "applied"
        case .unchanged: "unchanged"
        case .ignored: "ignored"
        case .refused: "refused"
        }
    }

    /// Why, for the operator.
    public var reason: String? {
        switch self {
        case .applied, .unchanged: nil
        case .ignored(let reason), .refused(let reason): reason
        }
    }
}

/// A message of a payment system as it is kept.
public struct PaymentEventRecord: Sendable, Hashable {
    /// The message's name.
    public let id: String
    /// The sender's word for what it is about.
    public let kind: String
    /// The payment, if it is about one.
    public let payment: String?
    /// What became of it, in a word: the name of a `PaymentOutcome`.
    public let outcome: String
    /// Why.
    public let reason: String?
    /// When the sender made it.
    public let createdAt: Timestamp
    /// When it came first, or was followed after it had been refused.
    public let receivedAt: Timestamp

    /// Describes a record.
    public init(
        id: String,
        kind: String,
        payment: String?,
        outcome: String,
        reason: String?,
        createdAt: Timestamp,
        receivedAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.payment = payment
        self.outcome = outcome
        self.reason = reason
        self.createdAt = createdAt
        self.receivedAt = receivedAt
    }
}

/// A payment as it is kept.
public struct PaymentRecord: Sendable, Hashable {
    /// What is known of it.
    public let payment: Payment
    /// When it was made; nil as long as only other things are known.
    public let paidAt: Timestamp?

    /// Describes a record.
    public init(payment: Payment, paidAt: Timestamp?) {
        self.payment = payment
        self.paidAt = paidAt
    }
}

/// A wish to give a payer back what is not spent.
public struct RefundRequest: Sendable, Hashable {
    /// A name for it: the same wish moves credits once.
    public let id: String
    /// The payment.
    public let payment: String
    /// How much; nil for all that may be given back.
    public let amount: Credits?
    /// Payments that were made before are not given back.
    public let paidSince: Timestamp

    /// Describes a wish.
    public init(id: String, payment: String, amount: Credits?, paidSince: Timestamp) {
        self.id = id
        self.payment = payment
        self.amount = amount
        self.paidSince = paidSince
    }
}

/// What became of a wish to give something back.
public enum RefundOutcome: Sendable, Hashable {
    /// So much was taken from the workspace.
    case refunded(Credits, workspace: String)
    /// There is no such payment.
    case unknownPayment
    /// The payment is too old.
    case tooLate(paidAt: Timestamp)
    /// More than is left of the payment and not spent.
    case exceeds(refundable: Credits)
}

/// A transfer as it is kept.
public struct LedgerEntry: Sendable, Hashable {
    /// Its place among all transfers.
    public let sequence: Int64
    /// Its name.
    public let id: String
    /// The name of the account that gave.
    public let from: String
    /// The name of the account that received.
    public let to: String
    /// How much.
    public let amount: Credits
    /// What caused it.
    public let cause: String
    /// Why somebody moved it by hand; empty for what follows from something else.
    public let reason: String
    /// Who moved it by hand; empty likewise.
    public let actor: String
    /// When it was made.
    public let at: Timestamp

    /// Describes an entry.
    public init(
        sequence: Int64,
        id: String,
        from: String,
        to: String,
        amount: Credits,
        cause: String,
        reason: String,
        actor: String,
        at: Timestamp
    ) {
        self.sequence = sequence
        self.id = id
        self.from = from
        self.to = to
        self.amount = amount
        self.cause = cause
        self.reason = reason
        self.actor = actor
        self.at = at
    }
}

extension PaymentRecord {
    /// How much may be given back: what is left of the payment, and of that no more than is not spent.
    ///
    /// - Parameters:
    ///   - available: What the workspace can spend.
    ///   - lot: The payment's credits that are not spent, when they end at a time; nil when they do not.
    /// - Returns: The amount; zero when all is spent or owed.
    public func refundable(available: Credits, lot: CreditLots.Lot?) -> Credits {
        max(.zero, min(payment.creditsLeft, available, lot?.remaining ?? available))
    }

    /// The fact that a refund is, or why there is none.
    ///
    /// - Parameters:
    ///   - request: The wish.
    ///   - refundable: How much may be given back.
    /// - Returns: The amount with the fact; or what to answer.
    /// - Throws: `overflow`.
    public func refund(
        _ request: RefundRequest,
        refundable: Credits
    ) throws(LedgerRefusal) -> (fact: Payment.Fact?, outcome: RefundOutcome) {
        guard let purchase = payment.purchase, let paidAt else { return (nil, .unknownPayment) }
        guard paidAt >= request.paidSince else { return (nil, .tooLate(paidAt: paidAt)) }
        let amount = request.amount ?? refundable
        guard amount > .zero, amount <= refundable else { return (nil, .exceeds(refundable: refundable)) }
        let total = try payment.refunded.adding(amount)
        return (.refunded(total), .refunded(amount, workspace: purchase.workspace))
    }
}
