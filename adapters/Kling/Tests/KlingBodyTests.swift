import Foundation
import Generation
import KlingAdapter
import ProviderKit
import ProviderSimulators
import Testing

/// What goes over the wire, member by member, and that the simulator takes it.
///
/// The expected bodies are written after the developer pages named in `KlingSignedWire` and `KlingKeyedWire`
/// (2026-09-16 to 2026-10-08); none was recorded at Kling.
@Suite(.timeLimit(.minutes(2)))
struct KlingBodyTests {
    private static let callbackURL = "https://me.example.com/provider-callbacks/secret"
    private static var first: String { KlingPictures.base64("first") }
    private static var last: String { KlingPictures.base64("last") }
    private static var boat: String { KlingPictures.base64("boat") }

    private func sent(
        _ request: GenerationRequest,
        at door: KlingDoor,
        callbackURL: String? = nil
    ) async throws -> (path: String, body: JSONValue?) {
        try await door.stage { simulator, adapter in
            _ = try await KlingAttempt("att_7", callbackURL: callbackURL).operation(request, at: adapter)
            let sent = try #require(simulator.requests(.submit).first)
            #expect(sent.header("Content-Type") == "application/json")
            #expect(simulator.requests(.submit).count == 1)
            return (sent.path, sent.json)
        }
    }

