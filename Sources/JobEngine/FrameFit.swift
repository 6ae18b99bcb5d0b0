import Generation
import MediaInspection

/// What is told of frames that a provider takes in the video's own size alone.
enum FrameFit {
    /// The frames that are scaled, or may be.
    ///
    /// Said at the door, when the client can still think better of it. A picture that is named by URL is fetched later:
    /// its size is not known yet, and it is left as it is if it turns out to fit.
    ///
    /// - Parameters:
    ///   - request: The request, resolved against the model: its frames as they were posted.
    ///   - model: What it is for.
    ///   - references: Those of its pictures that came with it.
    /// - Returns: One adjustment for each of these frames.
    static func adjustments(
        of request: GenerationRequest,
        for model: ModelCapabilities,
        _ references: AdmittedReferences
    ) -> [Adjustment] {
        guard case .video(let video) = request.content, case .video(let offer) = model.parameters,
            offer.framesMatchSize, let size = video.size
        else { return [] }
        return video.frameImages.enumerated().compactMap { index, frame in
            let found = references.decoded.first { .url($0.url) == frame.image }.flatMap { dimensions(of: $0.bytes) }
            guard found != size else { return nil }
            return Adjustment(
                parameter: "frame_images[\(index)]",
                asked: found.map { .string($0.description) } ?? .null,
                used: .string(size.description),
                reason: .resized
            )
        }
    }

    private static func dimensions(of picture: [UInt8]) -> PixelSize? {
        let found = try? MediaInspector.imageDimensions(picture, pixelLimit: .max)
        return found.map { PixelSize(width: $0.width, height: $0.height) }
    }
}
