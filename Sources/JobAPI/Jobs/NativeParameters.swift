import Generation

extension ModelCapabilities {
    /// What the model takes, by native field: a field that is absent here is refused.
    ///
    /// Each field says as much as is known of it: `values` and `default`, or `minimum` and `maximum`, or
    /// `max_characters`, or `max_items`; an empty object takes anything of the field's type.
    var nativeParameters: [String: JSONValue] {
        var fields = Fields()
        switch parameters {
        case .video(let video): fields.add(video, text: text)
        case .image(let image): fields.add(image, text: text)
        case .speech(let speech): fields.add(speech, text: text)
        case .transcription(let transcription): fields.add(transcription, text: text)
        case .music(let music):
            fields.add(music.formats, music.durations, music.defaultDuration, music.seeds, text: text)
            if let max = music.lyricsCharactersMax { fields.add("lyrics", ["max_characters": .integer(Int64(max))]) }
            if music.instrumental { fields.add("instrumental", ["values": [true, false]]) }
        case .sound(let sound):
            fields.add(sound.formats, sound.durations, sound.defaultDuration, sound.seeds, text: text)
            if sound.loop { fields.add("loop", ["values": [true, false]]) }
        }
        return fields.all
    }

    private var text: JSONValue { ["max_characters": .integer(Int64(promptCharactersMax))] }
}

/// Gathers fields.
private struct Fields {
    private(set) var all: [String: JSONValue] = [:]

    mutating func add(_ video: VideoParameters, text: JSONValue) {
        all["prompt"] = text
        if let max = video.negativePromptCharactersMax { all["negative_prompt"] = ["max_characters": Self.json(max)] }
        choice(
            "duration",
            (video.durations + (video.automaticDuration ? [VideoParameters.automatic] : [])).map(Self.json),
            default: Self.json(video.defaultDuration)
        )
        sizes(video.sizes)
        choice("fps", video.framesPerSecond.map(Self.json))
        choice("frame_images", video.frameRoles.sorted().map { .string($0.rawValue) }, hasDefault: false)
        references(video)
        switch video.audio {
        case .silent: choice("generate_audio", [false])
        case .always: choice("generate_audio", [true])
        case .choice(let byDefault): choice("generate_audio", [true, false], default: .bool(byDefault))
        }
        if let seeds = video.seeds {
            all["seed"] = ["minimum": .integer(seeds.lowerBound), "maximum": .integer(seeds.upperBound)]
        }
        if video.previousJob { all["previous_job_id"] = [:] }
    }

    mutating func add(_ image: ImageParameters, text: JSONValue) {
        all["prompt"] = text
        if image.negativePrompt { all["negative_prompt"] = text }
        all["n"] = ["minimum": 1, "maximum": Self.json(image.countMax), "default": 1]
        sizes(image.sizes)
        choice("quality", image.qualities.map(JSONValue.string))
        choice("background", image.backgrounds.map(JSONValue.string))
        choice("output_format", image.formats.map(JSONValue.string))
        if image.compression { all["output_compression"] = ["minimum": 0, "maximum": 100] }
        items("input_references", image.referencesMax)
        if image.mask { all["mask"] = [:] }
        if image.seed { all["seed"] = [:] }
        if image.partialImagesMax > 0 {
            all["partial_images"] = ["minimum": 0, "maximum": Self.json(image.partialImagesMax), "default": 0]
        }
        if let free = image.freeSizes, case .object(var size)? = all["size"] {
            size["also"] = .string(free.words)
            all["size"] = .object(size)
        }
    }

    mutating func add(_ speech: SpeechParameters, text: JSONValue) {
        all["input"] = text
        choice("voice", speech.voices.map(JSONValue.string))
        choice("language", speech.languages.map(JSONValue.string))
        choice("response_format", speech.formats.map(JSONValue.string))
        if let speed = speech.speed {
            all["speed"] = ["minimum": .number(speed.lowerBound), "maximum": .number(speed.upperBound)]
        }
        if speech.instructions { all["instructions"] = text }
        if speech.speakersMax > 1, case .object(var input)? = all["input"] {
            input["max_speakers"] = Self.json(speech.speakersMax)
            all["input"] = .object(input)
        }
        if speech.customVoices, case .object(var voice)? = all["voice"] {
            voice["also"] = "the id of a voice of your own"
            all["voice"] = .object(voice)
        }
    }

