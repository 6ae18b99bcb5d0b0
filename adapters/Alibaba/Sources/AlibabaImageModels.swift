import Generation

/// What this provider offers: Qwen-Image, Z-Image and the Wan models for images.
///
/// Sources: Model Studio's API references of Qwen-Image, Z-Image, Wan text-to-image V2 and Wan image generation (2026), its
/// rate limits (25 June 2026), and prices as its resellers pass them on (2026): no price list of the vendor's could be read
/// for all of them. Beijing's list is lower, and not known for all; Singapore's holds for both here.
///
/// Qwen-Image 3.0 Pro is not here, since nobody says what it costs; an operator who knows adds it in the file of models.
enum AlibabaImageModels {
    static let all: [ModelCapabilities] = qwen + wan

    // MARK: - Models

    private static let qwen = [
        make(
            "qwen/qwen-image-3.0",
            "Qwen-Image 3.0",
            "Images with long texts in them, and edits of up to three pictures, up to 2048x2048.",
            .qwen,
            usd: "0.03",
            promptCharactersMax: 1_300
        ),
        make(
            "qwen/qwen-image-2.0",
            "Qwen-Image 2.0",
            "Images with texts in them, and edits of up to three pictures, up to 2048x2048.",
            .qwen,
            usd: "0.035",
            promptCharactersMax: 1_300
        ),
        make(
            "qwen/qwen-image-2.0-pro",
            "Qwen-Image 2.0 Pro",
            "The finer form of Qwen-Image 2.0.",
            .qwen,
            usd: "0.075",
            promptCharactersMax: 1_300,
            typicalSeconds: 25
        ),
        make(
            "qwen/qwen-image-max",
            "Qwen-Image Max",
            "Images of five sizes with texts in them, from text alone.",
            .qwenFixed,
            usd: "0.075",
            promptCharactersMax: 800,
            typicalSeconds: 25
        ),
        make(
            "qwen/qwen-image-plus",
            "Qwen-Image Plus",
            "Images of five sizes with texts in them, from text alone, for less.",
            .qwenFixed,
            usd: "0.03",
            promptCharactersMax: 800
        ),
        make(
            "qwen/qwen-image-edit-max",
            "Qwen-Image-Edit Max",
            "Edits of one to three pictures.",
            .qwenEdit,
            usd: "0.075",
            promptCharactersMax: 800,
            typicalSeconds: 25
        ),
        make(
            "qwen/qwen-image-edit-plus",
            "Qwen-Image-Edit Plus",
            "Edits of one to three pictures, for less.",
            .qwenEdit,
            usd: "0.03",
            promptCharactersMax: 800
        ),
        make(
            "qwen/qwen-image-edit",
            "Qwen-Image-Edit",
            "Edits of one to three pictures, in the shape of the last one; the first model of its kind.",
            .qwenEditFirst,
            usd: "0.045",
            promptCharactersMax: 800
        ),
        make(
            "alibaba/z-image-turbo",
            "Z-Image Turbo",
            "Images from text alone, quickly and for little.",
            .zImage,
            usd: "0.015",
            promptCharactersMax: 800,
            typicalSeconds: 5
        ),
    ]

    private static let wan = [
        make(
            "alibaba/wan-2.7-image",
            "Wan 2.7 Image",
            "Images of 1K and 2K from text and up to nine pictures.",
            .wan27,
            usd: "0.03",
            promptCharactersMax: 5_000,
            typicalSeconds: 30
        ),
        make(
            "alibaba/wan-2.7-image-pro",
            "Wan 2.7 Image Pro",
            "Images of up to 4K from text, and of up to 2K from text and up to nine pictures.",
            .wan27,
            usd: "0.075",
            promptCharactersMax: 5_000,
            typicalSeconds: 60,
            has4K: true
        ),
        make(
            "alibaba/wan-2.6-t2i",
            "Wan 2.6 Text to Image",
            "Images from text alone.",
            .wan26,
            usd: "0.03",
            promptCharactersMax: 2_000,
            typicalSeconds: 30
        ),
        make(
            "alibaba/wan-2.6-image",
            "Wan 2.6 Image",
            "Edits of one to four pictures.",
            .wan26Edit,
            usd: "0.03",
            promptCharactersMax: 2_000,
            typicalSeconds: 60
        ),
        make(
            "alibaba/wan-2.5-t2i-preview",
            "Wan 2.5 Text to Image Preview",
            "Images from text alone; an earlier model.",
            .wanOlder,
            usd: "0.03",
            promptCharactersMax: 2_000,
            typicalSeconds: 30
        ),
        make(
            "alibaba/wan-2.2-t2i-flash",
            "Wan 2.2 Text to Image Flash",
            "Images from text alone; the quickest of the earlier models.",
            .wanOlder,
            usd: "0.025",
            promptCharactersMax: 500,
            typicalSeconds: 10
        ),
        make(
            "alibaba/wan-2.2-t2i-plus",
            "Wan 2.2 Text to Image Plus",
            "Images from text alone; the finest of the earlier models.",
            .wanOlder,
            usd: "0.05",
            promptCharactersMax: 500,
            typicalSeconds: 30
        ),
    ]

    private static func make(
        _ slug: String,
        _ name: String,
        _ summary: String,
        _ family: ImageFamily,
        usd: String,
        promptCharactersMax: Int,
        typicalSeconds: Double = 12,
        has4K: Bool = false
    ) -> ModelCapabilities {
        var image = ImageParameters(sizes: ImageSizes.options(family, has4K: has4K), formats: ["png"])
        image.freeSizes = ImageSizes.free(family, has4K: has4K)
        image.countMax = family.countMax
        image.referencesMin = family.references.lowerBound
        image.referencesMax = family.references.upperBound
        image.negativePrompt = family.takesNegativePrompt
        image.seed = true
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .image(image),
            promptCharactersMax: promptCharactersMax,
            // Each image that was made; what failed or was filtered is free.
            prices: [ListPrice(unit: "image", usd: usd)],
            limits: limits(family),
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                deadlineSeconds: 3_600,
                // Of those that answer when all is made, six images included.
                sendTimeoutSeconds: family.door.isTask ? 120 : 300,
                pollIntervalSeconds: 1
            ),
            source: source,
            options: family.options
        )
        model.wire = [AlibabaModels.WireKey.family: family.rawValue]
        // `wan-2.7-image` is `wan2.7-image` there; the names of the others are their own.
        let plain = model.providerModel
        model.providerModel = plain.hasPrefix("wan-") ? "wan" + plain.dropFirst(4) : plain
        model.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: 1,
            trainsOnInputs: nil,
            source: "Model Studio's API references: tasks and their images are deleted after 24 hours; 2026."
        )
        return model
    }

    /// Two calls in a second for Qwen-Image, Z-Image and Wan 2.2, five and five tasks at once for later Wan models.
    private static func limits(_ family: ImageFamily) -> EndpointLimits {
        switch family {
        case .qwen, .qwenFixed, .qwenEdit, .qwenEditFirst, .zImage: EndpointLimits(slots: 10, submitsPerSecond: 2)
        case .wan27, .wan26, .wan26Edit: EndpointLimits(slots: 5, submitsPerSecond: 5)
        case .wanOlder: EndpointLimits(slots: 2, submitsPerSecond: 2)
        }
    }

    private static let source =
        "Model Studio's API references and rate limits (2026), dashscope 2.0.2; prices as passed on by resellers, not confirmed by the vendor; read 2026-11-21."
}
