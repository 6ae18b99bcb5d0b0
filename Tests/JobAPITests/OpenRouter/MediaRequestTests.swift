import Foundation
import Generation
import JobCore
import Testing

/// Goal: requests for images, speech and transcriptions mean what OpenRouter's do, and what a model lacks is told.
@Suite struct MediaRequestTests {
    private static let images = "/api/v1/images"
    private static let speech = "/api/v1/audio/speech"
    private static let transcriptions = "/api/v1/audio/transcriptions"

    private static func run(_ test: @Sendable (TestAPI) async throws -> Void) async throws {
        var adapter = TestAdapter()
        adapter.hasMore = true
        try await TestAPI.run(adapter: adapter, test)
    }

    /// The job that a request makes, in native words.
    private static func job(_ api: TestAPI, _ path: String, _ body: JSONValue) async throws -> JSONValue {
        let known = try await api.get("/api/v1/jobs").json["data"]?.elements ?? []
        async let pending = api.post(path, body)
        let id = try await api.newJob(besides: known.compactMap { $0["id"]?.stringValue.flatMap { JobID($0) } })
        let job = try await api.get("/api/v1/jobs/\(id)").json
        _ = try await api.request("POST", "/api/v1/jobs/\(id)/cancel")
        #expect(try await pending.status == 422)
        return job
    }

    private static func adjusted(_ job: JSONValue) -> [String?] {
        (job["adjustments"]?.elements ?? []).map { $0["parameter"]?.stringValue }
    }

    private static func refusal(
        _ api: TestAPI,
        _ path: String,
        _ body: JSONValue,
        _ param: String?,
        status: Int = 400,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await api.post(path, body)
        #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
        #expect(answer.errorParam == param, "\(answer.text)", sourceLocation: sourceLocation)
        #expect(answer.json["error"]?["code"]?.integerValue == Int64(status), sourceLocation: sourceLocation)
        try await api.expectNothingWritten(sourceLocation: sourceLocation)
    }

    // MARK: Images

    @Test func everythingThatCanBeSaidOfAnImageIsUnderstood() async throws {
        try await Self.run { api in
            let picture = JSONValue.string("data:image/png;base64,\(Data(Samples.png).base64EncodedString())")
            let job = try await Self.job(
                api,
                Self.images,
                [
                    "model": "test/painter", "prompt": "a lighthouse", "n": 2, "size": "1K", "aspect_ratio": "1:1",
                    "quality": "high", "background": "transparent", "output_format": "webp", "output_compression": 80,
                    "seed": 7, "user": "u", "session_id": "s", "trace": ["trace_id": "t"],
                    "input_references": [["type": "image_url", "image_url": ["url": picture]]],
                    "provider": ["options": ["testing": ["grain": 1]], "sort": "price", "allow_fallbacks": false],
                ]
            )
            let input = job["input"]
            #expect(job["type"] == "image")
            #expect(input?["resolution"] == "1K")
            #expect(input?["size"] == "1024x1024")
            #expect(input?["quality"] == "high")
            #expect(input?["background"] == "transparent")
            #expect(input?["output_format"] == "webp")
            #expect(input?["output_compression"] == 80)
            #expect(input?["seed"] == 7)
            #expect(input?["input_references"]?.count == 1)
            #expect(input?["partial_images"] == nil)
            #expect(input?["provider"]?["options"]?["testing"]?["grain"] == 1)
            #expect(Self.adjusted(job) == [])
        }
    }

