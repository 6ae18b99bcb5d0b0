import Generation
import JobAPI
import JobCore
import JobEngine
import Synchronization
import Testing

/// Goal: who waits for a job gets its end as an answer with the right status, is kept from giving up meanwhile, and
/// pays once whatever happens to the connection.
@Suite struct WaitingTests {
    private static let path = "/api/v1/images"

    /// Often enough for a test that waits for a few of them.
    private static func often(_ configuration: inout APIConfiguration) { configuration.keepAliveSeconds = 0.05 }

    @Test func theImagesAreTheAnswer() async throws {
        try await TestAPI.run { api in
            async let pending = api.post(Self.path, TestAPI.picture)
            let id = try await api.newJob()
            // Longer than a chunk, which is no multiple of three bytes.
            let other = Samples.png + (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try await api.finish(id, [("image/png", Samples.png), ("image/png", other)])
            let answer = try await pending
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "application/json")
            #expect(answer[header: "content-length"] == "\(answer.body.count)")
            #expect(answer[header: "x-generation-id"] == "\(id)")
            #expect(answer[header: "idempotent-replayed"] == nil)
            #expect(answer[header: "mediary-pending-answer"] == nil)
            let images = answer.json["data"]?.elements ?? []
            #expect(images.map { $0["b64_json"]?.stringValue?.bytesOfBase64 } == [Samples.png, other])
            #expect(images.allSatisfy { $0["media_type"] == "image/png" })
            #expect(answer.json["usage"]?["total_tokens"] == 0)
            #expect(answer.json["usage"]?["cost"] == .number(0.04))
            #expect(answer.json["created"]?.integerValue ?? 0 > 1_700_000_000)
            try await Self.wait { try await api.unanswered.isEmpty }
        }
    }

