import Generation

/// The models of all doors: data.
///
/// Those of videos are here, the others in files of their own.
enum GoogleModels {
    /// What the Gemini API has, besides Veo.
    static let gemini = omni + images + speech + music
    /// What Vertex AI has.
    static let vertexAll = vertex + imagen + vertexImages + vertexSpeech

    static let negativePromptCharactersMax = 4_096

    private static let sizes: [(resolution: String, long: Int, short: Int)] = [
        ("360p", 640, 360), ("720p", 1_280, 720), ("1080p", 1_920, 1_080), ("4k", 3_840, 2_160),
    ]

    /// Both aspect ratios of some resolutions; the first is the default.
    private static func options(_ resolutions: [String]) -> [SizeOption] {
        resolutions.flatMap { name in
            sizes.filter { $0.resolution == name }.flatMap { size in
                [
                    SizeOption(
                        resolution: name,
                        aspectRatio: "16:9",
                        size: PixelSize(width: size.long, height: size.short)
                    ),
                    SizeOption(
                        resolution: name,
                        aspectRatio: "9:16",
                        size: PixelSize(width: size.short, height: size.long)
                    ),
                ]
            }
        }
    }

    // MARK: - Veo

    /// One of the three sizes of Veo 3.1.
    private struct Veo {
        let slug: String
        let name: String
        let summary: String
        let geminiID: String
        let vertexID: String
        let hasFourK: Bool
        let takesReferences: Bool
        /// US dollars for a second with sound, by resolution.
        let prices: [(resolution: String, usd: String)]
        /// The same without sound, where the vendor says so.
        let silentPrices: [(resolution: String, usd: String)]
    }

    private static let veo = [
        Veo(
            slug: "google/veo-3.1",
            name: "Veo 3.1",
            summary: "Google's video model with native sound: 4, 6 or 8 seconds up to 4K.",
            geminiID: "veo-3.1-generate-preview",
            vertexID: "veo-3.1-generate-001",
            hasFourK: true,
            takesReferences: true,
            prices: [("720p", "0.40"), ("1080p", "0.40"), ("4k", "0.60")],
            silentPrices: [("720p", "0.20"), ("1080p", "0.20"), ("4k", "0.40")]
        ),
        Veo(
            slug: "google/veo-3.1-fast",
            name: "Veo 3.1 Fast",
            summary: "The faster and cheaper Veo 3.1.",
            geminiID: "veo-3.1-fast-generate-preview",
            vertexID: "veo-3.1-fast-generate-001",
            hasFourK: true,
            takesReferences: true,
            prices: [("720p", "0.10"), ("1080p", "0.12"), ("4k", "0.30")],
            silentPrices: []
        ),
        Veo(
            slug: "google/veo-3.1-lite",
            name: "Veo 3.1 Lite",
            summary: "The cheapest Veo 3.1, for many videos: up to 1080p.",
            geminiID: "veo-3.1-lite-generate-preview",
            vertexID: "veo-3.1-lite-generate-001",
            hasFourK: false,
            takesReferences: false,
            prices: [("720p", "0.05"), ("1080p", "0.08")],
            silentPrices: []
        ),
    ]

