import ConformanceKit
import Generation
import MiniMaxAdapter
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// The adapter against the simulated provider, over HTTP.
@Suite(.timeLimit(.minutes(10)))
struct MiniMaxConformanceTests {
    /// Each model, and every way in which pictures go along.
    private static var requests: [GenerationRequest] {
        MiniMaxAdapters.models.map { MiniMaxStage.request(of: $0) } + [
            MiniMaxStage.request {
                $0.frameImages = [
                    FrameImage(role: .last, image: MiniMaxPictures.last),
                    FrameImage(role: .first, image: MiniMaxPictures.first),
                ]
            },
            MiniMaxStage.request { $0.inputReferences = [MiniMaxPictures.first, MiniMaxPictures.last] },
            MiniMaxStage.request(MiniMaxStage.hailuo) {
                $0.frameImages = [FrameImage(role: .first, image: MiniMaxPictures.first)]
            },
        ]
    }

    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        var settings = SimulatorSettings.forConformance
        settings.hasCheapMedia = true
        // Only what waits can be stopped.
        if check.testDescription.contains("is stopped at the provider") { settings.queueSeconds = 5 }
        var facts = ProviderUnderTest.Facts()
        // Says of the request that the filter refused it, and nothing else.
        facts.submitCodes = [422: [.contentPolicy]]
        let documented = facts
        try await withSimulator(MiniMaxSimulator.self, settings) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: MiniMaxPictures.all,
                    secrets: [MiniMaxStage.key],
                    provider: simulator.underTest(documented),
                    pause: { try await Task.sleep(for: .milliseconds(10)) },
                    make: { try MiniMaxStage.adapter(baseURL) }
                )
            )
        }
    }
}
