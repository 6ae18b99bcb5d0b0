import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Testing

@testable import SandboxAdapter

/// The wire by the letter, and what becomes of answers that no well-behaved provider gives.
@Suite struct SandboxWireTests {
    private let operation = ProviderOperation(remoteID: "sbx_1", payload: "dGlja2V0")

    @Test func everyFieldOfAVideoIsSent() async throws {
        let picture = StoredInput(sha256: "aa", mediaType: "image/png", bytes: 2)
        var video = VideoRequest(prompt: "a \"boat\"\nat dawn")
        video.negativePrompt = "fog"
        video.duration = 3
        video.size = PixelSize(width: 1_280, height: 720)
        video.fps = 30
        video.frameImages = [FrameImage(role: .last, image: .stored(picture))]
        video.inputReferences = [.stored(picture)]
        video.generateAudio = false
        video.seed = -7
        let request = GenerationRequest(model: "sandbox/video", content: .video(video))
        let body = try await sentBody(request, inputs: ["aa": [1, 2]])
        let expected: JSONValue = [
            "model": "sandbox/video", "prompt": "a \"boat\"\nat dawn", "negative_prompt": "fog", "duration": 3,
            "width": 1_280, "height": 720, "fps": 30, "audio": false, "seed": -7,
            "frames": [["role": "last_frame", "media_type": "image/png", "data": "AQI="]],
            "references": [["media_type": "image/png", "data": "AQI="]],
        ]
        #expect(body == expected)
    }

    @Test func everyFieldOfAnImageIsSent() async throws {
        var image = ImageRequest(prompt: "a boat")
        image.negativePrompt = "fog"
        image.n = 2
        image.size = PixelSize(width: 512, height: 512)
        image.outputFormat = "png"
        image.seed = 1
        let body = try await sentBody(GenerationRequest(model: "sandbox/image", content: .image(image)))
        let expected: JSONValue = [
            "model": "sandbox/image", "prompt": "a boat", "negative_prompt": "fog", "count": 2, "width": 512,
            "height": 512, "format": "png", "seed": 1,
        ]
        #expect(body == expected)
    }

    @Test func everyFieldOfSpeechIsSent() async throws {
        var speech = SpeechRequest(input: "Hello.")
        speech.voice = "nova"
        speech.language = "en"
        speech.speed = 1.5
        speech.instructions = "calmly"
        speech.responseFormat = "wav"
        let body = try await sentBody(GenerationRequest(model: "sandbox/speech", content: .speech(speech)))
        let expected: JSONValue = [
            "model": "sandbox/speech", "prompt": "Hello.", "voice": "nova", "language": "en", "speed": .number(1.5),
            "instructions": "calmly", "format": "wav",
        ]
        #expect(body == expected)
    }

    @Test func everyFieldOfATranscriptionIsSent() async throws {
        var wish = TranscriptionRequest(inputAudio: .stored(Stage.sound))
        wish.language = "en"
        wish.timestampGranularities = [.word]
        wish.diarize = true
        wish.keyterms = ["Mediary"]
        wish.temperature = 0.5
        wish.prompt = "a talk"
        let body = try await sentBody(GenerationRequest(model: "sandbox/transcription", content: .transcription(wish)))
        let expected: JSONValue = [
            "model": "sandbox/transcription", "prompt": "a talk", "language": "en", "words": true, "diarize": true,
            "keyterms": ["Mediary"], "temperature": .number(0.5),
            "sound": ["sha256": "sound", "media_type": "audio/wav", "bytes": 24_044, "milliseconds": 3_000],
        ]
        #expect(body == expected)
    }

    @Test func everyFieldOfMusicAndOfASoundIsSent() async throws {
        var music = MusicRequest(prompt: "a waltz")
        music.lyrics = "la la"
        music.instrumental = false
        music.duration = 12.5
        music.seed = 3
        music.responseFormat = "mp3"
        let waltz: JSONValue = [
            "model": "sandbox/music", "prompt": "a waltz", "lyrics": "la la", "instrumental": false,
            "length": .number(12.5), "seed": 3, "format": "mp3",
        ]
        #expect(try await sentBody(GenerationRequest(model: "sandbox/music", content: .music(music))) == waltz)
        var sound = SoundRequest(prompt: "rain")
        sound.duration = 2
        sound.loop = true
        sound.seed = 4
        sound.responseFormat = "flac"
        let rain: JSONValue = [
            "model": "sandbox/sound", "prompt": "rain", "length": 2, "loop": true, "seed": 4, "format": "flac",
        ]
        #expect(try await sentBody(GenerationRequest(model: "sandbox/sound", content: .sound(sound))) == rain)
    }

