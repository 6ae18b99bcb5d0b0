import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// Images by `generateContent`, the wire that the Gemini API and Vertex AI share.
///
/// Source: google-genai 3.4.0 (`types.py`, `models.py`); ai.google.dev/gemini-api/docs/image-generation and
/// docs.cloud.google.com, Agent Platform: image generation (2026-10); the exchanges with the SDK in WireCompatibilityTests.
///
/// The answer comes when the image is done, and is the only place where it is: what is lost of it is lost.
enum GeminiContent {
    /// The name of the shape that the model chooses: that of the first picture, or what suits the prompt.
    static let automaticRatio = "auto"
    /// The most that all media of one answer may have, in bytes.
    private static let mediaBytesMax: Int64 = 256 << 20

    /// The body that asks for an image.
    ///
    /// - Parameters:
    ///   - image: What is asked for, resolved.
    ///   - model: The model that makes it.
    ///   - choosesFormat: Whether the door takes the file's format.
    ///   - options: The door's own options.
    ///   - context: What reads the pictures.
    /// - Returns: JSON.
    /// - Throws: What reading a picture throws; nothing was sent.
    static func body(
        _ image: ImageRequest,
        _ model: ModelCapabilities,
        choosesFormat: Bool,
        options: GoogleOptions,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        var parts: [JSONValue] = [["text": .string(image.prompt)]]
        for input in image.inputReferences {
            let (bytes, type) = try await GooglePictures.read(input, context)
            parts.append([
                "inlineData": ["mimeType": .string(type), "data": .string(Data(bytes).base64EncodedString())]
            ])
        }
        var picture = options.members
        if let ratio = image.aspectRatio, ratio != automaticRatio { picture["aspectRatio"] = .string(ratio) }
        if let resolution = image.resolution, hasTiers(model) { picture["imageSize"] = .string(resolution) }
        if choosesFormat, let format = image.outputFormat {
            var output: [String: JSONValue] = ["mimeType": .string("image/\(format)")]
            if format == "jpeg", let quality = image.outputCompression {
                output["compressionQuality"] = .integer(Int64(quality))
            }
            picture["imageOutputOptions"] = .object(output)
        }
        // Without the modalities some models answer in words, and with both they may add some, which are billed.
        var config: [String: JSONValue] = ["responseModalities": ["IMAGE"]]
        if !picture.isEmpty { config["imageConfig"] = .object(picture) }
        config["seed"] = image.seed.map { .integer($0) }
        let body: JSONValue = [
            "contents": [["role": "user", "parts": .array(parts)]], "generationConfig": .object(config),
        ]
        return Array(body.canonicalText.utf8)
    }

    /// Whether a model takes `imageSize`: those with one size do not.
    private static func hasTiers(_ model: ModelCapabilities) -> Bool {
        guard case .image(let parameters) = model.parameters else { return false }
        return Set(parameters.sizes.map(\.resolution)).count > 1
    }

    /// Refuses what this wire would refuse for its form alone.
    static func check(_ image: ImageRequest) throws(RequestProblem) {
        guard let seed = image.seed, !(0...Int64(Int32.max)).contains(seed) else { return }
        throw RequestProblem(
            .unsupportedValue,
            field: "seed",
            "`seed` is \(seed); allowed here: 0 to \(Int32.max)."
        )
    }

    /// Reads the answer to a submit: the image goes into a file while it arrives.
    ///
    /// - Parameters:
    ///   - response: The answer, a success.
    ///   - context: Where the file is kept.
    /// - Returns: The image, and what it took.
    /// - Throws: The filter's refusal; that nothing was made; or that the answer cannot be read, which leaves the outcome
    ///   unknown.
    static func submission(
        _ response: HTTPResponse,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var reader = InlineMediaReader(keys: ["data"], folder: context.outputFolder)
        reader.mediaBytesMax = mediaBytesMax
        let answer = try await reader.read(response.body)
        guard let chosen = chosen(answer) else {
            answer.discard()
            if let failure = try GeminiVerdict.failure(answer.json) { throw failure }
            return .completed([], GeminiUsage.report(answer.json, media: .image))
        }
        for medium in answer.media where medium.path != chosen.path { unlink(medium.path) }
        let output = try context.seal(chosen.path, mediaType: PictureSignature.type(ofFile: chosen.path))
        return .completed([output], GeminiUsage.report(answer.json, media: .image))
    }

    /// The image of an answer: the last one that is no thought, since drafts come before it.
    private static func chosen(_ answer: InlineAnswer) -> InlineAnswer.Medium? {
        let markers = parts(answer.json).filter { $0["thought"] != true }
            .compactMap { $0["inlineData"]?["data"]?.stringValue }
        return answer.media.last { $0.bytes > 0 && markers.contains($0.marker) }
    }

    /// The parts of the first candidate.
    static func parts(_ json: JSONValue) -> [JSONValue] {
        guard case .array(let candidates)? = json["candidates"],
            case .array(let parts)? = candidates.first?["content"]?["parts"]
        else { return [] }
        return parts
    }
}

/// The kinds of pictures, told by their first bytes: what the answer declares is not always what it holds.
enum PictureSignature {
    /// The media type of a file; nil when it is none of the three.
    static func type(ofFile path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        let start = Array((try? file.read(upToCount: 12)) ?? Data())
        if start.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "image/png" }
        if start.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if start.starts(with: Array("RIFF".utf8)), start.dropFirst(8).elementsEqual("WEBP".utf8) { return "image/webp" }
        return nil
    }
}
