import ConformanceKit
import Generation
import ProviderSimulators
import Testing

/// The simulated DashScope under its vendor's official SDK: only when that is satisfied is an adapter judged by it.
@Suite(.enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct DashScopeTests {
    @Test(.timeLimit(.minutes(5)))
    func theOfficialSDKIsSatisfied() async throws {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.durations = .fixed(seconds: 0.5)
        // Long enough for a cancel to come in time on a loaded machine.
        settings.queueSeconds = 2
        settings.wire["api_key"] = "sk-simulated"
        let report = try await withTemporaryFolder { folder in
            try await withSimulator(DashScopeSimulator.self, settings) { simulator in
                try await PythonClients.run(
                    "dashscope_videos.py",
                    ["\(simulator.baseURL)/api/v1", "sk-simulated", folder]
                )
            }
        }
        let made = try #require(report["generated"])
        for (name, lines, shape) in [
            ("text27", 720, "9:16"), ("frames27", 720, nil), ("references27", 720, "1:1"), ("text26", 720, "1280*720"),
            ("frame26", 720, nil), ("references26", 720, "960*960"), ("text30", 480, nil),
        ] as [(String, Int64, String?)] {
            #expect(made[name]?["duration"] == 2, "\(name)")
            #expect(made[name]?["count"] == 1, "\(name)")
            #expect(made[name]?["resolution"] == .integer(lines), "\(name)")
            #expect(made[name]?["shape"]?.stringValue == shape, "\(name)")
            #expect(made[name]?["bytes"]?.integerValue ?? 0 > 1_000, "\(name)")
            // What the SDK does not say is the provider's default: the prompt is rewritten, but not of 2.6's references.
            #expect(made[name]?["rewritten"] == .bool(name != "references26"), "\(name)")
        }
        let refused: [String: JSONValue] = [
            "lower_case": "400 InvalidParameter", "size_with_x": "400 InvalidParameter",
            "old_protocol": "400 InvalidParameter", "ratio_with_frame": "400 InvalidParameter",
            "float_duration": "400 InvalidParameter", "text_duration": "400 InvalidParameter",
            "too_long": "400 InvalidParameter", "last_alone": "400 InvalidParameter", "mixed": "400 InvalidParameter",
            "filtered": "400 DataInspectionFailed", "unknown_model": "404 ModelNotFound",
            "cancel_again": "400 UnsupportedOperation", "key": "401 InvalidApiKey",
        ]
        #expect(report["refused"] == .object(refused))
        #expect(report["filtered_output"] == ["FAILED", "DataInspectionFailed"])
        #expect(report["cancelled"] == ["CANCELED"])
        #expect(report["unknown_task"] == "UNKNOWN")
        #expect(report["listed"] == ["wan2.7-t2v"])
        #expect(report["listed_by_time"] == 200)
    }
}
