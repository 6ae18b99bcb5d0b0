import ConformanceKit
import CurlTransport
import FalAdapter
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Synchronization
import Testing

/// The adapter over a real transport, as settings make it.
enum FalStage {
    static let key = "fal-test:secret"
    static let slug = "fal"
    static let flux2 = "black-forest-labs/flux.2-pro"
    static let schnell = "black-forest-labs/flux.1-schnell"
    static let ultra = "black-forest-labs/flux-1.1-pro-ultra"
    static let kontext = "black-forest-labs/flux.1-kontext-pro"
    static let banana = "google/gemini-3.1-flash-image"
    static let seedream = "bytedance-seed/seedream-4.5"
    static let veo = "google/veo-3.1"
    static let kling = "kwaivgi/kling-v3.0-pro"
    static let seedance = "bytedance/seedance-2.0"
    static let voice = "elevenlabs/eleven-turbo-v2.5"

    static func adapter(
        _ baseURL: String?,
        key: String? = FalStage.key,
        transport: any HTTPTransport = CurlTransport.forTests
    ) throws -> FalAdapter {
        try #require(instances(baseURL, key: key, transport: transport).first as? FalAdapter)
    }

    static func instances(
        _ baseURL: String?,
        key: String?,
        transport: any HTTPTransport = CurlTransport.forTests
    ) -> [any ProviderAdapter] {
        var environment: [String: String] = [:]
        environment["FAL_KEY"] = key
        environment["FAL_BASE_URL"] = baseURL
        return FalAdapters.instances(
            ProviderSettings(
                environment: environment,
                workFolder: "",
                transport: transport,
                processorCount: 1,
                now: { 0 }
            )
        )
    }

    static func image(
        _ model: String = flux2,
        options: JSONValue? = nil,
        _ change: (inout ImageRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var image = ImageRequest(prompt: "A brass lighthouse at dusk")
        change(&image)
        return request(model, .image(image), options)
    }

    static func video(
        _ model: String = veo,
        options: JSONValue? = nil,
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var video = VideoRequest(prompt: "A brass lighthouse at dusk")
        change(&video)
        return request(model, .video(video), options)
    }

    static func speech(
        options: JSONValue? = nil,
        _ change: (inout SpeechRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var speech = SpeechRequest(input: "A brass lighthouse at dusk.")
        change(&speech)
        return request(voice, .speech(speech), options)
    }

    private static func request(
        _ model: String,
        _ content: GenerationRequest.Content,
        _ options: JSONValue?
    ) -> GenerationRequest {
        GenerationRequest(model: model, content: content, providerOptions: options.map { [slug: $0] } ?? [:])
    }

    /// A plain request to any model of the folder.
    static func plain(_ model: ModelCapabilities) -> GenerationRequest {
        switch model.type {
        case .video: video(model.slug)
        case .image: image(model.slug)
        case .speech, .transcription, .music, .sound:
            request(model.slug, .speech(SpeechRequest(input: "A brass lighthouse at dusk.")), nil)
        }
    }

    /// A request as the engine hands it over.
    static func resolved(_ request: GenerationRequest, _ adapter: FalAdapter) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: true).request
    }
}

/// Pictures as they are stored, by name.
enum FalPictures {
    static let all: [String: [UInt8]] = [
        "boat": TestPicture.png(width: 640, height: 360, seed: 1),
        "sea": TestPicture.png(width: 320, height: 320, seed: 2),
    ]

    static let boat = input("boat")
    static let sea = input("sea")

    /// The picture as the wire has it.
    static func url(_ name: String) -> JSONValue {
        .string("data:image/png;base64,\(Data(all[name] ?? []).base64EncodedString())")
    }

    private static func input(_ name: String) -> MediaInput {
        let bytes = all[name] ?? []
        var stored = StoredInput(sha256: name, mediaType: "image/png", bytes: Int64(bytes.count))
        let size = try? MediaInspector.imageDimensions(bytes, pixelLimit: .max)
        (stored.width, stored.height) = (size?.width, size?.height)
        return .stored(stored)
    }
}

/// One attempt at an adapter, and what came of it.
final class FalAttempt: Sendable {
    let reference: AttemptReference
    private let callbackURL: String?
    private let committed = Mutex<[[UInt8]]>([])

    init(_ externalID: String = "att_1", callbackURL: String? = nil) {
        reference = AttemptReference(
            externalID: externalID,
            token: "token-of-\(externalID)",
            number: 1,
            sentAtMilliseconds: 0
        )
        self.callbackURL = callbackURL
    }

    /// The bodies that were about to be sent.
    var bodies: [JSONValue] {
        committed.withLock { $0 }.compactMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0)) }
    }

    func submit(_ request: GenerationRequest, to adapter: FalAdapter) async throws -> Submission {
        let context = AttemptContext(
            reference: reference,
            callbackURL: callbackURL,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 10,
            outputs: TestAttempt.outputs(of: reference),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = FalPictures.all[stored.sha256] else {
                    throw .notSent(.notFound, "The input is gone.")
                }
                return bytes
            },
            gate: { (body: [UInt8]) async throws(ProviderFailure) -> SendWindow in
                self.committed.withLock { $0.append(body) }
                return SendWindow { true }
            }
        )
        return try await adapter.submit(try FalStage.resolved(request, adapter), attempt: context)
    }

    func operation(_ request: GenerationRequest, at adapter: FalAdapter) async throws -> ProviderOperation {
        guard case .accepted(let operation) = try await submit(request, to: adapter) else {
            throw ProviderFailure.unreadable("the submit was not accepted")
        }
        return operation
    }
}
