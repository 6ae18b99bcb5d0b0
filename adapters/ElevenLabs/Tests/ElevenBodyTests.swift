import ElevenLabsAdapter
import Foundation
import Generation
import ProviderKit
import ProviderSimulators
import Testing

/// What is sent, to the last field.
///
/// The bodies are those of the official SDK elevenlabs 2.78.0, read on 2026-11-21.
@Suite struct ElevenBodyTests {
    private func sent(_ request: GenerationRequest) async throws -> SimulatedRequest {
        try await withSimulator(ElevenWire.self, ElevenStage.settings) { simulator in
            let (outputs, _) = try await ElevenStage.submit(request, to: ElevenStage.adapter(simulator.baseURL))
            #expect(outputs.count == 1)
            let sent = try #require(simulator.requests(.submit).first)
            #expect(simulator.requests(.submit).count == 1)
            #expect(sent.header("xi-api-key") == ElevenStage.key)
            #expect(sent.header("Authorization") == nil)
            return sent
        }
    }

    private static let george = "JBFqnCBsd6RMkjVDRZzb"
    private static let sarah = "EXAVITQu4vr4xnSDxMaL"

    @Test func aTextAloneIsSpokenByTheFirstVoice() async throws {
        let sent = try await sent(ElevenStage.speech())
        #expect(sent.path == "/v1/text-to-speech/\(Self.george)/stream")
        #expect(sent.query.map { "\($0.name)=\($0.value)" } == ["output_format=mp3_44100_128"])
        #expect(sent.json == ["text": "The boat leaves at dawn.", "model_id": "eleven_flash_v2_5"])
    }

