import Generation
import Testing

@Suite struct NativeRequestTests {
    private static let picture: JSONValue = [
        "type": "image_url", "image_url": ["url": "https://example.com/a.png"],
    ]
    private static let frame: JSONValue = [
        "type": "image_url", "image_url": ["url": "data:image/png;base64,AA=="], "frame_type": "first_frame",
    ]

    private static let video: [String: JSONValue] = [
        "type": "video", "model": "vendor/video", "prompt": "a lighthouse", "negative_prompt": "rain", "duration": 4,
        "resolution": "720p", "aspect_ratio": "16:9", "size": "1280x720", "fps": 24, "frame_images": [frame],
        "input_references": [picture], "generate_audio": false, "seed": -1, "previous_job_id": "job_1",
        "provider": ["options": ["vendor": ["depth": [1, .number(2.5)]]]],
    ]
    private static let image: [String: JSONValue] = [
        "type": "image", "model": "vendor/image", "prompt": "a lighthouse", "negative_prompt": "rain", "n": 2,
        "size": "1024x1024", "resolution": "1K", "aspect_ratio": "1:1", "quality": "high", "background": "opaque",
        "output_format": "png", "output_compression": 80, "input_references": [picture], "mask": picture, "seed": 7,
        "provider": ["options": ["vendor": .object([:])]],
    ]
    private static let speech: [String: JSONValue] = [
        "type": "speech", "model": "vendor/speech", "input": "hello", "voice": "ada", "language": "en",
        "speed": .number(1.25), "instructions": "calmly", "response_format": "mp3",
        "provider": ["options": ["vendor": .object([:])]],
    ]

    private func read(_ body: [String: JSONValue]) throws -> GenerationRequest {
        var reader = try FieldReader(.object(body))
        let request = try GenerationRequest(native: &reader)
        try reader.finish()
        return request
    }

