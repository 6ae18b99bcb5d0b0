import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import KlingAdapter
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Synchronization
import Testing

/// One of Kling's two doors: a simulator, and the adapter that the settings for it make.
enum KlingDoor: String, CaseIterable, CustomTestStringConvertible {
    case signed
    case keyed

    var testDescription: String { rawValue }
    static let transport = CurlTransport.forTests
    static let secrets = ["sk-simulated", "key-simulated"]

    var wire: any SimulatedProvider.Type {
        switch self {
        case .signed: KlingSimulator.self
        case .keyed: KlingKeyedSimulator.self
        }
    }

    /// The word for a task that is done.
    var done: String { self == .signed ? "succeed" : "succeeded" }

    private var keys: [String: String] {
        switch self {
        case .signed: ["KLING_ACCESS_KEY": "ak-simulated", "KLING_SECRET_KEY": "sk-simulated"]
        case .keyed: ["KLING_API_KEY": "key-simulated"]
        }
    }

    /// A small file for every video, and no waiting.
    var settings: SimulatorSettings {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.hasCheapMedia = true
        settings.durations = .fixed(seconds: 0.05)
        return settings
    }

    func adapter(
        _ baseURL: String,
        keys: [String: String] = [:],
        transport: any HTTPTransport = KlingDoor.transport,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }
    ) throws -> KlingAdapter {
        let settings = ProviderSettings(
            environment: self.keys.merging(keys) { $1 }.merging(["KLING_BASE_URL": baseURL]) { $1 },
            workFolder: "",
            transport: transport,
            processorCount: 1,
            now: now
        )
        return try #require(KlingAdapters.instances(settings).first as? KlingAdapter)
    }

    /// Runs a test against the simulator.
    func stage<Result: Sendable>(
        _ settings: SimulatorSettings? = nil,
        _ test: (ProviderSimulator, KlingAdapter) async throws -> Result
    ) async throws -> Result {
        try await withSimulator(wire, settings ?? self.settings) { simulator in
            try await test(simulator, try adapter(simulator.baseURL))
        }
    }
}

/// Requests as a client makes them.
enum KlingRequests {
    static let o1 = "kwaivgi/kling-video-o1"
    static let omni = "kwaivgi/kling-v3.0-omni"
    static let pro = "kwaivgi/kling-v3.0-pro"
    static let standard = "kwaivgi/kling-v3.0-std"
    static let turbo = "kwaivgi/kling-v3.0-turbo"

    static func video(
        _ model: String = o1,
        options: JSONValue? = nil,
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var video = VideoRequest(prompt: "A boat sails to the lighthouse")
        change(&video)
        return GenerationRequest(
            model: model,
            content: .video(video),
            providerOptions: options.map { ["kling": $0, "kling-2": $0] } ?? [:]
        )
    }

    /// A request as the engine hands it over.
    static func resolved(_ request: GenerationRequest, _ adapter: KlingAdapter) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: true).request
    }

    static let first = FrameImage(role: .first, image: KlingPictures.input("first"))
    static let last = FrameImage(role: .last, image: KlingPictures.input("last"))
}

/// Pictures that Kling takes: PNGs whose inside nobody looks at here.
enum KlingPictures {
    static let all: [String: [UInt8]] = [
        "first": png(1_280, 720), "last": png(720, 1_280), "boat": png(600, 600), "sea": png(640, 300),
    ]

    static func input(_ name: String, mediaType: String = "image/png") -> MediaInput {
        .stored(StoredInput(sha256: name, mediaType: mediaType, bytes: Int64(all[name]?.count ?? 0)))
    }

    static func base64(_ name: String) -> String { Data(all[name] ?? []).base64EncodedString() }

    static func png(_ width: Int, _ height: Int) -> [UInt8] {
        let sides = [width, height].flatMap { side in (0..<4).reversed().map { UInt8(side >> ($0 * 8) & 0xFF) } }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8) + sides
            + [8, 2, 0, 0, 0]
    }
}

/// One attempt at an adapter, and what came of it.
final class KlingAttempt: Sendable {
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
    var bodies: [[UInt8]] { committed.withLock { $0 } }

    func submit(
        _ request: GenerationRequest,
        to adapter: KlingAdapter,
        earlierSends: Int = 0
    ) async throws -> Submission {
        let context = AttemptContext(
            reference: reference,
            callbackURL: callbackURL,
            earlierSends: earlierSends,
            transport: adapter.transport,
            sendTimeoutSeconds: 10,
            outputs: TestAttempt.outputs(of: reference),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = KlingPictures.all[stored.sha256] else {
                    throw .notSent(.notFound, "The input is gone.")
                }
                return bytes
            },
            gate: { (body: [UInt8]) async throws(ProviderFailure) -> SendWindow in
                self.committed.withLock { $0.append(body) }
                return SendWindow { true }
            }
        )
        return try await adapter.submit(try KlingRequests.resolved(request, adapter), attempt: context)
    }

    func operation(_ request: GenerationRequest, at adapter: KlingAdapter) async throws -> ProviderOperation {
        guard case .accepted(let operation) = try await submit(request, to: adapter) else {
            throw ProviderFailure.unreadable("the submit was not accepted")
        }
        return operation
    }
}