    @Test func lifeIsShownBeforeTheAnswer() async throws {
        try await TestAPI.run(Self.often) { api in
            let connection = try await api.open(Self.path, TestAPI.picture)
            for _ in 0..<3 { #expect(try await connection.answer(to: "POST", interim: true).status == 102) }
            try await api.finish(try await api.newJob(), [("image/png", Samples.png)])
            let answer = try await connection.answer(to: "POST")
            #expect(answer.status == 200)
            #expect(answer.json["data"]?.count == 1)
            // The connection is as good as before.
            try await connection.send(RawConnection.head("GET", "/healthz", headers: [], length: nil))
            #expect(try await connection.answer(to: "GET", interim: true).status == 200)
        }
    }

    @Test func behindProxiesTheBodyShowsLife() async throws {
        try await TestAPI.run { configuration in
            Self.often(&configuration)
            configuration.keepAlive = .body
        } _: { api in
            let connection = try await api.open(Self.path, TestAPI.picture)
            let head = try await connection.answerHead()
            #expect(head.status == 200)
            #expect(head[header: "transfer-encoding"] == "chunked")
            #expect(head[header: "x-generation-id"] != nil)
            var body: [UInt8] = []
            for _ in 0..<3 { body += try await connection.bodyChunk() }
            #expect(body.allSatisfy { $0 == UInt8(ascii: " ") })
            try await api.finish(try await api.newJob(), [("image/png", Samples.png)])
            while true {
                let chunk = try await connection.bodyChunk()
                if chunk.isEmpty { break }
                body += chunk
            }
            let json = String(decoding: body, as: UTF8.self).parsed
            #expect(json["data"]?.elements.first?["b64_json"]?.stringValue?.bytesOfBase64 == Samples.png)
        }
    }

    @Test func behindProxiesAFailureStandsInTheBody() async throws {
        try await TestAPI.run { configuration in
            Self.often(&configuration)
            configuration.keepAlive = .body
        } _: { api in
            let connection = try await api.open(Self.path, TestAPI.picture)
            _ = try await connection.answerHead()
            try await api.fail(try await api.newJob(), .refusedContent, accepted: true)
            var body: [UInt8] = []
            while true {
                let chunk = try await connection.bodyChunk()
                if chunk.isEmpty { break }
                body += chunk
            }
            let json = String(decoding: body, as: UTF8.self).parsed
            #expect(json["error"]?["code"] == 400)
            #expect(json["error"]?["metadata"]?["reason"] == "content_policy")
        }
    }

    // MARK: Failures

    @Test(arguments: [
        (JobFailure.refusedContent, true, 400), (.refusedContent, false, 400), (.wrong, false, 422), (.down, true, 422),
        (.down, false, 502), (.busy, false, 503), (.busy, true, 422),
    ])
    func aFailureHasTheStatusThatItsRepeatDeserves(_ failure: JobFailure, _ accepted: Bool, _ status: Int) async throws
    {
        try await TestAPI.run { api in
            async let pending = api.post(Self.path, TestAPI.picture)
            let id = try await api.newJob()
            try await api.fail(id, failure, accepted: accepted)
            let answer = try await pending
            #expect(answer.status == status)
            #expect(answer.errorReason == failure.code.rawValue)
            #expect(answer.errorMessage.contains("\(id)"))
            #expect(answer.errorMessage.contains(failure.message))
            #expect(answer[header: "x-should-retry"] == (status < 500 ? "false" : nil))
            #expect(answer[header: "x-generation-id"] == "\(id)")
            #expect(try await api.store.balance(of: "default").available == TestAPI.credits)
            // The client knows: an equal request is a new job.
            try await Self.wait { try await api.unanswered.isEmpty }
        }
    }

    @Test func aCancelledJobIsToldAsOne() async throws {
        try await TestAPI.run { api in
            async let pending = api.post(Self.path, TestAPI.picture)
            let id = try await api.newJob()
            _ = try await api.request("POST", "/api/v1/jobs/\(id)/cancel")
            let answer = try await pending
            #expect(answer.status == 422)
            #expect(answer.errorReason == "cancelled")
            #expect(answer[header: "x-should-retry"] == "false")
        }
    }

    @Test func aRefusedSubmissionMakesNoJob() async throws {
        try await TestAPI.run { api in
            let answer = try await api.post(Self.path, ["model": "test/image", "prompt": "x", "n": 5])
            #expect(answer.status == 400)
            #expect(answer.errorParam == "n")
            try await api.expectNothingWritten()
        }
    }

    @Test func whatIsGoneIsToldAsGone() async throws {
        try await TestAPI.run { api in
            async let pending = api.post(Self.path, TestAPI.picture)
            let id = try await api.newJob()
            try await api.run(id)
            let hash = String(repeating: "a", count: 64)
            let key = ArtifactKey.artifact(job: id, attempt: 1, index: 0, sha256: hash)
            try await api.complete(
                id,
                artifacts: [
                    Artifact(
                        index: 0,
                        mediaType: "image/png",
                        bytes: 5,
                        sha256: hash,
                        key: key,
                        width: nil,
                        height: nil,
                        durationMilliseconds: nil
                    )
                ]
            )
            let answer = try await pending
            #expect(answer.status == 410)
        }
    }

    // MARK: Lost connections

    @Test func aRepeatWaitsForTheJobOfTheRequestThatWasCut() async throws {
        try await TestAPI.run(Self.often) { api in
            let connection = try await api.open(Self.path, TestAPI.picture)
            let id = try await api.newJob()
            #expect(try await connection.answer(to: "POST", interim: true).status == 102)
            connection.cut()
            async let pending = api.post(Self.path, TestAPI.picture)
            try await Task.sleep(for: .milliseconds(100))
            try await api.finish(id, [("image/png", Samples.png)])
            let answer = try await pending
            #expect(answer.status == 200)
            #expect(answer[header: "x-generation-id"] == "\(id)")
            #expect(answer[header: "idempotent-replayed"] == "true")
            #expect(answer.json["data"]?.count == 1)
            #expect(try await api.jobCount == 1)
            try await Self.wait { try await api.unanswered.isEmpty }
        }
    }

    @Test func aRepeatGetsTheJobThatEndedMeanwhile() async throws {
        try await TestAPI.run { api in
            let connection = try await api.open(Self.path, TestAPI.picture)
            let id = try await api.newJob()
            connection.cut()
            try await api.finish(id, [("image/png", Samples.png)])
            let answer = try await api.post(Self.path, TestAPI.picture)
            #expect(answer.status == 200)
            #expect(answer[header: "x-generation-id"] == "\(id)")
            #expect(try await api.jobCount == 1)
        }
    }

    @Test func aRepeatGetsTheFailureThatNobodyHasSeen() async throws {
        try await TestAPI.run { api in
            let connection = try await api.open(Self.path, TestAPI.picture)
            let id = try await api.newJob()
            connection.cut()
            try await api.fail(id, .wrong, accepted: true)
            let answer = try await api.post(Self.path, TestAPI.picture)
            #expect(answer.status == 422)
            #expect(answer.errorMessage.contains("\(id)"))
            #expect(try await api.jobCount == 1)
        }
    }

    @Test func twoThatWaitAtOnceAreTwoJobs() async throws {
        try await TestAPI.run { api in
            async let first = api.post(Self.path, TestAPI.picture)
            let one = try await api.newJob()
            async let second = api.post(Self.path, TestAPI.picture)
            let two = try await api.newJob(besides: [one])
            for id in [one, two] { try await api.finish(id, [("image/png", Samples.png)]) }
            #expect(try await first[header: "x-generation-id"] == "\(one)")
            #expect(try await second[header: "x-generation-id"] == "\(two)")
        }
    }

    @Test func anIdempotencyKeyGivesTheSameJobAgain() async throws {
        try await TestAPI.run { api in
            let name = [("Idempotency-Key", "one")]
            async let pending = api.post(Self.path, TestAPI.picture, headers: name)
            let id = try await api.newJob()
            async let repeated = api.post(Self.path, TestAPI.picture, headers: name)
            try await Task.sleep(for: .milliseconds(50))
            try await api.finish(id, [("image/png", Samples.png)])
            let (first, second) = (try await pending, try await repeated)
            #expect(first.body == second.body)
            #expect(first[header: "idempotent-replayed"] == nil)
            #expect(second[header: "idempotent-replayed"] == "true")
            #expect(try await api.jobCount == 1)
            let other = try await api.post(Self.path, ["model": "test/image", "prompt": "another"], headers: name)
            #expect(other.status == 422)
            #expect(other.errorReason == "idempotency_conflict")
        }
    }

    @Test func aNamedRequestIsNotAskedToComeAgain() async throws {
        try await TestAPI.run { api in
            async let pending = api.post(Self.path, TestAPI.picture, headers: [("Idempotency-Key", "one")])
            try await api.fail(try await api.newJob(), .down, accepted: false)
            // Under its name it would find this very failure.
            #expect(try await pending.status == 422)
        }
    }

    @Test func aServiceThatStopsSendsThemAwayToComeAgain() async throws {
        try await TestAPI.run { api in
            async let pending = api.post(Self.path, TestAPI.picture)
            let id = try await api.newJob()
            await api.stop()
            let answer = try await pending
            #expect(answer.status == 503)
            #expect(answer[header: "retry-after"] != nil)
            #expect(answer[header: "x-should-retry"] == nil)
            // The next process hands the job to the repeat.
            #expect(try await api.unanswered == [id])
        }
    }

    // MARK: Sizes

    @Test func aHugeImageIsNotHeldInMemory() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect(receiveBuffer: 4_096)
            let bytes = Array(TestAPI.picture.canonicalText.utf8)
            let headers = [api.authorization, ("Content-Type", "application/json")]
            try await connection.send(
                RawConnection.head("POST", Self.path, headers: headers, length: bytes.count) + bytes
            )
            let id = try await api.newJob()
            try await api.run(id)
            let hash = String(repeating: "b", count: 64)
            let key = ArtifactKey.artifact(job: id, attempt: 1, index: 0, sha256: hash)
            api.artifacts.putMadeUp(bytes: 200 << 20, as: key)
            try await api.complete(
                id,
                artifacts: [
                    Artifact(
                        index: 0,
                        mediaType: "image/png",
                        bytes: 200 << 20,
                        sha256: hash,
                        key: key,
                        width: nil,
                        height: nil,
                        durationMilliseconds: nil
                    )
                ]
            )
            let head = try await connection.answerHead()
            let length = try #require(head[header: "content-length"].flatMap { Int($0) })
            #expect(length > 200 << 20)
            try await Task.sleep(for: .milliseconds(200))
            // The rest is read from the store as the reader takes it.
            #expect(api.artifacts.bytesRead.load(ordering: .relaxed) < 20 << 20)
            connection.cut()
        }
    }

    private static func wait(_ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !isSo() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