    @Test func readsEveryFieldOfAVideo() throws {
        let request = try read(Self.video)
        guard case .video(let video) = request.content else {
            Issue.record("not a video")
            return
        }
        #expect(request.type == .video)
        #expect(request.model == "vendor/video")
        #expect(request.prompt == "a lighthouse")
        #expect(video.negativePrompt == "rain")
        #expect(video.duration == 4)
        #expect(video.resolution == "720p")
        #expect(video.aspectRatio == "16:9")
        #expect(video.size == PixelSize(width: 1_280, height: 720))
        #expect(video.fps == 24)
        #expect(video.frameImages == [FrameImage(role: .first, image: .url("data:image/png;base64,AA=="))])
        #expect(video.inputReferences == [.url("https://example.com/a.png")])
        #expect(video.generateAudio == false)
        #expect(video.seed == -1)
        #expect(video.previousJobID == "job_1")
        #expect(request.providerOptions == ["vendor": ["depth": [1, .number(2.5)]]])
        #expect(
            request.inputs.map(\.path) == ["frame_images[0].image_url.url", "input_references[0].image_url.url"]
        )
    }

    @Test func readsEveryFieldOfAnImage() throws {
        let request = try read(Self.image)
        guard case .image(let image) = request.content else {
            Issue.record("not an image")
            return
        }
        #expect(request.type == .image)
        #expect(image.prompt == "a lighthouse")
        #expect(image.negativePrompt == "rain")
        #expect(image.n == 2)
        #expect(image.size?.description == "1024x1024")
        #expect(image.resolution == "1K")
        #expect(image.aspectRatio == "1:1")
        #expect(image.quality == "high")
        #expect(image.background == "opaque")
        #expect(image.outputFormat == "png")
        #expect(image.outputCompression == 80)
        #expect(image.inputReferences.count == 1)
        #expect(image.mask == .url("https://example.com/a.png"))
        #expect(image.seed == 7)
        #expect(request.inputs.map(\.path) == ["input_references[0].image_url.url", "mask.image_url.url"])
    }

    @Test func readsEveryFieldOfSpeech() throws {
        let request = try read(Self.speech)
        guard case .speech(let speech) = request.content else {
            Issue.record("not speech")
            return
        }
        #expect(request.type == .speech)
        #expect(request.prompt == "hello")
        #expect(speech.voice == "ada")
        #expect(speech.language == "en")
        #expect(speech.speed == 1.25)
        #expect(speech.instructions == "calmly")
        #expect(speech.responseFormat == "mp3")
        #expect(request.inputs.isEmpty)
    }

    @Test(arguments: [video, image, speech])
    func everyFieldRefusesAWrongType(_ body: [String: JSONValue]) {
        let values: [JSONValue] = [true, 1, .number(0.5), "\u{7}", [1], ["a": 1]]
        for (name, right) in body {
            for wrong in values where wrong.typeName != right.typeName && !(name == "speed" && wrong == 1) {
                // A list of turns is a form of its own.
                if name == "input", case .array = wrong { continue }
                var changed = body
                changed[name] = wrong
                do {
                    _ = try read(changed)
                    Issue.record("`\(name)` took \(wrong.typeName)")
                } catch {
                    let problem = error as? RequestProblem
                    #expect(problem?.kind == .invalidValue, "\(name): \(wrong.typeName)")
                    #expect(problem?.field == name, "\(name): \(wrong.typeName)")
                    #expect(problem?.message.contains("`\(name)`") == true)
                    #expect(problem?.message.contains(wrong.typeName) == true)
                }
            }
        }
    }

    @Test(arguments: [video, image, speech])
    func everyTextRefusesNUL(_ body: [String: JSONValue]) {
        for (name, value) in body {
            guard case .string(let text) = value else { continue }
            var changed = body
            changed[name] = .string(text + "\u{0}")
            let isWord = name == "type"
            #expect(throws: RequestProblem.self, "\(name)") { try read(changed) }
            guard !isWord else { continue }
            #expect(
                throws: RequestProblem(.invalidValue, field: name, "`\(name)` contains a NUL character; remove it.")
            ) { try read(changed) }
        }
    }

    // A field, a value outside of its range, and the kind of problem.
    private static let outside: [(String, JSONValue, RequestProblem.Kind)] = [
        ("duration", 0, .invalidValue),
        ("duration", 3_601, .invalidValue),
        ("fps", 0, .invalidValue),
        ("fps", 241, .invalidValue),
        ("size", "1280X720", .invalidValue),
        ("size", "720p", .invalidValue),
        ("prompt", "", .invalidValue),
        ("model", "", .invalidValue),
        ("type", "sculpture", .invalidValue),
        ("resolution", .string(String(repeating: "x", count: 21)), .invalidValue),
        ("prompt", .string(String(repeating: "x", count: 100_001)), .invalidValue),
        ("input_references", .array(Array(repeating: picture, count: 17)), .invalidValue),
        ("frame_images", [frame, frame], .contradiction),
        ("frame_images", [frame, frame, frame], .invalidValue),
    ]

    @Test(arguments: outside)
    func rangesAreKept(_ name: String, _ value: JSONValue, _ kind: RequestProblem.Kind) throws {
        var body = Self.video
        body[name] = value
        let problem = try #require(throws: RequestProblem.self) { try read(body) }
        #expect(problem.kind == kind)
        #expect(problem.field.hasPrefix(name))
        #expect(problem.message.count < 250)
    }

    @Test(arguments: ["n", "output_compression"])
    func rangesOfImagesAreKept(_ name: String) {
        for value in [-1, 1_001] {
            var body = Self.image
            body[name] = .integer(Int64(value))
            #expect(throws: RequestProblem.self) { try read(body) }
        }
    }

    @Test(arguments: [
        ("model", video), ("type", video), ("prompt", video), ("prompt", image), ("input", speech),
    ])
    func whatIsRequiredIsNamed(_ name: String, _ body: [String: JSONValue]) throws {
        for absent in [nil, JSONValue.null] {
            var changed = body
            changed[name] = absent
            let problem = try #require(throws: RequestProblem.self) { try read(changed) }
            #expect(problem.kind == .missingField)
            #expect(problem.field == name)
        }
    }

    @Test func unknownFieldsAreNamedWithTheirPath() throws {
        let cases: [(path: String, body: [String: JSONValue])] = [
            ("lyrics", Self.video.merging(["lyrics": "la"]) { $1 }),
            ("mask", Self.video.merging(["mask": Self.picture]) { $1 }),
            ("voice", Self.image.merging(["voice": "ada"]) { $1 }),
            ("prompt", Self.speech.merging(["prompt": "x"]) { $1 }),
            ("provider.colour", Self.video.merging(["provider": ["colour": "blue"]]) { $1 }),
            (
                "input_references[0].detail",
                Self.video.merging([
                    "input_references": [["type": "image_url", "image_url": ["url": "u"], "detail": "low"]]
                ]) { $1 }
            ),
            (
                "mask.image_url.detail",
                Self.image.merging(["mask": ["type": "image_url", "image_url": ["url": "u", "detail": 1]]]) { $1 }
            ),
            (
                "frame_images[0].role",
                Self.video.merging([
                    "frame_images": [
                        [
                            "type": "image_url", "image_url": ["url": "u"], "frame_type": "last_frame", "role": "x",
                        ]
                    ]
                ]) { $1 }
            ),
        ]
        for (path, body) in cases {
            let problem = try #require(throws: RequestProblem.self) { try read(body) }
            #expect(problem.kind == .unknownField)
            #expect(problem.field == path)
            #expect(problem.message.hasPrefix("Unknown field `\(path)`; known here: "))
        }
    }

    @Test func mediaAreReadStrictly() throws {
        let cases: [(JSONValue, String, RequestProblem.Kind)] = [
            ("https://example.com/a.png", "mask", .invalidValue),
            (.object([:]), "mask.type", .missingField),
            (["type": "text"], "mask.type", .unsupportedValue),
            (["type": "image_url"], "mask.image_url", .missingField),
            (["type": "image_url", "image_url": "u"], "mask.image_url", .invalidValue),
            (["type": "image_url", "image_url": .object([:])], "mask.image_url.url", .missingField),
            (["type": "image_url", "image_url": ["url": ""]], "mask.image_url.url", .invalidValue),
            (["type": "image_url", "image_url": ["url": 1]], "mask.image_url.url", .invalidValue),
        ]
        for (mask, field, kind) in cases {
            var body = Self.image
            body["mask"] = mask
            let problem = try #require(throws: RequestProblem.self) { try read(body) }
            #expect(problem.field == field)
            #expect(problem.kind == kind)
        }
        var body = Self.video
        body["frame_images"] = [Self.picture]
        let problem = try #require(throws: RequestProblem.self) { try read(body) }
        #expect(problem.field == "frame_images[0].frame_type")
        #expect(problem.kind == .missingField)
    }

    @Test func providerOptionsAreObjectsByProvider() throws {
        for (options, field) in [(JSONValue.array([]), "provider.options"), (["vendor": 1], "provider.options.vendor")]
        {
            var body = Self.video
            body["provider"] = ["options": options]
            let problem = try #require(throws: RequestProblem.self) { try read(body) }
            #expect(problem.field == field)
        }
        var body = Self.video
        body["provider"] = .object([:])
        #expect(try read(body).providerOptions == [:])
    }

    @Test(arguments: [video, image, speech])
    func aJobShowsItsRequestAsItWasPosted(_ body: [String: JSONValue]) throws {
        guard case .object(let shown) = try read(body).json else {
            Issue.record("not an object")
            return
        }
        for (name, value) in body where !["type", "model", "frame_images"].contains(name) {
            #expect(shown[name] == value)
        }
        #expect(Set(shown.keys).isSubset(of: body.keys))
    }

    @Test func absentFieldsAreNotShown() throws {
        let shown = try read(["type": "video", "model": "m", "prompt": "p"]).json
        #expect(shown == ["prompt": "p"])
    }

    @Test func aPayloadIsNeverShown() throws {
        let posted = try read(Self.video)
        #expect(!posted.json.canonicalText.contains("base64"))
        let stored = StoredInput(sha256: "ab", mediaType: "image/png", bytes: 2)
        let kept = posted.replacingInputs { _ in .stored(stored) }
        #expect(kept.inputs.allSatisfy { $0.input == .stored(stored) })
        let picture: JSONValue = [
            "type": "image_url", "image_url": ["sha256": "ab", "media_type": "image/png", "bytes": 2],
        ]
        #expect(kept.json["input_references"] == [picture])
        #expect(
            kept.json["frame_images"] == [
                [
                    "type": "image_url", "frame_type": "first_frame",
                    "image_url": ["sha256": "ab", "media_type": "image/png", "bytes": 2],
                ]
            ]
        )
    }

    @Test func replacingInputsReachesTheMask() throws {
        let stored = MediaInput.stored(StoredInput(sha256: "ab", mediaType: "image/png", bytes: 2))
        let kept = try read(Self.image).replacingInputs { _ in stored }
        #expect(kept.inputs.map(\.input) == [stored, stored])
        let speech = try read(Self.speech)
        #expect(speech.replacingInputs { _ in stored } == speech)
    }

    @Test(arguments: [("1280x720", 1_280, 720), ("1x1", 1, 1), ("65536x65536", 65_536, 65_536)])
    func aSizeIsWidthAndHeight(_ text: String, _ width: Int, _ height: Int) {
        #expect(PixelSize(text) == PixelSize(width: width, height: height))
        #expect(PixelSize(text)?.description == text)
    }

    @Test(arguments: [
        "", "x", "1280", "1280x", "x720", "0x720", "1280x0", "65537x1", "-1x1", "+1x1", "01x1", "1x01", "1280X720",
        "1280x720x3", " 1280x720", "1280x720 ", "1280×720", "１２80x720", "1.5x2", "100000000x1", "1e3x1",
    ])
    func aSizeIsNothingElse(_ text: String) {
        #expect(PixelSize(text) == nil)
    }

    @Test func aProviderWithALongNameIsNone() throws {
        let slug = String(repeating: "x", count: 65)
        let body: JSONValue = [
            "type": "image", "model": "m", "prompt": "p", "provider": ["options": [slug: [:]]],
        ]
        let problem = #expect(throws: RequestProblem.self) {
            var reader = try FieldReader(body)
            _ = try GenerationRequest(native: &reader)
        }
        #expect(problem?.field == "provider.options")
        #expect(problem?.message.contains(slug) == false)
    }
}
