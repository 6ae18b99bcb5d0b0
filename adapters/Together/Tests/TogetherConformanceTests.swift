import ConformanceKit
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing
import TogetherAdapter

/// The adapter against the simulated provider, over HTTP.
@Suite(.timeLimit(.minutes(10)))
struct TogetherConformanceTests {
    /// Each model, and every way in which pictures go along.
    private static var requests: [GenerationRequest] {
        TogetherAdapters.models.map { TogetherStage.request(of: $0) } + [
            TogetherStage.request(TogetherStage.wan) {
                $0.frameImages = [
                    FrameImage(role: .last, image: TogetherPictures.last),
                    FrameImage(role: .first, image: TogetherPictures.first),
                ]
            },
            TogetherStage.image(TogetherStage.kontext) { $0.inputReferences = [TogetherPictures.first] },
        ]
    }

    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        var settings = SimulatorSettings.forConformance
        settings.hasCheapMedia = true
        try await withSimulator(TogetherSimulator.self, settings) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: TogetherPictures.all,
                    secrets: [TogetherStage.key],
                    provider: simulator.underTest(),
                    pause: { try await Task.sleep(for: .milliseconds(10)) },
                    make: { try TogetherStage.adapter(baseURL) }
                )
            )
        }
    }
}
