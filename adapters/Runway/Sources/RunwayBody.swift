import Generation
import ProviderKit

/// The path and the body of a request.
///
/// Source: `types/text_to_video_create_params.py`, `image_to_video_create_params.py` and `text_to_image_create_params.py` of
/// the official client runwayml 5.24.0; read on 2026-11-22.
struct RunwayBody {
    let path: String
    let bytes: [UInt8]

    /// Puts a request together, byte for byte the same for the same one.
    ///
    /// - Throws: Unsent failures for pictures that the vendor would refuse.
    init(
        _ request: GenerationRequest,
        _ model: ModelCapabilities?,
        _ context: AttemptContext
    ) async throws(ProviderFailure) {
        let family = RunwayFamily(of: model)
        var fields: [String: JSONValue]
        do {
            fields = try RunwayOptions(of: request, family).fields
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        fields["model"] = .string(model?.providerModel ?? request.model)
        fields["promptText"] = .string(request.prompt)
        var pictures = RunwayPictures()
        switch request.content {
        case .video(let video):
            path = video.frameImages.isEmpty ? "/v1/text_to_video" : "/v1/image_to_video"
            try await Self.fill(&fields, &pictures, video, family, context)
        case .image(let image):
            path = "/v1/text_to_image"
            fields["ratio"] = image.size.map(Self.ratio)
            fields["seed"] = image.seed.map(JSONValue.integer)
            let references = try await pictures.add(image.inputReferences, context)
            if !references.isEmpty { fields["referenceImages"] = .array(references) }
        case .speech, .transcription, .music, .sound:
            throw .notSent(.invalidRequest, "This provider makes videos and images alone.")
        }
        bytes = pictures.put(into: JSONValue.object(fields).canonicalText)
    }

    private static func fill(
        _ fields: inout [String: JSONValue],
        _ pictures: inout RunwayPictures,
        _ video: VideoRequest,
        _ family: RunwayFamily,
        _ context: AttemptContext
    ) async throws(ProviderFailure) {
        switch family {
        case .hailuo:
            fields["resolution"] = video.resolution.map(JSONValue.string)
            // With a first frame there is none, and the video gets that one's shape.
            fields["ratio"] = video.aspectRatio.map(JSONValue.string)
        case .gen4, .veo, .seedance, .image: fields["ratio"] = video.size.map(ratio)
        }
        fields["duration"] = video.duration.map { $0 == VideoParameters.automatic ? "auto" : .integer(Int64($0)) }
        if family.takesAudio { fields["audio"] = video.generateAudio.map(JSONValue.bool) }
        fields["negativePrompt"] = video.negativePrompt.map(JSONValue.string)
        fields["seed"] = video.seed.map(JSONValue.integer)
        var frames: [JSONValue] = []
        for frame in video.frameImages.sorted(by: { $0.role < $1.role }) {
            let position =
                switch frame.role {
                case .first: "first"
                case .last: "last"
                }
            let place = try await pictures.add(frame.image, "\(position) frame", context)
            frames.append(["uri": place, "position": .string(position)])
        }
        if !frames.isEmpty { fields["promptImage"] = .array(frames) }
        let references = try await pictures.add(video.inputReferences, context)
        if !references.isEmpty { fields["references"] = .array(references) }
    }

    /// A size as the vendor writes it: pixels with a colon.
    private static func ratio(_ size: PixelSize) -> JSONValue { .string("\(size.width):\(size.height)") }
}
