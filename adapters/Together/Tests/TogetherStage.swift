import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing
import TogetherAdapter

/// The adapter over a real transport, as settings make it.
enum TogetherStage {
    static let key = "together-test"
    static let veo = "google/veo-3.1"
    static let lite = "google/veo-3.1-lite"
    static let wan = "alibaba/wan-2.7"
    static let hailuo = "minimax/hailuo-02"
    static let flux = "black-forest-labs/flux.2-pro"
    static let schnell = "black-forest-labs/flux.1-schnell"
    static let kontext = "black-forest-labs/flux.1-kontext-pro"
    static let qwen = "qwen/qwen-image-2.0"
    static let gemini = "google/gemini-3-pro-image"

    static func instances(
        _ baseURL: String?,
        key: String? = TogetherStage.key,
        transport: any HTTPTransport = CurlTransport.forTests
    ) -> [any ProviderAdapter] {
        var environment: [String: String] = [:]
        environment["TOGETHER_API_KEY"] = key
        environment["TOGETHER_BASE_URL"] = baseURL
        return TogetherAdapters.instances(
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
    ) throws -> TogetherAdapter {
        try #require(instances(baseURL, transport: transport).first as? TogetherAdapter)
    }

    static func request(
        _ model: String = veo,
        options: JSONValue? = nil,
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var video = VideoRequest(prompt: "Waves at dusk")
        change(&video)
        return GenerationRequest(
            model: model,
            content: .video(video),
            providerOptions: options.map { ["together": $0] } ?? [:]
        )
    }

    static func image(
        _ model: String = flux,
        options: JSONValue? = nil,
        _ change: (inout ImageRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var image = ImageRequest(prompt: "A brass lighthouse at dusk")
        change(&image)
        return GenerationRequest(
            model: model,
            content: .image(image),
            providerOptions: options.map { ["together": $0] } ?? [:]
        )
    }

    /// A request of a model's own type.
    static func request(of model: ModelCapabilities) -> GenerationRequest {
        model.type == .image ? image(model.slug) : request(model.slug)
    }

    /// A request as the engine hands it over.
    static func resolved(_ request: GenerationRequest, _ adapter: TogetherAdapter) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: true).request
    }

    static func submit(_ request: GenerationRequest, to adapter: TogetherAdapter) async throws -> Submission {
        let attempt = TestAttempt(at: adapter, externalID: "att_1", inputs: TogetherPictures.all)
        return try await adapter.submit(resolved(request, adapter), attempt: attempt.context())
    }

    /// Submits, and gives what was accepted.
    static func operation(
        _ request: GenerationRequest,
        at adapter: TogetherAdapter
    ) async throws -> ProviderOperation {
        guard case .accepted(let operation) = try await submit(request, to: adapter) else {
            throw ProviderFailure.unreadable("the submit was not accepted")
        }
        return operation
    }
}

/// Pictures as they are stored, by name.
enum TogetherPictures {
    static let all: [String: [UInt8]] = [
        "first": TestPicture.png(width: 640, height: 384, seed: 1),
        "last": TestPicture.png(width: 640, height: 384, seed: 2),
    ]

    static let first = input("first")
    static let last = input("last")

    static func base64(_ name: String) -> String { Data(all[name] ?? []).base64EncodedString() }

    private static func input(_ name: String) -> MediaInput {
        .stored(StoredInput(sha256: name, mediaType: "image/png", bytes: Int64(all[name]?.count ?? 0)))
    }
}
