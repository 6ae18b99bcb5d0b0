import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Synchronization
import Testing

/// What Gemini's speech models are asked for, and what comes of their streams.
@Suite(.timeLimit(.minutes(3))) struct GeminiSpeechTests {
    private static let current = "google/gemini-3.8-flash-tts"
    private static let earlier = "google/gemini-2.5-flash-preview-tts"

    private func speech(_ change: (inout SpeechRequest) -> Void = { _ in }) -> GenerationRequest.Content {
        var speech = SpeechRequest(input: "A boat on a lake.")
        change(&speech)
        return .speech(speech)
    }

    private static func voice(_ name: JSONValue) -> JSONValue { ["prebuiltVoiceConfig": ["voiceName": name]] }

    private func sent(
        _ slug: String,
        _ change: (inout SpeechRequest) -> Void
    ) async throws -> JSONValue {
        let sent = Mutex(JSONValue.null)
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            _ = try await stage.complete(try stage.resolved(adapter, slug, speech(change)), at: adapter)
            #expect(stage.path.hasSuffix(":streamGenerateContent?alt=sse"))
            sent.withLock { $0 = stage.sent }
        }
        return sent.withLock { $0 }
    }

    @Test func aTextIsSpokenWordForWordAndDirectedBesideIt() async throws {
        let plain = try await sent(Self.current) { _ in }
        let expected: JSONValue = [
            "contents": [["role": "user", "parts": [["text": "A boat on a lake."]]]],
            "generationConfig": [
                "responseModalities": ["AUDIO"], "speechConfig": ["voiceConfig": Self.voice("Kore")],
            ],
        ]
        #expect(plain == expected)
        let directed = try await sent(Self.current) { ($0.instructions, $0.voice) = ("whispering", "Puck") }
        let part: JSONValue = ["text": "A boat on a lake.", "speechMetadata": ["style": "whispering"]]
        #expect(directed["contents"] == [["role": "user", "parts": [part]]])
        let own = try await sent(Self.current) { $0.voice = "voice_abc" }
        #expect(own["generationConfig"]?["speechConfig"] == ["voiceConfig": ["voice": "voice_abc"]])
    }

    @Test func anEarlierModelIsDirectedInItsText() async throws {
        func text(_ instructions: String?) async throws -> JSONValue? {
            try await sent(Self.earlier) { $0.instructions = instructions }["contents"]
        }
        func content(_ text: JSONValue) -> JSONValue { [["role": "user", "parts": [["text": text]]]] }
        #expect(try await text(nil) == content("A boat on a lake."))
        #expect(try await text("Say cheerfully:") == content("Say cheerfully: A boat on a lake."))
        #expect(try await text("Whisper") == content("Whisper:\nA boat on a lake."))
    }

    @Test func turnsHaveSpeakers() async throws {
        func talk(_ speech: inout SpeechRequest) {
            speech = SpeechRequest(turns: [
                SpeechTurn(text: "Hello.", voice: "Puck"), SpeechTurn(text: "Good day."),
                SpeechTurn(text: "And you?", voice: "Puck"),
            ])
            (speech.voice, speech.instructions) = ("Leda", "slowly")
        }
        func part(_ text: JSONValue, _ speaker: JSONValue) -> JSONValue {
            ["text": text, "speechMetadata": ["speaker": speaker, "style": "slowly"]]
        }
        let speakers: JSONValue = [
            ["speaker": "Speaker 1", "voiceConfig": Self.voice("Puck")],
            ["speaker": "Speaker 2", "voiceConfig": Self.voice("Leda")],
        ]
        let config: JSONValue = ["multiSpeakerVoiceConfig": ["speakerVoiceConfigs": speakers]]
        let current = try await sent(Self.current, talk)
        let parts: JSONValue = [
            part("Hello.", "Speaker 1"), part("Good day.", "Speaker 2"), part("And you?", "Speaker 1"),
        ]
        #expect(current["contents"] == [["role": "user", "parts": parts]])
        #expect(current["generationConfig"]?["speechConfig"] == config)
        let earlier = try await sent(Self.earlier, talk)
        let text: JSONValue = "slowly:\nSpeaker 1: Hello.\nSpeaker 2: Good day.\nSpeaker 1: And you?"
        #expect(earlier["contents"] == [["role": "user", "parts": [["text": text]]]])
        #expect(earlier["generationConfig"]?["speechConfig"] == config)
        // Turns of one voice need no names.
        let alone = try await sent(Self.current) { speech in
            speech = SpeechRequest(turns: [SpeechTurn(text: "Hello."), SpeechTurn(text: "Bye.")])
        }
        #expect(alone["contents"] == [["role": "user", "parts": [["text": "Hello."], ["text": "Bye."]]]])
        #expect(alone["generationConfig"]?["speechConfig"] == ["voiceConfig": Self.voice("Kore")])
    }

    @Test func voicesThatCannotBeAreRefused() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try #require(try stage.adapter() as? any ValidatingAdapter)
            for name in ["Nobody", "voice_a/b", "voice_\(String(repeating: "a", count: 200))"] {
                let request = try stage.resolved(adapter, Self.current, speech { $0.voice = name })
                let problem = #expect(throws: RequestProblem.self) { try adapter.validate(request) }
                #expect(problem?.field == "voice" && problem?.message.contains("Zephyr") == true)
            }
            let problem = #expect(throws: RequestProblem.self) {
                try stage.resolved(adapter, Self.earlier, speech { $0.voice = "voice_abc" })
            }
            #expect(problem?.field == "voice")
        }
    }

    @Test func samplesArePassedOnAsTheyAreAndAFileHasATrueHeader() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let pcm = try await stage.complete(try stage.resolved(adapter, Self.current, speech()), at: adapter)
            let samples = try await AdapterConformance.read(try #require(pcm.outputs.first), at: adapter)
            #expect(pcm.outputs.map(\.mediaType) == ["audio/pcm;rate=24000;channels=1"])
            // 17 characters at 15 a second.
            #expect(abs(samples.count - 24_000 * 2 * 17 / 15) <= 4 && samples.count.isMultiple(of: 2))
            #expect(pcm.usage.outputAudioTokens == 28 && pcm.usage.outputTextTokens == 0)
            #expect(pcm.usage.inputTextTokens == 4)
            let file = try await stage.complete(
                try stage.resolved(adapter, Self.current, speech { $0.responseFormat = "wav" }),
                at: adapter
            )
            #expect(file.outputs.map(\.mediaType) == ["audio/wav"])
            let bytes = try await AdapterConformance.read(try #require(file.outputs.first), at: adapter)
            #expect(Array(bytes.dropFirst(44)) == samples)
            let facts = try MediaInspector.inspect(bytes: bytes, expecting: MediaType(mime: "audio/wav"))
            #expect(facts.durationMilliseconds.map { abs($0 - 1_133) <= 1 } ?? false)
        }
    }

    @Test func theClientHearsTheFirstSamplesBeforeTheLastAreThere() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(adapter, Self.current, speech())
            // About 75,000 bytes of a stream.
            stage.simulator.inject(.drip(bytesPerSecond: 100_000), on: .submit)
            let watcher = Listener()
            let outputs = try await submit(request, at: adapter, watcher)
            let heard = watcher.heard
            #expect(heard.opened == 1 && heard.finished == 1 && heard.discarded == 0)
            #expect(heard.lengths.count >= 5 && heard.lengths == heard.lengths.sorted())
            let bytes = try await AdapterConformance.read(try #require(outputs.first), at: adapter)
            #expect(heard.lengths.last == Int64(bytes.count))
        }
    }

    @Test func aStreamThatBreaksIsTakenBack() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(adapter, Self.current, speech())
            for fault: SimulatedFault in [.downloadTruncated, .truncatedJSON] {
                stage.simulator.inject(fault, on: .submit)
                let watcher = Listener()
                let failure = await #expect(throws: ProviderFailure.self) {
                    try await submit(request, at: adapter, watcher)
                }
                #expect(failure?.isDefiniteRefusal == false, "\(fault.word)")
                #expect(watcher.heard.opened == watcher.heard.discarded && watcher.heard.finished == 0)
            }
        }
    }

    private static func event(_ json: JSONValue) -> String { "data: \(json.canonicalText)\r\n\r\n" }
    private static let piece: JSONValue = [
        "candidates": [
            ["content": ["parts": [["inlineData": ["mimeType": "audio/L16;rate=24000", "data": "AAAAAA=="]]]]]
        ]
    ]

    private func failure(_ events: [JSONValue]) async throws -> ProviderFailure? {
        let caught = Mutex<ProviderFailure?>(nil)
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(adapter, Self.current, speech())
            let body = Array(events.map(Self.event).joined().utf8)
            stage.simulator.inject(.answer(.media("text/event-stream", body)), on: .submit)
            let failure = await #expect(throws: ProviderFailure.self) {
                try await stage.complete(request, at: adapter)
            }
            caught.withLock { $0 = failure }
        }
        return caught.withLock { $0 }
    }

    @Test func whatGoesWrongInAStreamIsToldApart() async throws {
        let blocked = try await failure([["promptFeedback": ["blockReason": "SAFETY"]]])
        #expect(blocked?.code == .contentPolicy && blocked?.isDefiniteRefusal == true)
        // Cut short by the filter after some sound: no success.
        let cut = try await failure([Self.piece, ["candidates": [["finishReason": "SAFETY"]]]])
        #expect(cut?.code == .contentPolicy)
        // What was spoken is billed: it is not paid for a second time.
        let ended = try await failure([Self.piece, ["candidates": [["finishReason": "OTHER"]]]])
        #expect(ended?.retry == .never)
        let long = try await failure([Self.piece, ["candidates": [["finishReason": "MAX_TOKENS"]]]])
        #expect(long?.code == .unknown && long?.retry == .never)
        let words = try await failure([
            ["candidates": [["content": ["parts": [["text": "I would rather talk."]]], "finishReason": "STOP"]]]
        ])
        #expect(words?.code == .contentPolicy && words?.message.contains("rather talk") == true)
        let busy: JSONValue = [
            "error": ["code": 429, "message": "Resource exhausted.", "status": "RESOURCE_EXHAUSTED"]
        ]
        #expect(try await failure([busy])?.isForCapacity == true)
        // Once there was sound nobody knows what is billed.
        #expect(try await failure([Self.piece, busy])?.isDefiniteRefusal == false)
        let opus: JSONValue = [
            "candidates": [["content": ["parts": [["inlineData": ["mimeType": "audio/ogg", "data": "AAAA"]]]]]]
        ]
        #expect(try await failure([opus])?.isDefiniteRefusal == false)
        #expect(try await failure([Self.piece])?.isDefiniteRefusal == false)
    }

    @Test func vertexSpeaksAtItsOwnAddress() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let done = try await stage.complete(try stage.resolved(adapter, Self.current, speech()), at: adapter)
            #expect(done.outputs.count == 1)
            let prefix = "/v1beta1/projects/demo-project/locations/global/publishers/google/models"
            #expect(stage.path == "\(prefix)/gemini-3.8-flash-tts:streamGenerateContent?alt=sse")
        }
    }

    /// Submits with somebody who listens.
    @discardableResult
    private func submit(
        _ request: GenerationRequest,
        at adapter: any ProviderAdapter,
        _ watcher: Listener
    ) async throws -> [ProviderOutput] {
        let attempt = TestAttempt(at: adapter, externalID: "att_\(UUID().uuidString.lowercased())")
        let context = AttemptContext(
            reference: attempt.reference,
            callbackURL: nil,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 30,
            outputs: TestAttempt.outputs(of: attempt.reference, watcher: watcher),
            input: { (_) async throws(ProviderFailure) in [] },
            gate: { (_) async throws(ProviderFailure) in SendWindow { true } }
        )
        guard case .completed(let outputs, _) = try await adapter.submit(request, attempt: context) else { return [] }
        return outputs
    }
}

/// Notes what a client would hear.
private final class Listener: OutputWatcher {
    struct Heard {
        var opened = 0
        var lengths: [Int64] = []
        var finished = 0
        var discarded = 0
    }

    private let state = Mutex(Heard())

    var heard: Heard { state.withLock { $0 } }

    func opened(_ path: String, mediaType: String) { state.withLock { $0.opened += 1 } }
    func grew(_ path: String, to bytes: Int64) { state.withLock { $0.lengths.append(bytes) } }
    func finished(_ path: String) { state.withLock { $0.finished += 1 } }
    func discarded(_ path: String) { state.withLock { $0.discarded += 1 } }
    func previewed(_ path: String, index: Int, mediaType: String) {}
}
