import Foundation
import Generation
import JobStoreSQLite
import ServiceHarness
import Testing

/// What an operator does with the real program.
@Suite(.keepsEvidence) struct OperationTests {
    @Test func aSecondServiceOfAFolderIsRefused() async throws {
        let installation = try Installation("lock")
        let (second, isFirstAlive, third) = try await Gate.machine.run {
            let first = try installation.serve()
            let second = try installation.command(["serve", "--port", "0"], within: 20)
            let isFirstAlive = try first.client.exchange("GET", "/healthz").status == 200
            try first.kill()
            // The kernel gives the lock back, however the first one ended.
            let third = try installation.serve()
            try third.stop()
            return (second, isFirstAlive, third.log)
        }
        #expect(second.ending != .exited(0))
        #expect(second.errors.contains("Another mediary serves from \(installation.data)"))
        #expect(isFirstAlive)
        #expect(third.contains("listening"))
        installation.remove()
    }

    /// Two versions of the program on one folder: the newer leaves the database alone while the older serves, and the
    /// older stops when the database has become newer all the same.
    @Test func twoVersionsDoNotShareADatabase() async throws {
        let installation = try Installation("versions")
        let known = SQLiteJobStore.schemaKnown
        @Sendable func become(_ version: Int64) throws {
            let code = """
                import sqlite3
                database = sqlite3.connect("\(installation.data)/mediary.sqlite", timeout=20)
                database.execute("PRAGMA user_version = \(version)")
                database.commit()
                """
            let result = try installation.run("/usr/bin/env", ["python3", "-c", code], within: 60)
            guard result.ending == .exited(0) else { throw Unexpected("\(result.ending) \(result.errors)") }
        }
        let (refused, same, ending, log, newer) = try await Gate.machine.run {
            let service = try installation.serve()
            // What the service would have made, had it been the version before.
            try become(known - 1)
            let refused = try installation.command(["keys", "list"])
            try become(known)
            let same = try installation.command(["keys", "list"])
            try become(known + 1)
            let ending = try service.child.waitForEnd(within: 60)
            return (refused, same, ending, service.log, try installation.command(["keys", "list"]))
        }
        #expect(refused.ending != .exited(0))
        #expect(
            refused.errors.contains("has version \(known - 1), this mediary makes it \(known)"),
            "\(refused.errors)"
        )
        #expect(same.ending == .exited(0), "\(same.errors)")
        #expect(ending == .exited(0), "\(log)")
        let told = log.split(separator: "\n").filter { $0.contains("a newer mediary has changed the database") }
        #expect(told.count == 1, "\(log)")
        #expect(newer.ending != .exited(0) && newer.errors.contains("of a newer mediary"), "\(newer.errors)")
        installation.remove()
    }

    @Test func aRevokedKeyIsRefusedWithinASecond() async throws {
        let installation = try Installation("revoked")
        let (before, seconds, jobs) = try await Gate.machine.run {
            let service = try installation.serve()
            let client = service.client
            let before = try client.exchange("GET", "/api/v1/jobs").status
            guard case .array(let keys) = try installation.json("keys", "list"),
                let hash = keys.first?["hash"]?.stringValue
            else { throw Unexpected("no key is listed") }
            _ = try installation.json("keys", "revoke", hash)
            let start = ContinuousClock.now
            try poll("the refusal of the revoked key", within: 10, every: 0.01) {
                try client.exchange("GET", "/api/v1/jobs").status == 401 ? () : nil
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let refused = try client.submit(
                ["type": "image", "model": "sandbox/image", "prompt": "too late"],
                idempotencyKey: "too-late"
            )
            guard refused.status == 401 else { throw Unexpected("\(refused.status) \(refused.text)") }
            try service.stop()
            return (before, seconds, try installation.json("audit")["database"]?["jobs"]?.integerValue)
        }
        #expect(before == 200)
        #expect(seconds < 1)
        #expect(jobs == 0)
        installation.remove()
    }

    @Test func aJobIsShownOnTheCommandLine() async throws {
        let installation = try Installation("show")
        let (posted, shown, text) = try await Gate.machine.run {
            let service = try installation.serve()
            let posted = try service.client.submit(
                ["type": "speech", "model": "sandbox/speech", "input": "shown", "voice": "alloy"],
                idempotencyKey: "shown"
            )
            let id = posted.json["id"]?.stringValue ?? ""
            _ = try service.client.waitForEnd(of: id, within: 20)
            let settings = [
                "MEDIARY_URL": "http://127.0.0.1:\(service.port)", "MEDIARY_API_KEY": installation.key,
            ]
            let shown = try installation.json("jobs", "show", id, settings: settings)
            let text = try installation.command(["jobs", "show", id], settings)
            try service.stop()
            return (posted, shown, text)
        }
        #expect(posted.status == 202)
        #expect(shown["id"] == posted.json["id"])
        #expect(shown["status"] == "completed")
        #expect(text.ending == .exited(0))
        #expect(text.output.contains("completed"))
        installation.remove()
    }

    @Test func theDemoMakesThreeRealArtifacts() async throws {
        let installation = try Installation("demo")
        let (result, video, image, speech) = try await Gate.machine.run(weight: 2) {
            let result = try installation.command(["demo"], within: 90)
            guard result.ending == .exited(0) else {
                throw Unexpected("\(result.ending)\n\(result.output)\(result.errors)")
            }
            let probes = try ["video.mp4", "image.png", "speech.wav"].map { name in
                let line = result.output.split(separator: "\n").first { $0.hasSuffix("/out/\(name)") }
                guard let path = line?.trimmingCharacters(in: .whitespaces) else {
                    throw Unexpected("no \(name)\n\(result.output)")
                }
                return try MediaProbe(path)
            }
            return (result, probes[0], probes[1], probes[2])
        }
        // As the demo asks: 5 s at 720p, 16:9, with sound; a picture; speech as WAV.
        try video.checkVideo(codec: "h264", width: 1_280, height: 720, seconds: 5, framesPerSecond: 24)
        #expect(video.audio?["codec_name"] == "aac")
        let picture = try #require(image.video)
        #expect(picture["codec_name"] == "png")
        #expect(picture["width"] == 1_024 && picture["height"] == 1_024)
        #expect(speech.audio?["codec_name"] == "pcm_s16le")
        let seconds = speech.format?["duration"]?.stringValue.flatMap { Double($0) } ?? 0
        #expect((1...10).contains(seconds))
        #expect(result.output.contains("audit: 3 jobs"))
        #expect(result.output.contains("no violation"))
        #expect(result.output.components(separatedBy: "cost 0.").count == 4)
        #expect(installation.workers().isEmpty)
        installation.remove()
    }
}
