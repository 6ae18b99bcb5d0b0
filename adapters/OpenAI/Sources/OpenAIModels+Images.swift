import Generation
import ProviderKit

/// The models of OpenAI's Images API.
///
/// Sources, read on 2026-11-21:
/// - Models, sizes, qualities, formats, counts, ends: `openai` 3.54.0 on PyPI, `types/image_model.py`,
///   `image_generate_params.py`, `image_edit_params.py`; the presets and the limits of free sizes: the image generation
///   guide. `gpt-image-2.6-*` are named there, and nothing else of them is known yet, so they are not on offer;
///   `dall-e-2` and `dall-e-3` ended on 2026-05-12 with a wire of their own.
/// - Prices: the models' pages, and LiteLLM 1.109.1, `model_prices_and_context_window.json`.
/// - Tokens of an image: the guide's table for models before 2; from 2 on the guide's calculator, whose figures
///   `tokens(_:_:)` gives. The ladder of 2.5 is another one than that of 2, as measured by users of it.
/// - Tokens of a picture that is handed in are not published from 2 on: what is held for one is above what users report.
/// - Limits: the guide's images per minute of the highest tier. A lower one answers 429, and is waited for.
extension OpenAIModels {
    static let images = [gptImage25Sunburst, gptImage25Flare, gptImage2, gptImage15, gptImage1Mini, gptImage1]

    static let gptImage25Sunburst = freeSized(
        "gpt-image-2.5-sunburst",
        name: "OpenAI: GPT Image 2.5 Sunburst",
        summary: "OpenAI's most capable model for making and editing images, in any size.",
        ladder: laterLadder
    )

    static let gptImage25Flare = freeSized(
        "gpt-image-2.5-flare",
        name: "OpenAI: GPT Image 2.5 Flare",
        summary: "OpenAI's fast model for making and editing everyday images, in any size.",
        ladder: laterLadder
    )

    static let gptImage2 = freeSized(
        "gpt-image-2",
        name: "OpenAI: GPT Image 2",
        summary: "OpenAI's earlier model for making and editing images, in any size.",
        ladder: [("medium", 48), ("low", 16), ("high", 96)]
    )

    static let gptImage15: ModelCapabilities = {
        var model = fixedSized(
            "gpt-image-1.5",
            name: "OpenAI: GPT Image 1.5",
            summary: "An earlier model of OpenAI's for making and editing images, in three sizes.",
            prices: [
                ListPrice(unit: "input_text_token", usd: "0.000005"),
                ListPrice(unit: "input_image_token", usd: "0.000008"),
                ListPrice(unit: "output_image_token", usd: "0.000032"),
                ListPrice(unit: "output_text_token", usd: "0.00001"),
            ],
            perReference: 8_000,
            end: CalendarDate("2026-12-01")
        )
        model.tokens?.outputTextMax = 4_000
        model.options.append("input_fidelity")
        return model
    }()

    static let gptImage1Mini = fixedSized(
        "gpt-image-1-mini",
        name: "OpenAI: GPT Image 1 mini",
        summary: "An earlier, cheap model of OpenAI's for making and editing images, in three sizes.",
        prices: [
            ListPrice(unit: "input_text_token", usd: "0.000002"),
            ListPrice(unit: "input_image_token", usd: "0.0000025"),
            ListPrice(unit: "output_image_token", usd: "0.000008"),
        ],
        perReference: 2_000,
        end: CalendarDate("2026-12-01")
    )

    static let gptImage1: ModelCapabilities = {
        var model = fixedSized(
            "gpt-image-1",
            name: "OpenAI: GPT Image 1",
            summary: "OpenAI's first model of its kind for making and editing images, in three sizes.",
            prices: [
                ListPrice(unit: "input_text_token", usd: "0.000005"),
                ListPrice(unit: "input_image_token", usd: "0.00001"),
                ListPrice(unit: "output_image_token", usd: "0.00004"),
            ],
            perReference: 8_000,
            end: CalendarDate("2026-10-23")
        )
        model.options.append("input_fidelity")
        return model
    }()

    // MARK: - Tokens

    /// What each quality counts for in a size, from the default on.
    ///
    /// Measured by users of 2.5: its `max` costs what `high` of 2 does, its `high` what `medium` does.
    private static let laterLadder = [("medium", 24), ("low", 16), ("high", 48), ("xhigh", 64), ("max", 96)]

    /// The tokens of one image by models from 2 on: what the guide's calculator shows.
    ///
    /// Checked: 1024x1024 high of 2 is 7,024, 1536x1024 high 5,488, 3584x2048 high 12,329.
    static func tokens(_ factor: Int, _ size: PixelSize) -> Int64 {
        let (short, long) = (min(size.width, size.height), max(size.width, size.height))
        let other = (2 * factor * short + long) / (2 * long)
        return Int64((factor * other * (2_000_000 + size.width * size.height) + 3_999_999) / 4_000_000)
    }

    private static let fixedTokens: [String: Int64] = [
        "low/1024x1024": 272, "low/1024x1536": 408, "low/1536x1024": 400,
        "medium/1024x1024": 1_056, "medium/1024x1536": 1_584, "medium/1536x1024": 1_568,
        "high/1024x1024": 4_160, "high/1024x1536": 6_240, "high/1536x1024": 6_208,
        "auto": 6_240,
    ]

