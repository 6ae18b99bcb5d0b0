import ConformanceKit
import CurlTransport
import ElevenLabsAdapter
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Synchronization
import Testing

/// The adapter over a real transport, as settings make it.
enum ElevenStage {
    static let key = "xi-test-key"

    /// Nothing refused for coming too often; a short sound for every other.
    static var settings: SimulatorSettings {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.hasCheapMedia = true
        settings.durations = .fixed(seconds: 0.02)
        settings.wire = ["api_key": key]
        return settings
    }

    static func adapter(
        _ baseURL: String,
        transport: any HTTPTransport = CurlTransport.forTests
    ) throws -> ElevenAdapter {
        let settings = ProviderSettings(
            environment: ["ELEVENLABS_API_KEY": key, "ELEVENLABS_BASE_URL": baseURL],
            workFolder: "",
            transport: transport,
            processorCount: 1,
            now: { 0 }
        )
        return try #require(ElevenLabsAdapters.instances(settings).first as? ElevenAdapter)
    }

    static func speech(
        _ model: String = "elevenlabs/eleven-flash-v2.5",
        options: JSONValue? = nil,
        _ change: (inout SpeechRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var speech = SpeechRequest(input: "The boat leaves at dawn.")
        change(&speech)
        return request(model, .speech(speech), options)
    }

    static func sound(options: JSONValue? = nil, _ change: (inout SoundRequest) -> Void = { _ in }) -> GenerationRequest
    {
        var sound = SoundRequest(prompt: "A door slams")
        change(&sound)
        return request("elevenlabs/eleven-text-to-sound-v2", .sound(sound), options)
    }

    static func music(
        _ model: String = "elevenlabs/music-v2",
        options: JSONValue? = nil,
        _ change: (inout MusicRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var music = MusicRequest(prompt: "A slow waltz")
        change(&music)
        return request(model, .music(music), options)
    }

    static func transcription(
        _ model: String = "elevenlabs/scribe-v2",
        options: JSONValue? = nil,
        _ change: (inout TranscriptionRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var transcription = TranscriptionRequest(inputAudio: stored)
        change(&transcription)
        return request(model, .transcription(transcription), options)
    }

    private static func request(
        _ model: String,
        _ content: GenerationRequest.Content,
        _ options: JSONValue?
    ) -> GenerationRequest {
        GenerationRequest(model: model, content: content, providerOptions: options.map { ["elevenlabs": $0] } ?? [:])
    }

    /// Six seconds of silence.
    static let wav: [UInt8] = {
        let samples = 6 * 16_000
        func little(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(value >> ($0 * 8) & 0xFF) } }
        var bytes = Array("RIFF".utf8) + little(36 + 2 * samples, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
        bytes += little(1, 2) + little(1, 2) + little(16_000, 4) + little(32_000, 4) + little(2, 2) + little(16, 2)
        return bytes + Array("data".utf8) + little(2 * samples, 4) + Array(repeating: 0, count: 2 * samples)
    }()

    static var stored: MediaInput {
        .stored(StoredInput(sha256: "sound", mediaType: "audio/wav", bytes: Int64(wav.count)))
    }

    static let inputs = ["sound": wav]

    /// A request as the engine hands it over.
    static func resolved(_ request: GenerationRequest, _ adapter: ElevenAdapter) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: true).request
    }

    /// What is refused before anything is sent, if anything is.
    static func refusal(_ request: GenerationRequest) throws -> RequestProblem? {
        let adapter = try adapter("https://eleven.example.com")
        do {
            try adapter.validate(try resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    /// Submits a request as the engine would.
    static func submit(
        _ request: GenerationRequest,
        to adapter: ElevenAdapter,
        watcher: (any OutputWatcher)? = nil
    ) async throws -> (outputs: [ProviderOutput], usage: ReportedUsage) {
        let reference = AttemptReference(
            externalID: "att_\(UUID().uuidString.lowercased().prefix(8))",
            token: "secret",
            number: 1,
            sentAtMilliseconds: 0
        )
        let context = AttemptContext(
            reference: reference,
            callbackURL: nil,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 20,
            outputs: TestAttempt.outputs(of: reference, watcher: watcher),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = inputs[stored.sha256] else { throw .notSent(.notFound, "The input is gone.") }
                return bytes
            },
            gate: { (_: [UInt8]) async throws(ProviderFailure) -> SendWindow in SendWindow { true } }
        )
        guard
            case .completed(let outputs, let usage) = try await adapter.submit(
                try resolved(request, adapter),
                attempt: context
            )
        else {
            throw ProviderFailure.unreadable("it was not answered at once")
        }
        return (outputs, usage)
    }
}

/// Notes what a listener would see.
final class ElevenListener: OutputWatcher {
    private let seen = Mutex<[String]>([])
    var words: [String] { seen.withLock { $0 } }

    private func note(_ word: String) { seen.withLock { $0.append(word) } }

    func opened(_ path: String, mediaType: String) { note("opened \(mediaType)") }
    func grew(_ path: String, to bytes: Int64) { note("\(bytes)") }
    func finished(_ path: String) { note("finished") }
    func discarded(_ path: String) { note("discarded") }
    func previewed(_ path: String, index: Int, mediaType: String) { note("previewed") }
}

/// Answers every request with the same head, and a body chunk by chunk.
struct ElevenChunks: HTTPTransport {
    let chunks: [[UInt8]]
    var failure: TransportFailure?
    var contentType = "audio/mpeg"

    func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        let rest = Mutex(chunks)
        let failure = failure
        return HTTPResponse(
            status: 200,
            headers: [(name: "Content-Type", value: contentType)],
            contentLength: nil,
            body: HTTPBody { () throws(TransportFailure) in
                let chunk = rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                if chunk == nil, let failure { throw failure }
                return chunk
            }
        )
    }
}
