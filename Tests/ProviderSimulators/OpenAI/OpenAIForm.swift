import Foundation
import Generation
import MediaInspection

/// The body of a submit, in either of its forms, held against what the provider takes.
struct OpenAIForm {
    /// What a right body asks for.
    struct Video {
        let prompt: String
        let model: String
        let seconds: String
        let size: PixelSize
    }

    /// A value as it came.
    private enum Value {
        case json(JSONValue)
        case text(String)
        case file(mediaType: String?, bytes: [UInt8])
    }

    private static let seconds = ["4", "8", "12", "16", "20"]
    private static let small = ["sora-2", "sora-2-2025-10-06", "sora-2-2025-12-08"]
    private static let large = ["sora-2-pro", "sora-2-pro-2025-10-06"]
    private static let smallSizes = ["720x1280", "1280x720"]
    private static let largeSizes = smallSizes + ["1024x1792", "1792x1024", "1080x1920", "1920x1080"]
    private static let pictureTypes = ["image/jpeg", "image/png", "image/webp"]

    private let fields: [String: Value]

    /// Reads a body.
    ///
    /// - Throws: `OpenAIRefusal` for one of no known form.
    init(_ request: SimulatedRequest) throws {
        let type = request.header("Content-Type") ?? ""
        if type.lowercased().hasPrefix("multipart/form-data") {
            guard let parts = MultipartParts(type, request.body) else {
                throw OpenAIRefusal(400, "Could not parse multipart form")
            }
            fields = Dictionary(
                parts.all.map { part in
                    let value: Value =
                        part.fileName == nil
                        ? .text(String(decoding: part.bytes, as: UTF8.self))
                        : .file(mediaType: part.mediaType, bytes: part.bytes)
                    return (part.name, value)
                },
                uniquingKeysWith: { $1 }
            )
        } else if type.lowercased().hasPrefix("application/json") {
            guard case .object(let members)? = request.json else {
                throw OpenAIRefusal(400, "We could not parse the JSON body of your request.")
            }
            fields = members.mapValues(Value.json)
        } else {
            throw OpenAIRefusal(400, "Unsupported content type: '\(type)'.", code: "unsupported_content_type")
        }
    }

    /// What is asked for.
    ///
    /// - Throws: `OpenAIRefusal` as the provider refuses it.
    func video() throws -> Video {
        let known = ["prompt", "model", "seconds", "size", "input_reference", "characters"]
        try refuseUnknown(known + ["input_reference[image_url]", "input_reference[file_id]"])
        let prompt = try prompt()
        let model = try choice("model", of: Self.small + Self.large) ?? "sora-2"
        let seconds = try choice("seconds", of: Self.seconds) ?? "4"
        let sizes = Self.large.contains(model) ? Self.largeSizes : Self.smallSizes
        let size = PixelSize(try choice("size", of: sizes) ?? "720x1280") ?? PixelSize(width: 720, height: 1_280)
        try checkReference(size)
        try checkCharacters()
        return Video(prompt: prompt, model: model, seconds: seconds, size: size)
    }

    /// What a remix is to change.
    func remixPrompt() throws -> String {
        try refuseUnknown(["prompt"])
        return try prompt()
    }

    // MARK: - Fields

    private func refuseUnknown(_ known: [String]) throws {
        guard let unknown = fields.keys.filter({ !known.contains($0) }).min() else { return }
        throw OpenAIRefusal(400, "Unknown parameter: '\(unknown)'.", param: unknown, code: "unknown_parameter")
    }

    private func prompt() throws -> String {
        guard let text = try string("prompt", expected: "a string") else {
            throw OpenAIRefusal(
                400,
                "Missing required parameter: 'prompt'.",
                param: "prompt",
                code: "missing_required_parameter"
            )
        }
        guard (1...32_000).contains(text.unicodeScalars.count) else {
            throw OpenAIRefusal(
                400,
                "Invalid 'prompt': 1 to 32000 characters are taken.",
                param: "prompt",
                code: text.isEmpty ? "string_below_min_length" : "string_above_max_length"
            )
        }
        return text
    }

