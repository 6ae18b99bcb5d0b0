import Generation

/// The models that Together AI hosts: data, with source and date.
enum TogetherModels {
    /// Where the facts come from.
    ///
    /// Names, sizes and prices: docs.together.ai (serverless-models, videos-overview) in copies of 2026-03, and the table of
    /// a public client of 2026-10 for what is newer. Models whose price is in neither are left out, and so are pictures to
    /// be guided by where nothing says what they cost (FLUX.2).
    private static let source =
        "together 3.1.1 (PyPI), types; docs.together.ai serverless-models and videos-overview, copies of 2026-03; newer prices: a public client's table of 2026-10, unconfirmed; read 2026-11-22."

    static let all: [ModelCapabilities] = videos + images

    private static let seeds: ClosedRange<Int64> = 0...2_147_483_647

    // MARK: - Videos

    private static let videos: [ModelCapabilities] = [
        veo(
            "google/veo-3.1",
            "Veo 3.1",
            // Of Veo 3.0 the host's table has Google's own prices, 0.20 silent and 0.40 with sound; an answer about eight
            // silent seconds of 3.1 showed 1.60.
            prices: [second("0.40", ["audio": "true"]), second("0.20", ["audio": "false"])]
        ),
        // Of 1080p Google's own price is held.
        veo(
            "google/veo-3.1-lite",
            "Veo 3.1 Lite",
            prices: [second("0.05", ["resolution": "720p"]), second("0.08", ["resolution": "1080p"])]
        ),
        wan, hailuo,
    ]

    private static func veo(_ slug: String, _ name: String, prices: [ListPrice]) -> ModelCapabilities {
        var video = VideoParameters(durations: [4, 6, 8], defaultDuration: 8, sizes: TogetherSizes.veo)
        video.frameRoles = [.first, .last]
        video.audio = .choice(default: true)
        video.negativePromptCharactersMax = 3_000
        video.seeds = seeds
        let summary = "Google's \(name) at Together AI: 4, 6 or 8 seconds with or without sound, up to 1080p."
        return make(slug, slug, name, summary, .video(video), prices, 90)
    }

    private static let wan: ModelCapabilities = {
        var video = VideoParameters(durations: [5, 10, 15], defaultDuration: 5, sizes: TogetherSizes.wan)
        video.frameRoles = [.first, .last]
        video.audio = .always
        video.negativePromptCharactersMax = 500
        video.seeds = seeds
        video.rules = [
            VideoRule(
                when: [.firstFrame],
                then: .aspectRatioFollowsPicture,
                why: "the video gets the shape of its first frame"
            )
        ]
        let summary = "Alibaba's Wan 2.7 at Together AI: 5, 10 or 15 seconds with sound from text or frames, 720p."
        var model = make(
            "alibaba/wan-2.7",
            "Wan-AI/wan2.7-t2v",
            "Wan 2.7",
            summary,
            .video(video),
            [second("0.10")],
            150
        )
        model.wire = [TogetherNotes.words: "true", TogetherNotes.imageModel: "Wan-AI/wan2.7-i2v"]
        return model
    }()

    private static let hailuo: ModelCapabilities = {
        var video = VideoParameters(durations: [6, 10], defaultDuration: 6, sizes: TogetherSizes.hailuo)
        video.frameRoles = [.first]
        let summary = "MiniMax's Hailuo 02 at Together AI: silent videos of 6 or 10 seconds from text or a first frame."
        return make(
            "minimax/hailuo-02",
            "minimax/hailuo-02",
            "Hailuo 02",
            summary,
            .video(video),
            // The price of ten seconds; of six the host tells what it charges.
            [ListPrice(unit: "request", usd: "0.49")],
            150
        )
    }()

    // MARK: - Images

    private static let images: [ModelCapabilities] = [
        flux("flux.2-pro", "FLUX.2-pro", "FLUX.2 [pro]", "0.03", TogetherSizes.large),
        flux("flux.2-max", "FLUX.2-max", "FLUX.2 [max]", "0.07", TogetherSizes.large),
        flux("flux-1.1-pro", "FLUX.1.1-pro", "FLUX 1.1 [pro]", "0.04", TogetherSizes.small),
        kontext("flux.1-kontext-pro", "FLUX.1-kontext-pro", "FLUX.1 Kontext [pro]", "0.04"),
        kontext("flux.1-kontext-max", "FLUX.1-kontext-max", "FLUX.1 Kontext [max]", "0.08"),
        schnell,
        image(
            "bytedance-seed/seedream-4.0",
            "ByteDance-Seed/Seedream-4.0",
            "Seedream 4.0",
            parameters(TogetherSizes.large),
            [megapixel("0.03")]
        ),
        image(
            "bytedance-seed/seedream-5.0-lite",
            "ByteDance/Seedream-5.0-lite",
            "Seedream 5.0 Lite",
            parameters(TogetherSizes.large),
            [megapixel("0.035")]
        ),
        qwen("qwen/qwen-image-2.0", "Qwen/Qwen-Image-2.0", "Qwen Image 2.0", "0.035"),
        qwen("qwen/qwen-image-2.0-pro", "Qwen/Qwen-Image-2.0-Pro", "Qwen Image 2.0 Pro", "0.075"),
        gemini,
    ]

