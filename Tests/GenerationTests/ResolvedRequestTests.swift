import Generation
import Testing

@Suite struct ResolvedRequestTests {
    private func model(_ parameters: ModelParameters, promptCharactersMax: Int = 100) -> ModelCapabilities {
        ModelCapabilities(
            slug: "vendor/model",
            name: "Model",
            summary: "A model.",
            parameters: parameters,
            promptCharactersMax: promptCharactersMax,
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
    }

    private static let sizes = [
        SizeOption(resolution: "720p", aspectRatio: "16:9", size: PixelSize(width: 1_280, height: 720)),
        SizeOption(resolution: "720p", aspectRatio: "9:16", size: PixelSize(width: 720, height: 1_280)),
        SizeOption(resolution: "1080p", aspectRatio: "16:9", size: PixelSize(width: 1_920, height: 1_080)),
        SizeOption(resolution: "1080p", aspectRatio: "1:1", size: PixelSize(width: 1_080, height: 1_080)),
    ]

    private var plain: VideoParameters {
        VideoParameters(durations: [4, 6, 8], defaultDuration: 6, sizes: Self.sizes)
    }

    private func resolve(
        _ parameters: VideoParameters? = nil,
        strict: Bool = true,
        change: (inout VideoRequest) -> Void
    ) throws -> (video: VideoRequest, adjustments: [Adjustment]) {
        var video = VideoRequest(prompt: "p")
        change(&video)
        let resolved = try GenerationRequest(model: "alias", content: .video(video))
            .resolved(against: model(.video(parameters ?? plain)), strict: strict)
        #expect(resolved.request.model == "vendor/model")
        guard case .video(let out) = resolved.request.content else {
            Issue.record("not a video")
            return (video, [])
        }
        return (out, resolved.adjustments)
    }

    private func problem(
        _ parameters: VideoParameters? = nil,
        strict: Bool = true,
        change: (inout VideoRequest) -> Void
    ) throws -> RequestProblem {
        try #require(throws: RequestProblem.self) { try resolve(parameters, strict: strict, change: change) }
    }

    @Test(arguments: [(nil, 6), (4, 4), (8, 8)])
    func aDurationIsOneOfTheModelsOrItsDefault(_ asked: Int?, _ used: Int) throws {
        #expect(try resolve { $0.duration = asked }.video.duration == used)
    }

    @Test(arguments: [5, 7, 3_600])
    func anotherDurationIsRefused(_ asked: Int) throws {
        let problem = try problem { $0.duration = asked }
        #expect(problem.kind == .unsupportedValue)
        #expect(problem.field == "duration")
        #expect(
            problem.message
                == "`duration` is \(asked), which `vendor/model` does not offer; allowed: 4, 6, 8."
        )
    }

    // Resolution, aspect ratio, size as asked; the size they lead to.
    private static let sizesAsked: [(String?, String?, String?, String)] = [
        (nil, nil, nil, "1280x720"),
        ("720p", nil, nil, "1280x720"),
        ("1080p", nil, nil, "1920x1080"),
        (nil, "9:16", nil, "720x1280"),
        (nil, "1:1", nil, "1080x1080"),
        (nil, "16:9", nil, "1280x720"),
        ("1080p", "1:1", nil, "1080x1080"),
        (nil, nil, "1920x1080", "1920x1080"),
        ("1080p", nil, "1920x1080", "1920x1080"),
        (nil, "16:9", "1920x1080", "1920x1080"),
        ("1080p", "16:9", "1920x1080", "1920x1080"),
    ]

    @Test(arguments: sizesAsked)
    func resolutionRatioAndSizeLeadToOneOption(
        _ resolution: String?,
        _ ratio: String?,
        _ size: String?,
        _ used: String
    ) throws {
        let video = try resolve {
            $0.resolution = resolution
            $0.aspectRatio = ratio
            $0.size = size.flatMap(PixelSize.init)
        }.video
        let option = try #require(Self.sizes.first { $0.size.description == used })
        #expect(video.size == option.size)
        #expect(video.resolution == option.resolution)
        #expect(video.aspectRatio == option.aspectRatio)
    }

    struct Contradiction: Sendable, CustomTestStringConvertible {
        let resolution: String?
        let ratio: String?
        let size: String?
        let field: String
        let kind: RequestProblem.Kind
        let allowed: String

        init(
            _ resolution: String?,
            _ ratio: String?,
            _ size: String?,
            _ field: String,
            _ kind: RequestProblem.Kind,
            _ allowed: String
        ) {
            self.resolution = resolution
            self.ratio = ratio
            self.size = size
            self.field = field
            self.kind = kind
            self.allowed = allowed
        }

