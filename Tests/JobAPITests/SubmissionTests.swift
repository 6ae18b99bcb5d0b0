import Generation
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: a good request is answered 202 with the whole job, and an equal one with the same key gets the same bytes.
@Suite struct SubmissionTests {
    @Test func aGoodRequestIsAnsweredWithTheWholeJob() async throws {
        try await TestAPI.run { api in
            let answer = try await api.submit(
                TestAPI.video([
                    "metadata": ["order": "17"], "user": "u-1", "session_id": "s-1", "trace": ["span": 3],
                    "max_cost": "0.40", "priority": 5, "expires_after_seconds": 600, "retention_days": 7,
                    "callback_url": "https://example.com/hook?t=1",
                ])
            )
            #expect(answer.status == 202)
            #expect(answer[header: "content-type"] == "application/json")
            #expect(answer[header: "x-request-id"]?.isEmpty == false)
            let job = answer.json
            let id = try #require(job["id"]?.stringValue)
            let url = "http://127.0.0.1:\(api.port)/api/v1/jobs/\(id)"
            #expect(answer[header: "location"] == url)
            guard case .object(let members) = job else {
                Issue.record("not an object")
                return
            }
            #expect(
                Set(members.keys) == [
                    "id", "object", "type", "model", "status", "phase", "progress", "eta_seconds", "queue_position",
                    "cancellable", "created_at", "started_at", "completed_at", "expires_at", "input", "adjustments",
                    "attempts", "routing", "artifacts", "estimated_cost", "usage", "error", "metadata", "links",
                ]
            )
            #expect(job["object"] == "job")
            #expect(job["status"] == "queued")
            #expect(job["phase"] == "waiting")
            #expect(job["progress"] == .null)
            #expect(job["cancellable"] == true)
            #expect(job["estimated_cost"] == "0.400000000")
            #expect(job["usage"] == .null)
            #expect(job["metadata"] == ["order": "17"])
            #expect(
                job["links"] == [
                    "self": .string(url), "events": .string(url + "/events"), "cancel": .string(url + "/cancel"),
                ]
            )
            #expect(job["input"]?["prompt"] == "a lighthouse at dusk")
            #expect(job["input"]?["size"] == "1280x720")
            #expect(job["input"]?["max_cost"] == "0.400000000")
            #expect(job["input"]?["trace"] == ["span": 3])
            let created = try #require(job["created_at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) })
            let expires = try #require(job["expires_at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) })
            #expect(expires.seconds(since: created) == 600)

