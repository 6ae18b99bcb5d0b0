import Generation
import ProviderKit

/// The input that one request becomes, and the pictures that go along.
///
/// Made without any I/O, so that a request is refused when it is handed in and not when it is sent.
struct ReplicateInput {
    /// Pictures under one name.
    enum Pictures {
        case one(MediaInput)
        case list([MediaInput])
    }

    /// The word for a shape that follows the first picture.
    private static let matching: JSONValue = "match_input_image"

    private(set) var fields: [String: JSONValue]
    private(set) var pictures: [String: Pictures] = [:]
    /// The length that the host bills, where it bills what was asked for.
    private(set) var milliseconds: Int64?

    /// Takes a resolved request apart.
    ///
    /// - Throws: `RequestProblem` for options that the model lacks, and for what does not go together.
    init(_ request: GenerationRequest, _ model: ModelCapabilities) throws(RequestProblem) {
        let family = ReplicateFamily(of: model)
        fields = try ReplicateOptions(of: request, family).fields
        switch request.content {
        case .image(let image): add(image, family)
        case .video(let video): try add(video, request.model)
        case .speech, .transcription, .music, .sound:
            throw RequestProblem(
                .unsupportedValue,
                field: "model",
                "`\(request.model)` makes nothing of this type here."
            )
        }
    }

    // MARK: - Images

    private mutating func add(_ image: ImageRequest, _ family: ReplicateFamily) {
        fields["prompt"] = .string(image.prompt)
        fields["seed"] = image.seed.map(JSONValue.integer)
        fields["output_format"] = image.outputFormat.map { .string($0 == "jpeg" ? "jpg" : $0) }
        fields["output_quality"] = image.outputCompression.map { .integer(Int64($0)) }
        let references = image.inputReferences
        let isFree = image.aspectRatio == nil || image.aspectRatio == ReplicateSizes.free
        let matched: JSONValue? = references.isEmpty ? Optional.none : Self.matching
        let ratio: JSONValue? = isFree ? matched : image.aspectRatio.map(JSONValue.string)
        switch family {
        case .schnell:
            fields["aspect_ratio"] = ratio
            fields["num_outputs"] = .integer(Int64(image.n ?? 1))
            fields["megapixels"] = "1"
        case .fluxPro:
            setSize(image.size)
            pictures["image_prompt"] = references.first.map(Pictures.one)
        case .ultra:
            fields["aspect_ratio"] = ratio
            pictures["image_prompt"] = references.first.map(Pictures.one)
        case .kontext:
            fields["aspect_ratio"] = ratio
            pictures["input_image"] = references.first.map(Pictures.one)
        case .flux2:
            if image.size == nil, !references.isEmpty {
                fields["aspect_ratio"] = Self.matching
                fields["resolution"] = Self.matching
            } else {
                setSize(image.size)
            }
            if !references.isEmpty { pictures["input_images"] = .list(references) }
        case .banana:
            fields["aspect_ratio"] = ratio
            fields["resolution"] = image.resolution.map(JSONValue.string)
            if !references.isEmpty { pictures["image_input"] = .list(references) }
        case .seedream:
            fields["aspect_ratio"] = ratio
            fields["size"] = image.resolution.map(JSONValue.string)
            // Left to itself the model may make a set, each image of it billed.
            fields["sequential_image_generation"] = "disabled"
            // It makes JPEG and takes no format.
            fields["output_format"] = nil
            if !references.isEmpty { pictures["image_input"] = .list(references) }
        case .veo: break
        }
    }

    private mutating func setSize(_ size: PixelSize?) {
        guard let size else { return }
        fields["aspect_ratio"] = "custom"
        fields["width"] = .integer(Int64(size.width))
        fields["height"] = .integer(Int64(size.height))
    }

    // MARK: - Videos

    private mutating func add(_ video: VideoRequest, _ slug: String) throws(RequestProblem) {
        guard video.inputReferences.isEmpty || video.aspectRatio == "16:9" || video.aspectRatio == nil
        else {
            throw RequestProblem(
                .contradiction,
                field: "aspect_ratio",
                "`aspect_ratio` is \(RequestProblem.shown(.string(video.aspectRatio ?? ""))); with `input_references` `\(slug)` makes 16:9 alone."
            )
        }
        fields["prompt"] = .string(video.prompt)
        fields["negative_prompt"] = video.negativePrompt.map(JSONValue.string)
        fields["seed"] = video.seed.map(JSONValue.integer)
        fields["duration"] = video.duration.map { .integer(Int64($0)) }
        fields["resolution"] = video.resolution.map(JSONValue.string)
        fields["aspect_ratio"] = video.aspectRatio.map(JSONValue.string)
        fields["generate_audio"] = video.generateAudio.map(JSONValue.bool)
        milliseconds = video.duration.map { Int64($0) * 1_000 }
        pictures["image"] = video.frameImages.first { $0.role == .first }.map { .one($0.image) }
        pictures["last_frame"] = video.frameImages.first { $0.role == .last }.map { .one($0.image) }
        if !video.inputReferences.isEmpty {
            pictures["reference_images"] = .list(video.inputReferences)
        }
    }
}
