import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance

@testable import OpenAIAdapter

/// The adapter, as its settings make it, and what it is asked for.
enum OpenAIStage {
    static let key = "sk-test-of-nobody"

    /// The adapter before a server at that address.
    static func adapter(
        _ baseURL: String?,
        transport: any HTTPTransport = CurlTransport.forTests,
        environment: [String: String] = [:],
        pictures: PictureScaler = PictureScaler { (bytes, type, _) in (bytes, type) },
        now: @escaping @Sendable () -> Int64 = { 0 }
    ) throws -> OpenAIAdapter {
        var all = environment.merging(["OPENAI_API_KEY": key]) { own, _ in own }
        all["OPENAI_BASE_URL"] = baseURL
        var settings = ProviderSettings(
            environment: all,
            workFolder: "/nowhere",
            transport: transport,
            processorCount: 1,
            now: now
        )
        settings.pictures = pictures
        guard let adapter = OpenAIAdapter(settings) else { throw NoAdapter() }
        return adapter
    }

    struct NoAdapter: Error {}

    /// A first frame in the size of a video, and its bytes.
    static func frame(_ width: Int, _ height: Int) -> (input: MediaInput, stored: StoredInput, bytes: [UInt8]) {
        let bytes = TestPicture.png(width: width, height: height)
        let hash = "\(width)x\(height)".utf8.map { String($0, radix: 16) }.joined()
        let stored = StoredInput(
            sha256: hash + String(repeating: "0", count: 64 - hash.count),
            mediaType: "image/png",
            bytes: Int64(bytes.count)
        )
        return (.stored(stored), stored, bytes)
    }

    /// A request, resolved against its model.
    static func request(
        _ prompt: String = "A paper boat",
        model: String = "openai/sora-2",
        frame: MediaInput? = nil,
        options: JSONValue? = nil,
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) throws -> GenerationRequest {
        var video = VideoRequest(prompt: prompt)
        video.size = PixelSize(width: 1_280, height: 720)
        if let frame { video.frameImages = [FrameImage(role: .first, image: frame)] }
        change(&video)
        let request = GenerationRequest(
            model: model,
            content: .video(video),
            providerOptions: options.map { ["openai": $0] } ?? [:]
        )
        guard let capabilities = OpenAIAdapters.models.first(where: { $0.slug == model }) else { throw NoAdapter() }
        return try request.resolved(against: capabilities, strict: true).request
    }

    // MARK: - Images and sound

    /// Six seconds of silence as a WAV: what is listened to.
    static let sound: (input: MediaInput, stored: StoredInput, bytes: [UInt8]) = {
        let samples = [UInt8](repeating: 0, count: 2 * 16_000 * 6)
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        var bytes = Array("RIFF".utf8) + little(36 + samples.count, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
        bytes += little(1, 2) + little(1, 2) + little(16_000, 4) + little(32_000, 4) + little(2, 2) + little(16, 2)
        bytes += Array("data".utf8) + little(samples.count, 4) + samples
        let stored = StoredInput(
            sha256: "50" + String(repeating: "0", count: 62),
            mediaType: "audio/wav",
            bytes: Int64(bytes.count)
        )
        return (.stored(stored), stored, bytes)
    }()

    /// A request for images, resolved against its model.
    static func image(
        _ prompt: String = "A paper boat",
        model: String = "openai/gpt-image-2",
        options: JSONValue? = nil,
        _ change: (inout ImageRequest) -> Void = { _ in }
    ) throws -> GenerationRequest {
        var image = ImageRequest(prompt: prompt)
        image.quality = "low"
        change(&image)
        return try resolved(model, .image(image), options)
    }

    /// A request for speech, resolved against its model.
    static func speech(
        _ input: String = "A paper boat drifts.",
        model: String = "openai/gpt-4o-mini-tts",
        _ change: (inout SpeechRequest) -> Void = { _ in }
    ) throws -> GenerationRequest {
        var speech = SpeechRequest(input: input)
        change(&speech)
        return try resolved(model, .speech(speech), nil)
    }

    /// A request for a transcription, resolved against its model.
    static func transcription(
        model: String = "openai/whisper-1",
        _ change: (inout TranscriptionRequest) -> Void = { _ in }
    ) throws -> GenerationRequest {
        var transcription = TranscriptionRequest(inputAudio: sound.input)
        change(&transcription)
        return try resolved(model, .transcription(transcription), nil)
    }

    private static func resolved(
        _ model: String,
        _ content: GenerationRequest.Content,
        _ options: JSONValue?
    ) throws -> GenerationRequest {
        let request = GenerationRequest(
            model: model,
            content: content,
            providerOptions: options.map { ["openai": $0] } ?? [:]
        )
        guard let capabilities = OpenAIAdapters.models.first(where: { $0.slug == model }) else { throw NoAdapter() }
        return try request.resolved(against: capabilities, strict: true).request
    }

    /// One request for each model besides those of videos.
    static func requests() throws -> [GenerationRequest] {
        try OpenAIAdapters.models.compactMap { model in
            switch model.parameters {
            case .video, .music, .sound: nil
            case .image: try image(model: model.slug)
            case .speech: try speech(model: model.slug)
            case .transcription: try transcription(model: model.slug)
            }
        }
    }

    /// Submits what is answered at once.
    static func submit(
        _ request: GenerationRequest,
        to adapter: OpenAIAdapter,
        inputs: [String: [UInt8]] = [:],
        watcher: (any OutputWatcher)? = nil,
        externalID: String = "att_1"
    ) async throws -> (outputs: [ProviderOutput], usage: ReportedUsage) {
        let reference = AttemptReference(externalID: externalID, token: "token", number: 1, sentAtMilliseconds: 0)
        let context = AttemptContext(
            reference: reference,
            callbackURL: nil,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 30,
            outputs: TestAttempt.outputs(of: reference, watcher: watcher),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = inputs[stored.sha256] else { throw .notSent(.notFound, "The input is gone.") }
                return bytes
            },
            gate: { (_: [UInt8]) async throws(ProviderFailure) -> SendWindow in SendWindow { true } }
        )
        switch try await adapter.submit(request, attempt: context) {
        case .completed(let outputs, let usage): return (outputs, usage)
        case .accepted: throw NoAdapter()
        }
    }
}
