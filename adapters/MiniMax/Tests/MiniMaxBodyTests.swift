import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MiniMaxAdapter
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What is sent, to the last field: the bodies of the vendor's create pages (read on 2026-11-22).
@Suite(.timeLimit(.minutes(2)))
struct MiniMaxBodyTests {
    private func sent(_ request: GenerationRequest) async throws -> (path: String, body: JSONValue) {
        try await withSimulator(MiniMaxSimulator.self, .forConformance) { simulator in
            _ = try await MiniMaxStage.operation(request, at: MiniMaxStage.adapter(simulator.baseURL))
            let requests = simulator.requests(.submit)
            #expect(requests.count == 1)
            let sent = try #require(requests.first)
            #expect(sent.header("Authorization") == "Bearer minimax-test")
            #expect(sent.header("Content-Type") == "application/json")
            return (sent.path, try #require(sent.json))
        }
    }

    private static let text: JSONValue = ["type": "text", "text": "A paper boat crosses a puddle"]

    private static func picture(_ role: String, _ name: String) -> JSONValue {
        ["type": "image_url", "role": .string(role), "image_url": ["url": .string(MiniMaxPictures.base64(name))]]
    }

    @Test func aTextAloneNamesItsShape() async throws {
        let (path, body) = try await sent(MiniMaxStage.request())
        #expect(path == "/v2/video_generation")
        let expected: JSONValue = [
            "model": "MiniMax-H3", "content": [Self.text], "resolution": "768P", "duration": 5, "ratio": "16:9",
        ]
        #expect(body == expected)
    }

    @Test func everyFieldOfH3HasItsPlace() async throws {
        let request = MiniMaxStage.request(options: ["aigc_watermark": true]) {
            $0.resolution = "2k"
            $0.duration = 15
            $0.aspectRatio = "adaptive"
            $0.inputReferences = [MiniMaxPictures.last, MiniMaxPictures.first]
            $0.mediaReferences = [
                MediaReference(kind: .video, url: "https://media.example.com/a.mp4?x=1&y=2", position: 2),
                MediaReference(kind: .audio, url: "https://media.example.com/a.mp3", position: 3),
            ]
        }
        let expected: JSONValue = [
            "model": "MiniMax-H3", "resolution": "2K", "duration": 15, "ratio": "adaptive", "aigc_watermark": true,
            "content": [
                Self.text, Self.picture("reference_image", "last"), Self.picture("reference_image", "first"),
                [
                    "type": "video_url", "role": "reference_video",
                    "video_url": ["url": "https://media.example.com/a.mp4?x=1&y=2"],
                ],
                [
                    "type": "audio_url", "role": "reference_audio",
                    "audio_url": ["url": "https://media.example.com/a.mp3"],
                ],
            ],
        ]
        #expect(try await sent(request).body == expected)
    }

    @Test func framesOfH3SayThatTheShapeIsTheirs() async throws {
        let request = MiniMaxStage.request(MiniMaxStage.h3Max) {
            $0.resolution = "480p"
            $0.frameImages = [
                FrameImage(role: .last, image: MiniMaxPictures.last),
                FrameImage(role: .first, image: MiniMaxPictures.first),
            ]
        }
        let expected: JSONValue = [
            "model": "MiniMax-H3-Max", "resolution": "480P", "duration": 5, "ratio": "adaptive",
            "content": [Self.text, Self.picture("first_frame", "first"), Self.picture("last_frame", "last")],
        ]
        #expect(try await sent(request).body == expected)
    }

    @Test func hailuoIsAskedInItsOwnWords() async throws {
        let plain = try await sent(MiniMaxStage.request(MiniMaxStage.hailuo))
        #expect(plain.path == "/v1/video_generation")
        let expected: JSONValue = [
            "model": "MiniMax-Hailuo-2.3", "prompt": "A paper boat crosses a puddle", "resolution": "768P",
            "duration": 6,
        ]
        #expect(plain.body == expected)
        let request = MiniMaxStage.request(
            MiniMaxStage.pair,
            options: ["prompt_optimizer": false, "fast_pretreatment": true]
        ) {
            $0.resolution = "1080p"
            $0.frameImages = [
                FrameImage(role: .first, image: MiniMaxPictures.first),
                FrameImage(role: .last, image: MiniMaxPictures.last),
            ]
        }
        let framed: JSONValue = [
            "model": "MiniMax-Hailuo-02", "prompt": "A paper boat crosses a puddle", "resolution": "1080P",
            "duration": 6,
            "prompt_optimizer": false, "fast_pretreatment": true,
            "first_frame_image": .string(MiniMaxPictures.base64("first")),
            "last_frame_image": .string(MiniMaxPictures.base64("last")),
        ]
        #expect(try await sent(request).body == framed)
    }

    @Test(arguments: [
        (MiniMaxStage.h3, "tiny", "200x200"), (MiniMaxStage.hailuo, "tiny", "at least 301"),
        (MiniMaxStage.h3, "long", "1200x400"),
    ])
    func aPictureThatTheVendorRefusesIsRefusedUnsent(model: String, name: String, words: String) async throws {
        let adapter = try MiniMaxStage.adapter("http://127.0.0.1:9")
        let request = MiniMaxStage.request(model) {
            $0.frameImages = [FrameImage(role: .first, image: MiniMaxPictures.input(name))]
        }
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await MiniMaxStage.operation(request, at: adapter)
        }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.retry == .never)
        #expect(failure?.requestReachedProvider == .no)
        #expect(failure?.message.contains(words) ?? false)
    }
}
