import Generation
import ProviderKit

/// What one request becomes: the path, the fields, and the pictures that go along.
///
/// Made without any I/O, so that a request is refused when it is handed in and not when it is sent.
struct FalOrder {
    /// Pictures under one name.
    enum Pictures {
        case one(MediaInput)
        case list([MediaInput])
    }

    /// The model's path, without a slash at its start.
    let path: String
    private(set) var fields: [String: JSONValue]
    private(set) var pictures: [String: Pictures] = [:]
    /// The length that the host bills, where it bills what was asked for.
    private(set) var milliseconds: Int64?

    /// Takes a resolved request apart.
    ///
    /// - Throws: `RequestProblem` for options that the model lacks, and for what its path for these pictures lacks.
    init(_ request: GenerationRequest, _ model: ModelCapabilities) throws(RequestProblem) {
        let family = FalFamily(of: model)
        fields = try FalOptions(of: request, family).fields
        switch request.content {
        case .image(let image):
            path = Self.path(image, family, model.providerModel)
            add(image, family)
        case .video(let video):
            path = try Self.path(video, family, model.providerModel, request.model)
            try add(video, family, request)
        case .speech(let speech):
            path = model.providerModel
            add(speech)
        case .transcription, .music, .sound:
            throw RequestProblem(
                .unsupportedValue,
                field: "model",
                "`\(request.model)` makes nothing of this type here."
            )
        }
    }

    // MARK: - Paths

    private static func path(_ image: ImageRequest, _ family: FalFamily, _ base: String) -> String {
        let hasPictures = !image.inputReferences.isEmpty
        switch family {
        case .flux2, .banana: return hasPictures ? "\(base)/edit" : base
        case .seedream: return hasPictures ? replacingLast(of: base, "edit") : base
        case .kontext: return hasPictures ? base : "\(base)/text-to-image"
        case .schnell, .fluxPro, .ultra, .veo, .kling, .seedance, .speech: return base
        }
    }

    private static func path(
        _ video: VideoRequest,
        _ family: FalFamily,
        _ base: String,
        _ slug: String
    ) throws(RequestProblem) -> String {
        let hasLast = video.frameImages.contains { $0.role == .last }
        let kind: String? =
            if !video.inputReferences.isEmpty {
                "reference-to-video"
            } else if video.frameImages.isEmpty {
                nil
            } else {
                family == .veo && hasLast ? "first-last-frame-to-video" : "image-to-video"
            }
        guard let kind else { return base }
        return family == .veo ? "\(base)/\(kind)" : replacingLast(of: base, kind)
    }

    /// A path with another last part: `…/text-to-video` becomes `…/image-to-video`.
    private static func replacingLast(of path: String, _ last: String) -> String {
        (path.split(separator: "/").dropLast() + [Substring(last)]).joined(separator: "/")
    }

    // MARK: - Images

    private mutating func add(_ image: ImageRequest, _ family: FalFamily) {
        fields["prompt"] = .string(image.prompt)
        fields["seed"] = image.seed.map(JSONValue.integer)
        let size = image.size.map { size -> JSONValue in
            ["width": .integer(Int64(size.width)), "height": .integer(Int64(size.height))]
        }
        let isFree = image.aspectRatio == FalSizes.free
        let ratio: JSONValue? = isFree ? Optional.none : image.aspectRatio.map(JSONValue.string)
        let count = JSONValue.integer(Int64(image.n ?? 1))
        let format = image.outputFormat.map(JSONValue.string)
        let references = image.inputReferences
        switch family {
        case .flux2:
            fields["image_size"] = size
            fields["output_format"] = format
            if !references.isEmpty {
                if size == nil { fields["image_size"] = "auto" }
                pictures["image_urls"] = .list(references)
            }
        case .schnell, .fluxPro:
            fields["image_size"] = size
            fields["num_images"] = count
            fields["output_format"] = format
        case .ultra, .kontext:
            fields["aspect_ratio"] = ratio
            fields["num_images"] = count
            fields["output_format"] = format
            pictures["image_url"] = references.first.map(Pictures.one)
        case .banana:
            fields["aspect_ratio"] = ratio ?? "auto"
            fields["resolution"] = image.resolution.map { .string($0 == "512" ? "0.5K" : $0) }
            fields["num_images"] = count
            fields["output_format"] = format
            // A prompt that asks for several would be given several, each billed.
            fields["limit_generations"] = true
            if !references.isEmpty { pictures["image_urls"] = .list(references) }
        case .seedream:
            fields["image_size"] = size ?? image.resolution.map { .string("auto_\($0)") }
            fields["num_images"] = count
            fields["max_images"] = 1
            if !references.isEmpty { pictures["image_urls"] = .list(references) }
        case .veo, .kling, .seedance, .speech: break
        }
    }

