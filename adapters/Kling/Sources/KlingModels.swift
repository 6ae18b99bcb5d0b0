package import Generation

/// What Kling offers on its two wires, and what each wire wants to hear.
///
/// Sources: the developer pages "Video pricing" (1 unit = 0.14 US dollars), "Text to video", "Image to video" and "Omni
/// video generation" of Kling 3.0, 3.0 Turbo and O1 at kling.ai/document-api, as read between 2026-09-16 and
/// 2026-10-08; prices and the duration limits of O1 measured by a third party on 2026-09-19.
package enum KlingModels {
    /// The paths on which a video starts.
    ///
    /// The signed wire also asks for a task on the path it was started on, so an operation keeps it.
    enum Family: String, CaseIterable {
        /// From text alone.
        case text
        /// From a first frame.
        case image
        /// From text, frames and references in one.
        case omni

        /// The name in a path of the signed wire.
        var signedPath: String {
            switch self {
            case .text: "text2video"
            case .image: "image2video"
            case .omni: "omni-video"
            }
        }

        /// The name in a path of API 2.0.
        var keyedPath: String {
            switch self {
            case .text: "text-to-video"
            case .image: "image-to-video"
            case .omni: "omni-video"
            }
        }
    }

    /// The key of `wire` that says which family a model is started on; without it the pictures decide.
    static let familyKey = "family"

    /// The models of the signed wire.
    package static let signed: [ModelCapabilities] = [
        o1("kling-video-o1", promptMax: 2_500),
        v3("std", "kling-v3", promptMax: 2_500, negativePromptMax: 2_500),
        v3("pro", "kling-v3", promptMax: 2_500, negativePromptMax: 2_500),
        omni("kling-v3-omni", promptMax: 2_500),
    ].map { model in
        var model = model
        model.options += ["shot_type", "multi_prompt"].filter { _ in model.options.contains("multi_shot") }
        return model
    }

    /// The models of API 2.0.
    ///
    /// It has no negative prompt: what is not to be seen is written into the prompt.
    package static let keyed: [ModelCapabilities] = [
        o1("kling-o1", promptMax: 2_500),
        v3("std", "kling-3.0", promptMax: 3_072, negativePromptMax: nil),
        v3("pro", "kling-3.0", promptMax: 3_072, negativePromptMax: nil),
        omni("kling-3.0-omni", promptMax: 3_072),
        turbo,
    ]

    /// The family on which a request to a model starts.
    static func family(of model: ModelCapabilities, _ video: VideoRequest) -> Family {
        model.wire[familyKey].flatMap(Family.init(rawValue:)) ?? (video.frameImages.isEmpty ? .text : .image)
    }

    // MARK: - The models

    /// Kling Video O1: text, frames and references on one path, silent.
    private static func o1(_ providerModel: String, promptMax: Int) -> ModelCapabilities {
        var parameters = VideoParameters(durations: Array(3...10), defaultDuration: 5, sizes: sizes(["720p", "1080p"]))
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = picturesMax
        parameters.referencesWithFrames = true
        let fiveOrTen = "without references or a last frame Kling O1 makes 5 or 10 seconds"
        parameters.rules = [
            VideoRule(when: [.noPictures], then: .durations([5, 10]), why: fiveOrTen),
            VideoRule(
                when: [.firstFrame, .noLastFrame, .noReferences],
                then: .durations([5, 10]),
                why: fiveOrTen
            ),
            followsFirstFrame,
        ]
        var model = model(
            "kwaivgi/kling-video-o1",
            "Kling Video O1",
            "Makes a silent video of a text, a first and last frame, or up to seven references.",
            parameters,
            promptMax: promptMax,
            prices: [price("0.084", "720p"), price("0.112", "1080p")],
            sharedBy: nil
        )
        model.providerModel = providerModel
        model.wire = [familyKey: Family.omni.rawValue]
        return model
    }

    /// Kling 3.0 of one tier: from text, or from a first and a last frame.
    private static func v3(
        _ mode: String,
        _ providerModel: String,
        promptMax: Int,
        negativePromptMax: Int?
    ) -> ModelCapabilities {
        let resolution = mode == "std" ? "720p" : "1080p"
        var parameters = VideoParameters(durations: Array(3...15), defaultDuration: 5, sizes: sizes([resolution]))
        parameters.frameRoles = [.first, .last]
        parameters.audio = .choice(default: false)
        parameters.negativePromptCharactersMax = negativePromptMax
        parameters.rules = [followsFirstFrame]
        var model = model(
            "kwaivgi/kling-v3.0-\(mode)",
            "Kling 3.0 \(mode == "std" ? "Standard" : "Pro")",
            "Makes a video of 3 to 15 seconds in \(resolution), with sound if wanted.",
            parameters,
            promptMax: promptMax,
            prices: mode == "std"
                ? [price("0.084", audio: false), price("0.126", audio: true)]
                : [price("0.112", audio: false), price("0.168", audio: true)],
            // Both tiers are one model of the account.
            sharedBy: providerModel
        )
        model.providerModel = providerModel
        model.options = ["multi_shot"]
        return model
    }

    /// Kling 3.0 Omni: as O1, longer, with sound if wanted, and up to 4K.
    private static func omni(_ providerModel: String, promptMax: Int) -> ModelCapabilities {
        var parameters = VideoParameters(
            durations: Array(3...15),
            defaultDuration: 5,
            sizes: sizes(["720p", "1080p", "4k"])
        )
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = picturesMax
        parameters.referencesWithFrames = true
        parameters.audio = .choice(default: false)
        parameters.rules = [followsFirstFrame]
        var model = model(
            "kwaivgi/kling-v3.0-omni",
            "Kling 3.0 Omni",
            "Makes a video of a text, frames or up to seven references, up to 4K, with sound if wanted.",
            parameters,
            promptMax: promptMax,
            prices: [
                price("0.084", "720p", audio: false), price("0.112", "720p", audio: true),
                price("0.112", "1080p", audio: false), price("0.14", "1080p", audio: true), price("0.42", "4k"),
            ],
            sharedBy: nil
        )
        model.providerModel = providerModel
        model.options = ["multi_shot"]
        model.wire = [familyKey: Family.omni.rawValue]
        return model
    }

    /// Kling 3.0 Turbo: from text or a first frame, always with sound; on API 2.0 alone.
    private static var turbo: ModelCapabilities {
        var parameters = VideoParameters(durations: Array(3...15), defaultDuration: 5, sizes: sizes(["720p", "1080p"]))
        parameters.frameRoles = [.first]
        parameters.audio = .always
        parameters.rules = [followsFirstFrame]
        var model = model(
            "kwaivgi/kling-v3.0-turbo",
            "Kling 3.0 Turbo",
            "Makes a video with sound quickly, from a text or a first frame.",
            parameters,
            promptMax: 2_500,
            prices: [price("0.112", "720p"), price("0.14", "1080p")],
            sharedBy: nil
        )
        model.providerModel = "kling-3.0-turbo"
        return model
    }

    // MARK: - Parts

    /// Reference pictures and frames together.
    static let picturesMax = 7

    private static let followsFirstFrame = VideoRule(
        when: [.firstFrame],
        then: .aspectRatioFollowsPicture,
        why: "a video with a first frame gets the shape of that picture"
    )

    private static func model(
        _ slug: String,
        _ name: String,
        _ summary: String,
        _ parameters: VideoParameters,
        promptMax: Int,
        prices: [ListPrice],
        sharedBy: String?
    ) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .video(parameters),
            promptCharactersMax: promptMax,
            prices: prices,
            // Running tasks are counted per account, model and resource pack; 3 is what the smallest pack has.
            limits: EndpointLimits(slots: 3, sharedBy: sharedBy),
            timing: EndpointTiming(
                typicalSeconds: 120,
                deadlineSeconds: 3_600,
                sendTimeoutSeconds: 120,
                pollIntervalSeconds: 2
            ),
            source: "kling.ai/document-api: pricing/base/video, api/video/o1, api/video/3-0-omni, "
                + "api/video/3-0-turbo, as read 2026-09-16 to 2026-10-08."
        )
        model.dataPolicy = DataPolicy(
            zeroRetention: false,
            retentionDays: 30,
            trainsOnInputs: nil,
            source: "kling.ai/document-api, query task: results are cleared after 30 days; read 2026-10-08."
        )
        return model
    }

    private static func price(_ usd: String, _ resolution: String? = nil, audio: Bool? = nil) -> ListPrice {
        var conditions: [String: String] = [:]
        if let resolution { conditions["resolution"] = resolution }
        if let audio { conditions["audio"] = String(audio) }
        return ListPrice(unit: "second", usd: usd, conditions: conditions)
    }

    /// The sizes of some resolutions.
    ///
    /// Kling names tiers and shapes and no pixels; of a square one it is not even known whether the tier is its side. So
    /// the square's size is an upper bound here, and the video is measured.
    private static func sizes(_ resolutions: [String]) -> [SizeOption] {
        resolutions.flatMap { resolution -> [SizeOption] in
            let (long, short): (Int, Int) =
                switch resolution {
                case "720p": (1_280, 720)
                case "1080p": (1_920, 1_080)
                case _: (3_840, 2_160)
                }
            var square = SizeOption(
                resolution: resolution,
                aspectRatio: "1:1",
                size: PixelSize(width: long, height: long)
            )
            square.followsInput = true
            return [
                SizeOption(resolution: resolution, aspectRatio: "16:9", size: PixelSize(width: long, height: short)),
                SizeOption(resolution: resolution, aspectRatio: "9:16", size: PixelSize(width: short, height: long)),
                square,
            ]
        }
    }
}
