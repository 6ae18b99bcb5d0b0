/// What is known of one payment for credits, in whatever order it was learned.
///
/// A payment system tells things more than once and in any order: a refund may be told before the purchase it is of. So
/// what is told are facts, kept by rules in which order and repetition play no part: the first purchase, the highest
/// refund, of each dispute the last word. What the ledger must hold follows from the facts; each new one moves the
/// difference.
public struct Payment: Sendable, Hashable {
    /// What was bought.
    public struct Purchase: Sendable, Hashable {
        /// The workspace that has the credits.
        public let workspace: String
        /// What was paid.
        public let paid: Credits
        /// The part of it that became credits.
        public let credits: Credits
        /// The part of it that was kept.
        public let fee: Credits

        /// Parts what was paid by a fee.
        public init(workspace: String, paid: Credits, fee: PurchaseFee) {
            self.workspace = workspace
            self.paid = paid
            (self.credits, self.fee) = fee.parts(of: paid)
        }

        /// Describes a purchase as it is stored.
        public init(workspace: String, paid: Credits, credits: Credits, fee: Credits) {
            self.workspace = workspace
            self.paid = paid
            self.credits = credits
            self.fee = fee
        }
    }

    /// A payer's objection at the bank.
    public struct Dispute: Sendable, Hashable {
        /// How it stands.
        public enum State: String, Sendable, Hashable, CaseIterable {
            /// The bank has taken the money, and decides.
            case open
            /// The bank has given the money back.
            case returned
            /// The payer has it.
            case lost
        }

        /// The payment system's name for it.
        public let id: String
        /// How much of the payment it is about.
        public let amount: Credits
        /// How it stands.
        public let state: State
        /// When this was said, in a unit of the payment system: of two words the later one holds.
        public let toldAt: Int64

        /// Describes a dispute.
        public init(id: String, amount: Credits, state: State, toldAt: Int64) {
            self.id = id
            self.amount = amount
            self.state = state
            self.toldAt = toldAt
        }

        /// Whether this word holds against another one about the same dispute: an end against its beginning, the later
        /// against the earlier, and of two that are equally late the one that takes more.
        func overrules(_ other: Dispute) -> Bool {
            rank.lexicographicallyPrecedes(other.rank) == false && self != other
        }

        private var rank: [Int64] {
            let stage: Int64 =
                switch state {
                case .open: 0
                case .returned: 0
                case .lost: 1
                }
            return [state == .open ? 0 : 1, toldAt, stage, amount.nanoUSD]
        }
    }

    /// Something that became known about a payment.
    public enum Fact: Sendable, Hashable {
        /// It was made.
        case paid(Purchase)
        /// So much of it was given back so far, in all.
        case refunded(Credits)
        /// How a dispute stands.
        case disputed(Dispute)
        /// A refund that was told did not reach the payer: the money is back.
        case refundFailed(id: String, amount: Credits, toldAt: Int64)
    }

    /// The payment system's name for it.
    public let id: String
    /// What was bought; nil as long as only other things are known.
    public private(set) var purchase: Purchase?
    /// How much was given back, in all, refunds that failed later among it.
    public private(set) var refunded: Credits
    /// Its disputes, by their names; and the refunds that failed, which stand here under ``failedRefundPrefix``.
    public private(set) var disputes: [String: Dispute]

    /// Describes a payment as it is stored, or one that nothing is known of.
    public init(id: String, purchase: Purchase? = nil, refunded: Credits = .zero, disputes: [Dispute] = []) {
        self.id = id
        self.purchase = purchase
        self.refunded = refunded
        self.disputes = Dictionary(disputes.map { ($0.id, $0) }) { first, _ in first }
    }

    /// What the name of a refund that failed begins with among the disputes: both are amounts that came back.
    public static let failedRefundPrefix = "failed-refund:"

