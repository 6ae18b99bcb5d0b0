import Generation
import JobAPI
import JobCore
import Synchronization
import Testing

/// Goal: what a job made is served exactly as HTTP says, in parts, and without memory that grows with its length.
@Suite struct ArtifactTests {
    static let bytes: [UInt8] = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    static let tag = "\"" + String(repeating: "0", count: 64) + "\""

    private static func withArtifact(_ test: @Sendable (TestAPI, String) async throws -> Void) async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", bytes), ("image/png", [9])])
            try await test(api, "/api/v1/jobs/\(id)/artifacts/0")
        }
    }

    @Test func theWholeIsServed() async throws {
        try await Self.withArtifact { api, path in
            let answer = try await api.get(path)
            #expect(answer.status == 200)
            #expect(answer.body == Self.bytes)
            let id = try #require(path.split(separator: "/").dropFirst(3).first)
            #expect(answer[header: "content-type"] == "video/mp4")
            #expect(answer[header: "content-length"] == "200000")
            #expect(answer[header: "content-disposition"] == "inline; filename=\"\(id)-0.mp4\"")
            #expect(answer[header: "accept-ranges"] == "bytes")
            #expect(answer[header: "etag"] == Self.tag)
            #expect(answer[header: "x-content-type-options"] == "nosniff")
            #expect(answer[header: "content-security-policy"] == "sandbox")
            let second = try await api.get(path.dropLast() + "1")
            #expect(second.body == [9])
            #expect(second[header: "content-disposition"] == "inline; filename=\"\(id)-1.png\"")
        }
    }

    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=0-99", 0..<100), ("bytes=100-", 100..<200_000), ("bytes=-500", 199_500..<200_000),
        ("bytes=-999999", 0..<200_000), ("bytes=199999-", 199_999..<200_000), ("bytes=10-9999999", 10..<200_000),
        ("bytes=0-99999999999999999999", 0..<200_000), ("Bytes= 5 - 6 ", 5..<7), ("bytes=65535-65536", 65_535..<65_537),
    ])
    func aPartIsServed(_ header: String, _ range: Range<Int>) async throws {
        try await Self.withArtifact { api, path in
            let answer = try await api.get(path, headers: [("Range", header)])
            #expect(answer.status == 206)
            #expect(answer.body == Array(Self.bytes[range]))
            #expect(answer[header: "content-range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/200000")
            #expect(answer[header: "content-length"] == "\(range.count)")
        }
    }

    @Test(arguments: ["bytes=200000-", "bytes=200000-200001", "bytes=-0", "bytes=99999999999999999999-"])
    func whatIsNotThereIsRefused(_ header: String) async throws {
        try await Self.withArtifact { api, path in
            let answer = try await api.get(path, headers: [("Range", header)])
            #expect(answer.status == 416)
            #expect(answer[header: "content-range"] == "bytes */200000")
            #expect(answer.errorReason == "range_not_satisfiable")
        }
    }

    @Test(arguments: ["bytes=0-1,5-6", "bytes=5-4", "bytes=a-b", "bytes=-", "bytes", "items=0-1", "bytes=1-2-3", ""])
    func whatIsNoSingleRangeIsPassedOver(_ header: String) async throws {
        try await Self.withArtifact { api, path in
            let answer = try await api.get(path, headers: [("Range", header)])
            #expect(answer.status == 200)
            #expect(answer.body.count == 200_000)
        }
    }

    @Test func conditionsAreKept() async throws {
        try await Self.withArtifact { api, path in
            for known in [Self.tag, "*", "W/\(Self.tag)", "\"other\", \(Self.tag)"] {
                let answer = try await api.get(path, headers: [("If-None-Match", known), ("Range", "bytes=0-1")])
                #expect(answer.status == 304)
                #expect(answer[header: "etag"] == Self.tag)
                // It would tell the length of the file, which is not 0; saying nothing is as good.
                #expect(answer[header: "content-length"] == nil)
            }
            #expect(try await api.get(path, headers: [("If-None-Match", "\"other\"")]).status == 200)
            let range = ("Range", "bytes=0-1")
            #expect(try await api.get(path, headers: [range, ("If-Range", Self.tag)]).status == 206)
            #expect(try await api.get(path, headers: [range, ("If-Range", "\"other\"")]).status == 200)
            #expect(try await api.get(path, headers: [range, ("If-Range", "W/\(Self.tag)")]).status == 200)
            #expect(
                try await api.get(path, headers: [range, ("If-Range", "Sat, 21 Nov 2026 09:30:00 GMT")]).status == 200
            )
        }
    }

    @Test func headIsTheSameWithoutTheBody() async throws {
        try await Self.withArtifact { api, path in
            let connection = try await api.connect()
            let head = try await connection.request("HEAD", path, headers: [api.authorization, ("Range", "bytes=0-1")])
            #expect(head.status == 200)
            #expect(head[header: "content-length"] == "200000")
            #expect(head[header: "etag"] == Self.tag)
            // The connection is at the start of the next answer: no body followed.
            let next = try await connection.request("GET", path, headers: [api.authorization, ("Range", "bytes=0-1")])
            #expect(next.status == 206)
            #expect(next.body == Array(Self.bytes[0..<2]))
            let missing = try await connection.request("HEAD", "\(path)7", headers: [api.authorization])
            #expect(missing.status == 404)
            #expect(try await connection.request("GET", "/healthz").status == 200)
        }
    }

    @Test(arguments: ["2", "00x", "-1", "x", "99999999999999999999", "0%00"]) func anotherIndexIsNotThere(
        _ index: String
    ) async throws {
        try await Self.withArtifact { api, path in
            let answer = try await api.get(path.dropLast() + index)
            #expect(answer.status == 404)
            #expect(answer.errorReason == "unknown_artifact")
        }
    }

    @Test func aJobThatIsNotCompletedHasNone() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let path = "/api/v1/jobs/\(id)/artifacts/0"
            #expect(try await api.get(path).status == 409)
            try await api.run(id)
            #expect(try await api.get(path).status == 409)
            try await api.advance(id, .providerFailed(JobFailure(.unknown, "no", retryable: false), retryAt: nil))
            let failed = try await api.get(path)
            #expect(failed.status == 409)
            #expect(failed.errorMessage.contains("failed"))
        }
    }

    @Test func aFileThatIsMissingIsGoneForTheClientAndAnErrorInTheLog() async throws {
        try await Self.withArtifact { api, path in
            for key in api.artifacts.keys { try await api.artifacts.delete(key) }
            let answer = try await api.get(path)
            #expect(answer.status == 410)
            #expect(answer.errorReason == "gone")
            #expect(!answer.text.contains("artifacts/"))
            let id = try #require(answer[header: "x-request-id"])
            let line = api.log.text.split(separator: "\n").first { $0.contains("an artifact is missing") }
            #expect(line?.contains(id) == true)
        }
    }

    @Test func aFileOfAnotherLengthIsAnErrorOfOurs() async throws {
        try await Self.withArtifact { api, path in
            for key in api.artifacts.keys { api.artifacts.putMadeUp(bytes: 5, as: key) }
            let answer = try await api.get(path)
            #expect(answer.status == 500)
            #expect(!answer.text.contains("artifacts/"))
            let id = try #require(answer[header: "x-request-id"])
            #expect(api.log.text.contains(id))
        }
    }

    @Test func whatNobodyExpectedIsToldWithoutDetails() async throws {
        try await Self.withArtifact { api, path in
            api.artifacts.failure.withLock { $0 = "disk 7 at /srv/internal" }
            let answer = try await api.get(path)
            #expect(answer.status == 500)
            #expect(answer.json["error"]?["type"] == "server_error")
            #expect(!answer.text.contains("internal/") && !answer.text.contains("disk"))
            let id = try #require(answer[header: "x-request-id"])
            let line = api.log.text.split(separator: "\n").first { $0.contains("disk 7") }
            #expect(line?.contains(id) == true)
        }
    }

    @Test func aGiganticFileFlowsThroughSmallBuffers() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            try await api.run(id)
            let length: Int64 = 1 << 40
            try await Self.completeWithAGiganticFile(id, api, length)
            let path = "/api/v1/jobs/\(id)/artifacts/0"
            // A reader that stops after the head: the store is asked for no more than fits the buffers on the way.
            let slow = try await api.connect(receiveBuffer: 4_096)
            try await slow.send(RawConnection.head("GET", path, headers: [api.authorization], length: nil))
            #expect(try await slow.answerHead()[header: "content-length"] == "\(length)")
            try await Task.sleep(for: .milliseconds(500))
            let read = api.artifacts.bytesRead.load(ordering: .relaxed)
            #expect(read < 16 * 1_048_576)
            // Meanwhile others are served.
            let end = try await api.get(path, headers: [("Range", "bytes=-5")])
            #expect(end.status == 206)
            #expect(end.body == [7, 7, 7, 7, 7])
            #expect(end[header: "content-range"] == "bytes \(length - 5)-\(length - 1)/\(length)")
        }
    }

    private static func completeWithAGiganticFile(_ id: JobID, _ api: TestAPI, _ length: Int64) async throws {
        let hash = String(repeating: "a", count: 64)
        let key = ArtifactKey.artifact(job: id, attempt: 1, index: 0, sha256: hash)
        api.artifacts.putMadeUp(bytes: length, as: key)
        try await api.complete(
            id,
            artifacts: [
                Artifact(
                    index: 0,
                    mediaType: "video/mp4",
                    bytes: length,
                    sha256: hash,
                    key: key,
                    width: nil,
                    height: nil,
                    durationMilliseconds: nil
                )
            ]
        )
    }

    /// Reads until the server closes, with a pause after each MiB.
    private static func readToTheEnd(_ connection: RawConnection, pauseMilliseconds: Int = 0) async throws -> Int {
        var (received, pauses) = (0, 0)
        while true {
            let chunk: [UInt8]
            do {
                chunk = try await connection.receive()
            } catch RawHTTPFailure.system {
                return received
            }
            guard !chunk.isEmpty else { return received }
            received += chunk.count
            if received / 1_048_576 > pauses {
                pauses += 1
                try await Task.sleep(for: .milliseconds(pauseMilliseconds))
            }
        }
    }

    private static func impatient(_ configuration: inout APIConfiguration) { configuration.downloadStallSeconds = 0.6 }

    private static func patient(_ configuration: inout APIConfiguration) { configuration.downloadStallSeconds = 3 }

    @Test func aReaderThatTakesNothingIsCutOff() async throws {
        try await TestAPI.run(Self.impatient) { api in
            let id = try await api.submitted()
            try await api.run(id)
            try await Self.completeWithAGiganticFile(id, api, 1 << 40)
            let stalled = try await api.connect(receiveBuffer: 4_096)
            let path = "/api/v1/jobs/\(id)/artifacts/0"
            try await stalled.send(RawConnection.head("GET", path, headers: [api.authorization], length: nil))
            #expect(try await stalled.answerHead().status == 200)
            try await api.waitForLog("a download is cut off")
            // What was under way arrives; then the connection is over.
            let received = try await Self.readToTheEnd(stalled)
            #expect(received < 16 * 1_048_576)
        }
    }

    @Test func aReaderThatIsSlowIsServedToTheEnd() async throws {
        try await TestAPI.run(Self.patient) { api in
            let id = try await api.submitted()
            try await api.run(id)
            let bytes = [UInt8](repeating: 7, count: 12 * 1_048_576)
            try await api.complete(id, files: [("video/mp4", bytes)])
            let slow = try await api.connect(receiveBuffer: 65_536)
            let headers = [api.authorization, ("Connection", "close")]
            let path = "/api/v1/jobs/\(id)/artifacts/0"
            let start = ContinuousClock.now
            try await slow.send(RawConnection.head("GET", path, headers: headers, length: nil))
            #expect(try await Self.readToTheEnd(slow, pauseMilliseconds: 300) > bytes.count)
            #expect(ContinuousClock.now - start > .seconds(3))
        }
    }
}
