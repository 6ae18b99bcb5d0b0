public import Ledger

/// Word that a limit is nearly or wholly used, to be sent at least once to whom the operator's file names.
///
/// Written with the hold that went past the threshold, in the same transaction: once for each limit, period and
/// threshold. A limit that is changed is another one.
public struct SpendingAlert: Sendable, Hashable {
    /// Whose limit it is.
    public enum Subject: String, Sendable, Hashable {
        /// A key's own.
        case key
        /// The budget of a workspace.
        case workspace
    }

    /// Counts alerts; also what makes a repeat recognizable.
    public let id: Int64
    /// Whose limit it is.
    public let subject: Subject
    /// The workspace.
    public let workspace: String
    /// The key's hash, if the limit is a key's own.
    public let keyHash: String?
    /// After what time the limit counts anew.
    public let period: SpendingPeriod
    /// The first day of the period, since 1970; nil for one without end.
    public let periodStart: Int64?
    /// The threshold that was reached, in percent of the limit.
    public let percent: Int
    /// The limit.
    public let limit: Credits
    /// What counted against it then.
    public let spent: Credits
    /// When it was reached.
    public let createdAt: Timestamp
    /// How often it was claimed to be sent, this time included.
    public let tries: Int

    /// Describes an alert.
    public init(
        id: Int64,
        subject: Subject,
        workspace: String,
        keyHash: String?,
        period: SpendingPeriod,
        periodStart: Int64?,
        percent: Int,
        limit: Credits,
        spent: Credits,
        createdAt: Timestamp,
        tries: Int
    ) {
        self.id = id
        self.subject = subject
        self.workspace = workspace
        self.keyHash = keyHash
        self.period = period
        self.periodStart = periodStart
        self.percent = percent
        self.limit = limit
        self.spent = spent
        self.createdAt = createdAt
        self.tries = tries
    }

    /// The threshold that stands for a limit that is used up, in percent.
    public static let full = 100

    /// Which of some thresholds, in percent, are reached when so much of a limit is spent.
    public static func reached(_ thresholds: [Int], spent: Credits, of limit: Credits) -> [Int] {
        thresholds.filter { Int128(spent.nanoUSD) * 100 >= Int128(limit.nanoUSD) * Int128($0) && spent > .zero }
    }
}
