extension CapabilityCheck {
    /// Holds speech against what its model takes.
    mutating func resolve(
        _ speech: SpeechRequest,
        _ parameters: SpeechParameters
    ) throws(RequestProblem) -> SpeechRequest {
        var out = speech
        out.voice = try voice(speech.voice, field: "voice", parameters) ?? parameters.voices.first
        try turns(&out, parameters)
        out.language = try choose("language", speech.language, { .string($0) }, of: parameters.languages)
        out.speed = try keep("speed", speech.speed, { .number($0) }, if: parameters.speed != nil)
        if let speed = out.speed, let range = parameters.speed, !range.contains(speed) {
            guard !strict else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: "speed",
                    "`speed` is \(speed); `\(model)` takes \(range.lowerBound) to \(range.upperBound)."
                )
            }
            let near = min(range.upperBound, max(range.lowerBound, speed))
            adjust("speed", .number(speed), .number(near))
            out.speed = near
        }
        if let text = speech.instructions { try prompt(text, field: "instructions") }
        out.instructions = try keep(
            "instructions",
            speech.instructions,
            { .string($0) },
            if: parameters.instructions
        )
        out.responseFormat = try choose(
            "response_format",
            speech.responseFormat,
            { .string($0) },
            of: parameters.formats
        )
        return out
    }

    /// A voice of the model's, or one that it is handed on to; nil for none.
    private func voice(
        _ voice: String?,
        field: String,
        _ parameters: SpeechParameters
    ) throws(RequestProblem) -> String? {
        guard let voice, !parameters.customVoices, !parameters.voices.contains(voice) else { return voice }
        throw notOffered(field, .string(voice), parameters.voices)
    }

    private func turns(_ speech: inout SpeechRequest, _ parameters: SpeechParameters) throws(RequestProblem) {
        guard !speech.turns.isEmpty else { return }
        for index in speech.turns.indices {
            let voice = try voice(speech.turns[index].voice, field: "input[\(index)].voice", parameters)
            speech.turns[index].voice = voice ?? speech.voice
        }
        let speakers = Set(speech.turns.compactMap(\.voice))
        guard speakers.count > parameters.speakersMax else { return }
        throw RequestProblem(
            .unsupportedValue,
            field: "input",
            "`input` is spoken by \(speakers.count) voices; `\(model)` takes \(parameters.speakersMax == 1 ? "one" : "at most \(parameters.speakersMax)")."
        )
    }

    /// Holds a transcription against what its model takes, with the sound as far as it is known.
    mutating func resolve(
        _ transcription: TranscriptionRequest,
        _ parameters: TranscriptionParameters
    ) throws(RequestProblem) -> TranscriptionRequest {
        var out = transcription
        out.language = try keep("language", out.language, { .string($0) }, if: parameters.languageChoice)
        if let language = out.language, !parameters.languages.isEmpty, !parameters.languages.contains(language) {
            throw notOffered("language", .string(language), parameters.languages)
        }
        out.responseFormat = try choose("response_format", out.responseFormat, { .string($0) }, of: parameters.formats)
        for granularity in out.timestampGranularities where !parameters.granularities.contains(granularity) {
            guard !strict else {
                throw notOffered(
                    "timestamp_granularities",
                    .string(granularity.rawValue),
                    parameters.granularities.sorted().map(\.rawValue)
                )
            }
            adjust("timestamp_granularities", .string(granularity.rawValue), .null, .unsupportedParameter)
        }
        out.timestampGranularities = out.timestampGranularities.filter(parameters.granularities.contains)
        // Not to tell speakers apart is what every model can do.
        let wantsSpeakers = out.diarize == true
        out.diarize = try keep("diarize", wantsSpeakers ? true : nil, { .bool($0) }, if: parameters.diarize) ?? false
        try keyterms(&out, parameters.keytermsMax)
        out.temperature = try keep("temperature", out.temperature, { .number($0) }, if: parameters.temperatures != nil)
        if let temperature = out.temperature, let range = parameters.temperatures, !range.contains(temperature) {
            throw RequestProblem(
                .unsupportedValue,
                field: "temperature",
                "`temperature` is \(temperature); `\(model)` takes \(range.lowerBound) to \(range.upperBound)."
            )
        }
        out.prompt = try keep("prompt", out.prompt, { .string($0) }, if: parameters.prompt)
        if case .stored(let sound) = out.inputAudio { try fits(sound, parameters) }
        return out
    }

    private mutating func keyterms(
        _ transcription: inout TranscriptionRequest,
        _ max: Int
    ) throws(RequestProblem) {
        guard !transcription.keyterms.isEmpty else { return }
        let words = JSONValue.array(transcription.keyterms.map(JSONValue.string))
        guard try keep("keyterms", transcription.keyterms, { _ in words }, if: max > 0) != nil else {
            transcription.keyterms = []
            return
        }
        guard transcription.keyterms.count <= max else {
            throw RequestProblem(
                .unsupportedValue,
                field: "keyterms",
                "`keyterms` has \(transcription.keyterms.count) elements; `\(model)` takes at most \(max)."
            )
        }
    }

    /// What cannot be listened to is refused, strict or not.
    private func fits(_ sound: StoredInput, _ parameters: TranscriptionParameters) throws(RequestProblem) {
        func refusal(_ words: String) -> RequestProblem {
            RequestProblem(.unsupportedValue, field: "input_audio", "`input_audio` \(words)")
        }
        guard parameters.mediaTypes.contains(sound.mediaType) else {
            throw refusal(
                "is \(sound.mediaType), which `\(model)` does not take; allowed: \(RequestProblem.list(parameters.mediaTypes))."
            )
        }
        guard sound.bytes <= parameters.bytesMax else {
            throw refusal("has \(sound.bytes) bytes; `\(model)` takes at most \(parameters.bytesMax).")
        }
        if let milliseconds = sound.milliseconds, milliseconds > Int64(parameters.secondsMax) * 1_000 {
            throw refusal("is \(milliseconds / 1_000) s long; `\(model)` takes at most \(parameters.secondsMax) s.")
        }
        if let rate = sound.sampleRate, let rates = parameters.sampleRates, !rates.contains(rate) {
            throw refusal(
                "has \(rate) samples in a second; `\(model)` takes \(rates.lowerBound) to \(rates.upperBound)."
            )
        }
    }

    /// Holds music against what its model takes.
    mutating func resolve(_ music: MusicRequest, _ parameters: MusicParameters) throws(RequestProblem) -> MusicRequest {
        var out = music
        out.lyrics = try keep("lyrics", out.lyrics, { .string($0) }, if: parameters.lyricsCharactersMax != nil)
        if let lyrics = out.lyrics, let max = parameters.lyricsCharactersMax, lyrics.unicodeScalars.count > max {
            throw RequestProblem(
                .invalidValue,
                field: "lyrics",
                "`lyrics` has \(lyrics.unicodeScalars.count) characters; `\(model)` takes at most \(max)."
            )
        }
        out.instrumental = try keep(
            "instrumental",
            out.instrumental,
            { .bool($0) },
            if: parameters.instrumental
        )
        out.duration = try length(out.duration, parameters.durations) ?? parameters.defaultDuration
        out.seed = try seed(out.seed, parameters.seeds)
        out.responseFormat = try choose("response_format", out.responseFormat, { .string($0) }, of: parameters.formats)
        return out
    }

    /// Holds a sound effect against what its model takes.
    mutating func resolve(_ sound: SoundRequest, _ parameters: SoundParameters) throws(RequestProblem) -> SoundRequest {
        var out = sound
        out.duration = try length(out.duration, parameters.durations) ?? parameters.defaultDuration
        out.loop = try keep("loop", out.loop == true ? true : nil, { .bool($0) }, if: parameters.loop)
        out.seed = try seed(out.seed, parameters.seeds)
        out.responseFormat = try choose("response_format", out.responseFormat, { .string($0) }, of: parameters.formats)
        return out
    }

    private mutating func length(_ asked: Double?, _ range: ClosedRange<Double>?) throws(RequestProblem) -> Double? {
        guard let asked = try keep("duration", asked, { .number($0) }, if: range != nil), let range else { return nil }
        guard !range.contains(asked) else { return asked }
        guard !strict else {
            throw RequestProblem(
                .unsupportedValue,
                field: "duration",
                "`duration` is \(asked); `\(model)` takes \(range.lowerBound) to \(range.upperBound) seconds."
            )
        }
        let near = min(range.upperBound, max(range.lowerBound, asked))
        adjust("duration", .number(asked), .number(near))
        return near
    }
}
