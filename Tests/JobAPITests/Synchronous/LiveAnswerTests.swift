import Generation
import JobAPI
import JobCore
import JobEngine
import Testing

@testable import ProviderKit

/// Goal: what can be heard and seen of a job comes while it runs, is what is kept, and is never passed off as whole when
/// it is not.
@Suite struct LiveAnswerTests {
    private static let speech = "/api/v1/audio/speech"
    private static let images = "/api/v1/images"

    private static func run(_ test: @Sendable (TestAPI) async throws -> Void) async throws {
        var adapter = TestAdapter()
        adapter.hasMore = true
        try await TestAPI.run({ $0.keepAliveSeconds = 0.05 }, adapter: adapter, test)
    }

    private static func bytes(_ count: Int, from first: Int = 0) -> [UInt8] {
        (first..<first + count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    }

    /// Reads chunks until so many bytes have come.
    private static func read(_ count: Int, of connection: RawConnection) async throws -> [UInt8] {
        var body: [UInt8] = []
        while body.count < count {
            let chunk = try await connection.bodyChunk()
            try #require(!chunk.isEmpty, "ended after \(body.count) bytes")
            body += chunk
        }
        return body
    }

    // MARK: Sound

    @Test func soundFlowsWhileItIsMade() async throws {
        try await Self.run { api in
            let connection = try await api.open(Self.speech, TestAPI.words)
            let id = try await api.newJob()
            try await api.run(id)
            let writer = try OutputWriter(api.attempt(of: id), mediaType: "audio/mpeg")
            try writer.append(Self.bytes(100_000))
            var head = try await connection.answerHead()
            while head.status == 102 { head = try await connection.answerHead() }
            #expect(head.status == 200)
            #expect(head[header: "content-type"] == "audio/mpeg")
            #expect(head[header: "x-generation-id"] == "\(id)")
            // The job is far from its end.
            #expect(try await Self.read(100_000, of: connection) == Self.bytes(100_000))
            try writer.append(Self.bytes(70_000, from: 100_000))
            #expect(try await Self.read(70_000, of: connection) == Self.bytes(70_000, from: 100_000))
            _ = try writer.finish()
            try await api.completeTruly(id, [("audio/mpeg", Self.bytes(170_000))])
            #expect(try await connection.bodyChunk().isEmpty)
            #expect(try await api.jobCount == 1)
        }
    }

    @Test func theEndOfSoundWaitsForTheEndOfItsJob() async throws {
        try await Self.run { api in
            let connection = try await api.open(Self.speech, TestAPI.words)
            let id = try await api.newJob()
            try await api.run(id)
            let writer = try OutputWriter(api.attempt(of: id), mediaType: "audio/mpeg")
            try writer.append(Self.bytes(1_000))
            _ = try writer.finish()
            var head = try await connection.answerHead()
            while head.status == 102 { head = try await connection.answerHead() }
            _ = try await Self.read(1_000, of: connection)
            // What was heard is found to be no sound: nobody may take it for the whole.
            try await api.advance(id, .providerFailed(.wrong, retryAt: nil))
            await #expect(throws: (any Error).self) { _ = try await connection.bodyChunk() }
            let answer = try await api.post(Self.speech, TestAPI.words)
            #expect(answer.status == 422)
            #expect(answer[header: "x-generation-id"] == "\(id)")
            #expect(try await api.jobCount == 1)
        }
    }

    @Test func soundThatIsTakenBackIsCutOff() async throws {
        try await Self.run { api in
            let connection = try await api.open(Self.speech, TestAPI.words)
            let id = try await api.newJob()
            try await api.run(id)
            let first = try OutputWriter(api.attempt(of: id), mediaType: "audio/mpeg")
            try first.append(Self.bytes(1_000))
            var head = try await connection.answerHead()
            while head.status == 102 { head = try await connection.answerHead() }
            _ = try await Self.read(1_000, of: connection)
            first.discard()
            let second = try OutputWriter(api.attempt(of: id), mediaType: "audio/mpeg")
            try second.append(Self.bytes(2_000))
            await #expect(throws: (any Error).self) { _ = try await connection.bodyChunk() }
            // The repeat hears the second one from its start.
            async let pending = api.post(Self.speech, TestAPI.words)
            try second.append(Self.bytes(500, from: 2_000))
            _ = try second.finish()
            try await Task.sleep(for: .milliseconds(100))
            try await api.completeTruly(id, [("audio/mpeg", Self.bytes(2_500))])
            let answer = try await pending
            #expect(answer.status == 200)
            #expect(answer.body == Self.bytes(2_500))
            #expect(answer[header: "x-generation-id"] == "\(id)")
        }
    }

    @Test func soundThatIsNotWhatIsKeptIsCutOff() async throws {
        try await Self.run { api in
            let connection = try await api.open(Self.speech, TestAPI.words)
            let id = try await api.newJob()
            try await api.run(id)
            let writer = try OutputWriter(api.attempt(of: id), mediaType: "audio/mpeg")
            try writer.append(Self.bytes(1_000))
            var head = try await connection.answerHead()
            while head.status == 102 { head = try await connection.answerHead() }
            _ = try await Self.read(1_000, of: connection)
            try await api.completeTruly(id, [("audio/mpeg", Self.bytes(1_000, from: 7))])
            await #expect(throws: (any Error).self) { _ = try await connection.bodyChunk() }
        }
    }

    @Test func soundOfAJobThatRunsElsewhereComesFromTheStore() async throws {
        try await Self.run { api in
            async let pending = api.post(Self.speech, TestAPI.words)
            let id = try await api.newJob()
            try await api.finish(id, [("audio/mpeg", Self.bytes(5_000))])
            let answer = try await pending
            #expect(answer.status == 200)
            #expect(answer.body == Self.bytes(5_000))
            #expect(answer[header: "content-type"] == "audio/mpeg")
            #expect(answer[header: "content-length"] == "5000")
        }
    }

    @Test func behindProxiesTheHeadOfSoundComesEarly() async throws {
        var adapter = TestAdapter()
        adapter.hasMore = true
        let behindProxy = { (configuration: inout APIConfiguration) in
            configuration.keepAliveSeconds = 0.05
            configuration.keepAlive = .body
        }
        try await TestAPI.run(behindProxy, adapter: adapter) { api in
            let connection = try await api.open(Self.speech, TestAPI.words)
            let head = try await connection.answerHead()
            #expect(head.status == 200)
            #expect(head[header: "content-type"] == "audio/mpeg")
            try await api.finish(try await api.newJob(), [("audio/mpeg", Self.bytes(3_000))])
            #expect(try await Self.read(3_000, of: connection) == Self.bytes(3_000))
            #expect(try await connection.bodyChunk().isEmpty)
        }
    }

    // MARK: Previews

    @Test func previewsComeBeforeTheImage() async throws {
        try await Self.run { api in
            let body: JSONValue = ["model": "test/painter", "prompt": "a lighthouse", "stream": true]
            let connection = try await api.open(Self.images, body)
            let id = try await api.newJob()
            #expect(try await api.get("/api/v1/jobs/\(id)").json["input"]?["partial_images"] == 1)
            try await api.run(id)
            try api.preview([1, 2, 3, 4], index: 0, of: id)
            var head = try await connection.answerHead()
            while head.status == 102 { head = try await connection.answerHead() }
            #expect(head.status == 200)
            #expect(head[header: "content-type"] == "text/event-stream")
            let first = String(decoding: try await Self.read(40, of: connection), as: UTF8.self)
            let preview = try #require(
                first.split(separator: "\n").first { $0.hasPrefix("data: ") }.map {
                    String($0.dropFirst("data: ".count)).parsed
                }
            )
            #expect(preview["type"] == "image_generation.partial_image")
            #expect(preview["partial_image_index"] == 0)
            #expect(preview["b64_json"]?.stringValue?.bytesOfBase64 == [1, 2, 3, 4])
            try await api.completeTruly(id, [("image/png", Samples.png)])
            var rest: [UInt8] = []
            while true {
                let chunk = try await connection.bodyChunk()
                if chunk.isEmpty { break }
                rest += chunk
            }
            let events = RawAnswer(status: 200, headers: [], body: rest).events
            #expect(events.last == "[DONE]")
            let done = try #require(events.dropLast().last?.parsed)
            #expect(done["type"] == "image_generation.completed")
            #expect(done["b64_json"]?.stringValue?.bytesOfBase64 == Samples.png)
            #expect(done["usage"]?["cost"] == .number(0.04))
        }
    }

