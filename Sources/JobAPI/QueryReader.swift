import HTTPTypes

/// Reads the parameters of a URL's query strictly, and knows which were not read.
///
/// Names and values are percent-decoded. A name that comes twice, broken escapes, and parameters that nobody reads are
/// refused: a mistyped filter must not silently list everything.
struct QueryReader {
    private var parameters: [String: String] = [:]
    private var known: [String] = []

    /// Starts reading what stands after the question mark.
    ///
    /// - Throws: `APIError` with status 400.
    init(_ query: String?) throws(APIError) {
        for part in (query ?? "").split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = sides.first.flatMap(Self.decoded), !name.isEmpty,
                let value = sides.count == 2 ? Self.decoded(sides[1]) : ""
            else {
                throw APIError(.badRequest, reason: "invalid_value", "The query of the URL is not properly encoded.")
            }
            guard !value.utf8.contains(0) else {
                throw APIError.invalid(name, "The query parameter `\(name)` contains a NUL character; remove it.")
            }
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw APIError.invalid(name, "The query parameter `\(name)` is given twice.")
            }
        }
    }

    /// The value of a parameter, or nil when it is absent.
    mutating func string(_ name: String) -> String? {
        known.append(name)
        return parameters[name]
    }

    /// A whole number in a range.
    mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(APIError) -> Int64? {
        guard let text = string(name) else { return nil }
        guard let value = Self.wholeNumber(text), range.contains(value) else {
            throw APIError.invalid(
                name,
                "`\(name)` must be a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }

    /// A number in a range, written as in JSON.
    mutating func number(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Double? {
        guard let text = string(name) else { return nil }
        guard text.utf8.count <= 40, text.utf8.first.map({ (48...57).contains($0) }) == true,
            text.utf8.allSatisfy({ (48...57).contains($0) || ".eE+-".utf8.contains($0) }),
            let value = Double(text), value >= Double(range.lowerBound), value <= Double(range.upperBound)
        else {
            throw APIError.invalid(
                name,
                "`\(name)` must be a number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }

    /// Refuses the first parameter that nobody has read.
    func finish() throws(APIError) {
        guard let name = parameters.keys.sorted().first(where: { !known.contains($0) }) else { return }
        let shown = name.count <= 40 ? "`\(name)`" : "of \(name.count) characters"
        throw APIError(
            .badRequest,
            reason: "unknown_parameter",
            param: name.count <= 40 ? name : nil,
            known.isEmpty
                ? "Unknown query parameter \(shown); none is known here."
                : "Unknown query parameter \(shown); known here: \(known.joined(separator: ", "))."
        )
    }

    /// Digits alone, so that `+5`, `0x5` and ` 5` are none.
    static func wholeNumber(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// A name or value without its escapes; nil when they are broken.
    static func decoded(_ text: Substring) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case _: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        case _: nil
        }
    }
}
