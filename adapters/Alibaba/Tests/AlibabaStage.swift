import ConformanceKit
import CurlTransport
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

@testable import AlibabaAdapter

/// An adapter, and what it is asked in tests.
struct Stage {
    static let key = "sk-simulated"
    /// The address of exchanges that are written down.
    static let scripted = "https://dashscope.test/api/v1"

    let adapter: AlibabaAdapter

    /// Speaks to a simulator.
    init(_ simulator: ProviderSimulator) {
        let world = simulator.world
        adapter = Self.adapter("\(simulator.baseURL)/api/v1", CurlTransport.forTests, now: { world.now() })
    }

    /// Plays exchanges that are written down.
    init(_ transport: ScriptedTransport, now: @escaping @Sendable () -> Int64 = { 0 }) {
        adapter = Self.adapter(Self.scripted, transport, now: now)
    }

    private static func adapter(
        _ baseURL: String,
        _ transport: any HTTPTransport,
        now: @escaping @Sendable () -> Int64
    ) -> AlibabaAdapter {
        AlibabaAdapter(
            http: ProviderHTTP(baseURL: baseURL, transport: transport),
            key: key,
            models: AlibabaAdapters.models,
            now: now
        )
    }

    /// The settings of a simulator whose tasks take their time.
    static func settings(_ durations: SimulatorSettings.Durations = .fixed(seconds: 0.2)) -> SimulatorSettings {
        var settings = SimulatorSettings.forConformance
        settings.durations = durations
        settings.wire["api_key"] = key
        return settings
    }

    // MARK: Requests

    static let pictures: [(input: StoredInput, bytes: [UInt8])] = (0..<3).map { seed in
        let bytes = TestPicture.png(width: 320, height: 240, seed: seed)
        let digits = String(repeating: "0", count: 62) + "f\(seed)"
        return (StoredInput(sha256: digits, mediaType: "image/png", bytes: Int64(bytes.count)), bytes)
    }

    static let inputs = Dictionary(uniqueKeysWithValues: pictures.map { ($0.input.sha256, $0.bytes) })

    static func frame(_ role: FrameRole, _ index: Int) -> FrameImage {
        FrameImage(role: role, image: .stored(pictures[index].input))
    }

    static func reference(_ index: Int) -> MediaInput { .stored(pictures[index].input) }

    /// A request as a client would make it.
    static func request(
        _ model: String,
        _ prompt: String = "A paper boat",
        options: JSONValue? = nil,
        change: (inout VideoRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var video = VideoRequest(prompt: prompt)
        change(&video)
        return GenerationRequest(
            model: model,
            content: .video(video),
            providerOptions: options.map { ["alibaba": $0] } ?? [:]
        )
    }

    /// A request for images as a client would make it.
    static func image(
        _ model: String,
        _ prompt: String = "A brass lighthouse",
        options: JSONValue? = nil,
        change: (inout ImageRequest) -> Void = { _ in }
    ) -> GenerationRequest {
        var image = ImageRequest(prompt: prompt)
        change(&image)
        return GenerationRequest(
            model: model,
            content: .image(image),
            providerOptions: options.map { ["alibaba": $0] } ?? [:]
        )
    }

    /// The same as the adapter gets it.
    func resolved(_ request: GenerationRequest, strict: Bool = true) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == request.model })
        return try request.resolved(against: model, strict: strict).request
    }

    func attempt(sentAt: Int64 = 0) -> TestAttempt {
        TestAttempt(at: adapter, externalID: "att_1", sentAtMilliseconds: sentAt, inputs: Self.inputs)
    }

    /// Submits a request, which is accepted.
    func accepted(_ request: GenerationRequest) async throws -> ProviderOperation {
        guard case .accepted(let operation) = try await adapter.submit(resolved(request), attempt: attempt().context())
        else { throw NotAccepted() }
        return operation
    }

    struct NotAccepted: Error {}
}
