import Generation
import Testing

/// What transcription, music and sound models take, and what they refuse.
@Suite struct SoundRequestTests {
    private func read(_ body: [String: JSONValue]) throws -> GenerationRequest {
        var reader = try FieldReader(.object(body))
        let request = try GenerationRequest(native: &reader)
        try reader.finish()
        return request
    }

    private static let listening: [String: JSONValue] = [
        "type": "transcription", "model": "m", "input_audio": ["data": "AAAA", "format": "wav"], "language": "en",
        "response_format": "srt", "timestamp_granularities": ["word", "segment", "word"], "diarize": true,
        "keyterms": ["boat"], "temperature": .number(0.2), "prompt": "Boats.",
    ]

    @Test func aTranscriptionIsReadAndShown() throws {
        let request = try read(Self.listening)
        guard case .transcription(let asked) = request.content else {
            Issue.record("not a transcription")
            return
        }
        #expect(asked.inputAudio == .url("data:audio/wav;base64,AAAA"))
        #expect(asked.timestampGranularities == [.segment, .word])
        #expect(asked.keyterms == ["boat"] && asked.diarize == true && asked.prompt == "Boats.")
        #expect(request.inputs.map(\.path) == ["input_audio"])
        // A payload is shown to nobody.
        #expect(!request.json.canonicalText.contains("AAAA"))
    }

    @Test(
        arguments: [
            (["data": "AAAA"], "input_audio.format", "required"),
            (["data": "AAAA", "format": "midi"], "input_audio.format", "wav"),
            ([:], "input_audio", "either"), (["data": "A", "url": "https://a.example"], "input_audio", "either"),
            (["url": "data:audio/wav;base64,AAAA"], "input_audio.url", "http"),
            (["data": "AAAA", "format": "wav", "rate": 5], "input_audio.rate", "Unknown field"),
        ] as [(JSONValue, String, String)]
    )
    func aSoundThatIsNoneIsRefused(_ sound: JSONValue, _ field: String, _ words: String) throws {
        var body = Self.listening
        body["input_audio"] = sound
        let problem = try #require(throws: RequestProblem.self) { try read(body) }
        #expect(problem.field == field)
        #expect(problem.message.contains(words), "\(problem.message)")
    }

