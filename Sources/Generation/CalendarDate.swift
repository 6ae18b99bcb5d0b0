/// A day, written `2026-09-24`; it begins at 00:00 UTC.
public struct CalendarDate: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    private let days: Int64
    /// As it was written.
    public let description: String

    /// Reads `YYYY-MM-DD`; nil for anything that is no day of the years 1970 to 9999.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
            (1_970...9_999).contains(year), (1...12).contains(month)
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[Int(month) - 1]).contains(day) else { return nil }
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400 - 477
        days = (year - 1_970) * 365 + leapDays + lengths.prefix(Int(month) - 1).reduce(0, +) + day - 1
        description = text
    }

    /// When the day begins, in milliseconds since 1970.
    public var startMilliseconds: Int64 { days * 86_400_000 }

    /// The earlier day first.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.days < rhs.days }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no day such as 2026-09-24")
        }
        self = date
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// What a provider does with what it is sent, as far as it says so.
public struct DataPolicy: Sendable, Hashable {
    /// Whether it keeps nothing of a request once that is over.
    public var zeroRetention: Bool
    /// For how many days it keeps requests or results; nil when it does not say.
    public var retentionDays: Int?
    /// Whether it trains models on requests; nil when it does not say.
    public var trainsOnInputs: Bool?
    /// Where this is written: document and date.
    public var source: String

    /// Whether it is known not to train on what it is sent.
    public var keepsInputsToItself: Bool { zeroRetention || trainsOnInputs == false }

    /// Describes a policy.
    public init(zeroRetention: Bool, retentionDays: Int?, trainsOnInputs: Bool?, source: String) {
        self.zeroRetention = zeroRetention
        self.retentionDays = retentionDays
        self.trainsOnInputs = trainsOnInputs
        self.source = source
    }
}
