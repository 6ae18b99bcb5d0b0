import Foundation
import Generation
import ProviderKit

/// The wire of Veo that both doors share: `predictLongRunning`, and the operation that it starts.
///
/// Source: google-genai 2.34.0 and 3.4.0 (`models.py`, `_operations_converters.py`); ai.google.dev/gemini-api/docs/video
/// (July 2026); the exchanges with both SDKs in WireCompatibilityTests.
enum VeoWire {
    /// What a door takes besides what both take.
    struct Dialect {
        /// Whether sound and seed can be chosen.
        let hasChoices: Bool
        /// Where the provider is to write its outputs; nil for inside of the answer, or where it likes.
        var storageURI: String?
    }

    /// The body that starts a video.
    ///
    /// Only what is set is sent: some models refuse fields that others take.
    static func body(
        _ video: VideoRequest,
        options: GoogleOptions,
        _ dialect: Dialect,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        var instance: [String: JSONValue] = ["prompt": .string(video.prompt)]
        for frame in video.frameImages {
            instance[frame.role == .first ? "image" : "lastFrame"] = try await picture(frame.image, context)
        }
        var references: [JSONValue] = []
        for input in video.inputReferences {
            references.append(["image": try await picture(input, context), "referenceType": "asset"])
        }
        if !references.isEmpty { instance["referenceImages"] = .array(references) }
        var parameters = options.members
        parameters["sampleCount"] = 1
        parameters["durationSeconds"] = video.duration.map { .integer(Int64($0)) }
        parameters["aspectRatio"] = video.aspectRatio.map { .string($0) }
        parameters["resolution"] = video.resolution.map { .string($0) }
        if let negative = video.negativePrompt { parameters["negativePrompt"] = .string(negative) }
        if dialect.hasChoices {
            parameters["generateAudio"] = video.generateAudio.map { .bool($0) }
            parameters["seed"] = video.seed.map { .integer($0) }
            parameters["storageUri"] = dialect.storageURI.map { .string($0) }
        }
        let body: JSONValue = ["instances": [.object(instance)], "parameters": .object(parameters)]
        return Array(body.canonicalText.utf8)
    }

    private static func picture(
        _ input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> JSONValue {
        let (bytes, type) = try await GooglePictures.read(input, context)
        return ["bytesBase64Encoded": .string(Data(bytes).base64EncodedString()), "mimeType": .string(type)]
    }

    /// The last parts of an operation's name, `…/models/MODEL/operations/ID`, as a submit answers it.
    ///
    /// The model is the one that the name says: a version that another name stands for.
    ///
    /// - Throws: That the answer cannot be read: what became of the submit is then unknown.
    static func operation(
        _ answer: ProviderAnswer
    ) throws(ProviderFailure) -> (model: String, id: String) {
        guard let name = answer.json?["name"]?.stringValue else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes without a name")
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[parts.count - 4] == "models",
            ProviderHTTP.isPlain(String(parts[parts.count - 3])), parts[parts.count - 2] == "operations",
            ProviderHTTP.isPlain(String(parts[parts.count - 1]))
        else { throw .unreadable("an operation's name of another form") }
        return (String(parts[parts.count - 3]), String(parts[parts.count - 1]))
    }

    /// How an operation stands.
    ///
    /// - Parameters:
    ///   - json: The operation.
    ///   - outputs: What of the response is an output.
    /// - Returns: The standing.
    /// - Throws: That the answer cannot be read, and what `outputs` throws.
    static func status(
        _ json: JSONValue,
        outputs: (JSONValue) throws(ProviderFailure) -> [ProviderOutput]
    ) throws(ProviderFailure) -> OperationStatus {
        guard json["name"]?.stringValue != nil else { throw .unreadable("an operation without a name") }
        // There is neither a figure nor a word while it runs.
        guard json["done"] == true else { return .pending(progress: nil) }
        // Gateways write what is not set as null.
        if let error = json["error"], error != .null {
            if error["code"] == 1 { return .cancelled(chargedNanoUSD: nil) }
            return .failed(.operation(error))
        }
        let response = json["response"] ?? .null
        let made = try outputs(response)
        guard made.isEmpty else { return .completed(made, ReportedUsage()) }
        let reasons = reasons(response) + reasons(response["generateVideoResponse"] ?? .null)
        guard !reasons.isEmpty else { return .completed([], ReportedUsage()) }
        return .failed(.filtered(reasons))
    }

    private static func reasons(_ response: JSONValue) -> [String] {
        guard case .array(let reasons)? = response["raiMediaFilteredReasons"] else { return [] }
        return reasons.compactMap(\.stringValue)
    }
}
