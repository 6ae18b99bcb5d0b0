import ConformanceKit
import Generation
import MediaInspection
import ProviderSimulators
import ServiceHarness
import Testing

/// The simulated APIs under their vendor's official SDK: only when that is satisfied is the adapter judged by them.
@Suite(.enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct OpenAIWireTests {
    @Test func theOfficialSDKIsSatisfied() async throws {
        var settings = SimulatorSettings()
        settings.durations = .fixed(seconds: 1)
        let report = try await withTemporaryFolder { folder in
            for (name, size) in [("right", "1280x720"), ("wrong", "640x480")] {
                let file = "\(folder)/\(name).png"
                let (status, _, errors) = try await Tool.run(
                    "ffmpeg",
                    ["-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=\(size)", "-frames:v", "1", file]
                )
                #expect(status == 0, "\(errors)")
            }
            return try await withSimulator(OpenAISimulator.self, settings) { simulator in
                try await PythonClients.run("openai_wire.py", [simulator.baseURL, folder])
            }
        }
        #expect(report["BadRequestError"]?.integerValue ?? 0 >= 11)
        #expect(report["bytes"]?.integerValue ?? 0 > 1_000)
    }

    @Test func theOfficialSDKIsSatisfiedByImagesAndAudio() async throws {
        let facts = try await withTemporaryFolder { folder in
            let files = [
                ("a.png", "testsrc=size=1024x1024"), ("b.png", "testsrc2=size=1024x1024"),
                ("mask.png", "color=black@0:size=1024x1024,format=rgba"), ("small.png", "testsrc=size=640x480"),
            ]
            for (name, source) in files { try await Self.make(["-i", source, "-frames:v", "1", "\(folder)/\(name)"]) }
            try await Self.make(["-i", "sine=sample_rate=16000:duration=6", "\(folder)/sound.wav"])
            let report = try await withSimulator(OpenAISimulator.self) { simulator in
                try await PythonClients.run("openai_media.py", [simulator.baseURL, folder])
            }
            #expect(report["BadRequestError"]?.integerValue ?? 0 >= 15)
            let names = [
                "plain-0.png", "two-0.png", "two-1.png", "jpeg-0.jpeg", "webp-0.webp", "free-0.png", "edit-0.png",
                "image_generation.png", "image_edit.png", "speech.mp3", "speech.opus", "speech.aac", "speech.flac",
                "speech.wav", "hd.mp3", "events.mp3",
            ]
            return try names.map { ($0, try MediaInspector.inspect(path: "\(folder)/\($0)", expecting: nil)) }
        }
        for (name, facts) in facts {
            switch name.split(separator: ".").last {
            case "png", "jpeg", "webp": #expect(facts.width ?? 0 >= 1_024, "\(name)")
            case _: #expect(facts.durationMilliseconds ?? 1_000 >= 900, "\(name)")
            }
        }
        let sizes = Dictionary(facts.map { ($0.0, "\($0.1.width ?? 0)x\($0.1.height ?? 0)") }) { $1 }
        #expect(sizes["two-1.png"] == "1536x1024")
        #expect(sizes["free-0.png"] == "1280x720")
    }

    @Test(arguments: ["vllm-omni", "sglang", "localai", "speaches", "kokoro"])
    func theOfficialSDKIsSatisfiedByServersOfTheSameDialect(_ flavor: String) async throws {
        let report = try await withTemporaryFolder { folder in
            try await Self.make(["-i", "testsrc=size=832x480", "-frames:v", "1", "\(folder)/a.png"])
            try await Self.make(["-i", "sine=sample_rate=16000:duration=6", "\(folder)/sound.wav"])
            var settings = SimulatorSettings()
            settings.wire = ["flavor": flavor]
            return try await withSimulator(CompatibleSimulator.self, settings) { simulator in
                try await PythonClients.run("openai_compatible.py", [simulator.baseURL, flavor, folder])
            }
        }
        #expect(report["BadRequestError"]?.integerValue ?? 0 >= 1)
    }

    private static func make(_ arguments: [String]) async throws {
        let (status, _, errors) = try await Tool.run("ffmpeg", ["-loglevel", "error", "-f", "lavfi"] + arguments)
        #expect(status == 0, "\(errors)")
    }
}
