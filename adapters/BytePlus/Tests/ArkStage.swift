import BytePlusAdapter
import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Synchronization
import Testing

/// The adapter over a real transport, as settings make it.
enum ArkStage {
    static let key = "ark-test"
    static let transport = CurlTransport.forTests

    /// Nothing refused for coming too often; a small file for every video.
    static var settings: SimulatorSettings {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.hasCheapMedia = true
        settings.durations = .fixed(seconds: 0.05)
        return settings
    }

    static func adapter(
        _ baseURL: String,
        transport: any HTTPTransport = ArkStage.transport
    ) throws -> ArkAdapter {
        let settings = ProviderSettings(
            environment: ["ARK_API_KEY": key, "ARK_BASE_URL": baseURL],
            workFolder: "",
            transport: transport,
            processorCount: 1,
            now: { 0 }
        )
        return try #require(BytePlusAdapters.instances(settings).first as? ArkAdapter)
    }

    static func request(
        _ model: String = "bytedance/seedance-2.0",
        options: JSONValue? = nil,
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var video = VideoRequest(prompt: "A paper boat crosses a puddle")
        change(&video)
        return GenerationRequest(
            model: model,
            content: .video(video),
            providerOptions: options.map { ["byteplus": $0] } ?? [:]
        )
    }

    static func image(
        _ model: String = "bytedance-seed/seedream-4.5",
        options: JSONValue? = nil,
        _ change: (inout ImageRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var image = ImageRequest(prompt: "A brass lighthouse at dusk")
        change(&image)
        return GenerationRequest(
            model: model,
            content: .image(image),
            providerOptions: options.map { ["byteplus": $0] } ?? [:]
        )
    }

    /// A request of a model's own type.
    static func request(of model: ModelCapabilities) -> GenerationRequest {
        model.type == .image ? image(model.slug) : request(model.slug)
    }

    /// A request as the engine hands it over.
    static func resolved(_ request: GenerationRequest, _ adapter: ArkAdapter) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: true).request
    }
}

/// One attempt at an adapter, and what came of it.
final class ArkAttempt: Sendable {
    let reference: AttemptReference
    private let callbackURL: String?
    private let inputs: [String: [UInt8]]
    private let committed = Mutex<[[UInt8]]>([])

    init(
        _ externalID: String = "att_1",
        callbackURL: String? = nil,
        sentAtMilliseconds: Int64 = 0,
        inputs: [String: [UInt8]] = [:]
    ) {
        reference = AttemptReference(
            externalID: externalID,
            token: "secret-\(externalID)",
            number: 1,
            sentAtMilliseconds: sentAtMilliseconds
        )
        self.callbackURL = callbackURL
        self.inputs = inputs
    }

    /// The bodies that were about to be sent.
    var bodies: [JSONValue] {
        committed.withLock { $0 }.compactMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0)) }
    }

    func submit(_ request: GenerationRequest, to adapter: ArkAdapter) async throws -> Submission {
        let context = AttemptContext(
            reference: reference,
            callbackURL: callbackURL,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 10,
            outputs: TestAttempt.outputs(of: reference),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = self.inputs[stored.sha256] else { throw .notSent(.notFound, "The input is gone.") }
                return bytes
            },
            gate: { (body: [UInt8]) async throws(ProviderFailure) -> SendWindow in
                self.committed.withLock { $0.append(body) }
                return SendWindow { true }
            }
        )
        return try await adapter.submit(try ArkStage.resolved(request, adapter), attempt: context)
    }

    func operation(_ request: GenerationRequest, at adapter: ArkAdapter) async throws -> ProviderOperation {
        guard case .accepted(let operation) = try await submit(request, to: adapter) else {
            throw ProviderFailure.unreadable("the submit was not accepted")
        }
        return operation
    }
}

/// Pictures of any size, in one colour.
enum ArkPictures {
    static func png(_ width: Int, _ height: Int) -> [UInt8] {
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let sides = [width, height].flatMap { side in (0..<4).reversed().map { UInt8(side >> ($0 * 8) & 0xFF) } }
        bytes += chunk("IHDR", sides + [8, 2, 0, 0, 0])
        // What is inside is looked at by nobody here.
        bytes += chunk("IDAT", [0x78, 0x9C, 0x03, 0, 0, 0, 0, 1])
        return bytes + chunk("IEND", [])
    }

    static func stored(_ name: String, _ bytes: [UInt8]) -> MediaInput {
        .stored(StoredInput(sha256: name, mediaType: "image/png", bytes: Int64(bytes.count)))
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        return big(UInt32(data.count)) + body + big(checksum(body))
    }

    private static func big(_ value: UInt32) -> [UInt8] { (0..<4).reversed().map { UInt8(value >> ($0 * 8) & 0xFF) } }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
        }
    }
}
