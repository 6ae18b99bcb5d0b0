import Generation

/// Requests for images and sounds that show whether an adapter passes on all that its models offer.
enum MediaVariants {
    /// A request for each size, quality, count, format, voice and picture that a model offers; none for a model of videos.
    ///
    /// - Parameters:
    ///   - model: The model.
    ///   - sound: A sound that it listens to, if it listens to any.
    /// - Returns: The requests, with the pictures that they name.
    static func offers(of model: ModelCapabilities, sound: MediaInput?) -> [VideoVariants.Variant] {
        switch model.parameters {
        case .video: return []
        case .image(let offer):
            return plain(of: model) + variants(offer.qualities, model, "quality") { $0.quality = $1 }
                + variants(offer.backgrounds, model, "background") { image, background in
                    image.background = background
                    image.outputFormat = offer.formats.first(where: offer.formatsWithTransparency.contains)
                }
                + pictures(of: model)
        case .speech, .music, .sound: return plain(of: model)
        case .transcription:
            guard let sound else { return [] }
            let kind = type(of: sound)
            return plain(of: model).compactMap { variant in
                guard case .transcription(var asked) = variant.request.content, type(of: asked.inputAudio) == kind
                else { return nil }
                asked.inputAudio = sound
                return VideoVariants.Variant(
                    name: variant.name,
                    request: GenerationRequest(model: model.slug, content: .transcription(asked)),
                    inputs: [:],
                    pictures: []
                )
            }
        }
    }

    /// A request with one reference picture, one with two, and one with a mask, as far as there may be.
    static func pictures(of model: ModelCapabilities) -> [VideoVariants.Variant] {
        guard case .image(let offer) = model.parameters, offer.referencesMax > 0 else { return [] }
        let counts = Set([max(1, offer.referencesMin), min(2, offer.referencesMax)])
        let plain = counts.sorted().map { (count: $0, isMasked: false) }
        return (plain + (offer.mask ? [(1, true)] : [])).map { count, isMasked in
            var image = ImageRequest(prompt: "A boat on a lake.")
            var inputs: [String: [UInt8]] = [:]
            var pictures: [(name: String, bytes: [UInt8])] = []
            for (index, (input, bytes)) in self.pictures(count).enumerated() {
                inputs[input.sha256] = bytes
                pictures.append(("reference \(index + 1)", bytes))
                image.inputReferences.append(.stored(input))
            }
            if isMasked {
                // In which form it arrives is the wire's own.
                let (input, bytes) = VideoVariants.picture(PixelSize(width: 512, height: 512), seed: count)
                inputs[input.sha256] = bytes
                image.mask = .stored(input)
            }
            return VideoVariants.Variant(
                name: "\(count) references\(isMasked ? ", a mask" : "")",
                request: GenerationRequest(model: model.slug, content: .image(image)),
                inputs: inputs,
                pictures: pictures
            )
        }
    }

    /// Some pictures, as the engine would have stored them.
    static func pictures(_ count: Int) -> [(input: StoredInput, bytes: [UInt8])] {
        (0..<count).map { VideoVariants.picture(PixelSize(width: 512, height: 512), seed: $0) }
    }

    /// Requests that differ in one field each.
    static func pairs(of model: ModelCapabilities, sound: MediaInput?) -> [VideoVariants.Pair] {
        switch model.parameters {
        case .video: return []
        case .image(let offer): return pairs(of: model, offer)
        case .speech(let offer):
            let plain = SpeechRequest(input: "A boat on a lake.")
            func pair(_ field: String, _ change: (inout SpeechRequest) -> Void) -> VideoVariants.Pair {
                self.pair(field, plain, model, { .speech($0) }, change)
            }
            return [
                pair("input") { $0.input = "Another boat." }, pair("speed") { $0.speed = offer.speed?.upperBound },
                pair("instructions") { $0.instructions = "Whisper." },
            ] + offer.voices.map { voice in pair("voice") { $0.voice = voice } }
                + offer.languages.map { language in pair("language") { $0.language = language } }
        case .transcription(let offer):
            guard let sound else { return [] }
            let plain = TranscriptionRequest(inputAudio: sound)
            func pair(_ field: String, _ change: (inout TranscriptionRequest) -> Void) -> VideoVariants.Pair {
                self.pair(field, plain, model, { .transcription($0) }, change)
            }
            return [
                pair("language") { $0.language = offer.languages.last ?? "de" },
                pair("keyterms") { $0.keyterms = ["boat"] }, pair("prompt") { $0.prompt = "Boats." },
                pair("temperature") { $0.temperature = offer.temperatures?.upperBound },
            ]
        case .music(let offer):
            let plain = MusicRequest(prompt: "A boat on a lake.")
            func pair(_ field: String, _ change: (inout MusicRequest) -> Void) -> VideoVariants.Pair {
                self.pair(field, plain, model, { .music($0) }, change)
            }
            return [
                pair("prompt") { $0.prompt = "Another boat." }, pair("lyrics") { $0.lyrics = "Row, row." },
                pair("duration") { $0.duration = offer.durations?.upperBound }, pair("seed") { $0.seed = 2 },
                pair("instrumental") { $0.instrumental = true },
            ]
        case .sound(let offer):
            let plain = SoundRequest(prompt: "A boat on a lake.")
            func pair(_ field: String, _ change: (inout SoundRequest) -> Void) -> VideoVariants.Pair {
                self.pair(field, plain, model, { .sound($0) }, change)
            }
            return [
                pair("prompt") { $0.prompt = "Another boat." }, pair("loop") { $0.loop = true },
                pair("duration") { $0.duration = offer.durations?.upperBound }, pair("seed") { $0.seed = 2 },
            ]
        }
    }

