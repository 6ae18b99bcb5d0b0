/// The native wire: field names are OpenRouter's.
extension GenerationRequest {
    /// The longest prompt that any model may take; a model's own limit is checked against its capabilities.
    public static let promptCharactersMax = 100_000

    /// The longest slug of a provider, in bytes.
    private static let providerBytesMax = 64

    /// Reads the type, the model and the fields of that type; the job's common fields are the caller's to read.
    ///
    /// - Parameter reader: The body; `finish()` is called by whoever reads the last field.
    /// - Throws: The first problem, in the order of the fields below.
    public init(native reader: inout FieldReader) throws(RequestProblem) {
        let model = try reader.requiredString("model", charactersMax: 200)
        guard let type = try reader.word("type", as: GenerationType.self) else {
            throw RequestProblem(
                .missingField,
                field: "type",
                "`type` is required; allowed: \(RequestProblem.list(GenerationType.allCases.map(\.rawValue)))."
            )
        }
        let content: Content
        switch type {
        case .video: content = .video(try VideoRequest(&reader))
        case .image: content = .image(try ImageRequest(&reader))
        case .speech: content = .speech(try SpeechRequest(&reader))
        case .transcription: content = .transcription(try TranscriptionRequest(&reader))
        case .music: content = .music(try MusicRequest(&reader))
        case .sound: content = .sound(try SoundRequest(&reader))
        }
        self.init(model: model, content: content)
        let fallbackModels = try ProviderRouting.fallbackModels(&reader)
        if let fallbackModels { routing = ProviderRouting(fallbackModels: fallbackModels) }
        guard var provider = try reader.object("provider") else { return }
        providerOptions = try Self.options(&provider)
        if var read = try ProviderRouting(&provider) {
            read.fallbackModels = fallbackModels
            routing = read
        }
        try provider.finish()
    }

    private static func options(_ provider: inout FieldReader) throws(RequestProblem) -> [String: JSONValue] {
        var options: [String: JSONValue] = [:]
        if let value = provider.value("options") {
            guard case .object(let members) = value else {
                throw RequestProblem(
                    .invalidValue,
                    field: "provider.options",
                    "`provider.options` must be an object of objects, by provider slug; not \(value.typeName)."
                )
            }
            for (slug, member) in members.sorted(by: { $0.key < $1.key }) {
                guard slug.utf8.count <= Self.providerBytesMax else {
                    throw RequestProblem(
                        .invalidValue,
                        field: "provider.options",
                        "`provider.options` has a name of \(slug.utf8.count) bytes; no provider's slug is longer than \(Self.providerBytesMax)."
                    )
                }
                guard case .object = member else {
                    throw RequestProblem(
                        .invalidValue,
                        field: "provider.options.\(slug)",
                        "`provider.options.\(slug)` must be an object, not \(member.typeName)."
                    )
                }
            }
            options = members
        }
        return options
    }

