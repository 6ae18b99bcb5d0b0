import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import RunwayAdapter
import SimulatorConformance
import Testing

/// The adapter over a real transport, as settings make it.
enum RunwayStage {
    static let key = "key_runway-test"
    static let gen45 = "runway/gen-4.5"
    static let turbo = "runway/gen-4-turbo"
    static let veo = "google/veo-3.1"
    static let seedance = "bytedance/seedance-2.0"
    static let hailuo = "minimax/hailuo-3"
    static let still = "runway/gen-4-image"
    static let stillTurbo = "runway/gen-4-image-turbo"

    static func instances(
        _ baseURL: String?,
        key: String? = RunwayStage.key,
        transport: any HTTPTransport = CurlTransport.forTests
    ) -> [any ProviderAdapter] {
        var environment: [String: String] = [:]
        environment["RUNWAYML_API_SECRET"] = key
        environment["RUNWAYML_BASE_URL"] = baseURL
        return RunwayAdapters.instances(
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
    ) throws -> RunwayAdapter {
        try #require(instances(baseURL, transport: transport).first as? RunwayAdapter)
    }

    static func request(
        _ model: String = gen45,
        options: JSONValue? = nil,
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var video = VideoRequest(prompt: "The boat sails on")
        if model == turbo { video.frameImages = [FrameImage(role: .first, image: RunwayPictures.first)] }
        change(&video)
        return GenerationRequest(
            model: model,
            content: .video(video),
            providerOptions: options.map { ["runway": $0] } ?? [:]
        )
    }

    static func image(
        _ model: String = still,
        options: JSONValue? = nil,
        _ change: (inout ImageRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var image = ImageRequest(prompt: "A brass lighthouse at dusk")
        if model == stillTurbo { image.inputReferences = [RunwayPictures.first] }
        change(&image)
        return GenerationRequest(
            model: model,
            content: .image(image),
            providerOptions: options.map { ["runway": $0] } ?? [:]
        )
    }

    /// A request of a model's own type.
    static func request(of model: ModelCapabilities) -> GenerationRequest {
        model.type == .image ? image(model.slug) : request(model.slug)
    }

    /// A request as the engine hands it over.
    static func resolved(_ request: GenerationRequest, _ adapter: RunwayAdapter) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: true).request
    }

    /// Submits, and gives what was accepted.
    static func operation(
        _ request: GenerationRequest,
        at adapter: RunwayAdapter
    ) async throws -> ProviderOperation {
        let attempt = TestAttempt(at: adapter, externalID: "att_1", inputs: RunwayPictures.all)
        let resolved = try resolved(request, adapter)
        guard case .accepted(let operation) = try await adapter.submit(resolved, attempt: attempt.context()) else {
            throw ProviderFailure.unreadable("the submit was not accepted")
        }
        return operation
    }
}

/// Pictures as they are stored, by name.
enum RunwayPictures {
    static let all: [String: [UInt8]] = [
        "first": TestPicture.png(width: 640, height: 384, seed: 1),
        "last": TestPicture.png(width: 640, height: 384, seed: 2),
        // Four million bytes and more: as base64 more than the vendor's five.
        "huge": TestPicture.png(width: 640, height: 384, seed: 3) + [UInt8](repeating: 0, count: 4_200_000),
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
