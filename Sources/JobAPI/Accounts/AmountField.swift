import Generation
import Ledger

/// Amounts of US dollars as OpenRouter's wire has them: numbers, which are read as the decimals that their author wrote.
extension FieldReader {
    /// The most that any limit can be: a thousand million US dollars.
    static let amountMax = Credits(nanoUSD: 1_000_000_000_000_000_000)

    /// An amount of US dollars; nil when it is absent or null.
    ///
    /// - Parameters:
    ///   - name: The member's name.
    ///   - mayBeZero: Whether nothing is an amount here.
    /// - Returns: The amount.
    /// - Throws: `invalidValue`, with the value and what is allowed.
    mutating func dollars(_ name: String, mayBeZero: Bool) throws(RequestProblem) -> Credits? {
        guard let value = value(name) else { return nil }
        let field = path(of: name)
        let text: String?
        switch value {
        case .integer(let whole): text = String(whole)
        case .number(let number): text = number.decimalText
        case .null, .bool, .string, .array, .object:
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` must be a number of US dollars, not \(value.typeName)."
            )
        }
        let amount = text.flatMap { Credits(usd: $0) }
        guard let amount, amount <= Self.amountMax, mayBeZero ? amount >= .zero : amount > .zero else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` is \(RequestProblem.shown(value)); allowed: US dollars \(mayBeZero ? "from 0" : "above 0") to 1000000000, with at most nine decimals."
            )
        }
        return amount
    }
}

extension Double {
    /// The number as the decimal that it was read from; nil when it has more digits than a number in JSON carries exactly.
    ///
    /// A decimal of at most 15 digits is the shortest one that is read as its number, so it is told back as it was
    /// written. No arithmetic is done with the number.
    var decimalText: String? {
        guard isFinite else { return nil }
        let parts = description.split(separator: "e")
        let exponent = parts.count == 2 ? Int(parts[1]) : 0
        guard let mantissa = parts.first, let exponent, abs(exponent) < 40 else { return nil }
        let isNegative = mantissa.hasPrefix("-")
        let sides = mantissa.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        let whole = sides.first ?? "0"
        let fraction = sides.count == 2 && sides[1] != "0" ? sides[1] : ""
        var digits = String(whole + fraction)
        guard digits.drop(while: { $0 == "0" }).count <= 15 else { return nil }
        var places = fraction.count - exponent
        if places < 0 {
            digits += String(repeating: "0", count: -places)
            places = 0
        }
        digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let end = digits.dropLast(places)
        return (isNegative ? "-" : "") + end + (places > 0 ? "." + digits.suffix(places) : "")
    }
}

extension Credits {
    /// The amount with two places, or with as many as it has: `500.00`, `0.125`.
    var inCents: String {
        var text = description
        while text.hasSuffix("0"), text.suffix(3).first != "." { text.removeLast() }
        return text
    }
}
