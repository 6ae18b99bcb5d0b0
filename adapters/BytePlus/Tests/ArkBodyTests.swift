import BytePlusAdapter
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import Testing

/// What is sent, to the last field.
///
/// The bodies are those of the official SDK (byteplus-python-sdk-v2 3.0.63, `content_generation.tasks.create`) without
/// its nulls, and of the parameter page (docs.byteplus.com ModelArk 1520757); both read on 2026-11-21.
@Suite struct ArkBodyTests {
    private func body(
        _ request: GenerationRequest,
        callbackURL: String? = nil,
        inputs: [String: [UInt8]] = [:]
    ) async throws -> JSONValue {
        try await withSimulator(ArkWire.self, ArkStage.settings) { simulator in
            let attempt = ArkAttempt(callbackURL: callbackURL, inputs: inputs)
            _ = try await attempt.submit(request, to: try ArkStage.adapter(simulator.baseURL))
            let sent = try #require(simulator.requests(.submit).first)
            #expect(simulator.requests(.submit).count == 1)
            #expect(sent.header("Authorization") == "Bearer ark-test")
            #expect(sent.header("Content-Type") == "application/json")
            #expect(sent.header("X-Client-Request-Id") == "att_1")
            #expect(attempt.bodies == [sent.json])
            return try #require(sent.json)
        }
    }

    private static let text: JSONValue = ["type": "text", "text": "A paper boat crosses a puddle"]

    private static func picture(_ role: String, _ bytes: [UInt8]) -> JSONValue {
        [
            "type": "image_url", "role": .string(role),
            "image_url": ["url": .string("data:image/png;base64,\(Data(bytes).base64EncodedString())")],
        ]
    }

    @Test func aTextAloneLeavesTheSizeToTheModel() async throws {
        let expected: JSONValue = [
            "model": "dreamina-seedance-2-0-260128", "content": [Self.text], "resolution": "720p", "ratio": "adaptive",
            "duration": 5, "generate_audio": true, "safety_identifier": "att_1",
        ]
        #expect(try await body(ArkStage.request()) == expected)
    }

    @Test func everyFieldHasItsPlace() async throws {
        let request = ArkStage.request(options: ["watermark": true, "priority": 7, "execution_expires_after": 7_200]) {
            $0.resolution = "4k"
            $0.aspectRatio = "21:9"
            $0.duration = -1
            $0.generateAudio = false
            $0.fps = 24
        }
        let expected: JSONValue = [
            "model": "dreamina-seedance-2-0-260128", "content": [Self.text], "resolution": "4k", "ratio": "21:9",
            "duration": -1, "generate_audio": false, "safety_identifier": "att_1", "watermark": true, "priority": 7,
            "execution_expires_after": 7_200, "callback_url": "https://media.example.com/provider-callbacks/t",
        ]
        #expect(try await body(request, callbackURL: "https://media.example.com/provider-callbacks/t") == expected)
    }

    @Test func videosAndSoundsGoAsTheirURLs() async throws {
        let request = ArkStage.request {
            $0.mediaReferences = [
                MediaReference(kind: .video, url: "https://media.example.com/a.mp4?x=1&y=2", position: 0),
                MediaReference(kind: .audio, url: "https://media.example.com/a.mp3", position: 1),
            ]
        }
        let expected: JSONValue = [
            Self.text,
            [
                "type": "video_url", "role": "reference_video",
                "video_url": ["url": "https://media.example.com/a.mp4?x=1&y=2"],
            ],
            [
                "type": "audio_url", "role": "reference_audio",
                "audio_url": ["url": "https://media.example.com/a.mp3"],
            ],
        ]
        #expect(try await body(request)["content"] == expected)
        let alone = ArkStage.request {
            $0.mediaReferences = [MediaReference(kind: .audio, url: "https://media.example.com/a.mp3", position: 0)]
        }
        let adapter = try ArkStage.adapter("http://127.0.0.1:9/api/v3")
        let problem = #expect(throws: RequestProblem.self) { try adapter.validate(alone) }
        #expect(problem?.field == "input_references[0]")
    }

