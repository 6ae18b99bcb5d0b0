import Generation

/// Requests for a video model that differ in what is being checked.
struct VideoVariants {
    /// One request, with the pictures that it names.
    struct Variant {
        let name: String
        let request: GenerationRequest
        /// By hash.
        let inputs: [String: [UInt8]]
        /// By what they are.
        let pictures: [(name: String, bytes: [UInt8])]
    }

    /// Two requests that differ in one field.
    struct Pair {
        let field: String
        let one: GenerationRequest
        let other: GenerationRequest
        let inputs: [String: [UInt8]]
    }

    /// Which pictures a request has.
    private enum Pictures: CaseIterable {
        case none
        case first
        case last
        case both
        case reference
        case references
        case mixed

        func fits(_ offer: VideoParameters) -> Bool {
            let (first, last) = (offer.frameRoles.contains(.first), offer.frameRoles.contains(.last))
            return switch self {
            case .none: true
            case .first: first
            case .last: last && offer.lastFrameAlone
            case .both: first && last
            case .reference: offer.referencesMax > 0
            case .references: offer.referencesMax > 1
            case .mixed: first && offer.referencesMax > 0 && offer.referencesWithFrames
            }
        }

        func names(_ offer: VideoParameters) -> [String] {
            switch self {
            case .none: []
            case .first: ["first frame"]
            case .last: ["last frame"]
            case .both: ["first frame", "last frame"]
            case .reference: ["reference 1"]
            case .references: (1...offer.referencesMax).map { "reference \($0)" }
            case .mixed: ["first frame", "reference 1"]
            }
        }
    }

    /// A request for each size and picture, and for each length, resolution, sound and picture.
    static func offers(of model: ModelCapabilities) -> [Variant] {
        guard case .video(let offer) = model.parameters else { return [] }
        var all: [Variant] = []
        for pictures in Pictures.allCases where pictures.fits(offer) {
            for option in offer.sizes {
                var video = VideoRequest(prompt: "A boat on a lake.")
                (video.resolution, video.aspectRatio) = (option.resolution, option.aspectRatio)
                all.append(variant(video, model, offer, pictures, option.size))
            }
            let resolutions = unique(offer.sizes.map(\.resolution))
            let sounds: [Bool?] =
                switch offer.audio {
                case .choice: [true, false]
                case .silent, .always: [nil]
                }
            for resolution in resolutions {
                guard let size = offer.sizes.first(where: { $0.resolution == resolution })?.size else { continue }
                for duration in offer.durations + (offer.automaticDuration ? [VideoParameters.automatic] : []) {
                    for sound in sounds {
                        var video = VideoRequest(prompt: "A boat on a lake.")
                        (video.resolution, video.duration, video.generateAudio) = (resolution, duration, sound)
                        all.append(variant(video, model, offer, pictures, size))
                    }
                }
            }
        }
        return all
    }

    /// A request for each kind of pictures, in their video's own size.
    static func pictures(of model: ModelCapabilities) -> [Variant] {
        guard case .video(let offer) = model.parameters, let size = offer.sizes.first?.size else { return [] }
        return Pictures.allCases.filter { $0 != .none && $0.fits(offer) }
            .map { variant(VideoRequest(prompt: "A boat on a lake."), model, offer, $0, size) }
    }

