package import Generation
package import JobCore
package import Ledger

/// Writes JSON byte by byte, without reflection and without a tree: what hot paths answer with.
///
/// The caller sees to the pairing of `begin` and `end`; commas come by themselves.
package struct JSONWriter {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Starts with room for so many bytes.
    package init(capacity: Int = 1_024) { bytes.reserveCapacity(capacity) }

    /// What was written so far, as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Structure

    /// Opens an object.
    package mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    /// Closes an object.
    package mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Opens an array.
    package mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    /// Closes an array.
    package mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Names the next member.
    ///
    /// The name must not need escaping.
    package mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Names the next member with a name that came from outside.
    package mutating func key(escaping name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    /// Writes `null`.
    package mutating func null() { literal("null") }

    /// Writes `true` or `false`.
    package mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

    /// Writes a whole number.
    package mutating func integer(_ value: some BinaryInteger) {
        separate()
        digits(String(value))
    }

    /// Writes a number; one that JSON has no form for becomes null.
    package mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        digits(value.description)
    }

    /// Writes thousandths as a decimal number: 5042 as `5.042`, 5000 as `5`.
    package mutating func thousandths(_ value: Int64) {
        separate()
        digits(String(value / 1_000))
        var rest = Int(value % 1_000)
        guard rest != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        for place in [100, 10, 1] where rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / place))
            rest %= place
        }
    }

    /// Writes an amount of US dollars as a number, to its last place: `0.4`, `2`.
    package mutating func dollars(_ amount: Credits) {
        separate()
        var text = amount.description[...]
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        digits(String(text))
    }

    /// Writes US dollars as a decimal number, or null.
    package mutating func dollars(_ value: Credits?) {
        if let value { dollars(value) } else { null() }
    }

    /// Writes a number that is there as its digits, in the form of JSON.
    package mutating func number(exactly text: String) {
        separate()
        digits(text)
    }

    /// Writes a string.
    package mutating func string(_ value: String) {
        separate()
        quote(value)
    }

    /// Writes a word of ours that needs no escaping.
    package mutating func word(_ value: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        value.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a string, or null.
    package mutating func string(_ value: String?) {
        if let value { string(value) } else { null() }
    }

    /// Writes a whole number, or null.
    package mutating func integer(_ value: (some BinaryInteger)?) {
        if let value { integer(value) } else { null() }
    }

    /// Writes a number, or null.
    package mutating func number(_ value: Double?) {
        if let value { number(value) } else { null() }
    }

    /// Writes a point in time, or null.
    package mutating func time(_ value: Timestamp?) { string(value?.description) }

    /// Writes any JSON value, the members of objects sorted.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let whole): integer(whole)
        case .number(let number): self.number(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                key(escaping: name)
                self.value(member)
            }
            endObject()
        }
    }

    // MARK: Bytes

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func literal(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func digits(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x20...: bytes.append(byte)
            case UInt8(ascii: "\n"): escape(UInt8(ascii: "n"))
            case UInt8(ascii: "\r"): escape(UInt8(ascii: "r"))
            case UInt8(ascii: "\t"): escape(UInt8(ascii: "t"))
            case _:
                escape(UInt8(ascii: "u"))
                bytes.append(contentsOf: [UInt8(ascii: "0"), UInt8(ascii: "0")])
                bytes.append(Self.hexDigits[Int(byte >> 4)])
                bytes.append(Self.hexDigits[Int(byte & 15)])
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ letter: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(letter)
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
