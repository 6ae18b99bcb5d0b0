import Generation

/// The FLUX models of Black Forest Labs: data, with source and date.
///
/// Paths and limits: docs.bfl.ai (OpenAPI pages, `quick_start`), help.bfl.ai (2026-04-02). Prices: the table of
/// docs.bfl.ai `quick_start/pricing` and the vendor's skills repository (2026-02), 1 credit = 0.01 US dollars. All read on
/// 2026-11-21.
///
/// Left out: `flux-dev` and `flux-pro` (superseded), `flux-pro-1.0-expand` and the tools under `flux-tools` (what they ask
/// for has no field here), and `flux-2-pro-preview` (the operator's file can add it `like` FLUX.2 [pro]).
enum FluxModels {
    private static let source =
        "docs.bfl.ai (models, pricing), help.bfl.ai, repository black-forest-labs/skills 2026-02; read 2026-11-21."

    /// An account may have 24 tasks under way; of Kontext [max] six (docs.bfl.ai `quick_start/generating_images`).
    ///
    /// Those six count among the 24 as well: what exceeds them is refused as busy, and waits here.
    private static let tasks = EndpointLimits(slots: 24, sharedBy: "tasks")
    private static let maxTasks = EndpointLimits(slots: 6)

    /// No limit is written for the prompts of FLUX.1.
    private static let promptMax = 10_000
    /// 32,000 tokens of FLUX.2, counted as one character each: whatever the language, fewer tokens come of it.
    private static let promptMax2 = 32_000

    /// All of them.
    static let all: [ModelCapabilities] = [
        flux2("pro", "FLUX.2 [pro]", "Images and edits for production, up to four megapixels.", ("0.015", "0.015"), 10),
        flux2(
            "max",
            "FLUX.2 [max]",
            "The vendor's best images and edits, up to four megapixels.",
            ("0.04", "0.03"),
            15
        ),
        flux2(
            "flex",
            "FLUX.2 [flex]",
            "Images and edits with fine type and small details, its steps in the open.",
            (nil, "0.05"),
            25,
            family: .flex
        ),
        flux2(
            "klein-9b",
            "FLUX.2 [klein] 9B",
            "Images and edits within a second or two, with more quality than 4B.",
            ("0.013", "0.002"),
            2,
            referencesMax: 4
        ),
        flux2(
            "klein-4b",
            "FLUX.2 [klein] 4B",
            "Images and edits within a second, for little.",
            ("0.013", "0.001"),
            1.5,
            referencesMax: 4
        ),
        kontext(
            "pro",
            "FLUX.1 Kontext [pro]",
            "Edits of pictures by words, and images of one megapixel.",
            "0.04",
            tasks
        ),
        kontext("max", "FLUX.1 Kontext [max]", "The best of Kontext's edits, with better type.", "0.08", maxTasks),
        make(
            "flux-1.1-pro",
            "flux-pro-1.1",
            .pro,
            name: "FLUX 1.1 [pro]",
            summary: "Images from text, or guided by a picture, of up to two megapixels.",
            image: parameters(FluxSizes.pro, free: FluxSizes.anyPro, referencesMax: 1),
            prices: [image("0.04")],
            typicalSeconds: 6
        ),
        make(
            "flux-1.1-pro-ultra",
            "flux-pro-1.1-ultra",
            .ultra,
            name: "FLUX 1.1 [pro] ultra",
            summary: "Images of four megapixels from text, or guided by a picture.",
            image: parameters(FluxSizes.ultra, referencesMax: 1),
            prices: [image("0.06")],
            typicalSeconds: 12
        ),
        make(
            "flux.1-fill-pro",
            "flux-pro-1.0-fill",
            .fill,
            name: "FLUX.1 Fill [pro]",
            summary: "Repaints the masked part of a picture.",
            image: fill,
            prices: [image("0.05")],
            typicalSeconds: 12
        ),
    ]

    // MARK: - Families

    /// A model of FLUX.2.
    ///
    /// The vendor charges the first megapixel, each further one, and each of the pictures handed in:
    /// `first + (out - 1) * step + in * step`. That is a part per image, `first - step`, and `step` per megapixel. A
    /// megapixel has 1,024 times 1,024 pixels, and one that has begun counts whole: an image of 1.98 megapixels was
    /// charged as two (a reseller's example of an answer, docs of openai-hk.com; pricing notes of lumenfall.ai; read
    /// 2026-11-21). The vendor's own pages name no rounding.
    private static func flux2(
        _ suffix: String,
        _ name: String,
        _ summary: String,
        _ usd: (perImage: String?, perMegapixel: String),
        _ typicalSeconds: Double,
        family: FluxFamily = .flux2,
        referencesMax: Int = 8
    ) -> ModelCapabilities {
        var model = make(
            "flux.2-\(suffix)",
            "flux-2-\(suffix)",
            family,
            name: name,
            summary: summary,
            image: parameters(
                FluxSizes.flux2,
                free: FluxSizes.anyFlux2,
                referencesMax: referencesMax,
                formats: ["jpeg", "png", "webp"]
            ),
            prices: (usd.perImage.map { [image($0)] } ?? []) + [
                ListPrice(unit: "megapixel", usd: usd.perMegapixel),
                ListPrice(unit: "input_megapixel", usd: usd.perMegapixel),
            ],
            typicalSeconds: typicalSeconds
        )
        model.promptCharactersMax = promptMax2
        model.megapixels = MegapixelMeter(pixels: 1_024 * 1_024, inputMax: 4)
        return model
    }

    private static func kontext(
        _ suffix: String,
        _ name: String,
        _ summary: String,
        _ usd: String,
        _ limits: EndpointLimits
    ) -> ModelCapabilities {
        make(
            "flux.1-kontext-\(suffix)",
            "flux-kontext-\(suffix)",
            .kontext,
            name: name,
            summary: summary,
            // The second to fourth picture are an experiment of the vendor's.
            image: parameters(FluxSizes.kontext, referencesMax: 4),
            prices: [image(usd)],
            limits: limits,
            typicalSeconds: 8
        )
    }

    private static var fill: ImageParameters {
        var image = parameters(FluxSizes.fill, referencesMax: 1)
        image.referencesMin = 1
        image.mask = true
        return image
    }

    private static func parameters(
        _ sizes: [SizeOption],
        free: FreeSizes? = nil,
        referencesMax: Int,
        formats: [String] = ["jpeg", "png"]
    ) -> ImageParameters {
        var image = ImageParameters(sizes: sizes, formats: formats)
        image.freeSizes = free
        image.referencesMax = referencesMax
        image.seed = true
        return image
    }

    private static func make(
        _ slug: String,
        _ providerModel: String,
        _ family: FluxFamily,
        name: String,
        summary: String,
        image: ImageParameters,
        prices: [ListPrice],
        limits: EndpointLimits = tasks,
        typicalSeconds: Double
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: "black-forest-labs/\(slug)",
            name: name,
            summary: summary,
            parameters: .image(image),
            promptCharactersMax: promptMax,
            prices: prices,
            limits: limits,
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                // Nothing can be stopped, and what is made late is billed: patience is cheaper than a deadline.
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 0.5
            ),
            source: source,
            options: family.options
        )
        model.providerModel = providerModel
        model.wire = [FluxFamily.note: family.rawValue]
        return model
    }

    private static func image(_ usd: String) -> ListPrice { ListPrice(unit: "image", usd: usd) }
}
