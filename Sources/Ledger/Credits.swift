/// An amount of prepaid credits, in billionths of a US dollar.
///
/// Arithmetic never wraps and never loses a unit: what does not fit is refused.
public struct Credits: Sendable, Hashable, Comparable {
    /// The amount in nano US dollars.
    public let nanoUSD: Int64

    /// Nothing.
    public static let zero = Credits(nanoUSD: 0)

    /// Makes an amount from nano US dollars.
    public init(nanoUSD: Int64) { self.nanoUSD = nanoUSD }

    /// Reads a decimal number of US dollars with at most nine places, such as `100` or `0.000000001`.
    ///
    /// Nil for anything else: exponents, spaces, more places, amounts beyond 9.2 billion.
    public init?(usd text: String) {
        guard let decimal = ExactDecimal(text), decimal.scale <= 9, let nano = decimal.scaled(toPlaces: 9) else {
            return nil
        }
        self.nanoUSD = nano
    }

    /// The sum, or a refusal when it does not fit.
    public func adding(_ other: Credits) throws(LedgerRefusal) -> Credits {
        let (sum, overflow) = nanoUSD.addingReportingOverflow(other.nanoUSD)
        guard !overflow else { throw .overflow }
        return Credits(nanoUSD: sum)
    }

    /// The difference, or a refusal when it does not fit.
    public func subtracting(_ other: Credits) throws(LedgerRefusal) -> Credits {
        let (difference, overflow) = nanoUSD.subtractingReportingOverflow(other.nanoUSD)
        guard !overflow else { throw .overflow }
        return Credits(nanoUSD: difference)
    }

    /// Compares the two amounts.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.nanoUSD < rhs.nanoUSD }
}

extension Credits: CustomStringConvertible {
    /// The amount in US dollars with all nine places: `0.400000000`.
    public var description: String {
        let digits = String(nanoUSD.magnitude)
        let padded = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        return (nanoUSD < 0 ? "-" : "") + padded.dropLast(9) + "." + padded.suffix(9)
    }
}

extension Credits: Codable {
    /// Reads the nano US dollars as a whole number.
    public init(from decoder: any Decoder) throws {
        self.nanoUSD = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes the nano US dollars as a whole number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoUSD)
    }
}

/// Why the ledger does not do what was asked.
///
/// Nothing has changed then.
public enum LedgerRefusal: Error, Sendable, Equatable {
    /// A result does not fit 64 bits.
    case overflow
    /// A hold was already settled or voided.
    case alreadyResolved
    /// A settlement above the hold.
    case exceedsHold(held: Credits, asked: Credits)
    /// An amount that must be positive is not.
    case notPositive
    /// The price list has no line for this usage.
    case noPrice(unit: String)
    /// A workspace has less than what is to be taken from it.
    case overdrawn(account: String)
    /// A correction by hand without a reason, or without anybody who made it.
    case unexplained
}
