import Generation

/// The video models of MiniMax: data, with source and date.
enum MiniMaxModels {
    /// Everything that the vendor's platform offers here.
    static let all = videos + MiniMaxAudioModels.all

    /// Where the facts come from.
    ///
    /// Lengths and resolutions: the create pages of both interfaces, as checked by others on 2026-10-05 (`V1_LIMITS`,
    /// `V2_LIMITS` of a public client). Prices: platform.minimax.io/docs/guides/pricing-paygo: of H3 through litellm 1.109.1
    /// and docs.laozhang.ai (checked 2026-10-24), of Hailuo through a public client's table.
    private static let source =
        "platform.minimax.io api-reference (video generation v1, v2) and guides/pricing-paygo, in copies of 2026; litellm 1.109.1; read 2026-11-22."

    /// The vendor keeps a task for seven days, and what it made for some hours (v1) or days (v2).
    private static let dataPolicy = DataPolicy(
        zeroRetention: false,
        retentionDays: 7,
        trainsOnInputs: nil,
        source: "MiniMax shows a task for 7 days (api-reference, video-generation-v2-query); read 2026-11-22."
    )

    static let videos: [ModelCapabilities] = [h3, h3Max, hailuo23, hailuo23Fast, hailuo02]

    // MARK: - H3

    private static let h3 = h3Model(
        "minimax/hailuo-3",
        "MiniMax-H3",
        name: "MiniMax H3 (Hailuo 3)",
        summary:
            "Videos of 4 to 15 seconds with sound from text, frames, or reference pictures, videos and sounds, up to 2K.",
        resolutions: ["768p", "2k"],
        durations: Array(4...15),
        // What is made costs by the second, reference videos as much; pictures above the fifth cost by themselves.
        prices: [
            ListPrice(unit: "second", usd: "0.08", conditions: ["resolution": "768p"]),
            ListPrice(unit: "second", usd: "0.13", conditions: ["resolution": "2k"]),
            ListPrice(unit: "reference_image", usd: "0"),
            ListPrice(unit: "reference_image", usd: "0.04", above: "5"),
        ],
        typicalSeconds: 150
    )

    private static let h3Max = h3Model(
        "minimax/hailuo-3-max",
        "MiniMax-H3-Max",
        name: "MiniMax H3 Max",
        summary: "The quick form of H3: videos of 5 to 15 seconds with sound, up to 768p.",
        resolutions: ["768p", "480p"],
        durations: Array(5...15),
        prices: [
            ListPrice(unit: "second", usd: "0.08", conditions: ["resolution": "768p"]),
            ListPrice(unit: "second", usd: "0.05", conditions: ["resolution": "480p"]),
            ListPrice(unit: "reference_image", usd: "0"),
            ListPrice(unit: "reference_image", usd: "0.074", above: "2"),
        ],
        typicalSeconds: 45
    )

    private static func h3Model(
        _ slug: String,
        _ providerModel: String,
        name: String,
        summary: String,
        resolutions: [String],
        durations: [Int],
        prices: [ListPrice],
        typicalSeconds: Double
    ) -> ModelCapabilities {
        var video = VideoParameters(
            durations: durations,
            defaultDuration: 5,
            sizes: MiniMaxSizes.h3(resolutions)
        )
        video.frameRoles = [.first, .last]
        video.referencesMax = 9
        video.videoReferencesMax = 3
        video.audioReferencesMax = 3
        video.audio = .always
        video.rules = [
            VideoRule(
                when: [.firstFrame],
                then: .aspectRatioFollowsPicture,
                why: "the video gets the shape of its first frame"
            )
        ]
        var model = make(slug, providerModel, .h3, name, summary, video, prices, typicalSeconds)
        model.promptCharactersMax = 7_000
        var meter = VideoTokenMeter(pixelsMax: [:], secondsMax: durations.max() ?? 0)
        // The videos that are handed in have at most 15 seconds together, and cost as much as what is made.
        meter.inputSecondsMax = 15
        model.videoTokens = meter
        return model
    }

