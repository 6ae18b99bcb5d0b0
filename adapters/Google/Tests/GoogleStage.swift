import ConformanceKit
import CurlTransport
import Foundation
import Generation
import GoogleAdapter
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// One of Google's doors, with the adapter in front of it and the simulated service behind.
enum Door: String, CaseIterable, CustomTestStringConvertible {
    case omni = "google-ai-studio"
    case geminiVeo = "google-ai-studio-veo"
    case vertex = "google-vertex"
    /// With outputs in the operator's bucket.
    case vertexStorage

    var testDescription: String { rawValue }

    /// The slug of the adapter's instance.
    var slug: String { self == .vertexStorage ? "google-vertex" : rawValue }
    var wire: any SimulatedProvider.Type { isVertex ? VertexSimulator.self : GeminiSimulator.self }
    var isVertex: Bool { self == .vertex || self == .vertexStorage }

    var modelSlugs: [String] {
        self == .omni
            ? ["google/gemini-omni-1.2-flash", "google/gemini-omni-1.1-flash"]
            : ["google/veo-3.1", "google/veo-3.1-fast", "google/veo-3.1-lite"]
    }
}

/// A key pair of a service account, made by openssl for this process.
struct TestKey: Sendable {
    let privatePEM: String
    let publicPEM: String

    static let one = Result { try TestKey() }
    static let other = Result { try TestKey() }

    private init() throws {
        privatePEM = try Self.openssl(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        publicPEM = try Self.openssl(["pkey", "-pubout"], input: privatePEM)
    }

    private static func openssl(_ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let (given, output) = (Pipe(), Pipe())
        process.standardInput = given
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try given.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return text
    }
}

/// What a test of one door has at hand.
struct GoogleStage: Sendable {
    static let geminiKey = "AIza-the-key-of-tests"
    static let email = "mediary@demo-project.iam.gserviceaccount.com"

    let door: Door
    let simulator: ProviderSimulator
    /// A folder of the test's own.
    let folder: String

    /// Starts the simulated service, runs a test, and cleans up.
    static func run(
        _ door: Door,
        _ settings: SimulatorSettings = .forConformance,
        _ test: (GoogleStage) async throws -> Void
    ) async throws {
        var settings = settings
        settings.wire["api_key"] = geminiKey
        settings.wire["public_key"] = try TestKey.one.get().publicPEM
        let folder = FileManager.default.temporaryDirectory.appending(path: "google-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withSimulator(door.wire, settings) { simulator in
            try await test(GoogleStage(door: door, simulator: simulator, folder: folder))
        }
    }

    /// The settings that switch the door on, and point it to the simulated service.
    func environment(key: TestKey? = nil, geminiKey: String = geminiKey) throws -> [String: String] {
        guard door.isVertex else {
            return ["GEMINI_API_KEY": geminiKey, "GEMINI_BASE_URL": simulator.baseURL]
        }
        let account: JSONValue = [
            "type": "service_account", "project_id": "demo-project", "private_key_id": "key-1",
            "private_key": .string(try key?.privatePEM ?? TestKey.one.get().privatePEM),
            "client_email": .string(Self.email), "token_uri": .string("\(simulator.baseURL)/token"),
        ]
        let file = "\(folder)/account.json"
        try Data(account.canonicalText.utf8).write(to: URL(filePath: file))
        var environment = ["GOOGLE_APPLICATION_CREDENTIALS": file, "VERTEX_BASE_URL": simulator.baseURL]
        if door == .vertexStorage { environment["VERTEX_STORAGE_URI"] = "gs://bucket/videos" }
        return environment
    }

    /// The adapter of the door.
    func adapter(
        key: TestKey? = nil,
        geminiKey: String = geminiKey
    ) throws -> any ProviderAdapter {
        let settings = ProviderSettings(
            environment: try environment(key: key, geminiKey: geminiKey),
            workFolder: "\(folder)/work",
            transport: CurlTransport.forTests,
            processorCount: 1,
            now: { [world = simulator.world] in world.now() }
        )
        let found = GoogleAdapters.instances(settings).first { $0.id.slug == door.slug }
        return try #require(found, "\(door.slug) is off")
    }

    /// A video as a client asks for it, resolved.
    func request(
        _ adapter: any ProviderAdapter,
        _ slug: String? = nil,
        options: [String: JSONValue] = [:],
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) throws -> GenerationRequest {
        var video = VideoRequest(prompt: "A boat on a lake.")
        change(&video)
        let slug = slug ?? door.modelSlugs[0]
        let model = try #require(adapter.models.first { $0.slug == slug })
        return try GenerationRequest(model: slug, content: .video(video), providerOptions: options)
            .resolved(against: model, strict: true).request
    }

    /// A request of a model as a client asks for it, resolved.
    func resolved(
        _ adapter: any ProviderAdapter,
        _ slug: String,
        _ content: GenerationRequest.Content,
        options: [String: JSONValue] = [:]
    ) throws -> GenerationRequest {
        let model = try #require(adapter.models.first { $0.slug == slug }, "no \(slug)")
        return try GenerationRequest(model: slug, content: content, providerOptions: options)
            .resolved(against: model, strict: true).request
    }

    /// Submits what is answered at once.
    func complete(
        _ request: GenerationRequest,
        at adapter: any ProviderAdapter,
        inputs: [String: [UInt8]] = [:]
    ) async throws -> (outputs: [ProviderOutput], usage: ReportedUsage) {
        let attempt = TestAttempt(at: adapter, externalID: "att_\(UUID().uuidString.lowercased())", inputs: inputs)
        guard case .completed(let outputs, let usage) = try await adapter.submit(request, attempt: attempt.context())
        else { throw Unexpected(text: "it was not answered at once") }
        return (outputs, usage)
    }

    /// Submits, and gives back the operation.
    func submit(_ request: GenerationRequest, at adapter: any ProviderAdapter) async throws -> ProviderOperation {
        let attempt = TestAttempt(at: adapter, externalID: "att_of_a_test")
        guard case .accepted(let operation) = try await adapter.submit(request, attempt: attempt.context()) else {
            throw Unexpected(text: "not accepted")
        }
        return operation
    }

    /// Asks until there is an end.
    func end(_ operation: ProviderOperation, at adapter: any ProviderAdapter) async throws -> OperationStatus {
        for _ in 0..<1_500 {
            let status = try await adapter.status(of: operation)
            guard case .pending = status else { return status }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Unexpected(text: "it never ended")
    }

    /// The path of the last submit, with its query.
    var path: String {
        simulator.requests(.submit).last.map { "\($0.path)\($0.query.map { "?\($0.name)=\($0.value)" }.joined())" }
            ?? ""
    }

    /// The body of the last submit, as JSON.
    var sent: JSONValue { simulator.requests(.submit).last?.json ?? .null }
}

struct Unexpected: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