    /// What a preview costs: the guide.
    private static let tokensOfPreview: Int64 = 100

    // MARK: - Sizes

    private static let fixedSizes: [SizeOption] = [
        size("1K", "1:1", 1_024, 1_024), size("1K", "3:2", 1_536, 1_024), size("1K", "2:3", 1_024, 1_536),
    ]

    /// The sizes that have names: those of the earlier models, OpenRouter's table at 1K, and the largest at 2K and 4K that
    /// the rule of free sizes lets have exactly the ratio.
    private static let namedSizes: [SizeOption] = fixedSizes + moreSizes

    private static let moreSizes: [SizeOption] = [
        size("1K", "4:3", 1_184, 864), size("1K", "3:4", 864, 1_184), size("1K", "5:4", 1_152, 896),
        size("1K", "4:5", 896, 1_152), size("1K", "16:9", 1_344, 768), size("1K", "9:16", 768, 1_344),
        size("1K", "21:9", 1_536, 672),
        size("2K", "1:1", 2_048, 2_048), size("2K", "3:2", 2_016, 1_344), size("2K", "2:3", 1_344, 2_016),
        size("2K", "4:3", 2_048, 1_536), size("2K", "3:4", 1_536, 2_048), size("2K", "5:4", 2_000, 1_600),
        size("2K", "4:5", 1_600, 2_000), size("2K", "16:9", 2_048, 1_152), size("2K", "9:16", 1_152, 2_048),
        size("2K", "21:9", 2_016, 864),
        size("4K", "1:1", 2_880, 2_880), size("4K", "3:2", 3_504, 2_336), size("4K", "2:3", 2_336, 3_504),
        size("4K", "4:3", 3_264, 2_448), size("4K", "3:4", 2_448, 3_264), size("4K", "5:4", 3_200, 2_560),
        size("4K", "4:5", 2_560, 3_200), size("4K", "16:9", 3_840, 2_160), size("4K", "9:16", 2_160, 3_840),
        size("4K", "21:9", 3_696, 1_584),
    ]

    /// The size that takes the most tokens of all that are free.
    private static let largest = PixelSize(width: 2_880, height: 2_880)

    // MARK: - Models

    private static func freeSized(
        _ id: String,
        name: String,
        summary: String,
        ladder: [(quality: String, factor: Int)]
    ) -> ModelCapabilities {
        var image = parameters(sizes: namedSizes, qualities: ladder.map(\.quality))
        image.freeSizes = FreeSizes(
            multipleOf: 16,
            edges: 16...3_840,
            pixels: 655_360...8_294_400,
            ratioMax: 3
        )
        var meter = TokenMeter()
        meter.perReference = 8_000
        // Which quality `auto` means is the vendor's choice, call by call.
        let worst = ladder.map(\.factor).max() ?? 0
        for (quality, factor) in ladder + [("auto", worst)] {
            meter.perImage[quality] = tokens(factor, largest)
            for option in namedSizes {
                meter.perImage["\(quality)/\(option.size)"] = tokens(factor, option.size)
            }
        }
        return model(
            id,
            name: name,
            summary: summary,
            image,
            meter,
            prices: [
                ListPrice(unit: "input_text_token", usd: "0.000005"),
                ListPrice(unit: "input_image_token", usd: "0.000008"),
                ListPrice(unit: "output_image_token", usd: "0.00003"),
            ]
        )
    }

    private static func fixedSized(
        _ id: String,
        name: String,
        summary: String,
        prices: [ListPrice],
        perReference: Int64,
        end: CalendarDate?
    ) -> ModelCapabilities {
        var meter = TokenMeter()
        meter.perReference = perReference
        meter.perImage = fixedTokens
        let image = parameters(sizes: fixedSizes, qualities: ["medium", "low", "high"])
        var model = model(id, name: name, summary: summary, image, meter, prices: prices)
        model.availableUntil = end
        model.replacedBy = "openai/gpt-image-2.5-flare"
        return model
    }

    private static func parameters(sizes: [SizeOption], qualities: [String]) -> ImageParameters {
        var image = ImageParameters(sizes: sizes, formats: ["png", "jpeg", "webp"])
        image.countMax = 10
        // The vendor's default is `auto`, whose bill nobody can foresee.
        image.qualities = qualities + ["auto"]
        image.backgrounds = ["auto", "opaque", "transparent"]
        image.compression = true
        image.referencesMax = 16
        image.mask = true
        image.partialImagesMax = 3
        return image
    }

    private static func model(
        _ id: String,
        name: String,
        summary: String,
        _ image: ImageParameters,
        _ meter: TokenMeter,
        prices: [ListPrice]
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: "openai/\(id)",
            name: name,
            summary: summary,
            parameters: .image(image),
            promptCharactersMax: 32_000,
            prices: prices,
            limits: EndpointLimits(slots: 250, submitsPerMinute: 250),
            // The official SDK waits for ten minutes; the guide speaks of up to two.
            timing: EndpointTiming(
                typicalSeconds: 30,
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 600,
                pollIntervalSeconds: 2
            ),
            source: "openai 3.54.0 (PyPI), the image generation guide and LiteLLM 1.109.1, 2026-11-21",
            options: ["moderation"]
        )
        model.tokens = meter
        model.tokens?.promptOverhead = 100
        model.tokens?.perPartialImage = tokensOfPreview
        model.dataPolicy = dataPolicy
        return model
    }
}
