import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance

@testable import OpenAICompatibleAdapter

/// A server as the operator's file would describe it, and what it is asked for.
enum CompatibleStage {
    static let key = "key-of-nobody"
    static let slug = "local-gpu"

    struct NoAdapter: Error {}

    /// The adapter before a server at that address.
    static func adapter(
        _ baseURL: String,
        profile: CompatibleProfile = CompatibleProfile(),
        models: [ModelCapabilities] = models(),
        transport: any HTTPTransport = CurlTransport.forTests
    ) throws -> CompatibleAdapter {
        let settings = ProviderSettings(
            environment: ["LOCAL_KEY": key],
            workFolder: "/nowhere",
            transport: transport,
            processorCount: 1,
            now: { 0 }
        )
        let identity = ServerIdentity(slug: slug, name: "Local", baseURL: baseURL, keyVariable: "LOCAL_KEY")
        guard let adapter = CompatibleAdapter(identity, profile: profile, models: models, settings) else {
            throw NoAdapter()
        }
        return adapter
    }

    static func profile(_ name: String) throws -> CompatibleProfile {
        guard let profile = CompatibleProfile.known.first(where: { $0.name == name })?.profile else {
            throw NoAdapter()
        }
        return profile
    }

    /// One model of each type.
    static func models(_ profile: CompatibleProfile = CompatibleProfile()) -> [ModelCapabilities] {
        let square = SizeOption(resolution: "1K", aspectRatio: "1:1", size: PixelSize(width: 1_024, height: 1_024))
        let wide = SizeOption(resolution: "1K", aspectRatio: "16:9", size: PixelSize(width: 1_280, height: 720))
        var image = ImageParameters(sizes: [square, wide], formats: profile.saysFormat ? ["png", "webp"] : ["png"])
        image.countMax = 3
        image.referencesMax = profile.references == .none ? 0 : 3
        image.mask = [.files, .listedFiles].contains(profile.references)
        (image.negativePrompt, image.seed) = (true, true)
        let sizes = [
            SizeOption(resolution: "480p", aspectRatio: "16:9", size: PixelSize(width: 832, height: 480)),
            SizeOption(resolution: "480p", aspectRatio: "9:16", size: PixelSize(width: 480, height: 832)),
        ]
        var video = VideoParameters(durations: [2, 3], defaultDuration: 2, sizes: sizes)
        video.framesPerSecond = [16, 24]
        if profile.firstFrame != nil { video.frameRoles.insert(.first) }
        if profile.lastFrame != nil { video.frameRoles.insert(.last) }
        (video.negativePromptCharactersMax, video.seeds) = (1_000, 0...4_294_967_295)
        if profile.soundField != nil { video.audio = .choice(default: true) }
        var speech = SpeechParameters(voices: ["af_heart", "am_adam"], formats: ["mp3", "wav", "flac", "opus", "pcm"])
        speech.speed = 0.5...2
        speech.instructions = true
        if profile.languageField != nil { speech.languages = ["en", "de"] }
        var transcription = TranscriptionParameters(
            formats: ["json", "srt"],
            mediaTypes: ["audio/wav", "audio/mpeg"],
            bytesMax: 25_000_000,
            secondsMax: 7_200
        )
        (transcription.prompt, transcription.temperatures) = (true, 0...1)
        if profile.transcriptForm == "verbose_json" { transcription.granularities = [.segment, .word] }
        return [
            model("qwen/qwen-image", .image(image), "Qwen/Qwen-Image", options: ["num_inference_steps"]),
            model("wan-video/wan-2.2", .video(video), "Wan-AI/Wan2.2-T2V"),
            model("hexgrad/kokoro-82m", .speech(speech), "kokoro"),
            model("systran/faster-whisper-small", .transcription(transcription), "Systran/faster-whisper-small"),
        ]
    }

    private static func model(
        _ slug: String,
        _ parameters: ModelParameters,
        _ served: String,
        options: [String] = []
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: slug,
            name: served,
            summary: "\(served), here.",
            parameters: parameters,
            promptCharactersMax: 10_000,
            prices: [ListPrice(unit: "request", usd: "0")],
            limits: EndpointLimits(slots: 1, sharedBy: Self.slug),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 60,
                sendTimeoutSeconds: 30,
                pollIntervalSeconds: 0.1
            ),
            source: "a test",
            options: options
        )
        model.providerModel = served
        return model
    }

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

    /// A request for each model.
    static func requests(_ models: [ModelCapabilities]) throws -> [GenerationRequest] {
        try models.map { model in
            switch model.parameters {
            case .image: try request(.image(ImageRequest(prompt: "A paper boat")), model)
            case .video: try request(.video(VideoRequest(prompt: "A paper boat")), model)
            case .speech: try request(.speech(SpeechRequest(input: "A paper boat drifts.")), model)
            case .transcription:
                try request(.transcription(TranscriptionRequest(inputAudio: sound.input)), model)
            case .music, .sound: throw NoAdapter()
            }
        }
    }

    /// A request, resolved against its model.
    static func request(
        _ content: GenerationRequest.Content,
        _ model: ModelCapabilities,
        options: JSONValue? = nil
    ) throws -> GenerationRequest {
        try GenerationRequest(
            model: model.slug,
            content: content,
            providerOptions: options.map { [slug: $0] } ?? [:]
        ).resolved(against: model, strict: true).request
    }

    /// What a submit of a request sends.
    static func sent(
        _ request: GenerationRequest,
        profile: CompatibleProfile,
        flavor: String,
        inputs: [String: [UInt8]] = [:]
    ) async throws -> (path: String, body: [UInt8], submission: Submission) {
        var settings = SimulatorSettings.forConformance
        settings.wire = ["flavor": flavor, "api_key": key]
        return try await withSimulator(CompatibleSimulator.self, settings) { simulator in
            let adapter = try adapter("\(simulator.baseURL)/v1", profile: profile, models: models(profile))
            let submission = try await submit(request, to: adapter, inputs: inputs)
            guard let entry = simulator.journal.first(where: { $0.operation == .submit }) else { throw NoAdapter() }
            return (entry.request.path, entry.request.body, submission)
        }
    }

    static func submit(
        _ request: GenerationRequest,
        to adapter: CompatibleAdapter,
        inputs: [String: [UInt8]] = [:]
    ) async throws -> Submission {
        let reference = AttemptReference(externalID: "att_1", token: "token", number: 1, sentAtMilliseconds: 0)
        let context = AttemptContext(
            reference: reference,
            callbackURL: nil,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 30,
            outputs: TestAttempt.outputs(of: reference),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = inputs[stored.sha256] else { throw .notSent(.notFound, "The input is gone.") }
                return bytes
            },
            gate: { (_: [UInt8]) async throws(ProviderFailure) -> SendWindow in SendWindow { true } }
        )
        return try await adapter.submit(request, attempt: context)
    }
}