    private static func flux(
        _ slug: String,
        _ providerModel: String,
        _ name: String,
        _ usd: String,
        _ sizes: [SizeOption]
    ) -> ModelCapabilities {
        var model = image(
            "black-forest-labs/\(slug)",
            "black-forest-labs/\(providerModel)",
            name,
            parameters(sizes),
            [megapixel(usd)]
        )
        model.options = ["disable_safety_checker"]
        return model
    }

    private static func kontext(
        _ slug: String,
        _ providerModel: String,
        _ name: String,
        _ usd: String
    ) -> ModelCapabilities {
        var image = parameters(TogetherSizes.small)
        image.referencesMax = 1
        var model = flux(slug, providerModel, name, usd, TogetherSizes.small)
        model.parameters = .image(image)
        model.wire[TogetherNotes.single] = "true"
        return model
    }

    private static let schnell: ModelCapabilities = {
        var model = flux("flux.1-schnell", "FLUX.1-schnell", "FLUX.1 [schnell]", "0.0027", TogetherSizes.small)
        // The price is for four; the wire's own default is twenty.
        model.wire[TogetherNotes.steps] = "4"
        return model
    }()

    private static func qwen(
        _ slug: String,
        _ providerModel: String,
        _ name: String,
        _ usd: String
    ) -> ModelCapabilities {
        var image = parameters(TogetherSizes.small)
        image.negativePrompt = true
        return TogetherModels.image(slug, providerModel, name, image, [megapixel(usd)])
    }

    private static let gemini: ModelCapabilities = {
        var image = parameters(TogetherSizes.gemini)
        image.referencesMax = 14
        image.seed = false
        return TogetherModels.image(
            "google/gemini-3-pro-image",
            "google/gemini-3-pro-image",
            "Gemini 3 Pro Image",
            image,
            [
                ListPrice(unit: "image", usd: "0.134"),
                ListPrice(unit: "image", usd: "0.24", conditions: ["resolution": "4K"]),
            ]
        )
    }()

    private static func parameters(_ sizes: [SizeOption]) -> ImageParameters {
        var image = ImageParameters(sizes: sizes, formats: ["jpeg", "png"])
        image.countMax = 4
        image.seed = true
        return image
    }

    private static func image(
        _ slug: String,
        _ providerModel: String,
        _ name: String,
        _ image: ImageParameters,
        _ prices: [ListPrice]
    ) -> ModelCapabilities {
        make(slug, providerModel, name, "\(name) at Together AI.", .image(image), prices, 8)
    }

    // MARK: - What all have

    private static func make(
        _ slug: String,
        _ providerModel: String,
        _ name: String,
        _ summary: String,
        _ parameters: ModelParameters,
        _ prices: [ListPrice],
        _ typicalSeconds: Double
    ) -> ModelCapabilities {
        let isImage =
            switch parameters {
            case .image: true
            case .video, .speech, .transcription, .music, .sound: false
            }
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: parameters,
            promptCharactersMax: isImage ? 4_000 : 3_000,
            prices: prices,
            // The host's limits follow what an account has used before; no figure is written down.
            limits: EndpointLimits(slots: 10),
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                // Nothing can be stopped, and what is made late is billed.
                deadlineSeconds: isImage ? 1_800 : 21_600,
                sendTimeoutSeconds: isImage ? 300 : 120,
                pollIntervalSeconds: 5
            ),
            source: source
        )
        model.providerModel = providerModel
        return model
    }

    private static func second(_ usd: String, _ conditions: [String: String] = [:]) -> ListPrice {
        ListPrice(unit: "second", usd: usd, conditions: conditions)
    }

    private static func megapixel(_ usd: String) -> ListPrice { ListPrice(unit: "megapixel", usd: usd) }
}
