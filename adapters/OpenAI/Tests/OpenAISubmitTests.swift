import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import Testing

@testable import OpenAIAdapter

/// What is sent, and what of it must not be.
@Suite struct OpenAISubmitTests {
    @Test func aSubmitIsTheFormThatTheSDKSends() async throws {
        let frame = OpenAIStage.frame(1_792, 1_024)
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter(
                "\(simulator.baseURL)/v1/",
                environment: ["OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "proj-1"]
            )
            let request = try OpenAIStage.request(
                "Ein Boot\r\n--zwei--",
                model: "openai/sora-2-pro",
                frame: frame.input
            ) {
                ($0.size, $0.duration) = (PixelSize(width: 1_792, height: 1_024), 12)
            }
            let attempt = TestAttempt(
                at: adapter,
                externalID: "att_1",
                inputs: [frame.stored.sha256: frame.bytes]
            )
            guard case .accepted(let operation) = try await adapter.submit(request, attempt: attempt.context()) else {
                Issue.record("the submit was not accepted")
                return
            }
            let sent = try #require(simulator.requests(.submit).first)
            #expect(sent.path == "/v1/videos")
            #expect(sent.bearerToken == OpenAIStage.key)
            #expect(sent.header("OpenAI-Organization") == "org-1")
            #expect(sent.header("OpenAI-Project") == "proj-1")
            let form = try #require(MultipartParts(sent.header("Content-Type") ?? "", sent.body))
            #expect(form.all.map(\.name) == ["prompt", "model", "seconds", "size", "input_reference"])
            let texts = form.all.dropLast().map { String(decoding: $0.bytes, as: UTF8.self) }
            #expect(texts == ["Ein Boot\r\n--zwei--", "sora-2-pro", "12", "1792x1024"])
            let file = try #require(form.all.last)
            #expect(file.bytes == frame.bytes, "the frame must arrive byte for byte")
            #expect(file.mediaType == "image/png")
            #expect(file.fileName == "frame.png")
            let task = try #require(simulator.world.allTasks.first)
            #expect(operation == ProviderOperation(remoteID: task.id))
            #expect((task.seconds, task.width, task.height) == (12, 1_792, 1_024))
        }
    }