    // MARK: - Hailuo

    private static let hailuo23 = hailuo(
        "minimax/hailuo-2.3",
        "MiniMax-Hailuo-2.3",
        name: "Hailuo 2.3",
        summary: "Silent videos of 6 or 10 seconds from text or a first frame, up to 1080p.",
        prices: clips(sd: "0.28", hd: "0.49", furtherSecond: "0.07")
    )

    private static let hailuo23Fast = hailuo(
        "minimax/hailuo-2.3-fast",
        "MiniMax-Hailuo-2.3-Fast",
        name: "Hailuo 2.3 Fast",
        summary: "The quicker form of Hailuo 2.3: silent videos from a first frame, up to 1080p.",
        prices: clips(sd: "0.19", hd: "0.33", furtherSecond: "0.0325"),
        needsFrame: true
    )

    /// At the price of 2.3, says the vendor's announcement of that one.
    ///
    /// Its 512p is left out: no source for that price was found.
    private static let hailuo02 = hailuo(
        "minimax/hailuo-02",
        "MiniMax-Hailuo-02",
        name: "Hailuo 02",
        summary: "Silent videos of 6 or 10 seconds from text, a first frame, or a first and a last one, up to 1080p.",
        prices: clips(sd: "0.28", hd: "0.49", furtherSecond: "0.07"),
        frameRoles: [.first, .last]
    )

    /// A clip of six seconds costs what it costs; of 768p, ten seconds cost four further ones.
    private static func clips(sd: String, hd: String, furtherSecond: String) -> [ListPrice] {
        [
            ListPrice(unit: "request", usd: sd, conditions: ["resolution": "768p"]),
            ListPrice(unit: "request", usd: hd, conditions: ["resolution": "1080p"]),
            ListPrice(unit: "second", usd: "0"), ListPrice(unit: "second", usd: furtherSecond, above: "6"),
        ]
    }

    private static func hailuo(
        _ slug: String,
        _ providerModel: String,
        name: String,
        summary: String,
        prices: [ListPrice],
        frameRoles: Set<FrameRole> = [.first],
        needsFrame: Bool = false
    ) -> ModelCapabilities {
        var video = VideoParameters(durations: [6, 10], defaultDuration: 6, sizes: MiniMaxSizes.hailuo)
        video.frameRoles = frameRoles
        video.rules = [
            VideoRule(when: [.resolutions(["1080p"])], then: .durations([6]), why: "1080p is made in 6 seconds"),
            VideoRule(
                when: [.firstFrame],
                then: .aspectRatioFollowsPicture,
                why: "the video gets the shape of its first frame"
            ),
        ]
        var model = make(slug, providerModel, .hailuo, name, summary, video, prices, 120)
        model.promptCharactersMax = 2_000
        if needsFrame { model.wire[MiniMaxFamily.needsFrame] = "true" }
        return model
    }

    private static func make(
        _ slug: String,
        _ providerModel: String,
        _ family: MiniMaxFamily,
        _ name: String,
        _ summary: String,
        _ video: VideoParameters,
        _ prices: [ListPrice],
        _ typicalSeconds: Double
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .video(video),
            promptCharactersMax: 2_000,
            prices: prices,
            // No figure was found in writing: a cautious one, for the account as a whole.
            limits: EndpointLimits(slots: 10, submitsPerMinute: 20, sharedBy: "minimax-video"),
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                // What runs cannot be stopped and is billed, so patience is cheaper than a deadline.
                deadlineSeconds: 21_600,
                sendTimeoutSeconds: 120,
                // The vendor's pages recommend ten seconds.
                pollIntervalSeconds: 10
            ),
            source: source,
            options: family.options
        )
        model.providerModel = providerModel
        model.dataPolicy = dataPolicy
        model.wire = [MiniMaxFamily.note: family.rawValue]
        return model
    }
}
