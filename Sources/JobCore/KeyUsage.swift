public import Ledger

/// What the jobs of one key were charged, and what they may still cost.
public struct KeyUsage: Sendable, Hashable {
    /// What was charged since the key was made.
    public let total: Credits
    /// What was charged on the current day.
    public let daily: Credits
    /// What was charged in the current week.
    public let weekly: Credits
    /// What was charged in the current month.
    public let monthly: Credits
    /// What is set aside for jobs that are not over: it counts against the key's limit.
    public let held: Credits

    /// Describes a key's usage.
    public init(total: Credits, daily: Credits, weekly: Credits, monthly: Credits, held: Credits) {
        self.total = total
        self.daily = daily
        self.weekly = weekly
        self.monthly = monthly
        self.held = held
    }
}

/// What came into a workspace, and what its jobs were charged.
public struct WorkspaceTotals: Sendable, Hashable {
    /// All grants and purchases, less what was taken back.
    public let credited: Credits
    /// All charges.
    public let charged: Credits

    /// Describes a workspace's totals.
    public init(credited: Credits, charged: Credits) {
        self.credited = credited
        self.charged = charged
    }
}

/// The day, the week and the month that a moment is in, in UTC; days are counted from 1970, weeks begin on Monday.
public struct UsagePeriods: Sendable, Hashable {
    /// The day.
    public let day: Int64
    /// The first day of the week.
    public let weekStart: Int64
    /// The first day of the month.
    public let monthStart: Int64

    /// The periods that a moment is in.
    public init(at now: Timestamp) {
        day = Self.day(of: now)
        // 1 January 1970 was a Thursday.
        let weekday = (day + 3) % 7
        weekStart = day - (weekday < 0 ? weekday + 7 : weekday)
        let first = Timestamp(rfc3339: now.description.prefix(8) + "01T00:00:00Z")
        monthStart = first.map { Self.day(of: $0) } ?? day
    }

    /// The day that a moment is on.
    public static func day(of time: Timestamp) -> Int64 {
        let (days, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        return rest < 0 ? days - 1 : days
    }
}
