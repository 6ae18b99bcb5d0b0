import ConformanceKit
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// Every door passes the whole suite, over real HTTP against the simulated service.
@Suite(.timeLimit(.minutes(10)))
struct GoogleConformanceTests {
    private static let checks = AdapterConformance.checks + AdapterConformance.networkChecks

    @Test(arguments: checks)
    func geminiConforms(_ check: AdapterConformance.Check) async throws { try await run(check, .omni) }

    @Test(arguments: checks)
    func geminiVeoConforms(_ check: AdapterConformance.Check) async throws { try await run(check, .geminiVeo) }

    @Test(arguments: checks)
    func vertexConforms(_ check: AdapterConformance.Check) async throws { try await run(check, .vertex) }

    @Test(arguments: checks)
    func vertexWithStorageConforms(_ check: AdapterConformance.Check) async throws {
        try await run(check, .vertexStorage)
    }

    private func run(_ check: AdapterConformance.Check, _ door: Door) async throws {
        var facts = ProviderUnderTest.Facts()
        // What Google itself words as overloaded is not billed.
        facts.unbilledStatuses = [503]
        var settings = SimulatorSettings.forConformance
        settings.hasCheapMedia = true
        try await GoogleStage.run(door, settings) { stage in
            let key = try TestKey.one.get().privatePEM.split(separator: "\n")[2]
            let subject = AdapterConformance.Subject(
                requests: try stage.adapter().models.map(Self.request),
                // Access tokens begin so.
                secrets: [GoogleStage.geminiKey, String(key), "ya29."],
                provider: stage.simulator.underTest(facts),
                pause: { try await Task.sleep(for: .milliseconds(20)) },
                make: { try stage.adapter() }
            )
            try await check.run(subject)
        }
    }

    /// The cheapest of each model.
    private static func request(_ model: ModelCapabilities) -> GenerationRequest {
        let content: GenerationRequest.Content =
            switch model.parameters {
            case .video: .video(VideoRequest(prompt: "A boat on a lake."))
            case .image: .image(ImageRequest(prompt: "A boat on a lake."))
            case .speech, .transcription, .sound: .speech(SpeechRequest(input: "A boat on a lake."))
            case .music: .music(MusicRequest(prompt: "A shanty."))
            }
        return GenerationRequest(model: model.slug, content: content)
    }
}
