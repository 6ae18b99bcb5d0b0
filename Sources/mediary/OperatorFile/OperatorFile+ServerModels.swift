import Generation
import ProviderKit

/// What a model of the operator's own server takes, per type.
extension OperatorFile {
    /// Reads what there is to say about a model of that type.
    ///
    /// What is left out is not offered: nobody can know here what a server understands.
    static func parameters(
        of type: GenerationType,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> ModelParameters {
        switch type {
        case .image: .image(try image(&reader))
        case .video: .video(try video(&reader))
        case .speech: .speech(try speech(&reader))
        case .transcription: .transcription(try transcription(&reader))
        case .music: .music(try music(&reader))
        case .sound: .sound(try sound(&reader))
        }
    }

    private static func image(_ reader: inout FieldReader) throws(RequestProblem) -> ImageParameters {
        let square = PixelSize(width: 1_024, height: 1_024)
        var image = ImageParameters(
            sizes: try sizes(&reader, tier: imageTier)
                ?? [SizeOption(resolution: "1K", aspectRatio: "1:1", size: square)],
            formats: try words("formats", of: ["png", "jpeg", "webp"], &reader) ?? ["png"]
        )
        image.countMax = try whole("images_max", 1...100, &reader) ?? 1
        image.referencesMax = try whole("references_max", 0...100, &reader) ?? 0
        image.referencesMin = try whole("references_min", 0...100, &reader) ?? 0
        guard image.referencesMin <= image.referencesMax else {
            throw RequestProblem(
                .contradiction,
                field: reader.path(of: "references_min"),
                "`\(reader.path(of: "references_min"))` is \(image.referencesMin), above `references_max`, which is \(image.referencesMax)."
            )
        }
        image.mask = try reader.bool("mask") ?? false
        image.negativePrompt = try reader.bool("negative_prompt") ?? false
        image.seed = try reader.bool("seed") ?? false
        return image
    }

    private static func video(_ reader: inout FieldReader) throws(RequestProblem) -> VideoParameters {
        guard let durations = try seconds("durations", &reader) else { throw missing("durations", reader, "[4, 8]") }
        guard let sizes = try sizes(&reader, tier: { "\(min($0.width, $0.height))p" }) else {
            throw missing("sizes", reader, "[1280x720]")
        }
        var video = VideoParameters(
            durations: durations,
            defaultDuration: try whole("default_duration", 1...3_600, &reader) ?? durations[0],
            sizes: sizes
        )
        guard durations.contains(video.defaultDuration) else {
            throw RequestProblem(
                .contradiction,
                field: reader.path(of: "default_duration"),
                "`\(reader.path(of: "default_duration"))` is \(video.defaultDuration); allowed: \(RequestProblem.list(durations))."
            )
        }
        video.framesPerSecond = try seconds("frames_per_second", &reader) ?? []
        if try reader.bool("first_frame") ?? false { video.frameRoles.insert(.first) }
        if try reader.bool("last_frame") ?? false { video.frameRoles.insert(.last) }
        video.lastFrameAlone = video.frameRoles == [.last]
        video.referencesMax = try whole("references_max", 0...100, &reader) ?? 0
        switch try words("audio", of: ["silent", "always", "choice"], isOne: true, &reader)?.first {
        case "always": video.audio = .always
        case "choice": video.audio = .choice(default: true)
        case _: video.audio = .silent
        }
        if try reader.bool("negative_prompt") ?? false { video.negativePromptCharactersMax = 10_000 }
        if try reader.bool("seed") ?? false { video.seeds = 0...Int64(UInt32.max) }
        return video
    }

    private static func speech(_ reader: inout FieldReader) throws(RequestProblem) -> SpeechParameters {
        guard let voices = try texts("voices", &reader) else { throw missing("voices", reader, "[af_heart]") }
        let all = ["mp3", "wav", "flac", "opus", "aac", "pcm"]
        var speech = SpeechParameters(
            voices: voices,
            formats: try words("formats", of: all, &reader) ?? ["mp3", "wav"]
        )
        speech.customVoices = try reader.bool("custom_voices") ?? false
        speech.languages = try texts("languages", &reader) ?? []
        speech.instructions = try reader.bool("instructions") ?? false
        speech.secondsMax = try whole("seconds_max", 1...100_000, &reader) ?? speech.secondsMax
        let slowest = try reader.number("speed_min", in: 0.05...1)
        let fastest = try reader.number("speed_max", in: 1...20)
        if slowest != nil || fastest != nil { speech.speed = (slowest ?? 1)...(fastest ?? 1) }
        return speech
    }

    private static func transcription(_ reader: inout FieldReader) throws(RequestProblem) -> TranscriptionParameters {
        var transcription = TranscriptionParameters(
            formats: Transcript.Format.allCases.map(\.rawValue),
            mediaTypes: [
                "audio/mpeg", "audio/wav", "audio/flac", "audio/ogg", "audio/mp4", "audio/webm", "video/mp4",
                "video/webm",
            ],
            bytesMax: try reader.integer("bytes_max", in: 1...AttemptContext.inputBytesMax) ?? 25_000_000,
            secondsMax: try whole("seconds_max", 1...100_000, &reader) ?? 7_200
        )
        transcription.languages = try texts("languages", &reader) ?? []
        let granularities = TimestampGranularity.allCases.map(\.rawValue)
        let times = try words("granularities", of: granularities, &reader) ?? []
        transcription.granularities = Set(times.compactMap(TimestampGranularity.init))
        transcription.prompt = try reader.bool("prompt") ?? false
        if try reader.bool("temperature") ?? false { transcription.temperatures = 0...1 }
        return transcription
    }

    private static func music(_ reader: inout FieldReader) throws(RequestProblem) -> MusicParameters {
        let length = try length(&reader)
        var music = MusicParameters(formats: try formatsOfSound(&reader), secondsMax: length.most)
        (music.durations, music.defaultDuration) = (length.range, length.byDefault)
        music.lyricsCharactersMax = try whole("lyrics_characters_max", 1...1_000_000, &reader)
        music.instrumental = try reader.bool("instrumental") ?? false
        if try reader.bool("seed") ?? false { music.seeds = 0...Int64(UInt32.max) }
        return music
    }

    private static func sound(_ reader: inout FieldReader) throws(RequestProblem) -> SoundParameters {
        let length = try length(&reader)
        var sound = SoundParameters(formats: try formatsOfSound(&reader), secondsMax: length.most)
        (sound.durations, sound.defaultDuration) = (length.range, length.byDefault)
        sound.loop = try reader.bool("loop") ?? false
        if try reader.bool("seed") ?? false { sound.seeds = 0...Int64(UInt32.max) }
        return sound
    }

    // MARK: Parts

    private static func formatsOfSound(_ reader: inout FieldReader) throws(RequestProblem) -> [String] {
        try words("formats", of: ["mp3", "wav", "flac", "opus"], &reader) ?? ["mp3"]
    }

    private static func length(
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> (range: ClosedRange<Double>?, byDefault: Double?, most: Int) {
        let most = try whole("seconds_max", 1...100_000, &reader) ?? 600
        guard let least = try reader.number("seconds_min", in: 0.1...Double(most)) else { return (nil, nil, most) }
        return (least...Double(most), try reader.number("default_seconds", in: least...Double(most)), most)
    }

    private static func missing(_ name: String, _ reader: FieldReader, _ example: String) -> RequestProblem {
        let place = reader.path(of: name)
        return RequestProblem(.missingField, field: place, "`\(place)` is required: a list, such as \(example).")
    }

    /// One or several of a closed list of words; nil when there are none.
    private static func words(
        _ name: String,
        of allowed: [String],
        isOne: Bool = false,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> [String]? {
        let words = isOne ? try text(name, &reader).map { [$0] } : try texts(name, &reader)
        guard let strange = words?.first(where: { !allowed.contains($0) }) else { return words }
        throw RequestProblem(
            .invalidValue,
            field: reader.path(of: name),
            "`\(reader.path(of: name))` has \(RequestProblem.shown(.string(strange))); allowed: \(RequestProblem.list(allowed))."
        )
    }

    // MARK: Sizes

    /// The sizes: each as `1280x720`, or as an object that names its resolution and aspect ratio as well.
    private static func sizes(
        _ reader: inout FieldReader,
        tier: (PixelSize) -> String
    ) throws(RequestProblem) -> [SizeOption]? {
        guard let elements = try list("sizes", &reader) else { return nil }
        var options: [SizeOption] = []
        for (value, path) in elements {
            let option = try size(value, path, tier: tier)
            guard !options.contains(where: { $0.size == option.size }) else {
                throw RequestProblem(
                    .contradiction,
                    field: path,
                    "`\(path)` is \(option.size), which is there already."
                )
            }
            let isNamed = { (other: SizeOption) in
                other.resolution == option.resolution && other.aspectRatio == option.aspectRatio
            }
            if let other = options.first(where: isNamed) {
                throw RequestProblem(
                    .contradiction,
                    field: path,
                    "`\(path)` is \(option.size), which is \(option.resolution) and \(option.aspectRatio) as \(other.size) is; give it a resolution of its own: {size: \(option.size), resolution: large}."
                )
            }
            options.append(option)
        }
        return options
    }

    private static func size(
        _ value: JSONValue,
        _ path: String,
        tier: (PixelSize) -> String
    ) throws(RequestProblem) -> SizeOption {
        var (words, place) = (value, path)
        var (resolution, ratio): (String?, String?)
        if case .object = value {
            var reader = try FieldReader(value, path: path)
            place = reader.path(of: "size")
            words = reader.value("size") ?? .null
            resolution = try text("resolution", &reader)
            ratio = try text("aspect_ratio", &reader)
            try reader.finish()
        }
        guard let size = words.stringValue.flatMap(PixelSize.init) else {
            throw RequestProblem(
                .invalidValue,
                field: place,
                "`\(place)` is \(RequestProblem.shown(words)); the form is WIDTHxHEIGHT, such as 1280x720."
            )
        }
        return SizeOption(
            resolution: resolution ?? tier(size),
            aspectRatio: ratio ?? aspectRatio(of: size),
            size: size
        )
    }

    private static func imageTier(_ size: PixelSize) -> String {
        switch size.width * size.height {
        case ..<500_000: "512"
        case ..<2_000_000: "1K"
        case ..<6_000_000: "2K"
        case _: "4K"
        }
    }

    /// The usual ratio that a size comes near to, within three in a hundred, or its own.
    private static func aspectRatio(of size: PixelSize) -> String {
        let own = Double(size.width) / Double(size.height)
        let usual = [
            (1, 1), (16, 9), (9, 16), (4, 3), (3, 4), (3, 2), (2, 3), (5, 4), (4, 5), (21, 9), (9, 21), (2, 1), (1, 2),
        ]
        let near = usual.map { (pair: $0, distance: abs(own * Double($0.1) / Double($0.0) - 1)) }
            .min { $0.distance < $1.distance }
        if let near, near.distance < 0.03 { return "\(near.pair.0):\(near.pair.1)" }
        var (larger, smaller) = (max(size.width, size.height), min(size.width, size.height))
        while smaller > 0 { (larger, smaller) = (smaller, larger % smaller) }
        return "\(size.width / larger):\(size.height / larger)"
    }
}
