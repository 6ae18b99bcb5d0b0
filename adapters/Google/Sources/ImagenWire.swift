import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// Imagen on Vertex AI: `predict`, which answers when the images are done.
///
/// Source: google-genai 3.4.0 (`GenerateImagesConfig`); docs.cloud.google.com, Imagen API reference (2026).
enum ImagenWire {
    private static let mediaBytesMax: Int64 = 256 << 20
    /// Source: docs.cloud.google.com, Imagen API reference, parameters (2026).
    static let options: [String: GoogleOptions.Form] = [
        "personGeneration": .word(["allow_adult", "dont_allow", "allow_all"]), "enhancePrompt": .flag,
        "addWatermark": .flag,
        "safetySetting": .word(["block_low_and_above", "block_medium_and_above", "block_only_high"]),
    ]

    /// Refuses what this wire would refuse for its form alone.
    static func check(_ image: ImageRequest, _ options: GoogleOptions) throws(RequestProblem) {
        guard let seed = image.seed else { return }
        guard (0...2_147_483_647).contains(seed) else {
            throw RequestProblem(
                .unsupportedValue,
                field: "seed",
                "`seed` is \(seed); allowed here: 0 to 2147483647."
            )
        }
        for name in ["addWatermark", "enhancePrompt"] where options.members[name] == true {
            throw RequestProblem(
                .contradiction,
                field: "seed",
                "`seed` and the option `\(name)` exclude each other here: leave one out."
            )
        }
    }

    /// The body that asks for images.
    static func body(_ image: ImageRequest, _ model: ModelCapabilities, _ options: GoogleOptions) -> [UInt8] {
        var parameters = options.members
        parameters["sampleCount"] = .integer(Int64(image.n ?? 1))
        parameters["aspectRatio"] = image.aspectRatio.map { .string($0) }
        if let resolution = image.resolution, hasTiers(model) { parameters["sampleImageSize"] = .string(resolution) }
        parameters["negativePrompt"] = image.negativePrompt.map { .string($0) }
        if let seed = image.seed {
            parameters["seed"] = .integer(seed)
            // A seed counts only without a watermark, and for the prompt as it is.
            parameters["addWatermark"] = false
            parameters["enhancePrompt"] = false
        }
        // Otherwise what the filter holds back is left out without a word.
        parameters["includeRaiReason"] = true
        var output: [String: JSONValue] = ["mimeType": .string("image/\(image.outputFormat ?? "png")")]
        if image.outputFormat == "jpeg", let quality = image.outputCompression {
            output["compressionQuality"] = .integer(Int64(quality))
        }
        parameters["outputOptions"] = .object(output)
        let body: JSONValue = [
            "instances": [["prompt": .string(image.prompt)]], "parameters": .object(parameters),
        ]
        return Array(body.canonicalText.utf8)
    }

    private static func hasTiers(_ model: ModelCapabilities) -> Bool {
        guard case .image(let parameters) = model.parameters else { return false }
        return Set(parameters.sizes.map(\.resolution)).count > 1
    }

    /// Reads the answer to a submit: the images go into files while they arrive.
    ///
    /// All that were asked for, or none: what the filter held back of several is missed by whoever asked for them.
    ///
    /// - Throws: The filter's refusal; or that the answer cannot be read, which leaves the outcome unknown.
    static func submission(
        _ response: HTTPResponse,
        count: Int,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var reader = InlineMediaReader(keys: ["bytesBase64Encoded"], folder: context.outputFolder)
        reader.mediaBytesMax = mediaBytesMax
        let answer = try await reader.read(response.body)
        do throws(ProviderFailure) {
            return try submission(answer, count: count, context)
        } catch {
            answer.discard()
            throw error
        }
    }

    private static func submission(
        _ answer: InlineAnswer,
        count: Int,
        _ context: AttemptContext
    ) throws(ProviderFailure) -> Submission {
        // What is filtered altogether has no predictions, and no member of the name.
        let predictions: [JSONValue]
        switch answer.json["predictions"] {
        case .array(let all)?: predictions = all
        case nil where answer.json == .object([:]) || answer.json["deployedModelId"] != nil: predictions = []
        case _: throw .unreadable("an answer without predictions")
        }
        var paths: [String] = []
        var reasons: [String] = []
        for prediction in predictions {
            if let marker = prediction["bytesBase64Encoded"]?.stringValue,
                let medium = answer.media.first(where: { $0.marker == marker && $0.bytes > 0 })
            {
                paths.append(medium.path)
            } else if let reason = prediction["raiFilteredReason"]?.stringValue {
                reasons.append(reason)
            }
        }
        guard paths.count == count else {
            // Fewer than asked for, and nobody says why: what that means is not known.
            guard paths.isEmpty || !reasons.isEmpty else { throw .unreadable("\(paths.count) of \(count) images") }
            var failure = ProviderFailure.filtered(reasons)
            if count > 1, !paths.isEmpty {
                failure.message += " It held back \(count - paths.count) of \(count) images."
            }
            throw failure
        }
        var outputs: [ProviderOutput] = []
        for path in paths {
            outputs.append(try context.seal(path, mediaType: PictureSignature.type(ofFile: path)))
        }
        return .completed(outputs, ReportedUsage())
    }
}
