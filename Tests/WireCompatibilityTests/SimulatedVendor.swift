import ConformanceKit
import Foundation
import Generation
import ProviderSimulators
import ServiceHarness
import Testing

/// A vendor that is played on this machine, and how the program is pointed at it.
struct SimulatedVendor: Sendable {
    let name: String
    let wire: any SimulatedProvider.Type
    let model: String
    /// What a lost answer means there: A', B or C.
    let recovery: String
    /// The cheapest that the model makes.
    let fields: [String: JSONValue]
    /// What the program must never write down.
    let secrets: [String]
    /// The wire's settings.
    var wireSettings: [String: String] = [:]
    /// The program's settings, from the wire's address.
    let settings: @Sendable (_ baseURL: String) -> [String: String]

    /// A request for a video.
    func request(_ prompt: String) -> JSONValue {
        let own: [String: JSONValue] = ["type": "video", "model": .string(model), "prompt": .string(prompt)]
        return .object(own.merging(fields) { $1 })
    }

    /// The wire's settings for a test.
    func simulatorSettings() -> SimulatorSettings {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.wire = wireSettings
        return settings
    }

    static let openAI = SimulatedVendor(
        name: "OpenAI",
        wire: OpenAISimulator.self,
        model: "openai/sora-2",
        recovery: "B",
        fields: ["duration": 4, "resolution": "720p"],
        secrets: ["sk-simulated-openai"],
        wireSettings: ["api_key": "sk-simulated-openai"],
        settings: { ["OPENAI_API_KEY": "sk-simulated-openai", "OPENAI_BASE_URL": "\($0)/v1"] }
    )

    static let gemini = SimulatedVendor(
        name: "Gemini",
        wire: GeminiSimulator.self,
        model: "google/veo-3.1",
        recovery: "C",
        fields: ["duration": 4, "resolution": "720p"],
        secrets: ["gemini-simulated-key"],
        wireSettings: ["api_key": "gemini-simulated-key"],
        settings: { ["GEMINI_API_KEY": "gemini-simulated-key", "GEMINI_BASE_URL": $0] }
    )

    static let ark = SimulatedVendor(
        name: "Ark",
        wire: ArkWire.self,
        model: "bytedance/seedance-1-5-pro",
        recovery: "B",
        fields: ["duration": 4, "resolution": "480p"],
        secrets: ["ark-simulated-key"],
        wireSettings: ["api_key": "ark-simulated-key"],
        settings: { ["ARK_API_KEY": "ark-simulated-key", "ARK_BASE_URL": "\($0)/api/v3"] }
    )

    static let dashScope = SimulatedVendor(
        name: "DashScope",
        wire: DashScopeSimulator.self,
        model: "alibaba/wan-2.7",
        recovery: "B",
        fields: ["duration": 2, "resolution": "720p"],
        secrets: ["sk-simulated-dashscope"],
        wireSettings: ["api_key": "sk-simulated-dashscope"],
        settings: { ["DASHSCOPE_API_KEY": "sk-simulated-dashscope", "DASHSCOPE_BASE_URL": "\($0)/api/v1"] }
    )

    static let kling = SimulatedVendor(
        name: "Kling",
        wire: KlingSimulator.self,
        model: "kwaivgi/kling-video-o1",
        recovery: "A'",
        fields: ["duration": 5, "resolution": "720p"],
        secrets: ["sk-simulated-kling"],
        wireSettings: ["access_key": "ak-simulated-kling", "secret_key": "sk-simulated-kling"],
        settings: {
            [
                "KLING_ACCESS_KEY": "ak-simulated-kling", "KLING_SECRET_KEY": "sk-simulated-kling",
                "KLING_BASE_URL": $0,
            ]
        }
    )

    static let klingKeyed = SimulatedVendor(
        name: "Kling API 2.0",
        wire: KlingKeyedSimulator.self,
        model: "kwaivgi/kling-video-o1",
        recovery: "A'",
        fields: ["duration": 5, "resolution": "720p"],
        secrets: ["key-simulated-kling"],
        wireSettings: ["api_key": "key-simulated-kling"],
        settings: { ["KLING_API_KEY": "key-simulated-kling", "KLING_BASE_URL": $0] }
    )

    /// The five of the launch, each over its own wire.
    static let launch = [openAI, gemini, ark, dashScope, kling]

    /// Vertex AI, with the key file of a service account that is made in a folder.
    static func vertex(in folder: String) async throws -> SimulatedVendor {
        let made = try await Tool.run(
            "sh",
            [
                "-c",
                "cd '\(folder)' && openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem"
                    + " && openssl pkey -in private.pem -pubout -out public.pem",
            ]
        )
        guard made.status == 0 else { throw Unexpected("no key: \(made.errors)") }
        let privateKey = Installation.text("\(folder)/private.pem")
        let email = "mediary@simulated-project.iam.gserviceaccount.com"
        let path = "\(folder)/account.json"
        return SimulatedVendor(
            name: "Vertex AI",
            wire: VertexSimulator.self,
            model: "google/veo-3.1",
            recovery: "C",
            fields: ["duration": 4, "resolution": "720p"],
            secrets: [String(privateKey.split(separator: "\n").dropFirst().first ?? "-")],
            wireSettings: [
                "public_key": Installation.text("\(folder)/public.pem"), "project": "simulated-project",
                "client_email": email,
            ],
            settings: { baseURL in
                let account: JSONValue = [
                    "type": "service_account", "project_id": "simulated-project", "private_key_id": "1",
                    "private_key": .string(privateKey), "client_email": .string(email),
                    "token_uri": .string("\(baseURL)/token"),
                ]
                try? Data(account.canonicalText.utf8).write(to: URL(filePath: path))
                return ["GOOGLE_APPLICATION_CREDENTIALS": path, "VERTEX_BASE_URL": baseURL]
            }
        )
    }
}

/// Plays several vendors at once.
///
/// - Throws: What the test throws.
func withVendors<Result: Sendable>(
    _ vendors: [SimulatedVendor],
    _ started: [ProviderSimulator] = [],
    _ test: ([ProviderSimulator]) async throws -> Result
) async throws -> Result {
    guard let vendor = vendors.first else { return try await test(started) }
    return try await withSimulator(vendor.wire, vendor.simulatorSettings()) { simulator in
        try await withVendors(Array(vendors.dropFirst()), started + [simulator], test)
    }
}

extension [SimulatedVendor] {
    /// The program's settings for all of them; outputs are at origins of their own, inside.
    func settings(_ simulators: [ProviderSimulator]) -> [String: String] {
        var all = ["MEDIARY_ALLOW_NETWORKS": "127.0.0.0/8"]
        for (vendor, simulator) in zip(self, simulators) { all.merge(vendor.settings(simulator.baseURL)) { $1 } }
        return all
    }
}
