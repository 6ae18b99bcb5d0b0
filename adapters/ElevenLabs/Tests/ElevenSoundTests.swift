import ConformanceKit
import ElevenLabsAdapter
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import Testing

/// Sound as it comes, and transcripts.
@Suite(.timeLimit(.minutes(5)))
struct ElevenSoundTests {
    private static func path(_ output: ProviderOutput) throws -> String {
        guard case .file(let path) = output.location else { throw ProviderFailure.unreadable("no file") }
        return path
    }

    @Test func soundIsHeardWhileItComesAndIsKeptByteForByte() async throws {
        let chunks: [[UInt8]] = [
            Array("ID3".utf8), Array(repeating: 1, count: 20), Array(repeating: 2, count: 1_000), [3],
        ]
        let listener = ElevenListener()
        let adapter = try ElevenStage.adapter("https://eleven.example.com", transport: ElevenChunks(chunks: chunks))
        let (outputs, usage) = try await ElevenStage.submit(ElevenStage.speech(), to: adapter, watcher: listener)
        // As soon as it is known to be sound, and then chunk by chunk.
        #expect(listener.words == ["opened audio/mpeg", "23", "1023", "1024", "finished"])
        let output = try #require(outputs.first)
        #expect(output.mediaType == "audio/mpeg")
        let path = try Self.path(output)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(chunks.flatMap(\.self)))
        #expect(usage == ReportedUsage())
        try FileManager.default.removeItem(atPath: path)
    }

    @Test func soundThatBreaksOffIsTakenBackAndItsOutcomeOpen() async throws {
        let transport = ElevenChunks(
            chunks: [Array("ID3".utf8) + Array(repeating: 1, count: 100)],
            failure: TransportFailure(.connectionLost, requestReachedPeer: .yes, "cut")
        )
        let listener = ElevenListener()
        let adapter = try ElevenStage.adapter("https://eleven.example.com", transport: transport)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await ElevenStage.submit(ElevenStage.speech(), to: adapter, watcher: listener)
        }
        #expect(failure?.requestReachedProvider == .yes)
        #expect(failure?.isDefiniteRefusal == false)
        #expect(listener.words == ["opened audio/mpeg", "103", "discarded"])
    }

    @Test(arguments: [
        "", "{\"detail\":\"nothing\"}", "<!DOCTYPE html><html></html>", "RIFF????WAVEfmt 1234", "OggS and more of it",
    ])
    func whatIsNotTheFormatIsHeardByNobody(body: String) async throws {
        let listener = ElevenListener()
        let transport = ElevenChunks(chunks: [Array(body.utf8)])
        let adapter = try ElevenStage.adapter("https://eleven.example.com", transport: transport)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await ElevenStage.submit(ElevenStage.speech(), to: adapter, watcher: listener)
        }
        #expect(failure?.code == .unknown)
        #expect(failure?.requestReachedProvider == .yes)
        #expect(failure?.isDefiniteRefusal == false)
        #expect(listener.words.isEmpty)
    }

    @Test func aPageIsNotTakenForSamples() async throws {
        let transport = ElevenChunks(chunks: [Array("{\"detail\":\"nothing\"}".utf8)])
        let adapter = try ElevenStage.adapter("https://eleven.example.com", transport: transport)
        await #expect(throws: ProviderFailure.self) {
            _ = try await ElevenStage.submit(ElevenStage.speech { $0.responseFormat = "pcm" }, to: adapter)
        }
    }

    /// Each format as it comes from the other side, as long as it was asked for.
    @Test func everyFormatIsWhatItSaysAndAsLong() async throws {
        var settings = ElevenStage.settings
        settings.hasCheapMedia = false
        try await withSimulator(ElevenWire.self, settings) { simulator in
            let adapter = try ElevenStage.adapter(simulator.baseURL)
            for (format, type) in [("mp3", MediaType.mp3), ("opus", .ogg), ("wav", .wav)] {
                let request = ElevenStage.sound {
                    $0.duration = 2
                    $0.responseFormat = format
                }
                let output = try #require(try await ElevenStage.submit(request, to: adapter).outputs.first)
                let path = try Self.path(output)
                let facts = try MediaInspector.inspect(path: path, expecting: type)
                #expect(output.mediaType.flatMap { MediaType(mime: $0) } == type)
                let length = try #require(facts.durationMilliseconds)
                #expect(abs(length - 2_000) < 100, "\(format): \(length)")
                try FileManager.default.removeItem(atPath: path)
            }
            let samples = ElevenStage.speech {
                $0.input = String(repeating: "x", count: 30)
                $0.responseFormat = "pcm"
            }
            let output = try #require(try await ElevenStage.submit(samples, to: adapter).outputs.first)
            #expect(output.mediaType == "audio/pcm;rate=24000;channels=1")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: try Self.path(output)))
            #expect(bytes.count == 2 * 24_000 * 2)
        }
    }

    // MARK: - Transcripts

    private func transcript(
        _ answer: String,
        _ change: (inout TranscriptionRequest) -> Void = { _ in }
    ) async throws -> (Transcript, ReportedUsage) {
        let base = "https://eleven.example.com"
        let transport = ScriptedTransport([.answered(.post, base, status: 200, body: answer)])
        let adapter = try ElevenStage.adapter(base, transport: transport)
        let (outputs, usage) = try await ElevenStage.submit(
            ElevenStage.transcription("elevenlabs/scribe-v2", options: nil, change),
            to: adapter
        )
        let output = try #require(outputs.first)
        #expect(output.mediaType == "application/json")
        let path = try Self.path(output)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try FileManager.default.removeItem(atPath: path)
        return (try JSONDecoder().decode(Transcript.self, from: bytes), usage)
    }

    private static func word(
        _ text: String,
        _ start: Double,
        _ end: Double,
        _ rest: String = #""type":"word""#
    ) -> String {
        #"{"text":"\#(text)","start":\#(start),"end":\#(end),"logprob":-0.1,\#(rest)}"#
    }

    private static func answer(_ text: String, _ words: [String], seconds: String = "9.5") -> String {
        let space = word(" ", 0, 0, #""type":"spacing""#)
        let list = words.joined(separator: ",\(space),")
        return
            #"{"language_code":"eng","language_probability":0.98,"text":"\#(text)","words":[\#(list)],"transcription_id":"tr_1","audio_duration_secs":\#(seconds)}"#
    }

    @Test func wordsBecomeSentences() async throws {
        let answer = Self.answer(
            "Hello you. How are (laughs) things?",
            [
                Self.word("Hello", 0.1, 0.4), Self.word("you.", 0.45, 0.9), Self.word("How", 1, 1.2),
                Self.word("are", 1.25, 1.5), Self.word("(laughs)", 1.5, 2, #""type":"audio_event""#),
                Self.word("things?", 2.1, 2.6),
            ]
        )
        let (transcript, usage) = try await transcript(answer)
        #expect(transcript.text == "Hello you. How are (laughs) things?")
        #expect(transcript.language == "eng")
        #expect(transcript.milliseconds == 9_500)
        #expect(usage == ReportedUsage(milliseconds: 9_500))
        #expect(transcript.segments.map(\.text) == ["Hello you.", "How are (laughs) things?"])
        #expect(transcript.segments.map(\.start) == [100, 1_000])
        #expect(transcript.segments.map(\.end) == [900, 2_600])
        // A laugh is no word.
        #expect(transcript.words.map(\.word) == ["Hello", "you.", "How", "are", "things?"])
        #expect(transcript.words[1] == Transcript.Word(start: 450, end: 900, word: "you."))
    }

    @Test func speakersAreToldApartWhereThatWasAskedFor() async throws {
        let words = [
            Self.word("Who", 0, 0.3, #""type":"word","speaker_id":"speaker_0""#),
            Self.word("me", 0.4, 0.6, #""type":"word","speaker_id":"speaker_1""#),
        ]
        let (apart, _) = try await transcript(Self.answer("Who me", words)) { $0.diarize = true }
        #expect(apart.segments.map(\.speaker) == ["speaker_0", "speaker_1"])
        #expect(apart.words.map(\.speaker) == ["speaker_0", "speaker_1"])
        let (together, _) = try await transcript(Self.answer("Who me", words))
        #expect(together.segments.map(\.speaker) == [nil])
        #expect(together.segments.map(\.text) == ["Who me"])
    }

    @Test func aCaptionIsNeitherLongNorLasting() async throws {
        let many = (0..<100).map { Self.word("word", Double($0) * 0.5, Double($0) * 0.5 + 0.4) }
        let (transcript, _) = try await transcript(Self.answer("words", many))
        #expect(transcript.words.count == 100)
        #expect(transcript.segments.count > 5)
        #expect(transcript.segments.allSatisfy { $0.end - $0.start <= 7_000 && $0.text.count <= 84 })
        #expect(transcript.segments.map(\.text).joined(separator: " ").count == 499)
        // A silence ends one as well.
        let apart = Self.answer("one two", [Self.word("one", 0, 0.4), Self.word("two", 1.5, 1.9)])
        #expect(try await self.transcript(apart).0.segments.count == 2)
    }

    @Test func silenceIsATranscriptAndTimesMayBeMissing() async throws {
        let (silent, _) = try await transcript(#"{"language_code":"eng","text":"","words":[],"audio_duration_secs":6}"#)
        #expect(silent.text.isEmpty)
        #expect(silent.segments.isEmpty)
        let bare = #"{"text":"Hello.","words":[{"text":"Hello.","type":"word","start":null,"end":null}]}"#
        let (untimed, usage) = try await transcript(bare)
        #expect(untimed.text == "Hello.")
        #expect(untimed.words.isEmpty)
        #expect(usage == ReportedUsage())
    }

    @Test(arguments: ["{}", "[]", "<html>", #"{"text":5}"#, #"{"message":"Request accepted","request_id":"r"}"#, ""])
    func anAnswerWithoutATextLeavesTheOutcomeOpen(body: String) async throws {
        let failure = await #expect(throws: ProviderFailure.self) { _ = try await transcript(body) }
        #expect(failure?.requestReachedProvider == .yes)
        #expect(failure?.isDefiniteRefusal == false)
    }
}
