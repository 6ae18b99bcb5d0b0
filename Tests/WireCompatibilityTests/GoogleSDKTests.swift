import ConformanceKit
import Foundation
import Generation
import MediaInspection
import ProviderSimulators
import ServiceHarness
import Testing

/// The simulated doors of Google under its official SDK: so that they are right before an adapter is judged by them.
@Suite(.enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"), .timeLimit(.minutes(5)))
struct GoogleSDKTests {
    private static let secret = "secret-of-tests"

    /// Runs a script against a simulator, with a folder for what it downloads.
    private static func run(
        _ wire: any SimulatedProvider.Type,
        _ wireSettings: [String: String],
        _ test: (_ baseURL: String, _ folder: String) async throws -> Void
    ) async throws {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.wire = wireSettings
        let folder = FileManager.default.temporaryDirectory.appending(path: "google-sdk-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withSimulator(wire, settings) { simulator in try await test(simulator.baseURL, folder) }
    }

    /// What Veo's script reports through either door.
    private func check(_ report: JSONValue, in folder: String, sdk: String) throws {
        #expect(report["sdk"] == .string(sdk))
        let sizes = [
            "text": (720, 1_280, 4), "frames": (1_920, 1_080, 8), "references": (1_280, 720, 8),
            "lite": (1_280, 720, 6),
        ]
        for (name, size) in sizes {
            let facts = try MediaInspector.inspect(path: "\(folder)/\(name).mp4", expecting: .mp4)
            #expect(facts.width == size.0 && facts.height == size.1, "\(name)")
            #expect(facts.durationMilliseconds.map { abs($0 - Int64(size.2) * 1_000) < 200 } ?? false, "\(name)")
        }
        let refused = try #require(report["refused"])
        let invalid = [
            "duration", "long_resolution", "lite_4k", "short_references", "portrait_references",
            "references_and_frame", "four_references",
        ]
        for name in invalid { #expect(refused[name] == "400 INVALID_ARGUMENT", "\(name)") }
        #expect(refused["model"] == "404 NOT_FOUND")
        #expect(report["filtered"] == [1, 1])
        #expect(report["failed"] == 13)
    }

    @Test(.enabled(if: PythonClients.earlierAreThere, "scripts/wire-venv makes what this needs"))
    func veoOnTheGeminiAPI() async throws {
        try await Self.run(GeminiSimulator.self, ["api_key": Self.secret]) { baseURL, folder in
            let arguments = ["gemini", baseURL, Self.secret, folder]
            let report = try await PythonClients.run("google_veo.py", arguments, isEarlier: true)
            try check(report, in: folder, sdk: "2.34.0")
            // A wrong key is a wrong argument there.
            #expect(report["refused"]?["key"] == "400 INVALID_ARGUMENT")
        }
    }

    @Test(arguments: ["3.4.0", "2.34.0"]) func veoOnVertexAI(sdk: String) async throws {
        let isEarlier = sdk == "2.34.0"
        guard !isEarlier || PythonClients.earlierAreThere else { return }
        try await Self.run(VertexSimulator.self, ["access_token": Self.secret]) { baseURL, folder in
            let arguments = ["vertex", baseURL, Self.secret, folder]
            let report = try await PythonClients.run("google_veo.py", arguments, isEarlier: isEarlier)
            try check(report, in: folder, sdk: sdk)
            #expect(report["refused"]?["key"] == "401 UNAUTHENTICATED")
            #expect(report["generated"]?["stored"]?.stringValue?.hasPrefix("gs://bucket/out/") == true)
        }
    }

    @Test func omniByInteractions() async throws {
        try await Self.run(GeminiSimulator.self, ["api_key": Self.secret]) { baseURL, folder in
            let report = try await PythonClients.run("google_omni.py", [baseURL, Self.secret, folder])
            let sizes = [
                "text": (360, 640, 3), "frame": (1_280, 720, 4), "references": (1_280, 720, 5),
                "at_once": (1_280, 720, 8), "stable_version": (1_280, 720, 3),
            ]
            for (name, size) in sizes {
                let facts = try MediaInspector.inspect(path: "\(folder)/\(name).mp4", expecting: .mp4)
                #expect(facts.width == size.0 && facts.height == size.1, "\(name)")
                #expect(facts.durationMilliseconds.map { abs($0 - Int64(size.2) * 1_000) < 200 } ?? false, "\(name)")
            }
            guard case .object(let refused)? = report["refused"] else { throw Unexpected("no refusals") }
            #expect(refused.count == 8)
            for (name, text) in refused { #expect(text.stringValue?.hasPrefix("400") == true, "\(name): \(text)") }
            #expect(report["filtered"] == ["completed", true, true])
            #expect(report["failed"] == ["failed", 1])
            #expect(report["cancelled"] == "cancelled")
            #expect(report["deleted"]?.stringValue?.contains("Invalid interaction name") == true)
        }
    }
}