    /// The request in native fields, as a job shows it: absent fields are left out, media only by hash.
    public var json: JSONValue {
        var fields: [String: JSONValue] = [:]
        func put(_ name: String, _ value: JSONValue?) { if let value { fields[name] = value } }
        switch content {
        case .video(let video):
            put("prompt", .string(video.prompt))
            put("negative_prompt", video.negativePrompt.map(JSONValue.string))
            put("duration", video.duration.map { .integer(Int64($0)) })
            put("resolution", video.resolution.map(JSONValue.string))
            put("aspect_ratio", video.aspectRatio.map(JSONValue.string))
            put("size", video.size.map { .string($0.description) })
            put("fps", video.fps.map { .integer(Int64($0)) })
            if !video.frameImages.isEmpty {
                put("frame_images", .array(video.frameImages.map(\.json)))
            }
            let references =
                zip(video.picturePositions, video.inputReferences).map { ($0, $1.json) }
                + video.mediaReferences.map { ($0.position, $0.json) }
            if !references.isEmpty {
                put("input_references", .array(references.sorted { $0.0 < $1.0 }.map(\.1)))
            }
            put("generate_audio", video.generateAudio.map(JSONValue.bool))
            put("seed", video.seed.map(JSONValue.integer))
            put("previous_job_id", video.previousJobID.map(JSONValue.string))
        case .image(let image):
            put("prompt", .string(image.prompt))
            put("negative_prompt", image.negativePrompt.map(JSONValue.string))
            put("n", image.n.map { .integer(Int64($0)) })
            put("size", image.size.map { .string($0.description) })
            put("resolution", image.resolution.map(JSONValue.string))
            put("aspect_ratio", image.aspectRatio.map(JSONValue.string))
            put("quality", image.quality.map(JSONValue.string))
            put("background", image.background.map(JSONValue.string))
            put("output_format", image.outputFormat.map(JSONValue.string))
            put("output_compression", image.outputCompression.map { .integer(Int64($0)) })
            if !image.inputReferences.isEmpty {
                put("input_references", .array(image.inputReferences.map(\.json)))
            }
            put("mask", image.mask?.json)
            put("seed", image.seed.map(JSONValue.integer))
            put("partial_images", image.partialImages.map { .integer(Int64($0)) })
        case .speech(let speech):
            put("input", speech.turns.isEmpty ? .string(speech.input) : .array(speech.turns.map(\.json)))
            put("voice", speech.voice.map(JSONValue.string))
            put("language", speech.language.map(JSONValue.string))
            put("speed", speech.speed.map(JSONValue.number))
            put("instructions", speech.instructions.map(JSONValue.string))
            put("response_format", speech.responseFormat.map(JSONValue.string))
        case .transcription(let transcription):
            put("input_audio", transcription.inputAudio.audioJSON)
            put("language", transcription.language.map(JSONValue.string))
            put("response_format", transcription.responseFormat.map(JSONValue.string))
            if !transcription.timestampGranularities.isEmpty {
                let words = transcription.timestampGranularities.map { JSONValue.string($0.rawValue) }
                put("timestamp_granularities", .array(words))
            }
            put("diarize", transcription.diarize.map(JSONValue.bool))
            if !transcription.keyterms.isEmpty {
                put("keyterms", .array(transcription.keyterms.map(JSONValue.string)))
            }
            put("temperature", transcription.temperature.map(JSONValue.number))
            put("prompt", transcription.prompt.map(JSONValue.string))
        case .music(let music):
            put("prompt", .string(music.prompt))
            put("lyrics", music.lyrics.map(JSONValue.string))
            put("instrumental", music.instrumental.map(JSONValue.bool))
            put("duration", music.duration.map(JSONValue.number))
            put("seed", music.seed.map(JSONValue.integer))
            put("response_format", music.responseFormat.map(JSONValue.string))
        case .sound(let sound):
            put("prompt", .string(sound.prompt))
            put("duration", sound.duration.map(JSONValue.number))
            put("loop", sound.loop.map(JSONValue.bool))
            put("seed", sound.seed.map(JSONValue.integer))
            put("response_format", sound.responseFormat.map(JSONValue.string))
        }
        var provider: [String: JSONValue] = [:]
        if !providerOptions.isEmpty { provider["options"] = .object(providerOptions) }
        routing?.write(provider: &provider, fields: &fields)
        if !provider.isEmpty { fields["provider"] = .object(provider) }
        return .object(fields)
    }
}

extension FrameImage {
    /// The frame as a job shows it.
    var json: JSONValue {
        guard case .object(var members) = image.json else { return image.json }
        members["frame_type"] = .string(role.rawValue)
        return .object(members)
    }
}

extension VideoRequest {
    init(_ reader: inout FieldReader) throws(RequestProblem) {
        self.init(prompt: try reader.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax))
        negativePrompt = try reader.string("negative_prompt", charactersMax: GenerationRequest.promptCharactersMax)
        duration = try reader.duration()
        resolution = try reader.string("resolution", charactersMax: 20)
        aspectRatio = try reader.string("aspect_ratio", charactersMax: 20)
        size = try reader.pixelSize("size")
        fps = try reader.integer("fps", in: 1...240).map { Int($0) }
        frameImages = try reader.frameImages("frame_images")
        (inputReferences, mediaReferences) = try reader.mixedReferences("input_references")
        generateAudio = try reader.bool("generate_audio")
        seed = try reader.integer("seed")
        previousJobID = try reader.string("previous_job_id", charactersMax: 100)
    }
}

