import ConformanceKit
import Generation
import MediaInspection
import ProviderSimulators
import Testing

/// The simulated ElevenLabs under its vendor's official SDK: only when that is satisfied is an adapter judged by it.
///
/// What is asserted besides stands in `Clients/elevenlabs_wire.py`.
@Suite(.enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct ElevenLabsSDKTests {
    @Test(.timeLimit(.minutes(5)))
    func theOfficialSDKIsSatisfied() async throws {
        var settings = SimulatorSettings()
        settings.durations = .fixed(seconds: 0.05)
        let report = try await withTemporaryFolder { folder in
            let report = try await withSimulator(ElevenWire.self, settings) { simulator in
                let report = try await PythonClients.run(
                    "elevenlabs_wire.py",
                    [simulator.baseURL, "xi-simulated", folder]
                )
                #expect(simulator.violations.isEmpty, "\(simulator.violations)")
                return report
            }
            // What came is what was asked for, and as long.
            for (name, type, milliseconds) in [
                ("whole.mp3", MediaType.mp3, 800), ("a.mp3", .mp3, 727), ("a.opus", .ogg, 727),
                ("a.wav", .wav, 500), ("dialogue.mp3", .mp3, 733), ("sound.mp3", .mp3, 1_500),
                ("music.mp3", .mp3, 5_000), ("music-stream.mp3", .mp3, 5_000),
            ] as [(String, MediaType, Int64)] {
                let facts = try MediaInspector.inspect(path: "\(folder)/\(name)", expecting: type)
                let length = try #require(facts.durationMilliseconds, "\(name)")
                #expect(abs(length - milliseconds) <= 110, "\(name): \(length) ms")
            }
            return report
        }
        #expect(report["cost"] == "12")
        #expect(report["files"]?["a.pcm"]?.integerValue.map { abs($0 - 34_909) <= 4 } == true)
        #expect(report["heard"]?["seconds"] == 6)
        #expect(report["heard"]?["words"] == 15)
        #expect(report["heard"]?["speakers"] == ["speaker_0", "speaker_1"])
        #expect(report["samples"]?["language"] == "de")
        #expect(report["samples"]?["seconds"] == 2)
        let refused: [String: JSONValue] = [
            "key": "401 invalid_api_key", "quota": "401 quota_exceeded", "busy": "429 too_many_concurrent_requests",
            "voice": "404 voice_not_found", "model": "404 model_not_found",
            "too_long": "400 max_character_limit_exceeded", "wav_stream": "400 invalid_output_format",
            "language": "400 invalid_parameters", "speed": "422 speed", "stability": "400 invalid_voice_settings",
            "filtered": "403 content_against_policy", "sound_length": "422 duration_seconds",
            "music_length": "422 music_length_ms", "music_seed": "400 invalid_parameters",
            "music_filtered": "400 bad_prompt", "keyterms": "400 invalid_parameters",
            "no_sound": "400 invalid_audio", "threshold": "400 invalid_parameters",
        ]
        #expect(report["refused"] == .object(refused))
    }
}
