import Generation
import ProviderSimulators
import Testing

/// Images of the simulated DashScope under its vendor's official SDK.
@Suite(.enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct DashScopeImageTests {
    @Test(.timeLimit(.minutes(5)))
    func theOfficialSDKIsSatisfied() async throws {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.durations = .fixed(seconds: 0.3)
        // Long enough for a cancel to come in time on a loaded machine.
        settings.queueSeconds = 1
        settings.wire["api_key"] = "sk-simulated"
        let report = try await withSimulator(DashScopeSimulator.self, settings) { simulator in
            try await PythonClients.run("dashscope_images.py", ["\(simulator.baseURL)/api/v1", "sk-simulated"])
        }
        let made = try #require(report["made"])
        let sizes: [String: (size: String, count: Int64)] = [
            "qwen": ("512*768", 2), "qwen_edit": ("512*512", 1), "qwen_default": ("2048*2048", 1),
            "qwen_max": ("928*1664", 1), "z_image": ("1024*768", 1), "wan_at_once": ("768*768", 1),
            "wan_task": ("1024*768", 2), "wan_default": ("1024*1024", 4), "wan26": ("1280*1280", 1),
            "older": ("512*640", 2), "older_partial": ("768*768", 1),
        ]
        for (name, expected) in sizes {
            let images = Array(repeating: JSONValue.string(expected.size), count: Int(expected.count))
            #expect(made[name]?["sizes"] == .array(images), "\(name)")
            #expect(made[name]?["count"] == .integer(expected.count), "\(name)")
        }
        #expect(made["wan_task"]?["states"] == ["PENDING", "RUNNING", "SUCCEEDED"])
        #expect(made["older"]?["prompts"] == ["A brass lighthouse at dusk"])
        #expect(made["older_partial"]?["codes"] == ["DataInspectionFailed"])
        let refused: [String: JSONValue] = [
            "tier": "400 InvalidParameter", "size_with_x": "400 InvalidParameter", "too_large": "400 InvalidParameter",
            "fixed_size": "400 InvalidParameter", "too_many": "400 InvalidParameter",
            "no_picture": "400 InvalidParameter", "text_first": "400 InvalidParameter",
            "pictures_first": "400 InvalidParameter", "no_negative_prompt": "400 InvalidParameter",
            "too_large_with_pictures": "400 InvalidParameter", "wrong_door": "400 InvalidParameter",
            "older_door": "400 InvalidParameter", "unknown_model": "404 ModelNotFound",
            "filtered": "400 DataInspectionFailed", "filtered_output": "400 DataInspectionFailed",
        ]
        #expect(report["refused"] == .object(refused))
        #expect(report["filtered_task"] == ["FAILED", "DataInspectionFailed"])
        #expect(report["cancelled"] == ["CANCELED"])
        #expect(report["unknown_task"] == "UNKNOWN")
        #expect(report["listed"] == ["wan2.6-t2i"])
    }
}
