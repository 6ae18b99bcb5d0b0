import Generation
import ProviderKit

/// The models of OpenAI's Audio API.
///
/// Sources, read on 2026-11-21:
/// - Models, voices, formats, limits, ends: `openai` 3.54.0 on PyPI, `types/audio/speech_create_params.py`,
///   `speech_model.py`, `transcription_create_params.py`; the smaller set of voices of the first models: the
///   text-to-speech guide.
/// - Prices: the models' pages, and LiteLLM 1.109.1, `model_prices_and_context_window.json`. The list of the vendor has a
///   price for tokens of sound, 6 and 3 dollars for a million, beside that for tokens of text; LiteLLM knows the latter
///   alone, which does not add up to the published 0.006 and 0.003 dollars a minute.
/// - The longest sound of the models that are no whisper is in no document: their own refusal says `is longer than 1400
///   seconds which is the maximum for this model` (speakr, issue 168, 2026-01-08; Scriberr, issue 477, 2026-08-20).
/// - What `gpt-transcribe` takes besides the file: `languages[]` and `keywords[]` of the SDK. How many keywords is said
///   nowhere.
/// - Tokens of a second of sound are published nowhere: ten a second are reported for what is heard, and some twenty
///   for what is spoken. What is held is above that.
extension OpenAIModels {
    /// Under this name a model notes how its sound comes, where that can be chosen.
    static let streamFormat = "stream_format"
    /// Under this name a model notes the form of answer that tells the most.
    static let answerForm = "response_format"
    /// Under this name a model notes what the field for a language is called, where it is not `language`.
    static let languageField = "language_field"

    static let speech = [
        spokenByTokens("gpt-4o-mini-tts", name: "OpenAI: GPT-4o mini TTS"),
        spokenByTokens("gpt-4o-mini-tts-2025-12-15", name: "OpenAI: GPT-4o mini TTS (2025-12-15)"),
        spokenByCharacters("tts-1", name: "OpenAI: TTS 1", "The first voices of OpenAI, fast.", usd: "0.000015"),
        spokenByCharacters("tts-1-hd", name: "OpenAI: TTS 1 HD", "The first voices of OpenAI, finer.", usd: "0.00003"),
    ]

    static let transcriptions: [ModelCapabilities] = [
        gptTranscribe,
        heardByTokens(
            "gpt-4o-transcribe",
            name: "OpenAI: GPT-4o Transcribe",
            "Speech to text, without times.",
            audio: "0.000006",
            text: "0.0000025",
            output: "0.00001"
        ),
        heardByTokens(
            "gpt-4o-mini-transcribe",
            name: "OpenAI: GPT-4o mini Transcribe",
            "Speech to text at half the price, without times.",
            audio: "0.000003",
            text: "0.00000125",
            output: "0.000005"
        ),
        diarizing, whisper,
    ]

    // MARK: - Speech

    private static let firstVoices = ["alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"]
    private static let laterVoices = ["ballad", "verse", "marin", "cedar"]

    private static func spokenByTokens(_ id: String, name: String) -> ModelCapabilities {
        var speech = SpeechParameters(voices: firstVoices + laterVoices, formats: speechFormats)
        speech.instructions = true
        speech.customVoices = true
        var model = spoken(
            id,
            name: name,
            "Speech in many voices, spoken as instructions say.",
            speech,
            prices: [
                ListPrice(unit: "input_text_token", usd: "0.0000006"),
                ListPrice(unit: "output_audio_token", usd: "0.000012"),
            ]
        )
        var meter = TokenMeter()
        meter.promptOverhead = 100
        // Half a second a character: slow, and of a script whose characters are syllables.
        meter.outputAudioPerThousandCharacters = 12_000
        // The card's example bills 101 for one short sentence.
        meter.outputAudioMin = 250
        model.tokens = meter
        model.wire = [streamFormat: "sse"]
        return model
    }

    private static func spokenByCharacters(
        _ id: String,
        name: String,
        _ summary: String,
        usd: String
    ) -> ModelCapabilities {
        spoken(
            id,
            name: name,
            summary,
            SpeechParameters(voices: firstVoices, formats: speechFormats),
            prices: [ListPrice(unit: "character", usd: usd)]
        )
    }

    private static let speechFormats = ["mp3", "opus", "aac", "flac", "wav", "pcm"]

    private static func spoken(
        _ id: String,
        name: String,
        _ summary: String,
        _ parameters: SpeechParameters,
        prices: [ListPrice]
    ) -> ModelCapabilities {
        var speech = parameters
        speech.speed = 0.25...4
        return model(
            id,
            name: name,
            summary,
            .speech(speech),
            charactersMax: 4_096,
            prices: prices,
            typicalSeconds: 5,
            end: CalendarDate("2027-01-06")
        )
    }

    // MARK: - Transcriptions

