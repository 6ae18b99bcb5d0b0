import Generation

/// The image models of both doors: data.
extension GoogleModels {
    // MARK: - Gemini

    /// One of the models that make images by `generateContent`.
    private struct GeminiImage {
        let slug: String
        let name: String
        let summary: String
        /// The tiers, the default first.
        let tiers: [String]
        /// Whether the long and narrow shapes are on offer too.
        var hasStrips = true
        var referencesMax = 14
        /// Output tokens of one image, by tier.
        let tokens: [String: Int64]
        /// Input tokens of one picture at most.
        var referenceTokens: Int64 = 1_120
        /// Output tokens of thoughts and words, at most.
        var textTokens: Int64 = 2_048
        /// US dollars for a token: what goes in, words and thoughts that come out, images that come out.
        let input: String
        let text: String
        let image: String
        var until: CalendarDate?
        var next: String?
        var seconds = 15.0
        let source: String
    }

    /// What each of them is.
    ///
    /// Sizes and tokens: ai.google.dev/gemini-api/docs/image-generation (2026-10; of 512 and 21:9 the table says 792x168,
    /// which is another shape). Prices and days: litellm 1.109.1 map of ai.google.dev/gemini-api/docs/pricing (2026-10).
    private static let geminiImages = [
        GeminiImage(
            slug: "google/gemini-2.5-flash-image",
            name: "Gemini 2.5 Flash Image",
            summary: "Google's first Nano Banana: images of about a megapixel, from words and up to three pictures.",
            tiers: ["1K"],
            hasStrips: false,
            referencesMax: 3,
            tokens: ["1K": 1_290],
            referenceTokens: 2_064,
            input: "0.0000003",
            text: "0.0000025",
            image: "0.00003",
            until: CalendarDate("2027-03-15"),
            next: "google/gemini-nano-banana-2.1",
            seconds: 10,
            source: "end: litellm 1.109.1"
        ),
        GeminiImage(
            slug: "google/gemini-3.1-flash-image",
            name: "Gemini 3.1 Flash Image",
            summary: "Nano Banana 2: images from 512 pixels to 4K in 14 shapes, from words and up to 14 pictures.",
            tiers: ["1K", "512", "2K", "4K"],
            tokens: ["512": 747, "1K": 1_120, "2K": 1_680, "4K": 2_520],
            input: "0.0000005",
            text: "0.000003",
            image: "0.00006",
            source: "an end is not announced for the Gemini API, for Vertex AI 2027-05-28"
        ),
        GeminiImage(
            slug: "google/gemini-nano-banana-2.1",
            name: "Nano Banana 2.1",
            summary: "Google's newest fast image model: 1K to 4K in 14 shapes, better at words in images.",
            tiers: ["1K", "2K", "4K"],
            tokens: ["1K": 1_120, "2K": 1_680, "4K": 2_520],
            textTokens: 4_096,
            input: "0.0000015",
            text: "0.0000075",
            image: "0.00003",
            seconds: 25,
            source: "tokens of 2K and 4K as of its predecessor: unconfirmed"
        ),
        GeminiImage(
            slug: "google/gemini-3.1-flash-lite-image",
            name: "Gemini 3.1 Flash Lite Image",
            summary: "The cheapest Nano Banana, for many images of about a megapixel.",
            tiers: ["1K"],
            hasStrips: false,
            tokens: ["1K": 1_120],
            input: "0.00000025",
            text: "0.0000015",
            image: "0.00003",
            seconds: 8,
            source: "ten shapes: unconfirmed"
        ),
        GeminiImage(
            slug: "google/gemini-3-pro-image",
            name: "Gemini 3 Pro Image",
            summary: "Nano Banana Pro: images that were thought about, 1K to 4K, from words and up to 14 pictures.",
            tiers: ["1K", "2K", "4K"],
            hasStrips: false,
            tokens: ["1K": 1_120, "2K": 1_120, "4K": 2_000],
            textTokens: 8_192,
            input: "0.000002",
            text: "0.000012",
            image: "0.00012",
            seconds: 30,
            source: "ai.google.dev/gemini-api/docs/pricing, 2026-10"
        ),
    ]

