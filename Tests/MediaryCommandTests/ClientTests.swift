import ConformanceKit
import Cryptography
import Foundation
import Generation
import HTTPTransport
import JobEngine
import Synchronization
import Testing

@testable import mediary

/// Goal: a command pays once whatever the network does, follows its job through outages, and saves whole files or none.
@Suite struct ClientTests {
    private static let jobs = "http://service/api/v1/jobs"
    private static let error = #"{"error":{"code":0,"message":"no \u001b[31mroom","metadata":{}}}"#

    // MARK: Submitting

    @Test func aSubmissionIsRepeatedUnderOneKey() async throws {
        let time = TestTime()
        let transport = ScriptedTransport([
            .failed(.post, Self.jobs, .refused),
            .failed(.post, Self.jobs, .lost),
            .answered(.post, Self.jobs, status: 503, headers: [("Retry-After", "5")], body: Self.error),
            .answered(.post, Self.jobs, status: 202, body: #"{"id":"job_01jd9f0q8v7k2m3n4p5q6r7s8t"}"#),
        ])
        var notes: [String] = []
        let job = try await time.client(transport).submit(["type": "video"]) { notes.append($0) }
        #expect(job == ["id": "job_01jd9f0q8v7k2m3n4p5q6r7s8t"])
        let keys = transport.requests.compactMap { $0.header("Idempotency-Key") }
        #expect(keys.count == 4)
        #expect(Set(keys).count == 1)
        #expect(Set(transport.requests.map(\.body)) == [Array(#"{"type":"video"}"#.utf8)])
        #expect(time.sleeps.withLock { $0 } == [0.5, 1, 5])
        #expect(notes.count == 3)
        #expect(notes.last == "The service answered 503: no  [31mroom Trying again.")
    }

    @Test func aRefusalIsNotRepeated() async throws {
        for (status, words) in [
            (400, "The service answered 400: no  [31mroom"),
            (401, "The service answered 401: no  [31mroom See MEDIARY_API_KEY."),
        ] {
            let transport = ScriptedTransport([.answered(.post, Self.jobs, status: status, body: Self.error)])
            let failure = try await #require(throws: ClientFailure.self) {
                _ = try await TestTime().client(transport).submit([:]) { _ in }
            }
            #expect(failure.description == words)
        }
    }

    @Test func aLongWaitIsTheUsersToTake() async throws {
        let time = TestTime()
        let transport = ScriptedTransport([
            .answered(.post, Self.jobs, status: 503, headers: [("Retry-After", "60")], body: Self.error)
        ])
        await #expect(throws: ClientFailure.self) { try await time.client(transport).submit([:]) { _ in } }
        #expect(time.sleeps.withLock { $0 } == [])
    }