    private static func pairs(of model: ModelCapabilities, _ offer: ImageParameters) -> [VideoVariants.Pair] {
        var plain = ImageRequest(prompt: "A boat on a lake.")
        // Of a shape that no model has by itself.
        let stored = (0..<2).map { VideoVariants.picture(PixelSize(width: 640, height: 400), seed: $0 + 50) }
        let inputs = Dictionary(stored.map { ($0.input.sha256, $0.bytes) }) { first, _ in first }
        let pictures = stored.map { MediaInput.stored($0.input) }
        plain.inputReferences = Array(pictures.prefix(offer.referencesMin))
        func pair(
            _ field: String,
            _ change: (inout ImageRequest) -> Void,
            from: (inout ImageRequest) -> Void = { _ in }
        ) -> VideoVariants.Pair {
            var first = plain
            from(&first)
            let pair = self.pair(field, first, model, { .image($0) }, change)
            return VideoVariants.Pair(field: field, one: pair.one, other: pair.other, inputs: inputs)
        }
        return [
            pair("prompt") { $0.prompt = "Another boat." }, pair("negative_prompt") { $0.negativePrompt = "fog" },
            pair("n") { $0.n = offer.countMax },
            pair("seed", { $0.seed = 2 }, from: { $0.seed = 1 }),
            pair("references") { $0.inputReferences = [pictures[0]] },
            pair(
                "the references' order",
                { $0.inputReferences = [pictures[1], pictures[0]] },
                from: { $0.inputReferences = pictures }
            ),
        ] + offer.qualities.map { quality in pair("quality") { $0.quality = quality } }
            + offer.sizes.map { option in
                // A shape that follows a picture wants one.
                let isFollowing = option.followsInput && offer.referencesMax > 0
                let followed = isFollowing ? Array(pictures.prefix(1)) : plain.inputReferences
                return pair(
                    "size",
                    { ($0.resolution, $0.aspectRatio) = (option.resolution, option.aspectRatio) },
                    from: { $0.inputReferences = followed }
                )
            }
    }

    private static func pair<Request>(
        _ field: String,
        _ plain: Request,
        _ model: ModelCapabilities,
        _ content: (Request) -> GenerationRequest.Content,
        _ change: (inout Request) -> Void
    ) -> VideoVariants.Pair {
        var other = plain
        change(&other)
        return VideoVariants.Pair(
            field: field,
            one: GenerationRequest(model: model.slug, content: content(plain)),
            other: GenerationRequest(model: model.slug, content: content(other)),
            inputs: [:]
        )
    }

    private static func plain(of model: ModelCapabilities) -> [VideoVariants.Variant] {
        var inputs: [String: [UInt8]] = [:]
        if case .image(let offer) = model.parameters {
            for (input, bytes) in pictures(offer.referencesMin) { inputs[input.sha256] = bytes }
        }
        return CapabilityProblems.everyOffer(of: model).map { content in
            VideoVariants.Variant(
                name: "\(GenerationRequest(model: model.slug, content: content).json.canonicalText)",
                request: GenerationRequest(model: model.slug, content: content),
                inputs: inputs,
                pictures: []
            )
        }
    }

    private static func variants<Value>(
        _ values: [Value],
        _ model: ModelCapabilities,
        _ field: String,
        _ set: (inout ImageRequest, Value) -> Void
    ) -> [VideoVariants.Variant] {
        values.map { value in
            var image = ImageRequest(prompt: "A boat on a lake.")
            set(&image, value)
            return VideoVariants.Variant(
                name: "\(field) \(value)",
                request: GenerationRequest(model: model.slug, content: .image(image)),
                inputs: [:],
                pictures: []
            )
        }
    }

    private static func type(of input: MediaInput) -> String? {
        guard case .stored(let stored) = input else { return nil }
        return stored.mediaType
    }
}
