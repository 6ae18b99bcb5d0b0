import Generation
import Testing

/// What a video model takes only together with something else, and what comes nearest when a request is not strict.
@Suite struct VideoRuleTests {
    private static func size(_ resolution: String, _ ratio: String, _ width: Int, _ height: Int) -> SizeOption {
        SizeOption(resolution: resolution, aspectRatio: ratio, size: PixelSize(width: width, height: height))
    }

    private static var parameters: VideoParameters {
        var adaptive = size("720p", "adaptive", 1_470, 630)
        adaptive.followsInput = true
        var parameters = VideoParameters(
            durations: [4, 6, 8],
            defaultDuration: 4,
            sizes: [
                size("720p", "16:9", 1_280, 720), size("720p", "9:16", 720, 1_280), size("720p", "4:3", 1_112, 834),
                size("1080p", "16:9", 1_920, 1_080), adaptive,
            ]
        )
        parameters.automaticDuration = true
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = 3
        parameters.audio = .always
        parameters.seeds = 0...100
        parameters.rules = [
            VideoRule(when: [.resolutions(["1080p"])], then: .durations([8]), why: "1080p is made in 8 seconds"),
            VideoRule(when: [.references], then: .aspectRatios(["16:9"]), why: "references make wide videos"),
            VideoRule(when: [.references], then: .durations([6, 8]), why: "references need time"),
            VideoRule(when: [.firstFrame], then: .aspectRatioFollowsPicture, why: "the video gets the picture's shape"),
        ]
        return parameters
    }

