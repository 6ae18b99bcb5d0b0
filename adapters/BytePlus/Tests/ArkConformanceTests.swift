import BytePlusAdapter
import ConformanceKit
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// The adapter against the simulated provider, over HTTP.
@Suite(.timeLimit(.minutes(10)))
struct ArkConformanceTests {
    private static let inputs = ["first": ArkPictures.png(1_280, 720), "last": ArkPictures.png(960, 960)]
    private static var first: MediaInput { ArkPictures.stored("first", ArkPictures.png(1_280, 720)) }
    private static var last: MediaInput { ArkPictures.stored("last", ArkPictures.png(960, 960)) }

    /// Each model by text, and every way in which pictures go along.
    private static var requests: [GenerationRequest] {
        BytePlusAdapters.models.map { ArkStage.request(of: $0) } + [
            ArkStage.image("bytedance-seed/seedream-4.5") { $0.inputReferences = [first, last] },
            ArkStage.request("bytedance/seedance-1-0-pro-fast") {
                $0.frameImages = [FrameImage(role: .first, image: first)]
            },
            ArkStage.request("bytedance/seedance-2.5") { $0.frameImages = [FrameImage(role: .first, image: first)] },
            ArkStage.request("bytedance/seedance-1-5-pro") {
                $0.frameImages = [FrameImage(role: .last, image: last), FrameImage(role: .first, image: first)]
            },
            ArkStage.request { $0.inputReferences = [first, last] },
        ]
    }

    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        var settings = ArkStage.settings
        settings.durations = .fixed(seconds: 0.2)
        // Only what waits can be stopped, and what runs at once is forgotten at once.
        if check.testDescription.contains("is stopped at the provider") { settings.queueSeconds = 5 }
        try await withSimulator(ArkWire.self, settings) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: Self.inputs,
                    secrets: [ArkStage.key],
                    provider: simulator.underTest(),
                    pause: { try await Task.sleep(for: .milliseconds(10)) },
                    make: { try ArkStage.adapter(baseURL) }
                )
            )
        }
    }
}
