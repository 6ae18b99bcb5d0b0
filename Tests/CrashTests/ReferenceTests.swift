import Foundation
import Generation
import Ledger
import ServiceHarness
import Testing

/// References by URL with the real program, transport and stores.
@Suite(.keepsEvidence) struct ReferenceTests {
    /// One transparent pixel.
    private static let png = Array(
        Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        ) ?? Data()
    )
    private static let settings = ["MEDIARY_ALLOW_NETWORKS": "127.0.0.0/8"]

    private static func job(_ url: String) -> JSONValue {
        [
            "type": "video", "model": "sandbox/video", "prompt": "from here", "duration": 2,
            "frame_images": [["type": "image_url", "frame_type": "first_frame", "image_url": ["url": .string(url)]]],
        ]
    }

    /// Posts a job and waits for its end.
    private static func end(_ url: String, _ client: ServiceClient) throws -> JSONValue {
        let posted = try client.submit(job(url), idempotencyKey: url)
        guard posted.status == 202, let id = posted.json["id"]?.stringValue else {
            throw Unexpected("\(posted.status) \(posted.text)")
        }
        return try client.waitForEnd(of: id, within: 60)
    }

    @Test func whatAURLGivesIsSent() async throws {
        let installation = try Installation("references")
        let (jobs, targets, log, aftermath) = try await Gate.machine.run {
            let web = try LocalWeb { target, number in
                switch target {
                case "/ok?signature=secret":
                    LocalWeb.Reply(200, headers: [("Content-Type", "text/html")], body: Self.png)
                case "/flaky" where number < 3: LocalWeb.Reply(503)
                case "/flaky", "/home": LocalWeb.Reply(200, body: Self.png)
                case "/hop": LocalWeb.Reply(302, headers: [("Location", "/home")])
                case "/page": LocalWeb.Reply(200, headers: [("Content-Type", "image/png")], body: Array("<html>".utf8))
                case "/metadata": LocalWeb.Reply(302, headers: [("Location", "http://169.254.169.254/latest")])
                case "/file": LocalWeb.Reply(302, headers: [("Location", "file:///etc/passwd")])
                case "/loop": LocalWeb.Reply(302, headers: [("Location", "/loop")])
                case _: LocalWeb.Reply(404)
                }
            }
            let service = try installation.serve(Self.settings)
            var jobs: [String: JSONValue] = [:]
            for target in Self.endings.map(\.target) { jobs[target] = try Self.end(web.url(target), service.client) }
            try service.stop()
            return (jobs, web.targets, service.log, try Aftermath(installation))
        }
        for (target, status, words) in Self.endings {
            #expect(jobs[target]?["status"]?.stringValue == status, "\(target)")
            let message = jobs[target]?["error"]?["message"]?.stringValue
            #expect(words.map { message?.contains($0) == true } ?? (message == nil), "\(target): \(message ?? "")")
        }
        #expect(targets.count { $0 == "/flaky" } == 3)
        #expect(targets.count { $0 == "/ok?signature=secret" } == 1)
        #expect(!log.contains("secret"))
        let spent = try jobs.values.map(Ending.cost).reduce(Credits.zero) { try $0.adding($1) }
        try aftermath.check(spent: spent, jobs: jobs.count)
        installation.remove()
    }

    private static let endings: [(target: String, status: String, words: String?)] = [
        ("/ok?signature=secret", "completed", nil), ("/flaky", "completed", nil), ("/hop", "completed", nil),
        ("/gone", "failed", "answered 404"), ("/page", "failed", "not an image"),
        ("/metadata", "failed", "not public"), ("/file", "failed", "redirect"), ("/loop", "failed", "redirect"),
    ]

    @Test func aCrashAfterTheRecordFetchesNothingAgain() async throws {
        let installation = try Installation("references-crash")
        let (job, targets, aftermath) = try await Gate.machine.run {
            let web = try LocalWeb { _, number in
                number == 1 ? LocalWeb.Reply(200, body: Self.png) : LocalWeb.Reply(404)
            }
            let url = web.url("/once")
            let doomed = try installation.serve(
                Self.settings.merging(["MEDIARY_TEST_CRASH_AT": "referenced:1"]) { $1 }
            )
            _ = try? doomed.client.submit(Self.job(url), idempotencyKey: url)
            let end = try doomed.child.waitForEnd(within: 30)
            guard end == .signalled(SIGKILL) else { throw Unexpected("\(end) instead of a crash\n\(doomed.log)") }
            let service = try installation.serve(Self.settings)
            let job = try Self.end(url, service.client)
            try service.stop()
            return (job, web.targets, try Aftermath(installation))
        }
        #expect(job["status"] == "completed", "\(job.canonicalText)")
        #expect(targets == ["/once"])
        try aftermath.check(spent: Ending.cost(of: job), jobs: 1)
        installation.remove()
    }

    @Test func aStopDoesNotWaitForAReference() async throws {
        let installation = try Installation("references-stop")
        let (seconds, job, aftermath) = try await Gate.machine.run {
            let web = try LocalWeb { _, number in
                LocalWeb.Reply(200, body: Self.png, holdSeconds: number == 1 ? 30 : 0)
            }
            let url = web.url("/slow")
            let service = try installation.serve(Self.settings)
            _ = try service.client.submit(Self.job(url), idempotencyKey: url)
            try poll("the fetch", within: 20) { web.targets.isEmpty ? nil : () }
            let start = ContinuousClock.now
            try service.stop()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let second = try installation.serve(Self.settings)
            let job = try Self.end(url, second.client)
            try second.stop()
            return (seconds, job, try Aftermath(installation))
        }
        #expect(seconds < 15)
        #expect(job["status"] == "completed", "\(job.canonicalText)")
        try aftermath.check(spent: Ending.cost(of: job), jobs: 1)
        installation.remove()
    }
}
