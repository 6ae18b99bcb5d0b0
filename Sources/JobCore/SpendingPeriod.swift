public import Ledger

/// How long a limit counts before it starts anew; every period begins at midnight UTC.
public enum SpendingPeriod: String, Sendable, Hashable, Codable, CaseIterable {
    /// A day.
    case daily
    /// A week, which begins on Monday.
    case weekly
    /// A month.
    case monthly
    /// For ever: it never starts anew.
    case lifetime

    /// The periods that start anew.
    public static let resetting: [SpendingPeriod] = [.daily, .weekly, .monthly]

    /// Whether this period is longer than another one.
    public func isLonger(than other: SpendingPeriod) -> Bool { rank > other.rank }

    private var rank: Int {
        switch self {
        case .daily: 0
        case .weekly: 1
        case .monthly: 2
        case .lifetime: 3
        }
    }
}

extension UsagePeriods {
    /// The first day of the current period of this length; nil for one that began with the first charge.
    public func start(of period: SpendingPeriod) -> Int64? {
        switch period {
        case .daily: day
        case .weekly: weekStart
        case .monthly: monthStart
        case .lifetime: nil
        }
    }

    /// When the current period of this length ends; nil for one that does not.
    public func end(of period: SpendingPeriod) -> Timestamp? {
        let next: Int64
        switch period {
        case .daily: next = day + 1
        case .weekly: next = weekStart + 7
        case .monthly:
            // Within any month, 31 days after its first is in the next one or is its first.
            next = UsagePeriods(at: Timestamp(milliseconds: (monthStart + 31) * 86_400_000)).monthStart
        case .lifetime: return nil
        }
        return Timestamp(milliseconds: next * 86_400_000)
    }
}

extension KeyUsage {
    /// What counts against a limit of this period: charges since its start, and the holds of jobs that are not over.
    ///
    /// - Throws: `overflow`.
    public func spent(in period: SpendingPeriod) throws(LedgerRefusal) -> Credits {
        let charged =
            switch period {
            case .daily: daily
            case .weekly: weekly
            case .monthly: monthly
            case .lifetime: total
            }
        return try charged.adding(held)
    }
}