    @Test func charactersMakeItJSON() async throws {
        let frame = OpenAIStage.frame(1_280, 720)
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.request(
                frame: frame.input,
                options: ["characters": [["id": "char_1"], ["id": "char_2"]]]
            )
            try adapter.validate(request)
            let attempt = TestAttempt(
                at: adapter,
                externalID: "att_1",
                inputs: [frame.stored.sha256: frame.bytes]
            )
            _ = try await adapter.submit(request, attempt: attempt.context())
            let sent = try #require(simulator.requests(.submit).first?.json)
            let url = "data:image/png;base64," + Data(frame.bytes).base64EncodedString()
            let expected: JSONValue = [
                "prompt": "A paper boat", "model": "sora-2", "seconds": "4", "size": "1280x720",
                "input_reference": ["image_url": .string(url)],
                "characters": [["id": "char_1"], ["id": "char_2"]],
            ]
            #expect(sent == expected)
        }
    }

    @Test(arguments: [
        "none" as JSONValue, ["seed": 1], ["characters": []], ["characters": "char_1"],
        ["characters": [["id": "char_1"], ["id": "char_2"], ["id": "char_3"]]], ["characters": [["id": 1]]],
        ["characters": [["id": "../1"]]], ["characters": [["id": "char_1", "name": "Ann"]]],
    ])
    func optionsOfAnotherFormAreRefused(_ options: JSONValue) throws {
        let adapter = try OpenAIStage.adapter(nil)
        let problem = #expect(throws: RequestProblem.self) {
            try adapter.validate(OpenAIStage.request(options: options))
        }
        #expect(problem?.field.hasPrefix("provider.options.openai") == true)
    }

    @Test func aGIFIsRefusedAtTheDoorAndBeforeTheSend() async throws {
        let adapter = try OpenAIStage.adapter(nil, transport: UnavailableTransport())
        let stored = StoredInput(sha256: String(repeating: "ab", count: 32), mediaType: "image/gif", bytes: 3)
        for input in [MediaInput.stored(stored), .url("DATA:image/GIF;base64,AAAA")] {
            #expect(throws: RequestProblem.self) { try adapter.validate(OpenAIStage.request(frame: input)) }
        }
        let request = try OpenAIStage.request(frame: .stored(stored))
        let attempt = TestAttempt(at: adapter, externalID: "att_1", inputs: [stored.sha256: [1, 2, 3]])
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await adapter.submit(request, attempt: attempt.context())
        }
        #expect(failure?.code == .invalidRequest)
        #expect(attempt.commits.isEmpty)
    }

    @Test func aFrameOfAnotherSizeIsScaledFirst() async throws {
        let (small, large) = (OpenAIStage.frame(640, 480), OpenAIStage.frame(1_280, 720))
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter(
                "\(simulator.baseURL)/v1",
                pictures: PictureScaler { (bytes, type, size) throws(ProviderFailure) in
                    #expect(bytes == small.bytes)
                    #expect(size == PixelSize(width: 1_280, height: 720))
                    return (large.bytes, type)
                }
            )
            let request = try OpenAIStage.request(frame: small.input)
            let attempt = TestAttempt(
                at: adapter,
                externalID: "att_1",
                inputs: [small.stored.sha256: small.bytes]
            )
            _ = try await adapter.submit(request, attempt: attempt.context())
            let sent = try #require(simulator.requests(.submit).first)
            let form = try #require(MultipartParts(sent.header("Content-Type") ?? "", sent.body))
            #expect(form.first("input_reference")?.bytes == large.bytes)
        }
    }

    @Test func aFrameThatCannotBeScaledIsNotSent() async throws {
        let small = OpenAIStage.frame(640, 480)
        let adapter = try OpenAIStage.adapter(nil, transport: UnavailableTransport(), pictures: PictureScaler())
        let attempt = TestAttempt(at: adapter, externalID: "att_1", inputs: [small.stored.sha256: small.bytes])
        let request = try OpenAIStage.request(frame: small.input)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await adapter.submit(request, attempt: attempt.context())
        }
        #expect(failure?.isDefiniteRefusal == true)
        #expect(attempt.commits.isEmpty)
    }

    // MARK: - Recorded refusals

    /// An answer as somebody got it.
    struct Recorded: Sendable, CustomTestStringConvertible {
        let status: Int
        var headers: [(name: String, value: String)] = []
        let body: String
        let code: ProviderFailure.Code
        let retry: ProviderFailure.Retry
        var words: String?
        var testDescription: String { "\(status) \(body.prefix(80))" }
    }

    static let recorded: [Recorded] = [
        // huobao-drama, issue 49, 2026-01-23.
        Recorded(
            status: 400,
            body: """
                {"error": {"message": "Invalid type for 'input_reference': expected a file, but got a string instead.",
                "type": "invalid_request_error", "param": "input_reference", "code": "invalid_type"}}
                """,
            code: .invalidRequest,
            retry: .never,
            words: "expected a file"
        ),
        // openai-sentinel, issue 4, 2026-01-28.
        Recorded(
            status: 400,
            body: """
                {"error": {"message": "Hmmm something didn't look right with your request.", "param": null,
                "type": "invalid_request_error", "code": "sentinel_block"}}
                """,
            code: .contentPolicy,
            retry: .never,
            words: "didn't look right"
        ),
        // litellm, issue 17016, 2025-11-24: with a part of a key, which nobody but the operator may see.
        Recorded(
            status: 401,
            body: """
                {"error": {"message": "Incorrect API key provided: sk-te**st. You can find your API key at ...",
                "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}
                """,
            code: .authentication,
            retry: .never
        ),
        // mslearn-ai-vision, issue 81, 2026-06-18: a server of the dialect.
        Recorded(
            status: 404,
            body: """
                {"error": {"message": "The API deployment 'sora-2' for this resource does not exist.",
                "type": "video_generation_user_error", "param": null, "code": null}}
                """,
            code: .notFound,
            retry: .never,
            words: "deployment"
        ),
        // The vendor's error page, read on 2026-11-21.
        Recorded(
            status: 429,
            body: """
                {"error": {"message": "You exceeded your current quota, please check your plan and billing details.",
                "type": "insufficient_quota", "param": null, "code": "insufficient_quota"}}
                """,
            code: .insufficientProviderFunds,
            retry: .never
        ),
        Recorded(
            status: 429,
            headers: [("retry-after-ms", "1500"), ("Retry-After", "2")],
            body: """
                {"error": {"message": "Rate limit reached for sora-2 in organization org-x on requests per min (RPM).",
                "type": "requests", "param": null, "code": "rate_limit_exceeded"}}
                """,
            code: .rateLimited,
            retry: .after(seconds: 1.5)
        ),
        // SGLang 0.5.23 and vLLM-Omni 0.30, read on 2026-11-21.
        Recorded(
            status: 422,
            body: #"{"detail": "prompt is too long"}"#,
            code: .invalidRequest,
            retry: .never,
            words: "too long"
        ),
        Recorded(
            status: 404,
            body: #"{"error": {"message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}}"#,
            code: .notFound,
            retry: .never,
            words: "does not exist"
        ),
    ]

    @Test(arguments: recorded)
    func aRefusalIsDefiniteAndTold(_ answer: Recorded) async throws {
        let transport = ScriptedTransport([
            .answered(
                .post,
                "http://server/v1/videos",
                status: answer.status,
                headers: answer.headers,
                body: answer.body
            )
        ])
        let adapter = try OpenAIStage.adapter("http://server/v1", transport: transport)
        let attempt = TestAttempt(at: adapter, externalID: "att_1")
        let request = try OpenAIStage.request()
        let failure = try #require(
            await #expect(throws: ProviderFailure.self) {
                _ = try await adapter.submit(request, attempt: attempt.context())
            }
        )
        #expect(failure.code == answer.code)
        #expect(failure.retry == answer.retry)
        #expect(failure.isDefiniteRefusal)
        if let words = answer.words { #expect(failure.message.contains(words)) }
        #expect(!failure.message.contains("sk-te"))
        #expect(!failure.message.contains("org-x"))
    }
}
