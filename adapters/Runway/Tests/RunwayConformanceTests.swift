import ConformanceKit
import Generation
import ProviderKit
import ProviderSimulators
import RunwayAdapter
import SimulatorConformance
import Testing

/// The adapter against the simulated provider, over HTTP.
@Suite(.timeLimit(.minutes(10)))
struct RunwayConformanceTests {
    /// Each model, and every way in which pictures go along.
    private static var requests: [GenerationRequest] {
        RunwayAdapters.models.map { RunwayStage.request(of: $0) } + [
            RunwayStage.request(RunwayStage.veo) {
                $0.frameImages = [
                    FrameImage(role: .last, image: RunwayPictures.last),
                    FrameImage(role: .first, image: RunwayPictures.first),
                ]
            },
            RunwayStage.request(RunwayStage.seedance) {
                $0.inputReferences = [RunwayPictures.first, RunwayPictures.last]
            },
            RunwayStage.image { $0.inputReferences = [RunwayPictures.first] },
        ]
    }

    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        var settings = SimulatorSettings.forConformance
        settings.hasCheapMedia = true
        if check.testDescription.contains("is stopped at the provider") { settings.queueSeconds = 5 }
        try await withSimulator(RunwaySimulator.self, settings) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: RunwayPictures.all,
                    secrets: [RunwayStage.key],
                    provider: simulator.underTest(),
                    pause: { try await Task.sleep(for: .milliseconds(10)) },
                    make: { try RunwayStage.adapter(baseURL) }
                )
            )
        }
    }
}
