import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import ReplicateAdapter
import SimulatorConformance
import Testing

/// What is sent, field by field: as the input schemas of the models' pages have it, in copies of 2026.
@Suite(.timeLimit(.minutes(2)))
struct ReplicateBodyTests {
    private static let base = "https://api.replicate.com"
    private static let accepted = #"{"id":"gm3qorzdhgbfurvjtvhg6dckhu","status":"starting"}"#

    /// The body that a request becomes, when it is posted to that model.
    private func body(
        _ request: GenerationRequest,
        to model: String,
        callbackURL: String? = nil
    ) async throws -> JSONValue {
        let transport = ScriptedTransport([
            .answered(
                .post,
                "\(Self.base)/v1/models/\(model)/predictions",
                status: 201,
                body: Self.accepted
            )
        ])
        let adapter = try ReplicateStage.adapter(nil, transport: transport)
        let attempt = ReplicateAttempt(callbackURL: callbackURL)
        _ = try await attempt.submit(request, to: adapter)
        return try #require(attempt.bodies.first)
    }

    private func input(_ request: GenerationRequest, to model: String) async throws -> JSONValue {
        try #require(try await body(request, to: model)["input"])
    }

    @Test func sizesAreWrittenInEachModelsWords() async throws {
        #expect(
            try await input(ReplicateStage.image { $0.seed = 7 }, to: "black-forest-labs/flux-2-pro") == [
                "prompt": "A brass lighthouse at dusk", "aspect_ratio": "custom", "width": 1_024,
                "height": 1_024,
                "seed": 7, "output_format": "jpg",
            ]
        )
        let several = ReplicateStage.image(ReplicateStage.schnell, options: ["go_fast": false]) {
            ($0.n, $0.aspectRatio, $0.outputFormat, $0.outputCompression) = (3, "16:9", "jpeg", 80)
        }
        #expect(
            try await input(several, to: "black-forest-labs/flux-schnell") == [
                "prompt": "A brass lighthouse at dusk", "aspect_ratio": "16:9", "num_outputs": 3,
                "megapixels": "1",
                "output_format": "jpg", "output_quality": 80, "go_fast": false,
            ]
        )
        let four = ReplicateStage.image(ReplicateStage.seedream) {
            ($0.resolution, $0.aspectRatio) = ("4K", "21:9")
        }
        #expect(
            try await input(four, to: "bytedance/seedream-4.5") == [
                "prompt": "A brass lighthouse at dusk", "aspect_ratio": "21:9", "size": "4K",
                "sequential_image_generation": "disabled",
            ]
        )
        let pro = try await input(
            ReplicateStage.image(ReplicateStage.banana),
            to: "google/nano-banana-pro"
        )
        #expect(pro["resolution"] == "1K")
        #expect(pro["aspect_ratio"] == "1:1")
    }

    @Test func picturesHaveEachModelsNames() async throws {
        let boat = ReplicatePictures.url("boat")
        let edit = ReplicateStage.image {
            $0.inputReferences = [ReplicatePictures.boat, ReplicatePictures.sea]
        }
        #expect(
            try await input(edit, to: "black-forest-labs/flux-2-pro") == [
                "prompt": "A brass lighthouse at dusk", "aspect_ratio": "match_input_image",
                "resolution": "match_input_image", "output_format": "jpg",
                "input_images": [boat, ReplicatePictures.url("sea")],
            ]
        )
        func one(_ slug: String) -> GenerationRequest {
            ReplicateStage.image(slug) { $0.inputReferences = [ReplicatePictures.boat] }
        }
        let kontext = try await input(
            one(ReplicateStage.kontext),
            to: "black-forest-labs/flux-kontext-pro"
        )
        #expect(kontext["input_image"] == boat)
        #expect(kontext["aspect_ratio"] == "match_input_image")
        let ultra = try await input(
            one(ReplicateStage.ultra),
            to: "black-forest-labs/flux-1.1-pro-ultra"
        )
        #expect(ultra["image_prompt"] == boat)
        let pro = try await input(one(ReplicateStage.fluxPro), to: "black-forest-labs/flux-1.1-pro")
        #expect(pro["image_prompt"] == boat)
        let banana = try await input(one(ReplicateStage.banana), to: "google/nano-banana-pro")
        #expect(banana["image_input"] == [boat])
        let seedream = try await input(one(ReplicateStage.seedream), to: "bytedance/seedream-4.5")
        #expect(seedream["image_input"] == [boat])
        #expect(seedream["aspect_ratio"] == "match_input_image")
    }

    @Test func veoTakesTextFramesAndReferences() async throws {
        let text = ReplicateStage.video {
            ($0.duration, $0.resolution, $0.aspectRatio, $0.seed) = (6, "720p", "9:16", 7)
            ($0.generateAudio, $0.negativePrompt) = (false, "fog")
        }
        #expect(
            try await input(text, to: "google/veo-3.1") == [
                "prompt": "A brass lighthouse at dusk", "duration": 6, "resolution": "720p",
                "aspect_ratio": "9:16",
                "seed": 7, "generate_audio": false, "negative_prompt": "fog",
            ]
        )
        let frames = ReplicateStage.video {
            $0.frameImages = [
                FrameImage(role: .first, image: ReplicatePictures.boat),
                FrameImage(role: .last, image: ReplicatePictures.sea),
            ]
        }
        let framed = try await input(frames, to: "google/veo-3.1")
        #expect(framed["image"] == ReplicatePictures.url("boat"))
        #expect(framed["last_frame"] == ReplicatePictures.url("sea"))
        let references = ReplicateStage.video { $0.inputReferences = [ReplicatePictures.sea] }
        let guided = try await input(references, to: "google/veo-3.1")
        #expect(guided["reference_images"] == [ReplicatePictures.url("sea")])
        #expect(guided["duration"] == 8)
    }

    /// What is left to the model is left out: `null` is a value of its own to some of them.
    @Test func nothingIsNull() async throws {
        for model in ReplicateAdapters.models {
            let answer = ScriptedTransport.Exchange.answered(.post, Self.base, status: 201, body: Self.accepted)
            let adapter = try ReplicateStage.adapter(nil, transport: ScriptedTransport([answer]))
            let attempt = ReplicateAttempt()
            _ = try await attempt.submit(ReplicateStage.plain(model), to: adapter)
            let text = try #require(attempt.bodies.first).canonicalText
            #expect(!text.contains("null"), "\(model.slug): \(text)")
        }
    }

    /// Only where it can be called back to, and only at the end.
    @Test func aCallbackIsAskedForOverHTTPS() async throws {
        let url = "https://gateway.example/provider-callbacks/x"
        let model = "black-forest-labs/flux-2-pro"
        let asked = try await body(ReplicateStage.image(), to: model, callbackURL: url)
        #expect(asked["webhook"]?.stringValue == url)
        #expect(asked["webhook_events_filter"] == ["completed"])
        for plain in ["http://gateway.example/x", nil] {
            let sent = try await body(ReplicateStage.image(), to: model, callbackURL: plain)
            #expect(sent["webhook"] == nil)
            #expect(sent["webhook_events_filter"] == nil)
        }
    }

    /// A large picture is uploaded before anything is paid for, and named by its address.
    @Test func aLargePictureIsUploaded() async throws {
        try await withSimulator(ReplicateSimulator.self, .forConformance) { simulator in
            let adapter = try ReplicateStage.adapter("\(simulator.baseURL)/v1/")
            let request = ReplicateStage.image(ReplicateStage.kontext) {
                $0.inputReferences = [ReplicatePictures.large]
            }
            let attempt = ReplicateAttempt()
            _ = try await attempt.submit(request, to: adapter)
            #expect(simulator.count(.upload) == 1)
            let url = attempt.bodies.first?["input"]?["input_image"]?.stringValue ?? ""
            #expect(url.hasPrefix("\(simulator.baseURL)/v1/files/"))
            #expect(simulator.world.tasks.first?.fields["pictures"] == 1)
            let sent = try #require(simulator.requests(.submit).first)
            #expect(sent.bearerToken == ReplicateStage.key)
            #expect(!sent.text.contains(ReplicateStage.key))
            // What cannot be uploaded is not sent, and can be tried again.
            simulator.inject(.status(503), on: .upload)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await ReplicateAttempt("att_2").submit(request, to: adapter)
            }
            #expect(failure?.requestReachedProvider == .no)
            #expect(failure?.retry == .backoff)
            #expect(simulator.count(.submit) == 1)
        }
    }
}