    private func resolve(
        strict: Bool = true,
        _ change: (inout VideoRequest) -> Void
    ) throws -> (video: VideoRequest, adjustments: [Adjustment]) {
        let model = ModelCapabilities(
            slug: "vendor/model",
            name: "Model",
            summary: "A model.",
            parameters: .video(Self.parameters),
            promptCharactersMax: 100,
            prices: [],
            limits: EndpointLimits(slots: 1),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 1,
                sendTimeoutSeconds: 1,
                pollIntervalSeconds: 1
            ),
            source: "test"
        )
        var video = VideoRequest(prompt: "p")
        change(&video)
        let resolved = try GenerationRequest(model: "vendor/model", content: .video(video))
            .resolved(against: model, strict: strict)
        guard case .video(let out) = resolved.request.content else {
            throw RequestProblem(.invalidValue, field: "", "")
        }
        return (out, resolved.adjustments)
    }

    private func problem(strict: Bool = true, _ change: (inout VideoRequest) -> Void) throws -> RequestProblem {
        try #require(throws: RequestProblem.self) { try resolve(strict: strict, change) }
    }

    private let first = FrameImage(role: .first, image: .url("u"))
    private let last = FrameImage(role: .last, image: .url("v"))

    @Test func aRuleLimitsWhatIsLeft() throws {
        let refused = try problem { ($0.resolution, $0.duration) = ("1080p", 4) }
        #expect(refused.field == "duration")
        #expect(refused.message.contains("1080p is made in 8 seconds; allowed: 8"))
        #expect(try resolve { $0.resolution = "1080p" }.video.duration == 8, "nothing was asked, so nothing is refused")
        #expect(try resolve { $0.inputReferences = [.url("u")] }.video.duration == 6)
        let both = try problem {
            $0.inputReferences = [.url("u")]
            ($0.resolution, $0.duration) = ("1080p", 6)
        }
        #expect(both.message.contains("allowed: 8"))
        let tall = try problem {
            $0.inputReferences = [.url("u")]
            $0.aspectRatio = "9:16"
        }
        #expect(tall.field == "aspect_ratio")
        #expect(tall.message.contains("references make wide videos; allowed: 16:9."))
    }

    @Test func aShapeThatFollowsThePictureCannotBeAskedFor() throws {
        for change: (inout VideoRequest) -> Void in [
            { $0.aspectRatio = "16:9" }, { $0.size = PixelSize(width: 1_280, height: 720) },
        ] {
            let refused = try problem {
                $0.frameImages = [first]
                change(&$0)
            }
            #expect(refused.kind == .contradiction)
            #expect(refused.message.contains("the video gets the picture's shape"))
        }
        let given = try resolve(strict: false) {
            $0.frameImages = [first]
            $0.size = PixelSize(width: 1_920, height: 1_080)
        }
        #expect(given.video.resolution == "1080p")
        #expect(given.video.size == nil)
        #expect(given.video.aspectRatio == nil)
        #expect(given.adjustments.map(\.parameter) == ["size"])
        #expect(try resolve { $0.aspectRatio = "adaptive" }.video.size == nil, "nobody knows the size before")
    }

    // Resolution, aspect ratio, size and length as asked; what is used.
    private static let nearest: [(String?, String?, String?, Int?, String)] = [
        ("1440p", nil, nil, nil, "1080p 16:9 8"), ("480p", nil, nil, nil, "720p 16:9 4"),
        ("4k", "16:9", nil, nil, "1080p 16:9 8"), ("900p", nil, nil, nil, "1080p 16:9 8"),
        (nil, "1:1", nil, nil, "720p 4:3 4"), (nil, "21:9", nil, nil, "720p 16:9 4"),
        (nil, "3:4", nil, nil, "720p 9:16 4"),
        ("1080p", "9:16", nil, nil, "1080p 16:9 8"), (nil, nil, "1024x768", nil, "720p 4:3 4"),
        (nil, nil, "3840x2160", nil, "1080p 16:9 8"), (nil, nil, nil, 5, "720p 16:9 6"),
        (nil, nil, nil, 7, "720p 16:9 8"),
        (nil, nil, nil, 3_600, "720p 16:9 8"), ("1080p", nil, nil, 4, "1080p 16:9 8"),
    ]

    @Test(arguments: nearest)
    func theNearestIsTakenAndReportedWhenNotStrict(
        _ resolution: String?,
        _ ratio: String?,
        _ size: String?,
        _ duration: Int?,
        _ used: String
    ) throws {
        let change: (inout VideoRequest) -> Void = {
            ($0.resolution, $0.aspectRatio, $0.duration) = (resolution, ratio, duration)
            $0.size = size.flatMap(PixelSize.init)
        }
        _ = try problem(change)
        let (video, adjustments) = try resolve(strict: false, change)
        #expect("\(video.resolution ?? "-") \(video.aspectRatio ?? "-") \(video.duration ?? 0)" == used)
        #expect(adjustments.count == 1)
        #expect(adjustments.allSatisfy { $0.reason == .nearestValue && $0.asked != .null && $0.used != .null })
    }

    @Test func whatHasNoNearestValueIsRefused() throws {
        #expect(try problem(strict: false) { $0.resolution = "cinema" }.field == "resolution")
        #expect(try problem(strict: false) { $0.aspectRatio = "wide" }.field == "aspect_ratio")
    }

    @Test func theModelMayChooseItsLength() throws {
        #expect(try resolve { $0.duration = VideoParameters.automatic }.video.duration == -1)
        #expect(try problem { $0.duration = 5 }.message.contains("allowed: 4, 6, 8, -1."))
    }

    @Test func soundAndSeedsHaveTheirBounds() throws {
        #expect(try resolve { $0.generateAudio = true }.video.generateAudio == true)
        #expect(try problem { $0.generateAudio = false }.message.contains("always makes sound"))
        let silent = try resolve(strict: false) { $0.generateAudio = false }
        #expect(silent.video.generateAudio == true)
        #expect(
            silent.adjustments == [
                Adjustment(parameter: "generate_audio", asked: false, used: true, reason: .unsupportedParameter)
            ]
        )
        #expect(try problem { $0.seed = 101 }.message.contains("takes 0 to 100"))
        #expect(try resolve(strict: false) { $0.seed = -5 }.video.seed == 0)
    }

    @Test func picturesMustFitTogether() throws {
        #expect(try problem(strict: false) { $0.frameImages = [last] }.message.contains("needs both"))
        #expect(
            try problem(strict: false) {
                $0.frameImages = [first]
                $0.inputReferences = [.url("u")]
            }.kind == .contradiction
        )
        #expect(try resolve { $0.frameImages = [first, last] }.video.frameImages.count == 2)
    }

    @Test func videosAndSoundsAreTakenByURL() throws {
        let body: JSONValue = [
            "model": "vendor/model", "type": "video", "prompt": "p",
            "input_references": [
                ["type": "image_url", "image_url": ["url": "https://a.example/1.png"]],
                ["type": "video_url", "video_url": ["url": "https://a.example/1.mp4"]],
                ["type": "image_url", "image_url": ["url": "https://a.example/2.png"]],
                ["type": "audio_url", "audio_url": ["url": "https://a.example/1.mp3"]],
            ],
        ]
        var reader = try FieldReader(body)
        let request = try GenerationRequest(native: &reader)
        #expect(request.json["input_references"] == body["input_references"], "in the order of the request")
        #expect(request.inputs.map(\.path) == [0, 2].map { "input_references[\($0)].image_url.url" })
        #expect(
            request.remoteMedia.map(\.path)
                == ["input_references[1].video_url.url", "input_references[3].audio_url.url"]
        )
        guard case .video(let video) = request.content else { return }
        let refused = try problem { $0 = video }
        #expect(refused.field == "input_references[1]")
        #expect(refused.message.contains("1 of type video_url; `vendor/model` takes none"))
    }

    @Test(arguments: [
        ("1970-01-01", 0), ("1970-03-01", 59), ("2000-02-29", 11_016), ("2026-09-24", 20_720), ("2026-11-21", 20_778),
        ("9999-12-31", 2_932_896),
    ]) func daysAreCounted(_ text: String, _ days: Int64) throws {
        #expect(try #require(CalendarDate(text)).startMilliseconds == days * 86_400_000)
    }

    @Test(arguments: [
        "", "2026-9-24", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "1969-12-31", "2026-01-1٣",
    ])
    func noDaysAreRefused(_ text: String) { #expect(CalendarDate(text) == nil) }
}
