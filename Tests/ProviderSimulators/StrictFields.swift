import Foundation
import Generation
import MediaInspection

/// What is wrong with one field of a body; each wire says it in its own form.
struct FieldComplaint: Error {
    let field: String
    let words: String
}

/// The members of one object of a body, read as strictly as a service reads them: `null` is absent, anything else must be
/// right, and what nobody reads is refused at the end.
struct StrictFields {
    private let members: [String: JSONValue]
    private var read: Set<String> = []

    init(_ value: JSONValue?, _ field: String = "body") throws(FieldComplaint) {
        guard case .object(let members)? = value else { throw FieldComplaint(field: field, words: "must be an object") }
        self.members = members.filter { $0.value != .null }
    }

    mutating func value(_ name: String) -> JSONValue? {
        read.insert(name)
        return members[name]
    }

    mutating func string(_ name: String, most: Int = .max) throws(FieldComplaint) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw FieldComplaint(field: name, words: "must be a string") }
        guard text.utf16.count <= most else {
            throw FieldComplaint(field: name, words: "must have at most \(most) characters")
        }
        return text
    }

    /// A text that must be there.
    mutating func text(_ name: String, most: Int = .max) throws(FieldComplaint) -> String {
        guard let text = try string(name, most: most), !text.isEmpty else {
            throw FieldComplaint(field: name, words: "is required")
        }
        return text
    }

    mutating func word(_ name: String, of words: [String]) throws(FieldComplaint) -> String? {
        guard let text = try string(name) else { return nil }
        guard words.contains(text) else {
            throw FieldComplaint(field: name, words: "must be one of \(words.joined(separator: ", "))")
        }
        return text
    }

    mutating func bool(_ name: String) throws(FieldComplaint) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolValue else { throw FieldComplaint(field: name, words: "must be a boolean") }
        return flag
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(FieldComplaint) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.integerValue, range.contains(number) else {
            throw FieldComplaint(
                field: name,
                words: "must be an integer between \(range.lowerBound) and \(range.upperBound)"
            )
        }
        return number
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(FieldComplaint) -> Double? {
        guard let value = value(name) else { return nil }
        let number: Double? =
            switch value {
            case .integer(let whole): Double(whole)
            case .number(let fraction): fraction
            case .null, .bool, .string, .array, .object: nil
            }
        guard let number, range.contains(number) else {
            throw FieldComplaint(
                field: name,
                words: "must be a number between \(range.lowerBound) and \(range.upperBound)"
            )
        }
        return number
    }

    mutating func array(_ name: String, most: Int) throws(FieldComplaint) -> [JSONValue] {
        guard let value = value(name) else { return [] }
        guard case .array(let items) = value, items.count <= most else {
            throw FieldComplaint(field: name, words: "must be an array of at most \(most)")
        }
        return items
    }

    /// Refuses what nobody has read.
    func finish() throws(FieldComplaint) {
        guard let name = members.keys.sorted().first(where: { !read.contains($0) }) else { return }
        throw FieldComplaint(field: name, words: "is not known")
    }

    /// The size of a picture in a `data:` URL; of one behind a URL none is known.
    static func picture(
        _ text: String,
        _ field: String,
        bytesMax: Int = 20_000_000
    ) throws(FieldComplaint) -> PixelSize? {
        if text.hasPrefix("https://") { return nil }
        guard text.hasPrefix("data:image/"), let comma = text.firstIndex(of: ","),
            text[..<comma].hasSuffix(";base64"),
            let bytes = Data(base64Encoded: String(text[text.index(after: comma)...])),
            let size = try? MediaInspector.imageDimensions(Array(bytes), pixelLimit: .max)
        else { throw FieldComplaint(field: field, words: "is no picture") }
        guard bytes.count < bytesMax else { throw FieldComplaint(field: field, words: "is too large") }
        return PixelSize(width: size.width, height: size.height)
    }
}
