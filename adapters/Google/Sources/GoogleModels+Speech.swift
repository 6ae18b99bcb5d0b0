import Generation

/// The speech models of both doors: data.
extension GoogleModels {
    /// The 30 voices of every model; the first is the default.
    ///
    /// Source: ai.google.dev/gemini-api/docs/speech-generation (2026-10).
    private static let voices = [
        "Kore", "Zephyr", "Puck", "Charon", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe", "Autonoe", "Enceladus",
        "Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib", "Rasalgethi", "Laomedeia", "Achernar",
        "Alnilam", "Schedar", "Gacrux", "Pulcherrima", "Achird", "Zubenelgenubi", "Vindemiatrix", "Sadachbia",
        "Sadaltager", "Sulafat",
    ]

    private struct Speech {
        let id: String
        let name: String
        let summary: String
        let script: GeminiSpeech.Script
        /// US dollars for a token of text that goes in, and of sound that comes out.
        let input: String
        let output: String
        var perMinute: Int?
        var until: CalendarDate?
        let source: String
    }

    /// Prices: litellm 1.109.1 map of ai.google.dev/gemini-api/docs/pricing (2026-10).
    ///
    /// Of those that end, pages name 2026-11-17 and 2026-12-18 (github.com/gunpal5/Google_GenerativeAI, 2026-11); the
    /// later one counts here, and the operator's file can say otherwise.
    private static let speeches = [
        Speech(
            id: "gemini-3.8-flash-tts",
            name: "Gemini 3.8 Flash TTS",
            summary: "Google's most expressive speech: over 130 languages, two speakers, directed by instructions.",
            script: .metadata,
            input: "0.0000005",
            output: "0.000009",
            source: "launch prices, which double on 2027-01-01"
        ),
        Speech(
            id: "gemini-3.8-flash-lite-tts",
            name: "Gemini 3.8 Flash Lite TTS",
            summary: "Google's fast and cheap speech: over 100 languages, two speakers, directed by instructions.",
            script: .metadata,
            input: "0.0000005",
            output: "0.000006",
            source: "launch prices, which double on 2027-01-01"
        ),
        Speech(
            id: "gemini-3.1-flash-tts-preview",
            name: "Gemini 3.1 Flash TTS Preview",
            summary: "The preview before Gemini 3.8 TTS.",
            script: .prompt,
            input: "0.000001",
            output: "0.00002",
            perMinute: 10,
            until: CalendarDate("2026-12-18"),
            source: "end: unconfirmed"
        ),
        Speech(
            id: "gemini-2.5-flash-preview-tts",
            name: "Gemini 2.5 Flash TTS Preview",
            summary: "The first fast speech of Gemini.",
            script: .prompt,
            input: "0.0000005",
            output: "0.00001",
            perMinute: 10,
            until: CalendarDate("2026-12-18"),
            source: "end: unconfirmed"
        ),
        Speech(
            id: "gemini-2.5-pro-preview-tts",
            name: "Gemini 2.5 Pro TTS Preview",
            summary: "The first studio speech of Gemini.",
            script: .prompt,
            input: "0.000001",
            output: "0.00002",
            perMinute: 10,
            until: CalendarDate("2026-12-18"),
            source: "end: unconfirmed"
        ),
    ]

    /// Those of the Gemini API.
    static let speech: [ModelCapabilities] = speeches.map(speech)

    /// Those of Vertex AI: previews have other names there, and other days.
    static let vertexSpeech: [ModelCapabilities] = speeches.filter { $0.script == .metadata }.map { model in
        var capabilities = speech(model)
        capabilities.dataPolicy = vertexPolicy
        return capabilities
    }

    private static func speech(_ model: Speech) -> ModelCapabilities {
        var parameters = SpeechParameters(voices: voices, formats: ["pcm", "wav"])
        parameters.instructions = true
        parameters.speakersMax = 2
        // An account's own voices, by the ids that the Voices API gives.
        parameters.customVoices = model.script == .metadata
        // 16,384 tokens of sound, 25 a second.
        parameters.secondsMax = 656
        var capabilities = ModelCapabilities(
            slug: "google/\(model.id)",
            name: model.name,
            summary: model.summary,
            parameters: .speech(parameters),
            // 8,192 tokens go in, and what is spoken must fit into 16,384.
            promptCharactersMax: 8_000,
            prices: [
                ListPrice(unit: "input_text_token", usd: model.input),
                ListPrice(unit: "output_audio_token", usd: model.output),
            ],
            limits: EndpointLimits(slots: 100, submitsPerMinute: model.perMinute),
            timing: EndpointTiming(
                typicalSeconds: 8,
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 600,
                pollIntervalSeconds: 1
            ),
            source: "ai.google.dev/gemini-api/docs/speech-generation and /docs/pricing (litellm 1.109.1), 2026-10; "
                + "google-genai 3.4.0; " + model.source
        )
        var meter = TokenMeter()
        meter.promptOverhead = 64
        // A slow voice, or a script of syllables, takes a third of a second for a character.
        meter.outputAudioPerThousandCharacters = 8_000
        // Ten seconds, at 25 a second.
        meter.outputAudioMin = 250
        capabilities.tokens = meter
        capabilities.wire[GeminiSpeech.Script.note] = model.script.rawValue
        capabilities.availableUntil = model.until
        if model.until != nil { capabilities.replacedBy = "google/gemini-3.8-flash-lite-tts" }
        capabilities.dataPolicy = geminiPolicy
        return capabilities
    }
}