    @Test func musicAndSoundsAreRead() throws {
        let music = try read([
            "type": "music", "model": "m", "prompt": "A shanty.", "lyrics": "Row.", "instrumental": false,
            "duration": .number(12.5), "seed": 7, "response_format": "mp3",
        ])
        #expect(music.json["duration"] == .number(12.5) && music.json["lyrics"] == "Row." && music.type == .music)
        let sound = try read(["type": "sound", "model": "m", "prompt": "A bell.", "duration": 2, "loop": true])
        #expect(sound.json["loop"] == true && sound.type == .sound)
        #expect(throws: RequestProblem.self) {
            try read(["type": "sound", "model": "m", "prompt": "p", "duration": 0])
        }
    }

    @Test func turnsAreOneText() throws {
        let speech = try read([
            "type": "speech", "model": "m", "input": [["text": "Hi.", "voice": "a"], ["text": "Ho."]],
        ])
        #expect(speech.prompt == "Hi.\nHo.")
        #expect(speech.json["input"]?[0]?["voice"] == "a")
        #expect(throws: RequestProblem.self) { try read(["type": "speech", "model": "m", "input": []]) }
    }

    // MARK: - Against a model

    private static var listener: ModelCapabilities {
        var parameters = TranscriptionParameters(
            formats: ["json", "text"],
            mediaTypes: ["audio/wav", "audio/mpeg"],
            bytesMax: 1_000,
            secondsMax: 60
        )
        parameters.sampleRates = 8_000...48_000
        parameters.granularities = [.segment]
        parameters.keytermsMax = 2
        return capabilities(.transcription(parameters))
    }

    private static func capabilities(_ parameters: ModelParameters) -> ModelCapabilities {
        ModelCapabilities(
            slug: "vendor/model",
            name: "M",
            summary: "S",
            parameters: parameters,
            promptCharactersMax: 100,
            prices: [],
            limits: EndpointLimits(slots: 1),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 10,
                sendTimeoutSeconds: 5,
                pollIntervalSeconds: 1
            ),
            source: "test"
        )
    }

    private func listen(
        strict: Bool = true,
        _ change: (inout TranscriptionRequest, inout StoredInput) -> Void
    ) throws -> ResolvedRequest {
        var sound = StoredInput(sha256: "00", mediaType: "audio/wav", bytes: 900)
        (sound.milliseconds, sound.sampleRate) = (1_000, 16_000)
        var asked = TranscriptionRequest(inputAudio: .stored(sound))
        change(&asked, &sound)
        asked.inputAudio = .stored(sound)
        return try GenerationRequest(model: "vendor/model", content: .transcription(asked))
            .resolved(against: Self.listener, strict: strict)
    }

    @Test func whatCannotBeListenedToIsRefusedStrictOrNot() throws {
        let bad: [(String, String, (inout TranscriptionRequest, inout StoredInput) -> Void)] = [
            ("input_audio", "audio/flac", { $1 = StoredInput(sha256: "0", mediaType: "audio/flac", bytes: 1) }),
            ("input_audio", "at most 1000", { $1 = StoredInput(sha256: "0", mediaType: "audio/wav", bytes: 1_001) }),
            ("input_audio", "at most 60 s", { $1.milliseconds = 61_000 }),
            ("input_audio", "96000 samples", { $1.sampleRate = 96_000 }),
            ("response_format", "allowed: json, text", { asked, _ in asked.responseFormat = "srt" }),
            ("keyterms", "at most 2", { asked, _ in asked.keyterms = ["a", "b", "c"] }),
        ]
        for (field, words, change) in bad {
            for strict in [true, false] {
                let problem = try #require(throws: RequestProblem.self) { try listen(strict: strict, change) }
                #expect(problem.field == field)
                #expect(problem.message.contains(words), "\(problem.message)")
            }
        }
    }

    @Test func whatAModelLacksIsRefusedOrTold() throws {
        for change in [
            { asked, _ in asked.diarize = true }, { asked, _ in asked.temperature = 1 },
            { asked, _ in asked.prompt = "p" }, { asked, _ in asked.timestampGranularities = [.word] },
        ] as [(inout TranscriptionRequest, inout StoredInput) -> Void] {
            #expect(throws: RequestProblem.self) { try listen(change) }
            let told = try listen(strict: false, change)
            #expect(told.adjustments.map(\.reason) == [.unsupportedParameter])
        }
        // Not to be told apart is what every model can do.
        #expect(try listen { asked, _ in asked.diarize = false }.adjustments.isEmpty)
    }

    @Test func aMaskHasTheSizeOfItsPicture() throws {
        var parameters = ImageParameters(
            sizes: [SizeOption(resolution: "1K", aspectRatio: "1:1", size: PixelSize(width: 1_024, height: 1_024))],
            formats: ["png", "jpeg"]
        )
        (parameters.mask, parameters.referencesMax) = (true, 1)
        parameters.backgrounds = ["auto", "transparent"]
        parameters.freeSizes = FreeSizes(
            multipleOf: 16,
            edges: 64...4_096,
            pixels: 65_536...8_294_400,
            ratioMax: 3
        )
        let model = Self.capabilities(.image(parameters))
        func make(_ change: (inout ImageRequest) -> Void) throws -> ImageRequest? {
            var image = ImageRequest(prompt: "p")
            change(&image)
            let resolved = try GenerationRequest(model: "vendor/model", content: .image(image))
                .resolved(against: model, strict: true)
            guard case .image(let made) = resolved.request.content else { return nil }
            return made
        }
        func picture(_ width: Int, _ height: Int, _ type: String = "image/png") -> MediaInput {
            var stored = StoredInput(sha256: "\(width)", mediaType: type, bytes: 1)
            (stored.width, stored.height) = (width, height)
            return .stored(stored)
        }
        #expect(throws: Never.self) {
            try make { ($0.inputReferences, $0.mask) = ([picture(64, 64)], picture(64, 64)) }
        }
        for (image, mask, words) in [
            ([picture(64, 64)], picture(64, 65), "must have the size"), ([], picture(64, 64), "there is none"),
            ([picture(64, 64)], picture(64, 64, "image/jpeg"), "cannot be transparent"),
        ] {
            let problem = try #require(throws: RequestProblem.self) {
                try make { ($0.inputReferences, $0.mask) = (image, mask) }
            }
            #expect(problem.field == "mask" && problem.message.contains(words), "\(problem.message)")
        }
        #expect(try make { $0.size = PixelSize(width: 1_600, height: 720) }?.size?.width == 1_600)
        #expect(throws: RequestProblem.self) { try make { $0.size = PixelSize(width: 1_601, height: 720) } }
        #expect(throws: RequestProblem.self) { try make { $0.size = PixelSize(width: 4_096, height: 4_096) } }
        let clash = try #require(throws: RequestProblem.self) {
            try make { ($0.background, $0.outputFormat) = ("transparent", "jpeg") }
        }
        #expect(clash.field == "background" && clash.message.contains("allowed: png"), "\(clash.message)")
    }
}

extension JSONValue {
    /// An element of an array.
    subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
