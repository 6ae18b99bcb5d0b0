import Generation

/// A JSON Schema (2020-12) and the named schemas that it refers to.
///
/// A reference is made by using the value (`.object(["job": .job])`), never by writing a name down, so none can lead
/// nowhere.
struct Schema: Sendable {
    private(set) var json: [String: JSONValue]
    /// All named schemas that it refers to, directly or not.
    private(set) var named: [String: JSONValue] = [:]

    private init(_ json: [String: JSONValue?], uses: [Schema] = []) {
        self.json = json.compactMapValues { $0 }
        for schema in uses { use(schema.named) }
    }

    private mutating func use(_ others: [String: JSONValue]) {
        named.merge(others) { one, other in
            precondition(one == other, "two schemas have one name")
            return one
        }
    }

    /// Any value.
    static let any = Schema([:])

    // MARK: Names

    /// A schema that stands in the document under a name and is referred to by it.
    static func named(_ name: String, _ schema: Schema) -> Schema {
        var reference = Schema(["$ref": .string("#/components/schemas/\(name)")], uses: [schema])
        reference.use([name: .object(schema.json)])
        return reference
    }

    // MARK: Simple values

    /// A text; lengths count Unicode scalars.
    static func string(
        min: Int? = nil,
        max: Int? = nil,
        pattern: String? = nil,
        format: String? = nil
    ) -> Schema {
        Schema([
            "type": "string", "minLength": min.map(Self.whole), "maxLength": max.map(Self.whole),
            "pattern": pattern.map(JSONValue.string), "format": format.map(JSONValue.string),
        ])
    }

    /// A text that a client hands in: no NUL character, and not longer than `max`.
    static func text(min: Int? = nil, max: Int? = nil) -> Schema {
        string(min: min, max: max, pattern: "^[^\\u0000]*$")
    }

    /// One of some words.
    static func word(_ words: [String]) -> Schema {
        Schema(["type": "string", "enum": .array(words.map(JSONValue.string))])
    }

    /// One of the raw values of a type.
    static func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type) -> Schema
    where Word.RawValue == String { word(Word.allCases.map(\.rawValue)) }

    /// A switch that cannot be switched on.
    static let onlyFalse = Schema(["type": "boolean", "enum": [false]])

    /// This text and no other.
    static func const(_ text: String) -> Schema { Schema(["type": "string", "const": .string(text)]) }

    /// `true` or `false`.
    static let bool = Schema(["type": "boolean"])

    /// Nothing.
    static let null = Schema(["type": "null"])

    /// A whole number.
    static func integer(in range: ClosedRange<Int64>) -> Schema {
        Schema([
            "type": "integer", "format": "int64", "minimum": .integer(range.lowerBound),
            "maximum": .integer(range.upperBound),
        ])
    }

    /// A whole number from 0 on.
    static let count = integer(in: 0...Int64.max)

    /// A number.
    static func number(in range: ClosedRange<Double>) -> Schema {
        Schema(["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)])
    }

    /// A point in time as we write it: RFC 3339, UTC, milliseconds.
    static let time = string(
        pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
        format: "date-time"
    )
    /// An amount of money as we write it: US dollars with nine places.
    static let amount = string(pattern: "^-?[0-9]+\\.[0-9]{9}$")
    /// A decimal number as text, exact.
    static let decimal = string(pattern: "^-?[0-9]+(\\.[0-9]{1,15})?$")
    /// An absolute URL.
    static let url = string(format: "uri")
    /// Bytes as they are.
    static let bytes = Schema(["type": "string", "format": "binary"])

    // MARK: Composed values

    /// An object; all members must be there but the optional ones, and no others may unless it is open.
    static func object(_ members: [String: Schema], optional: Set<String> = [], isOpen: Bool = false) -> Schema {
        precondition(optional.isSubset(of: members.keys), "an optional member is not listed")
        let required = members.keys.filter { !optional.contains($0) }.sorted()
        return Schema(
            [
                "type": "object", "properties": .object(members.mapValues { .object($0.json) }),
                "required": required.isEmpty ? nil : .array(required.map(JSONValue.string)),
                "additionalProperties": isOpen ? nil : false,
            ],
            uses: Array(members.values)
        )
    }

    /// An object with names of the client's choice.
    static func map(of values: Schema, countMax: Int? = nil, nameMax: Int? = nil, nameMin: Int? = nil) -> Schema {
        var name: [String: JSONValue] = [:]
        name["minLength"] = nameMin.map(Self.whole)
        name["maxLength"] = nameMax.map(Self.whole)
        return Schema(
            [
                "type": "object", "additionalProperties": .object(values.json),
                "maxProperties": countMax.map(Self.whole),
                "propertyNames": name.isEmpty ? nil : .object(name),
            ],
            uses: [values]
        )
    }

    /// A list.
    static func array(of elements: Schema, min: Int? = nil, max: Int? = nil) -> Schema {
        Schema(
            [
                "type": "array", "items": .object(elements.json), "minItems": min.map(Self.whole),
                "maxItems": max.map(Self.whole),
            ],
            uses: [elements]
        )
    }

    /// A list of just these elements.
    static func tuple(of elements: [Schema]) -> Schema {
        let count = whole(elements.count)
        return Schema(
            [
                "type": "array", "prefixItems": .array(elements.map { .object($0.json) }), "minItems": count,
                "maxItems": count,
            ],
            uses: elements
        )
    }

    /// Any of several forms.
    static func anyOf(_ forms: [Schema]) -> Schema {
        Schema(["anyOf": .array(forms.map { .object($0.json) })], uses: forms)
    }

    /// One of several objects, told apart by a member that has a fixed word in each.
    static func oneOf(_ forms: [(word: String, schema: Schema)], by member: String) -> Schema {
        let references = forms.map { ($0.word, $0.schema.json["$ref"] ?? .null) }
        return Schema(
            [
                "oneOf": .array(forms.map { .object($0.schema.json) }),
                "discriminator": [
                    "propertyName": .string(member),
                    "mapping": .object(Dictionary(references) { first, _ in first }),
                ],
            ],
            uses: forms.map(\.schema)
        )
    }

    /// One event of a stream, whose data is JSON of this form.
    static func serverSentEvent(data: Schema) -> Schema {
        var text = string()
        text.json["contentMediaType"] = "application/json"
        text.json["contentSchema"] = .object(data.json)
        text.use(data.named)
        return object(["id": string(), "event": string(), "data": text], optional: ["id", "event"])
    }

    // MARK: Variations

    /// The same, or null.
    var orNull: Schema {
        guard let type = json["type"]?.stringValue else {
            return Schema(["anyOf": [.object(json), ["type": "null"]]], uses: [self])
        }
        var copy = self
        copy.json["type"] = [.string(type), "null"]
        if case .array(let words) = json["enum"] { copy.json["enum"] = .array(words + [.null]) }
        if let const = json["const"] {
            copy.json["const"] = nil
            copy.json["enum"] = [const, .null]
        }
        return copy
    }

    /// The same with a sentence about it.
    func about(_ text: String) -> Schema { with("description", .string(text)) }

    /// The same with what is taken when it is absent.
    func byDefault(_ value: JSONValue) -> Schema { with("default", value) }

    /// The same with an example.
    func example(_ value: JSONValue) -> Schema { with("examples", [value]) }

    private func with(_ key: String, _ value: JSONValue) -> Schema {
        var copy = self
        copy.json[key] = value
        return copy
    }

    private static func whole(_ value: Int) -> JSONValue { .integer(Int64(value)) }
}