    @Test func everyFieldOfSpeechHasItsPlace() async throws {
        let options: JSONValue = [
            "stability": .number(0.5), "similarity_boost": 1, "use_speaker_boost": false, "seed": 7,
            "previous_text": "Before.", "apply_text_normalization": "off", "enable_logging": false,
        ]
        let sent = try await sent(
            ElevenStage.speech("elevenlabs/eleven-v3", options: options) {
                $0.voice = "AbCdEfGhIjKlMnOpQrSt"
                $0.language = "de"
                $0.speed = 1.15
                $0.responseFormat = "opus"
            }
        )
        #expect(sent.path == "/v1/text-to-speech/AbCdEfGhIjKlMnOpQrSt/stream")
        #expect(
            sent.query.map { "\($0.name)=\($0.value)" } == ["output_format=opus_48000_96", "enable_logging=false"]
        )
        let expected: JSONValue = [
            "text": "The boat leaves at dawn.", "model_id": "eleven_v3", "language_code": "de", "seed": 7,
            "previous_text": "Before.", "apply_text_normalization": "off",
            "voice_settings": [
                "stability": .number(0.5), "similarity_boost": .number(1), "use_speaker_boost": false,
                "speed": .number(1.15),
            ],
        ]
        #expect(
            sent.json?.canonicalText.replacing("1.0", with: "1") == expected.canonicalText.replacing("1.0", with: "1")
        )
    }

    @Test func aFileWithItsLengthInFrontIsNotStreamed() async throws {
        let sent = try await sent(ElevenStage.speech { $0.responseFormat = "wav" })
        #expect(sent.path == "/v1/text-to-speech/\(Self.george)")
        #expect(sent.queryItem("output_format") == "wav_24000")
    }

    @Test func severalVoicesSpeakInTurns() async throws {
        let sent = try await sent(
            ElevenStage.speech("elevenlabs/eleven-v3", options: ["stability": 1, "seed": 3]) {
                $0 = SpeechRequest(turns: [SpeechTurn(text: "Who?", voice: "sarah"), SpeechTurn(text: "Me.")])
                $0.language = "en"
            }
        )
        #expect(sent.path == "/v1/text-to-dialogue")
        let expected: JSONValue = [
            "inputs": [
                ["text": "Who?", "voice_id": .string(Self.sarah)], ["text": "Me.", "voice_id": .string(Self.george)],
            ],
            "model_id": "eleven_v3", "language_code": "en", "seed": 3, "settings": ["stability": .number(1)],
        ]
        #expect(
            sent.json?.canonicalText.replacing("1.0", with: "1") == expected.canonicalText.replacing("1.0", with: "1")
        )
    }

    @Test func oneVoiceInTurnsIsOneVoice() async throws {
        let sent = try await sent(
            ElevenStage.speech {
                $0 = SpeechRequest(
                    turns: [SpeechTurn(text: "Who?", voice: "sarah"), SpeechTurn(text: "Me.", voice: "sarah")]
                )
            }
        )
        #expect(sent.path == "/v1/text-to-speech/\(Self.sarah)/stream")
        #expect(sent.json?["text"] == "Who?\nMe.")
    }

    @Test func soundsHaveTheLengthThatIsAskedFor() async throws {
        let plain = try await sent(ElevenStage.sound())
        #expect(plain.path == "/v1/sound-generation")
        #expect(plain.json == ["text": "A door slams", "model_id": "eleven_text_to_sound_v2"])
        let whole = try await sent(
            ElevenStage.sound(options: ["prompt_influence": .number(0.7)]) {
                $0.duration = 2.5
                $0.loop = true
                $0.responseFormat = "wav"
            }
        )
        #expect(whole.queryItem("output_format") == "wav_24000")
        let expected: JSONValue = [
            "text": "A door slams", "model_id": "eleven_text_to_sound_v2", "duration_seconds": .number(2.5),
            "loop": true, "prompt_influence": .number(0.7),
        ]
        #expect(whole.json == expected)
    }

    @Test func musicAlwaysHasALength() async throws {
        let plain = try await sent(ElevenStage.music())
        #expect(plain.path == "/v1/music")
        #expect(plain.queryItem("output_format") == "mp3_44100_128")
        #expect(plain.json == ["prompt": "A slow waltz", "model_id": "music_v2", "music_length_ms": 30_000])
        let whole = try await sent(
            ElevenStage.music("elevenlabs/music-v2.5", options: ["sign_with_c2pa": true]) {
                $0.duration = 12.345
                $0.instrumental = true
                $0.responseFormat = "opus"
            }
        )
        let expected: JSONValue = [
            "prompt": "A slow waltz", "model_id": "music_v2_5", "music_length_ms": 12_345,
            "force_instrumental": true, "sign_with_c2pa": true,
        ]
        #expect(whole.json == expected)
    }

    @Test func aSoundToBeHeardIsAForm() async throws {
        let options: JSONValue = ["tag_audio_events": false, "num_speakers": 2, "seed": 5]
        let sent = try await sent(
            ElevenStage.transcription(options: options) {
                $0.language = "de"
                $0.diarize = true
                $0.keyterms = ["Mediary", "at dawn"]
                $0.temperature = 0.5
            }
        )
        #expect(sent.path == "/v1/speech-to-text")
        let form = try #require(MultipartParts(sent.header("Content-Type") ?? "", sent.body))
        let fields = form.all.filter { $0.fileName == nil }
            .map { "\($0.name)=\(String(decoding: $0.bytes, as: UTF8.self))" }
        #expect(
            fields == [
                "model_id=scribe_v2", "timestamps_granularity=word", "diarize=true", "language_code=de",
                "temperature=0.5", "keyterms=Mediary", "keyterms=at dawn", "num_speakers=2", "seed=5",
                "tag_audio_events=false",
            ]
        )
        let file = try #require(form.first("file"))
        #expect(file.bytes == ElevenStage.wav)
        #expect(file.mediaType == "audio/wav")
        #expect(file.fileName == "sound.wav")
    }

    @Test func bareSamplesAreCalledSo() async throws {
        let sent = try await sent(
            ElevenStage.transcription {
                $0.inputAudio = .stored(
                    StoredInput(sha256: "sound", mediaType: "audio/pcm", bytes: Int64(ElevenStage.wav.count))
                )
            }
        )
        let form = try #require(MultipartParts(sent.header("Content-Type") ?? "", sent.body))
        #expect(form.first("file_format")?.bytes == Array("pcm_s16le_16".utf8))
        #expect(form.first("file")?.fileName == "sound.pcm")
    }
}