    @Test func whoIsNotThereIsGivenUp() async throws {
        let time = TestTime()
        let transport = ScriptedTransport((0..<4).map { _ in .failed(.post, Self.jobs, .refused) })
        let failure = try await #require(throws: ClientFailure.self) {
            _ = try await time.client(transport).submit([:]) { _ in }
        }
        #expect(failure.description.hasPrefix("No answer from http://service. Is the service running?"))
        #expect(!failure.description.contains("may have the job"))
        #expect(transport.exchangesLeft == 0)
    }

    /// What came to nothing the first time, though the service may have it.
    @Test(
        arguments: [
            .failed(.post, Self.jobs, .lost), .answered(.post, Self.jobs, status: 502, body: "<html>"),
            .cut(.post, Self.jobs, status: 202, .lost),
        ] as [ScriptedTransport.Exchange]
    )
    func whatMayHaveArrivedIsSaid(first: ScriptedTransport.Exchange) async throws {
        let transport = ScriptedTransport([first] + (0..<3).map { _ in .failed(.post, Self.jobs, .refused) })
        let failure = try await #require(throws: ClientFailure.self) {
            _ = try await TestTime().client(transport).submit([:], idempotencyKey: "mine") { _ in }
        }
        #expect(failure.description.hasPrefix("No answer from http://service."))
        #expect(
            failure.description.hasSuffix(
                "The service may have the job: see `mediary jobs list` before you submit again. "
                    + "The same command with --idempotency-key mine makes no second job."
            )
        )
        #expect(transport.requests.map { $0.header("Idempotency-Key") } == ["mine", "mine", "mine", "mine"])
    }

    @Test(arguments: [#"{"id":"../../keys"}"#, #"{"id":"job_1\u001b[31m"}"#, "{}", "<html>"])
    func anAnswerThatNamesNoJobIsNone(body: String) async throws {
        let transport = ScriptedTransport([.answered(.post, Self.jobs, status: 202, body: body)])
        let failure = try await #require(throws: ClientFailure.self) {
            _ = try await TestTime().client(transport).submit([:]) { _ in }
        }
        #expect(failure.description.hasPrefix("The service's answer names no job. The service may have the job"))
    }

    @Test func anotherProgramIsRecognized() async throws {
        let transport = ScriptedTransport([.answered(.get, "http://service/x", status: 404, body: "<html>")])
        let failure = try await #require(throws: ClientFailure.self) {
            _ = try await TestTime().client(transport).json(.get, "/x")
        }
        #expect(failure.description == "http://service answered 404, but not as Mediary does. Is MEDIARY_URL right?")
    }

    // MARK: Following

    private static func job(_ status: String, _ phase: String = "generating") -> String {
        #"{"id":"job_01jd9f0q8v7k2m3n4p5q6r7s8t","model":"a/b","status":"\#(status)","phase":"\#(phase)","progress":0.5}"#
    }

    @Test func aJobIsFollowedThroughAnOutage() async throws {
        let time = TestTime()
        let transport = ScriptedTransport([
            .answered(
                .get,
                Self.jobs + "/job_01jd9f0q8v7k2m3n4p5q6r7s8t?wait=",
                status: 200,
                body: Self.job("in_progress")
            ),
            .failed(.get, Self.jobs + "/job_01jd9f0q8v7k2m3n4p5q6r7s8t?wait=", .lost),
            .failed(.get, Self.jobs + "/job_01jd9f0q8v7k2m3n4p5q6r7s8t?wait=", .refused),
            .answered(.get, Self.jobs + "/job_01jd9f0q8v7k2m3n4p5q6r7s8t?wait=", status: 503, body: Self.error),
            .answered(
                .get,
                Self.jobs + "/job_01jd9f0q8v7k2m3n4p5q6r7s8t?wait=",
                status: 200,
                body: Self.job("in_progress")
            ),
            .answered(
                .get,
                Self.jobs + "/job_01jd9f0q8v7k2m3n4p5q6r7s8t?wait=",
                status: 200,
                body: Self.job("completed")
            ),
        ])
        let follower = JobFollower(client: time.client(transport), environment: time.environment)
        let job = try await follower.follow(
            ["id": "job_01jd9f0q8v7k2m3n4p5q6r7s8t", "status": "queued"],
            since: time.environment.bootSeconds(),
            on: JobScreen(isQuiet: true)
        )
        #expect(job["status"] == "completed")
        #expect(transport.exchangesLeft == 0)
        // A service that does not wait is not asked without a pause.
        #expect(time.sleeps.withLock { $0 }.allSatisfy { $0 >= 0.2 })
    }

    @Test func aSilentServiceIsGivenUpAfterAWhile() async throws {
        let time = TestTime()
        let transport = ScriptedTransport((0..<301).map { _ in .failed(.get, Self.jobs, .refused) })
        let failure = try await #require(throws: ClientFailure.self) {
            _ = try await JobFollower(client: time.client(transport), environment: time.environment).follow(
                ["id": "job_01jd9f0q8v7k2m3n4p5q6r7s8t", "status": "queued"],
                since: time.environment.bootSeconds(),
                on: JobScreen(isQuiet: true)
            )
        }
        #expect(failure.description.hasSuffix("look again with `mediary jobs watch job_01jd9f0q8v7k2m3n4p5q6r7s8t`."))
        #expect(transport.exchangesLeft == 0)
    }

    @Test func aRevokedKeyEndsTheWatch() async throws {
        let time = TestTime()
        let transport = ScriptedTransport([.answered(.get, Self.jobs, status: 401, body: Self.error)])
        await #expect(throws: ClientFailure.self) {
            try await JobFollower(client: time.client(transport), environment: time.environment).follow(
                ["id": "job_01jd9f0q8v7k2m3n4p5q6r7s8t", "status": "queued"],
                since: 0,
                on: JobScreen(isQuiet: true)
            )
        }
    }

    @Test(arguments: ["../../keys", "job_01jd9f0q8v7k2m3n4p5q6r7s8v"])
    func anotherIdIsNotFollowed(id: String) async throws {
        let time = TestTime()
        let transport = ScriptedTransport([
            .answered(.get, Self.jobs, status: 200, body: #"{"id":"\#(id)","status":"completed"}"#)
        ])
        let failure = try await #require(throws: ClientFailure.self) {
            _ = try await JobFollower(client: time.client(transport), environment: time.environment).follow(
                ["id": "job_01jd9f0q8v7k2m3n4p5q6r7s8t", "status": "queued"],
                since: 0,
                on: JobScreen(isQuiet: true)
            )
        }
        #expect(failure.description == "The service's answer names no job.")
    }

    // MARK: Saving

    private static func completed(_ contents: String...) -> JSONValue {
        let artifacts = contents.enumerated().map { index, content -> JSONValue in
            [
                "index": .integer(Int64(index)), "media_type": "image/png", "width": 3, "height": 2,
                "duration_seconds": .null, "bytes": .integer(Int64(content.utf8.count)),
                "sha256": .string(SHA256.hash(Array(content.utf8)).hex),
                "url": "http://elsewhere.example/not-asked",
            ]
        }
        return ["id": "job_01jd9f0q8v7k2m3n4p5q6r7s8t", "status": "completed", "artifacts": .array(artifacts)]
    }

    @Test func artifactsAreSavedUnderTheirNames() async throws {
        try await withTemporaryFolder { folder in
            let time = TestTime()
            let transport = ScriptedTransport([
                .answered(.get, Self.jobs + "/job_01jd9f0q8v7k2m3n4p5q6r7s8t/artifacts/0", status: 200, body: "one"),
                .answered(.get, Self.jobs + "/job_01jd9f0q8v7k2m3n4p5q6r7s8t/artifacts/1", status: 200, body: "two!"),
            ])
            let saved = try await ArtifactDownload(client: time.client(transport), environment: time.environment)
                .save(Self.completed("one", "two!"), to: Destination("\(folder)/out"), note: { _ in })
            #expect(saved.map(\.path) == ["\(folder)/out-1.png", "\(folder)/out-2.png"])
            #expect(saved.map(\.facts) == ["image/png, 3x2, 3 B", "image/png, 3x2, 4 B"])
            #expect(try String(contentsOfFile: saved[1].path, encoding: .utf8) == "two!")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["out-1.png", "out-2.png"])
        }
    }

    /// Names that nobody has typed: numbered, with an extension of the media type, of the job.
    @Test(arguments: [
        ("out.png", "out-2.png", 2), ("out", "out.png", 1), ("", "job_01jd9f0q8v7k2m3n4p5q6r7s8t.png", 1),
    ])
    func whatIsThereIsNotOverwritten(output: String, name: String, count: Int) async throws {
        try await withTemporaryFolder { folder in
            let time = TestTime()
            try Data("before".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            let transport = ScriptedTransport(
                (0..<count).map { _ in .answered(.get, Self.jobs, status: 200, body: "one") }
            )
            let failure = try await #require(throws: ClientFailure.self) {
                _ = try await ArtifactDownload(client: time.client(transport), environment: time.environment).save(
                    count == 1 ? Self.completed("one") : Self.completed("one", "one"),
                    to: Destination("\(folder)/\(output)"),
                    note: { _ in }
                )
            }
            #expect(
                failure.description.hasPrefix("\(folder)/\(name) is there already and is not overwritten. The job is")
            )
            #expect(try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) == "before")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == count)
        }
    }

    @Test func whatIsCutOffIsFetchedAgain() async throws {
        try await withTemporaryFolder { folder in
            let time = TestTime()
            let path = "\(folder)/out.png"
            try Data("before".utf8).write(to: URL(filePath: path))
            let transport = ScriptedTransport([
                .cut(.get, Self.jobs, status: 200, .lost),
                .answered(.get, Self.jobs, status: 200, body: "on"),
                .answered(.get, Self.jobs, status: 200, body: "one"),
            ])
            var notes: [String] = []
            _ = try await ArtifactDownload(client: time.client(transport), environment: time.environment)
                .save(Self.completed("one"), to: Destination(path), note: { notes.append($0) })
            #expect(notes.count == 2)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "one")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.png"])
        }
    }

    @Test(arguments: ["onf", "on", "one and more"]) func whatIsNotWholeIsNotSaved(body: String) async throws {
        try await withTemporaryFolder { folder in
            let time = TestTime()
            let path = "\(folder)/out.png"
            try Data("before".utf8).write(to: URL(filePath: path))
            let transport = ScriptedTransport(
                (0..<3).map { _ in .answered(.get, Self.jobs, status: 200, body: body) }
            )
            let failure = try await #require(throws: ClientFailure.self) {
                _ = try await ArtifactDownload(client: time.client(transport), environment: time.environment)
                    .save(Self.completed("one"), to: Destination(path), note: { _ in })
            }
            #expect(failure.description.contains("`mediary jobs watch job_01jd9f0q8v7k2m3n4p5q6r7s8t -o FILE`"))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "before")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.png"])
        }
    }
}