    @Test func framesArriveByteForByteTheFirstOneFirst() async throws {
        let (first, last) = (ArkPictures.png(1_280, 720), ArkPictures.png(400, 600))
        let request = ArkStage.request("bytedance/seedance-1-5-pro", options: ["camera_fixed": true]) {
            $0.frameImages = [
                FrameImage(role: .last, image: ArkPictures.stored("last", last)),
                FrameImage(role: .first, image: ArkPictures.stored("first", first)),
            ]
            $0.seed = 7
            $0.aspectRatio = "16:9"
        }
        let expected: JSONValue = [
            "model": "seedance-1-5-pro-251215", "resolution": "720p", "ratio": "16:9", "duration": 5,
            "generate_audio": true, "safety_identifier": "att_1", "seed": 7, "camera_fixed": true,
            "content": [Self.text, Self.picture("first_frame", first), Self.picture("last_frame", last)],
        ]
        #expect(try await body(request, inputs: ["first": first, "last": last]) == expected)
    }

    @Test func referencesArriveInTheirOrder() async throws {
        let pictures = (1...9).map { ArkPictures.png(300 + $0, 400) }
        let inputs = Dictionary(uniqueKeysWithValues: pictures.enumerated().map { ("\($0.offset)", $0.element) })
        let request = ArkStage.request {
            $0.inputReferences = pictures.enumerated().map { ArkPictures.stored("\($0.offset)", $0.element) }
        }
        let sent = try await body(request, inputs: inputs)
        #expect(sent["content"] == .array([Self.text] + pictures.map { Self.picture("reference_image", $0) }))
    }

    @Test func aModelWithoutSoundIsNotAskedAboutItAndTheShapeFollowsTheFirstFrame() async throws {
        let first = ArkPictures.png(600, 800)
        let request = ArkStage.request("bytedance/seedance-1-0-pro-fast") {
            $0.frameImages = [FrameImage(role: .first, image: ArkPictures.stored("first", first))]
            $0.seed = 4_294_967_295
            $0.duration = 2
        }
        let expected: JSONValue = [
            "model": "seedance-1-0-pro-fast-251015", "resolution": "1080p", "ratio": "adaptive", "duration": 2,
            "safety_identifier": "att_1", "seed": 4_294_967_295,
            "content": [Self.text, Self.picture("first_frame", first)],
        ]
        #expect(try await body(request, inputs: ["first": first]) == expected)
    }

    @Test func theNewestModelIsToldNoRatioWithAFirstFrame() async throws {
        let first = ArkPictures.png(600, 800)
        let request = ArkStage.request("bytedance/seedance-2.5", options: ["output_format": "mov"]) {
            $0.frameImages = [FrameImage(role: .first, image: ArkPictures.stored("first", first))]
            $0.duration = 30
        }
        let sent = try await body(request, inputs: ["first": first])
        #expect(sent["ratio"] == nil)
        #expect(sent["duration"] == 30)
        #expect(sent["output_format"] == "mov")
        #expect(sent["seed"] == nil)
    }

    @Test func aSeedIsChosenWhereNoneIsAskedForAndOneIsTaken() async throws {
        let sent = try await body(ArkStage.request("bytedance/seedance-1-5-pro"))
        let again = try await body(ArkStage.request("bytedance/seedance-1-5-pro"))
        let seed = try #require(sent["seed"]?.integerValue)
        #expect((0...4_294_967_295).contains(seed))
        #expect(sent == again)
    }

    @Test(arguments: [(299, 400), (6_001, 4_000), (1_000, 399), (390, 1_000)])
    func aPictureThatTheVendorRefusesIsRefusedUnsent(width: Int, height: Int) async throws {
        try await withSimulator(ArkWire.self, ArkStage.settings) { simulator in
            let bytes = ArkPictures.png(width, height)
            let request = ArkStage.request {
                $0.frameImages = [FrameImage(role: .first, image: ArkPictures.stored("first", bytes))]
            }
            let attempt = ArkAttempt(inputs: ["first": bytes])
            let adapter = try ArkStage.adapter(simulator.baseURL)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await attempt.submit(request, to: adapter)
            }
            #expect(failure?.code == .invalidRequest)
            #expect(failure?.retry == .never)
            #expect(failure?.requestReachedProvider == .no)
            #expect(failure?.message.contains("\(width)x\(height)") ?? false)
            #expect(failure?.message.contains("300 to 6000") ?? false)
            #expect(simulator.count(.submit) == 0)
        }
    }
}
