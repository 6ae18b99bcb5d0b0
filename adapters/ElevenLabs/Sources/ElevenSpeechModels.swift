import Generation

/// The speech models: data, with source and date.
///
/// Ids: `text_to_speech` of the official SDK elevenlabs 2.78.0 and the vendor's list of models. Longest texts: the vendor's
/// help page 19572237925521 (v2 and 2.5) and its list of models (v3: 5,000; v4: 10,000). Prices: the vendor's API price
/// list as LiteLLM 1.109.1 has it. Concurrency: the vendor's table (elevenlabs.io/docs/overview/models), in a copy of
/// 2026-09-17, of the Starter plan: the smallest that has everything. All read on 2026-11-21.
enum ElevenSpeechModels {
    /// The note of a model that knows three kinds of stability alone.
    static let stepsNote = "stability-steps"

    private static let source =
        "elevenlabs 2.78.0 (SDK); help.elevenlabs.io 19572237925521; docs/overview/models (concurrency); LiteLLM 1.109.1 (prices); read 2026-11-21."

    /// The two families have limits of their own, which their models share.
    ///
    /// What exceeds them waits at the vendor first.
    private static let limits = EndpointLimits(slots: 3, sharedBy: "speech")
    private static let flashLimits = EndpointLimits(slots: 6, sharedBy: "flash")

    static let all: [ModelCapabilities] = [
        make(
            "elevenlabs/eleven-v4",
            "eleven_v4",
            name: "Eleven v4",
            summary:
                "The most expressive speech of the vendor, steered by tags in the text, in more than seventy languages.",
            languages: ElevenLanguages.ofV3,
            charactersMax: 10_000,
            usdPerCharacter: "0.00008",
            speakersMax: 10
        ),
        make(
            "elevenlabs/eleven-v4-turbo",
            "eleven_v4_turbo",
            name: "Eleven v4 Turbo",
            summary: "The quicker form of Eleven v4, at half the price.",
            languages: ElevenLanguages.ofV3,
            charactersMax: 10_000,
            usdPerCharacter: "0.00004",
            isFlash: true
        ),
        make(
            "elevenlabs/eleven-v3",
            "eleven_v3",
            name: "Eleven v3",
            summary: "Expressive speech, steered by tags in the text, in more than seventy languages.",
            languages: ElevenLanguages.ofV3,
            charactersMax: 5_000,
            usdPerCharacter: "0.00008",
            speakersMax: 10,
            wire: [stepsNote: "0, 0.5, 1"]
        ),
        make(
            "elevenlabs/eleven-multilingual-v2",
            "eleven_multilingual_v2",
            name: "Eleven Multilingual v2",
            summary: "Even, lifelike speech for long texts in twenty-nine languages.",
            charactersMax: 10_000,
            usdPerCharacter: "0.00008"
        ),
        make(
            "elevenlabs/eleven-flash-v2.5",
            "eleven_flash_v2_5",
            name: "Eleven Flash v2.5",
            summary: "Speech with little delay in thirty-two languages, at half the price.",
            languages: ElevenLanguages.ofFlash,
            charactersMax: 40_000,
            usdPerCharacter: "0.00004",
            isFlash: true
        ),
        make(
            "elevenlabs/eleven-flash-v2",
            "eleven_flash_v2",
            name: "Eleven Flash v2",
            summary: "English speech with little delay, at half the price.",
            charactersMax: 30_000,
            usdPerCharacter: "0.00004",
            isFlash: true
        ),
        make(
            "elevenlabs/eleven-turbo-v2.5",
            "eleven_turbo_v2_5",
            name: "Eleven Turbo v2.5",
            summary: "Speech in thirty-two languages, between Flash and Multilingual.",
            languages: ElevenLanguages.ofFlash,
            charactersMax: 40_000,
            usdPerCharacter: "0.00004",
            isFlash: true
        ),
        make(
            "elevenlabs/eleven-turbo-v2",
            "eleven_turbo_v2",
            name: "Eleven Turbo v2",
            summary: "English speech, between Flash and Multilingual.",
            charactersMax: 30_000,
            usdPerCharacter: "0.00004",
            isFlash: true
        ),
    ]

    private static func make(
        _ slug: String,
        _ providerModel: String,
        name: String,
        summary: String,
        languages: [String] = [],
        charactersMax: Int,
        usdPerCharacter: String,
        isFlash: Bool = false,
        speakersMax: Int = 1,
        wire: [String: String] = [:]
    ) -> ModelCapabilities {
        var speech = SpeechParameters(
            voices: ElevenVoices.names,
            formats: [ElevenFormat.mp3, .opus, .wav, .pcm].map(\.rawValue)
        )
        speech.customVoices = true
        speech.speakersMax = speakersMax
        speech.languages = languages
        // `voice_settings.speed` of the SDK; other wires go from 0.25 to 4.
        speech.speed = 0.7...1.2
        // The vendor reckons with a thousand characters a minute; the slowest voice takes half as long again.
        speech.secondsMax = charactersMax * 9 / 100
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .speech(speech),
            promptCharactersMax: charactersMax,
            prices: [ListPrice(unit: "character", usd: usdPerCharacter)],
            limits: isFlash ? flashLimits : limits,
            timing: EndpointTiming(
                typicalSeconds: isFlash ? 2 : 5,
                deadlineSeconds: 3_600,
                sendTimeoutSeconds: 900,
                pollIntervalSeconds: 5
            ),
            source: source,
            options: ElevenOptions.ofSpeech
        )
        model.providerModel = providerModel
        model.wire = wire
        model.dataPolicy = ElevenPolicy.data
        return model
    }
}

/// What the vendor does with what it is sent.
enum ElevenPolicy {
    static let data = DataPolicy(
        zeroRetention: false,
        retentionDays: nil,
        trainsOnInputs: nil,
        source:
            "Speech is kept in the account's history until it is deleted there; enable_logging=false, for enterprises, keeps nothing (elevenlabs 2.78.0); read 2026-11-21."
    )
}
