import ConformanceKit
import FalAdapter
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// The adapter against the simulated host, over HTTP.
@Suite(.timeLimit(.minutes(20)))
struct FalConformanceTests {
    /// Each model by text, and every way in which pictures go along.
    private static var requests: [GenerationRequest] {
        FalAdapters.models.map(FalStage.plain) + [
            FalStage.image { $0.inputReferences = [FalPictures.boat, FalPictures.sea] },
            FalStage.image(FalStage.kontext) { $0.inputReferences = [FalPictures.sea] },
            FalStage.video { $0.frameImages = [FrameImage(role: .first, image: FalPictures.boat)] },
            FalStage.video(FalStage.seedance) { $0.inputReferences = [FalPictures.boat] },
        ]
    }

    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        try await withSimulator(FalSimulator.self, .forConformance) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: FalPictures.all,
                    secrets: [FalStage.key],
                    provider: simulator.underTest(),
                    pause: { try await Task.sleep(for: .milliseconds(20)) },
                    make: { try FalStage.adapter(baseURL) }
                )
            )
        }
    }

    @Test func withoutAKeyThereIsNobody() {
        #expect(FalStage.instances(nil, key: nil).isEmpty)
        #expect(FalStage.instances(nil, key: "").isEmpty)
        #expect(FalStage.instances(nil, key: "k").map(\.id.slug) == [FalStage.slug])
    }
}
