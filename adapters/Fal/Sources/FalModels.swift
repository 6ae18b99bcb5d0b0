import Generation

/// Models of many vendors as fal.ai hosts them: data, with source and date.
///
/// Chosen are those that other hosts have as well, under the same slugs, and whose price is published: the operator's file
/// can add others `like` one of these. Paths and fields: `endpoints.ts` of the official client fal-ai/fal-js (2026-08-02).
/// Prices: the models' own pages (`fal.ai/models/…/llms.txt`) as copied in 2026 where the entry says nothing else. All read
/// on 2026-11-22.
enum FalModels {
    /// A new account may have two requests running, one that has paid up to forty (fal.ai/docs FAQ, 2026).
    ///
    /// What exceeds them waits in the host's queue and is not refused.
    static let limits = EndpointLimits(slots: 40, sharedBy: "concurrency")

    /// All of them.
    static let all: [ModelCapabilities] = flux + google + seedream + videos + voices

    // MARK: - FLUX

    private static let flux: [ModelCapabilities] = [
        {
            // "$0.03 for the first megapixel, $0.015 for each further one", pictures counted alike, each rounded up.
            var model = image(
                "black-forest-labs/flux.2-pro",
                "fal-ai/flux-2-pro",
                .flux2,
                name: "FLUX.2 [pro]",
                summary: "Images and edits for production, up to four megapixels.",
                parameters(FalSizes.flux2, references: 8),
                [
                    price("image", "0.015"), price("megapixel", "0.015"), price("input_megapixel", "0.015"),
                ],
                promptMax: 32_000,
                typicalSeconds: 15
            )
            model.megapixels = MegapixelMeter(pixels: 1_024 * 1_024, inputMax: 4)
            return model
        }(),
        {
            var model = image(
                "black-forest-labs/flux.1-schnell",
                "fal-ai/flux/schnell",
                .schnell,
                name: "FLUX.1 [schnell]",
                summary: "Images of about a megapixel in four steps, for very little.",
                parameters(FalSizes.flux1, count: 4),
                [price("megapixel", "0.003")],
                typicalSeconds: 2
            )
            model.megapixels = MegapixelMeter(pixels: 1_024 * 1_024, inputMax: 1)
            return model
        }(),
        {
            var model = image(
                "black-forest-labs/flux-1.1-pro",
                "fal-ai/flux-pro/v1.1",
                .fluxPro,
                name: "FLUX 1.1 [pro]",
                summary: "Images from text of about a megapixel.",
                parameters(FalSizes.flux1, count: 4),
                [price("megapixel", "0.04")],
                typicalSeconds: 6
            )
            model.megapixels = MegapixelMeter(pixels: 1_024 * 1_024, inputMax: 1)
            return model
        }(),
        image(
            "black-forest-labs/flux-1.1-pro-ultra",
            "fal-ai/flux-pro/v1.1-ultra",
            .ultra,
            name: "FLUX 1.1 [pro] ultra",
            summary: "Images of four megapixels from text, or guided by a picture.",
            parameters(FalSizes.ultra, count: 4, references: 1),
            [price("image", "0.06")],
            typicalSeconds: 12
        ),
        image(
            "black-forest-labs/flux.1-kontext-pro",
            "fal-ai/flux-pro/kontext",
            .kontext,
            name: "FLUX.1 Kontext [pro]",
            summary: "Edits of a picture by words, and images of one megapixel.",
            parameters(FalSizes.kontext, count: 4, references: 1),
            [price("image", "0.04")],
            typicalSeconds: 8
        ),
    ]

    // MARK: - Google and ByteDance

    private static let google: [ModelCapabilities] = [
        image(
            "google/gemini-3.1-flash-image",
            "fal-ai/nano-banana-2",
            .banana,
            name: "Gemini 3.1 Flash Image",
            summary: "Nano Banana 2: fast images from words and pictures, 512 pixels to 4K in 14 shapes.",
            parameters(
                FalSizes.banana(["1K", "512", "2K", "4K"], hasStrips: true),
                count: 4,
                references: 14,
                formats: ["png", "jpeg", "webp"]
            ),
            [
                price("image", "0.08"), price("image", "0.06", ["resolution": "512"]),
                price("image", "0.12", ["resolution": "2K"]), price("image", "0.16", ["resolution": "4K"]),
            ],
            promptMax: 32_000,
            typicalSeconds: 15
        ),
        image(
            "google/gemini-3-pro-image",
            "fal-ai/nano-banana-pro",
            .banana,
            name: "Gemini 3 Pro Image",
            summary: "Nano Banana Pro: images that were thought about, 1K to 4K, from words and up to 14 pictures.",
            parameters(
                FalSizes.banana(["1K", "2K", "4K"], hasStrips: false),
                count: 4,
                references: 14,
                formats: ["png", "jpeg", "webp"]
            ),
            [price("image", "0.15"), price("image", "0.30", ["resolution": "4K"])],
            promptMax: 32_000,
            typicalSeconds: 30
        ),
    ]

    private static let seedream: [ModelCapabilities] = [
        image(
            "bytedance-seed/seedream-4.5",
            "fal-ai/bytedance/seedream/v4.5/text-to-image",
            .seedream,
            name: "Seedream 4.5",
            summary: "Images and edits of up to ten pictures in 2K and 4K.",
            parameters(FalSizes.seedream, count: 6, references: 10, formats: ["png"]),
            [price("image", "0.04")],
            typicalSeconds: 20
        )
    ]

    // MARK: - Parts

    private static func parameters(
        _ sizes: [SizeOption],
        count: Int = 1,
        references: Int = 0,
        formats: [String] = ["jpeg", "png"]
    ) -> ImageParameters {
        var image = ImageParameters(sizes: sizes, formats: formats)
        image.countMax = count
        image.referencesMax = references
        image.seed = true
        return image
    }

    private static func image(
        _ slug: String,
        _ path: String,
        _ family: FalFamily,
        name: String,
        summary: String,
        _ parameters: ImageParameters,
        _ prices: [ListPrice],
        promptMax: Int = 10_000,
        typicalSeconds: Double
    ) -> ModelCapabilities {
        make(
            slug,
            path,
            family,
            name: name,
            summary: summary,
            .image(parameters),
            prices,
            promptMax: promptMax,
            EndpointTiming(
                typicalSeconds: typicalSeconds,
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 1
            )
        )
    }

    static func make(
        _ slug: String,
        _ path: String,
        _ family: FalFamily,
        name: String,
        summary: String,
        _ parameters: ModelParameters,
        _ prices: [ListPrice],
        promptMax: Int,
        _ timing: EndpointTiming,
        note: String = ""
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: parameters,
            promptCharactersMax: promptMax,
            prices: prices,
            limits: limits,
            timing: timing,
            source: "fal-ai/fal-js endpoints.ts 2026-08-02; fal.ai/models/\(path) (price), 2026; read 2026-11-22."
                + note,
            options: family.options.keys.sorted()
        )
        model.providerModel = path
        model.wire = [FalFamily.note: family.rawValue]
        model.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: nil,
            trainsOnInputs: nil,
            source: "The host keeps outputs at public addresses for at least seven days (fal.ai/docs); read 2026-11-22."
        )
        return model
    }

    static func price(_ unit: String, _ usd: String, _ conditions: [String: String] = [:]) -> ListPrice {
        ListPrice(unit: unit, usd: usd, conditions: conditions)
    }
}
