import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing
import TogetherAdapter

/// What is sent, to the last field: the bodies that the official client (together 3.1.1) puts together from its types.
@Suite(.timeLimit(.minutes(2)))
struct TogetherBodyTests {
    private func sent(_ request: GenerationRequest) async throws -> (path: String, body: JSONValue) {
        var settings = SimulatorSettings.forConformance
        settings.hasCheapMedia = true
        return try await withSimulator(TogetherSimulator.self, settings) { simulator in
            _ = try await TogetherStage.submit(request, to: TogetherStage.adapter(simulator.baseURL))
            let requests = simulator.requests(.submit)
            #expect(requests.count == 1)
            let sent = try #require(requests.first)
            #expect(sent.header("Authorization") == "Bearer together-test")
            #expect(sent.header("Content-Type") == "application/json")
            return (sent.path, try #require(sent.json))
        }
    }

    @Test func theLengthIsAText() async throws {
        let (path, body) = try await sent(TogetherStage.request())
        #expect(path == "/v2/videos")
        let expected: JSONValue = [
            "model": "google/veo-3.1", "prompt": "Waves at dusk", "width": 1_280, "height": 720, "seconds": "8",
            "generate_audio": true,
        ]
        #expect(body == expected)
    }

    @Test func everyFieldOfAVideoHasItsPlace() async throws {
        let request = TogetherStage.request {
            $0.frameImages = [
                FrameImage(role: .last, image: TogetherPictures.last),
                FrameImage(role: .first, image: TogetherPictures.first),
            ]
            ($0.resolution, $0.aspectRatio, $0.duration) = ("1080p", "9:16", 4)
            ($0.generateAudio, $0.negativePrompt, $0.seed) = (false, "fog", 7)
        }
        let expected: JSONValue = [
            "model": "google/veo-3.1", "prompt": "Waves at dusk", "width": 1_080, "height": 1_920, "seconds": "4",
            "generate_audio": false, "negative_prompt": "fog", "seed": 7,
            "media": [
                "frame_images": [
                    ["input_image": .string(TogetherPictures.base64("first")), "frame": "first"],
                    ["input_image": .string(TogetherPictures.base64("last")), "frame": "last"],
                ]
            ],
        ]
        #expect(try await sent(request).body == expected)
    }

    @Test func wanIsAskedInWordsAndWithAFrameUnderAnotherName() async throws {
        let text: JSONValue = [
            "model": "Wan-AI/wan2.7-t2v", "prompt": "Waves at dusk", "resolution": "720P", "ratio": "3:4",
            "seconds": "15",
        ]
        let plain = TogetherStage.request(TogetherStage.wan) { ($0.aspectRatio, $0.duration) = ("3:4", 15) }
        #expect(try await sent(plain).body == text)
        let framed: JSONValue = [
            "model": "Wan-AI/wan2.7-i2v", "prompt": "Waves at dusk", "resolution": "720P", "seconds": "5",
            "media": [
                "frame_images": [["input_image": .string(TogetherPictures.base64("first")), "frame": "first"]]
            ],
        ]
        let first = TogetherStage.request(TogetherStage.wan) {
            $0.frameImages = [FrameImage(role: .first, image: TogetherPictures.first)]
        }
        #expect(try await sent(first).body == framed)
    }

    @Test func everyFieldOfAnImageHasItsPlace() async throws {
        let request = TogetherStage.image(TogetherStage.qwen) {
            ($0.n, $0.aspectRatio, $0.outputFormat) = (3, "16:9", "png")
            ($0.negativePrompt, $0.seed) = ("fog", 7)
        }
        let (path, body) = try await sent(request)
        #expect(path == "/v1/images/generations")
        let expected: JSONValue = [
            "model": "Qwen/Qwen-Image-2.0", "prompt": "A brass lighthouse at dusk", "width": 1_344, "height": 768,
            "n": 3, "output_format": "png", "negative_prompt": "fog", "seed": 7, "response_format": "base64",
        ]
        #expect(body == expected)
    }

    /// The wire's own default is twenty steps, and the price is for four.
    @Test func theStepsThatArePaidForAreSent() async throws {
        let body = try await sent(
            TogetherStage.image(TogetherStage.schnell, options: ["disable_safety_checker": true])
        ).body
        #expect(body["steps"] == 4)
        #expect(body["disable_safety_checker"] == true)
        #expect(try await sent(TogetherStage.image()).body["steps"] == nil)
    }

    @Test func picturesToEditGoWhereTheModelWantsThem() async throws {
        let url = JSONValue.string("data:image/png;base64,\(TogetherPictures.base64("first"))")
        let last = JSONValue.string("data:image/png;base64,\(TogetherPictures.base64("last"))")
        let single = TogetherStage.image(TogetherStage.kontext) { $0.inputReferences = [TogetherPictures.first] }
        #expect(try await sent(single).body["image_url"] == url)
        let several = TogetherStage.image(TogetherStage.gemini) {
            $0.inputReferences = [TogetherPictures.last, TogetherPictures.first]
        }
        #expect(try await sent(several).body["reference_images"] == [last, url])
    }
}
