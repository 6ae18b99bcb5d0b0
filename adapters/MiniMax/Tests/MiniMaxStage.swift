import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import MiniMaxAdapter
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// The adapter over a real transport, as settings make it.
enum MiniMaxStage {
    static let key = "minimax-test"
    static let h3 = "minimax/hailuo-3"
    static let h3Max = "minimax/hailuo-3-max"
    static let hailuo = "minimax/hailuo-2.3"
    static let fast = "minimax/hailuo-2.3-fast"
    static let pair = "minimax/hailuo-02"

    static func instances(
        _ baseURL: String?,
        key: String? = MiniMaxStage.key,
        transport: any HTTPTransport = CurlTransport.forTests
    ) -> [any ProviderAdapter] {
        var environment: [String: String] = [:]
        environment["MINIMAX_API_KEY"] = key
        environment["MINIMAX_BASE_URL"] = baseURL
        return MiniMaxAdapters.instances(
            ProviderSettings(
                environment: environment,
                workFolder: "",
                transport: transport,
                processorCount: 1,
                now: { 0 }
            )
        )
    }

    static func adapter(
        _ baseURL: String?,
        transport: any HTTPTransport = CurlTransport.forTests
    ) throws -> MiniMaxAdapter {
        try #require(instances(baseURL, transport: transport).first as? MiniMaxAdapter)
    }

    static func request(
        _ model: String = h3,
        options: JSONValue? = nil,
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var video = VideoRequest(prompt: "A paper boat crosses a puddle")
        if model == fast { video.frameImages = [FrameImage(role: .first, image: MiniMaxPictures.first)] }
        change(&video)
        return GenerationRequest(
            model: model,
            content: .video(video),
            providerOptions: options.map { ["minimax": $0] } ?? [:]
        )
    }

    static func speech(
        _ model: String = "minimax/speech-2.8-turbo",
        options: JSONValue? = nil,
        _ change: (inout SpeechRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var speech = SpeechRequest(input: "A boat on a lake.")
        change(&speech)
        return GenerationRequest(
            model: model,
            content: .speech(speech),
            providerOptions: options.map { ["minimax": $0] } ?? [:]
        )
    }

    static func song(
        _ model: String = "minimax/music-2.6",
        options: JSONValue? = nil,
        _ change: (inout MusicRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var music = MusicRequest(prompt: "A calm song about a boat")
        change(&music)
        return GenerationRequest(
            model: model,
            content: .music(music),
            providerOptions: options.map { ["minimax": $0] } ?? [:]
        )
    }

    /// A request of a model's own type.
    static func request(of model: ModelCapabilities) -> GenerationRequest {
        switch model.parameters {
        case .speech: speech(model.slug)
        case .music: song(model.slug)
        case .video, .image, .transcription, .sound: request(model.slug)
        }
    }

    /// A request as the engine hands it over.
    static func resolved(_ request: GenerationRequest, _ adapter: MiniMaxAdapter) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: true).request
    }

    static func attempt(at adapter: MiniMaxAdapter) -> TestAttempt {
        TestAttempt(at: adapter, externalID: "att_1", inputs: MiniMaxPictures.all)
    }

    /// Submits, and gives what was accepted.
    static func operation(
        _ request: GenerationRequest,
        at adapter: MiniMaxAdapter
    ) async throws -> ProviderOperation {
        let resolved = try resolved(request, adapter)
        guard
            case .accepted(let operation) = try await adapter.submit(resolved, attempt: attempt(at: adapter).context())
        else { throw ProviderFailure.unreadable("the submit was not accepted") }
        return operation
    }
}

/// Pictures as they are stored, by name.
enum MiniMaxPictures {
    static let all: [String: [UInt8]] = [
        "first": TestPicture.png(width: 640, height: 384, seed: 1),
        "last": TestPicture.png(width: 640, height: 384, seed: 2),
        "tiny": TestPicture.png(width: 200, height: 200, seed: 3),
        "long": TestPicture.png(width: 1_200, height: 400, seed: 4),
    ]

    static let first = input("first")
    static let last = input("last")

    static func base64(_ name: String) -> String {
        "data:image/png;base64,\(Data(all[name] ?? []).base64EncodedString())"
    }

    static func input(_ name: String) -> MediaInput {
        .stored(StoredInput(sha256: name, mediaType: "image/png", bytes: Int64(all[name]?.count ?? 0)))
    }
}
