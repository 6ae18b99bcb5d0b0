import BlackForestLabsAdapter
import ConformanceKit
import CurlTransport
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
enum FluxStage {
    static let key = "bfl-test"
    static let slug = "black-forest-labs"
    static let pro = "black-forest-labs/flux.2-pro"
    static let flex = "black-forest-labs/flux.2-flex"
    static let klein = "black-forest-labs/flux.2-klein-4b"
    static let kontext = "black-forest-labs/flux.1-kontext-pro"
    static let kontextMax = "black-forest-labs/flux.1-kontext-max"
    static let older = "black-forest-labs/flux-1.1-pro"
    static let ultra = "black-forest-labs/flux-1.1-pro-ultra"
    static let fill = "black-forest-labs/flux.1-fill-pro"

    /// Stands for the service's own: what comes out is another picture of the same size.
    static let pictures = PictureScaler(
        masked: { (bytes, _, form) async throws(ProviderFailure) in
            guard form == .whiteIsEdit, let size = try? MediaInspector.imageDimensions(bytes, pixelLimit: .max) else {
                throw .notSent(.invalidRequest, "That is no mask.")
            }
            return (TestPicture.png(width: size.width, height: size.height, seed: 99), "image/png")
        },
        scaled: { (bytes, mediaType, _) async throws(ProviderFailure) in (bytes, mediaType) }
    )

    static func adapter(
        _ baseURL: String?,
        key: String? = FluxStage.key,
        transport: any HTTPTransport = CurlTransport.forTests
    ) throws -> FluxAdapter {
        try #require(instances(baseURL, key: key, transport: transport).first as? FluxAdapter)
    }

    static func instances(
        _ baseURL: String?,
        key: String?,
        transport: any HTTPTransport = CurlTransport.forTests
    ) -> [any ProviderAdapter] {
        var environment: [String: String] = [:]
        environment["BFL_API_KEY"] = key
        environment["BFL_BASE_URL"] = baseURL
        var settings = ProviderSettings(
            environment: environment,
            workFolder: "",
            transport: transport,
            processorCount: 1,
            now: { 0 }
        )
        settings.pictures = pictures
        return BlackForestLabsAdapters.instances(settings)
    }

    static func request(
        _ model: String = pro,
        options: JSONValue? = nil,
        _ change: (inout ImageRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var image = ImageRequest(prompt: "A brass lighthouse at dusk")
        if model == fill { (image.inputReferences, image.mask) = ([FluxPictures.boat], FluxPictures.mask) }
        change(&image)
        return GenerationRequest(
            model: model,
            content: .image(image),
            providerOptions: options.map { [slug: $0] } ?? [:]
        )
    }

    /// A request as the engine hands it over.
    static func resolved(_ request: GenerationRequest, _ adapter: FluxAdapter) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: true).request
    }
}

/// Pictures as they are stored, by name.
enum FluxPictures {
    static let all: [String: [UInt8]] = [
        "boat": TestPicture.png(width: 640, height: 384, seed: 1),
        "sea": TestPicture.png(width: 320, height: 320, seed: 2),
        "mask": TestPicture.png(width: 640, height: 384, seed: 3),
    ]

    static let boat = input("boat")
    static let sea = input("sea")
    static let mask = input("mask")

    static func base64(_ name: String) -> String { Data(all[name] ?? []).base64EncodedString() }

    private static func input(_ name: String) -> MediaInput {
        let bytes = all[name] ?? []
        var stored = StoredInput(sha256: name, mediaType: "image/png", bytes: Int64(bytes.count))
        let size = try? MediaInspector.imageDimensions(bytes, pixelLimit: .max)
        (stored.width, stored.height) = (size?.width, size?.height)
        return .stored(stored)
    }
}

/// One attempt at an adapter, and what came of it.
final class FluxAttempt: Sendable {
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

    func submit(_ request: GenerationRequest, to adapter: FluxAdapter) async throws -> Submission {
        let context = AttemptContext(
            reference: reference,
            callbackURL: callbackURL,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 10,
            outputs: TestAttempt.outputs(of: reference),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = FluxPictures.all[stored.sha256] else {
                    throw .notSent(.notFound, "The input is gone.")
                }
                return bytes
            },
            gate: { (body: [UInt8]) async throws(ProviderFailure) -> SendWindow in
                self.committed.withLock { $0.append(body) }
                return SendWindow { true }
            }
        )
        return try await adapter.submit(try FluxStage.resolved(request, adapter), attempt: context)
    }

    func operation(_ request: GenerationRequest, at adapter: FluxAdapter) async throws -> ProviderOperation {
        guard case .accepted(let operation) = try await submit(request, to: adapter) else {
            throw ProviderFailure.unreadable("the submit was not accepted")
        }
        return operation
    }
}
