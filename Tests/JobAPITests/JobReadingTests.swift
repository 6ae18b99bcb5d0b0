import Generation
import JobAPI
import JobCore
import Ledger
import Testing

/// Goal: a job reads truly in every state, waiting is bounded and honest, and lists page without gaps or repeats.
@Suite struct JobReadingTests {
    @Test func aJobReadsInEveryState() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let path = "/api/v1/jobs/\(id)"
            try await api.run(id)
            try await api.advance(
                id,
                .polled(progress: 0.25, isQueuedAtProvider: false, nextPollAt: Timestamp(milliseconds: 0), found: true)
            )
            let running = try await api.get(path).json
            #expect(running["status"] == "in_progress")
            #expect(running["phase"] == "generating")
            #expect(running["progress"] == .number(0.25))
            #expect(running["cancellable"] == true)
            #expect(running["attempts"].map(\.count) == 1)

            try await api.complete(id, files: [("video/mp4", [1, 2, 3])])
            let done = try await api.get(path).json
            #expect(done["status"] == "completed")
            #expect(done["phase"] == .null)
            #expect(done["cancellable"] == false)
            #expect(done["expires_at"] == .null)
            #expect(done["completed_at"] != .null)
            #expect(
                done["usage"] == [
                    "cost": "0.400000000", "currency": "USD", "is_byok": false,
                    "lines": [
                        ["unit": "second", "quantity": "4", "price": "0.1", "amount": "0.400000000", "why": ""]
                    ],
                ]
            )
            guard case .array(let artifacts)? = done["artifacts"] else {
                Issue.record("no artifacts")
                return
            }
            #expect(
                artifacts == [
                    [
                        "index": 0, "kind": "video", "media_type": "video/mp4", "bytes": 3,
                        "sha256": .string(String(repeating: "0", count: 64)), "width": 1_280, "height": 720,
                        "duration_seconds": .number(4.042),
                        "url": .string("http://127.0.0.1:\(api.port)\(path)/artifacts/0"),
                        "expires_at": nil,
                    ]
                ]
            )
            guard case .array(let attempts)? = done["attempts"], let attempt = attempts.first else {
                Issue.record("no attempts")
                return
            }
            #expect(attempt["provider"] == "testing")
            #expect(attempt["endpoint"] == "testing/test/video")
            #expect(attempt["status"] == "accepted")
        }
    }

    @Test func aJobTellsWhatWasDeliveredOtherwise() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted(TestAPI.image)
            let path = "/api/v1/jobs/\(id)"
            try await api.run(id)
            let hash = String(repeating: "0", count: 64)
            let key = ArtifactKey.artifact(job: id, attempt: 1, index: 0, sha256: hash)
            api.artifacts.put([1, 2, 3], as: key)
            let artifact = Artifact(
                index: 0,
                mediaType: "image/jpeg",
                bytes: 3,
                sha256: hash,
                key: key,
                width: 8,
                height: 8,
                durationMilliseconds: nil
            )
            let told = Adjustment(
                parameter: "output_format",
                asked: "png",
                used: "jpeg",
                reason: .deliveredOtherwise
            )
            #expect(try await api.get(path).json["adjustments"] == [])
            try await api.complete(id, artifacts: [artifact], adjustments: [told])
            let expected: JSONValue = [
                ["parameter": "output_format", "asked": "png", "used": "jpeg", "reason": "delivered_otherwise"]
            ]
            #expect(try await api.get(path).json["adjustments"] == expected)
        }
    }

    @Test func aFailedJobSaysWhy() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            try await api.run(id)
            let failure = JobFailure(.contentPolicy, "The prompt was refused.", providerCode: "E7", retryable: false)
            try await api.advance(id, .providerFailed(failure, retryAt: nil))
            let job = try await api.get("/api/v1/jobs/\(id)").json
            #expect(job["status"] == "failed")
            #expect(
                job["error"] == [
                    "code": "content_policy", "type": "invalid_request_error", "message": "The prompt was refused.",
                    "provider_code": "E7", "retryable": false,
                ]
            )
            #expect(job["usage"] == .null)
        }
    }

    @Test func waitingEndsWithTheJob() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            try await api.run(id)
            async let answer = api.get("/api/v1/jobs/\(id)?wait=20")
            try await Task.sleep(for: .milliseconds(200))
            try await api.complete(id, files: [("video/mp4", [1])])
            #expect(try await answer.json["status"] == "completed")
        }
    }

    @Test func waitingIsBounded() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let start = ContinuousClock.now
            let answer = try await api.get("/api/v1/jobs/\(id)?wait=3e-1")
            #expect(answer.json["status"] == "queued")
            #expect(ContinuousClock.now - start > .milliseconds(290))
        }
    }

    @Test(arguments: ["-1", "61", "NaN", "inf", "1e2", "", "0x10", "+5", "1e", ".5"]) func aMalformedWaitIsRefused(
        _ wait: String
    ) async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let answer = try await api.get("/api/v1/jobs/\(id)?wait=\(wait)")
            #expect(answer.status == 400)
            #expect(answer.errorParam == "wait")
        }
    }

    @Test(arguments: [
        "?limit=0", "?limit=101", "?limit=x", "?status=done", "?status=", "?type=movie", "?cursor=x", "?stauts=queued",
        "?limit=1&limit=2", "?model=%zz", "?%00=1",
    ])
    func aMalformedListIsRefused(_ query: String) async throws {
        try await TestAPI.run { api in
            let answer = try await api.get("/api/v1/jobs\(query)")
            #expect(answer.status == 400, "\(answer.text)")
            #expect(!answer.errorMessage.isEmpty)
        }
    }

    @Test func aListPagesNewestFirst() async throws {
        try await TestAPI.run { api in
            var ids: [JobID] = []
            for _ in 0..<7 { ids.append(try await api.submitted()) }
            ids.sort(by: >)
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await api.get("/api/v1/jobs?limit=3\(cursor.map { "&cursor=\($0)" } ?? "")").json
                #expect(page["object"] == "list")
                guard case .array(let jobs)? = page["data"] else { break }
                seen += jobs.compactMap { $0["id"]?.stringValue }
                cursor = page["next_cursor"]?.stringValue
                #expect(page["has_more"] == .bool(cursor != nil))
            } while cursor != nil
            #expect(seen == ids.map(\.description))
        }
    }

    @Test func aListIsFiltered() async throws {
        try await TestAPI.run { api in
            let waiting = try await api.submitted()
            let image = try await api.submitted(TestAPI.image)
            let running = try await api.submitted()
            try await api.run(running)
            func ids(_ query: String) async throws -> Set<String> {
                guard case .array(let jobs)? = try await api.get("/api/v1/jobs?\(query)").json["data"] else {
                    return []
                }
                return Set(jobs.compactMap { $0["id"]?.stringValue })
            }
            #expect(try await ids("status=queued") == [waiting.description, image.description])
            #expect(try await ids("status=in_progress") == [running.description])
            #expect(try await ids("status=in_progress,queued&type=image") == [image.description])
            #expect(try await ids("status=completed,failed,cancelled,expired").isEmpty)
            #expect(try await ids("model=test%2Fvideo") == [waiting.description, running.description])
            #expect(try await ids("model=nobody/nothing").isEmpty)
        }
    }

    @Test func cancellingIsAnsweredWithTheJob() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let cancelled = try await api.request("POST", "/api/v1/jobs/\(id)/cancel")
            #expect(cancelled.status == 200)
            #expect(cancelled.json["status"] == "cancelled")
            #expect(try await api.store.balance(of: "default") == Balance(available: TestAPI.credits, held: .zero))
            let again = try await api.request("POST", "/api/v1/jobs/\(id)/cancel")
            #expect(again.status == 200)
            #expect(again.json["status"] == "cancelled")

            let running = try await api.submitted()
            try await api.run(running)
            let wish = try await api.request("POST", "/api/v1/jobs/\(running)/cancel")
            #expect(wish.json["phase"] == "cancelling")
            try await api.advance(running, .providerCancelled(charged: Credits(nanoUSD: 100_000_000)))
            let stopped = try await api.get("/api/v1/jobs/\(running)").json
            #expect(stopped["status"] == "cancelled")
            #expect(stopped["usage"]?["cost"] == "0.100000000")
        }
    }

    @Test func statusesCoverAllStates() {
        let states = JobWire.Status.allCases.flatMap(\.states)
        #expect(states.count == JobState.Name.allCases.count)
        #expect(Set(states) == Set(JobState.Name.allCases))
    }
}
