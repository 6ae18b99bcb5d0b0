import ConformanceKit
import CurlTransport
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// The suite of adapters itself: it can be passed, and whoever does something wrong does not.
@Suite(.timeLimit(.minutes(5)))
struct ExampleAdapterTests {
    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws { try await run(check, .none) }

    @Test(arguments: ExampleAdapter.Mistake.allCases.filter { $0 != .none })
    func aMistakeIsFound(_ mistake: ExampleAdapter.Mistake) async throws {
        await withKnownIssue {
            // Those that wait for silence take seconds: only for whom they are about.
            for check in AdapterConformance.networkChecks
            where check.testDescription.contains("never answered") == (mistake == .waitsTenMinutes) {
                try await run(check, mistake)
            }
        }
    }

    private func run(_ check: AdapterConformance.Check, _ mistake: ExampleAdapter.Mistake) async throws {
        try await withSimulator(ExampleWire.self, .forConformance) { simulator in
            let request = GenerationRequest(
                model: "example/video",
                content: .video(VideoRequest(prompt: "A boat on a lake."))
            )
            let subject = AdapterConformance.Subject(
                requests: [request],
                secrets: ["example-key"],
                provider: simulator.underTest(),
                pause: { try await Task.sleep(for: .milliseconds(20)) },
                make: { [baseURL = simulator.baseURL] in
                    var adapter = ExampleAdapter(baseURL: baseURL, transport: CurlTransport.forTests)
                    adapter.mistake = mistake
                    return adapter
                }
            )
            try await check.run(subject)
        }
    }
}
