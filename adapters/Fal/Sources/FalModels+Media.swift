import Generation

extension FalModels {
    // MARK: - Videos

    /// Prices of Veo 3.1, Kling 3.0 and Seedance 2.0: the models' pages as copied in 2026.
    static let videos: [ModelCapabilities] = [
        veo(
            "",
            "Veo 3.1",
            "Google's best videos, up to 4K, with sound if wanted, from text, frames or three pictures.",
            tiers: ["720p", "1080p", "4k"],
            prices: [
                price("second", "0.20", ["audio": "false"]), price("second", "0.40", ["audio": "true"]),
                price("second", "0.40", ["audio": "false", "resolution": "4k"]),
                price("second", "0.60", ["audio": "true", "resolution": "4k"]),
            ]
        ),
        // 4K is left out: its price here is not published.
        veo(
            "fast",
            "Veo 3.1 Fast",
            "The faster and cheaper Veo 3.1, up to 1080p.",
            tiers: ["720p", "1080p"],
            prices: [price("second", "0.10", ["audio": "false"]), price("second", "0.15", ["audio": "true"])]
        ),
        kling("std", "standard", "720p", ("0.084", "0.126")),
        kling("pro", "pro", "1080p", ("0.112", "0.168")),
        seedance,
    ]

    private static let timing = EndpointTiming(
        typicalSeconds: 120,
        deadlineSeconds: 3_600,
        sendTimeoutSeconds: 120,
        pollIntervalSeconds: 2
    )

    private static let followsFrame = VideoRule(
        when: [.firstFrame],
        then: .aspectRatioFollowsPicture,
        why: "a video with a first frame gets the shape of that picture"
    )

    private static func veo(
        _ suffix: String,
        _ name: String,
        _ summary: String,
        tiers: [String],
        prices: [ListPrice]
    ) -> ModelCapabilities {
        var video = VideoParameters(durations: [4, 6, 8], defaultDuration: 8, sizes: FalSizes.video(tiers))
        video.frameRoles = [.first, .last]
        video.audio = .choice(default: true)
        video.negativePromptCharactersMax = 2_000
        video.seeds = 0...4_294_967_295
        video.rules = [followsFrame]
        if suffix.isEmpty {
            video.referencesMax = 3
            video.rules.append(
                VideoRule(
                    when: [.references],
                    then: .durations([8]),
                    why: "Veo makes 8 seconds from reference pictures"
                )
            )
        }
        return make(
            "google/veo-3.1\(suffix.isEmpty ? "" : "-\(suffix)")",
            "fal-ai/veo3.1\(suffix.isEmpty ? "" : "/\(suffix)")",
            .veo,
            name: name,
            summary: summary,
            .video(video),
            prices,
            promptMax: 10_000,
            timing
        )
    }

    private static func kling(
        _ mode: String,
        _ path: String,
        _ resolution: String,
        _ usd: (silent: String, sounding: String)
    ) -> ModelCapabilities {
        var video = VideoParameters(
            durations: Array(3...15),
            defaultDuration: 5,
            sizes: FalSizes.video([resolution], square: true)
        )
        video.frameRoles = [.first, .last]
        video.audio = .choice(default: false)
        video.negativePromptCharactersMax = 2_500
        video.rules = [followsFrame]
        return make(
            "kwaivgi/kling-v3.0-\(mode)",
            "fal-ai/kling-video/v3/\(path)/text-to-video",
            .kling,
            name: "Kling 3.0 \(mode == "std" ? "Standard" : "Pro")",
            summary: "Makes a video of 3 to 15 seconds in \(resolution), with sound if wanted.",
            .video(video),
            [price("second", usd.silent, ["audio": "false"]), price("second", usd.sounding, ["audio": "true"])],
            promptMax: 2_500,
            timing
        )
    }

    /// 0.014 US dollars for 1,000 tokens, `height * width * seconds * 24 / 1024` of them.
    ///
    /// 1080p and 4K are left out, whose price here is not published, and reference videos and sounds, which cost otherwise.
    private static let seedance: ModelCapabilities = {
        var video = VideoParameters(durations: Array(4...15), defaultDuration: 5, sizes: FalSizes.seedance)
        video.automaticDuration = true
        video.frameRoles = [.first, .last]
        video.referencesMax = 9
        video.audio = .choice(default: true)
        video.rules = [followsFrame]
        var model = make(
            "bytedance/seedance-2.0",
            "bytedance/seedance-2.0/text-to-video",
            .seedance,
            name: "Seedance 2.0",
            summary: "Videos with sound from text, frames, or up to nine reference pictures.",
            .video(video),
            [price("token", "0.000014")],
            promptMax: 10_000,
            EndpointTiming(
                typicalSeconds: 180,
                deadlineSeconds: 21_600,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 2
            )
        )
        var pixelsMax: [String: Int] = [:]
        for option in FalSizes.seedance {
            pixelsMax[option.resolution] = max(
                pixelsMax[option.resolution] ?? 0,
                option.size.width * option.size.height
            )
        }
        var meter = VideoTokenMeter(pixelsMax: pixelsMax, secondsMax: 15)
        meter.extraFrames = 0
        model.videoTokens = meter
        return model
    }()

    // MARK: - Speech

    /// The names of ElevenLabs's default voices, in the order in which they are listed elsewhere; `rachel` is the host's.
    private static let names = [
        "george", "sarah", "alice", "aria", "bill", "brian", "callum", "charlie", "charlotte", "chris", "daniel",
        "eric",
        "jessica", "laura", "liam", "lily", "matilda", "rachel", "river", "roger", "will",
    ]

    /// Prices: 0.1 and 0.05 US dollars for 1,000 characters, as the host's pages had them in 2025; unconfirmed since.
    static let voices: [ModelCapabilities] = [
        speech(
            "elevenlabs/eleven-multilingual-v2",
            "multilingual-v2",
            name: "Eleven Multilingual v2",
            summary: "Even, lifelike speech for long texts in twenty-nine languages.",
            charactersMax: 10_000,
            usd: "0.0001"
        ),
        speech(
            "elevenlabs/eleven-turbo-v2.5",
            "turbo-v2.5",
            name: "Eleven Turbo v2.5",
            summary: "Speech in thirty-two languages, between Flash and Multilingual.",
            charactersMax: 40_000,
            usd: "0.00005",
            languages: [
                FalSizes.free, "en", "ar", "bg", "cs", "da", "de", "el", "es", "fi", "fr", "hi", "hr", "hu", "id", "it",
                "ja", "ko", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "tr", "uk", "vi", "zh",
            ]
        ),
    ]

    private static func speech(
        _ slug: String,
        _ path: String,
        name: String,
        summary: String,
        charactersMax: Int,
        usd: String,
        languages: [String] = []
    ) -> ModelCapabilities {
        var speech = SpeechParameters(voices: names, formats: ["mp3"])
        speech.languages = languages
        speech.speed = 0.7...1.2
        // A thousand characters a minute; the slowest voice takes half as long again.
        speech.secondsMax = charactersMax * 9 / 100
        return make(
            slug,
            "fal-ai/elevenlabs/tts/\(path)",
            .speech,
            name: name,
            summary: summary,
            .speech(speech),
            [price("character", usd)],
            promptMax: charactersMax,
            EndpointTiming(
                typicalSeconds: 5,
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 1
            ),
            note: " The price is of 2025, unconfirmed since."
        )
    }
}