    /// Requests that differ in one field each.
    static func pairs(of model: ModelCapabilities) -> [Pair] {
        guard case .video(let offer) = model.parameters, let size = offer.sizes.first?.size else { return [] }
        let plain = VideoRequest(prompt: "A boat on a lake.")
        var inputs: [String: [UInt8]] = [:]
        let stored = (0..<3).map { seed -> MediaInput in
            let (input, bytes) = picture(size, seed: seed + 50)
            inputs[input.sha256] = bytes
            return .stored(input)
        }
        var pairs: [Pair] = []
        func pair(_ field: String, _ one: (inout VideoRequest) -> Void, _ other: (inout VideoRequest) -> Void) {
            var (first, second) = (plain, plain)
            one(&first)
            other(&second)
            pairs.append(
                Pair(
                    field: field,
                    one: GenerationRequest(model: model.slug, content: .video(first)),
                    other: GenerationRequest(model: model.slug, content: .video(second)),
                    inputs: inputs
                )
            )
        }
        pair("prompt", { _ in }, { $0.prompt = "Another boat." })
        pair("negative_prompt", { _ in }, { $0.negativePrompt = "fog" })
        pair("negative_prompt", { $0.negativePrompt = "rain" }, { $0.negativePrompt = "fog" })
        let lengths = offer.durations + (offer.automaticDuration ? [VideoParameters.automatic] : [])
        for duration in lengths { pair("duration", { _ in }, { $0.duration = duration }) }
        for option in offer.sizes {
            pair("size", { _ in }, { ($0.resolution, $0.aspectRatio) = (option.resolution, option.aspectRatio) })
        }
        for rate in offer.framesPerSecond { pair("fps", { _ in }, { $0.fps = rate }) }
        pair("generate_audio", { $0.generateAudio = true }, { $0.generateAudio = false })
        pair("seed", { $0.seed = 1 }, { $0.seed = 2 })
        let frame = { (role: FrameRole, index: Int) in FrameImage(role: role, image: stored[index]) }
        pair("first frame", { _ in }, { $0.frameImages = [frame(.first, 0)] })
        pair("first frame", { $0.frameImages = [frame(.first, 1)] }, { $0.frameImages = [frame(.first, 0)] })
        pair(
            "last frame",
            { $0.frameImages = [frame(.first, 0)] },
            { $0.frameImages = [frame(.first, 0), frame(.last, 1)] }
        )
        pair(
            "the frames' roles",
            { $0.frameImages = [frame(.first, 0), frame(.last, 1)] },
            { $0.frameImages = [frame(.first, 1), frame(.last, 0)] }
        )
        pair("references", { _ in }, { $0.inputReferences = [stored[0]] })
        pair("references", { $0.inputReferences = [stored[0]] }, { $0.inputReferences = [stored[1]] })
        pair(
            "the references' order",
            { $0.inputReferences = [stored[0], stored[1]] },
            { $0.inputReferences = [stored[1], stored[0]] }
        )
        return pairs
    }

    private static func variant(
        _ video: VideoRequest,
        _ model: ModelCapabilities,
        _ offer: VideoParameters,
        _ kind: Pictures,
        _ size: PixelSize
    ) -> Variant {
        var video = video
        var inputs: [String: [UInt8]] = [:]
        var pictures: [(name: String, bytes: [UInt8])] = []
        for (index, name) in kind.names(offer).enumerated() {
            let (input, bytes) = picture(size, seed: index)
            inputs[input.sha256] = bytes
            pictures.append((name, bytes))
            switch name {
            case "first frame": video.frameImages.append(FrameImage(role: .first, image: .stored(input)))
            case "last frame": video.frameImages.append(FrameImage(role: .last, image: .stored(input)))
            case _: video.inputReferences.append(.stored(input))
            }
        }
        let size = [video.resolution, video.aspectRatio].compactMap(\.self).joined(separator: " ")
        let length = video.duration.map { "\($0) s" } ?? ""
        let sound = video.generateAudio.map { $0 ? "with sound" : "without sound" } ?? ""
        let parts = [size, length, sound] + pictures.map(\.name)
        return Variant(
            name: parts.filter { !$0.isEmpty }.joined(separator: ", "),
            request: GenerationRequest(model: model.slug, content: .video(video)),
            inputs: inputs,
            pictures: pictures
        )
    }

    /// A picture of a size, as the engine would have stored it.
    static func picture(_ size: PixelSize, seed: Int) -> (input: StoredInput, bytes: [UInt8]) {
        let bytes = TestPicture.png(width: size.width, height: size.height, seed: seed)
        let hash =
            String(seed + 1, radix: 16) + "a" + String(size.width, radix: 16) + "b" + String(size.height, radix: 16)
        let digits = String(repeating: "0", count: 64 - hash.count) + hash
        return (StoredInput(sha256: digits, mediaType: "image/png", bytes: Int64(bytes.count)), bytes)
    }

    private static func unique(_ names: [String]) -> [String] {
        names.enumerated().filter { names.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    }
}