            let jobID = try #require(JobID(id))
            let stored = try #require(try await api.store.job(jobID))
            #expect(stored.admitted.hold == Credits(nanoUSD: 400_000_000))
            #expect(stored.admitted.parameters.callbackURL == "https://example.com/hook?t=1")
            #expect(stored.admitted.parameters.maxCost == Credits(nanoUSD: 400_000_000))
            #expect(stored.admitted.parameters.priority == 5)
        }
    }

    @Test func aKeyReplaysTheFirstAnswerByteForByte() async throws {
        try await TestAPI.run { api in
            let first = try await api.submit(headers: [("Idempotency-Key", "order-17")])
            #expect(first.status == 202)
            #expect(first[header: "idempotent-replayed"] == nil)
            let id = try #require(first.json["id"]?.stringValue.flatMap { JobID($0) })
            try await api.run(id)
            let again = try await api.submit(headers: [("Idempotency-Key", "order-17")])
            #expect(again.status == 202)
            #expect(again.body == first.body)
            #expect(again[header: "idempotent-replayed"] == "true")
            #expect(again[header: "location"] == first[header: "location"])
            #expect(try await api.get("/api/v1/jobs").json["data"].map(\.count) == 1)
            #expect(try await api.store.balance(of: "default").held == Credits(nanoUSD: 400_000_000))
        }
    }

    @Test func aKeyWithAnotherRequestIsRefused() async throws {
        try await TestAPI.run { api in
            _ = try await api.submit(headers: [("Idempotency-Key", "k")])
            let other = try await api.submit(TestAPI.video(["duration": 6]), headers: [("Idempotency-Key", "k")])
            #expect(other.status == 422)
            #expect(other.errorReason == "idempotency_conflict")
            #expect(try await api.get("/api/v1/jobs").json["data"].map(\.count) == 1)
        }
    }

    @Test func aKeyOfAnotherAPIKeyIsAnotherKey() async throws {
        try await TestAPI.run { api in
            let second = try await api.accounts.createKey(name: "second").secret
            let first = try await api.submit(headers: [("Idempotency-Key", "k")])
            let other = try await api.submit(key: second, headers: [("Idempotency-Key", "k")])
            #expect(other.status == 202)
            #expect(other.json["id"] != first.json["id"])
        }
    }

    @Test func manyAtOnceWithOneKeyMakeOneJob() async throws {
        try await TestAPI.run { api in
            let answers = try await withThrowingTaskGroup(of: RawAnswer.self) { group in
                for _ in 0..<50 { group.addTask { try await api.submit(headers: [("Idempotency-Key", "k")]) } }
                return try await group.reduce(into: [RawAnswer]()) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 202 })
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.count { $0[header: "idempotent-replayed"] == nil } == 1)
        }
    }

    @Test(arguments: ["", "with space", "\u{e4}", String(repeating: "k", count: 256)])
    func aMalformedKeyIsRefused(key: String) async throws {
        try await TestAPI.run { api in
            let answer = try await api.submit(headers: [("Idempotency-Key", key)])
            #expect(answer.status == 400)
            #expect(answer.errorParam == "Idempotency-Key")
            try await api.expectNothingWritten()
        }
    }

    @Test func aReferenceIsKeptByItsHash() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted(TestAPI.video(["frame_images": [Samples.frame(Samples.png, "image/png")]]))
            #expect(api.artifacts.keys.count == 1)
            let input = try await api.get("/api/v1/jobs/\(id)").json["input"]
            guard case .array(let frames)? = input?["frame_images"] else {
                Issue.record("no frame")
                return
            }
            #expect(frames.first?["frame_type"] == "first_frame")
            #expect(frames.first?["image_url"]?["media_type"] == "image/png")
            #expect(frames.first?["image_url"]?["url"] == nil)
        }
    }

    @Test func aReferenceByURLIsShownAsItWasSent() async throws {
        try await TestAPI.run { api in
            let url = "https://pictures.example/a.png?signature=a%2Fb"
            let id = try await api.submitted(TestAPI.video(["frame_images": [Samples.frame(url)]]))
            let input = try await api.get("/api/v1/jobs/\(id)").json["input"]
            guard case .array(let frames)? = input?["frame_images"] else {
                Issue.record("no frame")
                return
            }
            #expect(frames.first?["image_url"] == ["url": .string(url)])
            #expect(api.artifacts.keys.isEmpty)
            #expect(!api.log.text.contains("signature"))
        }
    }

    @Test func whatIsLeftOutIsReported() async throws {
        try await TestAPI.run { api in
            let answer = try await api.submit(TestAPI.video(["strict": false, "fps": 30]))
            #expect(answer.status == 202)
            #expect(
                answer.json["adjustments"] == [
                    ["parameter": "fps", "asked": 30, "used": nil, "reason": "unsupported_parameter"]
                ]
            )
        }
    }

    @Test func wholeNumbersAreExactMoney() async throws {
        try await TestAPI.run { api in
            #expect(try await api.submit(TestAPI.video(["max_cost": 1])).status == 202)
            let tooLow = try await api.submit(TestAPI.video(["max_cost": "0.399999999"]))
            #expect(tooLow.status == 400)
            #expect(tooLow.errorParam == "max_cost")
        }
    }
}

extension JSONValue {
    var count: Int {
        switch self {
        case .array(let elements): elements.count
        case .object(let members): members.count
        case .null, .bool, .integer, .number, .string: 0
        }
    }
}
