import BlackForestLabsAdapter
import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What is sent, field by field: the bodies of the vendor's pages (docs.bfl.ai, OpenAPI of each path), 2026-11-21.
@Suite(.timeLimit(.minutes(2)))
struct FluxBodyTests {
    private static let base = "https://api.bfl.ai"
    private static let accepted =
        #"{"id":"0b6f1c1e-5d4b-4b75-8a6d-6b8f6a1d1c11","polling_url":"https://api.us3.bfl.ai/v1/get_result?id=0b6f1c1e-5d4b-4b75-8a6d-6b8f6a1d1c11","cost":3.0,"input_mp":0,"output_mp":1.0}"#

    /// The body that a request becomes on a path, and the attempt that it was of.
    private func body(
        _ request: GenerationRequest,
        on path: String,
        callbackURL: String? = nil
    ) async throws -> JSONValue {
        let transport = ScriptedTransport([
            .answered(.post, "\(Self.base)/v1/\(path)", status: 200, body: Self.accepted)
        ])
        let adapter = try FluxStage.adapter(nil, transport: transport)
        let attempt = FluxAttempt(callbackURL: callbackURL)
        _ = try await attempt.submit(request, to: adapter)
        return try #require(attempt.bodies.first)
    }

    @Test func aSizeIsWrittenOut() async throws {
        #expect(
            try await body(FluxStage.request(), on: "flux-2-pro") == [
                "prompt": "A brass lighthouse at dusk", "width": 1_024, "height": 1_024, "output_format": "jpeg",
            ]
        )
        let other = FluxStage.request {
            ($0.size, $0.seed, $0.outputFormat) = (PixelSize(width: 1_440, height: 816), 7, "png")
        }
        #expect(
            try await body(other, on: "flux-2-pro") == [
                "prompt": "A brass lighthouse at dusk", "width": 1_440, "height": 816, "seed": 7,
                "output_format": "png",
            ]
        )
        let wide = FluxStage.request(FluxStage.klein) { ($0.resolution, $0.aspectRatio) = ("2K", "16:9") }
        let sent = try await body(wide, on: "flux-2-klein-4b")
        #expect(sent["width"] == 2_688)
        #expect(sent["height"] == 1_536)
    }

    @Test func aSizeThatFollowsThePictureIsNotWritten() async throws {
        let edit = FluxStage.request { $0.inputReferences = [FluxPictures.boat, FluxPictures.sea] }
        #expect(
            try await body(edit, on: "flux-2-pro") == [
                "prompt": "A brass lighthouse at dusk", "output_format": "jpeg",
                "input_image": .string(FluxPictures.base64("boat")),
                "input_image_2": .string(FluxPictures.base64("sea")),
            ]
        )
    }

    @Test func eachFamilyHasItsOwnWords() async throws {
        let kontext = FluxStage.request(FluxStage.kontext, options: ["prompt_upsampling": true]) {
            ($0.aspectRatio, $0.inputReferences) = ("16:9", [FluxPictures.boat])
        }
        #expect(
            try await body(kontext, on: "flux-kontext-pro") == [
                "prompt": "A brass lighthouse at dusk", "aspect_ratio": "16:9", "output_format": "jpeg",
                "prompt_upsampling": true, "input_image": .string(FluxPictures.base64("boat")),
            ]
        )
        let free = try await body(FluxStage.request(FluxStage.kontext), on: "flux-kontext-pro")
        #expect(free["aspect_ratio"] == nil)
        let options: JSONValue = ["raw": true, "image_prompt_strength": .number(0.4)]
        let ultra = FluxStage.request(FluxStage.ultra, options: options) { $0.inputReferences = [FluxPictures.sea] }
        #expect(
            try await body(ultra, on: "flux-pro-1.1-ultra") == [
                "prompt": "A brass lighthouse at dusk", "aspect_ratio": "16:9", "output_format": "jpeg", "raw": true,
                "image_prompt_strength": .number(0.4), "image_prompt": .string(FluxPictures.base64("sea")),
            ]
        )
        let older = try await body(FluxStage.request(FluxStage.older) { $0.aspectRatio = "21:9" }, on: "flux-pro-1.1")
        #expect(older["width"] == 1_408)
        #expect(older["height"] == 608)
        let steps: JSONValue = ["steps": 28, "guidance": .number(4.5), "safety_tolerance": 0]
        let flex = try await body(FluxStage.request(FluxStage.flex, options: steps), on: "flux-2-flex")
        #expect(flex["steps"] == 28)
        #expect(flex["guidance"] == .number(4.5))
        #expect(flex["safety_tolerance"] == 0)
    }

    /// Ours is transparent where something is to change, the vendor's is white.
    @Test func aMaskIsConverted() async throws {
        let white = TestPicture.png(width: 640, height: 384, seed: 99)
        #expect(
            try await body(FluxStage.request(FluxStage.fill), on: "flux-pro-1.0-fill") == [
                "prompt": "A brass lighthouse at dusk", "output_format": "jpeg",
                "image": .string(FluxPictures.base64("boat")),
                "mask": .string(Data(white).base64EncodedString()),
            ]
        )
    }

    @Test func aCallbackIsAskedForWithASecretOfItsOwn() async throws {
        let url = "https://gateway.example/provider-callbacks/x"
        let one = try await body(FluxStage.request(), on: "flux-2-pro", callbackURL: url)
        let again = try await body(FluxStage.request(), on: "flux-2-pro", callbackURL: url)
        #expect(one == again, "a resend would differ")
        #expect(one["webhook_url"]?.stringValue == url)
        let secret = try #require(one["webhook_secret"]?.stringValue)
        #expect(secret.count == 64)
        #expect(!secret.contains(FluxStage.key))
        #expect(try await body(FluxStage.request(), on: "flux-2-pro")["webhook_secret"] == nil)
    }

    @Test func theKeyStandsInItsHeaderAlone() async throws {
        try await withSimulator(FluxSimulator.self, .forConformance) { simulator in
            let adapter = try FluxStage.adapter("\(simulator.baseURL)/v1/")
            _ = try await FluxAttempt().submit(FluxStage.request(), to: adapter)
            let sent = try #require(simulator.requests(.submit).first)
            #expect(sent.path == "/v1/flux-2-pro")
            #expect(sent.header("x-key") == FluxStage.key)
            #expect(sent.header("Authorization") == nil)
            #expect(!sent.text.contains(FluxStage.key))
        }
    }

    /// What the vendor would refuse, with a message of its own that names no picture.
    @Test func pictureBeyondTheVendorsLimitsAreNotSent() async throws {
        let adapter = try FluxStage.adapter(nil, transport: ScriptedTransport([]))
        var large = StoredInput(sha256: "boat", mediaType: "image/png", bytes: 1_000)
        (large.width, large.height) = (5_000, 4_001)
        let heavy = StoredInput(sha256: "boat", mediaType: "image/png", bytes: 20_000_001)
        for (stored, word) in [(large, "5000x4001"), (heavy, "20000001")] {
            let attempt = FluxAttempt()
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await attempt.submit(FluxStage.request { $0.inputReferences = [.stored(stored)] }, to: adapter)
            }
            #expect(failure?.isDefiniteRefusal == true)
            #expect(failure?.retry == .never)
            #expect(failure?.message.contains(word) == true)
            #expect(attempt.bodies.isEmpty)
        }
    }
}
