/// Why a request cannot be accepted, in words that let its author mend it.
///
/// The message names the field, the value that was sent (shortened; never a prompt or a media payload), and what is
/// allowed instead. Nothing has been written when one of these is thrown.
public struct RequestProblem: Error, Sendable, Equatable {
    /// What kind of problem it is; it decides the HTTP status and the machine-readable type.
    public enum Kind: String, Sendable, Codable {
        /// A value of the wrong type, form or range. 400.
        case invalidValue = "invalid_value"
        /// A field that a request of this type does not have. 400.
        case unknownField = "unknown_field"
        /// A field that must be there and is not. 400.
        case missingField = "missing_field"
        /// A known parameter that this model lacks. 400.
        case unsupportedParameter = "unsupported_parameter"
        /// A value that this model does not take. 400.
        case unsupportedValue = "unsupported_value"
        /// Two parameters that contradict each other. 400.
        case contradiction = "contradiction"
        /// A generation type that exists by name but that no model here offers. 400.
        case unsupportedType = "unsupported_type"
        /// A model that is not in the catalog. 404.
        case unknownModel = "unknown_model"
    }

    /// What kind of problem it is.
    public let kind: Kind
    /// The field, as a path: `duration`, `frame_images[0].image_url.url`.
    ///
    /// Empty for the body as a whole.
    public let field: String
    /// The whole sentence, safe to show to the caller.
    public let message: String

    /// Makes a problem; a field's path is shortened.
    public init(_ kind: Kind, field: String, _ message: String) {
        self.kind = kind
        self.field = Self.shortened(field)
        self.message = message
    }

    /// A name or path of the client's making as it may appear in a message: at most 100 characters.
    public static func shortened(_ name: String) -> String {
        let scalars = name.unicodeScalars
        guard scalars.index(scalars.startIndex, offsetBy: 101, limitedBy: scalars.endIndex) != nil else { return name }
        return String(String.UnicodeScalarView(scalars.prefix(99))) + "…"
    }

    /// A value as it may appear in a message: short, on one line.
    public static func shown(_ value: JSONValue) -> String {
        switch value {
        case .null, .bool, .integer, .number: value.canonicalText
        case .string(let text):
            text.unicodeScalars.count <= 40
                ? JSONValue.quoted(text) : "a string of \(text.unicodeScalars.count) characters"
        case .array(let values): "an array of \(values.count)"
        case .object: "an object"
        }
    }

    /// A list of allowed values as it appears in a message: `4, 6, 8`.
    public static func list(_ values: some Sequence<some CustomStringConvertible>) -> String {
        values.map(\.description).joined(separator: ", ")
    }
}
