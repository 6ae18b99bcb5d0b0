import ElevenLabsAdapter
import Generation
import HTTPTransport
import ProviderKit
import Testing

/// What is offered, and what is refused before anything is sent.
@Suite struct ElevenCatalogTests {
    @Test func withoutAKeyThereIsNobody() {
        let settings = ProviderSettings(
            environment: ["ELEVENLABS_API_KEY": ""],
            workFolder: "",
            transport: UnavailableTransport(),
            processorCount: 1,
            now: { 0 }
        )
        #expect(ElevenLabsAdapters.instances(settings).isEmpty)
    }

    @Test func everyTypeOfSoundIsThere() {
        let types = ElevenLabsAdapters.models.map(\.type)
        #expect(Set(types) == [.speech, .sound, .music, .transcription])
        #expect(ElevenLabsAdapters.models.map(\.slug).contains("elevenlabs/eleven-turbo-v2"))
    }

    @Test(arguments: ["alloy", "George", "JBFqnCBsd6RMkjVDRZz", "../../v1/user", "JBFqnCBsd6RMkjVDRZz/", ""])
    func aVoiceThatNobodyHasIsRefusedWithTheList(voice: String) throws {
        let problem = try ElevenStage.refusal(ElevenStage.speech { $0.voice = voice })
        #expect(problem?.field == "voice")
        #expect(problem?.kind == .unsupportedValue)
        #expect(problem?.message.contains("george, sarah") ?? false)
    }

    @Test func aVoiceOfTheAccountIsPassedOn() throws {
        #expect(try ElevenStage.refusal(ElevenStage.speech { $0.voice = "AbCdEfGhIjKlMnOpQrSt" }) == nil)
    }

    @Test func optionsAreHeldToTheModel() throws {
        func field(_ request: GenerationRequest) throws -> String? { try ElevenStage.refusal(request)?.field }
        let path = "provider.options.elevenlabs"
        #expect(try field(ElevenStage.speech(options: ["stability": .number(0.3)])) == nil)
        let v3 = "elevenlabs/eleven-v3"
        #expect(try field(ElevenStage.speech(v3, options: ["stability": .number(0.3)])) == "\(path).stability")
        #expect(try field(ElevenStage.speech(v3, options: ["stability": 1])) == nil)
        #expect(try field(ElevenStage.speech(options: ["style": 2])) == "\(path).style")
        #expect(try field(ElevenStage.speech(options: ["prompt_influence": 1])) == "\(path).prompt_influence")
        #expect(try field(ElevenStage.speech(options: ["output_format": "mp3_44100_192"])) == "\(path).output_format")
        #expect(try field(ElevenStage.music(options: ["composition_plan": [:]])) == "\(path).composition_plan")
        #expect(
            try field(ElevenStage.transcription(options: ["use_multi_channel": true])) == "\(path).use_multi_channel"
        )
        let threshold = ElevenStage.transcription(options: ["diarization_threshold": .number(0.3)])
        #expect(try field(threshold) == "\(path).diarization_threshold")
        #expect(try field(ElevenStage.transcription(options: ["num_speakers": 33])) == "\(path).num_speakers")
    }

    @Test(arguments: ["", "one two three four five six", "a{b}", String(repeating: "x", count: 51)])
    func aTermThatTheProviderRefusesIsRefusedUnsent(term: String) throws {
        let problem = try ElevenStage.refusal(ElevenStage.transcription { $0.keyterms = ["boat", term] })
        #expect(problem?.field.hasPrefix("keyterms") ?? false)
        #expect(try ElevenStage.refusal(ElevenStage.transcription { $0.keyterms = ["boat", "at dawn"] }) == nil)
    }

    @Test func whatSeveralVoicesCannotDoIsRefused() throws {
        func field(_ options: JSONValue? = nil, _ change: (inout SpeechRequest) -> Void) throws -> String? {
            let request = ElevenStage.speech("elevenlabs/eleven-v3", options: options) {
                $0 = SpeechRequest(turns: [SpeechTurn(text: "Who?", voice: "sarah"), SpeechTurn(text: "Me.")])
                change(&$0)
            }
            return try ElevenStage.refusal(request)?.field
        }
        #expect(try field { _ in } == nil)
        #expect(try field { $0.speed = 1.1 } == "speed")
        #expect(try field { $0.responseFormat = "wav" } == "response_format")
        #expect(try field { $0.turns[1].voice = "nobody" } == "input[1].voice")
        #expect(try field { $0.turns[0].text = String(repeating: "x", count: 2_000) } == "input")
        #expect(try field(["style": 1]) { _ in } == "provider.options.elevenlabs.style")
    }

    @Test func theVersionInTheAddressMakesNoDifference() async throws {
        for address in ["https://eleven.example.com", "https://eleven.example.com/", "https://eleven.example.com/v1/"] {
            let transport = ElevenAddress()
            let adapter = try ElevenStage.adapter(address, transport: transport)
            _ = try? await ElevenStage.submit(ElevenStage.sound(), to: adapter)
            #expect(
                transport.url == "https://eleven.example.com/v1/sound-generation?output_format=mp3_44100_128"
            )
        }
    }
}