    mutating func add(_ transcription: TranscriptionParameters, text: JSONValue) {
        all["input_audio"] = [
            "media_types": .array(transcription.mediaTypes.map(JSONValue.string)),
            "max_bytes": .integer(transcription.bytesMax), "max_seconds": Self.json(transcription.secondsMax),
        ]
        choice("response_format", transcription.formats.map(JSONValue.string))
        if transcription.languageChoice {
            all["language"] = [:]
            choice("language", transcription.languages.map(JSONValue.string), hasDefault: false)
        }
        choice(
            "timestamp_granularities",
            transcription.granularities.sorted().map { .string($0.rawValue) },
            hasDefault: false
        )
        if transcription.diarize { choice("diarize", [true, false], default: false) }
        items("keyterms", transcription.keytermsMax)
        if let range = transcription.temperatures {
            all["temperature"] = ["minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        }
        if transcription.prompt { all["prompt"] = text }
    }

    /// What music and sound effects have in common.
    mutating func add(
        _ formats: [String],
        _ durations: ClosedRange<Double>?,
        _ defaultDuration: Double?,
        _ seeds: ClosedRange<Int64>?,
        text: JSONValue
    ) {
        all["prompt"] = text
        choice("response_format", formats.map(JSONValue.string))
        if let durations {
            var field: [String: JSONValue] = [
                "minimum": .number(durations.lowerBound), "maximum": .number(durations.upperBound),
            ]
            field["default"] = defaultDuration.map(JSONValue.number)
            all["duration"] = .object(field)
        }
        if let seeds { all["seed"] = ["minimum": .integer(seeds.lowerBound), "maximum": .integer(seeds.upperBound)] }
    }

    mutating func add(_ name: String, _ field: JSONValue) { all[name] = field }

    private mutating func sizes(_ options: [SizeOption]) {
        choice("resolution", options.map { .string($0.resolution) })
        choice("aspect_ratio", options.map { .string($0.aspectRatio) })
        choice("size", options.filter { !$0.followsInput }.map { .string($0.size.description) })
    }

    /// A list of values, each once and in the vendor's order; the first is the default unless one is named.
    private mutating func choice(
        _ name: String,
        _ values: [JSONValue],
        default value: JSONValue? = nil,
        hasDefault: Bool = true
    ) {
        guard let first = values.first else { return }
        var seen: Set<JSONValue> = []
        var field: [String: JSONValue] = ["values": .array(values.filter { seen.insert($0).inserted })]
        if hasDefault { field["default"] = value ?? first }
        all[name] = .object(field)
    }

    /// How many references are taken, by kind; the whole is no more than `max_items`.
    private mutating func references(_ video: VideoParameters) {
        let kinds = [
            ("image_url", video.referencesMax), ("video_url", video.videoReferencesMax),
            ("audio_url", video.audioReferencesMax),
        ].filter { $0.1 > 0 }
        items("input_references", video.allReferencesMax ?? kinds.reduce(0) { $0 + $1.1 })
        guard kinds.count > 1 || kinds.first?.0 != "image_url", !kinds.isEmpty else { return }
        guard case .object(var field)? = all["input_references"] else { return }
        field["types"] = .object(Dictionary(kinds.map { ($0.0, Self.json($0.1)) }) { first, _ in first })
        all["input_references"] = .object(field)
    }

    private mutating func items(_ name: String, _ countMax: Int) {
        guard countMax > 0 else { return }
        all[name] = ["max_items": Self.json(countMax)]
    }

    private static func json(_ number: Int) -> JSONValue { .integer(Int64(number)) }
}
