import Generation

/// Models of many vendors as Replicate hosts them: data, with source and date.
///
/// Chosen are official models that other hosts have as well, under the same slugs, and that are billed by what they make:
/// others are billed by seconds of a processor, which nobody can hold for beforehand. Inputs: the schemas on the models'
/// pages (`replicate.com/OWNER/NAME/api`), in copies of 2026. All read on 2026-11-22.
enum ReplicateModels {
    /// 600 predictions a minute may be created (replicate.com/docs, rate limits); running ones are not limited, and what
    /// a model has no room for waits.
    private static let limits = EndpointLimits(
        slots: 100,
        submitsPerMinute: 600,
        sharedBy: "predictions"
    )

    /// All of them.
    static let all: [ModelCapabilities] =
        images + [
            veo(
                "",
                "Veo 3.1",
                "Google's best videos, up to 1080p, with sound if wanted, from text, frames or three pictures.",
                ("0.20", "0.40")
            ),
            veo(
                "-fast",
                "Veo 3.1 Fast",
                "The faster and cheaper Veo 3.1, up to 1080p.",
                ("0.10", "0.15")
            ),
        ]

    private static let images: [ModelCapabilities] = [
        {
            // As the vendor: a part for each image, and each megapixel of it and of the pictures, rounded up
            // (lumenfall.ai, black-forest-labs/flux.2-pro, 2026).
            var model = image(
                "black-forest-labs/flux.2-pro",
                "black-forest-labs/flux-2-pro",
                .flux2,
                name: "FLUX.2 [pro]",
                summary: "Images and edits for production, of one megapixel, or four in a square.",
                parameters(
                    ReplicateSizes.flux2,
                    references: 8,
                    formats: ["jpeg", "png", "webp"],
                    compression: true
                ),
                [price("image", "0.015"), price("megapixel", "0.015"), price("input_megapixel", "0.015")],
                typicalSeconds: 15
            )
            model.megapixels = MegapixelMeter(pixels: 1_024 * 1_024, inputMax: 4)
            return model
        }(),
        image(
            "black-forest-labs/flux.1-schnell",
            "black-forest-labs/flux-schnell",
            .schnell,
            name: "FLUX.1 [schnell]",
            summary: "Images of about a megapixel in four steps, for very little.",
            parameters(
                ReplicateSizes.schnell,
                count: 4,
                formats: ["webp", "jpeg", "png"],
                compression: true
            ),
            [price("image", "0.003")],
            typicalSeconds: 2
        ),
        image(
            "black-forest-labs/flux-1.1-pro",
            "black-forest-labs/flux-1.1-pro",
            .fluxPro,
            name: "FLUX 1.1 [pro]",
            summary: "Images from text, or guided by a picture, of about a megapixel.",
            parameters(
                ReplicateSizes.fluxPro,
                references: 1,
                formats: ["webp", "jpeg", "png"],
                compression: true
            ),
            [price("image", "0.04")],
            typicalSeconds: 6
        ),
        image(
            "black-forest-labs/flux-1.1-pro-ultra",
            "black-forest-labs/flux-1.1-pro-ultra",
            .ultra,
            name: "FLUX 1.1 [pro] ultra",
            summary: "Images of four megapixels from text, or guided by a picture.",
            parameters(ReplicateSizes.ultra, references: 1),
            [price("image", "0.06")],
            typicalSeconds: 12
        ),
        image(
            "black-forest-labs/flux.1-kontext-pro",
            "black-forest-labs/flux-kontext-pro",
            .kontext,
            name: "FLUX.1 Kontext [pro]",
            summary: "Edits of a picture by words, and images of one megapixel.",
            parameters(ReplicateSizes.kontext, references: 1),
            [price("image", "0.04")],
            typicalSeconds: 8
        ),
        image(
            "google/gemini-3-pro-image",
            "google/nano-banana-pro",
            .banana,
            name: "Gemini 3 Pro Image",
            summary:
                "Nano Banana Pro: images that were thought about, 1K to 4K, from words and up to 14 pictures.",
            parameters(ReplicateSizes.banana, references: 14, seed: false),
            [price("image", "0.15"), price("image", "0.30", ["resolution": "4K"])],
            typicalSeconds: 30
        ),
        image(
            "bytedance-seed/seedream-4.5",
            "bytedance/seedream-4.5",
            .seedream,
            name: "Seedream 4.5",
            summary: "Images and edits of up to fourteen pictures in 2K and 4K.",
            parameters(ReplicateSizes.seedream, references: 14, formats: ["jpeg"], seed: false),
            [price("image", "0.04")],
            // The schema's own figure.
            promptMax: 4_000,
            typicalSeconds: 20
        ),
    ]

    /// Prices: the host's page of each model as of 2025 and 2026, unconfirmed since; the same as other hosts'.
    private static func veo(
        _ suffix: String,
        _ name: String,
        _ summary: String,
        _ usd: (silent: String, sounding: String)
    ) -> ModelCapabilities {
        var video = VideoParameters(
            durations: [4, 6, 8],
            defaultDuration: 8,
            sizes: ReplicateSizes.veo
        )
        video.frameRoles = [.first, .last]
        video.audio = .choice(default: true)
        video.negativePromptCharactersMax = 2_000
        video.seeds = 0...4_294_967_295
        if suffix.isEmpty {
            video.referencesMax = 3
            video.rules = [
                VideoRule(
                    when: [.references],
                    then: .durations([8]),
                    why: "Veo makes 8 seconds from reference pictures"
                )
            ]
        }
        return make(
            "google/veo-3.1\(suffix)",
            "google/veo-3.1\(suffix)",
            .veo,
            name: name,
            summary: summary,
            .video(video),
            [
                price("second", usd.silent, ["audio": "false"]),
                price("second", usd.sounding, ["audio": "true"]),
            ],
            promptMax: 10_000,
            EndpointTiming(
                typicalSeconds: 120,
                deadlineSeconds: 3_600,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 2
            )
        )
    }

    // MARK: - Parts

    private static func parameters(
        _ sizes: [SizeOption],
        count: Int = 1,
        references: Int = 0,
        formats: [String] = ["jpeg", "png"],
        compression: Bool = false,
        seed: Bool = true
    ) -> ImageParameters {
        var image = ImageParameters(sizes: sizes, formats: formats)
        image.countMax = count
        image.referencesMax = references
        image.compression = compression
        image.seed = seed
        return image
    }

    private static func image(
        _ slug: String,
        _ path: String,
        _ family: ReplicateFamily,
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
                // What was made is removed after an hour: a job that is not asked for by then has lost it.
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 1
            )
        )
    }

    private static func make(
        _ slug: String,
        _ path: String,
        _ family: ReplicateFamily,
        name: String,
        summary: String,
        _ parameters: ModelParameters,
        _ prices: [ListPrice],
        promptMax: Int,
        _ timing: EndpointTiming
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
            source:
                "replicate.com/\(path) (input schema, price), copies of 2025 and 2026; read 2026-11-22.",
            options: family.options.keys.sorted()
        )
        model.providerModel = path
        model.wire = [ReplicateFamily.note: family.rawValue]
        model.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: 1,
            trainsOnInputs: nil,
            source:
                "Input, output and logs of predictions made over the API are removed after an hour, uploads after a day (replicate.com/docs); read 2026-11-22."
        )
        return model
    }

    private static func price(
        _ unit: String,
        _ usd: String,
        _ conditions: [String: String] = [:]
    )
        -> ListPrice
    {
        ListPrice(unit: unit, usd: usd, conditions: conditions)
    }
}
