import ConformanceKit
import Generation
import MediaInspection
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What Lyria is asked for, and what its answers mean.
@Suite(.timeLimit(.minutes(3))) struct GeminiMusicTests {
    private func music(_ change: (inout MusicRequest) -> Void = { _ in }) -> GenerationRequest.Content {
        var music = MusicRequest(prompt: "A shanty.")
        change(&music)
        return .music(music)
    }

    @Test func everythingStandsInTheText() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            func text(_ change: (inout MusicRequest) -> Void) async throws -> JSONValue? {
                _ = try await stage.complete(
                    try stage.resolved(adapter, "google/lyria-3-clip-preview", music(change)),
                    at: adapter
                )
                #expect(stage.path == "/v1beta/models/lyria-3-clip-preview:generateContent")
                #expect(stage.sent["generationConfig"] == ["responseModalities": ["AUDIO", "TEXT"]])
                return stage.sent["contents"]
            }
            func content(_ text: JSONValue) -> JSONValue { [["role": "user", "parts": [["text": text]]]] }
            #expect(try await text { _ in } == content("A shanty."))
            #expect(
                try await text { $0.instrumental = true } == content("A shanty.\n\nInstrumental only, no vocals.")
            )
            #expect(try await text { $0.lyrics = "Row, row." } == content("A shanty.\n\nLyrics:\nRow, row."))
        }
    }

    @Test func theMusicIsKeptAndTheWordsAreNot() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(adapter, "google/lyria-3-clip-preview", music())
            let (outputs, usage) = try await stage.complete(request, at: adapter)
            #expect(outputs.map(\.mediaType) == ["audio/mpeg"])
            let bytes = try await AdapterConformance.read(try #require(outputs.first), at: adapter)
            let facts = try MediaInspector.inspect(bytes: bytes, expecting: .mp3)
            #expect(facts.durationMilliseconds.map { abs($0 - 30_000) < 200 } ?? false)
            #expect(usage == ReportedUsage())
        }
    }

    @Test func aRefusalAndAContradiction() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try #require(try stage.adapter() as? any ValidatingAdapter)
            let request = try stage.resolved(adapter, "google/lyria-3.5", music())
            let answer: JSONValue = ["candidates": [["finishReason": "PROHIBITED_CONTENT", "index": 0]]]
            stage.simulator.inject(.answer(.json(200, answer)), on: .submit)
            let failure = await #expect(throws: ProviderFailure.self) {
                try await stage.complete(request, at: adapter)
            }
            #expect(failure?.code == .contentPolicy && failure?.isDefiniteRefusal == true)
            let both = try stage.resolved(
                adapter,
                "google/lyria-3.5",
                music { ($0.lyrics, $0.instrumental) = ("Row.", true) }
            )
            let problem = #expect(throws: RequestProblem.self) { try adapter.validate(both) }
            #expect(problem?.field == "lyrics")
        }
    }
}
