public import Ledger

/// A workspace's credits that end at a time, and how much of them is not spent.
///
/// Spending does not write here: a job's hold and its settlement stay as cheap as they are without. What was spent is
/// reckoned when it matters, before credits come in or are taken back and when some end: what the workspace owns, free and
/// held, has become less than it was at the last reckoning by what was spent since. Spent first is what ends first, and
/// last what never ends.
///
/// Open holds are credits on their way to be spent: they protect what ends first. When such a hold is given back after
/// that time, the credits end then.
public struct CreditLots: Sendable, Hashable {
    /// Credits that came in together and end together.
    public struct Lot: Sendable, Hashable {
        /// The name of the transfer that brought them.
        public let id: String
        /// What is not spent, as of the last reckoning.
        public var remaining: Credits
        /// When they end.
        public let expiresAt: Timestamp

        /// Describes a lot.
        public init(id: String, remaining: Credits, expiresAt: Timestamp) {
            self.id = id
            self.remaining = remaining
            self.expiresAt = expiresAt
        }
    }

    /// What a transfer does to the lots.
    public enum Change: Sendable, Hashable {
        /// It brings a new one, which ends at this time.
        case opens(until: Timestamp)
        /// It takes from this one, or gives back to it.
        case concerns(String)
    }

    /// The lots, those that end first in front.
    public private(set) var lots: [Lot]
    /// What the workspace owned at the last reckoning, free and held.
    public private(set) var owned: Credits

    /// Describes a workspace's lots.
    public init(_ lots: [Lot] = [], owned: Credits) {
        self.lots = lots.sorted { ($0.expiresAt, $0.id) < ($1.expiresAt, $1.id) }
        self.owned = owned
    }

    /// Takes note of what was spent since the last reckoning, to be called with nothing but jobs' movements in between.
    public mutating func reckon(owned now: Credits) {
        take(Int128(owned.nanoUSD) - Int128(now.nanoUSD))
        owned = now
    }

    /// Takes note of a movement outside of jobs, after a reckoning.
    ///
    /// Credits cannot end that are not there: what the workspace owes is paid from what ends first.
    ///
    /// - Parameters:
    ///   - amount: What came in; negative for what was taken.
    ///   - now: What the workspace owns after it.
    ///   - transfer: The transfer's name.
    ///   - change: What it does to the lots besides.
    public mutating func moved(_ amount: Int64, owned now: Credits, by transfer: String, _ change: Change?) {
        owned = now
        switch change {
        case .opens(let end):
            lots.append(Lot(id: transfer, remaining: Credits(nanoUSD: max(0, amount)), expiresAt: end))
            lots.sort { ($0.expiresAt, $0.id) < ($1.expiresAt, $1.id) }
        case .concerns(let id):
            // What comes back does not end: what was taken may not have been this lot's.
            guard amount < 0, let index = lots.firstIndex(where: { $0.id == id }) else { break }
            let remaining = Int128(lots[index].remaining.nanoUSD) + Int128(amount)
            lots[index].remaining = Credits(nanoUSD: Int64(clamping: max(0, remaining)))
        case nil: break
        }
        let sum = lots.reduce(Int128(0)) { $0 + Int128($1.remaining.nanoUSD) }
        take(sum - Int128(max(0, now.nanoUSD)))
    }

    /// What ends by a time, after a reckoning: of each lot the part that no open hold protects.
    public func ending(by now: Timestamp, held: Credits) -> [(lot: Lot, amount: Credits)] {
        var protected = max(0, held.nanoUSD)
        var ending: [(lot: Lot, amount: Credits)] = []
        for lot in lots where lot.expiresAt <= now {
            let kept = min(protected, lot.remaining.nanoUSD)
            protected -= kept
            let amount = lot.remaining.nanoUSD - kept
            if amount > 0 { ending.append((lot, Credits(nanoUSD: amount))) }
        }
        return ending
    }

    private mutating func take(_ amount: Int128) {
        var rest = amount
        for index in lots.indices where rest > 0 {
            let part = min(rest, Int128(lots[index].remaining.nanoUSD))
            lots[index].remaining = Credits(nanoUSD: lots[index].remaining.nanoUSD - Int64(clamping: part))
            rest -= part
        }
    }
}

extension Transfer {
    /// What the transfer does to what a workspace owns, if it is no job's: the workspace, and how much comes in.
    public var creditMove: (workspace: String, amount: Int64)? {
        if case .available(let workspace) = to {
            if case .held = from { return nil }
            return (workspace, amount.nanoUSD)
        }
        if case .available(let workspace) = from {
            if case .held = to { return nil }
            return (workspace, -amount.nanoUSD)
        }
        return nil
    }

    /// Credits that end: what is left of a lot, as far as no hold protects it.
    ///
    /// - Parameters:
    ///   - lot: What ends.
    ///   - workspace: Whose credits they are.
    ///   - amount: How much of them; above zero.
    /// - Returns: What takes them.
    /// - Throws: `notPositive`.
    public static func expiry(
        of lot: CreditLots.Lot,
        workspace: String,
        amount: Credits
    ) throws(LedgerRefusal) -> Transfer {
        // A lot may end in parts, each time with less left.
        try Transfer(
            id: "expiry:\(lot.id):\(lot.remaining.nanoUSD)",
            from: .available(workspace: workspace),
            to: .adjustments,
            amount: amount,
            cause: "expired"
        )
    }
}
