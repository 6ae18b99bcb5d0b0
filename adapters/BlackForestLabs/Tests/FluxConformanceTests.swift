import BlackForestLabsAdapter
import ConformanceKit
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// The adapter against the simulated provider, over HTTP.
@Suite(.timeLimit(.minutes(20)))
struct FluxConformanceTests {
    /// Each model by text, and every way in which pictures go along.
    private static var requests: [GenerationRequest] {
        BlackForestLabsAdapters.models.map { FluxStage.request($0.slug) } + [
            FluxStage.request { $0.inputReferences = [FluxPictures.boat, FluxPictures.sea] },
            FluxStage.request(FluxStage.kontext) { $0.inputReferences = [FluxPictures.sea] },
            FluxStage.request(FluxStage.ultra) { $0.inputReferences = [FluxPictures.boat] },
        ]
    }

    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        try await withSimulator(FluxSimulator.self, .forConformance) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: FluxPictures.all,
                    secrets: [FluxStage.key],
                    provider: simulator.underTest(),
                    pause: { try await Task.sleep(for: .milliseconds(20)) },
                    make: { try FluxStage.adapter(baseURL) }
                )
            )
        }
    }

    @Test func withoutAKeyThereIsNobody() {
        #expect(FluxStage.instances(nil, key: nil).isEmpty)
        #expect(FluxStage.instances(nil, key: "").isEmpty)
        #expect(FluxStage.instances(nil, key: "k").map(\.id.slug) == [FluxStage.slug])
    }
}
