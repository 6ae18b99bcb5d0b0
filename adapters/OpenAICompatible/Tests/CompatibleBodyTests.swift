import ConformanceKit
import Foundation
import Generation
import ProviderKit
import ProviderSimulators
import Testing

@testable import OpenAICompatibleAdapter

/// What each kind of server is sent: to the field.
@Suite struct CompatibleBodyTests {
    private func json(_ body: [UInt8]) throws -> [String: JSONValue] {
        guard case .object(let fields) = try JSONDecoder().decode(JSONValue.self, from: Data(body)) else { return [:] }
        return fields
    }

    private func parts(_ body: [UInt8]) throws -> [String: String] {
        let all = try #require(MultipartParts("multipart/form-data; boundary=att_1", body)).all
        return Dictionary(
            all.map { ($0.name, $0.fileName ?? String(decoding: $0.bytes, as: UTF8.self)) },
            uniquingKeysWith: { $1 }
        )
    }

    private func model(_ profile: CompatibleProfile, _ index: Int) -> ModelCapabilities {
        CompatibleStage.models(profile)[index]
    }

    private static let frame: (input: MediaInput, bytes: [UInt8], sha256: String) = {
        let bytes = TestPicture.png(width: 832, height: 480)
        let sha256 = "ab" + String(repeating: "0", count: 62)
        return (.stored(StoredInput(sha256: sha256, mediaType: "image/png", bytes: Int64(bytes.count))), bytes, sha256)
    }()