    @Test func turnsPreviewsAndMasksAreSent() async throws {
        let turns = [SpeechTurn(text: "Hello.", voice: "nova"), SpeechTurn(text: "Hi.", voice: nil)]
        let speech = GenerationRequest(model: "sandbox/speech", content: .speech(SpeechRequest(turns: turns)))
        #expect(
            try await sentBody(speech) == [
                "model": "sandbox/speech", "prompt": "Hello.\nHi.",
                "turns": [["voice": "nova", "text": "Hello."], ["text": "Hi."]],
            ]
        )
        let picture = MediaInput.stored(StoredInput(sha256: "aa", mediaType: "image/png", bytes: 2))
        var image = ImageRequest(prompt: "a boat")
        image.partialImages = 2
        image.inputReferences = [picture]
        image.mask = picture
        let body = try await sentBody(
            GenerationRequest(model: "sandbox/image", content: .image(image)),
            inputs: ["aa": [1, 2]]
        )
        let media: JSONValue = ["media_type": "image/png", "data": "AQI="]
        let mask: JSONValue = ["role": "mask", "media_type": "image/png", "data": "AQI="]
        #expect(
            body == ["model": "sandbox/image", "prompt": "a boat", "previews": 2, "references": [media, mask]]
        )
    }

    @Test func theAttemptTravelsInTheHeader() async throws {
        let transport = ScriptedTransport([accepting])
        let adapter = SandboxAdapter(transport: transport)
        let attempt = TestAttempt(at: adapter, externalID: "att_2", number: 2, sentAtMilliseconds: 17)
        _ = try await adapter.submit(Stage.video([:]), attempt: attempt.context(earlierSends: 3))
        let sent = try #require(transport.requests.first)
        #expect(sent.header("idempotency-key") == attempt.reference.token)
        #expect(sent.header("x-sandbox-attempt") == "2")
        #expect(sent.header("x-sandbox-earlier-sends") == "3")
        #expect(sent.header("x-sandbox-first-sent") == "17")
    }

    // MARK: - Answers to a submit

    struct Answer: Sendable, CustomTestStringConvertible {
        let status: Int
        var headers: [(name: String, value: String)] = []
        var body = ""
        let code: ProviderFailure.Code
        let retry: ProviderFailure.Retry
        let billing: ProviderFailure.Billing
        var testDescription: String { "\(status) \(body)" }
    }

    @Test(arguments: [
        Answer(status: 400, code: .invalidRequest, retry: .never, billing: .notCharged),
        Answer(status: 401, code: .authentication, retry: .never, billing: .notCharged),
        Answer(status: 402, code: .insufficientProviderFunds, retry: .never, billing: .notCharged),
        Answer(status: 403, code: .authentication, retry: .never, billing: .notCharged),
        Answer(status: 404, code: .notFound, retry: .never, billing: .notCharged),
        Answer(status: 408, code: .timedOut, retry: .backoff, billing: .unknown),
        Answer(status: 409, code: .unknown, retry: .backoff, billing: .unknown),
        Answer(status: 410, code: .unknown, retry: .never, billing: .notCharged),
        Answer(status: 422, code: .invalidRequest, retry: .never, billing: .notCharged),
        Answer(status: 425, code: .unknown, retry: .backoff, billing: .unknown),
        Answer(status: 429, code: .rateLimited, retry: .backoff, billing: .notCharged),
        Answer(
            status: 429,
            headers: [("retry-after", "7")],
            code: .rateLimited,
            retry: .after(seconds: 7),
            billing: .notCharged
        ),
        Answer(status: 499, code: .unknown, retry: .backoff, billing: .unknown),
        Answer(status: 500, body: "<html>", code: .unavailable, retry: .backoff, billing: .unknown),
        Answer(status: 502, code: .unavailable, retry: .backoff, billing: .unknown),
        Answer(status: 503, code: .unavailable, retry: .backoff, billing: .notCharged),
        Answer(status: 504, code: .timedOut, retry: .backoff, billing: .unknown),
        Answer(status: 302, code: .unknown, retry: .backoff, billing: .unknown),
        Answer(status: 202, body: "", code: .unknown, retry: .backoff, billing: .unknown),
        Answer(status: 202, body: "{\"status\":", code: .unknown, retry: .backoff, billing: .unknown),
        Answer(status: 202, body: "{\"status\":\"running\"}", code: .unknown, retry: .backoff, billing: .unknown),
        Answer(status: 202, body: "[]", code: .unknown, retry: .backoff, billing: .unknown),
    ])
    func answersToASubmitMeanWhatTheySay(_ answer: Answer) async throws {
        let transport = ScriptedTransport([
            .answered(.post, submitURL, status: answer.status, headers: answer.headers, body: answer.body)
        ])
        let adapter = SandboxAdapter(transport: transport)
        let attempt = TestAttempt(at: adapter, externalID: "att_1")
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await adapter.submit(Stage.video([:]), attempt: attempt.context())
        }
        #expect(failure?.code == answer.code)
        #expect(failure?.retry == answer.retry)
        #expect(failure?.billing == answer.billing)
        #expect(failure?.requestReachedProvider == .yes)
        #expect(transport.exchangesLeft == 0)
    }

    @Test func anAnswerThatEndsEarlyLeavesTheOutcomeUnknown() async throws {
        let cut = TransportFailure(.connectionLost, requestReachedPeer: .yes, "reset")
        let adapter = SandboxAdapter(transport: ScriptedTransport([.cut(.post, submitURL, status: 202, cut)]))
        let attempt = TestAttempt(at: adapter, externalID: "att_1")
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await adapter.submit(Stage.video([:]), attempt: attempt.context())
        }
        #expect(failure?.isDefiniteRefusal == false)
    }

    // MARK: - Answers to a status

    @Test(arguments: [
        (#"{"status":"queued"}"#, OperationStatus.pending(progress: nil, isQueued: true)),
        (#"{"status":"running","progress":0.5,"new":{}}"#, .pending(progress: 0.5)),
        (#"{"status":"dreaming"}"#, .pending(progress: nil)),
        (#"{"status":"done"}"#, .completed([], ReportedUsage())),
        (#"{"status":"cancelled"}"#, .cancelled(chargedNanoUSD: 0)),
    ])
    func statusWordsAreMapped(_ body: String, _ expected: OperationStatus) async throws {
        let transport = ScriptedTransport([.answered(.get, statusURL, status: 200, body: body)])
        let status = try await SandboxAdapter(transport: transport).status(of: operation)
        #expect(status == expected)
    }

    @Test func aQuestionThatFailsIsNotAGenerationThatFails() async throws {
        let lost = TransportFailure(.connectionLost, requestReachedPeer: .unknown, "reset")
        for exchange in [
            ScriptedTransport.Exchange.failed(.get, statusURL, lost),
            .answered(.get, statusURL, status: 503),
            .answered(.get, statusURL, status: 200, body: "not json"),
        ] {
            let adapter = SandboxAdapter(transport: ScriptedTransport([exchange]))
            let failure = await #expect(throws: ProviderFailure.self) { _ = try await adapter.status(of: operation) }
            #expect(failure?.retry == .backoff)
        }
    }

    // MARK: - Parts

    private var submitURL: String { "https://fake-provider.invalid/v1/generations" }
    private var statusURL: String { "https://fake-provider.invalid/v1/generations/sbx_1?ticket=dGlja2V0" }
    private var accepting: ScriptedTransport.Exchange {
        .answered(.post, submitURL, status: 202, body: #"{"status":"running","id":"sbx_1","ticket":"dGlja2V0"}"#)
    }

    /// The body of the one request that a submit sends, without the script.
    private func sentBody(_ request: GenerationRequest, inputs: [String: [UInt8]] = [:]) async throws -> JSONValue {
        let transport = ScriptedTransport([accepting])
        let adapter = SandboxAdapter(transport: transport)
        let attempt = TestAttempt(at: adapter, externalID: "att_1", inputs: inputs)
        _ = try await adapter.submit(request, attempt: attempt.context())
        let body = try #require(transport.requests.first).body
        guard case .object(var members) = try JSONDecoder().decode(JSONValue.self, from: Data(body)) else { return nil }
        members["script"] = nil
        return .object(members)
    }
}