    // MARK: - Videos

    private mutating func add(
        _ video: VideoRequest,
        _ family: FalFamily,
        _ request: GenerationRequest
    ) throws(RequestProblem) {
        fields["prompt"] = .string(video.prompt)
        fields["generate_audio"] = video.generateAudio.map(JSONValue.bool)
        let first = video.frameImages.first { $0.role == .first }?.image
        let last = video.frameImages.first { $0.role == .last }?.image
        let isFree = video.aspectRatio == nil || video.aspectRatio == FalSizes.adaptive
        let ratio = video.aspectRatio.map(JSONValue.string)
        switch family {
        case .veo:
            try check(video, request)
            fields["resolution"] = video.resolution.map(JSONValue.string)
            fields["aspect_ratio"] = isFree ? "auto" : ratio
            fields["seed"] = video.seed.map(JSONValue.integer)
            fields["negative_prompt"] = video.negativePrompt.map(JSONValue.string)
            bill(video.duration, suffix: "s")
            if let first, let last {
                pictures["first_frame_url"] = .one(first)
                pictures["last_frame_url"] = .one(last)
            } else {
                pictures["image_url"] = first.map(Pictures.one)
            }
        case .kling:
            if video.frameImages.isEmpty { fields["aspect_ratio"] = ratio }
            fields["negative_prompt"] = video.negativePrompt.map(JSONValue.string)
            bill(video.duration, suffix: "")
            pictures["start_image_url"] = first.map(Pictures.one)
            pictures["end_image_url"] = last.map(Pictures.one)
        case .seedance:
            fields["resolution"] = video.resolution.map(JSONValue.string)
            fields["aspect_ratio"] = isFree ? "auto" : ratio
            let isAutomatic = video.duration == VideoParameters.automatic
            fields["duration"] = isAutomatic ? "auto" : video.duration.map { .string(String($0)) }
            pictures["image_url"] = first.map(Pictures.one)
            pictures["end_image_url"] = last.map(Pictures.one)
        case .flux2, .schnell, .fluxPro, .ultra, .kontext, .banana, .seedream, .speech: break
        }
        if !video.inputReferences.isEmpty { pictures["image_urls"] = .list(video.inputReferences) }
    }

    /// The length as the wire wants it; whole seconds as asked for are billed.
    private mutating func bill(_ seconds: Int?, suffix: String) {
        fields["duration"] = seconds.map { .string("\($0)\(suffix)") }
        milliseconds = seconds.map { Int64($0) * 1_000 }
    }

    /// Refuses what Veo's path for reference pictures lacks.
    private func check(_ video: VideoRequest, _ request: GenerationRequest) throws(RequestProblem) {
        guard !video.inputReferences.isEmpty else { return }
        for (name, isGiven) in [("seed", video.seed != nil), ("negative_prompt", video.negativePrompt != nil)]
        where isGiven {
            throw RequestProblem(
                .contradiction,
                field: name,
                "`\(name)` is not taken together with `input_references`: `\(request.model)` has none then."
            )
        }
    }

    // MARK: - Speech

    private mutating func add(_ speech: SpeechRequest) {
        fields["text"] = .string(speech.input)
        // The host knows the voices by their names with a capital letter.
        fields["voice"] = speech.voice.map { .string($0.prefix(1).uppercased() + $0.dropFirst()) }
        fields["speed"] = speech.speed.map(JSONValue.number)
        if let language = speech.language, language != FalSizes.free { fields["language_code"] = .string(language) }
    }
}
