import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import Synchronization
import Testing

@testable import OpenAIAdapter

/// Speech: what is sent, and how its sound comes.
@Suite struct OpenAISpeechTests {
    /// What a client would hear.
    private final class Watcher: OutputWatcher {
        let seen = Mutex<[String]>([])

        func opened(_ path: String, mediaType: String) { seen.withLock { $0.append("opened \(mediaType)") } }
        func grew(_ path: String, to bytes: Int64) {
            seen.withLock { if $0.last != "grew" { $0.append("grew") } }
        }
        func finished(_ path: String) { seen.withLock { $0.append("finished") } }
        func discarded(_ path: String) { seen.withLock { $0.append("discarded") } }
        func previewed(_ path: String, index: Int, mediaType: String) {}
    }

    @Test(arguments: ["mp3", "opus", "aac", "flac", "wav", "pcm"])
    func soundFlowsInEachFormat(_ format: String) async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            for (index, model) in ["openai/gpt-4o-mini-tts", "openai/tts-1-hd"].enumerated() {
                let watcher = Watcher()
                let request = try OpenAIStage.speech(model: model) { $0.responseFormat = format }
                let (outputs, usage) = try await OpenAIStage.submit(
                    request,
                    to: adapter,
                    watcher: watcher,
                    externalID: "att_\(format)_\(index)"
                )
                let output = try #require(outputs.first)
                let type = try #require(output.mediaType)
                #expect(watcher.seen.withLock { $0 } == ["opened \(type)", "grew", "finished"])
                let bytes = try await AdapterConformance.read(output, at: adapter)
                if format == "pcm" {
                    #expect(type == "audio/pcm;rate=24000;channels=1")
                    #expect(bytes.count == 48_000)
                } else {
                    let declared = try #require(MediaType(mime: type))
                    #expect(throws: Never.self) { _ = try MediaInspector.inspect(bytes: bytes, expecting: declared) }
                }
                // Only events tell what was used.
                #expect((usage.outputAudioTokens != nil) == (index == 0))
                #expect((usage.inputTextTokens != nil) == (index == 0))
                #expect(simulator.requests(.submit).last?.json?["stream_format"] == (index == 0 ? "sse" : nil))
            }
        }
    }

    @Test func aSubmitHasAllThatWasAskedFor() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.speech {
                ($0.voice, $0.speed, $0.instructions) = ("voice_1234", 1.25, "Softly.")
            }
            try adapter.validate(request)
            _ = try await OpenAIStage.submit(request, to: adapter)
            let expected: JSONValue = [
                "model": "gpt-4o-mini-tts", "input": "A paper boat drifts.", "voice": ["id": "voice_1234"],
                "response_format": "mp3", "speed": .number(1.25), "instructions": "Softly.", "stream_format": "sse",
            ]
            #expect(simulator.requests(.submit).first?.json == expected)
        }
    }

    @Test func voicesOfNobodyAreRefused() throws {
        let adapter = try OpenAIStage.adapter(nil)
        for voice in ["bob", "voice_", "voice_../1", "Alloy"] {
            let problem = #expect(throws: RequestProblem.self, "\(voice)") {
                try adapter.validate(OpenAIStage.speech { $0.voice = voice })
            }
            #expect(problem?.field == "voice")
            #expect(problem?.message.contains("marin") == true)
        }
    }

    // MARK: - Answers of other kinds

    private static func answered(
        _ body: String,
        type: String,
        watcher: Watcher
    ) async throws -> Result<Int, ProviderFailure> {
        let exchange = ScriptedTransport.Exchange.answered(
            .post,
            "http://server/v1/audio/speech",
            status: 200,
            headers: [("Content-Type", type)],
            body: body
        )
        let adapter = try OpenAIStage.adapter("http://server/v1", transport: ScriptedTransport([exchange]))
        do {
            return .success(
                try await OpenAIStage.submit(OpenAIStage.speech(), to: adapter, watcher: watcher).outputs.count
            )
        } catch let failure as ProviderFailure {
            return .failure(failure)
        }
    }

    @Test func aSoundThatBreaksOffIsTakenBack() async throws {
        let delta = #"data: {"type":"speech.audio.delta","audio":"SUQzBAAA"}"#
        let error = #"data: {"error": {"message": "Sorry.", "type": "server_error"}}"#
        for body in ["\(delta)\n\n", "\(delta)\n\n\(error)\n\n", "\(delta)\n\ndata: {\n\n"] {
            let watcher = Watcher()
            guard
                case .failure(let failure) = try await Self.answered(body, type: "text/event-stream", watcher: watcher)
            else {
                Issue.record("\(body) was taken for a whole sound")
                continue
            }
            #expect(!failure.isDefiniteRefusal)
            #expect(watcher.seen.withLock { $0 } == ["opened audio/mpeg", "grew", "discarded"])
        }
    }

    @Test func whatIsNoSoundIsNotHeard() async throws {
        let done = #"data: {"type":"speech.audio.done","usage":{"input_tokens":4,"output_tokens":0}}"#
        let watcher = Watcher()
        #expect(try await Self.answered("\(done)\n\n", type: "text/event-stream", watcher: watcher) == .success(0))
        for (type, body) in [("text/html", "<html>"), ("application/json", "{}"), ("", "")] {
            guard case .failure(let failure) = try await Self.answered(body, type: type, watcher: watcher) else {
                Issue.record("\(type) was taken for sound")
                continue
            }
            #expect(!failure.isDefiniteRefusal)
        }
        #expect(watcher.seen.withLock { $0 }.isEmpty)
        // A server of the dialect that knows no events.
        #expect(try await Self.answered("ID3", type: "audio/mpeg", watcher: watcher) == .success(1))
    }
}
