import Generation

/// The Seedance models of the Ark wire: data, with source and date.
///
/// Ids, lengths, resolutions: the model list (docs.byteplus.com ModelArk 1330310) and the parameter page (1520757).
/// Prices: list prices of online inference, ModelArk 1544106, as copied on 2026-07-13 (1.x), 2026-08-21 and 2026-09-13
/// (2.x); time-limited discounts are left out. All read on 2026-11-21.
enum ArkModels {
    private static let source =
        "BytePlus ModelArk 1330310 (models), 1520757 (parameters), 1544106 (prices), in copies of 2026-07 to 2026-09; read 2026-11-21."

    /// What an account of an individual may do; an enterprise has 600 submits a minute and 10 running tasks.
    ///
    /// More tasks than these wait in the provider's queue. 4k has limits of its own (15 submits a minute, one running task): what
    /// exceeds them waits there too.
    private static let limits = EndpointLimits(slots: 3, submitsPerMinute: 180)

    /// The models under the ids of a region.
    static func all(in region: ArkRegion) -> [ModelCapabilities] {
        models.map { model in
            var model = model
            if region == .volcengine { model.providerModel = volcengineID(model.providerModel) }
            return model
        }
    }

    /// The same model's id at Volcengine: `dreamina-seedance-…` and `seedance-…` are `doubao-seedance-…` there.
    private static func volcengineID(_ id: String) -> String {
        "doubao-" + (id.hasPrefix("dreamina-") ? String(id.dropFirst("dreamina-".count)) : id)
    }

    private static let models: [ModelCapabilities] = [
        make(
            "bytedance/seedance-2.0",
            "dreamina-seedance-2-0-260128",
            .v20,
            name: "Seedance 2.0",
            summary: "Videos with sound from text, frames, or reference pictures, videos and sounds, up to 4k.",
            resolutions: ["720p", "480p", "1080p", "4k"],
            durations: Array(4...15),
            prices: [
                token("0.000007"), token("0.0000077", ["resolution": "1080p"]),
                token("0.000004", ["resolution": "4k"]), token("0.0000043", ["input": "video"]),
                token("0.0000047", ["input": "video", "resolution": "1080p"]),
                token("0.0000024", ["input": "video", "resolution": "4k"]),
            ],
            typicalSeconds: 180,
            videoReferencesMax: 3
        ),
        make(
            "bytedance/seedance-2.0-fast",
            "dreamina-seedance-2-0-fast-260128",
            .v20,
            name: "Seedance 2.0 Fast",
            summary: "The quicker form of Seedance 2.0, up to 720p.",
            resolutions: ["720p", "480p"],
            durations: Array(4...15),
            prices: [token("0.0000056")],
            typicalSeconds: 110
        ),
        make(
            "bytedance/seedance-2.0-mini",
            "dreamina-seedance-2-0-mini-260615",
            .v20,
            name: "Seedance 2.0 Mini",
            summary: "The least expensive form of Seedance 2.0, up to 720p.",
            resolutions: ["720p", "480p"],
            durations: Array(4...15),
            prices: [token("0.0000035")],
            typicalSeconds: 90
        ),
        make(
            "bytedance/seedance-2.5",
            "dreamina-seedance-2-5-260628",
            .v25,
            name: "Seedance 2.5",
            summary: "Videos with sound of up to thirty seconds, from text, frames or up to thirty reference pictures.",
            resolutions: ["720p", "480p", "1080p"],
            durations: Array(4...30),
            prices: [token("0.0000107"), token("0.0000117", ["resolution": "1080p"])],
            typicalSeconds: 300
        ),
        make(
            "bytedance/seedance-1-5-pro",
            "seedance-1-5-pro-251215",
            .v15,
            name: "Seedance 1.5 Pro",
            summary: "Videos with or without sound from text and frames, up to 1080p.",
            resolutions: ["720p", "480p", "1080p"],
            durations: Array(4...12),
            prices: [token("0.0000024", ["audio": "true"]), token("0.0000012", ["audio": "false"])],
            typicalSeconds: 90
        ),
        make(
            "bytedance/seedance-1-0-pro",
            "seedance-1-0-pro-250528",
            .v10,
            name: "Seedance 1.0 Pro",
            summary: "Silent videos from text and frames, up to 1080p.",
            resolutions: ["1080p", "720p", "480p"],
            durations: Array(2...12),
            prices: [token("0.0000025")],
            typicalSeconds: 60
        ),
        make(
            "bytedance/seedance-1-0-pro-fast",
            "seedance-1-0-pro-fast-251015",
            .v10,
            name: "Seedance 1.0 Pro Fast",
            summary: "Silent videos from text and a first frame, up to 1080p, quickly and for little.",
            resolutions: ["1080p", "720p", "480p"],
            durations: Array(2...12),
            prices: [token("0.000001")],
            typicalSeconds: 40,
            frameRoles: [.first]
        ),
    ]

    private static func make(
        _ slug: String,
        _ providerModel: String,
        _ family: ArkFamily,
        name: String,
        summary: String,
        resolutions: [String],
        durations: [Int],
        prices: [ListPrice],
        typicalSeconds: Double,
        frameRoles: Set<FrameRole> = [.first, .last],
        videoReferencesMax: Int = 0
    ) -> ModelCapabilities {
        var video = VideoParameters(
            durations: durations,
            defaultDuration: 5,
            sizes: ArkSizes.options(resolutions, family)
        )
        video.framesPerSecond = [24]
        video.frameRoles = frameRoles
        video.automaticDuration = family != .v10
        video.audio = family.takesAudio ? .choice(default: true) : .silent
        video.seeds = family.takesSeed ? 0...4_294_967_295 : nil
        switch family {
        case .v10, .v25:
            video.rules = [
                VideoRule(
                    when: [.firstFrame],
                    then: .aspectRatioFollowsPicture,
                    why: "the video gets the shape of its first frame"
                )
            ]
        case .v15, .v20: break
        }
        switch family {
        case .v10, .v15: break
        case .v20:
            video.referencesMax = 9
            // Videos only where their price is published: with one, other tokens count and cost another price.
            video.videoReferencesMax = videoReferencesMax
            video.audioReferencesMax = 3
        case .v25: video.referencesMax = 30
        }
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .video(video),
            // Advice of the parameter page: at most 500 Chinese characters or 1,000 English words. No limit is written.
            promptCharactersMax: 10_000,
            prices: prices,
            limits: limits,
            timing: EndpointTiming(
                typicalSeconds: typicalSeconds,
                // A running task cannot be stopped and is billed, so patience is cheaper than a deadline.
                deadlineSeconds: 21_600,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 2
            ),
            source: source,
            options: family.options
        )
        model.providerModel = providerModel
        var meter = VideoTokenMeter(
            pixelsMax: ArkSizes.pixelsMax(resolutions, family),
            secondsMax: durations.max() ?? 0
        )
        if videoReferencesMax > 0 {
            // Fifteen seconds in all (parameter page), and no fewer tokens than of five thirds of the output: the vendor's
            // table of minimums agrees with that (price page).
            meter.inputSecondsMax = 15
            meter.inputThirdsMin = 5
        }
        model.videoTokens = meter
        model.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: 7,
            trainsOnInputs: nil,
            source: "ModelArk keeps a task's record for 7 days and its files for 24 hours (1521309); read 2026-11-21."
        )
        model.wire = [ArkFamily.note: family.rawValue]
        return model
    }

    private static func token(_ usd: String, _ conditions: [String: String] = [:]) -> ListPrice {
        ListPrice(unit: "token", usd: usd, conditions: conditions)
    }
}
