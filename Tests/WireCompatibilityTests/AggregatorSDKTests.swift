import Generation
import ProviderSimulators
import Testing

/// The simulated hosts of other vendors' models under their own official SDKs: only when those are satisfied is an adapter
/// judged by them.
///
/// What is asserted besides stands in `Clients/fal_queue.py` and `Clients/replicate_predictions.py`.
@Suite(.enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct AggregatorSDKTests {
    private static var settings: SimulatorSettings {
        var settings = SimulatorSettings()
        settings.durations = .fixed(seconds: 0.4)
        settings.queueSeconds = 0.2
        return settings
    }

    @Test(.timeLimit(.minutes(3)))
    func theClientOfFalIsSatisfied() async throws {
        let report = try await withSimulator(FalSimulator.self, Self.settings) { simulator in
            try await PythonClients.run("fal_queue.py", [simulator.baseURL, "fal-test:secret"])
        }
        #expect(report["statuses"] == ["Queued", "InProgress", "Completed"])
        #expect(report["size"] == [1_024, 576])
        #expect(report["stream"] == 2)
        #expect(report["cancelled"] == 499)
        let refused: [String: JSONValue] = [
            "filtered": "422 content_policy_violation", "key": "401", "app": "404", "field": "422 extra_forbidden",
            "missing": "422 missing",
        ]
        #expect(report["refused"] == .object(refused))
    }

    @Test(.timeLimit(.minutes(3)))
    func theClientOfReplicateIsSatisfied() async throws {
        let report = try await withSimulator(ReplicateSimulator.self, Self.settings) { simulator in
            try await PythonClients.run("replicate_predictions.py", [simulator.baseURL, "r8_test"])
        }
        #expect(report["statuses"] == ["starting", "processing", "succeeded"])
        #expect(report["outputs"] == 2)
        #expect(report["waited"] == "succeeded")
        #expect(report["cancelled"] == "canceled")
        #expect(report["events"] == ["output", "done"])
        #expect(report["listed"] == true)
        let refused: [String: JSONValue] = [
            "filtered": "failed", "key": "401", "busy": "429", "model": "404", "field": "422", "missing": "422",
        ]
        #expect(report["refused"] == .object(refused))
    }
}
