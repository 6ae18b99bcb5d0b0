import Generation
import JobAPI
import JobCore
import JobEngine
import Testing

/// Goal: what was written for OpenAI's audio speaks and listens here.
@Suite struct OpenAIAudioTests {
    private static let speech = "/v1/audio/speech"
    private static let transcriptions = "/v1/audio/transcriptions"
    private static let words: JSONValue = ["model": "test/reader", "input": "Good morning.", "voice": "anna"]

    private static func run(_ test: @Sendable (TestAPI) async throws -> Void) async throws {
        var adapter = TestAdapter()
        adapter.hasMore = true
        try await TestAPI.run({ $0.keepAliveSeconds = 0.05 }, adapter: adapter, test)
    }

    private static func words(_ changes: [String: JSONValue]) -> JSONValue {
        guard case .object(let fields) = words else { return words }
        return .object(fields.merging(changes) { _, new in new })
    }

    // MARK: Speech

    @Test func speechIsMP3UnlessAnotherFormatIsAskedFor() async throws {
        try await Self.run { api in
            async let pending = api.ask(Self.speech, Self.words(["speed": 1, "stream_format": "audio"]))
            let id = try await api.newJob()
            #expect(try await api.native(id)["input"]?["response_format"] == "mp3")
            try await api.finish(id, [("audio/mpeg", Array("sound".utf8))])
            let answer = try await pending
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer[header: "content-type"] == "audio/mpeg")
            #expect(answer.text == "sound")
        }
    }

    @Test func aModelWithoutMP3SpeaksInItsOwnFormatAndSaysSo() async throws {
        try await Self.run { api in
            async let pending = api.ask(Self.speech, Self.words(["model": "test/voice", "voice": ["id": "bert"]]))
            let id = try await api.newJob()
            let job = try await api.native(id)
            #expect(job["input"]?["response_format"] == "wav")
            #expect(job["input"]?["voice"] == "bert")
            #expect(job["adjustments"]?.elements.map { $0["parameter"] } == ["response_format"])
            try await api.finish(id, [("audio/wav", [1])])
            #expect(try await pending.status == 200)
        }
    }

    @Test func speechComesAsEvents() async throws {
        try await Self.run { api in
            async let pending = api.ask(Self.speech, Self.words(["stream_format": "sse"]))
            let id = try await api.newJob()
            let sound = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try await api.finish(id, [("audio/mpeg", sound)])
            let answer = try await pending
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "text/event-stream")
            let events = answer.namedEvents
            #expect(events.dropLast().allSatisfy { $0.name == "speech.audio.delta" })
            #expect(events.last?.name == "speech.audio.done")
            #expect(events.last?.data["usage"]?["total_tokens"] == 0)
            let heard = events.dropLast().flatMap { $0.data["audio"]?.stringValue?.bytesOfBase64 ?? [] }
            #expect(heard == sound)
        }
    }

    @Test(
        arguments: [
            (["voice": "carl"], "voice", "invalid_value"), (["voice": .null], "voice", "missing_required_parameter"),
            (["input": .null], "input", "missing_required_parameter"), (["speed": 9], "speed", "invalid_value"),
            (["speed": 2], "speed", "unsupported_parameter"),
            (["instructions": "softly"], "instructions", "unsupported_parameter"),
            (["response_format": "flac"], "response_format", "invalid_value"),
            (["stream_format": "chunks"], "stream_format", "invalid_value"),
            (["model": "test/ear"], "model", "invalid_value"),
        ] as [([String: JSONValue], String, String)]
    )
    func whatIsWrongWithSpeechIsNamed(
        _ changes: [String: JSONValue],
        _ param: String,
        _ code: String
    ) async throws {
        try await Self.run { api in
            let answer = try await api.ask(Self.speech, Self.words(changes))
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.errorParam == param, "\(answer.text)")
            #expect(answer.errorCode == code, "\(answer.text)")
            try await api.expectNothingWritten()
        }
    }

    // MARK: Transcription

    private static let transcript = Transcript(
        text: "Good morning. Hello.",
        language: "en",
        milliseconds: 2_500,
        segments: [
            .init(start: 0, end: 1_000, text: "Good morning.", speaker: "A"),
            .init(start: 1_000, end: 2_500, text: "Hello.", speaker: "B"),
        ],
        words: [.init(start: 0, end: 400, word: "Good"), .init(start: 400, end: 1_000, word: "morning")]
    )

    private static func form(_ fields: KeyValuePairs<String, String> = [:]) -> SampleForm {
        var form = SampleForm(["model": "test/ear"])
        for (name, value) in fields { form.add(name, value) }
        form.add("file", file: Samples.wav(seconds: 3), named: "hello.wav", type: "audio/wav")
        return form
    }

    private static func heard(
        _ api: TestAPI,
        _ form: SampleForm,
        _ format: Transcript.Format = .json
    ) async throws -> (answer: RawAnswer, job: JSONValue) {
        async let pending = api.ask(transcriptions, form: form)
        let id = try await api.newJob()
        let job = try await api.native(id)
        try await api.finish(id, [(format.mediaType, Array(transcript.rendered(as: format).utf8))])
        return (try await pending, job)
    }

    @Test func theTextAloneUnlessMoreIsAskedFor() async throws {
        try await Self.run { api in
            let (answer, job) = try await Self.heard(
                api,
                Self.form(["language": "en", "temperature": "0", "prompt": ""])
            )
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json.keys == ["text", "usage"])
            #expect(answer.json["text"] == "Good morning. Hello.")
            #expect(answer.json["usage"] == ["type": "duration", "seconds": 3])
            #expect(job["type"] == "transcription")
            #expect(job["input"]?["input_audio"]?["media_type"] == "audio/wav")
            #expect(job["input"]?["language"] == "en")
        }
    }

    @Test func timesAreGivenAsAskedFor() async throws {
        for (fields, keys) in [
            (["response_format": "verbose_json"], ["segments"]),
            (["response_format": "verbose_json", "timestamp_granularities[]": "word"], ["words"]),
            (
                [
                    "response_format": "verbose_json", "timestamp_granularities[]": "word",
                    "timestamp_granularities[0]": "segment",
                ], ["segments", "words"]
            ),
        ] as [(KeyValuePairs<String, String>, [String])] {
            try await Self.run { api in
                let (answer, _) = try await Self.heard(api, Self.form(fields))
                #expect(answer.status == 200, "\(answer.text)")
                let json = answer.json
                #expect(json.keys == Set(["task", "language", "duration", "text", "usage"] + keys))
                #expect(json["task"] == "transcribe")
                #expect(json["language"] == "en")
                #expect(json["duration"] == .number(2.5))
                if keys.contains("segments") {
                    #expect(json["segments"]?.elements.count == 2)
                    #expect(json["segments"]?.elements.last?["end"] == .number(2.5))
                }
                if keys.contains("words") { #expect(json["words"]?.elements.first?["word"] == "Good") }
            }
        }
    }

    @Test(arguments: [Transcript.Format.text, .srt, .vtt]) func textFormsComeAsTheyAre(
        format: Transcript.Format
    ) async throws {
        try await Self.run { api in
            let (answer, job) = try await Self.heard(api, Self.form(["response_format": format.rawValue]), format)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer[header: "content-type"] == "text/plain; charset=utf-8")
            #expect(answer.text == Self.transcript.rendered(as: format))
            #expect(job["input"]?["response_format"]?.stringValue == format.rawValue)
        }
    }

    @Test func speakersAreToldApart() async throws {
        try await Self.run { api in
            let (answer, job) = try await Self.heard(api, Self.form(["response_format": "diarized_json"]))
            #expect(answer.status == 200, "\(answer.text)")
            #expect(job["input"]?["diarize"] == true)
            let segments = answer.json["segments"]?.elements ?? []
            #expect(segments.map { $0["speaker"] } == ["A", "B"])
            #expect(segments.map { $0["id"] } == ["seg_0", "seg_1"])
            #expect(segments.first?["type"] == "transcript.text.segment")
        }
    }

    @Test func theTextComesAsEvents() async throws {
        try await Self.run { api in
            let (answer, _) = try await Self.heard(api, Self.form(["stream": "true"]))
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "text/event-stream")
            let events = answer.namedEvents
            #expect(events.map(\.name) == ["transcript.text.delta", "transcript.text.done"])
            #expect(events.first?.data["delta"] == "Good morning. Hello.")
            #expect(events.last?.data["text"] == "Good morning. Hello.")
            #expect(events.last?.data["usage"]?["type"] == "duration")
        }
    }

    @Test func formsThatAreWrongAreNamed() async throws {
        try await Self.run { api in
            var twice = Self.form()
            twice.add("file", file: Samples.wav(seconds: 1), named: "b.wav", type: "audio/wav")
            var noise = SampleForm(["model": "test/ear"])
            noise.add("file", file: Array("hello".utf8), named: "a.wav", type: "audio/wav")
            for (form, param) in [
                (SampleForm(["model": "test/ear"]), "file"), (twice, "file"), (noise, "file"),
                (Self.form(["response_format": "docx"]), "response_format"),
                (Self.form(["timestamp_granularities[]": "word"]), "timestamp_granularities"),
                (
                    Self.form(["response_format": "verbose_json", "timestamp_granularities[]": "letter"]),
                    "timestamp_granularities"
                ),
                (Self.form(["stream": "maybe"]), "stream"),
                (Self.form(["stream": "true", "response_format": "srt"]), "stream"),
                (Self.form(["temperature": "5"]), "temperature"), (Self.form(["temperature": "warm"]), "temperature"),
                (Self.form(["include[]": "logprobs"]), "include"),
                (Self.form(["known_speaker_names[]": "Anna"]), "known_speaker_names"),
                (Self.form(["languages[]": "en", "languages[1]": "de"]), "languages"),
            ] {
                let answer = try await api.ask(Self.transcriptions, form: form)
                #expect(answer.status == 400, "\(answer.text)")
                #expect(answer.errorParam == param, "\(answer.text)")
            }
            let json = try await api.ask(Self.transcriptions, ["model": "test/ear"])
            #expect(json.status == 415)
            try await api.expectNothingWritten()
            #expect(api.artifacts.spooledCount == 0)
        }
    }
}
