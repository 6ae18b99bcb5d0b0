import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

@testable import OpenAIAdapter

/// The adapter over real HTTP, against the simulated provider.
@Suite struct OpenAIAdapterTests {
    @Test(.timeLimit(.minutes(10)), arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        let frame = OpenAIStage.frame(1_280, 720)
        try await withSimulator(OpenAISimulator.self, .forConformance) { simulator in
            let address = "\(simulator.baseURL)/v1"
            let videos = [
                try OpenAIStage.request(frame: frame.input), try OpenAIStage.request(model: "openai/sora-2-pro"),
            ]
            let others = try OpenAIStage.requests()
            let subject = AdapterConformance.Subject(
                requests: videos + others,
                inputs: [
                    frame.stored.sha256: frame.bytes, OpenAIStage.sound.stored.sha256: OpenAIStage.sound.bytes,
                ],
                secrets: [OpenAIStage.key],
                provider: simulator.underTest(),
                pause: { try await Task.sleep(for: .milliseconds(20)) },
                make: { try OpenAIStage.adapter(address, now: { simulator.world.now() }) }
            )
            try await check.run(subject)
        }
    }
}
