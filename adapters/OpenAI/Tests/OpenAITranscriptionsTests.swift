import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import Testing

@testable import OpenAIAdapter

/// Transcriptions: what is sent, and the one form that the answers are brought into.
@Suite struct OpenAITranscriptionsTests {
    private static let sound = OpenAIStage.sound

    private static func transcript(
        _ request: GenerationRequest,
        at adapter: OpenAIAdapter
    ) async throws -> (transcript: Transcript, usage: ReportedUsage) {
        let inputs = [sound.stored.sha256: sound.bytes]
        let (outputs, usage) = try await OpenAIStage.submit(request, to: adapter, inputs: inputs)
        let output = try #require(outputs.first)
        #expect(outputs.count == 1 && output.mediaType == "application/json")
        let bytes = try await AdapterConformance.read(output, at: adapter)
        return (try JSONDecoder().decode(Transcript.self, from: Data(bytes)), usage)
    }

    private static func fields(_ simulator: ProviderSimulator) throws -> [String] {
        let sent = try #require(simulator.requests(.submit).last)
        #expect(sent.path == "/v1/audio/transcriptions")
        let form = try #require(MultipartParts(sent.header("Content-Type") ?? "", sent.body))
        let file = try #require(form.first("file"))
        #expect(file.fileName == "audio.wav" && file.mediaType == "audio/wav" && file.bytes == sound.bytes)
        return form.all.filter { $0.fileName == nil }.map { "\($0.name)=\(String(decoding: $0.bytes, as: UTF8.self))" }
    }

    @Test func whisperTellsTimes() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.transcription {
                ($0.language, $0.temperature, $0.prompt) = ("en", 0.5, "Boats.")
                ($0.responseFormat, $0.timestampGranularities) = ("verbose_json", [.word])
            }
            let (transcript, usage) = try await Self.transcript(request, at: adapter)
            let expected = [
                "model=whisper-1", "response_format=verbose_json", "language=en", "prompt=Boats.", "temperature=0.5",
                "timestamp_granularities[]=segment", "timestamp_granularities[]=word",
            ]
            #expect(try Self.fields(simulator) == expected)
            #expect(transcript.language == "english" && transcript.milliseconds == 6_000)
            #expect(transcript.segments.map(\.start) == [0, 4_000])
            #expect(transcript.segments.map(\.end) == [4_000, 6_000])
            #expect(transcript.words.count == 14 && transcript.words[1].start > 0)
            #expect(usage.milliseconds == 6_000)
            #expect(transcript.rendered(as: .vtt).hasPrefix("WEBVTT"))
        }
    }

    @Test func speakersAreToldApart() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let model = "openai/gpt-4o-transcribe-diarize"
            let (apart, usage) = try await Self.transcript(OpenAIStage.transcription(model: model), at: adapter)
            let expected = [
                "model=gpt-4o-transcribe-diarize", "response_format=diarized_json", "chunking_strategy=auto",
            ]
            #expect(try Self.fields(simulator) == expected)
            #expect(apart.segments.map(\.speaker) == ["A", "B"])
            #expect(usage.inputAudioTokens == 61 && usage.outputTextTokens ?? 0 > 0)
            #expect(usage.milliseconds == nil)
        }
    }

    @Test func theCurrentModelTakesHints() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.transcription(model: "openai/gpt-transcribe") {
                ($0.language, $0.keyterms) = ("en", ["boat", "canal"])
            }
            let (transcript, usage) = try await Self.transcript(request, at: adapter)
            let expected = ["model=gpt-transcribe", "languages[]=en", "keywords[]=boat", "keywords[]=canal"]
            #expect(try Self.fields(simulator) == expected)
            #expect(transcript.language == "en" && transcript.text.contains("boat"))
            #expect(usage.milliseconds == 6_000 && usage.inputAudioTokens == nil)
        }
    }

    @Test func whatIsNoTranscriptIsUnknown() async throws {
        for body in ["{}", #"{"text": 1}"#, "", "text", #"{"error": {"message": "no"}}"#] {
            let exchange = ScriptedTransport.Exchange.answered(
                .post,
                "http://server/v1/audio/transcriptions",
                status: 200,
                body: body
            )
            let adapter = try OpenAIStage.adapter("http://server/v1", transport: ScriptedTransport([exchange]))
            let failure = await #expect(throws: ProviderFailure.self, "\(body)") {
                _ = try await Self.transcript(OpenAIStage.transcription(), at: adapter)
            }
            #expect(failure?.isDefiniteRefusal == false)
        }
    }

    @Test func strangeTimesAreLeftOut() async throws {
        let body = """
            {"text": "Hi.", "duration": -1, "segments": [{"start": 2, "end": 1, "text": "Hi."}, {"text": "no"},
            {"start": 1e300, "end": 1, "text": "no"}], "words": [{"word": "Hi", "start": 0.0004, "end": "1"}]}
            """
        let exchange = ScriptedTransport.Exchange.answered(
            .post,
            "http://server/v1/audio/transcriptions",
            status: 200,
            body: body
        )
        let adapter = try OpenAIStage.adapter("http://server/v1", transport: ScriptedTransport([exchange]))
        let (transcript, usage) = try await Self.transcript(OpenAIStage.transcription(), at: adapter)
        #expect(transcript.segments == [Transcript.Segment(start: 2_000, end: 2_000, text: "Hi.")])
        #expect(transcript.words.isEmpty && transcript.milliseconds == nil)
        #expect(usage == ReportedUsage())
    }

    @Test func aSoundOfAnotherKindIsNotSent() async throws {
        let adapter = try OpenAIStage.adapter(nil, transport: UnavailableTransport())
        let stored = StoredInput(sha256: Self.sound.stored.sha256, mediaType: "audio/aac", bytes: 3)
        let request = GenerationRequest(
            model: "openai/whisper-1",
            content: .transcription(TranscriptionRequest(inputAudio: .stored(stored)))
        )
        let attempt = TestAttempt(at: adapter, externalID: "att_1", inputs: [stored.sha256: [1, 2, 3]])
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await adapter.submit(request, attempt: attempt.context())
        }
        #expect(failure?.code == .invalidRequest && failure?.isDefiniteRefusal == true)
        #expect(attempt.commits.isEmpty)
    }
}
