import Foundation
import Generation
import ProviderKit

/// Which of the provider's models a request goes to: a slug of 2.6 and 2.7 stands for three.
enum WanMode: String, Sendable, CaseIterable {
    /// From text alone.
    case text = "t2v"
    /// From a first frame, and perhaps a last one.
    case image = "i2v"
    /// From reference pictures.
    case reference = "r2v"

    init(of video: VideoRequest) {
        self = !video.inputReferences.isEmpty ? .reference : video.frameImages.isEmpty ? .text : .image
    }
}

/// A protocol, and what the names of its models begin with.
enum WanFamily: String, Sendable, CaseIterable {
    /// Pictures in `input.media`, sizes as resolution and ratio, one model per mode.
    case media = "wan2.7"
    /// Pictures in `input.img_url` and `input.reference_urls`, sizes as `1280*720`, one model per mode.
    case size = "wan2.6"
    /// As `media`, with one model for everything.
    case unified = "wan3.0"

    /// The family that the catalog notes for a model.
    ///
    /// - Throws: `RequestProblem` when an operator's file describes a model without one.
    init(of model: ModelCapabilities) throws(RequestProblem) {
        guard let family = model.wire[AlibabaModels.WireKey.family].flatMap(WanFamily.init) else {
            throw RequestProblem(
                .unsupportedValue,
                field: "model",
                "The description of `\(model.slug)` does not say which protocol it speaks; its `wire.family` must be one of \(RequestProblem.list(Self.allCases.map(\.rawValue)))."
            )
        }
        self = family
    }
}

/// A request in the provider's words.
///
/// Source: API references of Wan 2.6, 2.7 and 3.0 (2026), and what dashscope 2.0.2 sends.
struct WanRequest: Sendable {
    /// The ratio by which Wan 3.0 takes the shape of its pictures.
    static let adaptive = "adaptive"
    private static let mediaTypes = ["image/jpeg", "image/png", "image/bmp", "image/webp"]
    private static let pictureBytesMax: Int64 = 20 * 1_000 * 1_000

    let family: WanFamily
    let mode: WanMode
    /// The provider's model.
    let model: String
    let video: VideoRequest
    let options: WanOptions
    /// The resolution as the wire writes it: `720P`, never `720p`.
    let resolution: String

    /// Reads a request that was resolved against one of these models.
    ///
    /// - Throws: `RequestProblem` for what the provider would refuse for its form alone.
    init(_ request: GenerationRequest, slug: String, models: [ModelCapabilities]) throws(RequestProblem) {
        guard let capabilities = models.first(where: { $0.slug == request.model }),
            case .video(let video) = request.content
        else {
            throw RequestProblem(
                .unknownModel,
                field: "model",
                "`\(RequestProblem.shortened(request.model))` is not served here any more; allowed: \(RequestProblem.list(models.map(\.slug)))."
            )
        }
        self.video = video
        family = try WanFamily(of: capabilities)
        mode = WanMode(of: video)
        options = try WanOptions(request, slug: slug, mode: mode, model: capabilities)
        model =
            switch family {
            case .media, .size: "\(capabilities.providerModel)-\(mode.rawValue)"
            case .unified: capabilities.providerModel
            }
        guard let resolution = video.resolution else {
            throw RequestProblem(.missingField, field: "resolution", "`resolution` must be there.")
        }
        self.resolution = resolution.uppercased()
        try checkPictures()
        guard video.negativePrompt == nil || options.negativePrompt == nil else {
            throw RequestProblem(
                .contradiction,
                field: "negative_prompt",
                "`negative_prompt` and `provider.options.\(slug).negative_prompt` say the same thing; send one of them."
            )
        }
    }

