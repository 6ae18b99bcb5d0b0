import Foundation
import Generation

/// The fields of a body of images and audio, in either of its forms, held against what the provider takes.
struct OpenAIFields {
    /// A file that came with them.
    struct File {
        let field: String
        let name: String
        let mediaType: String?
        let bytes: [UInt8]
    }

    private enum Value {
        case json(JSONValue)
        case text(String)
    }

    /// The files, in order.
    let files: [File]
    /// Whether the body is JSON.
    let isJSON: Bool
    private let values: [(name: String, value: Value)]

    /// Reads a body.
    ///
    /// - Throws: `OpenAIRefusal` for one of no known form.
    init(_ request: SimulatedRequest, mayBeForm: Bool, mayBeJSON: Bool = true) throws {
        let type = (request.header("Content-Type") ?? "").lowercased()
        if mayBeForm, type.hasPrefix("multipart/form-data") {
            guard let parts = MultipartParts(request.header("Content-Type") ?? "", request.body) else {
                throw OpenAIRefusal(400, "Could not parse multipart form")
            }
            files = parts.all.compactMap { part in
                part.fileName.map { File(field: part.name, name: $0, mediaType: part.mediaType, bytes: part.bytes) }
            }
            values = parts.all.filter { $0.fileName == nil }
                .map { ($0.name, .text(String(decoding: $0.bytes, as: UTF8.self))) }
            isJSON = false
        } else if mayBeJSON, type.hasPrefix("application/json") {
            guard case .object(let members)? = request.json else {
                throw OpenAIRefusal(400, "We could not parse the JSON body of your request.")
            }
            files = []
            values = members.map { ($0.key, .json($0.value)) }
            isJSON = true
        } else {
            throw OpenAIRefusal(400, "Unsupported content type: '\(type)'.", code: "unsupported_content_type")
        }
    }

    /// Refuses fields that the endpoint does not have.
    func refuseUnknown(_ known: [String]) throws {
        let names = values.map(\.name) + files.map(\.field)
        guard let unknown = names.filter({ !known.contains($0) }).min() else { return }
        throw OpenAIRefusal(400, "Unknown parameter: '\(unknown)'.", param: unknown, code: "unknown_parameter")
    }

    /// A field as JSON; nil when it is not there.
    func json(_ name: String) -> JSONValue? {
        guard case .json(let value)? = values.first(where: { $0.name == name })?.value, value != .null else {
            return nil
        }
        return value
    }

    /// All texts of a field that may come several times.
    func texts(_ name: String) -> [String] {
        values.compactMap { field in
            guard field.name == name, case .text(let text) = field.value else { return nil }
            return text
        }
    }

    func string(_ name: String) throws -> String? {
        switch values.first(where: { $0.name == name })?.value {
        case nil: return nil
        case .text(let text)?: return text
        case .json(.string(let text))?: return text
        case .json(.null)?: return nil
        case .json(let value)?: throw OpenAIRefusal.type(name, "a string", "an \(value.typeName)")
        }
    }

    /// A text that must be there, of a length.
    func text(_ name: String, max: Int) throws -> String {
        guard let text = try string(name) else {
            throw OpenAIRefusal(
                400,
                "Missing required parameter: '\(name)'.",
                param: name,
                code: "missing_required_parameter"
            )
        }
        guard (1...max).contains(text.unicodeScalars.count) else {
            let message = "Invalid '\(name)': 1 to \(max) characters are taken."
            throw OpenAIRefusal(400, message, param: name, code: "string_above_max_length")
        }
        return text
    }

    func choice(_ name: String, of allowed: [String]) throws -> String? {
        guard let value = try string(name) else { return nil }
        guard allowed.contains(value) else { throw OpenAIRefusal.value(name, value, allowed) }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let number = try number(name, in: Double(range.lowerBound)...Double(range.upperBound)) else { return nil }
        guard let whole = Int(exactly: number) else { throw OpenAIRefusal.type(name, "an integer", "a number") }
        return whole
    }

    func number(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
        let found: Double?
        switch values.first(where: { $0.name == name })?.value {
        case nil, .json(.null)?: return nil
        case .text(let text)?: found = Double(text)
        case .json(.integer(let number))?: found = Double(number)
        case .json(.number(let number))?: found = number
        case .json?: found = nil
        }
        guard let found else { throw OpenAIRefusal.type(name, "a number", "something else") }
        guard range.contains(found) else {
            throw OpenAIRefusal(
                400,
                "Invalid '\(name)': expected a value from \(range.lowerBound) to \(range.upperBound).",
                param: name,
                code: "invalid_value"
            )
        }
        return found
    }

    func bool(_ name: String) throws -> Bool {
        switch values.first(where: { $0.name == name })?.value {
        case nil, .json(.null)?: return false
        case .text(let text)? where ["true", "false"].contains(text): return text == "true"
        case .json(.bool(let value))?: return value
        case _: throw OpenAIRefusal.type(name, "a boolean", "something else")
        }
    }
}
