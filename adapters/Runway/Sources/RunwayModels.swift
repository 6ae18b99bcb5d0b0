import Generation

/// The models that Runway hosts: data, with source and date.
enum RunwayModels {
    /// Where the facts come from.
    ///
    /// Fields, sizes and lengths: the types of the official client. Prices: docs.dev.runwayml.com/guides/pricing through
    /// litellm 1.109.1; a credit is a cent. Models whose price is in no source that was read (Kling, Wan, Grok, H3 Max) are
    /// left out, as are reference videos and sounds.
    private static let source =
        "runwayml 5.24.0 (PyPI), types; docs.dev.runwayml.com/guides/pricing through litellm 1.109.1; read 2026-11-22."

    static let all: [ModelCapabilities] =
        [gen45, gen4Turbo, veo, veoFast, seedance, seedanceFast, seedanceMini, seedance25, hailuo] + images

    private static let seeds: ClosedRange<Int64> = 0...4_294_967_295

    // MARK: - Runway's own

    private static let gen45: ModelCapabilities = {
        var video = VideoParameters(durations: Array(2...10), defaultDuration: 5, sizes: RunwaySizes.gen4)
        video.frameRoles = [.first]
        video.seeds = seeds
        return make(
            "runway/gen-4.5",
            "gen4.5",
            .gen4,
            name: "Runway Gen-4.5",
            summary: "Silent videos of 2 to 10 seconds from text or a first frame.",
            .video(video),
            prices: [second("0.12")],
            typicalSeconds: 90
        )
    }()

    private static let gen4Turbo: ModelCapabilities = {
        var video = VideoParameters(durations: [5, 10], defaultDuration: 5, sizes: RunwaySizes.gen4)
        video.frameRoles = [.first]
        video.seeds = seeds
        var model = make(
            "runway/gen-4-turbo",
            "gen4_turbo",
            .gen4,
            name: "Runway Gen-4 Turbo",
            summary: "Silent videos of 5 or 10 seconds from a first frame, quickly and for little.",
            .video(video),
            prices: [second("0.05")],
            typicalSeconds: 40
        )
        model.wire[RunwayFamily.needsFrame] = "true"
        return model
    }()

    private static let images: [ModelCapabilities] = [
        image(
            "gen-4-image",
            "gen4_image",
            name: "Runway Gen-4 Image",
            summary: "Images from text, with up to three pictures to be guided by.",
            referencesMin: 0,
            prices: [
                ListPrice(unit: "image", usd: "0.05", conditions: ["resolution": "720p"]),
                ListPrice(unit: "image", usd: "0.08", conditions: ["resolution": "1080p"]),
            ]
        ),
        image(
            "gen-4-image-turbo",
            "gen4_image_turbo",
            name: "Runway Gen-4 Image Turbo",
            summary: "Images from text and one to three pictures, quickly and for little.",
            referencesMin: 1,
            prices: [ListPrice(unit: "image", usd: "0.02")]
        ),
    ]

    private static func image(
        _ slug: String,
        _ providerModel: String,
        name: String,
        summary: String,
        referencesMin: Int,
        prices: [ListPrice]
    ) -> ModelCapabilities {
        var image = ImageParameters(sizes: RunwaySizes.image, formats: ["png"])
        image.referencesMax = 3
        image.referencesMin = referencesMin
        image.seed = true
        return make(
            "runway/\(slug)",
            providerModel,
            .image,
            name: name,
            summary: summary,
            .image(image),
            prices: prices,
            typicalSeconds: 20
        )
    }

    // MARK: - Those of others

    private static let veo = veoModel("google/veo-3.1", "veo3.1", "Veo 3.1", with: "0.40", without: "0.20", 90)
    private static let veoFast = veoModel(
        "google/veo-3.1-fast",
        "veo3.1_fast",
        "Veo 3.1 Fast",
        with: "0.15",
        without: "0.10",
        60
    )

    private static func veoModel(
        _ slug: String,
        _ providerModel: String,
        _ name: String,
        with sound: String,
        without silence: String,
        _ typicalSeconds: Double
    ) -> ModelCapabilities {
        var video = VideoParameters(durations: [4, 6, 8], defaultDuration: 8, sizes: RunwaySizes.veo)
        video.frameRoles = [.first, .last]
        video.audio = .choice(default: true)
        video.negativePromptCharactersMax = 1_000
        video.seeds = seeds
        return make(
            slug,
            providerModel,
            .veo,
            name: name,
            summary: "Google's \(name) at Runway: 4, 6 or 8 seconds with or without sound, up to 1080p.",
            .video(video),
            prices: [
                ListPrice(unit: "second", usd: sound, conditions: ["audio": "true"]),
                ListPrice(unit: "second", usd: silence, conditions: ["audio": "false"]),
            ],
            typicalSeconds: typicalSeconds
        )
    }