    /// Widths and heights of the 1K tier; those of the other tiers are the same times a power of two.
    private static let shapes: [(ratio: String, width: Int, height: Int)] = [
        ("1:1", 1_024, 1_024), ("2:3", 848, 1_264), ("3:2", 1_264, 848), ("3:4", 896, 1_200), ("4:3", 1_200, 896),
        ("4:5", 928, 1_152), ("5:4", 1_152, 928), ("9:16", 768, 1_376), ("16:9", 1_376, 768), ("21:9", 1_584, 672),
    ]
    private static let strips: [(ratio: String, width: Int, height: Int)] = [
        ("1:4", 512, 2_048), ("4:1", 2_048, 512), ("1:8", 384, 3_072), ("8:1", 3_072, 384),
    ]
    /// Those of gemini-2.5-flash-image.
    private static let firstShapes: [(ratio: String, width: Int, height: Int)] = [
        ("1:1", 1_024, 1_024), ("2:3", 832, 1_248), ("3:2", 1_248, 832), ("3:4", 864, 1_184), ("4:3", 1_184, 864),
        ("4:5", 896, 1_152), ("5:4", 1_152, 896), ("9:16", 768, 1_344), ("16:9", 1_344, 768), ("21:9", 1_536, 672),
    ]

    /// Each tier begins with the shape that the model chooses: by default it is that of the first picture.
    private static func sizes(of model: GeminiImage) -> [SizeOption] {
        let shapes =
            model.slug == "google/gemini-2.5-flash-image"
            ? firstShapes : model.hasStrips ? Self.shapes + strips : Self.shapes
        return model.tiers.flatMap { tier -> [SizeOption] in
            let (times, parts) =
                [("512", 1, 2), ("1K", 1, 1), ("2K", 2, 1), ("4K", 4, 1)]
                .first { $0.0 == tier }.map { ($0.1, $0.2) } ?? (1, 1)
            let options = shapes.map { shape in
                SizeOption(
                    resolution: tier,
                    aspectRatio: shape.ratio,
                    size: PixelSize(width: shape.width * times / parts, height: shape.height * times / parts)
                )
            }
            var automatic = SizeOption(
                resolution: tier,
                aspectRatio: GeminiContent.automaticRatio,
                size: options.map(\.size).max { $0.width * $0.height < $1.width * $1.height } ?? options[0].size
            )
            automatic.followsInput = true
            return [automatic] + options
        }
    }

    /// Those of the Gemini API, where the server chooses the file's format.
    static let images: [ModelCapabilities] = geminiImages.map {
        image($0, formats: ["auto"], takesQuality: false, options: [])
    }

    /// Those of Vertex AI.
    ///
    /// Some end there on another day.
    static let vertexImages: [ModelCapabilities] = geminiImages.map { model in
        var capabilities = image(
            model,
            formats: ["png", "jpeg"],
            takesQuality: true,
            options: ["personGeneration", "prominentPeople"]
        )
        if model.slug == "google/gemini-3.1-flash-image" {
            capabilities.availableUntil = CalendarDate("2027-05-28")
            capabilities.replacedBy = "google/gemini-nano-banana-2.1"
        }
        capabilities.dataPolicy = vertexPolicy
        return capabilities
    }

    private static func image(
        _ model: GeminiImage,
        formats: [String],
        takesQuality: Bool,
        options: [String]
    ) -> ModelCapabilities {
        var parameters = ImageParameters(sizes: sizes(of: model), formats: formats)
        parameters.referencesMax = model.referencesMax
        parameters.seed = true
        parameters.compression = takesQuality
        var capabilities = ModelCapabilities(
            slug: model.slug,
            name: model.name,
            summary: model.summary,
            parameters: .image(parameters),
            promptCharactersMax: 32_000,
            prices: [
                ListPrice(unit: "input_text_token", usd: model.input),
                ListPrice(unit: "input_image_token", usd: model.input),
                ListPrice(unit: "output_text_token", usd: model.text),
                ListPrice(unit: "output_image_token", usd: model.image),
            ],
            // Per project and tier; slots are not documented: each is a connection that waits.
            limits: EndpointLimits(slots: 100, submitsPerMinute: 500),
            timing: EndpointTiming(
                typicalSeconds: model.seconds,
                deadlineSeconds: 900,
                sendTimeoutSeconds: 300,
                pollIntervalSeconds: 1
            ),
            source: "ai.google.dev/gemini-api/docs/image-generation and /docs/pricing (litellm 1.109.1), 2026-10; "
                + "google-genai 3.4.0; " + model.source,
            options: options
        )
        var meter = TokenMeter()
        meter.promptOverhead = 64
        meter.perReference = model.referenceTokens
        meter.perImage = model.tokens
        meter.outputTextMax = model.textTokens
        capabilities.tokens = meter
        capabilities.availableUntil = model.until
        capabilities.replacedBy = model.next
        capabilities.dataPolicy = geminiPolicy
        return capabilities
    }

