import ConformanceKit
import Generation
import ProviderSimulators
import ServiceHarness
import Testing

/// The simulated Videos API under its vendor's official SDK: only when that is satisfied is the adapter judged by it.
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
}
