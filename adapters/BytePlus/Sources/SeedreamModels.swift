import Generation

/// The Seedream models of the Ark wire: data, with source and date.
///
/// Ids, sizes and limits: the image API samples of ModelArk (revision 265, read through a copy on 2026-10-08). Prices of
/// 4.0, 4.5 and 5.0 lite: the vendor's list of 2026-06; of 5.0 pro and flash: what resellers ask. All read on 2026-11-21.
enum SeedreamModels {
    private static let source =
        "BytePlus ModelArk image API (revision 265, 2026-10-08) and prices (1544106, a copy of 2026-06); read 2026-11-21."
    private static let resellers =
        "BytePlus ModelArk image API (revision 265, 2026-10-08); price as listed by resellers, not confirmed by the vendor; read 2026-11-21."

    /// The models under the ids of a region.
    static func all(in region: ArkRegion) -> [ModelCapabilities] {
        switch region {
        case .bytePlus: models
        case .volcengine: models.map(ofVolcengine)
        }
    }

    /// The same model under its id at Volcengine, where lite is called so.
    private static func ofVolcengine(_ model: ModelCapabilities) -> ModelCapabilities {
        var model = model
        let id = model.providerModel
        model.providerModel =
            if SeedreamFamily(of: model) == .lite {
                "doubao-seedream-5-0-lite-260128"
            } else {
                "doubao-" + (id.hasPrefix("dola-") ? String(id.dropFirst("dola-".count)) : id)
            }
        return model
    }

    private static let models: [ModelCapabilities] = [
        make(
            "bytedance-seed/seedream-4.5",
            "seedream-4-5-251128",
            .v45,
            name: "Seedream 4.5",
            summary: "Images of 2K and 4K from text and up to fourteen pictures, also as sets.",
            usd: "0.04",
            typicalSeconds: 25
        ),
        make(
            "bytedance-seed/seedream-4.0",
            "seedream-4-0-250828",
            .v40,
            name: "Seedream 4.0",
            summary: "Images of 1K to 4K from text and up to fourteen pictures, also as sets.",
            usd: "0.03",
            typicalSeconds: 20
        ),
        make(
            "bytedance-seed/seedream-5.0-lite",
            "seedream-5-0-260128",
            .lite,
            name: "Seedream 5.0 Lite",
            summary: "Images of 2K to 4K, as JPEG or PNG, from text and up to fourteen pictures, also as sets.",
            usd: "0.035",
            typicalSeconds: 26
        ),
        make(
            "bytedance-seed/seedream-5.0-pro",
            "dola-seedream-5-0-pro-260628",
            .pro,
            name: "Seedream 5.0 Pro",
            summary: "The vendor's best images, up to 2K, from text and up to ten pictures.",
            usd: "0.09",
            typicalSeconds: 43,
            source: resellers
        ),
        make(
            "bytedance-seed/seedream-5.0-flash",
            "dola-seedream-5-0-flash-260915",
            .pro,
            name: "Seedream 5.0 Flash",
            summary: "The quicker form of Seedream 5.0 Pro, up to 2K.",
            usd: "0.018",
            typicalSeconds: 15,
            source: resellers
        ),
    ]

    private static func make(
        _ slug: String,
        _ providerModel: String,
        _ family: SeedreamFamily,
        name: String,
        summary: String,
        usd: String,
        typicalSeconds: Double,
        source: String = source
    ) -> ModelCapabilities {
        var image = ImageParameters(sizes: SeedreamSizes.options(family), formats: family.formats)
        image.freeSizes = SeedreamSizes.free(family)
        image.countMax = family.setMax ?? 1
        image.referencesMax = family.referencesMax
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .image(image),
            // Advice: at most 300 Chinese characters or 600 English words. A reseller that asked found a limit of 4,000.
            promptCharactersMax: 4_000,
            // Each image that was made, of whatever size; what failed or was filtered is free.
            prices: [ListPrice(unit: "image", usd: usd)],
            // 500 images in a minute for an account; the calls that run at once are not limited by the vendor.
            limits: EndpointLimits(slots: 50, submitsPerMinute: 500),
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                deadlineSeconds: 3_600,
                // The answer comes when all is made: minutes for a set, and whoever hangs up pays all the same.
                sendTimeoutSeconds: family.setMax == nil ? 300 : 900,
                pollIntervalSeconds: 2
            ),
            source: source,
            options: family.options
        )
        model.providerModel = providerModel
        model.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: 1,
            trainsOnInputs: nil,
            source: "ModelArk keeps what was made for 24 hours (image API, 2026-10-08)."
        )
        model.wire = [ArkFamily.note: family.rawValue]
        return model
    }
}
