/// Identifies one job: a UUID in version 7 layout, so that ids sort by time.
///
/// Shown as `job_` and 26 characters of lower-case Crockford base32.
public struct JobID: Sendable, Hashable, Comparable {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// Makes an identifier from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes an identifier from 16 bytes; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        self.low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The 16 bytes.
    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
    }

    /// Sorts by time.
    public static func < (lhs: Self, rhs: Self) -> Bool { (lhs.high, lhs.low) < (rhs.high, rhs.low) }
}

extension JobID: CustomStringConvertible, Codable {
    private static let prefix = "job_"
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// The text form, such as `job_01jd9f0q8v7k2m3n4p5q6r7s8t`.
    public var description: String {
        let value = UInt128(high) << 64 | UInt128(low)
        let characters = (0..<26).map { Self.alphabet[Int(truncatingIfNeeded: value >> (5 * (25 - $0))) & 31] }
        return Self.prefix + String(decoding: characters, as: UTF8.self)
    }

    /// Reads the text form; nil for anything that `description` would not print.
    public init?(_ text: String) {
        guard text.utf8.count == 30, text.hasPrefix(Self.prefix) else { return nil }
        var value: UInt128 = 0
        for (index, character) in text.utf8.dropFirst(4).enumerated() {
            guard let digit = Self.alphabet.firstIndex(of: character), index > 0 || digit < 8 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        self.init(high: UInt64(truncatingIfNeeded: value >> 64), low: UInt64(truncatingIfNeeded: value))
    }

    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = JobID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a job id")
        }
        self = id
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Where a job is served: a model at a provider instance with one credential account.
///
/// An attempt pins all three.
public struct EndpointID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The model's slug.
    public let model: String
    /// The provider instance's slug.
    public let provider: String
    /// The account's name; never a secret.
    public let account: String

    /// Names an endpoint.
    public init(model: String, provider: String, account: String) {
        self.model = model
        self.provider = provider
        self.account = account
    }

    /// `provider/account: model`.
    public var description: String { "\(provider)/\(account): \(model)" }
}

/// What shares one slot limit and one rate budget: usually one account and model.
public struct Lane: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The name under which the lane is stored.
    public let name: String

    /// Names a lane.
    public init(_ name: String) { self.name = name }

    /// The name.
    public var description: String { name }
}

/// A worker process: a random name per start, never a host name, so that a restarted one is another.
public struct WorkerID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The name.
    public let name: String

    /// Names a worker.
    public init(_ name: String) { self.name = name }

    /// The name.
    public var description: String { name }
}

/// A point in time, in whole milliseconds since 1970 (UTC).
public struct Timestamp: Sendable, Hashable, Comparable, Codable {
    /// Milliseconds since 1970.
    public let milliseconds: Int64

    /// Makes a point in time.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Earlier before later.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.milliseconds < rhs.milliseconds }

    /// The point `seconds` later; far ends are clamped.
    public func adding(seconds: Double) -> Timestamp {
        let delta = max(-9e15, min(9e15, seconds * 1_000))
        let (sum, overflow) = milliseconds.addingReportingOverflow(Int64(delta.rounded()))
        return Timestamp(milliseconds: overflow ? (delta < 0 ? Int64.min : Int64.max) : sum)
    }

    /// How many seconds after `earlier` this is; negative when before.
    public func seconds(since earlier: Timestamp) -> Double {
        Double(milliseconds) / 1_000 - Double(earlier.milliseconds) / 1_000
    }

    /// Reads the milliseconds.
    public init(from decoder: any Decoder) throws {
        self.milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes the milliseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-21T09:30:00.000Z`.
    public var description: String {
        let (days, rest) = milliseconds.flooredDivision(by: 86_400_000)
        let (year, month, day) = Self.civil(fromDays: days)
        func pad(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(rest / 3_600_000, 2)):"
            + "\(pad(rest / 60_000 % 60, 2)):\(pad(rest / 1_000 % 60, 2)).\(pad(rest % 1_000, 3))Z"
    }

    /// Reads RFC 3339: `2026-11-21T09:30:00Z`, with an optional fraction and any offset.
    ///
    /// Nil for anything else.
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        func number(_ from: Int, _ count: Int) -> Int64? {
            guard from + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[from..<from + count] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            return value
        }
        guard bytes.count >= 20, bytes[4] == 45, bytes[7] == 45, bytes[10] == 84 || bytes[10] == 116,
            bytes[13] == 58, bytes[16] == 58,
            let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
            let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var position = 19
        var fraction: Int64 = 0
        if bytes[position] == 46 {
            position += 1
            let start = position
            while position < bytes.count, (48...57).contains(bytes[position]) {
                if position - start < 3 { fraction = fraction * 10 + Int64(bytes[position] - 48) }
                position += 1
            }
            guard position > start else { return nil }
            for _ in min(3, position - start)..<3 { fraction *= 10 }
        }
        guard position < bytes.count else { return nil }
        var offset: Int64 = 0
        switch bytes[position] {
        case 90, 122: guard position + 1 == bytes.count else { return nil }
        case 43, 45:
            guard position + 6 == bytes.count, bytes[position + 3] == 58, let hours = number(position + 1, 2),
                let minutes = number(position + 4, 2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[position] == 43 ? 1 : -1)
        case _: return nil
        }
        let days = Self.days(fromYear: year, month: month, day: day)
        guard Self.civil(fromDays: days) == (year, month, day) else { return nil }
        self.milliseconds = ((days * 24 + hour) * 60 + minute - offset) * 60_000 + second * 1_000 + fraction
    }

    /// Days since 1970 of a date in the proleptic Gregorian calendar, counted in eras of 400 years from 1 March.
    private static func days(fromYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shifted.flooredDivision(by: 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