        var testDescription: String { [resolution, ratio, size].map { $0 ?? "-" }.joined(separator: " ") }
    }

    // Resolution, aspect ratio, size as asked; the field that is refused, the kind, the allowed values in the message.
    private static let contradictions: [Contradiction] = [
        Contradiction("4K", nil, nil, "resolution", .unsupportedValue, "allowed: 720p, 1080p."),
        Contradiction(nil, "4:3", nil, "aspect_ratio", .unsupportedValue, "allowed: 16:9, 9:16, 1:1."),
        Contradiction("720p", "1:1", nil, "aspect_ratio", .unsupportedValue, "allowed: 16:9, 9:16."),
        Contradiction("1080p", "9:16", nil, "aspect_ratio", .unsupportedValue, "allowed: 16:9, 1:1."),
        Contradiction(nil, nil, "640x480", "size", .unsupportedValue, "1280x720, 720x1280, 1920x1080, 1080x1080."),
        Contradiction("720p", nil, "1920x1080", "size", .contradiction, "1080p at 16:9"),
        Contradiction(nil, "1:1", "1920x1080", "size", .contradiction, "1080p at 16:9"),
        Contradiction("720p", "16:9", "1080x1080", "size", .contradiction, "1080p at 1:1"),
    ]

    @Test(arguments: contradictions)
    func contradictionsAreNamed(_ row: Contradiction) throws {
        // What contradicts itself has no nearest value.
        for strict in row.kind == .contradiction ? [true, false] : [true] {
            let problem = try problem(strict: strict) {
                $0.resolution = row.resolution
                $0.aspectRatio = row.ratio
                $0.size = row.size.flatMap(PixelSize.init)
            }
            #expect(problem.field == row.field)
            #expect(problem.kind == row.kind)
            #expect(problem.message.contains(row.allowed), "\(problem.message)")
        }
    }