extension ImageRequest {
    init(_ reader: inout FieldReader) throws(RequestProblem) {
        self.init(prompt: try reader.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax))
        negativePrompt = try reader.string("negative_prompt", charactersMax: GenerationRequest.promptCharactersMax)
        n = try reader.integer("n", in: 1...1_000).map { Int($0) }
        size = try reader.pixelSize("size")
        resolution = try reader.string("resolution", charactersMax: 20)
        aspectRatio = try reader.string("aspect_ratio", charactersMax: 20)
        quality = try reader.string("quality", charactersMax: 40)
        background = try reader.string("background", charactersMax: 40)
        outputFormat = try reader.string("output_format", charactersMax: 20)
        outputCompression = try reader.integer("output_compression", in: 0...100).map { Int($0) }
        inputReferences = try reader.references("input_references")
        if let value = reader.value("mask") { mask = try MediaInput(imagePart: value, path: "mask") }
        seed = try reader.integer("seed")
        partialImages = try reader.integer("partial_images", in: 0...3).map { Int($0) }
    }
}

extension SpeechRequest {
    init(_ reader: inout FieldReader) throws(RequestProblem) {
        if case .array? = reader.value("input") {
            self.init(turns: try reader.turns("input"))
        } else {
            self.init(input: try reader.requiredString("input", charactersMax: GenerationRequest.promptCharactersMax))
        }
        voice = try reader.string("voice", charactersMax: 100)
        language = try reader.string("language", charactersMax: 35)
        speed = try reader.number("speed", in: 0.01...100)
        instructions = try reader.string("instructions", charactersMax: 10_000)
        responseFormat = try reader.string("response_format", charactersMax: 20)
    }
}

extension TranscriptionRequest {
    /// How many words may be named.
    static let keytermsMax = 1_000

    init(_ reader: inout FieldReader) throws(RequestProblem) {
        self.init(inputAudio: try reader.audio("input_audio"))
        language = try reader.string("language", charactersMax: 35)
        responseFormat = try reader.string("response_format", charactersMax: 20)
        timestampGranularities = try reader.granularities("timestamp_granularities")
        diarize = try reader.bool("diarize")
        keyterms = try reader.keyterms("keyterms", countMax: Self.keytermsMax)
        temperature = try reader.number("temperature", in: 0...2)
        prompt = try reader.string("prompt", charactersMax: GenerationRequest.promptCharactersMax)
    }
}

extension MusicRequest {
    init(_ reader: inout FieldReader) throws(RequestProblem) {
        self.init(prompt: try reader.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax))
        lyrics = try reader.string("lyrics", charactersMax: GenerationRequest.promptCharactersMax)
        instrumental = try reader.bool("instrumental")
        duration = try reader.number("duration", in: 0.1...3_600)
        seed = try reader.integer("seed")
        responseFormat = try reader.string("response_format", charactersMax: 20)
    }
}

extension SoundRequest {
    init(_ reader: inout FieldReader) throws(RequestProblem) {
        self.init(prompt: try reader.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax))
        duration = try reader.number("duration", in: 0.1...3_600)
        loop = try reader.bool("loop")
        seed = try reader.integer("seed")
        responseFormat = try reader.string("response_format", charactersMax: 20)
    }
}

extension SpeechTurn {
    /// The turn as a job shows it.
    var json: JSONValue {
        var fields: [String: JSONValue] = ["text": .string(text)]
        fields["voice"] = voice.map(JSONValue.string)
        return .object(fields)
    }
}

extension FieldReader {
    /// The names of sound formats, and the media types that they stand for.
    package static let audioFormats = [
        "wav": "audio/wav", "mp3": "audio/mpeg", "mpeg": "audio/mpeg", "mpga": "audio/mpeg", "flac": "audio/flac",
        "ogg": "audio/ogg", "opus": "audio/ogg", "m4a": "audio/mp4", "mp4": "video/mp4", "aac": "audio/aac",
        "webm": "audio/webm", "pcm": "audio/pcm",
    ]