    /// Source: ai.google.dev/gemini-api/docs/video and /docs/pricing (July 2026), /docs/deprecations (2026-10).
    static let geminiVeo: [ModelCapabilities] = veo.map { model in
        var parameters = parameters(of: model)
        parameters.audio = .always
        var capabilities = capabilities(
            of: model,
            parameters,
            prices: model.prices.map { price($0, [:]) },
            // Previews are documented with 10 requests a minute for a project; slots are not documented.
            limits: EndpointLimits(slots: 1_000, submitsPerMinute: 10),
            source: "ai.google.dev/gemini-api/docs/video and /docs/pricing, July 2026; google-genai 2.34.0; end: "
                + "/docs/deprecations, October 2026"
        )
        capabilities.providerModel = model.geminiID
        capabilities.options = ["personGeneration", "enhancePrompt", "negativePrompt"]
        capabilities.availableUntil = CalendarDate("2026-10-22")
        capabilities.replacedBy = "google/gemini-omni-1.2-flash"
        capabilities.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: 2,
            trainsOnInputs: false,
            source:
                "ai.google.dev/gemini-api/docs/zdr and /docs/video (files are kept for 2 days), paid services, 2026-11"
        )
        return capabilities
    }

    /// No end is set for them: Google's page of model versions says "November 17, 2026 or later" for the first two, the
    /// earliest day that it may be, and announces none; the Lite model has no day at all.
    ///
    /// Source: docs.cloud.google.com/gemini-enterprise-agent-platform/models/model-versions (copy of August 2026; that of
    /// June said "no retirement date announced"). litellm 1.109.1 writes that day down as the end. An operator who sees
    /// 404 sets `available_until` in the file.
    static let vertex: [ModelCapabilities] = veo.map { model in
        var parameters = parameters(of: model)
        parameters.audio = .choice(default: true)
        parameters.seeds = 0...4_294_967_295
        // Where no price without sound is published, both cost the same here, so that nothing is sold below its cost.
        let silent = model.silentPrices.isEmpty ? model.prices : model.silentPrices
        var capabilities = capabilities(
            of: model,
            parameters,
            prices: model.prices.map { price($0, ["audio": "true"]) } + silent.map { price($0, ["audio": "false"]) },
            // 50 requests a minute for a project, region and model; slots are not documented.
            limits: EndpointLimits(slots: 1_000, submitsPerMinute: 50),
            source:
                "docs.cloud.google.com: Veo 3.1 model pages (2025-11), model versions (2026-08); google-genai 3.4.0; "
                + "prices: litellm 1.109.1 map of the vendor's page, without sound: unconfirmed"
        )
        capabilities.providerModel = model.vertexID
        capabilities.options = [
            "personGeneration", "enhancePrompt", "resizeMode", "compressionQuality", "negativePrompt",
        ]
        capabilities.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: nil,
            trainsOnInputs: false,
            source: "docs.cloud.google.com: Agent Platform and zero data retention (on request), 2026-11"
        )
        return capabilities
    }

    private static func parameters(of model: Veo) -> VideoParameters {
        let resolutions = model.hasFourK ? ["720p", "1080p", "4k"] : ["720p", "1080p"]
        var parameters = VideoParameters(durations: [4, 6, 8], defaultDuration: 8, sizes: options(resolutions))
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = model.takesReferences ? 3 : 0
        parameters.negativePromptCharactersMax = negativePromptCharactersMax
        parameters.rules = [
            VideoRule(
                when: [.resolutions(["1080p", "4k"])],
                then: .durations([8]),
                why: "1080p and 4k are made in 8 seconds"
            )
        ]
        guard model.takesReferences else { return parameters }
        parameters.rules += [
            VideoRule(when: [.references], then: .durations([8]), why: "with reference images videos have 8 seconds"),
            VideoRule(when: [.references], then: .aspectRatios(["16:9"]), why: "with reference images videos are 16:9"),
        ]
        return parameters
    }

    private static func capabilities(
        of model: Veo,
        _ parameters: VideoParameters,
        prices: [ListPrice],
        limits: EndpointLimits,
        source: String
    ) -> ModelCapabilities {
        ModelCapabilities(
            slug: model.slug,
            name: model.name,
            summary: model.summary,
            parameters: .video(parameters),
            // 1,024 tokens.
            promptCharactersMax: 4_096,
            prices: prices,
            limits: limits,
            // 11 seconds to 6 minutes are documented.
            timing: EndpointTiming(
                typicalSeconds: 60,
                deadlineSeconds: 1_200,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 3
            ),
            source: source
        )
    }

    private static func price(
        _ price: (resolution: String, usd: String),
        _ conditions: [String: String]
    ) -> ListPrice {
        ListPrice(
            unit: "second",
            usd: price.usd,
            conditions: conditions.merging(["resolution": price.resolution]) { own, _ in own }
        )
    }

    // MARK: - Gemini Omni

    /// Source: ai.google.dev/gemini-api/docs/omni (copy of 2026-09-21), google-genai 3.4.0, and for 1.2 (released on
    /// 2026-11-05) what its resellers document: runware.ai, muapi.ai, docs.laozhang.ai (2026-11).
    ///
    /// Prices: per second as published for 1.1 (0.10 at 720p; 17.50 for a million tokens, 5,792 of them a second); for
    /// 1.2 what two resellers quote as Google's list price, 70 % of that.
    static let omni: [ModelCapabilities] = [
        omni(
            "1.2",
            secondsMax: 15,
            prices: [("360p", "0.0234"), ("720p", "0.07"), ("1080p", "0.105"), ("4k", "0.21")]
        ),
        omni(
            "1.1",
            secondsMax: 10,
            prices: [("360p", "0.034"), ("720p", "0.102"), ("1080p", "0.153"), ("4k", "0.305")]
        ),
    ]

    private static func omni(
        _ version: String,
        secondsMax: Int,
        prices: [(resolution: String, usd: String)]
    ) -> ModelCapabilities {
        var parameters = VideoParameters(
            durations: Array(3...secondsMax),
            defaultDuration: 8,
            sizes: options(["720p", "360p", "1080p", "4k"])
        )
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = 6
        parameters.referencesWithFrames = true
        parameters.audio = .always
        if secondsMax > 10 {
            parameters.rules = [
                VideoRule(
                    when: [.lastFrame],
                    then: .durations(Array(3...10)),
                    why: "between two frames videos have 3 to 10 seconds"
                )
            ]
        }
        var capabilities = ModelCapabilities(
            slug: "google/gemini-omni-\(version)-flash",
            name: "Gemini Omni \(version) Flash",
            summary:
                "Google's multimodal video model with native sound: 3 to \(secondsMax) seconds, 360p drafts to 4K.",
            parameters: .video(parameters),
            promptCharactersMax: 20_000,
            prices: prices.map { price($0, [:]) },
            // Neither slots nor rates are documented in figures.
            limits: EndpointLimits(slots: 1_000),
            // 46 to 81 seconds were measured live (2026-09), and up to 95 more until the file is ready.
            timing: EndpointTiming(
                typicalSeconds: 60,
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 3
            ),
            source: "ai.google.dev/gemini-api/docs/omni, 2026-09; google-genai 3.4.0; prices: resellers' pages, 2026-11"
        )
        capabilities.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: nil,
            trainsOnInputs: false,
            source: "ai.google.dev/gemini-api/docs/zdr: paid services; interactions are stored, 2026-11"
        )
        return capabilities
    }
}