    @Test func sizesOfAModelWithoutAnyAreNotPassedOn() throws {
        let sizeless = VideoParameters(durations: [4], defaultDuration: 4, sizes: [])
        let changes: [(String, JSONValue, (inout VideoRequest) -> Void)] = [
            ("resolution", "720p", { $0.resolution = "720p" }),
            ("aspect_ratio", "16:9", { $0.aspectRatio = "16:9" }),
            ("size", "4x3", { $0.size = PixelSize(width: 4, height: 3) }),
        ]
        for (field, asked, change) in changes {
            #expect(try problem(sizeless, change: change).kind == .unsupportedParameter)
            let resolved = try resolve(sizeless, strict: false, change: change)
            #expect(resolved.video.resolution == nil)
            #expect(resolved.video.aspectRatio == nil)
            #expect(resolved.video.size == nil)
            #expect(
                resolved.adjustments == [
                    Adjustment(parameter: field, asked: asked, used: nil, reason: .unsupportedParameter)
                ]
            )
        }
        #expect(try resolve(sizeless) { _ in }.video.size == nil)
    }

    @Test func whatAModelLacksIsRefusedOrLeftOutAndReported() throws {
        let lacking: [(String, JSONValue, (inout VideoRequest) -> Void)] = [
            ("negative_prompt", "rain", { $0.negativePrompt = "rain" }),
            ("fps", 24, { $0.fps = 24 }),
            ("seed", 0, { $0.seed = 0 }),
            ("previous_job_id", "job_1", { $0.previousJobID = "job_1" }),
        ]
        for (field, asked, change) in lacking {
            let refusal = try problem(change: change)
            #expect(refusal.kind == .unsupportedParameter)
            #expect(refusal.field == field)
            #expect(refusal.message.contains("`vendor/model` has no `\(field)`"))
            let resolved = try resolve(strict: false, change: change)
            #expect(
                resolved.adjustments == [
                    Adjustment(parameter: field, asked: asked, used: nil, reason: .unsupportedParameter)
                ]
            )
            #expect(resolved.video == (try resolve { _ in }).video)
        }
    }

    @Test func whatAModelHasIsKept() throws {
        var parameters = plain
        parameters.negativePromptCharactersMax = 100
        parameters.framesPerSecond = [24, 30]
        parameters.audio = .choice(default: true)
        parameters.seeds = 0...100
        parameters.previousJob = true
        parameters.frameRoles = [.first]
        parameters.referencesMax = 1
        parameters.referencesWithFrames = true
        let resolved = try resolve(parameters) {
            $0.negativePrompt = "rain"
            $0.fps = 30
            $0.generateAudio = false
            $0.seed = 0
            $0.previousJobID = "job_1"
            $0.frameImages = [FrameImage(role: .first, image: .url("u"))]
            $0.inputReferences = [.url("u")]
        }
        #expect(resolved.adjustments == [])
        #expect(resolved.video.negativePrompt == "rain")
        #expect(resolved.video.fps == 30)
        #expect(resolved.video.generateAudio == false)
        #expect(resolved.video.seed == 0)
        #expect(resolved.video.previousJobID == "job_1")
        let defaults = try resolve(parameters) { _ in }.video
        #expect(defaults.fps == 24)
        #expect(defaults.generateAudio == true)
        #expect(defaults.seed == nil)
        let fps = try problem(parameters) { $0.fps = 25 }
        #expect(fps.message.contains("allowed: 24, 30."))
    }

    @Test func mediaThatAModelCannotTakeAreRefusedEvenWhenNotStrict() throws {
        var parameters = plain
        parameters.frameRoles = [.first]
        parameters.referencesMax = 1
        let last = try problem(parameters, strict: false) {
            $0.frameImages = [FrameImage(role: .last, image: .url("u"))]
        }
        #expect(last.field == "frame_images[0].frame_type")
        #expect(last.message.contains("allowed: first_frame."))
        let many = try problem(parameters, strict: false) { $0.inputReferences = [.url("u"), .url("v")] }
        #expect(many.field == "input_references")
        #expect(many.message.contains("at most 1"))
        let none = try problem(strict: false) { $0.inputReferences = [.url("u")] }
        #expect(none.message.contains("none"))
        let frameless = try problem(strict: false) { $0.frameImages = [FrameImage(role: .first, image: .url("u"))] }
        #expect(frameless.message.contains("allowed: no frame_images."))
    }

    @Test func aPromptIsBoundedByTheModel() throws {
        let video = GenerationRequest(model: "m", content: .video(VideoRequest(prompt: "12345")))
        #expect(throws: Never.self) {
            try video.resolved(against: model(.video(plain), promptCharactersMax: 5), strict: true)
        }
        let long = try #require(throws: RequestProblem.self) {
            try video.resolved(against: model(.video(plain), promptCharactersMax: 4), strict: false)
        }
        #expect(long.field == "prompt")
        #expect(long.message == "`prompt` has 5 characters; `vendor/model` takes at most 4.")
        let parameters = SpeechParameters(voices: ["ada"], formats: ["mp3"])
        let speech = try #require(throws: RequestProblem.self) {
            try GenerationRequest(model: "m", content: .speech(SpeechRequest(input: "12345")))
                .resolved(against: model(.speech(parameters), promptCharactersMax: 4), strict: false)
        }
        #expect(speech.field == "input")
    }

    @Test func aModelMakesItsOwnTypeOnly() throws {
        let contents: [GenerationRequest.Content] = [
            .video(VideoRequest(prompt: "p")), .image(ImageRequest(prompt: "p")), .speech(SpeechRequest(input: "p")),
        ]
        let models: [ModelParameters] = [
            .video(plain), .image(ImageParameters(sizes: Self.sizes, formats: ["png"])),
            .speech(SpeechParameters(voices: ["ada"], formats: ["mp3"])),
        ]
        for (index, content) in contents.enumerated() {
            for (other, parameters) in models.enumerated() {
                let request = GenerationRequest(model: "m", content: content)
                if index == other {
                    #expect(throws: Never.self) { try request.resolved(against: model(parameters), strict: true) }
                } else {
                    let problem = try #require(throws: RequestProblem.self) {
                        try request.resolved(against: model(parameters), strict: false)
                    }
                    #expect(problem.field == "type")
                    #expect(problem.message.contains("makes \(model(parameters).type.rawValue), not \(request.type)"))
                }
            }
        }
    }

    @Test func anImageIsResolved() throws {
        var parameters = ImageParameters(sizes: Self.sizes, formats: ["png", "webp"])
        parameters.countMax = 4
        parameters.qualities = ["low", "high"]
        func resolve(strict: Bool = true, change: (inout ImageRequest) -> Void) throws -> ResolvedRequest {
            var image = ImageRequest(prompt: "p")
            change(&image)
            return try GenerationRequest(model: "m", content: .image(image))
                .resolved(against: model(.image(parameters)), strict: strict)
        }
        guard case .image(let defaults) = try resolve(change: { _ in }).request.content else {
            Issue.record("not an image")
            return
        }
        #expect(defaults.n == 1)
        #expect(defaults.size == Self.sizes.first?.size)
        #expect(defaults.quality == "low")
        #expect(defaults.outputFormat == "png")
        #expect(defaults.background == nil)
        let refusals: [(String, (inout ImageRequest) -> Void, String)] = [
            ("n", { $0.n = 5 }, "1 to 4"),
            ("quality", { $0.quality = "ultra" }, "allowed: low, high."),
            ("output_format", { $0.outputFormat = "gif" }, "allowed: png, webp."),
            ("mask", { $0.mask = .url("u") }, "has no `mask`"),
            ("input_references", { $0.inputReferences = [.url("u")] }, "none"),
        ]
        for (field, change, words) in refusals {
            for strict in [true, false] {
                let problem = try #require(throws: RequestProblem.self) { try resolve(strict: strict, change: change) }
                #expect(problem.field == field)
                #expect(problem.message.contains(words), "\(problem.message)")
            }
        }
        let adjusted = try resolve(strict: false) {
            $0.background = "opaque"
            $0.outputCompression = 80
            $0.negativePrompt = "rain"
            $0.seed = 1
        }
        #expect(
            adjusted.adjustments.map(\.parameter)
                == ["negative_prompt", "background", "output_compression", "seed"]
        )
        #expect(adjusted.request == (try resolve { _ in }).request)
    }

    @Test func speechIsResolved() throws {
        var parameters = SpeechParameters(voices: ["ada", "bob"], formats: ["mp3", "wav"])
        parameters.speed = 0.5...2
        func resolve(strict: Bool = true, change: (inout SpeechRequest) -> Void) throws -> ResolvedRequest {
            var speech = SpeechRequest(input: "p")
            change(&speech)
            return try GenerationRequest(model: "m", content: .speech(speech))
                .resolved(against: model(.speech(parameters)), strict: strict)
        }
        guard case .speech(let defaults) = try resolve(change: { _ in }).request.content else {
            Issue.record("not speech")
            return
        }
        #expect(defaults.voice == "ada")
        #expect(defaults.responseFormat == "mp3")
        #expect(defaults.speed == nil)
        #expect(defaults.language == nil)
        let refusals: [(String, (inout SpeechRequest) -> Void, String)] = [
            ("voice", { $0.voice = "eve" }, "allowed: ada, bob."),
            ("response_format", { $0.responseFormat = "ogg" }, "allowed: mp3, wav."),
        ]
        for (field, change, words) in refusals {
            let problem = try #require(throws: RequestProblem.self) { try resolve(strict: false, change: change) }
            #expect(problem.field == field)
            #expect(problem.message.contains(words), "\(problem.message)")
        }
        let tooFast = try #require(throws: RequestProblem.self) { try resolve { $0.speed = 2.5 } }
        #expect(tooFast.field == "speed" && tooFast.message.contains("0.5 to 2.0"), "\(tooFast.message)")
        let slowed = try resolve(strict: false) { $0.speed = 2.5 }
        let told = Adjustment(parameter: "speed", asked: .number(2.5), used: .number(2), reason: .nearestValue)
        #expect(slowed.adjustments == [told])
        let adjusted = try resolve(strict: false) {
            $0.language = "de"
            $0.instructions = "calmly"
        }
        #expect(adjusted.adjustments.map(\.parameter) == ["language", "instructions"])
        #expect(adjusted.request == (try resolve { _ in }).request)
    }

    @Test func everyTextThatSteersObeysThePromptsLimit() throws {
        let long = String(repeating: "x", count: 101)
        var video = plain
        video.negativePromptCharactersMax = 100
        #expect(try problem(video) { $0.negativePrompt = long }.field == "negative_prompt")
        #expect(try resolve(video) { $0.negativePrompt = String(long.dropFirst()) }.video.negativePrompt != nil)
        var image = ImageRequest(prompt: "p")
        image.negativePrompt = long
        var speech = SpeechRequest(input: "p")
        speech.instructions = long
        let others: [(GenerationRequest.Content, ModelParameters, String)] = [
            (.image(image), .image(ImageParameters(sizes: Self.sizes, formats: ["png"])), "negative_prompt"),
            (.speech(speech), .speech(SpeechParameters(voices: ["a"], formats: ["wav"])), "instructions"),
        ]
        for (content, parameters, field) in others {
            let problem = #expect(throws: RequestProblem.self) {
                try GenerationRequest(model: "m", content: content).resolved(against: model(parameters), strict: false)
            }
            #expect(problem?.field == field)
            #expect(problem?.message == "`\(field)` has 101 characters; `vendor/model` takes at most 100.")
        }
    }
}
