import BytePlusAdapter
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import Testing

/// What is sent for images, to the last field.
///
/// The bodies are those of the official SDK (byteplus-python-sdk-v2 3.0.63, `images.generate`) without its nulls, and of the
/// image API samples of ModelArk (revision 265 of 2026-10-08); written 2026-11-21.
@Suite struct SeedreamBodyTests {
    private func body(_ request: GenerationRequest, inputs: [String: [UInt8]] = [:]) async throws -> JSONValue {
        try await withSimulator(ArkWire.self, ArkStage.settings) { simulator in
            let attempt = ArkAttempt(inputs: inputs)
            _ = try await attempt.submit(request, to: try ArkStage.adapter("\(simulator.baseURL)/api/v3"))
            let sent = try #require(simulator.requests(.submit).first)
            #expect(simulator.requests(.submit).count == 1)
            #expect(sent.path == "/api/v3/images/generations")
            #expect(sent.header("Authorization") == "Bearer ark-test")
            #expect(sent.header("Content-Type") == "application/json")
            #expect(sent.header("X-Client-Request-Id") == "att_1")
            #expect(attempt.bodies == [sent.json])
            return try #require(sent.json)
        }
    }

    private func refusal(_ request: GenerationRequest) throws -> RequestProblem? {
        let adapter = try ArkStage.adapter("https://ark.example.com/api/v3")
        do {
            try adapter.validate(try ArkStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    private static func dataURL(_ bytes: [UInt8]) -> JSONValue {
        .string("data:image/png;base64,\(Data(bytes).base64EncodedString())")
    }

    @Test func whatCostsOrShowsWhenNobodySaysItIsSaid() async throws {
        let expected: JSONValue = [
            "model": "seedream-4-5-251128", "prompt": "A brass lighthouse at dusk", "size": "2048x2048",
            "watermark": false, "response_format": "url", "sequential_image_generation": "disabled",
        ]
        #expect(try await body(ArkStage.image()) == expected)
    }

    @Test func severalImagesAreASetOfAtMostSoMany() async throws {
        let sent = try await body(
            ArkStage.image("bytedance-seed/seedream-5.0-lite", options: ["watermark": true]) {
                $0.n = 4
                $0.size = PixelSize(width: 3_024, height: 1_296)
                $0.outputFormat = "png"
            }
        )
        let expected: JSONValue = [
            "model": "seedream-5-0-260128", "prompt": "A brass lighthouse at dusk", "size": "3024x1296",
            "watermark": true, "response_format": "url", "output_format": "png",
            "sequential_image_generation": "auto", "sequential_image_generation_options": ["max_images": 4],
        ]
        #expect(sent == expected)
    }

    @Test func aModelThatMakesOneImageIsToldNothingOfSets() async throws {
        let options: JSONValue = ["optimize_prompt_options": ["mode": "fast"]]
        let sent = try await body(
            ArkStage.image("bytedance-seed/seedream-5.0-pro", options: options) { $0.resolution = "1K" }
        )
        let expected: JSONValue = [
            "model": "dola-seedream-5-0-pro-260628", "prompt": "A brass lighthouse at dusk", "size": "1024x1024",
            "watermark": false, "response_format": "url", "output_format": "jpeg",
            "optimize_prompt_options": ["mode": "fast"],
        ]
        #expect(sent == expected)
    }

    @Test func aShapeThatTheModelChoosesIsATiersName() async throws {
        let sent = try await body(
            ArkStage.image {
                $0.resolution = "4K"
                $0.aspectRatio = "auto"
            }
        )
        #expect(sent["size"] == "4K")
    }

    @Test func anySizeOfTheRightPixelsIsTaken() async throws {
        let sent = try await body(ArkStage.image { $0.size = PixelSize(width: 2_848, height: 1_600) })
        #expect(sent["size"] == "2848x1600")
        #expect(try refusal(ArkStage.image { $0.size = PixelSize(width: 1_024, height: 1_024) })?.field == "size")
        let large = ArkStage.image("bytedance-seed/seedream-5.0-pro") {
            $0.size = PixelSize(width: 4_096, height: 4_096)
        }
        #expect(try refusal(large)?.field == "size")
    }

    @Test func picturesArriveByteForByteInTheirOrder() async throws {
        let pictures = (1...14).map { ArkPictures.png(300 + $0, 400) }
        let inputs = Dictionary(uniqueKeysWithValues: pictures.enumerated().map { ("\($0.offset)", $0.element) })
        let request = ArkStage.image {
            $0.inputReferences = pictures.enumerated().map { ArkPictures.stored("\($0.offset)", $0.element) }
            $0.prompt = "Say \"image\":\"\" in each"
        }
        let sent = try await body(request, inputs: inputs)
        #expect(sent["image"] == .array(pictures.map(Self.dataURL)))
        #expect(sent["prompt"] == "Say \"image\":\"\" in each")
    }

    @Test func picturesAndImagesTogetherAreFifteenAtMost() throws {
        let picture = ArkPictures.stored("first", ArkPictures.png(300, 400))
        let full = ArkStage.image {
            $0.inputReferences = Array(repeating: picture, count: 12)
            $0.n = 3
        }
        #expect(try refusal(full) == nil)
        let over = ArkStage.image {
            $0.inputReferences = Array(repeating: picture, count: 12)
            $0.n = 4
        }
        #expect(try refusal(over)?.field == "n")
        // One image is no set.
        #expect(try refusal(ArkStage.image { $0.inputReferences = Array(repeating: picture, count: 14) }) == nil)
    }

    @Test(arguments: ["tools", "layer_decomposition", "background", "sequential_image_generation", "stream", "size"])
    func whatTheServiceCannotAccountForIsRefusedWithTheReason(name: String) throws {
        let problem = try refusal(ArkStage.image("bytedance-seed/seedream-5.0-pro", options: [name: true]))
        #expect(problem?.kind == .unsupportedParameter)
        #expect(problem?.field == "provider.options.byteplus.\(name)")
    }

    @Test func optionsAreHeldToTheModel() throws {
        let fast: JSONValue = ["optimize_prompt_options": ["mode": "fast"]]
        #expect(try refusal(ArkStage.image("bytedance-seed/seedream-4.0", options: fast)) == nil)
        #expect(try refusal(ArkStage.image(options: fast))?.kind == .unknownField)
        let odd: JSONValue = ["optimize_prompt_options": ["mode": "hasty"]]
        #expect(try refusal(ArkStage.image("bytedance-seed/seedream-4.0", options: odd))?.kind == .unsupportedValue)
        #expect(try refusal(ArkStage.image(options: ["watermark": "no"]))?.kind == .invalidValue)
        #expect(try refusal(ArkStage.image(options: ["priority": 1]))?.kind == .unknownField)
    }

    @Test(arguments: [(14, 400), (400, 6_401), (6_000, 6_001)])
    func aPictureThatTheVendorRefusesIsRefusedUnsent(width: Int, height: Int) async throws {
        try await withSimulator(ArkWire.self, ArkStage.settings) { simulator in
            let bytes = ArkPictures.png(width, height)
            let request = ArkStage.image { $0.inputReferences = [ArkPictures.stored("first", bytes)] }
            let adapter = try ArkStage.adapter("\(simulator.baseURL)/api/v3")
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await ArkAttempt(inputs: ["first": bytes]).submit(request, to: adapter)
            }
            #expect(failure?.code == .invalidRequest)
            #expect(failure?.requestReachedProvider == .no)
            #expect(failure?.message.contains("\(width)x\(height)") ?? false)
            #expect(simulator.count(.submit) == 0)
        }
    }
}
