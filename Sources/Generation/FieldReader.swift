/// Reads the members of one JSON object strictly, and knows which were not read.
///
/// Every accessor answers nil for an absent member or `null`, and throws a `RequestProblem` that names the field for a
/// member of the wrong type or outside its range. After the last field, `finish()` refuses members nobody asked for.
public struct FieldReader {
    private let members: [String: JSONValue]
    private let path: String
    private var read: Set<String> = []

    /// The longest text that is compared with a list of words, in bytes.
    ///
    /// Comparing strings normalizes them, at a cost that is quadratic in the marks on one letter.
    private static let wordBytesMax = 64

    /// Starts reading `value`, which must be an object.
    ///
    /// - Parameters:
    ///   - value: The object.
    ///   - path: Its path from the body's root; empty for the body itself.
    /// - Throws: `invalidValue` when `value` is no object.
    public init(_ value: JSONValue, path: String = "") throws(RequestProblem) {
        guard case .object(let members) = value else {
            let subject = path.isEmpty ? "The body" : "`\(path)`"
            throw RequestProblem(.invalidValue, field: path, "\(subject) must be a JSON object, not \(value.typeName).")
        }
        self.members = members
        self.path = path
    }

    /// The path of a member, for messages: shortened when it is long.
    public func path(of name: String) -> String {
        RequestProblem.shortened(path.isEmpty ? name : "\(path).\(name)")
    }

    /// The member as it was sent; nil when it is absent or null.
    public mutating func value(_ name: String) -> JSONValue? {
        read.insert(name)
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    /// A string of at most `charactersMax` Unicode scalars, without NUL.
    public mutating func string(_ name: String, charactersMax: Int = 4_096) throws(RequestProblem) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { throw wrongType(name, value, "a string") }
        var count = 0
        for scalar in text.unicodeScalars {
            count += 1
            if scalar.value == 0 {
                throw RequestProblem(
                    .invalidValue,
                    field: path(of: name),
                    "`\(path(of: name))` contains a NUL character; remove it."
                )
            }
        }
        guard count <= charactersMax else {
            throw RequestProblem(
                .invalidValue,
                field: path(of: name),
                "`\(path(of: name))` has \(count) characters; at most \(charactersMax) are allowed."
            )
        }
        return text
    }

    /// A string that must be there and must not be empty.
    public mutating func requiredString(
        _ name: String,
        charactersMax: Int = 4_096
    ) throws(RequestProblem) -> String {
        guard let text = try string(name, charactersMax: charactersMax) else {
            throw RequestProblem(.missingField, field: path(of: name), "`\(path(of: name))` is required: a string.")
        }
        guard !text.isEmpty else {
            throw RequestProblem(.invalidValue, field: path(of: name), "`\(path(of: name))` must not be empty.")
        }
        return text
    }

    /// One of a closed list of words.
    public mutating func word<Word: RawRepresentable & CaseIterable>(
        _ name: String,
        as type: Word.Type
    ) throws(RequestProblem) -> Word? where Word.RawValue == String {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { throw wrongType(name, value, "a string") }
        guard text.utf8.count <= Self.wordBytesMax, let word = Word(rawValue: text) else {
            throw RequestProblem(
                .invalidValue,
                field: path(of: name),
                "`\(path(of: name))` is \(RequestProblem.shown(value)); allowed: \(RequestProblem.list(Word.allCases.map(\.rawValue)))."
            )
        }
        return word
    }

    /// A whole number in a range.
    public mutating func integer(
        _ name: String,
        in range: ClosedRange<Int64> = Int64.min...Int64.max
    ) throws(RequestProblem) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.wholeNumber else { throw wrongType(name, value, "a whole number") }
        guard range.contains(number) else {
            throw RequestProblem(
                .invalidValue,
                field: path(of: name),
                "`\(path(of: name))` is \(number); allowed: \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return number
    }

    /// A number in a range.
    public mutating func number(_ name: String, in range: ClosedRange<Double>) throws(RequestProblem) -> Double? {
        guard let value = value(name) else { return nil }
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .number(let fraction): number = fraction
        case .null, .bool, .string, .array, .object: throw wrongType(name, value, "a number")
        }
        guard range.contains(number) else {
            throw RequestProblem(
                .invalidValue,
                field: path(of: name),
                "`\(path(of: name))` is \(RequestProblem.shown(value)); allowed: \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return number
    }

    /// `true` or `false`.
    public mutating func bool(_ name: String) throws(RequestProblem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let flag) = value else { throw wrongType(name, value, "true or false") }
        return flag
    }

    /// The elements of an array of at most `countMax`, each with its path.
    public mutating func array(
        _ name: String,
        countMax: Int
    ) throws(RequestProblem) -> [(value: JSONValue, path: String)]? {
        guard let value = value(name) else { return nil }
        guard case .array(let elements) = value else { throw wrongType(name, value, "an array") }
        guard elements.count <= countMax else {
            throw RequestProblem(
                .invalidValue,
                field: path(of: name),
                "`\(path(of: name))` has \(elements.count) elements; at most \(countMax) are allowed."
            )
        }
        let here = path(of: name)
        return elements.enumerated().map { ($0.element, "\(here)[\($0.offset)]") }
    }

    /// A reader for a member that is an object.
    public mutating func object(_ name: String) throws(RequestProblem) -> FieldReader? {
        guard let value = value(name) else { return nil }
        return try FieldReader(value, path: path(of: name))
    }

    /// The members that nobody has read, sorted.
    public var unread: [String] { members.keys.filter { !read.contains($0) }.sorted() }

    /// Refuses the first member that nobody has read.
    ///
    /// - Throws: `unknownField`, with the fields that exist.
    public func finish() throws(RequestProblem) {
        guard let name = unread.first else { return }
        throw RequestProblem(
            .unknownField,
            field: path(of: name),
            "Unknown field `\(path(of: name))`; known here: \(RequestProblem.list(read.sorted()))."
        )
    }

    private func wrongType(_ name: String, _ value: JSONValue, _ wanted: String) -> RequestProblem {
        RequestProblem(
            .invalidValue,
            field: path(of: name),
            "`\(path(of: name))` must be \(wanted), not \(value.typeName)."
        )
    }
}