    private func choice(_ name: String, of allowed: [String]) throws -> String? {
        guard let value = try string(name, expected: "one of \(allowed.joined(separator: ", "))") else { return nil }
        guard allowed.contains(value) else { throw OpenAIRefusal.value(name, value, allowed) }
        return value
    }

    private func string(_ name: String, expected: String) throws -> String? {
        switch fields[name] {
        case nil: nil
        case .text(let text): text
        case .file: throw OpenAIRefusal.type(name, expected, "a file")
        case .json(let value):
            switch value {
            case .string(let text): text
            case .null: nil
            case .bool, .integer, .number, .array, .object:
                throw OpenAIRefusal.type(name, expected, "an \(value.typeName)")
            }
        }
    }

    // MARK: - Pictures

    private func checkReference(_ size: PixelSize) throws {
        switch fields["input_reference"] {
        case nil: break
        case .text: throw OpenAIRefusal.type("input_reference", "a file", "a string")
        case .file(let type, let bytes): try check(type, bytes, size)
        case .json(let value):
            guard case .object(let members) = value else {
                throw OpenAIRefusal.type("input_reference", "an object", "a \(value.typeName)")
            }
            try checkReference(members.mapValues { $0.stringValue ?? "" }, size)
        }
        // The object's form in multipart.
        var members: [String: String] = [:]
        for name in ["image_url", "file_id"] {
            guard case .text(let text)? = fields["input_reference[\(name)]"] else { continue }
            members[name] = text
        }
        if !members.isEmpty { try checkReference(members, size) }
    }

    private func checkReference(_ members: [String: String], _ size: PixelSize) throws {
        guard members.count == 1, let (name, text) = members.first, ["image_url", "file_id"].contains(name),
            !text.isEmpty
        else {
            throw OpenAIRefusal(
                400,
                "Exactly one of 'image_url' and 'file_id' must be given.",
                param: "input_reference",
                code: "invalid_value"
            )
        }
        guard name == "image_url" else { return }
        guard text.hasPrefix("data:") else {
            guard text.hasPrefix("https://") || text.hasPrefix("http://") else {
                throw OpenAIRefusal(400, "Invalid URL.", param: "input_reference.image_url", code: "invalid_value")
            }
            // Here nothing is fetched, so its size is not known.
            return
        }
        let parts = text.dropFirst("data:".count).split(separator: ",", maxSplits: 1)
        guard parts.count == 2, parts[0].hasSuffix(";base64"), let data = Data(base64Encoded: String(parts[1])) else {
            throw OpenAIRefusal(400, "Invalid data URL.", param: "input_reference.image_url", code: "invalid_value")
        }
        try check(String(parts[0].dropLast(";base64".count)), Array(data), size)
    }

    private func check(_ type: String?, _ bytes: [UInt8], _ size: PixelSize) throws {
        guard let type, Self.pictureTypes.contains(type) else {
            throw OpenAIRefusal(
                400,
                "Invalid file 'input_reference': unsupported mimetype ('\(type ?? "application/octet-stream")'). Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.",
                param: "input_reference",
                code: "unsupported_file_mimetype"
            )
        }
        guard let found = try? MediaInspector.imageDimensions(bytes, pixelLimit: 100_000_000) else {
            throw OpenAIRefusal(400, "The image could not be read.", param: "input_reference", code: "invalid_image")
        }
        guard found.width == size.width, found.height == size.height else {
            throw OpenAIRefusal(400, "Inpaint image must match the requested width and height")
        }
    }

    private func checkCharacters() throws {
        guard let characters = fields["characters"] else { return }
        guard case .json(.array(let elements)) = characters, (1...2).contains(elements.count),
            elements.allSatisfy({ $0["id"]?.stringValue?.hasPrefix("char_") == true })
        else {
            throw OpenAIRefusal(
                400,
                "Invalid 'characters': one or two objects with an id.",
                param: "characters",
                code: "invalid_value"
            )
        }
    }
}