    @Test func anImageIsAskedForAsBase64WithAllThatWasSaid() async throws {
        let profile = try CompatibleStage.profile("vllm-omni")
        var image = ImageRequest(prompt: "A boat")
        (image.n, image.seed, image.negativePrompt, image.outputFormat) = (2, 7, "fog", "webp")
        let request = try CompatibleStage.request(
            .image(image),
            model(profile, 0),
            options: ["num_inference_steps": 30]
        )
        let sent = try await CompatibleStage.sent(request, profile: profile, flavor: "vllm-omni")
        #expect(sent.path == "/v1/images/generations")
        #expect(
            try json(sent.body) == [
                "model": "Qwen/Qwen-Image", "prompt": "A boat", "n": 2, "size": "1024x1024", "seed": 7,
                "negative_prompt": "fog", "response_format": "b64_json", "output_format": "webp",
                "num_inference_steps": 30,
            ]
        )
        guard case .completed(let outputs, _) = sent.submission else { throw CompatibleStage.NoAdapter() }
        #expect(outputs.map(\.mediaType) == ["image/webp", "image/webp"])
    }

    @Test func sizesMayBeSidesAndPicturesMayBeLinks() async throws {
        var profile = try CompatibleStage.profile("localai")
        (profile.sizeForm, profile.pictureForm) = (.sides, .unsaid)
        let request = try CompatibleStage.request(.image(ImageRequest(prompt: "A boat")), model(profile, 0))
        let sent = try await CompatibleStage.sent(request, profile: profile, flavor: "localai")
        let body = try json(sent.body)
        #expect(body["width"] == 1_024 && body["height"] == 1_024 && body["size"] == nil)
        #expect(body["response_format"] == nil && body["output_format"] == nil)
        guard case .completed(let outputs, _) = sent.submission, case .url(let url)? = outputs.first?.location else {
            throw CompatibleStage.NoAdapter()
        }
        // It is named from the server's root.
        #expect(url.hasPrefix("http://127.0.0.1:") && url.contains("/generated/img_"))
    }

    @Test func referencesAreFilesOrStandInsideTheBody() async throws {
        var image = ImageRequest(prompt: "A boat")
        image.inputReferences = [Self.frame.input]
        let inputs = [Self.frame.sha256: Self.frame.bytes]
        let files = try CompatibleStage.profile("sglang")
        let form = try await CompatibleStage.sent(
            CompatibleStage.request(.image(image), model(files, 0)),
            profile: files,
            flavor: "sglang",
            inputs: inputs
        )
        #expect(form.path == "/v1/images/edits")
        #expect(try parts(form.body)["image"] == "image1.png")
        let inside = try CompatibleStage.profile("localai")
        let body = try await CompatibleStage.sent(
            CompatibleStage.request(.image(image), model(inside, 0)),
            profile: inside,
            flavor: "localai",
            inputs: inputs
        )
        #expect(body.path == "/v1/images/generations")
        let text = Data(Self.frame.bytes).base64EncodedString()
        #expect(try json(body.body)["ref_images"] == [.string(text)])
    }

    @Test func aVideoIsAFormOfSecondsWithItsFirstFrame() async throws {
        let profile = try CompatibleStage.profile("vllm-omni")
        var video = VideoRequest(prompt: "A boat")
        (video.duration, video.fps, video.seed, video.negativePrompt) = (3, 24, 9, "fog")
        (video.generateAudio, video.frameImages) = (false, [FrameImage(role: .first, image: Self.frame.input)])
        let sent = try await CompatibleStage.sent(
            CompatibleStage.request(.video(video), model(profile, 1)),
            profile: profile,
            flavor: "vllm-omni",
            inputs: [Self.frame.sha256: Self.frame.bytes]
        )
        #expect(sent.path == "/v1/videos")
        #expect(
            try parts(sent.body) == [
                "model": "Wan-AI/Wan2.2-T2V", "prompt": "A boat", "size": "832x480", "seconds": "3", "fps": "24",
                "negative_prompt": "fog", "seed": "9", "generate_sound": "false", "input_reference": "first.png",
            ]
        )
    }

    @Test func aServerThatWaitsIsAskedAtItsRootInFrames() async throws {
        let profile = try CompatibleStage.profile("localai")
        var video = VideoRequest(prompt: "A boat")
        (video.duration, video.fps) = (3, 16)
        let sent = try await CompatibleStage.sent(
            CompatibleStage.request(.video(video), model(profile, 1)),
            profile: profile,
            flavor: "localai"
        )
        #expect(sent.path == "/video")
        let body = try json(sent.body)
        #expect(body["num_frames"] == 49 && body["fps"] == 16 && body["seconds"] == nil)
        guard case .completed(let outputs, _) = sent.submission else { throw CompatibleStage.NoAdapter() }
        #expect(outputs.count == 1)
    }

    @Test func aVideoMayBeTheAnswerItself() async throws {
        var profile = try CompatibleStage.profile("vllm-omni")
        (profile.videoPath, profile.videoWaits) = ("videos/sync", true)
        let request = try CompatibleStage.request(.video(VideoRequest(prompt: "A boat")), model(profile, 1))
        let sent = try await CompatibleStage.sent(request, profile: profile, flavor: "vllm-omni")
        #expect(sent.path == "/v1/videos/sync")
        guard case .completed(let outputs, _) = sent.submission, case .file(let path)? = outputs.first?.location else {
            throw CompatibleStage.NoAdapter()
        }
        #expect(FileManager.default.contents(atPath: path)?.dropFirst(4).prefix(4) == Data("ftyp".utf8))
    }

    @Test func speechNamesItsLanguageAsTheServerDoes() async throws {
        for (flavor, field) in [("kokoro", "lang_code"), ("vllm-omni", "language")] {
            let profile = try CompatibleStage.profile(flavor)
            var speech = SpeechRequest(input: "A boat drifts.")
            (speech.language, speech.speed, speech.responseFormat) = ("de", 1.5, "flac")
            let sent = try await CompatibleStage.sent(
                CompatibleStage.request(.speech(speech), model(profile, 2)),
                profile: profile,
                flavor: flavor
            )
            #expect(
                try json(sent.body) == [
                    "model": "kokoro", "input": "A boat drifts.", "voice": "af_heart", "response_format": "flac",
                    "speed": .number(1.5), field: "de",
                ]
            )
        }
    }

    @Test func aServerWithoutTimesIsAskedForPlainJSON() async throws {
        var profile = CompatibleProfile()
        profile.transcriptForm = "json"
        let model = model(profile, 3)
        let sent = try await CompatibleStage.sent(
            CompatibleStage.request(
                .transcription(TranscriptionRequest(inputAudio: CompatibleStage.sound.input)),
                model
            ),
            profile: profile,
            flavor: "speaches",
            inputs: [CompatibleStage.sound.stored.sha256: CompatibleStage.sound.bytes]
        )
        #expect(
            try parts(sent.body) == [
                "model": "Systran/faster-whisper-small", "response_format": "json", "file": "audio.wav",
            ]
        )
    }

    @Test func onlyOptionsOfTheFileArePassedOn() throws {
        let profile = CompatibleProfile()
        let adapter = try CompatibleStage.adapter("http://127.0.0.1:9/v1", profile: profile)
        for (options, field) in [
            (["strength": 1] as JSONValue, "provider.options.local-gpu.strength"),
            (["num_inference_steps": [1]], "provider.options.local-gpu.num_inference_steps"),
            (5, "provider.options.local-gpu"),
        ] {
            let request = try CompatibleStage.request(
                .image(ImageRequest(prompt: "x")),
                model(profile, 0),
                options: options
            )
            let problem = #expect(throws: RequestProblem.self) { try adapter.validate(request) }
            #expect(problem?.field == field)
        }
    }
}
