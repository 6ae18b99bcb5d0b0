import Generation

/// What is wrong with a model's description, in words.
enum CapabilityProblems {
    static let slugBytes = Set("abcdefghijklmnopqrstuvwxyz0123456789-._".utf8)
    private static let units: Set<String> = [
        "second", "image", "megapixel", "input_megapixel", "token", "character", "request", "audio_second",
        "audio_minute", "reference_image", "minimum", "input_text_token", "input_image_token", "input_audio_token",
        "output_text_token", "output_image_token", "output_audio_token",
    ]

    static func of(_ model: ModelCapabilities) -> [String] {
        var problems = Problems()
        let parts = model.slug.split(separator: "/", omittingEmptySubsequences: false)
        problems.check(
            parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(slugBytes.contains) },
            "the slug must read author/name"
        )
        problems.check(!model.name.isEmpty && !model.summary.isEmpty, "name and summary must be there")
        problems.check(!model.source.isEmpty, "the source must be named")
        problems.check(model.promptCharactersMax > 0, "the prompt must have a length")
        problems.check(!model.prices.isEmpty, "a model needs a price, be it 0")
        for price in model.prices {
            problems.check(units.contains(price.unit), "unknown unit \(price.unit)")
            problems.check(isDecimal(price.usd), "\(price.usd) is no exact decimal")
        }
        problems.list("options", model.options, mayBeEmpty: true)
        problems.check(model.limits.slots > 0, "there must be a slot")
        problems.check(model.limits.submitsPerMinute ?? 1 > 0, "the rate must not be 0")
        let timing = model.timing
        problems.check(timing.typicalSeconds > 0 && timing.pollIntervalSeconds > 0, "timings must be above 0")
        problems.check(Double(timing.deadlineSeconds) > timing.typicalSeconds, "the deadline comes too soon")
        problems.check(timing.sendTimeoutSeconds > 0, "a send needs time")
        switch model.parameters {
        case .video(let video):
            problems.list("durations", video.durations)
            problems.check(video.durations.allSatisfy { $0 > 0 }, "durations must be above 0")
            problems.check(video.durations.contains(video.defaultDuration), "the default duration is not on offer")
            problems.list("frame rates", video.framesPerSecond, mayBeEmpty: true)
            problems.sizes(video.sizes)
            problems.check(video.referencesMax >= 0, "references cannot be negative")
        case .image(let image):
            problems.sizes(image.sizes)
            problems.list("formats", image.formats)
            problems.list("qualities", image.qualities, mayBeEmpty: true)
            problems.list("backgrounds", image.backgrounds, mayBeEmpty: true)
            problems.check(image.countMax > 0, "an image model makes at least one image")
            problems.check(
                (0...image.referencesMax).contains(image.referencesMin),
                "no more pictures can be demanded than are taken"
            )
        case .speech(let speech):
            problems.list("voices", speech.voices)
            problems.list("formats", speech.formats)
            problems.list("languages", speech.languages, mayBeEmpty: true)
            problems.check(speech.speed?.contains(1) ?? true, "the usual tempo must be on offer")
            problems.check(speech.speakersMax > 0, "somebody must speak")
        case .transcription(let transcription):
            problems.list("formats", transcription.formats)
            problems.check(
                transcription.formats.allSatisfy { Transcript.Format(rawValue: $0) != nil },
                "a transcript's format must be one of \(Transcript.Format.allCases.map(\.rawValue))"
            )
            problems.list("media types", transcription.mediaTypes)
            problems.check(transcription.bytesMax > 0 && transcription.secondsMax > 0, "something must be listened to")
        case .music(let music):
            problems.list("formats", music.formats)
            problems.length(music.durations, default: music.defaultDuration, most: music.secondsMax)
        case .sound(let sound):
            problems.list("formats", sound.formats)
            problems.length(sound.durations, default: sound.defaultDuration, most: sound.secondsMax)
        }
        return problems.found
    }

    /// One request's content for each size, length, rate, count, voice and format that a model says it takes.
    static func everyOffer(of model: ModelCapabilities) -> [GenerationRequest.Content] {
        switch model.parameters {
        case .video(let offered):
            let plain = VideoRequest(prompt: "a boat")
            return
                // A size that follows the pictures is no size that could be asked for.
                (variants(of: plain, offered.sizes.filter { !$0.followsInput }) { $0.size = $1.size }
                + variants(of: plain, offered.sizes) {
                    ($0.resolution, $0.aspectRatio) = ($1.resolution, $1.aspectRatio)
                }
                + offered.durations.map { request(lasting: $0, of: model, offered) }
                + variants(of: plain, offered.framesPerSecond) { $0.fps = $1 }).map { .video($0) }
        case .image(let offered):
            var plain = ImageRequest(prompt: "a boat")
            plain.inputReferences = MediaVariants.pictures(offered.referencesMin).map { .stored($0.input) }
            return
                (variants(of: plain, offered.sizes.filter { !$0.followsInput }) { $0.size = $1.size }
                + variants(of: plain, offered.sizes) {
                    ($0.resolution, $0.aspectRatio) = ($1.resolution, $1.aspectRatio)
                }
                + variants(of: plain, Array(1...max(1, offered.countMax))) { $0.n = $1 }
                + variants(of: plain, offered.formats) { $0.outputFormat = $1 }).map { .image($0) }
        case .speech(let offered):
            let plain = SpeechRequest(input: "A boat.")
            return
                (variants(of: plain, offered.voices) { $0.voice = $1 }
                + variants(of: plain, offered.languages) { $0.language = $1 }
                + variants(of: plain, offered.formats) { $0.responseFormat = $1 }).map { .speech($0) }
        case .transcription(let offered):
            let plain = offered.mediaTypes.map { type in
                TranscriptionRequest(inputAudio: .stored(StoredInput(sha256: "00", mediaType: type, bytes: 2)))
            }
            return
                (plain
                + plain.prefix(1).flatMap { plain in
                    variants(of: plain, offered.formats) { $0.responseFormat = $1 }
                        + variants(of: plain, offered.languages) { $0.language = $1 }
                        + variants(of: plain, offered.granularities.sorted()) { $0.timestampGranularities = [$1] }
                }).map { .transcription($0) }
        case .music(let offered):
            let plain = MusicRequest(prompt: "A boat.")
            return
                (variants(of: plain, offered.formats) { $0.responseFormat = $1 }
                + variants(of: plain, ends(of: offered.durations)) { $0.duration = $1 }).map { .music($0) }
        case .sound(let offered):
            let plain = SoundRequest(prompt: "A boat.")
            return
                (variants(of: plain, offered.formats) { $0.responseFormat = $1 }
                + variants(of: plain, ends(of: offered.durations)) { $0.duration = $1 }).map { .sound($0) }
        }
    }

    private static func ends(of range: ClosedRange<Double>?) -> [Double] {
        range.map { [$0.lowerBound, $0.upperBound] } ?? []
    }

    /// A request of a length, with whatever the model's rules want besides: pictures, or another resolution.
    private static func request(
        lasting seconds: Int,
        of model: ModelCapabilities,
        _ offered: VideoParameters
    ) -> VideoRequest {
        let picture = MediaInput.stored(StoredInput(sha256: "00", mediaType: "image/png", bytes: 1))
        let frames = FrameRole.allCases.filter(offered.frameRoles.contains)
            .map { FrameImage(role: $0, image: picture) }
        var plain = VideoRequest(prompt: "a boat")
        plain.duration = seconds
        let pictured =
            [plain] + variants(of: plain, [Array(frames.prefix(1)), frames]) { $0.frameImages = $1 }
            + variants(of: plain, [[picture]]) { $0.inputReferences = $1 }
        let all = pictured + pictured.flatMap { variants(of: $0, offered.sizes) { $0.resolution = $1.resolution } }
        return all.first { request in
            let asked = GenerationRequest(model: model.slug, content: .video(request))
            return (try? asked.resolved(against: model, strict: true)) != nil
        } ?? plain
    }

    private static func variants<Request, Value>(
        of request: Request,
        _ values: [Value],
        _ set: (inout Request, Value) -> Void
    ) -> [Request] {
        values.map { value in
            var variant = request
            set(&variant, value)
            return variant
        }
    }

    /// Digits, perhaps with a point and up to 15 more.
    private static func isDecimal(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(Set("0123456789".utf8).contains) }
        return isPlain && parts.count <= 2 && (parts.count < 2 || parts[1].count <= 15)
    }

    private struct Problems {
        var found: [String] = []

        mutating func check(_ holds: Bool, _ problem: String) {
            if !holds { found.append(problem) }
        }

        mutating func list<Value: Hashable>(_ name: String, _ values: [Value], mayBeEmpty: Bool = false) {
            check(mayBeEmpty || !values.isEmpty, "there are no \(name)")
            check(Set(values).count == values.count, "\(name) repeat themselves")
        }

        mutating func length(_ range: ClosedRange<Double>?, default byDefault: Double?, most: Int) {
            check(most > 0, "the longest must be above 0")
            check(range.map { $0.lowerBound > 0 && $0.upperBound <= Double(most) } ?? true, "a length is out of bounds")
            check(byDefault.map { $0 <= Double(most) } ?? true, "the default length is out of bounds")
        }

        mutating func sizes(_ sizes: [SizeOption]) {
            list("sizes", sizes)
            check(
                Set(sizes.map { "\($0.resolution) \($0.aspectRatio)" }).count == sizes.count,
                "a resolution and aspect ratio mean two sizes"
            )
        }
    }
}