    /// Reads `{"data": base64, "format": "wav"}` or `{"url": …}`; the payload's length is bounded by the body's.
    ///
    /// - Parameter name: The field.
    /// - Returns: The sound; one that came with the request as a `data:` URL.
    /// - Throws: `RequestProblem` that names what is missing or wrong.
    package mutating func audio(_ name: String) throws(RequestProblem) -> MediaInput {
        guard var audio = try object(name) else {
            throw RequestProblem(
                .missingField,
                field: path(of: name),
                "`\(path(of: name))` is required: an object with `data` and `format`, or with `url`."
            )
        }
        let field = path(of: name)
        let data = try audio.string("data", charactersMax: Int.max)
        let url = try audio.string("url", charactersMax: Int.max)
        let format = try audio.string("format", charactersMax: 20)
        try audio.finish()
        if let format, Self.audioFormats[format] == nil {
            throw RequestProblem(
                .unsupportedValue,
                field: "\(field).format",
                "`\(field).format` is \(RequestProblem.shown(.string(format))); allowed: \(RequestProblem.list(Self.audioFormats.keys.sorted()))."
            )
        }
        switch (data, url) {
        case (let data?, nil):
            guard let type = format.flatMap({ Self.audioFormats[$0] }) else {
                throw RequestProblem(
                    .missingField,
                    field: "\(field).format",
                    "`\(field).format` is required with `data`; allowed: \(RequestProblem.list(Self.audioFormats.keys.sorted()))."
                )
            }
            return .url("data:\(type);base64,\(data)")
        case (nil, let url?):
            guard !url.utf8.starts(with: "data:".utf8) else {
                throw RequestProblem(
                    .invalidValue,
                    field: "\(field).url",
                    "`\(field).url` must be an http or https URL; what comes with the request goes into `data`."
                )
            }
            guard format != "pcm" else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: "\(field).format",
                    "`\(field).format` is \"pcm\", which a URL cannot say of its bytes; send them as `data`, or as WAV."
                )
            }
            return .url(url)
        case (nil, nil), (_?, _?):
            throw RequestProblem(
                .contradiction,
                field: field,
                "`\(field)` needs either `data` or `url`."
            )
        }
    }

    fileprivate mutating func turns(_ name: String) throws(RequestProblem) -> [SpeechTurn] {
        var turns: [SpeechTurn] = []
        var characters = 0
        for (value, path) in try array(name, countMax: 200) ?? [] {
            var turn = try FieldReader(value, path: path)
            let text = try turn.requiredString("text", charactersMax: GenerationRequest.promptCharactersMax)
            turns.append(SpeechTurn(text: text, voice: try turn.string("voice", charactersMax: 100)))
            try turn.finish()
            characters += text.unicodeScalars.count
        }
        guard !turns.isEmpty, characters <= GenerationRequest.promptCharactersMax else {
            throw RequestProblem(
                .invalidValue,
                field: path(of: name),
                "`\(path(of: name))` must have 1 to 200 turns of at most \(GenerationRequest.promptCharactersMax) characters together."
            )
        }
        return turns
    }

    /// What times are wanted for, each once.
    ///
    /// - Throws: `RequestProblem` for a word that is none of those.
    package mutating func granularities(_ name: String) throws(RequestProblem) -> [TimestampGranularity] {
        var found: Set<TimestampGranularity> = []
        for (value, path) in try array(name, countMax: 10) ?? [] {
            guard case .string(let text) = value, let one = TimestampGranularity(rawValue: text) else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); allowed: \(RequestProblem.list(TimestampGranularity.allCases.map(\.rawValue)))."
                )
            }
            found.insert(one)
        }
        return found.sorted()
    }

    /// Words that are likely to be heard.
    ///
    /// - Throws: `RequestProblem` for an element that is no short text.
    package mutating func keyterms(_ name: String, countMax: Int) throws(RequestProblem) -> [String] {
        var terms: [String] = []
        for (value, path) in try array(name, countMax: countMax) ?? [] {
            guard case .string(let text) = value, (1...100).contains(text.unicodeScalars.count) else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); it must be a text of 1 to 100 characters."
                )
            }
            terms.append(text)
        }
        return terms
    }
}

extension FieldReader {
    fileprivate mutating func pixelSize(_ name: String) throws(RequestProblem) -> PixelSize? {
        guard let text = try string(name, charactersMax: 40) else { return nil }
        guard let size = PixelSize(text) else {
            throw RequestProblem(
                .invalidValue,
                field: path(of: name),
                "`\(path(of: name))` is \(RequestProblem.shown(.string(text))); the form is WIDTHxHEIGHT in pixels, such as 1280x720."
            )
        }
        return size
    }