    // MARK: - Imagen

    /// Imagen, which is on Vertex AI alone: the Gemini API has ended it, and SDKs from 3.x on have it no more.
    ///
    /// Google says that it is deprecated, and goes on the first of January 2027 at the earliest; an operator for whom it is
    /// still there sets another day in the file. Sizes: docs.cloud.google.com, Imagen 4 model pages (2026).
    static let imagen: [ModelCapabilities] = [
        imagen("", "Imagen 4", "Google's Imagen: photographs and pictures up to 2K, four at a time.", "0.04"),
        imagen("fast-", "Imagen 4 Fast", "The fast and cheap Imagen 4: about a megapixel.", "0.02", tiers: ["1K"]),
        imagen("ultra-", "Imagen 4 Ultra", "The Imagen 4 that follows its prompt most closely, up to 2K.", "0.06"),
    ]

    private static let imagenShapes: [(ratio: String, width: Int, height: Int)] = [
        ("1:1", 1_024, 1_024), ("3:4", 896, 1_280), ("4:3", 1_280, 896), ("9:16", 768, 1_408), ("16:9", 1_408, 768),
    ]

    private static func imagen(
        _ kind: String,
        _ name: String,
        _ summary: String,
        _ usd: String,
        tiers: [String] = ["1K", "2K"]
    ) -> ModelCapabilities {
        let sizes = tiers.flatMap { tier in
            imagenShapes.map { shape in
                let times = tier == "2K" ? 2 : 1
                return SizeOption(
                    resolution: tier,
                    aspectRatio: shape.ratio,
                    size: PixelSize(width: shape.width * times, height: shape.height * times)
                )
            }
        }
        var parameters = ImageParameters(sizes: sizes, formats: ["png", "jpeg"])
        parameters.countMax = 4
        parameters.compression = true
        parameters.negativePrompt = true
        parameters.seed = true
        var capabilities = ModelCapabilities(
            slug: "google/imagen-4\(kind.isEmpty ? "" : "-\(kind.dropLast())")",
            name: name,
            summary: summary,
            parameters: .image(parameters),
            // 480 tokens.
            promptCharactersMax: 1_920,
            prices: [ListPrice(unit: "image", usd: usd)],
            limits: EndpointLimits(slots: 100, submitsPerMinute: 75),
            timing: EndpointTiming(
                typicalSeconds: 12,
                deadlineSeconds: 600,
                sendTimeoutSeconds: 180,
                pollIntervalSeconds: 1
            ),
            source: "docs.cloud.google.com: Imagen API reference and Imagen 4 model pages, 2026; google-genai 3.4.0; "
                + "prices: the vendor's list of 2025, unconfirmed; end: the earliest day that Google names",
            options: ["personGeneration", "enhancePrompt", "addWatermark", "safetySetting"]
        )
        capabilities.providerModel = "imagen-4.0-\(kind)generate-001"
        capabilities.availableUntil = CalendarDate("2027-01-01")
        capabilities.replacedBy = "google/gemini-nano-banana-2.1"
        capabilities.dataPolicy = vertexPolicy
        return capabilities
    }

    // MARK: - What becomes of what is sent

    static let geminiPolicy = DataPolicy(
        zeroRetention: false,
        retentionDays: nil,
        trainsOnInputs: false,
        source: "ai.google.dev/gemini-api/docs/zdr, paid services, 2026-11"
    )
    static let vertexPolicy = DataPolicy(
        zeroRetention: false,
        retentionDays: nil,
        trainsOnInputs: false,
        source: "docs.cloud.google.com: Agent Platform and zero data retention (on request), 2026-11"
    )
}
