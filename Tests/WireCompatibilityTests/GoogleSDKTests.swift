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

    /// What the script of images and speech reports through either door.
    private func checkContent(_ report: JSONValue, in folder: String) throws {
        let images: [(name: String, type: MediaType, width: Int, height: Int, tokens: JSONValue)] = [
            ("text", .jpeg, 2_752, 1_536, 1_680), ("first", .png, 1_024, 1_024, 1_290),
            ("edit", .jpeg, 384, 688, 747), ("pro", .jpeg, 1_024, 1_024, 1_120),
        ]
        for image in images {
            let facts = try MediaInspector.inspect(path: "\(folder)/\(image.name).img", expecting: image.type)
            #expect(facts.width == image.width && facts.height == image.height, "\(image.name)")
            guard case .array(let told)? = report["images"]?[image.name], told.count == 3 else {
                throw Unexpected("\(image.name): \(report)")
            }
            #expect(told[0].stringValue == image.type.rawValue && told[1] == "STOP", "\(image.name)")
            #expect(told[2]["IMAGE"] == image.tokens, "\(image.name)")
        }
        let speech: [(name: String, seconds: Double)] = [
            ("one", 24.0 / 15), ("two", 15.0 / 15), ("earlier", 38.0 / 15),
        ]
        for (name, seconds) in speech {
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name).pcm")).count
            #expect(abs(bytes - Int(seconds * 48_000)) <= 4, "\(name)")
            guard case .array(let told)? = report["speech"]?[name], let pieces = told.first?.integerValue else {
                throw Unexpected("\(name): \(report)")
            }
            #expect(pieces > 3 && told[1] == "audio/L16;codec=pcm;rate=24000", "\(name)")
        }
        #expect(report["whole"] == "audio/wav")
        _ = try MediaInspector.inspect(path: "\(folder)/whole.wav", expecting: MediaType(mime: "audio/wav"))
        #expect(report["blocked"] == ["PROHIBITED_CONTENT", "IMAGE_SAFETY", "NO_IMAGE"])
        guard case .object(let refused)? = report["refused"] else { throw Unexpected("no refusals") }
        #expect(refused.count == 9)
        for (name, text) in refused where name != "model" && name != "key" {
            #expect(text == "400 INVALID_ARGUMENT", "\(name)")
        }
        #expect(refused["model"] == "404 NOT_FOUND")
    }

    @Test func imagesAndSpeechOnTheGeminiAPI() async throws {
        try await Self.run(GeminiSimulator.self, ["api_key": Self.secret]) { baseURL, folder in
            let report = try await PythonClients.run("google_content.py", ["gemini", baseURL, Self.secret, folder])
            try checkContent(report, in: folder)
            // A wrong key is a wrong argument there.
            #expect(report["refused"]?["key"] == "400 INVALID_ARGUMENT")
            #expect(report["music"] == ["audio/mpeg", true])
            let song = try MediaInspector.inspect(path: "\(folder)/song.mp3", expecting: .mp3)
            #expect(song.durationMilliseconds.map { abs($0 - 30_000) < 200 } ?? false)
        }
    }

    @Test func imagesAndSpeechOnVertexAI() async throws {
        try await Self.run(VertexSimulator.self, ["access_token": Self.secret]) { baseURL, folder in
            let report = try await PythonClients.run("google_content.py", ["vertex", baseURL, Self.secret, folder])
            try checkContent(report, in: folder)
            #expect(report["refused"]?["key"] == "401 UNAUTHENTICATED")
            let jpeg = try MediaInspector.inspect(path: "\(folder)/jpeg.img", expecting: .jpeg)
            #expect(jpeg.width == 1_024)
            let imagen = report["imagen"]
            #expect(imagen?["four"] == [4, ["image/png"], false])
            #expect(imagen?["large"] == [1, ["image/jpeg"], false])
            #expect(imagen?["filtered"] == [0, [], true])
            for name in ["five", "marked", "prompt"] { #expect(imagen?[name] == "400 INVALID_ARGUMENT", "\(name)") }
            #expect(imagen?["model"] == "404 NOT_FOUND")
            for index in 0..<4 {
                let facts = try MediaInspector.inspect(path: "\(folder)/four-\(index).img", expecting: .png)
                #expect(facts.width == 1_408 && facts.height == 768)
            }
            let large = try MediaInspector.inspect(path: "\(folder)/large-0.img", expecting: .jpeg)
            #expect(large.width == 2_048)
        }
    }
}