    fileprivate mutating func references(_ name: String) throws(RequestProblem) -> [MediaInput] {
        var inputs: [MediaInput] = []
        for (value, path) in try array(name, countMax: 16) ?? [] {
            inputs.append(try MediaInput(imagePart: value, path: path))
        }
        return inputs
    }

    /// Pictures as they are kept, and videos and sounds as they are named.
    fileprivate mutating func mixedReferences(
        _ name: String
    ) throws(RequestProblem) -> ([MediaInput], [MediaReference]) {
        var pictures: [MediaInput] = []
        var others: [MediaReference] = []
        for (position, (value, path)) in (try array(name, countMax: 16) ?? []).enumerated() {
            var part = try FieldReader(value, path: path)
            let type = part.value("type")?.stringValue
            guard let kind = MediaReference.Kind.allCases.first(where: { $0.rawValue == type }) else {
                pictures.append(try MediaInput(imagePart: &part, path: path))
                try part.finish()
                continue
            }
            guard var media = try part.object(kind.rawValue) else {
                throw RequestProblem(
                    .missingField,
                    field: "\(path).\(kind.rawValue)",
                    "`\(path).\(kind.rawValue)` is required: an object with `url`."
                )
            }
            let url = try media.requiredString("url", charactersMax: Int.max)
            try media.finish()
            try part.finish()
            others.append(MediaReference(kind: kind, url: url, position: position))
        }
        return (pictures, others)
    }

    fileprivate mutating func frameImages(_ name: String) throws(RequestProblem) -> [FrameImage] {
        var frames: [FrameImage] = []
        for (value, path) in try array(name, countMax: 2) ?? [] {
            var element = try FieldReader(value, path: path)
            let role = try element.frameRole(path, besides: frames)
            let image = try MediaInput(imagePart: &element, path: path)
            try element.finish()
            frames.append(FrameImage(role: role, image: image))
        }
        return frames
    }
}

extension MediaInput {
    init(imagePart value: JSONValue, path: String) throws(RequestProblem) {
        var part = try FieldReader(value, path: path)
        try self.init(imagePart: &part, path: path)
        try part.finish()
    }

    /// Reads `{"type":"image_url","image_url":{"url":...}}`; the payload's length is bounded by the body cap.
    init(imagePart part: inout FieldReader, path: String) throws(RequestProblem) {
        let type = try part.requiredString("type", charactersMax: 40)
        guard type == "image_url" else {
            throw RequestProblem(
                .unsupportedValue,
                field: "\(path).type",
                "`\(path).type` is \(RequestProblem.shown(.string(type))); allowed: image_url\(path.hasPrefix("input_references") ? "; for some video models video_url, audio_url" : "")."
            )
        }
        guard var image = try part.object("image_url") else {
            throw RequestProblem(
                .missingField,
                field: "\(path).image_url",
                "`\(path).image_url` is required: an object with `url`."
            )
        }
        let url = try image.requiredString("url", charactersMax: Int.max)
        try image.finish()
        self = .url(url)
    }
}

extension FieldReader {
    /// A video's length in whole seconds, or `VideoParameters.automatic`.
    ///
    /// - Returns: The length; nil when none is asked for.
    /// - Throws: `RequestProblem` for anything else.
    package mutating func duration() throws(RequestProblem) -> Int? {
        let automatic = Int64(VideoParameters.automatic)
        if value("duration")?.wholeNumber == automatic { return VideoParameters.automatic }
        return try integer("duration", in: 1...3_600).map { Int($0) }
    }

    /// Which frame a part of a request is: of each there is one.
    ///
    /// - Parameters:
    ///   - path: The part's path in the body.
    ///   - frames: Those before it.
    /// - Returns: Its role.
    /// - Throws: `RequestProblem` for a part that does not say, and for the second of one role.
    package mutating func frameRole(
        _ path: String,
        besides frames: [FrameImage]
    ) throws(RequestProblem) -> FrameRole {
        guard let role = try word("frame_type", as: FrameRole.self) else {
            throw RequestProblem(
                .missingField,
                field: "\(path).frame_type",
                "`\(path).frame_type` is required; allowed: first_frame, last_frame."
            )
        }
        guard !frames.contains(where: { $0.role == role }) else {
            throw RequestProblem(
                .contradiction,
                field: path,
                "`\(path)` is a second \(role.rawValue); a video has one."
            )
        }
        return role
    }
}