    @Test func signedO1OfText() async throws {
        let request = KlingRequests.video { ($0.resolution, $0.aspectRatio) = ("1080p", "9:16") }
        let sent = try await sent(request, at: .signed, callbackURL: Self.callbackURL)
        #expect(sent.path == "/v1/videos/omni-video")
        #expect(
            sent.body == [
                "model_name": "kling-video-o1", "prompt": "A boat sails to the lighthouse", "mode": "pro",
                "aspect_ratio": "9:16", "duration": "5", "callback_url": .string(Self.callbackURL),
                "external_task_id": "att_7",
            ]
        )
    }

    @Test func signedO1OfFramesAndOfReferences() async throws {
        let frames = KlingRequests.video {
            $0.duration = 4
            $0.frameImages = [KlingRequests.last, KlingRequests.first]
        }
        #expect(
            try await sent(frames, at: .signed).body == [
                "model_name": "kling-video-o1", "prompt": "A boat sails to the lighthouse", "mode": "std",
                "duration": "4", "external_task_id": "att_7",
                "image_list": [
                    ["image_url": .string(Self.first), "type": "first_frame"],
                    ["image_url": .string(Self.last), "type": "end_frame"],
                ],
            ]
        )
        let references = KlingRequests.video {
            $0.duration = 10
            $0.frameImages = [KlingRequests.first]
            $0.inputReferences = [KlingPictures.input("boat")]
        }
        #expect(
            try await sent(references, at: .signed).body?["image_list"] == [
                ["image_url": .string(Self.boat)], ["image_url": .string(Self.first), "type": "first_frame"],
            ]
        )
    }

    @Test func signedThreeChoosesItsPathByThePictures() async throws {
        let text = KlingRequests.video(KlingRequests.standard) {
            ($0.duration, $0.generateAudio, $0.negativePrompt) = (15, true, "storm")
        }
        let ofText = try await sent(text, at: .signed)
        #expect(ofText.path == "/v1/videos/text2video")
        #expect(
            ofText.body == [
                "model_name": "kling-v3", "prompt": "A boat sails to the lighthouse", "negative_prompt": "storm",
                "mode": "std", "sound": "on", "aspect_ratio": "16:9", "duration": "15", "external_task_id": "att_7",
            ]
        )
        let frames = KlingRequests.video(KlingRequests.pro) {
            $0.frameImages = [KlingRequests.first, KlingRequests.last]
        }
        let ofFrames = try await sent(frames, at: .signed)
        #expect(ofFrames.path == "/v1/videos/image2video")
        #expect(
            ofFrames.body == [
                "model_name": "kling-v3", "prompt": "A boat sails to the lighthouse", "mode": "pro", "sound": "off",
                "duration": "5", "external_task_id": "att_7", "image": .string(Self.first),
                "image_tail": .string(Self.last),
            ]
        )
    }

    @Test func signedShotsTakeThePlaceOfThePrompt() async throws {
        let shots: JSONValue = [["prompt": "The boat", "duration": 2], ["prompt": "The lighthouse", "duration": "3"]]
        let request = KlingRequests.video(KlingRequests.omni, options: ["multi_shot": true, "multi_prompt": shots])
        #expect(
            try await sent(request, at: .signed).body == [
                "model_name": "kling-v3-omni", "mode": "std", "sound": "off", "aspect_ratio": "16:9", "duration": "5",
                "external_task_id": "att_7", "multi_shot": true, "shot_type": "customize",
                "multi_prompt": [
                    ["index": 1, "prompt": "The boat", "duration": "2"],
                    ["index": 2, "prompt": "The lighthouse", "duration": "3"],
                ],
            ]
        )
    }

    @Test func keyedO1HasItsModelInThePath() async throws {
        let request = KlingRequests.video {
            ($0.duration, $0.resolution) = (3, "1080p")
            $0.inputReferences = [KlingPictures.input("boat")]
        }
        let sent = try await sent(request, at: .keyed, callbackURL: Self.callbackURL)
        #expect(sent.path == "/omni-video/kling-o1")
        #expect(
            sent.body == [
                "contents": [
                    ["type": "prompt", "text": "A boat sails to the lighthouse"],
                    ["type": "refer_image", "url": .string(Self.boat), "id": "image_1"],
                ],
                "settings": ["resolution": "1080p", "aspect_ratio": "16:9", "duration": 3, "audio": "off"],
                "options": ["callback_url": .string(Self.callbackURL), "external_task_id": "att_7"],
            ]
        )
    }

    @Test func keyedThreeChoosesItsPathByThePictures() async throws {
        let text = KlingRequests.video(KlingRequests.pro) { $0.generateAudio = true }
        let ofText = try await sent(text, at: .keyed)
        #expect(ofText.path == "/text-to-video/kling-3.0")
        #expect(
            ofText.body == [
                "prompt": "A boat sails to the lighthouse",
                "settings": [
                    "resolution": "1080p", "aspect_ratio": "16:9", "duration": 5, "audio": "native",
                    "multi_shot": false,
                ],
                "options": ["external_task_id": "att_7"],
            ]
        )
        let frames = KlingRequests.video(KlingRequests.standard, options: ["multi_shot": true]) {
            $0.frameImages = [KlingRequests.first, KlingRequests.last]
        }
        let ofFrames = try await sent(frames, at: .keyed)
        #expect(ofFrames.path == "/image-to-video/kling-3.0")
        #expect(
            ofFrames.body == [
                "contents": [
                    ["type": "prompt", "text": "A boat sails to the lighthouse"],
                    ["type": "first_frame", "url": .string(Self.first)],
                    ["type": "last_frame", "url": .string(Self.last)],
                ],
                "settings": ["resolution": "720p", "duration": 5, "audio": "off", "multi_shot": true],
                "options": ["external_task_id": "att_7"],
            ]
        )
    }

    @Test func keyedTurboHasNeitherSoundNorShotsToSet() async throws {
        let sent = try await sent(KlingRequests.video(KlingRequests.turbo), at: .keyed)
        #expect(sent.path == "/text-to-video/kling-3.0-turbo")
        #expect(sent.body?["settings"] == ["resolution": "720p", "aspect_ratio": "16:9", "duration": 5])
    }

    @Test(arguments: KlingDoor.allCases)
    func picturesArriveByteForByte(_ door: KlingDoor) async throws {
        let request = KlingRequests.video {
            $0.frameImages = [KlingRequests.first]
            $0.inputReferences = [KlingPictures.input("boat"), KlingPictures.input("sea")]
        }
        let text = try await sent(request, at: door).body?.canonicalText ?? ""
        for name in ["first", "boat", "sea"] {
            #expect(text.contains("\"\(KlingPictures.base64(name))\""), "\(name) is not there as it was given")
        }
    }
}
