public import Ledger

/// What happened to a workspace's credits in a time: what the ledger says, and the rows of usage beside it.
///
/// Both balances are made from the transfers alone, and the charges from the rows of usage: that they agree is
/// ``difference``.
public struct WorkspaceStatement: Sendable, Hashable {
    /// Transfers of one kind from and to outside, such as grants.
    public struct Movement: Sendable, Hashable {
        /// The word that the ids of such transfers begin with: `grant`, `purchase`, `refund`.
        public let kind: String
        /// How many.
        public let count: Int64
        /// What came in, less what went out.
        public let amount: Credits

        /// Describes movements.
        public init(kind: String, count: Int64, amount: Credits) {
            self.kind = kind
            self.count = count
            self.amount = amount
        }
    }

    /// Whose it is.
    public let workspace: String
    /// From when on.
    public let from: Timestamp
    /// Until before when.
    public let to: Timestamp
    /// What the workspace had at its beginning.
    public let opening: Balance
    /// What it had at its end.
    public let closing: Balance
    /// What came and went outside of any job, by kind.
    public let movements: [Movement]
    /// What jobs were charged, by model and provider: the values of each group are these two.
    public let charges: [UsageGroup]

    /// Describes a statement.
    public init(
        workspace: String,
        from: Timestamp,
        to: Timestamp,
        opening: Balance,
        closing: Balance,
        movements: [Movement],
        charges: [UsageGroup]
    ) {
        self.workspace = workspace
        self.from = from
        self.to = to
        self.opening = opening
        self.closing = closing
        self.movements = movements
        self.charges = charges
    }

    /// All charges together.
    public var charged: Credits { Credits(nanoUSD: charges.reduce(0) { $0 + $1.sums.charged.nanoUSD }) }

    /// What the closing balance has beyond opening balance, movements and charges: zero unless something is wrong.
    public var difference: Credits {
        let moved = movements.reduce(0) { $0 + $1.amount.nanoUSD }
        return Credits(nanoUSD: closing.total - opening.total - moved + charged.nanoUSD)
    }

    /// The statement's times: from the first moment of a month, `2026-11`, until that of the next; nil for another text.
    public static func month(_ text: String) -> (from: Timestamp, to: Timestamp)? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 4, parts[1].count == 2, let year = Int(parts[0]),
            let month = Int(parts[1]), let from = Timestamp(rfc3339: "\(text)-01T00:00:00Z")
        else { return nil }
        let (nextYear, nextMonth) = month == 12 ? (year + 1, 1) : (year, month + 1)
        let next = String(repeating: "0", count: max(0, 4 - String(nextYear).count)) + String(nextYear)
        guard let to = Timestamp(rfc3339: "\(next)-\(nextMonth < 10 ? "0" : "")\(nextMonth)-01T00:00:00Z") else {
            return nil
        }
        return (from, to)
    }
}

extension Balance {
    /// What a workspace has, held or not, in nano US dollars.
    fileprivate var total: Int64 { available.nanoUSD + held.nanoUSD }
}