    @Test func whatAModelLacksIsLeftOutAndTold() async throws {
        try await Self.run { api in
            let job = try await Self.job(
                api,
                Self.images,
                [
                    "model": "test/image", "prompt": "x", "quality": "max", "background": "transparent",
                    "output_compression": 5, "seed": 1, "aspect_ratio": "16:9", "resolution": "4K", "style": "vivid",
                    "partial_images": 2,
                ]
            )
            #expect(
                Set(Self.adjusted(job)) == [
                    "quality", "background", "output_compression", "seed", "aspect_ratio", "resolution", "style",
                    "partial_images",
                ]
            )
            #expect(job["input"]?["size"] == "1024x1024")
        }
    }

    @Test func autoAsksForNothing() async throws {
        try await Self.run { api in
            let body: JSONValue = [
                "model": "test/painter", "prompt": "x", "quality": "auto", "background": "auto", "aspect_ratio": "auto",
            ]
            let job = try await Self.job(api, Self.images, body)
            #expect(Self.adjusted(job) == [])
            #expect(job["input"]?["quality"] == "low")
        }
    }

    @Test func strictnessCanBeAskedFor() async throws {
        try await Self.run { api in
            let body: JSONValue = [
                "model": "test/image", "prompt": "x", "seed": 1, "provider": ["require_parameters": true],
            ]
            try await Self.refusal(api, Self.images, body, "seed")
        }
    }

    @Test func whatNoImageCanBeIsRefused() async throws {
        try await Self.run { api in
            let cases: [(JSONValue, String)] = [
                (["prompt": "x"], "model"), (["model": "test/painter"], "prompt"),
                (["model": "test/painter", "prompt": "x", "n": 11], "n"),
                (["model": "test/painter", "prompt": "x", "n": 5], "n"),
                (["model": "test/painter", "prompt": "x", "size": "big"], "size"),
                (["model": "test/painter", "prompt": "x", "size": "2K", "resolution": "1K"], "size"),
                (["model": "test/painter", "prompt": "x", "quality": "superb"], "quality"),
                (["model": "test/painter", "prompt": "x", "output_format": "svg"], "output_format"),
                (["model": "test/painter", "prompt": "x", "output_compression": 101], "output_compression"),
                (["model": "test/painter", "prompt": "x", "stream": "yes"], "stream"),
                (["model": "test/video", "prompt": "x"], "model"),
                (
                    [
                        "model": "test/painter", "prompt": "x",
                        "input_references": [["type": "video_url", "video_url": ["url": "https://example.org/x"]]],
                    ],
                    "input_references[0].type"
                ),
            ]
            for (body, param) in cases { try await Self.refusal(api, Self.images, body, param) }
            try await Self.refusal(api, Self.images, ["model": "no/model", "prompt": "x"], "model", status: 404)
        }
    }

    // MARK: Speech

    @Test func speechIsRawSoundUnlessToldOtherwise() async throws {
        try await Self.run { api in
            let job = try await Self.job(api, Self.speech, ["model": "test/reader", "input": "Hello."])
            #expect(job["input"]?["response_format"] == "pcm")
            #expect(job["input"]?["voice"] == "anna")
            let other = try await Self.job(
                api,
                Self.speech,
                [
                    "model": "test/reader", "input": "Hello.", "voice": "bert", "response_format": "mp3", "speed": 2,
                    "instructions": "softly",
                ]
            )
            #expect(other["input"]?["response_format"] == "mp3")
            #expect(other["input"]?["voice"] == "bert")
            #expect(Self.adjusted(other) == ["speed", "instructions"])
            // A model without raw sound has its own default.
            let voice = try await Self.job(api, Self.speech, ["model": "test/voice", "input": "Hello."])
            #expect(voice["input"]?["response_format"] == "wav")
        }
    }

    @Test func turnsAreForModelsThatSpeakThem() async throws {
        try await Self.run { api in
            let turns: JSONValue = [
                ["text": "Hello.", "voice": "anna", "instructions": "softly"], ["text": "Hi.", "voice": "bert"],
            ]
            let job = try await Self.job(api, Self.speech, ["model": "test/reader", "input": turns])
            #expect(
                job["input"]?["input"] == [["text": "Hello.", "voice": "anna"], ["text": "Hi.", "voice": "bert"]]
            )
            #expect(Self.adjusted(job) == ["input[0].instructions"])
            let answer = try await api.post(Self.speech, ["model": "test/voice", "input": turns])
            #expect(answer.status == 400)
        }
    }

    @Test func whatCannotBeSpokenIsRefused() async throws {
        try await Self.run { api in
            let cases: [(JSONValue, String)] = [
                (["model": "test/reader"], "input"), (["model": "test/reader", "input": ""], "input"),
                (["model": "test/reader", "input": []], "input"),
                (["model": "test/reader", "input": [["voice": "anna"]]], "input[0].text"),
                (["model": "test/reader", "input": "x", "response_format": "ogg"], "response_format"),
                (
                    [
                        "model": "test/reader", "input": "x",
                        "input_references": [["type": "input_audio", "input_audio": ["url": "https://example.org/x"]]],
                    ],
                    "input_references"
                ),
                (["model": "test/image", "input": "x"], "model"),
            ]
            for (body, param) in cases { try await Self.refusal(api, Self.speech, body, param) }
            let answer = try await api.post(Self.speech, ["model": "test/reader", "input": "x", "voice": "carl"])
            #expect(answer.status == 400)
            #expect(answer.errorMessage.contains("anna, bert"))
        }
    }

    // MARK: Transcription

    private static let sound = JSONValue.object([
        "data": .string(Data(Samples.wav(seconds: 1)).base64EncodedString()), "format": "wav",
    ])

    private static func transcription(_ changes: [String: JSONValue]) -> JSONValue {
        .object(["model": "test/ear", "input_audio": sound].merging(changes) { $1 })
    }

    @Test func aTranscriptIsGivenInTheFormThatWasAskedFor() async throws {
        try await Self.run { api in
            let transcript = Transcript(
                text: "Hello there.",
                language: "en",
                milliseconds: 1_000,
                segments: [.init(start: 0, end: 1_000, text: "Hello there.", speaker: "A")],
                words: [
                    .init(start: 0, end: 400, word: "Hello", speaker: "A"),
                    .init(start: 400, end: 1_000, word: "there.", speaker: "B"),
                ]
            )
            let file = ("application/json", Array(transcript.rendered(as: .json).utf8))
            async let plain = api.post(
                Self.transcriptions,
                Self.transcription(["prompt": "Greetings", "temperature": 1])
            )
            let id = try await api.newJob()
            #expect(Self.adjusted(try await api.get("/api/v1/jobs/\(id)").json).contains("prompt"))
            try await api.finish(id, [file])
            let answer = try await plain
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer[header: "content-type"] == "application/json")
            #expect(answer[header: "x-generation-id"] == "\(id)")
            #expect(answer.json["text"] == "Hello there.")
            #expect(answer.json.keys.subtracting(["adjustments"]) == ["text", "usage"])
            #expect(answer.json["usage"]?["seconds"] == 1)
            #expect(answer.json["usage"]?["cost"] == .number(0.001))

            async let verbose = api.post(
                Self.transcriptions,
                Self.transcription(["response_format": "verbose_json", "diarize": true, "language": "en"])
            )
            let other = try await api.newJob(besides: [id])
            try await api.finish(other, [file])
            let json = try await verbose.json
            #expect(json["task"] == "transcribe")
            #expect(json["language"] == "en")
            #expect(json["duration"] == 1)
            #expect(json["segments"]?.elements.first?["id"] == 0)
            #expect(json["segments"]?.elements.first?["speaker"] == 0)
            #expect(json["words"]?.elements.map { $0["speaker"] } == [0, 1])
            #expect(json["words"]?.elements.map { $0["speaker_label"] } == ["A", "B"])
        }
    }

    @Test func whatCannotBeListenedToIsRefused() async throws {
        try await Self.run { api in
            let cases: [([String: JSONValue], String)] = [
                (["response_format": "srt"], "response_format"), (["response_format": "text"], "response_format"),
                (["diarize": true], "diarize"), (["language": 5], "language"), (["temperature": 3], "temperature"),
                (["timestamp_granularities": ["page"]], "timestamp_granularities[0]"),
                (["input_audio": .null], "input_audio"), (["input_audio": ["data": "AAAA"]], "input_audio.format"),
                (["input_audio": ["data": "AAAA", "format": "midi"]], "input_audio.format"),
                (["input_audio": ["data": "AAAA", "url": "https://example.org/x", "format": "wav"]], "input_audio"),
                (["model": "test/deaf", "keyterms": ["Mediary"]], "keyterms"),
                (["model": "test/deaf", "response_format": "verbose_json"], "response_format"),
            ]
            for (changes, param) in cases {
                try await Self.refusal(api, Self.transcriptions, Self.transcription(changes), param)
            }
        }
    }

    // MARK: Forms

    private static func form(_ fields: [(String, String)], isWithFile: Bool = true) -> SampleForm {
        var form = SampleForm()
        form.add("model", "test/ear")
        for (name, value) in fields { form.add(name, value) }
        if isWithFile { form.add("file", file: Samples.wav(seconds: 1), named: "speech.wav", type: "audio/wav") }
        return form
    }

    @Test(arguments: ["", "[]", "[][]"]) func aFormMeansWhatItsJSONWould(_ brackets: String) async throws {
        try await Self.run { api in
            let form = Self.form([
                ("response_format", "verbose_json"), ("timestamp_granularities" + brackets, "segment"),
                ("timestamp_granularities" + brackets, "word"), ("keyterms" + brackets, "Mediary"), ("diarize", "true"),
                ("temperature", "0.5"), ("trace", "{\"trace_id\":\"t\"}"),
                ("provider", "{\"options\":{\"testing\":{\"grain\":1}}}"), ("nonsense", "x"),
            ])
            async let pending = api.ask(Self.transcriptions, form: form)
            let id = try await api.newJob()
            let job = try await api.get("/api/v1/jobs/\(id)").json
            let input = job["input"]
            #expect(input?["timestamp_granularities"] == ["segment", "word"])
            #expect(input?["keyterms"] == ["Mediary"])
            #expect(input?["diarize"] == true)
            #expect(input?["trace"] == ["trace_id": "t"])
            #expect(input?["provider"]?["options"]?["testing"]?["grain"] == 1)
            #expect(input?["input_audio"]?["media_type"] == "audio/wav")
            // The model does not take a temperature.
            #expect(Self.adjusted(job).sorted { ($0 ?? "") < ($1 ?? "") } == ["nonsense", "temperature"])
            try await api.finish(id, [("application/json", Array(Transcript(text: "Hi.").rendered(as: .json).utf8))])
            let answer = try await pending
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["text"] == "Hi.")
        }
    }

    @Test func aFormNeedsOneSound() async throws {
        try await Self.run { api in
            let cases = [
                (Self.form([], isWithFile: false), "file"),
                (Self.form([("source_url", "https://example.org/x.wav")]), "source_url"),
                (Self.form([("source_url", "file:///etc/passwd")], isWithFile: false), "source_url"),
                (Self.form([("provider", "{")]), "provider"), (Self.form([("diarize", "perhaps")]), "diarize"),
            ]
            for (form, param) in cases {
                let answer = try await api.ask(Self.transcriptions, form: form)
                #expect(answer.status == 400, "\(answer.text)")
                #expect(answer.errorParam == param, "\(answer.text)")
            }
            try await api.expectNothingWritten()
        }
    }

    // MARK: Lists

    @Test func imageModelsTellWhatTheyTakeAndCost() async throws {
        try await Self.run { api in
            let list = try await api.get("/api/v1/images/models").json["data"]?.elements ?? []
            #expect(list.compactMap { $0["id"]?.stringValue } == ["test/image", "test/painter"])
            let painter = try #require(list.last)
            #expect(
                painter["architecture"] == ["input_modalities": ["text", "image"], "output_modalities": ["image"]]
            )
            #expect(painter["endpoints"] == "/api/v1/images/models/test/painter/endpoints")
            #expect(painter["supports_streaming"] == true)
            let parameters = painter["supported_parameters"]
            #expect(parameters?["quality"] == ["type": "enum", "values": ["low", "high"]])
            #expect(parameters?["n"] == ["type": "range", "min": 1, "max": 4])
            #expect(parameters?["seed"] == ["type": "boolean"])
            #expect(list.first?["supported_parameters"]?["quality"] == nil)
            let endpoints = try await api.get("/api/v1/images/models/test/painter/endpoints").json
            #expect(endpoints["id"] == "test/painter")
            let endpoint = try #require(endpoints["endpoints"]?.elements.first)
            #expect(endpoint["provider_slug"] == "testing")
            #expect(endpoint["allowed_passthrough_parameters"] == ["grain", "camera"])
            #expect(
                endpoint["pricing"] == [
                    ["billable": "output_image", "unit": "image", "cost_usd": .number(0.04), "variant": "low"],
                    ["billable": "output_image", "unit": "image", "cost_usd": .number(0.2), "variant": "high"],
                    ["billable": "input_reference", "unit": "image", "cost_usd": .number(0.001)],
                ]
            )
            for path in ["test/none", "test/video"] {
                let answer = try await api.get("/api/v1/images/models/\(path)/endpoints")
                #expect(answer.status == 404)
            }
        }
    }

    @Test func modelsAreFoundByWhatTheyMake() async throws {
        try await Self.run { api in
            let expected = [
                "image": ["test/image", "test/painter"], "speech": ["test/reader", "test/voice"],
                "transcription": ["test/deaf", "test/ear"], "audio": [],
            ]
            for (modality, slugs) in expected {
                let path = "/api/v1/models?output_modalities=\(modality)"
                let models = try await api.get(path).json["data"]?.elements ?? []
                #expect(models.compactMap { $0["id"]?.stringValue } == slugs)
            }
            let ear = try await api.get("/api/v1/models/test/ear/endpoints").json["data"]
            #expect(ear?["architecture"]?["modality"] == "audio->transcription")
            #expect(ear?["endpoints"]?.elements.first?["supports_diarization"] == true)
        }
    }
}
