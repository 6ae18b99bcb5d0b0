import Foundation
import Generation
import MediaInspection
import ProviderKit

/// The path and the body of a request.
///
/// Source: `types/video_create_params.py` and `types/image_generate_params.py` of the official client together 3.1.1, and the
/// examples of docs.together.ai (videos-overview, inference/images); read on 2026-11-22.
struct TogetherBody {
    let path: String
    let bytes: [UInt8]

    /// Puts a request together, byte for byte the same for the same one.
    ///
    /// - Throws: Unsent failures for options and pictures that the vendor would refuse.
    init(
        _ request: GenerationRequest,
        _ model: ModelCapabilities?,
        _ context: AttemptContext
    ) async throws(ProviderFailure) {
        var fields: [String: JSONValue]
        do {
            fields = try TogetherOptions(of: request, model).fields
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        fields["model"] = .string(model?.providerModel ?? request.model)
        fields["prompt"] = .string(request.prompt)
        switch request.content {
        case .video(let video):
            path = "/v2/videos"
            try await Self.fill(&fields, video, model, context)
        case .image(let image):
            path = "/v1/images/generations"
            try await Self.fill(&fields, image, model, context)
        case .speech, .transcription, .music, .sound:
            throw .notSent(.invalidRequest, "This provider makes videos and images alone.")
        }
        bytes = Array(JSONValue.object(fields).canonicalText.utf8)
    }

    // MARK: - Videos

    private static func fill(
        _ fields: inout [String: JSONValue],
        _ video: VideoRequest,
        _ model: ModelCapabilities?,
        _ context: AttemptContext
    ) async throws(ProviderFailure) {
        if !video.frameImages.isEmpty, let name = model?.wire[TogetherNotes.imageModel] {
            fields["model"] = .string(name)
        }
        if model?.wire[TogetherNotes.words] != nil {
            fields["resolution"] = video.resolution.map { .string($0.uppercased()) }
            fields["ratio"] = video.aspectRatio.map(JSONValue.string)
        } else {
            setSize(&fields, video.size)
        }
        // A text, though it is a number.
        fields["seconds"] = video.duration.map { .string(String($0)) }
        if case .video(let offer)? = model?.parameters, case .choice = offer.audio {
            fields["generate_audio"] = video.generateAudio.map(JSONValue.bool)
        }
        fields["negative_prompt"] = video.negativePrompt.map(JSONValue.string)
        fields["seed"] = video.seed.map(JSONValue.integer)
        var frames: [JSONValue] = []
        for frame in video.frameImages.sorted(by: { $0.role < $1.role }) {
            let place =
                switch frame.role {
                case .first: "first"
                case .last: "last"
                }
            let picture = try await picture(frame.image, "\(place) frame", context)
            frames.append(["input_image": .string(picture.base64), "frame": .string(place)])
        }
        if !frames.isEmpty { fields["media"] = ["frame_images": .array(frames)] }
    }

    // MARK: - Images

    private static func fill(
        _ fields: inout [String: JSONValue],
        _ image: ImageRequest,
        _ model: ModelCapabilities?,
        _ context: AttemptContext
    ) async throws(ProviderFailure) {
        setSize(&fields, image.size)
        fields["n"] = image.n.map { .integer(Int64($0)) }
        fields["seed"] = image.seed.map(JSONValue.integer)
        fields["negative_prompt"] = image.negativePrompt.map(JSONValue.string)
        fields["output_format"] = image.outputFormat.map(JSONValue.string)
        fields["steps"] = model?.wire[TogetherNotes.steps].flatMap { Int64($0) }.map(JSONValue.integer)
        // Their addresses expire, and the vendor's server of files refuses some clients: the pictures come in the answer.
        fields["response_format"] = "base64"
        var references: [JSONValue] = []
        for (index, input) in image.inputReferences.enumerated() {
            let picture = try await picture(input, "reference \(index + 1)", context)
            references.append(.string("data:\(picture.type);base64,\(picture.base64)"))
        }
        guard let first = references.first else { return }
        if model?.wire[TogetherNotes.single] != nil {
            fields["image_url"] = first
        } else {
            fields["reference_images"] = .array(references)
        }
    }

    private static func setSize(_ fields: inout [String: JSONValue], _ size: PixelSize?) {
        guard let size else { return }
        fields["width"] = .integer(Int64(size.width))
        fields["height"] = .integer(Int64(size.height))
    }

    /// A picture, and what it is.
    private static func picture(
        _ input: MediaInput,
        _ what: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> (type: String, base64: String) {
        guard case .stored(let stored) = input, let type = MediaType(mime: stored.mediaType) else {
            throw .notSent(
                .invalidRequest,
                "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        guard [.png, .jpeg, .webp].contains(type) else {
            throw .notSent(.invalidRequest, "A picture (\(what)) is \(stored.mediaType); JPEG, PNG and WebP are taken.")
        }
        return (type.rawValue, Data(try await context.bytes(of: stored)).base64EncodedString())
    }
}
