import Foundation
import Generation
import ProviderKit

/// The forms of `POST /videos`.
enum OpenAIWire {
    /// What is asked for, in the wire's own terms.
    struct Wanted {
        let model: String
        let prompt: String
        /// A string on this wire, in both directions.
        let seconds: String
        let size: PixelSize
        let firstFrame: MediaInput?
    }

    /// A picture in a form that is taken.
    struct Picture {
        static let mediaTypes = ["image/png", "image/jpeg", "image/webp"]
        let bytes: [UInt8]
        let mediaType: String
    }

    /// The body of a submit: multipart, whether there is a picture or not.
    ///
    /// It is what the official SDK always sends (openai 3.54.0, `resources/videos.py`, 2026-11-21), and the only form that
    /// some servers of the dialect take (vLLM-Omni, pull request 2040, 2026-03-20). With characters it is JSON, the only
    /// form that they are documented in (the guide, read on 2026-11-21). Built again it is the same, byte for byte.
    static func body(
        _ wanted: Wanted,
        frame: Picture?,
        characters: [String],
        boundary: String
    ) throws(ProviderFailure) -> (contentType: String, bytes: [UInt8]) {
        guard characters.isEmpty else { return ("application/json", json(wanted, frame, characters)) }
        var form = MultipartBody(boundary: boundary)
        form.add("prompt", wanted.prompt)
        form.add("model", wanted.model)
        form.add("seconds", wanted.seconds)
        form.add("size", wanted.size.description)
        if let frame {
            // Without a type of its own the part is refused: huobao-drama, pull request 50, 2026-01-23.
            let ending = frame.mediaType.split(separator: "/").last ?? ""
            form.add("input_reference", fileName: "frame.\(ending)", mediaType: frame.mediaType, frame.bytes)
        }
        return (form.contentType, form.bytes)
    }

    private static func json(_ wanted: Wanted, _ frame: Picture?, _ characters: [String]) -> [UInt8] {
        var fields: [String: JSONValue] = [
            "prompt": .string(wanted.prompt), "model": .string(wanted.model), "seconds": .string(wanted.seconds),
            "size": .string(wanted.size.description),
            "characters": .array(characters.map { ["id": .string($0)] }),
        ]
        if let frame {
            let data = "data:\(frame.mediaType);base64," + Data(frame.bytes).base64EncodedString()
            fields["input_reference"] = ["image_url": .string(data)]
        }
        return Array(JSONValue.object(fields).canonicalText.utf8)
    }

    /// Whether a picture is a GIF, by what it says it is: the service refuses one that is another thing.
    static func isGIF(_ input: MediaInput) -> Bool {
        switch input {
        case .stored(let stored): return stored.mediaType == "image/gif"
        case .upload: return false
        case .url(let url):
            // By bytes, since comparing characters of a client's making can be slow. ASCII letters differ from their
            // lower case by one bit.
            let start = Array("data:image/gif".utf8)
            return url.utf8.prefix(start.count).map { $0 | 0x20 } == start.map { $0 | 0x20 }
        }
    }
}

/// The characters that a video is to show: `provider.options.openai.characters`, as the wire has it.
///
/// At most two, each `{"id": "char_..."}`: the guide, read on 2026-11-21. They are made at the provider beforehand.
struct OpenAICharacters {
    let ids: [String]

    /// Reads the options of a request.
    ///
    /// - Throws: `RequestProblem` that names the option.
    init(_ request: GenerationRequest, provider: ProviderID) throws(RequestProblem) {
        guard let options = request.providerOptions[provider.slug] else {
            ids = []
            return
        }
        let path = "provider.options.\(provider.slug)"
        guard case .object(let fields) = options else {
            throw RequestProblem(.invalidValue, field: path, "`\(path)` must be an object.")
        }
        if let unknown = fields.keys.filter({ $0 != "characters" }).min() {
            let field = "\(path).\(unknown)"
            throw RequestProblem(.unknownField, field: field, "Unknown field `\(field)`; allowed: characters.")
        }
        guard let characters = fields["characters"] else {
            ids = []
            return
        }
        let field = "\(path).characters"
        let wrong = RequestProblem(
            .invalidValue,
            field: field,
            "`\(field)` must be one or two objects, each with the `id` of a character: [{\"id\": \"char_...\"}]."
        )
        guard case .array(let elements) = characters, (1...2).contains(elements.count) else { throw wrong }
        var found: [String] = []
        for element in elements {
            guard case .object(let members) = element, members.count == 1, let id = members["id"]?.stringValue,
                ProviderHTTP.isPlain(id)
            else { throw wrong }
            found.append(id)
        }
        ids = found
    }
}

/// A video as every answer shows it.
struct OpenAIVideo {
    let id: String
    let status: String
    /// 0 to 1; the wire has 0 to 100.
    let progress: Double?
    /// In seconds since 1970; 0 when a server does not say.
    let createdAt: Int64
    let expiresAt: Int64?
    let error: JSONValue?

    private let model: String?
    private let prompt: String?
    private let seconds: String?
    private let size: String?
    private let isRemix: Bool

    /// Reads a video; nil for anything without an id that can be asked for, or without a status.
    init?(_ json: JSONValue) {
        guard let id = json["id"]?.stringValue, ProviderHTTP.isPlain(id), let status = json["status"]?.stringValue
        else { return nil }
        self.id = id
        self.status = status
        progress = json["progress"].flatMap(Self.number).map { min(1, max(0, $0 / 100)) }
        createdAt = json["created_at"].flatMap(Self.number).flatMap { Int64(exactly: $0.rounded(.down)) } ?? 0
        expiresAt = json["expires_at"].flatMap(Self.number).flatMap { Int64(exactly: $0.rounded(.down)) }
        error = json["error"]
        model = json["model"]?.stringValue
        prompt = json["prompt"]?.stringValue
        // Some servers of the dialect give a number: SGLang 0.5.23, 2026-11-21.
        seconds = json["seconds"]?.stringValue ?? json["seconds"]?.wholeNumber.map(String.init)
        size = json["size"]?.stringValue
        isRemix = json["remixed_from_video_id"]?.stringValue != nil
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number.isFinite ? number : nil
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// How it is asked for.
    var operation: ProviderOperation { ProviderOperation(remoteID: id) }

    /// As the account's list shows it: nothing of ours is repeated there.
    var listed: ListedOperation {
        ListedOperation(
            remoteID: id,
            startedAtMilliseconds: createdAt > 0 ? createdAt * 1_000 : nil,
            model: model
        )
    }

    /// Whether all that it tells of its request is what was asked for.
    ///
    /// The model may come back as one of its snapshots, `sora-2-2025-10-06`.
    func isMade(from wanted: OpenAIWire.Wanted) -> Bool {
        guard let model, !isRemix else { return false }
        return prompt == wanted.prompt && seconds == wanted.seconds && size == wanted.size.description
            && (model == wanted.model || model.hasPrefix("\(wanted.model)-20"))
    }
}
