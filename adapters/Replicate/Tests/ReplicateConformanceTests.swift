import ConformanceKit
import Generation
import ProviderKit
import ProviderSimulators
import ReplicateAdapter
import SimulatorConformance
import Testing

/// The adapter against the simulated host, over HTTP.
@Suite(.timeLimit(.minutes(20)))
struct ReplicateConformanceTests {
    /// Each model by text, and every way in which pictures go along.
    private static var requests: [GenerationRequest] {
        ReplicateAdapters.models.map(ReplicateStage.plain) + [
            ReplicateStage.image {
                $0.inputReferences = [ReplicatePictures.boat, ReplicatePictures.sea]
            },
            ReplicateStage.image(ReplicateStage.kontext) { $0.inputReferences = [ReplicatePictures.sea] },
            ReplicateStage.video {
                $0.frameImages = [FrameImage(role: .first, image: ReplicatePictures.boat)]
            },
        ]
    }

    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        try await withSimulator(ReplicateSimulator.self, .forConformance) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: ReplicatePictures.all,
                    secrets: [ReplicateStage.key],
                    provider: simulator.underTest(),
                    pause: { try await Task.sleep(for: .milliseconds(20)) },
                    make: { try ReplicateStage.adapter(baseURL) }
                )
            )
        }
    }

    @Test func withoutAKeyThereIsNobody() {
        #expect(ReplicateStage.instances(nil, key: nil).isEmpty)
        #expect(ReplicateStage.instances(nil, key: "").isEmpty)
        #expect(ReplicateStage.instances(nil, key: "k").map(\.id.slug) == [ReplicateStage.slug])
    }
}
