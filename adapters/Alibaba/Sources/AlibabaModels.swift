import Generation
import HTTPTransport

/// Whose price list holds at an address.
enum PriceRegion: Sendable {
    /// The international list, in US dollars; also for addresses that nobody knows, since it is the dearer one.
    case singapore
    /// Mainland China's list, in the US dollars that the international site states for it.
    case beijing

    /// Tells the region by the host.
    init(baseURL: String) {
        guard case .name(let host)? = (try? RemoteURL(baseURL))?.host,
            host == "dashscope.aliyuncs.com" || host.hasSuffix(".cn-beijing.maas.aliyuncs.com")
        else {
            self = .singapore
            return
        }
        self = .beijing
    }
}

/// What this provider offers: the Wan models for video.
///
/// Sources: Model Studio's API references of Wan 2.7 (text, image and reference to video, April to July 2026), of
/// Wan 2.1 to 2.6 (2 September 2026) and of Wan 3.0 (15 October 2026), its page of rate limits (9 February 2026; Wan 3.0
/// read 8 October 2026), its price page (30 May 2026; Wan 3.0: 28 September 2026), and dashscope 2.0.2 from PyPI.
///
/// The provider makes 1080P, the dearer tier, when none is asked for. Here 720p is the default, and the resolution is
/// always sent.
enum AlibabaModels {
    /// Keys of `ModelCapabilities.wire`.
    enum WireKey {
        /// Which protocol the model speaks: a `WanFamily`.
        static let family = "family"
    }

    static func all(_ region: PriceRegion) -> [ModelCapabilities] {
        [wan27(region), wan26(region), wan30(region), wan30Prime(region)]
    }

    // MARK: - Models

    private static func wan27(_ region: PriceRegion) -> ModelCapabilities {
        var parameters = VideoParameters(durations: Array(2...15), defaultDuration: 5, sizes: modernSizes)
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = 5
        parameters.referencesWithFrames = true
        parameters.audio = .always
        parameters.negativePromptCharactersMax = 500
        parameters.seeds = seeds
        parameters.rules = [followsFirstFrame]
        return model(
            "alibaba/wan-2.7",
            "Wan 2.7",
            "Video with sound from text, a first and last frame, or up to five reference pictures (image 1 to image 5 in the prompt).",
            .media,
            parameters,
            promptCharactersMax: 5_000,
            prices: prices(region, singapore: ["720p": "0.10", "1080p": "0.15"], beijing: legacyBeijing),
            options: ["negative_prompt", "prompt_extend", "watermark", "audio_url"]
        )
    }

    private static func wan26(_ region: PriceRegion) -> ModelCapabilities {
        var parameters = VideoParameters(durations: Array(2...15), defaultDuration: 5, sizes: legacySizes)
        parameters.frameRoles = [.first]
        parameters.referencesMax = 5
        parameters.audio = .always
        parameters.negativePromptCharactersMax = 500
        parameters.seeds = seeds
        parameters.rules = [
            followsFirstFrame,
            VideoRule(
                when: [.references],
                then: .durations(Array(2...10)),
                why: "videos from reference pictures have 2 to 10 seconds"
            ),
        ]
        return model(
            "alibaba/wan-2.6",
            "Wan 2.6",
            "Video with sound from text, a first frame, or up to five reference pictures (character1 to character5 in the prompt).",
            .size,
            parameters,
            promptCharactersMax: 1_500,
            // No list of the vendor's could be read for Singapore: inferred from resellers, who add a tenth to it.
            prices: prices(region, singapore: ["720p": "0.10", "1080p": "0.15"], beijing: legacyBeijing),
            options: ["negative_prompt", "prompt_extend", "watermark", "audio_url", "shot_type"]
        )
    }

    private static func wan30(_ region: PriceRegion) -> ModelCapabilities {
        model(
            "alibaba/wan-3.0",
            "Wan 3.0",
            "Up to 30 seconds with or without sound from text, a first and last frame, or up to ten reference pictures. The vendor documents it for workspace hosts and activates it per account.",
            .unified,
            unifiedParameters,
            promptCharactersMax: 20_000,
            prices: prices(
                region,
                singapore: ["480p": "0.05", "720p": "0.10", "1080p": "0.20"],
                beijing: ["480p": "0.043006", "720p": "0.086012", "1080p": "0.172024"]
            ),
            options: ["prompt_extend", "watermark", "enable_thinking"],
            providerModel: "wan3.0-video"
        )
    }

    private static func wan30Prime(_ region: PriceRegion) -> ModelCapabilities {
        model(
            "alibaba/wan-3.0-prime",
            "Wan 3.0 Prime",
            "Wan 3.0, made faster at a higher price.",
            .unified,
            unifiedParameters,
            promptCharactersMax: 20_000,
            prices: prices(
                region,
                singapore: ["480p": "0.068", "720p": "0.14", "1080p": "0.28"],
                beijing: ["480p": "0.064509", "720p": "0.129018", "1080p": "0.258035"]
            ),
            options: ["prompt_extend", "watermark", "enable_thinking"],
            providerModel: "wan3.0-video-prime"
        )
    }

