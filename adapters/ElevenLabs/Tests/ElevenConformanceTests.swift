import ConformanceKit
import ElevenLabsAdapter
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// The adapter against the simulated provider, over HTTP.
@Suite(.timeLimit(.minutes(10)))
struct ElevenConformanceTests {
    /// Each model once, and every other way of asking.
    private static var requests: [GenerationRequest] {
        ElevenLabsAdapters.models.map { model in
            switch model.parameters {
            case .speech: ElevenStage.speech(model.slug)
            case .music: ElevenStage.music(model.slug)
            case .transcription: ElevenStage.transcription(model.slug)
            case .sound, .video, .image: ElevenStage.sound()
            }
        } + [
            ElevenStage.speech { $0.responseFormat = "wav" },
            ElevenStage.speech { $0.responseFormat = "pcm" },
            ElevenStage.speech("elevenlabs/eleven-v3") {
                $0 = SpeechRequest(turns: [SpeechTurn(text: "Who?", voice: "sarah"), SpeechTurn(text: "Me.")])
            },
        ]
    }

    @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        try await withSimulator(ElevenWire.self, ElevenStage.settings) { simulator in
            let baseURL = simulator.baseURL
            try await check.run(
                AdapterConformance.Subject(
                    requests: Self.requests,
                    inputs: ElevenStage.inputs,
                    secrets: [ElevenStage.key],
                    provider: simulator.underTest(),
                    pause: { try await Task.sleep(for: .milliseconds(10)) },
                    make: { try ElevenStage.adapter(baseURL) }
                )
            )
        }
    }
}
