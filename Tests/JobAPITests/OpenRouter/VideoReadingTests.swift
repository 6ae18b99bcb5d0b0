import Generation
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: a video reads in OpenRouter's six statuses, with a plain error, exact money, and URLs that work.
@Suite struct VideoReadingTests {
    @Test func aVideoIsFollowedFromItsAdmissionToItsEnd() async throws {
        try await TestAPI.run { api in
            let id = try await api.generated()
            let url = "http://127.0.0.1:\(api.port)/api/v1/videos/\(id)"
            let path = "/api/v1/videos/\(id)"
            let head = #"{"id":"\#(id)","polling_url":"\#(url)","status":"#
            #expect(try await api.get(path).text == head + #""pending"}"#)
            let job = try #require(try await api.store.job(id))
            let attempt = NewAttempt(number: 1, endpoint: job.admitted.endpoint, externalID: "x", token: "t")
            try await api.advance(id, .attemptBegan(attempt))
            #expect(try await api.get(path).json["status"] == "pending")
            try await api.advance(id, .sendingBegan(bodySHA256: String(repeating: "0", count: 64)))
            try await api.advance(
                id,
                .accepted(remoteID: "r", operation: "{}", nextPollAt: Timestamp(milliseconds: 0))
            )
            #expect(try await api.get(path).text == head + #""in_progress"}"#)
            try await api.complete(id, files: [("video/mp4", [1, 2, 3]), ("video/mp4", [4])])
            #expect(
                try await api.get(path).text == head
                    + #""completed","generation_id":"\#(id)","unsigned_urls":["\#(url)/content?index=0","\#(url)/content?index=1"],"usage":{"cost":0.4,"is_byok":false}}"#
            )
            let content = try #require(URLPath("\(url)/content?index=1"))
            #expect(try await api.get(content).body == [4])
        }
    }

    private func URLPath(_ url: String) -> String? {
        url.firstRange(of: "/api/").map { String(url[$0.lowerBound...]) }
    }

    @Test func aVideoThatFailedSaysWhyInOneSentence() async throws {
        try await TestAPI.run { api in
            let failed = try await api.generated()
            try await api.run(failed)
            let failure = JobFailure(.contentPolicy, "The filter refused it.", providerCode: "f-1", retryable: false)
            try await api.advance(failed, .providerFailed(failure, retryAt: nil))
            let body = try await api.get("/api/v1/videos/\(failed)").json
            #expect(body.keys == ["id", "polling_url", "status", "generation_id", "error"])
            #expect(body["status"] == "failed")
            #expect(body["error"] == "The filter refused it.")

            let cancelled = try await api.generated()
            _ = try await api.request("POST", "/api/v1/jobs/\(cancelled)/cancel")
            let stopped = try await api.get("/api/v1/videos/\(cancelled)").json
            #expect(stopped["status"] == "cancelled")
            #expect(stopped["error"] == "The job was cancelled.")
            #expect(stopped["usage"] == nil)

            let late = try await api.generated()
            try await api.advance(late, .deadlinePassed)
            let expired = try await api.get("/api/v1/videos/\(late)").json
            #expect(expired["status"] == "expired")
            #expect(expired["error"]?.stringValue?.isEmpty == false)
        }
    }

    @Test func aStoppedVideoThatCostTellsWhat() async throws {
        try await TestAPI.run { api in
            let id = try await api.generated()
            try await api.run(id)
            try await api.advance(id, .cancelRequested)
            try await api.advance(id, .providerCancelled(charged: Credits(nanoUSD: 120_000_001)))
            let answer = try await api.get("/api/v1/videos/\(id)")
            #expect(answer.text.contains(#""usage":{"cost":0.120000001,"is_byok":false}"#))
        }
    }

    @Test func onlyVideosOfOnesOwnAreThere() async throws {
        try await TestAPI.run { api in
            let id = try await api.generated()
            let image = try await api.submitted(TestAPI.image)
            let stranger = try await api.accounts.createKey(name: "other", workspace: "other").secret
            for suffix in ["", "/content"] {
                #expect(try await api.get("/api/v1/videos/\(id)\(suffix)", key: stranger).status == 404)
                #expect(try await api.get("/api/v1/videos/\(image)\(suffix)").status == 404)
                #expect(try await api.get("/api/v1/videos/job_nothing\(suffix)").status == 404)
                #expect(try await api.get("/api/v1/videos/\(id)\(suffix)", key: "sk-med-v1-no").status == 401)
            }
            // A video of the native surface is one as well.
            let native = try await api.submitted()
            #expect(try await api.get("/api/v1/videos/\(native)").json["status"] == "pending")
            #expect(try await api.request("DELETE", "/api/v1/videos/\(native)").status == 405)
        }
    }

    // MARK: Content

    @Test func contentIsServedWholeAndInParts() async throws {
        try await TestAPI.run { api in
            let id = try await api.generated()
            try await api.run(id)
            let bytes: [UInt8] = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await api.complete(id, files: [("video/mp4", bytes), ("video/webm", [9])])
            let path = "/api/v1/videos/\(id)/content"
            for path in [path, path + "?index=0", path + "?index=0&other=1"] {
                let whole = try await api.get(path)
                #expect(whole.status == 200)
                #expect(whole.body == bytes)
                #expect(whole[header: "content-type"] == "video/mp4")
                #expect(whole[header: "content-disposition"] == "inline; filename=\"\(id)-0.mp4\"")
            }
            let tag = try #require(try await api.get(path)[header: "etag"])
            let part = try await api.get(path, headers: [("Range", "bytes=10-19"), ("If-Range", tag)])
            #expect(part.status == 206)
            #expect(part.body == Array(bytes[10..<20]))
            #expect(part[header: "content-range"] == "bytes 10-19/100000")
            #expect(try await api.get(path, headers: [("If-None-Match", tag)]).status == 304)
            #expect(try await api.get(path, headers: [("Range", "bytes=100000-")]).status == 416)
            let head = try await api.request("HEAD", path)
            #expect(head.status == 200)
            #expect(head[header: "content-length"] == "100000")
            #expect(head.body.isEmpty)
            #expect(try await api.get(path + "?index=1")[header: "content-type"] == "video/webm")
            #expect(try await api.get(path + "?index=2").status == 404)
            for index in ["-1", "x", "1.5", "", "99999999999999999999"] {
                let answer = try await api.get(path + "?index=" + index)
                #expect(answer.status == 400)
                #expect(answer.errorParam == "index")
            }
        }
    }

    @Test func withoutContentTheStatusIsTold() async throws {
        try await TestAPI.run { api in
            let id = try await api.generated()
            let path = "/api/v1/videos/\(id)/content"
            let pending = try await api.get(path)
            #expect(pending.status == 409)
            #expect(pending.errorReason == "not_ready")
            #expect(pending.errorMessage.contains("pending"))
            try await api.run(id)
            #expect(try await api.get(path).errorMessage.contains("in_progress"))
            try await api.advance(
                id,
                .providerFailed(JobFailure(.unknown, "Lamp broke.", retryable: false), retryAt: nil)
            )
            let failed = try await api.get(path)
            #expect(failed.status == 409)
            #expect(failed.errorReason == "no_output")
            #expect(failed.errorMessage.contains("failed") && failed.errorMessage.contains("Lamp broke."))
            #expect(try await api.get(path + "?index=x").status == 400)
        }
    }

    @Test func contentWhoseTimeIsOverIsGone() async throws {
        try await TestAPI.run { api in
            for (isLongAgo, reason) in [(true, "expired"), (false, "gone")] {
                let id = try await api.submitted(TestAPI.video(["retention_days": 1]))
                try await api.run(id)
                try await api.advance(id, .providerCompleted(outputs: "[]"))
                let job = try #require(try await api.store.job(id))
                let key = ArtifactKey.artifact(job: id, attempt: 1, index: 0, sha256: String(repeating: "a", count: 64))
                let artifact = Artifact(
                    index: 0,
                    mediaType: "video/mp4",
                    bytes: 3,
                    sha256: String(repeating: "a", count: 64),
                    key: key,
                    width: nil,
                    height: nil,
                    durationMilliseconds: nil
                )
                let end = job.admitted.createdAt.adding(seconds: isLongAgo ? -86_500 : 0)
                let stored = try job.state.applying(.artifactsStored([artifact], .empty), at: end)
                _ = try await api.store.commit(stored, of: id, expecting: job.version, fence: nil)
                api.live.publish(job.applying(stored))
                let path = "/api/v1/videos/\(id)/content"
                let answer = try await api.get(path)
                #expect(answer.status == 410)
                #expect(answer.errorReason == reason)
                // Only what should be there and is not is the operator's concern.
                #expect(api.log.text.contains("an artifact is missing") == !isLongAgo)
                api.artifacts.put([1, 2, 3], as: key)
                #expect(try await api.get(path).body == [1, 2, 3])
            }
        }
    }
}