    private static var unifiedParameters: VideoParameters {
        var parameters = VideoParameters(durations: Array(2...30), defaultDuration: 5, sizes: unifiedSizes)
        parameters.automaticDuration = true
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = 10
        // "first_frame and last_frame cannot be mixed with reference_*" (guide, October 2026).
        parameters.referencesWithFrames = false
        parameters.audio = .choice(default: true)
        parameters.seeds = seeds
        parameters.rules = [followsFirstFrame]
        return parameters
    }

    private static func model(
        _ slug: String,
        _ name: String,
        _ summary: String,
        _ family: WanFamily,
        _ parameters: VideoParameters,
        promptCharactersMax: Int,
        prices: [ListPrice],
        options: [String],
        providerModel: String? = nil
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .video(parameters),
            promptCharactersMax: promptCharactersMax,
            prices: prices,
            limits: limits,
            timing: timing,
            source: source,
            options: options
        )
        model.wire = [WireKey.family: family.rawValue]
        model.providerModel = providerModel ?? family.rawValue
        model.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: 1,
            trainsOnInputs: nil,
            source:
                "Model Studio, asynchronous task management: tasks and their data are deleted after 24 hours; 2026-03-15."
        )
        return model
    }

    private static let source =
        "Model Studio's API references, rate limits and prices (February to October 2026), dashscope 2.0.2; read 2026-11-21."

    // MARK: - Limits

    private static let seeds: ClosedRange<Int64> = 0...2_147_483_647

    /// Five submits in a second and five tasks at once, for each of the provider's models (rate limits, 9 February 2026).
    ///
    /// A slug of 2.6 or 2.7 stands for three of those; it keeps to the limit of one.
    private static let limits = EndpointLimits(slots: 5, submitsPerSecond: 5)

    /// "Usually 1 to 5 minutes"; complex ones take more than 15 (API references).
    private static let timing = EndpointTiming(
        typicalSeconds: 90,
        deadlineSeconds: 3_600,
        sendTimeoutSeconds: 120,
        pollIntervalSeconds: 2
    )

    private static let followsFirstFrame = VideoRule(
        when: [.firstFrame],
        then: .aspectRatioFollowsPicture,
        why: "the video gets the shape of its first frame"
    )

    // MARK: - Prices

    /// 0.6 and 1.0 CNY for a second (30 May 2026).
    private static let legacyBeijing = ["720p": "0.086012", "1080p": "0.143353"]

    /// By the second of `usage.duration`, for what succeeded alone.
    ///
    /// That figure counts the seconds of input videos too; none can be sent through this service.
    private static func prices(
        _ region: PriceRegion,
        singapore: [String: String],
        beijing: [String: String]
    ) -> [ListPrice] {
        let list =
            switch region {
            case .singapore: singapore
            case .beijing: beijing
            }
        return list.sorted { $0.value < $1.value }
            .map { ListPrice(unit: "second", usd: $0.value, conditions: ["resolution": $0.key]) }
    }

    // MARK: - Sizes

    /// Of Wan 2.7: 4:3 and 3:4 are not those of 2.6.
    private static let modernSizes =
        sizes("720p", [(1_280, 720), (720, 1_280), (960, 960), (1_104, 832), (832, 1_104)])
        + sizes("1080p", [(1_920, 1_080), (1_080, 1_920), (1_440, 1_440), (1_648, 1_248), (1_248, 1_648)])

    /// Of Wan 2.6, where they are the request's own words.
    private static let legacySizes =
        sizes("720p", [(1_280, 720), (720, 1_280), (960, 960), (1_088, 832), (832, 1_088)])
        + sizes("1080p", [(1_920, 1_080), (1_080, 1_920), (1_440, 1_440), (1_632, 1_248), (1_248, 1_632)])

    /// Of Wan 3.0: no table could be read, so the pixels of 2.7 are given where 2.7 has the shape, and none elsewhere.
    private static let unifiedSizes =
        modernSizes.filter { $0.resolution == "720p" } + open("720p", PixelSize(width: 1_280, height: 720))
        + sizes("480p", [(832, 480), (480, 832), (624, 624)]) + open("480p", PixelSize(width: 832, height: 480))
        + open("480p", PixelSize(width: 832, height: 480), ["4:3", "3:4"])
        + modernSizes.filter { $0.resolution == "1080p" } + open("1080p", PixelSize(width: 1_920, height: 1_080))

    private static let ratios = ["16:9", "9:16", "1:1", "4:3", "3:4"]

    private static func sizes(_ resolution: String, _ sizes: [(width: Int, height: Int)]) -> [SizeOption] {
        zip(ratios, sizes).map { ratio, size in
            SizeOption(
                resolution: resolution,
                aspectRatio: ratio,
                size: PixelSize(width: size.width, height: size.height)
            )
        }
    }

    /// Shapes whose pixels are not known beforehand.
    private static func open(
        _ resolution: String,
        _ largest: PixelSize,
        _ ratios: [String] = ["21:9", WanRequest.adaptive]
    ) -> [SizeOption] {
        ratios.map { ratio in
            var option = SizeOption(resolution: resolution, aspectRatio: ratio, size: largest)
            option.followsInput = true
            return option
        }
    }
}