    private func checkPictures() throws(RequestProblem) {
        if mode == .reference, let index = video.frameImages.firstIndex(where: { $0.role == .last }) {
            throw RequestProblem(
                .contradiction,
                field: "frame_images[\(index)].frame_type",
                "`frame_images` with a last_frame cannot be combined with `input_references`; a first_frame can."
            )
        }
        for (path, input) in GenerationRequest(model: "", content: .video(video)).inputs {
            // What is not stored yet is looked at when it is sent.
            guard case .stored(let stored) = input else { continue }
            guard Self.mediaTypes.contains(stored.mediaType) else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: path,
                    "`\(path)` is \(stored.mediaType); allowed: \(RequestProblem.list(Self.mediaTypes))."
                )
            }
            guard stored.bytes <= Self.pictureBytesMax else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` has \(stored.bytes) bytes; the provider takes at most \(Self.pictureBytesMax)."
                )
            }
        }
    }

    // MARK: - The body

    /// The body of the submit, with the pictures inside.
    ///
    /// - Parameter context: What reads the pictures.
    /// - Returns: The body.
    /// - Throws: `ProviderFailure` when one cannot be read; nothing was sent.
    func body(_ context: AttemptContext) async throws(ProviderFailure) -> JSONValue {
        var input: [String: JSONValue] = ["prompt": .string(video.prompt)]
        input["negative_prompt"] = (video.negativePrompt ?? options.negativePrompt).map { .string($0) }
        var frames: [(role: FrameRole, url: JSONValue)] = []
        for frame in video.frameImages.sorted(by: { $0.role < $1.role }) {
            frames.append((frame.role, try await Self.dataURL(frame.image, context)))
        }
        var references: [JSONValue] = []
        for reference in video.inputReferences { references.append(try await Self.dataURL(reference, context)) }
        let audio = options.audioURL.map { JSONValue.string($0) }
        switch family {
        case .media, .unified:
            // The order of the references is their number in the prompt, so frames come after them.
            var media: [JSONValue] = references.map { ["type": "reference_image", "url": $0] }
            media += frames.map { ["type": .string($0.role.rawValue), "url": $0.url] }
            if let audio, mode == .image { media.append(["type": "driving_audio", "url": audio]) }
            if mode == .text { input["audio_url"] = audio }
            if !media.isEmpty { input["media"] = .array(media) }
        case .size:
            input["img_url"] = frames.first?.url
            if !references.isEmpty { input["reference_urls"] = .array(references) }
            input["audio_url"] = audio
        }
        return ["model": .string(model), "input": .object(input), "parameters": .object(parameters)]
    }

    private var parameters: [String: JSONValue] {
        // Whole seconds: a fraction or a string is refused.
        var parameters: [String: JSONValue] = ["watermark": .bool(options.watermark)]
        parameters["duration"] = video.duration.map { .integer(Int64($0)) }
        parameters["seed"] = video.seed.map { .integer($0) }
        parameters["prompt_extend"] = .bool(options.promptExtend)
        switch family {
        case .media:
            parameters["resolution"] = .string(resolution)
            // Not taken with a first frame: there is none in a resolved request then.
            parameters["ratio"] = video.aspectRatio.map { .string($0) }
        case .size:
            parameters["shot_type"] = options.shotType.map { .string($0.rawValue) }
            if mode == .reference { parameters["prompt_extend"] = nil }
            if mode == .image {
                parameters["resolution"] = .string(resolution)
            } else {
                parameters["size"] = video.size.map { .string("\($0.width)*\($0.height)") }
            }
        case .unified:
            parameters["resolution"] = .string(resolution)
            parameters["ratio"] = .string(video.aspectRatio ?? Self.adaptive)
            parameters["audio"] = .bool(video.generateAudio ?? true)
            parameters["enable_thinking"] = options.enableThinking.map { .bool($0) }
        }
        return parameters
    }

    private static func dataURL(
        _ input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> JSONValue {
        guard case .stored(let stored) = input else {
            throw .notSent(.invalidRequest, "A picture of the request was not stored before it was sent.")
        }
        let bytes = try await context.bytes(of: stored)
        return .string("data:\(stored.mediaType);base64,\(Data(bytes).base64EncodedString())")
    }
}
