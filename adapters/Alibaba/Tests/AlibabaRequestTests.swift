import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Testing

@testable import AlibabaAdapter

/// What is sent, to the byte.
///
/// The bodies follow the examples of Model Studio's API references (Wan 2.7 text to video and reference to video, April to
/// July 2026; Wan 2.6, 2 September 2026; Wan 3.0, 15 October 2026) and what dashscope 2.0.2 sends; written 2026-11-21.
@Suite struct AlibabaRequestTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: GenerationRequest
        /// The body, with `<0>` for the data URL of the first picture.
        let body: String
        var header: String?
    }

    private static let examples = [
        Example(
            testDescription: "2.7 text, with all that it takes",
            request: Stage.request(
                "alibaba/wan-2.7",
                options: ["prompt_extend": true, "watermark": true, "audio_url": "https://cdn.example.com/a.mp3"]
            ) { video in
                video.negativePrompt = "text"
                (video.resolution, video.aspectRatio, video.duration, video.seed) = ("1080p", "9:16", 15, 7)
            },
            body: """
                {"input":{"audio_url":"https://cdn.example.com/a.mp3","negative_prompt":"text","prompt":"A paper boat"},\
                "model":"wan2.7-t2v","parameters":{"duration":15,"prompt_extend":true,"ratio":"9:16",\
                "resolution":"1080P","seed":7,"watermark":true}}
                """
        ),
        Example(
            testDescription: "2.7 text, with nothing asked for",
            request: Stage.request("alibaba/wan-2.7"),
            body: """
                {"input":{"prompt":"A paper boat"},"model":"wan2.7-t2v","parameters":{"duration":5,\
                "prompt_extend":false,"ratio":"16:9","resolution":"720P","watermark":false}}
                """
        ),
        Example(
            testDescription: "2.7 frames: the last one given first, no ratio, a sound",
            request: Stage.request("alibaba/wan-2.7", options: ["audio_url": "oss://bucket/a.wav"]) { video in
                video.frameImages = [Stage.frame(.last, 1), Stage.frame(.first, 0)]
            },
            body: """
                {"input":{"media":[{"type":"first_frame","url":"<0>"},{"type":"last_frame","url":"<1>"},\
                {"type":"driving_audio","url":"oss://bucket/a.wav"}],"prompt":"A paper boat"},"model":"wan2.7-i2v",\
                "parameters":{"duration":5,"prompt_extend":false,"resolution":"720P","watermark":false}}
                """,
            header: "X-DashScope-OssResourceResolve"
        ),
        Example(
            testDescription: "2.7 references",
            request: Stage.request("alibaba/wan-2.7", options: ["negative_prompt": "fog"]) { video in
                video.inputReferences = [Stage.reference(1), Stage.reference(0)]
                video.aspectRatio = "1:1"
            },
            body: """
                {"input":{"media":[{"type":"reference_image","url":"<1>"},{"type":"reference_image","url":"<0>"}],\
                "negative_prompt":"fog","prompt":"A paper boat"},"model":"wan2.7-r2v","parameters":{"duration":5,\
                "prompt_extend":false,"ratio":"1:1","resolution":"720P","watermark":false}}
                """
        ),
        Example(
            testDescription: "2.7 references and a first frame, whose shape counts",
            request: Stage.request("alibaba/wan-2.7") { video in
                video.inputReferences = [Stage.reference(1)]
                video.frameImages = [Stage.frame(.first, 0)]
            },
            body: """
                {"input":{"media":[{"type":"reference_image","url":"<1>"},{"type":"first_frame","url":"<0>"}],\
                "prompt":"A paper boat"},"model":"wan2.7-r2v","parameters":{"duration":5,"prompt_extend":false,\
                "resolution":"720P","watermark":false}}
                """
        ),
        Example(
            testDescription: "2.6 text, its size with an asterisk",
            request: Stage.request(
                "alibaba/wan-2.6",
                options: ["shot_type": "multi", "prompt_extend": true]
            ) { video in
                (video.aspectRatio, video.seed) = ("4:3", 0)
            },
            body: """
                {"input":{"prompt":"A paper boat"},"model":"wan2.6-t2v","parameters":{"duration":5,\
                "prompt_extend":true,"seed":0,"shot_type":"multi","size":"1088*832","watermark":false}}
                """
        ),
        Example(
            testDescription: "2.6 first frame, with a resolution",
            request: Stage.request("alibaba/wan-2.6") { video in
                video.frameImages = [Stage.frame(.first, 2)]
                video.resolution = "1080p"
            },
            body: """
                {"input":{"img_url":"<2>","prompt":"A paper boat"},"model":"wan2.6-i2v","parameters":{"duration":5,\
                "prompt_extend":false,"resolution":"1080P","watermark":false}}
                """
        ),
        Example(
            testDescription: "2.6 references, without prompt_extend",
            request: Stage.request("alibaba/wan-2.6", options: ["shot_type": "multi"]) { video in
                video.inputReferences = [Stage.reference(0), Stage.reference(2)]
                video.duration = 10
            },
            body: """
                {"input":{"prompt":"A paper boat","reference_urls":["<0>","<2>"]},"model":"wan2.6-r2v",\
                "parameters":{"duration":10,"shot_type":"multi","size":"1280*720","watermark":false}}
                """
        ),
        Example(
            testDescription: "3.0 text, silent, of a length of its choice",
            request: Stage.request("alibaba/wan-3.0", options: ["enable_thinking": true]) { video in
                (video.resolution, video.aspectRatio) = ("480p", "adaptive")
                (video.duration, video.generateAudio) = (VideoParameters.automatic, false)
            },
            body: """
                {"input":{"prompt":"A paper boat"},"model":"wan3.0-video","parameters":{"audio":false,"duration":-1,\
                "enable_thinking":true,"prompt_extend":false,"ratio":"adaptive","resolution":"480P","watermark":false}}
                """
        ),
        Example(
            testDescription: "3.0 prime, with frames",
            request: Stage.request("alibaba/wan-3.0-prime") { video in
                video.frameImages = [Stage.frame(.first, 0), Stage.frame(.last, 1)]
                video.duration = 30
            },
            body: """
                {"input":{"media":[{"type":"first_frame","url":"<0>"},{"type":"last_frame","url":"<1>"}],\
                "prompt":"A paper boat"},"model":"wan3.0-video-prime","parameters":{"audio":true,"duration":30,\
                "prompt_extend":false,"ratio":"adaptive","resolution":"720P","watermark":false}}
                """
        ),
    ]

    @Test(arguments: examples)
    func theBodyIsWhatTheWireWants(_ example: Example) async throws {
        let transport = ScriptedTransport([
            .answered(
                .post,
                "\(Stage.scripted)/services/aigc/video-generation/video-synthesis",
                status: 200,
                body: #"{"output":{"task_status":"PENDING","task_id":"0385dc79-5ff8-4d82-bcb6-6c1d2e3f4a5b"}}"#
            )
        ])
        let stage = Stage(transport)
        let request = try stage.resolved(example.request)
        try stage.adapter.validate(request)
        let attempt = stage.attempt()
        let submission = try await stage.adapter.submit(request, attempt: attempt.context())
        guard case .accepted(let operation) = submission else {
            Issue.record("not accepted")
            return
        }
        #expect(operation.remoteID == "0385dc79-5ff8-4d82-bcb6-6c1d2e3f4a5b")
        let sent = try #require(attempt.submits.first)
        var body = String(decoding: sent.body, as: UTF8.self)
        for (index, picture) in Stage.pictures.enumerated() {
            body = body.replacing(
                "data:image/png;base64,\(Data(picture.bytes).base64EncodedString())",
                with: "<\(index)>"
            )
        }
        #expect(body == example.body)
        #expect(sent.header("Authorization") == "Bearer \(Stage.key)")
        #expect(sent.header("Content-Type") == "application/json")
        #expect(sent.header("X-DashScope-Async") == "enable")
        #expect(sent.header("X-DashScope-OssResourceResolve") == (example.header == nil ? nil : "enable"))
    }

    // MARK: - What is refused before anything is sent

    struct Mistake: Sendable, CustomTestStringConvertible {
        let request: GenerationRequest
        let field: String
        let words: String
        var testDescription: String { "\(field): \(words)" }
    }

    private static let options = "provider.options.alibaba"

    @Test(arguments: [
        Mistake(
            request: Stage.request("alibaba/wan-2.7") {
                $0.frameImages = [Stage.frame(.first, 0)]
                $0.aspectRatio = "16:9"
            },
            field: "aspect_ratio",
            words: "shape of its first frame"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7") {
                $0.frameImages = [Stage.frame(.first, 0), Stage.frame(.last, 1)]
                $0.inputReferences = [Stage.reference(2)]
            },
            field: "frame_images[1].frame_type",
            words: "cannot be combined"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7") { $0.frameImages = [Stage.frame(.last, 0)] },
            field: "frame_images[0]",
            words: "needs both"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7") { $0.generateAudio = false },
            field: "generate_audio",
            words: "always makes sound"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7") { $0.seed = 2_147_483_648 },
            field: "seed",
            words: "2147483647"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.6") {
                $0.inputReferences = [Stage.reference(0)]
                $0.duration = 11
            },
            field: "duration",
            words: "2 to 10 seconds"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.6") {
                $0.frameImages = [Stage.frame(.first, 0), Stage.frame(.last, 1)]
            },
            field: "frame_images[1].frame_type",
            words: "takes no last_frame"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-3.0") {
                $0.frameImages = [Stage.frame(.first, 0)]
                $0.inputReferences = [Stage.reference(1)]
            },
            field: "input_references",
            words: "not both"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-3.0") { $0.negativePrompt = "fog" },
            field: "negative_prompt",
            words: "has no"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.6", options: ["shot_type": "multi"]),
            field: "\(options).shot_type",
            words: "prompt_extend"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7", options: ["shot_type": "single"]),
            field: "\(options).shot_type",
            words: "allowed: negative_prompt"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7", options: ["prompt_extend": "yes"]),
            field: "\(options).prompt_extend",
            words: "true or false"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7", options: ["audio_url": "file:///etc/passwd"]),
            field: "\(options).audio_url",
            words: "https://"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7", options: ["audio_url": "https://a.example/a.mp3"]) {
                $0.inputReferences = [Stage.reference(0)]
            },
            field: "\(options).audio_url",
            words: "input_references"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.6", options: ["prompt_extend": true]) {
                $0.inputReferences = [Stage.reference(0)]
            },
            field: "\(options).prompt_extend",
            words: "input_references"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7", options: ["negative_prompt": "fog"]) {
                $0.negativePrompt = "rain"
            },
            field: "negative_prompt",
            words: "one of them"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7") {
                let picture = StoredInput(sha256: String(repeating: "0", count: 64), mediaType: "image/gif", bytes: 9)
                $0.frameImages = [FrameImage(role: .first, image: .stored(picture))]
            },
            field: "frame_images[0].image_url.url",
            words: "image/webp"
        ),
        Mistake(
            request: Stage.request("alibaba/wan-2.7") {
                let picture = StoredInput(
                    sha256: String(repeating: "0", count: 64),
                    mediaType: "image/png",
                    bytes: 20_000_001
                )
                $0.inputReferences = [.stored(picture)]
            },
            field: "input_references[0].image_url.url",
            words: "20000000"
        ),
    ])
    func whatCannotBeSentIsRefusedWithItsField(_ mistake: Mistake) async throws {
        let stage = Stage(ScriptedTransport([]))
        let problem = #expect(throws: RequestProblem.self) {
            try stage.adapter.validate(stage.resolved(mistake.request))
        }
        #expect(problem?.field == mistake.field)
        #expect(problem?.message.contains(mistake.words) == true, "\(problem?.message ?? "")")
    }

    @Test func aRequestThatIsNotValidIsNotSent() async throws {
        let stage = Stage(ScriptedTransport([]))
        let request = try stage.resolved(Stage.request("alibaba/wan-2.7", options: ["shot_type": "single"]))
        let attempt = stage.attempt()
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.adapter.submit(request, attempt: attempt.context())
        }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.requestReachedProvider == .no)
        #expect(attempt.commits.isEmpty)
    }
}
