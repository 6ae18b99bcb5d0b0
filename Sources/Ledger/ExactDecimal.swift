/// An exact decimal number: `mantissa / 10^scale`, with up to 15 places.
///
/// Unit prices and measured quantities are kept in this form; no floating point comes near money.
public struct ExactDecimal: Sendable, Hashable {
    /// The digits.
    public let mantissa: Int64
    /// How many of them stand after the point; 0 to 15.
    public let scale: Int

    /// The most places a number may have.
    public static let scaleMax = 15

    /// Makes a whole number.
    public init(_ whole: Int64) {
        self.mantissa = whole
        self.scale = 0
    }

    /// Makes `mantissa / 10^scale`; nil for a scale outside 0 to 15.
    public init?(mantissa: Int64, scale: Int) {
        guard (0...Self.scaleMax).contains(scale) else { return nil }
        self.mantissa = mantissa
        self.scale = scale
    }

    /// Makes thousandths, such as measured milliseconds as seconds.
    public static func thousandths(_ value: Int64) -> ExactDecimal {
        ExactDecimal(mantissa: value, scale: 3) ?? ExactDecimal(0)
    }

    /// Minutes, to nine places, what lies between rounded up.
    public static func minutes(ofMilliseconds value: Int64) -> ExactDecimal {
        let mantissa = (Int128(value) * 1_000_000_000 + 59_999) / 60_000
        return ExactDecimal(mantissa: Int64(clamping: mantissa), scale: 9) ?? ExactDecimal(0)
    }

    /// Reads digits with an optional sign and point: `5`, `-0.125`.
    ///
    /// Nil for anything else.
    public init?(_ text: String) {
        var rest = Substring(text)
        let negative = rest.hasPrefix("-")
        if negative { rest = rest.dropFirst() }
        let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty else { return nil }
        let places = parts.count == 2 ? parts[1] : ""
        guard parts.count == 1 || !places.isEmpty, places.count <= Self.scaleMax else { return nil }
        var mantissa: Int64 = 0
        for character in whole + places {
            guard character.isASCII, let digit = character.wholeNumberValue else { return nil }
            let (shifted, tooLarge) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, tooMuch) = shifted.addingReportingOverflow(Int64(digit))
            guard !tooLarge, !tooMuch else { return nil }
            mantissa = sum
        }
        self.mantissa = negative ? -mantissa : mantissa
        self.scale = places.count
    }

    /// The mantissa at exactly `places` places; nil when digits would be lost or it does not fit.
    public func scaled(toPlaces places: Int) -> Int64? {
        guard places >= scale else {
            let divisor = Int128(10).power(scale - places)
            guard Int128(mantissa) % divisor == 0 else { return nil }
            return Int64(exactly: Int128(mantissa) / divisor)
        }
        guard places - scale <= 18 else { return nil }
        return Int64(exactly: Int128(mantissa) * Int128(10).power(places - scale))
    }

    /// Whether the number is greater than another one, however either is written: `1.0` does not exceed `1`.
    public func exceeds(_ other: ExactDecimal) -> Bool {
        let places = max(scale, other.scale)
        // At most 15 places are added to 64 bits: it fits.
        return Int128(mantissa) * Int128(10).power(places - scale)
            > Int128(other.mantissa) * Int128(10).power(places - other.scale)
    }

    /// None.
    public static let zero = ExactDecimal(0)

    /// The number less another one, exactly.
    ///
    /// - Throws: `overflow` when it does not fit.
    public func subtracting(_ other: ExactDecimal) throws(LedgerRefusal) -> ExactDecimal {
        let places = max(scale, other.scale)
        // At most 15 places are added to 64 bits: it fits.
        let difference =
            Int128(mantissa) * Int128(10).power(places - scale)
            - Int128(other.mantissa) * Int128(10).power(places - other.scale)
        guard let fitting = Int64(exactly: difference), let result = ExactDecimal(mantissa: fitting, scale: places)
        else { throw .overflow }
        return result
    }

    /// The number times `price`, in nano US dollars, computed in 128 bits and rounded once.
    public func amount(at price: ExactDecimal, rounding: Rounding) throws(LedgerRefusal) -> Credits {
        let product = Int128(mantissa) * Int128(price.mantissa)
        let places = scale + price.scale
        let nano: Int128
        if places <= 9 {
            let (shifted, overflow) = product.multipliedReportingOverflow(by: Int128(10).power(9 - places))
            guard !overflow else { throw .overflow }
            nano = shifted
        } else {
            nano = rounding.divide(product, by: Int128(10).power(places - 9))
        }
        guard let fitting = Int64(exactly: nano) else { throw .overflow }
        return Credits(nanoUSD: fitting)
    }

    /// How what lies between two nano-dollars is rounded.
    public enum Rounding: Sendable {
        /// To the nearer one; halves to the even one. Bills and quotes.
        case halfToEven
        /// Away from zero. Holds.
        case up

        func divide(_ value: Int128, by divisor: Int128) -> Int128 {
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
            guard remainder != 0 else { return quotient }
            let step: Int128 = value < 0 ? -1 : 1
            switch self {
            case .up: return quotient + step
            case .halfToEven:
                let twice = remainder.magnitude * 2
                let away = twice > divisor.magnitude || (twice == divisor.magnitude && quotient % 2 != 0)
                return away ? quotient + step : quotient
            }
        }
    }
}

extension ExactDecimal: CustomStringConvertible {
    /// The digits with a point where places are kept: `0.0125`.
    public var description: String {
        guard scale > 0 else { return String(mantissa) }
        let digits = String(mantissa.magnitude)
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return (mantissa < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
    }
}

extension ExactDecimal: Codable {
    /// Reads the decimal text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = ExactDecimal(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a decimal number")
        }
        self = value
    }

    /// Writes the decimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Int128 {
    fileprivate func power(_ exponent: Int) -> Int128 {
        var result: Int128 = 1
        for _ in 0..<exponent { result *= self }
        return result
    }
}
