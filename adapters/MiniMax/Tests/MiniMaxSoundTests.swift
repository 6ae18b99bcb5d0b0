import ConformanceKit
import Generation
import HTTPTransport
import MiniMaxAdapter
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// Speech and music: what is sent, what is refused, and what comes back.
@Suite(.timeLimit(.minutes(2)))
struct MiniMaxSoundTests {
    private static let base = "https://api.minimax.io"

    private func sent(_ request: GenerationRequest) async throws -> (path: String, body: JSONValue) {
        var settings = SimulatorSettings.forConformance
        settings.hasCheapMedia = true
        return try await withSimulator(MiniMaxSimulator.self, settings) { simulator in
            let adapter = try MiniMaxStage.adapter(simulator.baseURL)
            let resolved = try MiniMaxStage.resolved(request, adapter)
            _ = try await adapter.submit(resolved, attempt: MiniMaxStage.attempt(at: adapter).context())
            let requests = simulator.requests(.submit)
            #expect(requests.count == 1)
            let sent = try #require(requests.first)
            #expect(sent.header("Authorization") == "Bearer minimax-test")
            return (sent.path, try #require(sent.json))
        }
    }

    private func answer(_ status: Int, _ body: String, to request: GenerationRequest) async throws -> Submission {
        let transport = ScriptedTransport([.answered(.post, "\(Self.base)/v1/", status: status, body: body)])
        let adapter = try MiniMaxStage.adapter(Self.base, transport: transport)
        let resolved = try MiniMaxStage.resolved(request, adapter)
        return try await adapter.submit(resolved, attempt: MiniMaxStage.attempt(at: adapter).context())
    }

    private func refusal(_ request: GenerationRequest) throws -> RequestProblem? {
        let adapter = try MiniMaxStage.adapter(nil)
        do {
            try adapter.validate(try MiniMaxStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    @Test func everyFieldOfSpeechHasItsPlace() async throws {
        let plain: JSONValue = [
            "model": "speech-2.8-turbo", "text": "A boat on a lake.", "stream": false, "output_format": "url",
            "language_boost": "auto", "voice_setting": ["voice_id": "English_Graceful_Lady"],
            "audio_setting": ["format": "mp3", "sample_rate": 32_000, "bitrate": 128_000],
        ]
        let (path, body) = try await sent(MiniMaxStage.speech())
        #expect(path == "/v1/t2a_v2")
        #expect(body == plain)
        let request = MiniMaxStage.speech(options: ["emotion": "happy", "vol": .number(1.5), "pitch": -12]) {
            ($0.voice, $0.speed, $0.language, $0.responseFormat) = ("male-qn-qingse", 1.25, "de", "flac")
        }
        let full: JSONValue = [
            "model": "speech-2.8-turbo", "text": "A boat on a lake.", "stream": false, "output_format": "url",
            "language_boost": "German", "audio_setting": ["format": "flac", "sample_rate": 32_000],
            "voice_setting": [
                "voice_id": "male-qn-qingse", "speed": .number(1.25), "emotion": "happy", "vol": .number(1.5),
                "pitch": -12,
            ],
        ]
        #expect(try await sent(request).body == full)
    }

    @Test func aSongHasLyricsOrNoneOrTheModelsOwn() async throws {
        let (path, own) = try await sent(MiniMaxStage.song())
        #expect(path == "/v1/music_generation")
        #expect(own["lyrics_optimizer"] == true)
        #expect(own["is_instrumental"] == nil)
        let sung = try await sent(MiniMaxStage.song { $0.lyrics = "[Verse]\nRow, row" }).body
        #expect(sung["lyrics"] == "[Verse]\nRow, row")
        #expect(sung["lyrics_optimizer"] == nil)
        let silent = try await sent(MiniMaxStage.song { $0.instrumental = true }).body
        #expect(silent["is_instrumental"] == true)
        #expect(silent["lyrics_optimizer"] == nil)
    }

    @Test func theSoundIsWhereTheAnswerSays() async throws {
        let url = "https://minimax-algeng-chat-tts-us.oss-us-east-1.aliyuncs.com/a.mp3?Expires=1"
        let body =
            #"{"data":{"audio":"\#(url)","status":2},"extra_info":{"usage_characters":17},"base_resp":{"status_code":0,"status_msg":"success"}}"#
        #expect(
            try await answer(200, body, to: MiniMaxStage.speech())
                == .completed([ProviderOutput(.url(url), mediaType: "audio/mpeg")], ReportedUsage(characters: 17))
        )
        let none = #"{"data":{"audio":"","status":2},"base_resp":{"status_code":0,"status_msg":"success"}}"#
        #expect(try await answer(200, none, to: MiniMaxStage.song()) == .completed([], ReportedUsage()))
    }

    @Test(arguments: [
        ("{}", ProviderFailure.Code.unknown, false), ("<html>", .unknown, false),
        (#"{"data":{"audio":"494433"},"base_resp":{"status_code":0}}"#, .unknown, false),
        (#"{"base_resp":{"status_code":1026,"status_msg":"input new_sensitive"}}"#, .contentPolicy, true),
        (#"{"base_resp":{"status_code":1039,"status_msg":"token limit"}}"#, .rateLimited, true),
        (#"{"base_resp":{"status_code":2013,"status_msg":"invalid params"}}"#, .invalidRequest, true),
        (#"{"base_resp":{"status_code":1000,"status_msg":"unknown error"}}"#, .unavailable, false),
    ])
    func refusalsComeWithStatus200(
        body: String,
        code: ProviderFailure.Code,
        isDefinite: Bool
    ) async throws {
        for request in [MiniMaxStage.speech(), MiniMaxStage.song()] {
            let failure = try await #require(throws: ProviderFailure.self) {
                _ = try await answer(200, body, to: request)
            }
            #expect(failure.code == code)
            #expect(failure.isDefiniteRefusal == isDefinite)
            #expect(failure.requestReachedProvider == .yes)
        }
    }

    @Test func voicesAndOptionsAreHeldToTheirForm() throws {
        func voice(_ name: String) -> GenerationRequest { MiniMaxStage.speech { $0.voice = name } }
        #expect(try refusal(voice("Chinese (Mandarin)_Reliable_Executive")) == nil)
        #expect(try refusal(voice("a\"b"))?.field == "voice")
        #expect(try refusal(voice(String(repeating: "x", count: 257)))?.field == "voice")
        #expect(try refusal(MiniMaxStage.speech(options: ["emotion": "bored"]))?.kind == .invalidValue)
        #expect(try refusal(MiniMaxStage.speech(options: ["vol": 0]))?.kind == .invalidValue)
        #expect(try refusal(MiniMaxStage.speech(options: ["pitch": 13]))?.kind == .invalidValue)
        #expect(try refusal(MiniMaxStage.speech(options: ["stream": true]))?.kind == .unsupportedParameter)
        #expect(try refusal(MiniMaxStage.song(options: ["pitch": 1]))?.kind == .unknownField)
    }
}