    @Test func aStreamOfAModelWithoutPreviewsHasTheImageAlone() async throws {
        try await Self.run { api in
            async let pending = api.post(Self.images, ["model": "test/image", "prompt": "x", "n": 2, "stream": true])
            try await api.finish(try await api.newJob(), [("image/png", Samples.png), ("image/png", Samples.png)])
            let answer = try await pending
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "text/event-stream")
            let events = answer.events
            #expect(events.count == 3)
            #expect(events.dropLast().allSatisfy { $0.parsed["type"] == "image_generation.completed" })
            #expect(events[0].parsed["usage"] == nil)
            #expect(events[1].parsed["usage"]?["cost"] == .number(0.08))
        }
    }

    @Test func whoClosesAtTheLastEventIsAnswered() async throws {
        try await Self.run { api in
            let body: JSONValue = ["model": "test/painter", "prompt": "x", "stream": true]
            let connection = try await api.open(Self.images, body)
            let id = try await api.newJob()
            try await api.run(id)
            try api.preview([1, 2, 3], index: 0, of: id)
            var head = try await connection.answerHead()
            while head.status == 102 { head = try await connection.answerHead() }
            #expect(head[header: "transfer-encoding"] == "chunked")
            try await api.completeTruly(id, [("image/png", Samples.png)])
            var text = ""
            while !text.hasSuffix("[DONE]\n\n") {
                text += String(decoding: try await connection.bodyChunk(), as: UTF8.self)
            }
            connection.cut()
            let deadline = ContinuousClock.now + .seconds(30)
            while try await !api.unanswered.isEmpty {
                try #require(ContinuousClock.now < deadline, "the answer counts as lost")
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test func aFailureBeforeTheFirstEventHasItsStatus() async throws {
        try await Self.run { api in
            async let pending = api.post(Self.images, ["model": "test/painter", "prompt": "x", "stream": true])
            try await api.fail(try await api.newJob(), .refusedContent, accepted: true)
            let answer = try await pending
            #expect(answer.status == 400)
            #expect(answer.errorReason == "content_policy")
            #expect(answer.json["error"]?["metadata"]?["error_type"] == "content_policy_violation")
        }
    }

    @Test func aFailureAfterAPreviewIsAnEvent() async throws {
        try await Self.run { api in
            let body: JSONValue = ["model": "test/painter", "prompt": "x", "stream": true, "partial_images": 2]
            let connection = try await api.open(Self.images, body)
            let id = try await api.newJob()
            try await api.run(id)
            try api.preview([1, 2, 3], index: 0, of: id)
            var head = try await connection.answerHead()
            while head.status == 102 { head = try await connection.answerHead() }
            #expect(head.status == 200)
            var text = ""
            while !text.contains(": waiting\n\n") {
                text += String(decoding: try await connection.bodyChunk(), as: UTF8.self)
            }
            try await api.advance(id, .providerFailed(.refusedContent, retryAt: nil))
            while !text.hasSuffix("[DONE]\n\n") {
                text += String(decoding: try await connection.bodyChunk(), as: UTF8.self)
            }
            let answer = RawAnswer(status: 200, headers: [], body: Array(text.utf8))
            #expect(answer.events.last == "[DONE]")
            let failure = try #require(answer.events.dropLast().last?.parsed)
            #expect(failure["type"] == "error")
            #expect(failure["error"]?["code"] == "content_policy")
            #expect(failure["error"]?["message"]?.stringValue?.contains("\(id)") == true)
        }
    }
}
