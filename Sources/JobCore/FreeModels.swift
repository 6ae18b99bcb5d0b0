public import Ledger

/// How many requests to free models a workspace may make.
///
/// Minutes and days are those of the clock, in UTC: both counts begin anew with the next one.
public struct FreeModelLimits: Sendable, Hashable {
    /// How many in a minute; nil for any number.
    public var perMinute: Int64?
    /// How many on a day; nil for any number.
    public var perDay: Int64?
    /// How many on a day for a workspace that has bought enough credits; nil for any number.
    public var perDayForPayers: Int64?
    /// How many credits are enough: bought ever, less what was taken back.
    public var enough: Credits

    /// Describes limits.
    public init(perMinute: Int64?, perDay: Int64?, perDayForPayers: Int64?, enough: Credits) {
        self.perMinute = perMinute
        self.perDay = perDay
        self.perDayForPayers = perDayForPayers
        self.enough = enough
    }

    /// How many requests a workspace may make on a day; nil for any number.
    public func perDay(bought: Credits) -> Int64? { bought >= enough ? perDayForPayers : perDay }

    /// Why a further request is refused; nil when it is not.
    ///
    /// - Parameters:
    ///   - use: What was made so far.
    ///   - bought: What the workspace has bought ever; asked only when it matters.
    ///   - now: The time.
    /// - Returns: The limit that is reached.
    /// - Throws: What `bought` throws.
    public func refusal(
        after use: FreeModelUse,
        bought: () throws -> Credits,
        at now: Timestamp
    ) rethrows -> FreeModelRefusal? {
        let fewest = [perDay, perDayForPayers].compactMap(\.self).min()
        if let fewest, use.today(at: now) >= fewest, let limit = perDay(bought: try bought()),
            use.today(at: now) >= limit
        {
            return FreeModelRefusal(limit: limit, period: .day, endsAt: FreeModelUse.endOfDay(now))
        }
        if let perMinute, use.thisMinute(at: now) >= perMinute {
            return FreeModelRefusal(limit: perMinute, period: .minute, endsAt: FreeModelUse.endOfMinute(now))
        }
        return nil
    }
}

/// How many requests to free models a workspace has made in the last minute and on the last day that had any.
public struct FreeModelUse: Sendable, Hashable {
    private static let minuteLength: Int64 = 60_000
    private static let dayLength: Int64 = 86_400_000

    /// The minute, counted from 1970.
    public private(set) var minute: Int64
    /// How many in it.
    public private(set) var minuteCount: Int64
    /// The day, counted from 1970.
    public private(set) var day: Int64
    /// How many on it.
    public private(set) var dayCount: Int64

    /// No request yet.
    public static let none = FreeModelUse(minute: 0, minuteCount: 0, day: 0, dayCount: 0)

    /// Describes the use as it is stored.
    public init(minute: Int64, minuteCount: Int64, day: Int64, dayCount: Int64) {
        self.minute = minute
        self.minuteCount = minuteCount
        self.day = day
        self.dayCount = dayCount
    }

    /// How many on the day of a time.
    public func today(at now: Timestamp) -> Int64 { day == UsagePeriods.day(of: now) ? dayCount : 0 }

    /// How many in the minute of a time.
    public func thisMinute(at now: Timestamp) -> Int64 { minute == Self.minute(of: now) ? minuteCount : 0 }

    /// The use with one more request.
    public func counting(oneAt now: Timestamp) -> FreeModelUse {
        FreeModelUse(
            minute: Self.minute(of: now),
            minuteCount: thisMinute(at: now) + 1,
            day: UsagePeriods.day(of: now),
            dayCount: today(at: now) + 1
        )
    }

    private static func minute(of time: Timestamp) -> Int64 {
        Int64((Double(time.milliseconds) / Double(minuteLength)).rounded(.down))
    }

    static func endOfMinute(_ now: Timestamp) -> Timestamp {
        Timestamp(milliseconds: (minute(of: now) + 1) * minuteLength)
    }

    static func endOfDay(_ now: Timestamp) -> Timestamp {
        Timestamp(milliseconds: (UsagePeriods.day(of: now) + 1) * dayLength)
    }
}

/// A limit on free models that is reached.
public struct FreeModelRefusal: Sendable, Hashable {
    /// What a limit is for.
    public enum Period: String, Sendable, Hashable {
        /// A minute.
        case minute
        /// A day.
        case day
    }

    /// How many are allowed.
    public let limit: Int64
    /// In which time.
    public let period: Period
    /// When that time is over.
    public let endsAt: Timestamp

    /// Describes a limit that is reached.
    public init(limit: Int64, period: Period, endsAt: Timestamp) {
        self.limit = limit
        self.period = period
        self.endsAt = endsAt
    }
}

/// What decides about a workspace's next request to a free model.
public struct FreeModelStanding: Sendable, Hashable {
    /// What was made so far.
    public let use: FreeModelUse
    /// What was bought ever, less what was taken back.
    public let bought: Credits

    /// Describes a standing.
    public init(use: FreeModelUse, bought: Credits) {
        self.use = use
        self.bought = bought
    }
}
