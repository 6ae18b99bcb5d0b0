import Generation
import JobAPI
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: what callback URLs are told has OpenRouter's form, byte for byte the same each time.
@Suite struct WebhookWireTests {
    private static let wire = WebhookWire { JobWire(publicURL: "https://media.example") }
    private static let callback: JSONValue = "https://client.example/hook"

    /// The message of a job that is over.
    private func event(_ api: TestAPI, _ id: JobID) async throws -> (message: OutboxMessage, text: String) {
        let message = try #require(try await api.store.outbox(of: id).first)
        let job = try #require(try await api.store.job(id))
        let body = Self.wire.body(of: message, job: job)
        #expect(Self.wire.body(of: message, job: job) == body)
        return (message, String(decoding: body, as: UTF8.self))
    }

    @Test func aCompletedVideoIsToldWithItsURLsAndItsCost() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted(TestAPI.video(["callback_url": Self.callback]))
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1]), ("video/mp4", [2])])
            let (message, text) = try await event(api, id)
            let content = "https://media.example/api/v1/videos/\(id)/content?index="
            #expect(
                text == #"{"type":"video.generation.completed","created_at":"\#(message.createdAt)","data":{"#
                    + #""id":"\#(id)","status":"completed","generation_id":"\#(id)","model":"test/video","#
                    + #""unsigned_urls":["\#(content)0","\#(content)1"],"usage":{"cost":0.4,"is_byok":false}}}"#
            )
            let job = try #require(try await api.store.job(id))
            #expect(message.createdAt == job.finishedAt)
        }
    }

    @Test func otherTypesAreToldWithTheirArtifacts() async throws {
        try await TestAPI.run { api in
            guard case .object(var image) = TestAPI.image else { return }
            image["callback_url"] = Self.callback
            let id = try await api.submitted(.object(image))
            try await api.run(id)
            try await api.complete(id, files: [("image/png", [1])])
            let event = try JSONReader.read(Array(try await event(api, id).text.utf8))
            #expect(event["type"] == "image.generation.completed")
            #expect(
                event["data"]?["unsigned_urls"]
                    == [.string("https://media.example/api/v1/jobs/\(id)/artifacts/0")]
            )
            #expect(event["data"]?["usage"] == ["cost": .number(0.04), "is_byok": false])
        }
    }

    @Test func aFailedJobIsToldWithItsReason() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted(TestAPI.video(["callback_url": Self.callback]))
            try await api.run(id)
            let failure = JobFailure(.contentPolicy, "A filter said \"no\".", retryable: false)
            try await api.advance(id, .providerFailed(failure, retryAt: nil))
            let (message, text) = try await event(api, id)
            #expect(
                text == #"{"type":"video.generation.failed","created_at":"\#(message.createdAt)","data":{"#
                    + #""id":"\#(id)","status":"failed","generation_id":"\#(id)","model":"test/video","#
                    + #""error":"A filter said \"no\"."}}"#
            )
        }
    }

    @Test(arguments: ["cancelled", "expired"]) func soAreJobsThatEndedOtherwise(_ status: String) async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted(TestAPI.video(["callback_url": Self.callback]))
            try await api.advance(id, status == "cancelled" ? .cancelRequested : .deadlinePassed)
            let event = try JSONReader.read(Array(try await event(api, id).text.utf8))
            #expect(event["type"] == .string("video.generation.\(status)"))
            #expect(event["data"]?["status"] == .string(status))
            #expect(event["data"]?["error"]?.stringValue?.isEmpty == false)
            #expect(event["data"]?["usage"] == nil && event["data"]?["unsigned_urls"] == nil)
        }
    }

    @Test(
        arguments: [
            (0, "0"), (1, "0.000000001"), (400_000_000, "0.4"), (2_000_000_000, "2"), (10_000_000_000, "10"),
            (1_234_567_890, "1.23456789"), (-50_000_000, "-0.05"),
        ] as [(Int64, String)]
    )
    func anAmountIsWrittenAsANumberToItsLastPlace(_ nano: Int64, _ text: String) {
        var json = JSONWriter()
        json.dollars(Credits(nanoUSD: nano))
        #expect(json.text == text)
    }
}
