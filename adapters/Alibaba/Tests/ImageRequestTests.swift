import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Testing

@testable import AlibabaAdapter

/// What is sent for images, to the byte.
///
/// The bodies follow the examples of Model Studio's API references (Qwen-Image, Z-Image, Wan images, 2026) and what dashscope
/// 2.0.2 sends; written 2026-11-21.
@Suite struct ImageRequestTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: GenerationRequest
        let path: String
        let isTask: Bool
        /// The body, with `<0>` for the data URL of the first picture.
        let body: String
    }

    private static let multimodal = "/services/aigc/multimodal-generation/generation"
    private static let generation = "/services/aigc/image-generation/generation"
    private static let older = "/services/aigc/text2image/image-synthesis"

    private static let examples = [
        Example(
            testDescription: "Qwen, with nothing asked for",
            request: Stage.image("qwen/qwen-image-2.0"),
            path: multimodal,
            isTask: false,
            body: """
                {"input":{"messages":[{"content":[{"text":"A brass lighthouse"}],"role":"user"}]},\
                "model":"qwen-image-2.0","parameters":{"n":1,"prompt_extend":false,"size":"1024*1024",\
                "watermark":false}}
                """
        ),
        Example(
            testDescription: "Qwen, with all that it takes: pictures before the text",
            request: Stage.image(
                "qwen/qwen-image-3.0",
                options: ["prompt_extend": true, "watermark": true]
            ) { image in
                image.inputReferences = [Stage.reference(1), Stage.reference(0)]
                (image.n, image.seed, image.negativePrompt) = (6, 7, "fog")
                image.size = PixelSize(width: 2_688, height: 1_536)
            },
            path: multimodal,
            isTask: false,
            body: """
                {"input":{"messages":[{"content":[{"image":"<1>"},{"image":"<0>"},{"text":"A brass lighthouse"}],\
                "role":"user"}]},"model":"qwen-image-3.0","parameters":{"n":6,"negative_prompt":"fog",\
                "prompt_extend":true,"seed":7,"size":"2688*1536","watermark":true}}
                """
        ),
        Example(
            testDescription: "Qwen without a picture whose shape could be followed",
            request: Stage.image("qwen/qwen-image-2.0-pro") { $0.aspectRatio = "auto" },
            path: multimodal,
            isTask: false,
            body: """
                {"input":{"messages":[{"content":[{"text":"A brass lighthouse"}],"role":"user"}]},\
                "model":"qwen-image-2.0-pro","parameters":{"n":1,"prompt_extend":false,"size":"1024*1024",\
                "watermark":false}}
                """
        ),
        Example(
            testDescription: "Qwen of five sizes",
            request: Stage.image("qwen/qwen-image-max") { $0.aspectRatio = "9:16" },
            path: multimodal,
            isTask: false,
            body: """
                {"input":{"messages":[{"content":[{"text":"A brass lighthouse"}],"role":"user"}]},\
                "model":"qwen-image-max","parameters":{"n":1,"prompt_extend":false,"size":"928*1664",\
                "watermark":false}}
                """
        ),
        Example(
            testDescription: "an edit keeps the shape of its picture, 320x240",
            request: Stage.image("qwen/qwen-image-edit-plus", options: ["negative_prompt": "fog"]) { image in
                image.inputReferences = [Stage.reference(0)]
            },
            path: multimodal,
            isTask: false,
            body: """
                {"input":{"messages":[{"content":[{"image":"<0>"},{"text":"A brass lighthouse"}],"role":"user"}]},\
                "model":"qwen-image-edit-plus","parameters":{"n":1,"negative_prompt":"fog","prompt_extend":false,\
                "size":"1168*880","watermark":false}}
                """
        ),
        Example(
            testDescription: "Z-Image, which knows no number and no watermark",
            request: Stage.image("alibaba/z-image-turbo") { $0.seed = 0 },
            path: multimodal,
            isTask: false,
            body: """
                {"input":{"messages":[{"content":[{"text":"A brass lighthouse"}],"role":"user"}]},\
                "model":"z-image-turbo","parameters":{"prompt_extend":false,"seed":0,"size":"1024*1024"}}
                """
        ),
        Example(
            testDescription: "Wan 2.7, which makes four unless told: the text before the pictures",
            request: Stage.image("alibaba/wan-2.7-image", options: ["thinking_mode": false]) { image in
                image.inputReferences = [Stage.reference(0), Stage.reference(2)]
                (image.resolution, image.aspectRatio) = ("2K", "4:3")
            },
            path: generation,
            isTask: true,
            body: """
                {"input":{"messages":[{"content":[{"text":"A brass lighthouse"},{"image":"<0>"},{"image":"<2>"}],\
                "role":"user"}]},"model":"wan2.7-image","parameters":{"n":1,"prompt_extend":false,\
                "size":"2368*1728","thinking_mode":false,"watermark":false}}
                """
        ),
        Example(
            testDescription: "Wan 2.7 pro in 4K",
            request: Stage.image("alibaba/wan-2.7-image-pro") { image in
                (image.resolution, image.aspectRatio, image.n) = ("4K", "16:9", 4)
            },
            path: generation,
            isTask: true,
            body: """
                {"input":{"messages":[{"content":[{"text":"A brass lighthouse"}],"role":"user"}]},\
                "model":"wan2.7-image-pro","parameters":{"n":4,"prompt_extend":false,"size":"4096*2304",\
                "watermark":false}}
                """
        ),
        Example(
            testDescription: "Wan 2.6",
            request: Stage.image("alibaba/wan-2.6-t2i") { $0.negativePrompt = "fog" },
            path: generation,
            isTask: true,
            body: """
                {"input":{"messages":[{"content":[{"text":"A brass lighthouse"}],"role":"user"}]},\
                "model":"wan2.6-t2i","parameters":{"n":1,"negative_prompt":"fog","prompt_extend":false,\
                "size":"1280*1280","watermark":false}}
                """
        ),
        Example(
            testDescription: "an edit by Wan 2.6, without texts in between",
            request: Stage.image("alibaba/wan-2.6-image") { $0.inputReferences = [Stage.reference(0)] },
            path: generation,
            isTask: true,
            body: """
                {"input":{"messages":[{"content":[{"text":"A brass lighthouse"},{"image":"<0>"}],"role":"user"}]},\
                "model":"wan2.6-image","parameters":{"enable_interleave":false,"n":1,"prompt_extend":false,\
                "size":"1472*1104","watermark":false}}
                """
        ),
        Example(
            testDescription: "the first editor, which knows no size",
            request: Stage.image("qwen/qwen-image-edit") { $0.inputReferences = [Stage.reference(0)] },
            path: multimodal,
            isTask: false,
            body: """
                {"input":{"messages":[{"content":[{"image":"<0>"},{"text":"A brass lighthouse"}],"role":"user"}]},\
                "model":"qwen-image-edit","parameters":{"n":1,"watermark":false}}
                """
        ),
        Example(
            testDescription: "Wan 2.2 in the older form",
            request: Stage.image("alibaba/wan-2.2-t2i-flash") { image in
                (image.negativePrompt, image.seed, image.n) = ("fog", 3, 2)
                image.size = PixelSize(width: 1_440, height: 810)
            },
            path: older,
            isTask: true,
            body: """
                {"input":{"negative_prompt":"fog","prompt":"A brass lighthouse"},"model":"wan2.2-t2i-flash",\
                "parameters":{"n":2,"prompt_extend":false,"seed":3,"size":"1440*810","watermark":false}}
                """
        ),
    ]

    private static func dataURL(_ index: Int) -> String {
        "data:image/png;base64,\(Data(Stage.pictures[index].bytes).base64EncodedString())"
    }

    @Test(arguments: examples) func bodies(_ example: Example) async throws {
        let answer: JSONValue =
            example.isTask
            ? ["request_id": "r", "output": ["task_id": "t-1", "task_status": "PENDING"]]
            : ["request_id": "r", "output": ["choices": []]]
        let transport = ScriptedTransport([Stage.answer(.post, answer)])
        let stage = Stage(transport)
        let attempt = TestAttempt(
            at: stage.adapter,
            externalID: "att_1",
            sentAtMilliseconds: 0,
            inputs: Stage.inputs
        )
        _ = try await stage.adapter.submit(stage.resolved(example.request), attempt: attempt.context())
        let sent = try #require(attempt.submits.first)
        #expect(sent.url == Stage.scripted + example.path)
        #expect(sent.header("Authorization") == "Bearer \(Stage.key)")
        #expect(sent.header("X-DashScope-Async") == (example.isTask ? "enable" : nil))
        var expected = example.body
        for index in Stage.pictures.indices {
            expected = expected.replacing("<\(index)>", with: Self.dataURL(index))
        }
        #expect(String(decoding: sent.body, as: UTF8.self) == expected)
    }

    // MARK: - What is refused

    private func problem(_ request: GenerationRequest) throws -> RequestProblem? {
        let stage = Stage(ScriptedTransport([]))
        do {
            try stage.adapter.validate(try stage.resolved(request))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    @Test func anEditNeedsAPicture() throws {
        let problem = try problem(Stage.image("qwen/qwen-image-edit-max"))
        #expect(problem?.kind == .missingField)
        #expect(problem?.field == "input_references")
    }

    @Test func fourKIsMadeFromTextAlone() throws {
        let wide = Stage.image("alibaba/wan-2.7-image-pro") { image in
            image.resolution = "4K"
            image.inputReferences = [Stage.reference(0)]
        }
        #expect(try problem(wide)?.field == "size")
        #expect(try problem(Stage.image("alibaba/wan-2.7-image-pro") { $0.resolution = "4K" }) == nil)
    }

    @Test(arguments: [
        ("alibaba/wan-2.7-image", 5), ("qwen/qwen-image-2.0", 7), ("qwen/qwen-image-max", 2),
        ("alibaba/z-image-turbo", 2), ("alibaba/wan-2.2-t2i-plus", 5),
    ])
    func moreImagesThanACallMakesAreRefusedWithTheRange(_ model: String, _ count: Int) throws {
        let problem = try problem(Stage.image(model) { $0.n = count })
        #expect(problem?.field == "n")
        #expect(problem?.message.contains("1 to \(count - 1)") == true)
    }

    @Test func figuresAndTextsKeepToTheirRanges() throws {
        let model = "qwen/qwen-image-2.0"
        #expect(try problem(Stage.image(model) { $0.seed = -1 })?.field == "seed")
        #expect(try problem(Stage.image(model) { $0.seed = 2_147_483_648 })?.field == "seed")
        let long = String(repeating: "x", count: 501)
        #expect(try problem(Stage.image(model) { $0.negativePrompt = long })?.field == "negative_prompt")
        let twice = Stage.image(model, options: ["negative_prompt": "fog"]) { $0.negativePrompt = "rain" }
        #expect(try problem(twice)?.kind == .contradiction)
        #expect(
            try problem(Stage.image("alibaba/wan-2.7-image") { $0.negativePrompt = "fog" })?.field == "negative_prompt"
        )
        #expect(
            try problem(Stage.image("alibaba/z-image-turbo", options: ["prompt_extend": true]))?.kind == .unknownField
        )
        #expect(try problem(Stage.image(model, options: ["prompt_extend": "yes"]))?.kind == .invalidValue)
    }

    @Test func aPictureOfAStrangeKindIsRefused() throws {
        let picture = StoredInput(sha256: String(repeating: "a", count: 64), mediaType: "image/avif", bytes: 9)
        let strange = Stage.image("qwen/qwen-image-2.0") { $0.inputReferences = [.stored(picture)] }
        #expect(try problem(strange)?.kind == .unsupportedValue)
        let large = StoredInput(sha256: String(repeating: "a", count: 64), mediaType: "image/png", bytes: 10_000_001)
        let heavy = Stage.image("qwen/qwen-image-2.0") { $0.inputReferences = [.stored(large)] }
        #expect(try problem(heavy)?.field == "input_references[0].image_url.url")
    }

    // MARK: - Sizes

    @Test(arguments: [
        (320, 240, 1_024 * 1_024, "1168x880"), (1_000, 1_000, 1_024 * 1_024, "1024x1024"),
        (1_920, 1_080, 2_048 * 2_048, "2720x1536"), (100, 10_000, 1_024 * 1_024, "512x2048"),
        (10_000, 100, 1_024 * 1_024, "2048x512"),
    ])
    func aShapeIsFollowedWithinWhatTheModelTakes(_ width: Int, _ height: Int, _ pixels: Int, _ size: String) throws {
        let free = FreeSizes(
            multipleOf: 1,
            edges: pixels > 1_100_000 ? 512...4_096 : 512...2_048,
            pixels: 512 * 512...2_048 * 2_048,
            ratioMax: 4
        )
        let followed = ImageSizes.following(width: width, height: height, pixels: pixels, free)
        #expect(followed.description == size)
        #expect(free.allow(followed))
    }

    @Test func everySizeOnOfferObeysTheProvidersLimits() {
        for model in AlibabaImageModels.all {
            guard case .image(let image) = model.parameters, let free = image.freeSizes else { continue }
            for option in image.sizes {
                // Some of the vendor's own recommendations have a hundredth less than its limit says.
                let pixels = option.size.width * option.size.height
                #expect(Double(pixels) >= 0.99 * Double(free.pixels.lowerBound), "\(model.slug) \(option.size)")
                #expect(pixels <= free.pixels.upperBound, "\(model.slug) \(option.size)")
            }
        }
    }
}
