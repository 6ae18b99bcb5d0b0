import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

@testable import OpenAICompatibleAdapter

/// The adapter over real HTTP, against simulated servers of two flavors: one whose videos are polled for, and one whose
/// videos are the answer.
@Suite struct CompatibleConformanceTests {
    @Test(.timeLimit(.minutes(10)), arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conformsBeforeVLLMOmni(_ check: AdapterConformance.Check) async throws {
        try await run(check, "vllm-omni")
    }

    @Test(.timeLimit(.minutes(10)), arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conformsBeforeLocalAI(_ check: AdapterConformance.Check) async throws { try await run(check, "localai") }

    private func run(_ check: AdapterConformance.Check, _ flavor: String) async throws {
        let profile = try CompatibleStage.profile(flavor)
        let models = CompatibleStage.models(profile)
        var settings = SimulatorSettings.forConformance
        settings.wire = ["flavor": flavor, "api_key": CompatibleStage.key]
        var facts = ProviderUnderTest.Facts()
        // One's own server sends no bill: what it answers itself has cost nothing.
        facts.unbilledStatuses = [500, 503]
        try await withSimulator(CompatibleSimulator.self, settings) { simulator in
            let address = "\(simulator.baseURL)/v1"
            let subject = AdapterConformance.Subject(
                requests: try CompatibleStage.requests(models),
                inputs: [CompatibleStage.sound.stored.sha256: CompatibleStage.sound.bytes],
                secrets: [CompatibleStage.key],
                provider: simulator.underTest(facts),
                pause: { try await Task.sleep(for: .milliseconds(20)) },
                make: { try CompatibleStage.adapter(address, profile: profile, models: models) }
            )
            try await check.run(subject)
        }
    }
}
