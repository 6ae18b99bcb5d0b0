import Generation

/// The speech and music models of MiniMax: data, with source and date.
///
/// Ids, limits and fields: api-reference speech-t2a-http and music-generation (platform.minimax.io, copies of 2026). Prices
/// of speech: guides/pricing-paygo through litellm 1.109.1; of music: after inference.sh and docs.venice.ai, which resell it
/// at 0.15 and 0.18. All read on 2026-11-22.
enum MiniMaxAudioModels {
    private static let source =
        "platform.minimax.io api-reference (speech-t2a-http, music-generation), copies of 2026; prices: litellm 1.109.1; music: after resellers, unconfirmed; read 2026-11-22."

    static let all: [ModelCapabilities] = speech + music

    private static let speech: [ModelCapabilities] = [
        voice("speech-2.8-hd", "Speech 2.8 HD", "0.0001"), voice("speech-2.8-turbo", "Speech 2.8 Turbo", "0.00006"),
        voice("speech-2.6-hd", "Speech 2.6 HD", "0.0001"), voice("speech-2.6-turbo", "Speech 2.6 Turbo", "0.00006"),
        voice("speech-02-hd", "Speech 02 HD", "0.0001"), voice("speech-02-turbo", "Speech 02 Turbo", "0.00006"),
    ]

    private static let music: [ModelCapabilities] = [
        song("music-2.6", "Music 2.6"), song("music-2.5", "Music 2.5"),
    ]

    /// The vendor counts a Chinese character as two; what is held counts it once, and more than that is not billed on.
    private static func voice(_ id: String, _ name: String, _ usd: String) -> ModelCapabilities {
        var speech = SpeechParameters(voices: MiniMaxVoices.names, formats: MiniMaxFormat.allCases.map(\.rawValue))
        speech.customVoices = true
        speech.languages = MiniMaxLanguages.codes
        speech.speed = 0.5...2
        speech.secondsMax = 1_800
        var model = make(
            id,
            "MiniMax \(name)",
            "Speech in some forty languages, of up to ten thousand characters.",
            .speech(speech),
            ListPrice(unit: "character", usd: usd),
            limits: EndpointLimits(slots: 5, submitsPerMinute: 20),
            typicalSeconds: 5
        )
        model.promptCharactersMax = 10_000
        model.options = ["emotion", "vol", "pitch"]
        return model
    }

    private static func song(_ id: String, _ name: String) -> ModelCapabilities {
        var music = MusicParameters(formats: [MiniMaxFormat.mp3, .wav].map(\.rawValue), secondsMax: 360)
        music.lyricsCharactersMax = 3_500
        music.instrumental = true
        var model = make(
            id,
            "MiniMax \(name)",
            "Songs of some minutes, with lyrics of one's own or of the model's, or without singing.",
            .music(music),
            ListPrice(unit: "request", usd: "0.15"),
            limits: EndpointLimits(slots: 2, submitsPerMinute: 10, sharedBy: "minimax-music"),
            typicalSeconds: 90
        )
        model.promptCharactersMax = 2_000
        return model
    }

    private static func make(
        _ id: String,
        _ name: String,
        _ summary: String,
        _ parameters: ModelParameters,
        _ price: ListPrice,
        limits: EndpointLimits,
        typicalSeconds: Double
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: "minimax/\(id)",
            name: name,
            summary: summary,
            parameters: parameters,
            promptCharactersMax: 2_000,
            prices: [price],
            limits: limits,
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                deadlineSeconds: 3_600,
                // The answer comes when all is made.
                sendTimeoutSeconds: 900,
                pollIntervalSeconds: 5
            ),
            source: source
        )
        model.providerModel = id
        return model
    }
}
