import ConformanceKit
import FalAdapter
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What is sent, field by field: as the types of the official client fal-ai/fal-js have it, 2026-08-02.
@Suite(.timeLimit(.minutes(2)))
struct FalBodyTests {
    private static let base = "https://queue.fal.run"
    private static let accepted =
        #"{"status":"IN_QUEUE","request_id":"764cabcf-b745","status_url":"https://queue.fal.run/fal-ai/flux/requests/764cabcf-b745/status"}"#

    /// The body that a request becomes, when it is posted to that path.
    private func body(_ request: GenerationRequest, on path: String) async throws -> JSONValue {
        let transport = ScriptedTransport([
            .answered(.post, "\(Self.base)/\(path)", status: 200, body: Self.accepted)
        ])
        let adapter = try FalStage.adapter(nil, transport: transport)
        let attempt = FalAttempt()
        _ = try await attempt.submit(request, to: adapter)
        return try #require(attempt.bodies.first)
    }

    @Test func exactSizesAreWrittenOut() async throws {
        #expect(
            try await body(FalStage.image { $0.seed = 7 }, on: "fal-ai/flux-2-pro") == [
                "prompt": "A brass lighthouse at dusk", "image_size": ["width": 1_024, "height": 1_024], "seed": 7,
                "output_format": "jpeg",
            ]
        )
        let several = FalStage.image(FalStage.schnell) { ($0.n, $0.aspectRatio, $0.outputFormat) = (3, "16:9", "png") }
        #expect(
            try await body(several, on: "fal-ai/flux/schnell") == [
                "prompt": "A brass lighthouse at dusk", "image_size": ["width": 1_344, "height": 768],
                "num_images": 3, "output_format": "png",
            ]
        )
        #expect(
            try await body(FalStage.image(FalStage.seedream), on: "fal-ai/bytedance/seedream/v4.5/text-to-image") == [
                "prompt": "A brass lighthouse at dusk", "image_size": ["width": 2_048, "height": 2_048],
                "num_images": 1, "max_images": 1,
            ]
        )
    }

    @Test func picturesHaveAPathOfTheirOwn() async throws {
        let two = FalStage.image { $0.inputReferences = [FalPictures.boat, FalPictures.sea] }
        #expect(
            try await body(two, on: "fal-ai/flux-2-pro/edit") == [
                "prompt": "A brass lighthouse at dusk", "image_size": "auto", "output_format": "jpeg",
                "image_urls": [FalPictures.url("boat"), FalPictures.url("sea")],
            ]
        )
        let edit = FalStage.image(FalStage.seedream) {
            ($0.inputReferences, $0.resolution) = ([FalPictures.boat], "4K")
        }
        let sent = try await body(edit, on: "fal-ai/bytedance/seedream/v4.5/edit")
        #expect(sent["image_urls"] == [FalPictures.url("boat")])
        let kontext = FalStage.image(FalStage.kontext) {
            ($0.inputReferences, $0.aspectRatio) = ([FalPictures.boat], "16:9")
        }
        #expect(
            try await body(kontext, on: "fal-ai/flux-pro/kontext") == [
                "prompt": "A brass lighthouse at dusk", "aspect_ratio": "16:9", "num_images": 1,
                "output_format": "jpeg", "image_url": FalPictures.url("boat"),
            ]
        )
        let bare = try await body(FalStage.image(FalStage.kontext), on: "fal-ai/flux-pro/kontext/text-to-image")
        #expect(bare["aspect_ratio"] == "1:1")
    }

    @Test func googlesTiersHaveTheHostsNames() async throws {
        let small = FalStage.image(FalStage.banana, options: ["safety_tolerance": "2"]) {
            ($0.resolution, $0.aspectRatio, $0.outputFormat) = ("512", "8:1", "webp")
        }
        #expect(
            try await body(small, on: "fal-ai/nano-banana-2") == [
                "prompt": "A brass lighthouse at dusk", "aspect_ratio": "8:1", "resolution": "0.5K", "num_images": 1,
                "output_format": "webp", "limit_generations": true, "safety_tolerance": "2",
            ]
        )
        let free = try await body(FalStage.image(FalStage.banana), on: "fal-ai/nano-banana-2")
        #expect(free["aspect_ratio"] == "auto")
        #expect(free["resolution"] == "1K")
    }

    @Test func veoHasAPathForEachKindOfPictures() async throws {
        let text = FalStage.video {
            ($0.duration, $0.resolution, $0.aspectRatio, $0.seed) = (6, "1080p", "9:16", 7)
            ($0.generateAudio, $0.negativePrompt) = (false, "fog")
        }
        #expect(
            try await body(text, on: "fal-ai/veo3.1") == [
                "prompt": "A brass lighthouse at dusk", "duration": "6s", "resolution": "1080p",
                "aspect_ratio": "9:16", "seed": 7, "generate_audio": false, "negative_prompt": "fog",
            ]
        )
        let first = FrameImage(role: .first, image: FalPictures.boat)
        let last = FrameImage(role: .last, image: FalPictures.sea)
        let one = try await body(FalStage.video { $0.frameImages = [first] }, on: "fal-ai/veo3.1/image-to-video")
        #expect(one["image_url"] == FalPictures.url("boat"))
        #expect(one["aspect_ratio"] == "auto")
        let both = FalStage.video { $0.frameImages = [first, last] }
        let two = try await body(both, on: "fal-ai/veo3.1/first-last-frame-to-video")
        #expect(two["first_frame_url"] == FalPictures.url("boat"))
        #expect(two["last_frame_url"] == FalPictures.url("sea"))
        let references = FalStage.video { $0.inputReferences = [FalPictures.sea, FalPictures.boat] }
        let three = try await body(references, on: "fal-ai/veo3.1/reference-to-video")
        #expect(three["image_urls"] == [FalPictures.url("sea"), FalPictures.url("boat")])
        #expect(three["duration"] == "8s")
    }

    @Test func klingAndSeedanceHaveTheirOwnWords() async throws {
        let frames = [
            FrameImage(role: .first, image: FalPictures.boat), FrameImage(role: .last, image: FalPictures.sea),
        ]
        let kling = FalStage.video(FalStage.kling, options: ["cfg_scale": .number(0.4)]) {
            ($0.duration, $0.generateAudio, $0.frameImages) = (15, true, frames)
        }
        #expect(
            try await body(kling, on: "fal-ai/kling-video/v3/pro/image-to-video") == [
                "prompt": "A brass lighthouse at dusk", "duration": "15", "generate_audio": true,
                "cfg_scale": .number(0.4), "start_image_url": FalPictures.url("boat"),
                "end_image_url": FalPictures.url("sea"),
            ]
        )
        let text = try await body(FalStage.video(FalStage.kling), on: "fal-ai/kling-video/v3/pro/text-to-video")
        #expect(text["aspect_ratio"] == "16:9")
        #expect(text["generate_audio"] == false)
        let free = FalStage.video(FalStage.seedance) { $0.duration = VideoParameters.automatic }
        #expect(
            try await body(free, on: "bytedance/seedance-2.0/text-to-video") == [
                "prompt": "A brass lighthouse at dusk", "duration": "auto", "resolution": "720p",
                "aspect_ratio": "auto", "generate_audio": true,
            ]
        )
        let framed = FalStage.video(FalStage.seedance) { $0.frameImages = frames }
        let sent = try await body(framed, on: "bytedance/seedance-2.0/image-to-video")
        #expect(sent["image_url"] == FalPictures.url("boat"))
        #expect(sent["end_image_url"] == FalPictures.url("sea"))
    }

    @Test func voicesHaveTheHostsNames() async throws {
        let asked = FalStage.speech(options: ["stability": .number(0.3)]) {
            ($0.voice, $0.speed, $0.language) = ("lily", 1.1, "de")
        }
        #expect(
            try await body(asked, on: "fal-ai/elevenlabs/tts/turbo-v2.5") == [
                "text": "A brass lighthouse at dusk.", "voice": "Lily", "speed": .number(1.1), "language_code": "de",
                "stability": .number(0.3),
            ]
        )
        let plain = try await body(FalStage.speech(), on: "fal-ai/elevenlabs/tts/turbo-v2.5")
        #expect(plain["voice"] == "George")
        #expect(!plain.canonicalText.contains("language_code"))
    }

    /// What is left to the model is left out: `null` is a value of its own to some of them.
    @Test func nothingIsNull() async throws {
        let free = FalStage.image(FalStage.kontext) { $0.inputReferences = [FalPictures.boat] }
        let kontext = try await body(free, on: "fal-ai/flux-pro/kontext")
        #expect(!kontext.canonicalText.contains("aspect_ratio"))
        for model in FalAdapters.models {
            let answer = ScriptedTransport.Exchange.answered(.post, Self.base, status: 200, body: Self.accepted)
            let adapter = try FalStage.adapter(nil, transport: ScriptedTransport([answer]))
            let attempt = FalAttempt()
            _ = try await attempt.submit(FalStage.plain(model), to: adapter)
            let text = try #require(attempt.bodies.first).canonicalText
            #expect(!text.contains("null"), "\(model.slug): \(text)")
        }
    }

    /// The callback's address is a part of the query; the key stands in its header alone.
    @Test func theKeyStandsInItsHeaderAlone() async throws {
        try await withSimulator(FalSimulator.self, .forConformance) { simulator in
            let adapter = try FalStage.adapter("\(simulator.baseURL)/")
            let url = "https://gateway.example/provider-callbacks/x?y=1&z=2"
            _ = try await FalAttempt(callbackURL: url).submit(FalStage.image(), to: adapter)
            let sent = try #require(simulator.requests(.submit).first)
            #expect(sent.path == "/fal-ai/flux-2-pro")
            #expect(sent.queryItem("fal_webhook") == url)
            #expect(sent.header("Authorization") == "Key \(FalStage.key)")
            #expect(!sent.text.contains(FalStage.key))
        }
    }
}
