import Generation

/// The music models of the Gemini API: data.
extension GoogleModels {
    /// Lyria: a price for a piece, whatever its length.
    ///
    /// Prices: litellm 1.109.1 map of ai.google.dev/gemini-api/docs/pricing (2026-10).
    static let music: [ModelCapabilities] = [
        lyria(
            "3-clip-preview",
            "Lyria 3 Clip Preview",
            "Google's music: a clip of 30 seconds.",
            "0.04",
            secondsMax: 30
        ),
        lyria("3-pro-preview", "Lyria 3 Pro Preview", "Google's music: songs of a couple of minutes.", "0.08"),
        lyria("3.5", "Lyria 3.5", "Google's newest music: songs of a couple of minutes.", "0.08"),
    ]

    private static func lyria(
        _ version: String,
        _ name: String,
        _ summary: String,
        _ usd: String,
        secondsMax: Int = 300
    ) -> ModelCapabilities {
        var parameters = MusicParameters(formats: ["mp3"], secondsMax: secondsMax)
        parameters.lyricsCharactersMax = 5_000
        parameters.instrumental = true
        var capabilities = ModelCapabilities(
            slug: "google/lyria-\(version)",
            name: name,
            summary: summary,
            parameters: .music(parameters),
            promptCharactersMax: 8_000,
            prices: [ListPrice(unit: "request", usd: usd)],
            limits: EndpointLimits(slots: 50, submitsPerMinute: 10),
            // Up to minutes are told.
            timing: EndpointTiming(
                typicalSeconds: secondsMax > 30 ? 60 : 20,
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 600,
                pollIntervalSeconds: 1
            ),
            source:
                "ai.google.dev/gemini-api/docs/music-generation, 2026; prices: litellm 1.109.1, 2026-10; lengths and "
                + "limits: unconfirmed"
        )
        capabilities.dataPolicy = geminiPolicy
        return capabilities
    }
}
