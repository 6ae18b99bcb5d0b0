import Generation

/// What is told of frames that a provider takes in the video's own size alone.
enum FrameFit {
    /// The frames that are scaled, or may be.
    ///
    /// Said at the door, when the client can still think better of it. A picture that is named by URL is fetched later:
    /// its size is not known yet, and it is left as it is if it turns out to fit.
    ///
    /// - Parameters:
    ///   - request: The request, resolved against the model, with what came with it measured.
    ///   - model: What it is for.
    /// - Returns: One adjustment for each of these frames.
    static func adjustments(of request: GenerationRequest, for model: ModelCapabilities) -> [Adjustment] {
        guard case .video(let video) = request.content, case .video(let offer) = model.parameters,
            offer.framesMatchSize, let size = video.size
        else { return [] }
        return video.frameImages.enumerated().compactMap { index, frame in
            let found = dimensions(of: frame.image)
            guard found != size else { return nil }
            return Adjustment(
                parameter: "frame_images[\(index)]",
                asked: found.map { .string($0.description) } ?? .null,
                used: .string(size.description),
                reason: .resized
            )
        }
    }

    private static func dimensions(of picture: MediaInput) -> PixelSize? {
        guard case .stored(let stored) = picture, let width = stored.width, let height = stored.height else {
            return nil
        }
        return PixelSize(width: width, height: height)
    }
}
