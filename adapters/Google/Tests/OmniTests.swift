import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What Gemini Omni is asked for, and what its answers mean.
@Suite(.timeLimit(.minutes(3))) struct OmniTests {
    private static let pictures = (0..<3).map { TestPicture.png(width: 64, height: 36, seed: $0) }
    private static let inputs = pictures.indices.map { index in
        StoredInput(
            sha256: String(repeating: "\(index)", count: 64),
            mediaType: "image/png",
            bytes: Int64(pictures[index].count)
        )
    }

    private static func image(_ index: Int) -> JSONValue {
        ["type": "image", "mime_type": "image/png", "data": .string(Data(pictures[index]).base64EncodedString())]
    }

    private func body(
        _ stage: GoogleStage,
        _ change: (inout VideoRequest) -> Void
    ) async throws -> JSONValue {
        let adapter = try stage.adapter()
        let request = try stage.request(adapter, nil, change)
        let bytes = Dictionary(uniqueKeysWithValues: zip(Self.inputs.map(\.sha256), Self.pictures))
        let attempt = TestAttempt(at: adapter, externalID: "att_of_a_test", inputs: bytes)
        _ = try await adapter.submit(request, attempt: attempt.context())
        return stage.sent
    }

    @Test func aTextIsATask() async throws {
        try await GoogleStage.run(.omni) { stage in
            let body = try await body(stage) { ($0.duration, $0.resolution, $0.aspectRatio) = (15, "360p", "9:16") }
            let format: JSONValue = [
                "type": "video", "delivery": "uri", "aspect_ratio": "9:16", "resolution": "360p", "duration": "15s",
            ]
            let expected: JSONValue = [
                "model": "gemini-omni-1.2-flash", "background": true, "store": true, "stream": false,
                "input": [["type": "text", "text": "A boat on a lake."]], "response_format": format,
                "generation_config": ["video_config": ["task": "text_to_video"]],
            ]
            #expect(body == expected)
        }
    }

    @Test func theRolesOfPicturesStandInThePrompt() async throws {
        try await GoogleStage.run(.omni) { stage in
            let frame = { (role: FrameRole, index: Int) in FrameImage(role: role, image: .stored(Self.inputs[index])) }
            let first = try await body(stage) { $0.frameImages = [frame(.first, 0)] }
            #expect(first["input"] == [Self.image(0), ["type": "text", "text": "<FIRST_FRAME> A boat on a lake."]])
            #expect(first["generation_config"]?["video_config"]?["task"] == "image_to_video")
            let both = try await body(stage) { $0.frameImages = [frame(.last, 1), frame(.first, 0)] }
            let text: JSONValue = ["type": "text", "text": "<FIRST_FRAME> <LAST_FRAME> A boat on a lake."]
            #expect(both["input"] == [Self.image(0), Self.image(1), text])
            let references = try await body(stage) { video in
                video.inputReferences = [.stored(Self.inputs[0]), .stored(Self.inputs[1])]
            }
            let plain: JSONValue = ["type": "text", "text": "A boat on a lake."]
            #expect(references["input"] == [Self.image(0), Self.image(1), plain])
            #expect(references["generation_config"]?["video_config"]?["task"] == "reference_to_video")
            let mixed = try await body(stage) { video in
                video.frameImages = [frame(.first, 2)]
                video.inputReferences = [.stored(Self.inputs[0]), .stored(Self.inputs[1])]
            }
            let head = "[# Sources <FIRST_FRAME>@Image1] [# References <IMAGE_REF_0>@Image2 <IMAGE_REF_1>@Image3]"
            let marked: JSONValue = ["type": "text", "text": .string("\(head) A boat on a lake.")]
            #expect(mixed["input"] == [Self.image(2), Self.image(0), Self.image(1), marked])
            #expect(mixed["generation_config"] == nil)
            let own = try await body(stage) { video in
                video.prompt = "<FIRST_FRAME> a boat"
                video.frameImages = [frame(.first, 0)]
            }
            #expect(own["input"] == [Self.image(0), ["type": "text", "text": "<FIRST_FRAME> a boat"]])
        }
    }

    @Test func lengthsDependOnTheModelAndItsFrames() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            #expect(throws: RequestProblem.self) {
                try stage.request(adapter, "google/gemini-omni-1.1-flash") { $0.duration = 11 }
            }
            let problem = #expect(throws: RequestProblem.self) {
                try stage.request(adapter) { video in
                    video.frameImages = [.first, .last].map { FrameImage(role: $0, image: .stored(Self.inputs[0])) }
                    video.duration = 11
                }
            }
            #expect(problem?.field == "duration")
        }
    }

    @Test func aFileIsWaitedForUntilItCanBeDownloaded() async throws {
        var settings = SimulatorSettings.forConformance
        settings.wire["file_seconds"] = "60"
        try await GoogleStage.run(.omni, settings) { stage in
            let adapter = try stage.adapter()
            let operation = try await stage.submit(try stage.request(adapter), at: adapter)
            stage.simulator.world.finishAll()
            guard case .pending = try await adapter.status(of: operation) else {
                throw Unexpected(text: "a file that is still processed was given out")
            }
            stage.simulator.world.advance(seconds: 61)
            guard case .completed(let outputs, let usage) = try await adapter.status(of: operation),
                case .url(let url)? = outputs.first?.location
            else { throw Unexpected(text: "it did not complete") }
            // Under our own address, though the answer names Google's.
            #expect(url.hasPrefix("\(stage.simulator.baseURL)/v1beta/files/"))
            #expect(usage.tokens == 46_336)
        }
    }

    @Test func aVideoInsideOfAnAnswerBecomesAFile() async throws {
        var settings = SimulatorSettings.forConformance
        settings.wire["inline"] = "true"
        try await GoogleStage.run(.omni, settings) { stage in
            let adapter = try stage.adapter()
            let request = try stage.request(adapter) { ($0.duration, $0.resolution) = (3, "360p") }
            let operation = try await stage.submit(request, at: adapter)
            guard case .completed(let outputs, _) = try await stage.end(operation, at: adapter),
                case .file(let path)? = outputs.first?.location
            else { throw Unexpected(text: "no file") }
            #expect(try MediaInspector.inspect(path: path, expecting: .mp4).width == 640)
        }
    }

    struct Answer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: JSONValue
        let code: ProviderFailure.Code
        let retry: ProviderFailure.Retry
    }

    @Test(arguments: [
        // Measured by others on the live service, 2026-09.
        Answer(
            testDescription: "accepted, and then too much",
            body: ["error": ["code": "too_many_requests", "message": "Please retry in 23.397s."]],
            code: .rateLimited,
            retry: .backoff
        ),
        Answer(
            testDescription: "words in place of a video",
            body: [
                "id": "v1_a", "status": "completed",
                "steps": [["type": "model_output", "content": [["type": "text", "text": "I can't make that."]]]],
            ],
            code: .contentPolicy,
            retry: .never
        ),
        Answer(
            testDescription: "a failure of the filter's",
            body: ["id": "v1_a", "status": "failed", "error": ["code": "internal", "status": "PROHIBITED_CONTENT"]],
            code: .contentPolicy,
            retry: .never
        ),
        Answer(
            testDescription: "a budget",
            body: ["id": "v1_a", "status": "budget_exceeded"],
            code: .unknown,
            retry: .never
        ),
    ])
    func whatIsNoVideoSaysWhy(_ answer: Answer) async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let operation = try await stage.submit(try stage.request(adapter), at: adapter)
            stage.simulator.inject(.answer(.json(200, answer.body)), on: .poll)
            guard case .failed(let failure) = try await adapter.status(of: operation) else {
                throw Unexpected(text: "it did not fail")
            }
            #expect(failure.code == answer.code && failure.retry == answer.retry)
        }
    }

    @Test func aVideoThatIsBilledAndNotFoundIsNotTakenForARefusal() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let operation = try await stage.submit(try stage.request(adapter), at: adapter)
            let strange: JSONValue = [
                "id": "v1_a", "status": "completed",
                "steps": [
                    ["type": "model_output", "content": [["type": "video_v2", "url": "https://example.org/a"]]]
                ],
                "usage": ["output_tokens_by_modality": [["modality": "video", "tokens": 46_336]]],
            ]
            stage.simulator.inject(.answer(.json(200, strange)), on: .poll)
            let failure = await #expect(throws: ProviderFailure.self) { try await adapter.status(of: operation) }
            #expect(failure?.retry == .backoff)
        }
    }

    @Test func aCancelledInteractionHasEndedAndOneThatHadEndedKeepsItsVideo() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try #require(try stage.adapter() as? any CancellableAdapter)
            let request = try stage.request(adapter)
            let stopped = try await stage.submit(request, at: adapter)
            try await adapter.cancel(stopped)
            guard case .cancelled = try await adapter.status(of: stopped) else { throw Unexpected(text: "it goes on") }
            let finished = try await stage.submit(request, at: adapter)
            stage.simulator.world.finishAll()
            try await adapter.cancel(finished)
            guard case .completed = try await adapter.status(of: finished) else {
                throw Unexpected(text: "it lost its video")
            }
        }
    }
}