    /// Its 4k is left out: at 1.50 US dollars a second it is nothing that a slip should cost.
    private static let seedance = seedanceModel(
        "bytedance/seedance-2.0",
        "seedance2",
        "Seedance 2.0",
        RunwaySizes.seedance,
        prices: [second("0.36"), second("0.40", "1080p")],
        typicalSeconds: 180
    )

    private static let seedanceFast = seedanceModel(
        "bytedance/seedance-2.0-fast",
        "seedance2_fast",
        "Seedance 2.0 Fast",
        RunwaySizes.seedanceSmall,
        prices: [second("0.29")],
        typicalSeconds: 110
    )

    private static let seedanceMini = seedanceModel(
        "bytedance/seedance-2.0-mini",
        "seedance2_mini",
        "Seedance 2.0 Mini",
        RunwaySizes.seedanceSmall,
        prices: [second("0.16"), ListPrice(unit: "minimum", usd: "0.64")],
        typicalSeconds: 90
    )

    private static let seedance25 = seedanceModel(
        "bytedance/seedance-2.5",
        "seedance2_5",
        "Seedance 2.5",
        RunwaySizes.seedance25,
        prices: [
            second("0.30"), second("0.20", "480p"), second("0.68", "1080p"), ListPrice(unit: "minimum", usd: "0.80"),
        ],
        typicalSeconds: 300,
        promptMax: 15_000
    )

    /// Four to fifteen seconds, as ByteDance has it of 2.0; the client's types name no range, of 2.5 either.
    private static func seedanceModel(
        _ slug: String,
        _ providerModel: String,
        _ name: String,
        _ sizes: [SizeOption],
        prices: [ListPrice],
        typicalSeconds: Double,
        promptMax: Int = 3_500
    ) -> ModelCapabilities {
        var video = VideoParameters(durations: Array(4...15), defaultDuration: 5, sizes: sizes)
        video.automaticDuration = true
        video.frameRoles = [.first, .last]
        // Of 2.5 the client's types name thirty: more than one request carries here.
        video.referencesMax = 9
        video.audio = .choice(default: true)
        video.seeds = seeds
        var model = make(
            slug,
            providerModel,
            .seedance,
            name: name,
            summary: "ByteDance's \(name) at Runway: videos with sound from text, frames or reference pictures.",
            .video(video),
            prices: prices,
            typicalSeconds: typicalSeconds
        )
        model.promptCharactersMax = promptMax
        return model
    }

    private static let hailuo: ModelCapabilities = {
        var video = VideoParameters(durations: Array(4...15), defaultDuration: 5, sizes: RunwaySizes.hailuo)
        video.frameRoles = [.first, .last]
        video.referencesMax = 9
        video.audio = .always
        video.rules = [
            VideoRule(
                when: [.firstFrame],
                then: .aspectRatioFollowsPicture,
                why: "the video gets the shape of its first frame"
            )
        ]
        var model = make(
            "minimax/hailuo-3",
            "hailuo3",
            .hailuo,
            name: "MiniMax H3 (Hailuo 3)",
            summary: "MiniMax's H3 at Runway: videos of 4 to 15 seconds with sound, up to 2K.",
            .video(video),
            prices: [second("0.10", "768p"), second("0.15", "2k"), ListPrice(unit: "reference_image", usd: "0.02")],
            typicalSeconds: 150
        )
        model.promptCharactersMax = 7_000
        return model
    }()

    // MARK: - What all have

    private static func make(
        _ slug: String,
        _ providerModel: String,
        _ family: RunwayFamily,
        name: String,
        summary: String,
        _ parameters: ModelParameters,
        prices: [ListPrice],
        typicalSeconds: Double
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: parameters,
            promptCharactersMax: 1_000,
            prices: prices,
            // How many run at once depends on the account's tier, and more of them wait at the vendor (`THROTTLED`).
            limits: EndpointLimits(slots: 5),
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                deadlineSeconds: 21_600,
                sendTimeoutSeconds: 120,
                // No faster, ask the vendor's pages.
                pollIntervalSeconds: 5
            ),
            source: source,
            options: family.options
        )
        model.providerModel = providerModel
        model.wire = [RunwayFamily.note: family.rawValue]
        return model
    }

    private static func second(_ usd: String, _ resolution: String? = nil) -> ListPrice {
        ListPrice(unit: "second", usd: usd, conditions: resolution.map { ["resolution": $0] } ?? [:])
    }
}