    /// What of the payment is gone again: refunds that did not fail, and disputes that were not won; never more than was
    /// paid.
    public var gone: Credits {
        var (disputed, failed) = (Int128(0), Int128(0))
        for dispute in disputes.values {
            switch dispute.state {
            case .open, .lost: disputed += Int128(dispute.amount.nanoUSD)
            case .returned: if Self.isFailedRefund(dispute) { failed += Int128(dispute.amount.nanoUSD) }
            }
        }
        let refunds = max(0, Int128(refunded.nanoUSD) - failed)
        return Credits(nanoUSD: Int64(clamping: min(refunds + disputed, Int128(paid.nanoUSD))))
    }

    private static func isFailedRefund(_ dispute: Dispute) -> Bool { dispute.id.hasPrefix(failedRefundPrefix) }

    /// The credits that were taken back: of what is gone, the credits go first and the fee last.
    public var creditsTaken: Credits { min(gone, purchase?.credits ?? .zero) }

    /// The credits that are left of it, spent or not.
    public var creditsLeft: Credits {
        Credits(nanoUSD: (purchase?.credits.nanoUSD ?? 0) - creditsTaken.nanoUSD)
    }

    private var feeTaken: Credits { Credits(nanoUSD: gone.nanoUSD - creditsTaken.nanoUSD) }

    private var paid: Credits { purchase?.paid ?? .zero }

    /// The payment with a fact added, and the transfers that the fact makes due: none for one that changes nothing.
    ///
    /// - Parameters:
    ///   - fact: What became known.
    ///   - event: The name of the message that says so: part of the names of the transfers that take back.
    /// - Returns: The payment, and what is to be moved in the same transaction.
    /// - Throws: What a transfer throws.
    public func learning(
        _ fact: Fact,
        from event: String
    ) throws(LedgerRefusal) -> (
        payment: Payment, transfers: [Transfer]
    ) {
        var next = self
        switch fact {
        case .paid(let purchase): if next.purchase == nil { next.purchase = purchase }
        case .refunded(let total): next.refunded = max(refunded, total)
        case .disputed(let dispute):
            if disputes[dispute.id].map(dispute.overrules) ?? true { next.disputes[dispute.id] = dispute }
        case .refundFailed(let refund, let amount, let toldAt):
            // Several messages tell of one failure: the first one counts.
            let name = Self.failedRefundPrefix + refund
            if disputes[name] == nil {
                next.disputes[name] = Dispute(id: name, amount: amount, state: .returned, toldAt: toldAt)
            }
        }
        guard let purchase = next.purchase else { return (next, []) }
        var transfers: [Transfer] = []
        let available = Account.available(workspace: purchase.workspace)
        if self.purchase == nil {
            try move(purchase.credits.nanoUSD, .purchases, available, "purchase:\(id)", &transfers)
            try move(purchase.fee.nanoUSD, .purchases, .platformFee, "purchase_fee:\(id)", &transfers)
        }
        let credits = next.creditsTaken.nanoUSD - creditsTaken.nanoUSD
        let fee = next.feeTaken.nanoUSD - feeTaken.nanoUSD
        let kind = next.kind(after: fact)
        try move(credits, available, .purchases, "\(kind):\(event)", &transfers)
        try move(fee, .platformFee, .purchases, "\(kind)_fee:\(event)", &transfers)
        return (next, transfers)
    }

    /// What the transfers are called that make up for what is gone.
    private func kind(after fact: Fact) -> String {
        switch fact {
        case .refunded, .refundFailed: "refund"
        case .disputed: "chargeback"
        case .paid: refunded > .zero ? "refund" : "chargeback"
        }
    }

    /// Adds a transfer; the other way for a negative amount, none for zero.
    private func move(
        _ amount: Int64,
        _ from: Account,
        _ to: Account,
        _ transfer: String,
        _ transfers: inout [Transfer]
    ) throws(LedgerRefusal) {
        guard amount != 0 else { return }
        transfers.append(
            try Transfer(
                id: transfer,
                from: amount > 0 ? from : to,
                to: amount > 0 ? to : from,
                amount: Credits(nanoUSD: Int64(clamping: amount.magnitude)),
                cause: "payment:\(id)"
            )
        )
    }
}