    private static let gptTranscribe: ModelCapabilities = {
        var heard = TranscriptionParameters(
            formats: ["json", "text"],
            mediaTypes: mediaTypes,
            bytesMax: bytesMax,
            secondsMax: secondsMax
        )
        heard.keytermsMax = 100
        heard.prompt = true
        var model = transcribing(
            "gpt-transcribe",
            name: "OpenAI: GPT Transcribe",
            "OpenAI's current speech to text: takes words that are likely to be heard; without times.",
            heard,
            prices: [ListPrice(unit: "audio_second", usd: "0.000075")],
            end: nil
        )
        model.wire = [languageField: "languages[]"]
        return model
    }()

    private static let diarizing: ModelCapabilities = {
        var heard = TranscriptionParameters(
            formats: ["json", "verbose_json", "text", "srt", "vtt"],
            mediaTypes: mediaTypes,
            bytesMax: bytesMax,
            secondsMax: secondsMax
        )
        heard.diarize = true
        heard.granularities = [.segment]
        var model = transcribing(
            "gpt-4o-transcribe-diarize",
            name: "OpenAI: GPT-4o Transcribe Diarize",
            "Speech to text that tells speakers apart, with times.",
            heard,
            prices: prices(audio: "0.000006", text: "0.0000025", output: "0.00001"),
            end: CalendarDate("2027-02-26")
        )
        model.tokens = heardTokens
        model.wire = [answerForm: "diarized_json"]
        return model
    }()

    private static let whisper: ModelCapabilities = {
        // Nothing but the file's length is limited: four hours are what 25 MB hold at 14 kbit/s.
        var heard = TranscriptionParameters(
            formats: ["json", "verbose_json", "text", "srt", "vtt"],
            mediaTypes: mediaTypes,
            bytesMax: bytesMax,
            secondsMax: 14_400
        )
        heard.granularities = [.segment, .word]
        heard.temperatures = 0...1
        heard.prompt = true
        var model = transcribing(
            "whisper-1",
            name: "OpenAI: Whisper",
            "Speech to text with times of sentences and words, and captions.",
            heard,
            prices: [ListPrice(unit: "audio_second", usd: "0.0001")],
            end: CalendarDate("2027-02-26")
        )
        model.wire = [answerForm: "verbose_json"]
        return model
    }()

    private static func heardByTokens(
        _ id: String,
        name: String,
        _ summary: String,
        audio: String,
        text: String,
        output: String
    ) -> ModelCapabilities {
        var heard = TranscriptionParameters(
            formats: ["json", "text"],
            mediaTypes: mediaTypes,
            bytesMax: bytesMax,
            secondsMax: secondsMax
        )
        heard.temperatures = 0...1
        heard.prompt = true
        var model = transcribing(
            id,
            name: name,
            summary,
            heard,
            prices: prices(audio: audio, text: text, output: output),
            end: CalendarDate("2027-02-26")
        )
        model.tokens = heardTokens
        model.wire = [answerForm: "json"]
        return model
    }

    private static func prices(audio: String, text: String, output: String) -> [ListPrice] {
        [
            ListPrice(unit: "input_audio_token", usd: audio), ListPrice(unit: "input_text_token", usd: text),
            ListPrice(unit: "output_text_token", usd: output),
        ]
    }

    private static let heardTokens: TokenMeter = {
        var meter = TokenMeter()
        meter.promptOverhead = 50
        meter.inputAudioPerSecond = 15
        meter.outputTextMax = 8_000
        return meter
    }()

    private static let mediaTypes = OpenAITranscriptions.endings.keys.sorted()
    /// The vendor takes 26,214,400 bytes with all that stands around the file.
    private static let bytesMax: Int64 = 26_000_000
    private static let secondsMax = 1_400

    private static func transcribing(
        _ id: String,
        name: String,
        _ summary: String,
        _ parameters: TranscriptionParameters,
        prices: [ListPrice],
        end: CalendarDate?
    ) -> ModelCapabilities {
        model(
            id,
            name: name,
            summary,
            .transcription(parameters),
            charactersMax: 4_000,
            prices: prices,
            typicalSeconds: 15,
            end: end
        )
    }

    // MARK: - Both

    private static func model(
        _ id: String,
        name: String,
        _ summary: String,
        _ parameters: ModelParameters,
        charactersMax: Int,
        prices: [ListPrice],
        typicalSeconds: Double,
        end: CalendarDate?
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: "openai/\(id)",
            name: name,
            summary: summary,
            parameters: parameters,
            promptCharactersMax: charactersMax,
            prices: prices,
            limits: EndpointLimits(slots: 250, submitsPerMinute: 500),
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 600,
                pollIntervalSeconds: 2
            ),
            source: "openai 3.54.0 (PyPI), the audio guides and LiteLLM 1.109.1, 2026-11-21"
        )
        model.availableUntil = end
        if end != nil, case .transcription = parameters { model.replacedBy = "openai/gpt-transcribe" }
        model.dataPolicy = dataPolicy
        return model
    }
}
