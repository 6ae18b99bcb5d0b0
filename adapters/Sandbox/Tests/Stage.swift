import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Testing

@testable import SandboxAdapter

/// An adapter, its provider, and the clock that both live by.
struct Stage {
    let clock = TestWallClock()
    let adapter: SandboxAdapter

    init(journal: String? = nil, folder: String? = nil) {
        let clock = clock
        adapter = SandboxAdapter(
            transport: SandboxProvider(
                journalPath: journal,
                folder: folder,
                now: { clock.now },
                sleep: { clock.sleep($0) }
            )
        )
    }

    static func video(_ script: JSONValue) -> GenerationRequest { request("sandbox/video", script) }

    static func request(_ model: String, _ script: JSONValue) -> GenerationRequest {
        let content: GenerationRequest.Content =
            switch model {
            case "sandbox/image": .image(ImageRequest(prompt: "a boat"))
            case "sandbox/speech": .speech(SpeechRequest(input: "A boat."))
            case "sandbox/transcription": .transcription(TranscriptionRequest(inputAudio: .stored(sound)))
            case "sandbox/music": .music(MusicRequest(prompt: "a boat"))
            case "sandbox/sound": .sound(SoundRequest(prompt: "a boat"))
            default: .video(VideoRequest(prompt: "a boat"))
            }
        return GenerationRequest(model: model, content: content, providerOptions: ["fake-provider": script])
    }

    /// A sound of three seconds, of which the sandbox looks at nothing but its length.
    static var sound: StoredInput {
        var sound = StoredInput(sha256: "sound", mediaType: "audio/wav", bytes: 24_044)
        sound.milliseconds = 3_000
        return sound
    }

    func attempt(number: Int = 1, sentAt: Int64 = 0) -> TestAttempt {
        TestAttempt(at: adapter, externalID: "att_\(number)", number: number, sentAtMilliseconds: sentAt)
    }

    func operation(
        _ request: GenerationRequest,
        attempt: TestAttempt? = nil,
        earlierSends: Int = 0
    ) async throws -> ProviderOperation {
        let context = (attempt ?? self.attempt()).context(earlierSends: earlierSends)
        guard case .accepted(let operation) = try await adapter.submit(request, attempt: context) else {
            Issue.record("the submit was not accepted")
            return ProviderOperation(remoteID: "")
        }
        return operation
    }

    func outputs(of operation: ProviderOperation) async throws -> [ProviderOutput] {
        guard case .completed(let outputs, _) = try await adapter.status(of: operation) else { return [] }
        return outputs
    }

    func output(_ request: GenerationRequest) async throws -> ProviderOutput {
        try #require(try await outputs(of: operation(request)).first)
    }

    func read(_ output: ProviderOutput) async throws -> [UInt8] {
        try await AdapterConformance.read(output, at: adapter)
    }
}
