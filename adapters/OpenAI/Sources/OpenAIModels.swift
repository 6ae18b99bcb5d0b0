package import Generation
package import ProviderKit

/// What this folder registers.
package enum OpenAIAdapters: ProviderFolder {
    package static let folder = "OpenAI"
    package static let settings = ["OPENAI_API_KEY"]
    package static let customerKeys = [
        CustomerKeyForm(
            provider: "openai",
            variable: "OPENAI_API_KEY",
            accountVariables: ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID"]
        )
    ]

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] =
        OpenAIModels.videos + OpenAIModels.images + OpenAIModels.speech + OpenAIModels.transcriptions

    /// One instance, or none without `OPENAI_API_KEY`.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        OpenAIAdapter(settings).map { [$0] } ?? []
    }
}

/// The models of OpenAI's APIs of media: here those of videos.
///
/// OpenAI switched it off on 2026-09-24, without a successor. The wire lives on in servers that speak the same dialect,
/// which `OPENAI_BASE_URL` leads to: there the models have no end, and a server's other models and prices are written
/// into the operator's file.
///
/// Sources, read on 2026-11-21:
/// - Sizes, lengths, defaults: `openai` 3.54.0 on PyPI, `types/video_create_params.py`, `video_size.py`,
///   `video_seconds.py`; 16 and 20 seconds and the 1080p sizes of the larger model:
///   developers.openai.com/api/docs/guides/video-generation.
/// - Prices: the models' pages and OpenAI's price list, as of the end.
/// - The longest prompt: openai-openapi, `CreateVideoBody`.
/// - How long it takes is not documented; the examples of the guide take some minutes.
/// - Limits: OpenAI published requests per minute and tier on pages that are gone, and no limit on running jobs.
enum OpenAIModels {
    static let videos = [sora2, sora2Pro]

    /// What OpenAI does with what it is sent, whatever the endpoint.
    static let dataPolicy = DataPolicy(
        zeroRetention: false,
        retentionDays: 30,
        trainsOnInputs: false,
        source: "developers.openai.com/api/docs/guides/your-data, 2026-11-21"
    )

    static let sora2 = model(
        "sora-2",
        name: "OpenAI: Sora 2",
        summary: "Short videos with sound from a text and, if given, a first frame.",
        sizes: [
            size("720p", "9:16", 720, 1_280), size("720p", "16:9", 1_280, 720),
        ],
        prices: [ListPrice(unit: "second", usd: "0.10")],
        typicalSeconds: 90
    )

    static let sora2Pro = model(
        "sora-2-pro",
        name: "OpenAI: Sora 2 Pro",
        summary:
            "Short videos with sound from a text and, if given, a first frame: slower, finer and larger than Sora 2.",
        sizes: [
            size("720p", "9:16", 720, 1_280), size("720p", "16:9", 1_280, 720),
            // 4:7 to the pixel; the vendor's own words for them are portrait and landscape.
            size("1024p", "9:16", 1_024, 1_792), size("1024p", "16:9", 1_792, 1_024),
            size("1080p", "9:16", 1_080, 1_920), size("1080p", "16:9", 1_920, 1_080),
        ],
        prices: [
            ListPrice(unit: "second", usd: "0.30", conditions: ["resolution": "720p"]),
            ListPrice(unit: "second", usd: "0.50", conditions: ["resolution": "1024p"]),
            ListPrice(unit: "second", usd: "0.70", conditions: ["resolution": "1080p"]),
        ],
        typicalSeconds: 180
    )

    static func size(_ resolution: String, _ ratio: String, _ width: Int, _ height: Int) -> SizeOption {
        SizeOption(resolution: resolution, aspectRatio: ratio, size: PixelSize(width: width, height: height))
    }

    private static func model(
        _ id: String,
        name: String,
        summary: String,
        sizes: [SizeOption],
        prices: [ListPrice],
        typicalSeconds: Double
    ) -> ModelCapabilities {
        var video = VideoParameters(durations: [4, 8, 12, 16, 20], defaultDuration: 4, sizes: sizes)
        video.frameRoles = [.first]
        video.framesMatchSize = true
        video.audio = .always
        var model = ModelCapabilities(
            slug: "openai/\(id)",
            name: name,
            summary: summary,
            parameters: .video(video),
            promptCharactersMax: 32_000,
            prices: prices,
            limits: EndpointLimits(slots: 1_000),
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                deadlineSeconds: 3_600,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 2
            ),
            source: "openai 3.54.0 (PyPI) and developers.openai.com/api/docs/guides/video-generation, 2026-11-21",
            options: ["characters"]
        )
        model.providerModel = id
        model.availableUntil = CalendarDate("2026-09-24")
        model.replacedBy = "bytedance/seedance-2.0"
        model.dataPolicy = dataPolicy
        return model
    }
}
