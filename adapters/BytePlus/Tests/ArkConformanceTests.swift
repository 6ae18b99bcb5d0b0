import BytePlusAdapter
import ConformanceKit
import Generation
import ProviderKit
import ProviderSimulators
import Testing

/// The adapter against the simulated provider, over HTTP.
@Suite(.timeLimit(.minutes(3)))
struct ArkConformanceTests {
    private static let inputs = ["first": ArkPictures.png(1_280, 720), "last": ArkPictures.png(960, 960)]
    private static var first: MediaInput { ArkPictures.stored("first", ArkPictures.png(1_280, 720)) }
    private static var last: MediaInput { ArkPictures.stored("last", ArkPictures.png(960, 960)) }

    /// Each model by text, and every way in which pictures go along.
    private static var requests: [GenerationRequest] {
        BytePlusAdapters.models.map { ArkStage.request($0.slug) } + [
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

    @Test(arguments: AdapterConformance.checks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        try await withSimulator(ArkWire.self, ArkStage.settings) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: Self.inputs,
                    secrets: [ArkStage.key],
                    pause: { try await Task.sleep(for: .milliseconds(10)) },
                    make: { try ArkStage.adapter(baseURL) }
                )
            )
        }
    }
}
