package import Generation

/// Reads the JSON of a request's body, strictly and within bounds.
///
/// A library decoder would do for well-meant bodies. This one is for the others: it refuses depth bombs, a million
/// tiny values, repeated names, lone surrogates and broken UTF-8 while it reads, in words that say where, and costs
/// little more than the body's own length.
package struct JSONReader {
    /// How deep arrays and objects may be nested.
    package static let depthMax = 100
    /// How many values a body may hold.
    package static let valuesMax = 100_000
    /// The longest name of a member, in bytes.
    ///
    /// A dictionary normalizes its keys, at a cost that is quadratic in the marks on one letter.
    package static let nameBytesMax = 256
    private static let numberBytesMax = 400

    private let bytes: [UInt8]
    private var index = 0
    private var values = 0
    private var hasNUL = false

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a whole body.
    ///
    /// - Throws: `RequestProblem` with the offset in bytes, or the name of the member that holds a NUL character.
    package static func read(_ bytes: [UInt8]) throws(RequestProblem) -> JSONValue {
        guard !bytes.isEmpty else { throw problem("The body is empty; a JSON object is expected.") }
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw problem("The body starts with a byte order mark; send plain UTF-8.")
        }
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.unexpected("the end of the body") }
        guard reader.hasNUL else { return value }
        switch placeOfNUL(in: value) {
        case nil: return value
        case .name: throw problem("The name of a member contains a NUL character; remove it.")
        case .value(let path):
            let path = RequestProblem.shortened(path.first == "." ? String(path.dropFirst()) : path)
            throw RequestProblem(
                .invalidValue,
                field: path,
                "\(path.isEmpty ? "The body" : "`\(path)`") contains a NUL character; remove it."
            )
        }
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(RequestProblem) -> JSONValue {
        values += 1
        guard values <= Self.valuesMax else {
            throw Self.problem("The body holds more than \(Self.valuesMax) values.")
        }
        guard depth <= Self.depthMax else {
            throw Self.problem("The body is nested more than \(Self.depthMax) levels deep.")
        }
        skipSpace()
        switch peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): return try number()
        case _: throw unexpected("a value")
        }
    }

    private mutating func object(depth: Int) throws(RequestProblem) -> JSONValue {
        index += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw unexpected("a member's name in quotes") }
            let name = try string()
            guard name.utf8.count <= Self.nameBytesMax else {
                throw Self.problem(
                    "The body has a member whose name has \(name.utf8.count) bytes; at most \(Self.nameBytesMax) are allowed: \"\(RequestProblem.shortened(name))\"."
                )
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("a colon") }
            let member = try value(depth: depth + 1)
            guard members.updateValue(member, forKey: name) == nil else {
                throw Self.problem("The body names \(RequestProblem.shown(.string(name))) twice in one object.")
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw unexpected("a comma or a closing brace") }
        }
    }

    private mutating func array(depth: Int) throws(RequestProblem) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw unexpected("a comma or a closing bracket") }
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(RequestProblem) -> JSONValue {
        let end = index + text.utf8CodeUnitCount
        guard end <= bytes.count,
            text.withUTF8Buffer({ $0.elementsEqual(bytes[index..<end]) })
        else { throw unexpected("a value") }
        index = end
        return value
    }

    // MARK: Numbers

    private mutating func number() throws(RequestProblem) -> JSONValue {
        let start = index
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) {
            guard skipDigits() > 0 else { throw unexpected("a digit") }
        }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            guard skipDigits() > 0 else { throw unexpected("a digit") }
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isWhole = false
            index += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { index += 1 }
            guard skipDigits() > 0 else { throw unexpected("a digit") }
        }
        guard index - start <= Self.numberBytesMax else {
            throw Self.problem("The body holds a number of \(index - start) digits at byte \(start).")
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let whole = Int64(text) { return .integer(whole) }
        guard let number = Double(text), number.isFinite else {
            throw Self.problem("The body holds a number that is too large at byte \(start).")
        }
        return .number(number)
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while let byte = peek(), Self.isDigit(byte) { index += 1 }
        return index - start
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    // MARK: Strings

    /// Reads a string; the part without escapes, which is nearly all of a media payload, is taken in one piece.
    private mutating func string() throws(RequestProblem) -> String {
        index += 1
        let opening = index
        var unescaped: [UInt8] = []
        var start = index
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                let rest = bytes[start..<index]
                index += 1
                let text =
                    start == opening
                    ? String(validating: rest, as: UTF8.self) : String(validating: unescaped + rest, as: UTF8.self)
                guard let text else {
                    throw Self.problem("The body is not valid UTF-8: a string at byte \(opening) is broken.")
                }
                return text
            case UInt8(ascii: "\\"):
                unescaped += bytes[start..<index]
                try escape(into: &unescaped)
                start = index
            case 0..<0x20:
                throw Self.problem(
                    "The body is not valid JSON: a control character stands unescaped in a string at byte \(index)."
                )
            case _: index += 1
            }
        }
        throw Self.problem("The body is not valid JSON: the string at byte \(opening - 1) does not end.")
    }

    private mutating func escape(into text: inout [UInt8]) throws(RequestProblem) {
        index += 1
        guard let letter = peek() else { throw unexpected("an escape") }
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += Array(String(try escapedScalar()).utf8)
        case _:
            index -= 1
            throw unexpected("an escape")
        }
    }

    private mutating func escapedScalar() throws(RequestProblem) -> Character {
        let start = index - 2
        var code = UInt32(try hexUnit())
        if (0xD800...0xDBFF).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = UInt32(try hexUnit())
            // Anything but the other half leaves `code` a lone surrogate, refused below.
            if (0xDC00...0xDFFF).contains(low) { code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00) }
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw Self.problem("The body is not valid JSON: a lone surrogate is escaped at byte \(start).")
        }
        if code == 0 { hasNUL = true }
        return Character(scalar)
    }

    private mutating func hexUnit() throws(RequestProblem) -> UInt16 {
        guard index + 4 <= bytes.count,
            bytes[index..<index + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw unexpected("four hexadecimal digits") }
        index += 4
        return unit
    }

    // MARK: Bytes

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    // MARK: Problems

    private func unexpected(_ wanted: String) -> RequestProblem {
        let found = index < bytes.count ? "something else" : "the end of the body"
        return Self.problem("The body is not valid JSON: \(wanted) is expected at byte \(index), not \(found).")
    }

    private static func problem(_ message: String) -> RequestProblem {
        RequestProblem(.invalidValue, field: "", message)
    }

    /// Where a NUL character stands.
    private enum PlaceOfNUL {
        case name
        /// In a string, by its path; a member's name has a dot before it.
        case value(path: String)

        func inside(_ step: String) -> PlaceOfNUL {
            switch self {
            case .name: self
            case .value(let path): .value(path: step + path)
            }
        }
    }

    /// The place of the first NUL; the path is built on the way out, so that what holds none costs nothing.
    private static func placeOfNUL(in value: JSONValue) -> PlaceOfNUL? {
        switch value {
        case .null, .bool, .integer, .number: return nil
        case .string(let text): return text.utf8.contains(0) ? .value(path: "") : nil
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let found = placeOfNUL(in: element) { return found.inside("[\(index)]") }
            }
            return nil
        case .object(let members):
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                if name.utf8.contains(0) { return .name }
                if let found = placeOfNUL(in: member) { return found.inside(".\(name)") }
            }
            return nil
        }
    }
}
