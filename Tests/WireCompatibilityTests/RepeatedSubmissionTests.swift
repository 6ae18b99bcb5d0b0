import Generation
import Ledger
import ServiceHarness
import Synchronization
import Testing

/// OpenRouter's official SDK repeats a submission by itself, for an hour and without any key: it must not pay twice.
///
/// It does after a time-out and after a reset (`httpx.NetworkError`), not after a clean close, so the proxy resets.
@Suite(.keepsEvidence, .enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct RepeatedSubmissionTests {
    private static let runs = 500

    private static func submit(
        _ runs: Int,
        by clients: Int,
        over proxy: CuttingProxy,
        to port: Int,
        _ installation: Installation
    ) async throws -> JSONValue {
        try await PythonClients.run(
            "openrouter_repeats.py",
            [
                "http://127.0.0.1:\(port)", installation.key, "http://127.0.0.1:\(proxy.port)", "\(runs)",
                "\(clients)",
            ]
        )
    }

    /// Cuts a run's first request between the commit and the answer, and of every fourth run the second one as well.
    private static func cutter() -> @Sendable (CuttingProxy.Request) -> Double? {
        let seen = SeenRuns()
        return { request in
            let line = request.text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("x-run: ") }
            guard let run = line.flatMap({ Int($0.dropFirst("x-run: ".count)) }) else { return nil }
            return seen.count(run) <= (run % 4 == 0 ? 2 : 1) ? 0.2 + Double(run % 11) / 50 : nil
        }
    }

    @Test func fiveHundredCutSubmissionsAreFiveHundredJobs() async throws {
        let installation = try Installation("sdk-repeats")
        // Longer than any cut takes: no answer is written in the moment of a cut.
        let service = try await Gate.machine.run(weight: 3) {
            try installation.serve(["MEDIARY_TEST_CRASH_AT": "admitted:1000:pause"])
        }
        defer { service.child.end() }
        let proxy = try CuttingProxy(to: service.port, resetting: true, cut: Self.cutter())
        let report = try await Self.submit(Self.runs, by: 50, over: proxy, to: service.port, installation)
        proxy.stop()
        let after = try await Gate.machine.run {
            try poll("the end of all jobs", within: 60, every: 0.1) {
                try service.client.count(status: "queued,in_progress") == 0 ? () : nil
            }
            try service.stop()
            return try Aftermath(installation)
        }
        #expect(report["answered"]?.integerValue == Int64(Self.runs))
        #expect(report["different"]?.integerValue == Int64(Self.runs))
        // The window is really hit.
        #expect(proxy.cutCount > Self.runs * 3 / 4)
        // One second of video is 0.05 US dollars.
        try after.check(spent: try #require(Credits(usd: "25")), jobs: Self.runs)
        #expect(after.submits.count == Self.runs)
        installation.remove()
    }

    @Test func callsThatAreCutWhileTheyWaitArePaidOnce() async throws {
        let runs = 60
        let installation = try Installation("sdk-waiting")
        let service = try await Gate.machine.run(weight: 3) { try installation.serve() }
        defer { service.child.end() }
        // Well before there is anything of an answer, which takes a second and a half.
        let seen = SeenRuns()
        let proxy = try CuttingProxy(to: service.port, resetting: true) { request in
            let line = request.text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("x-run: ") }
            guard let run = line.flatMap({ Int($0.dropFirst("x-run: ".count)) }) else { return nil }
            return seen.count(run) == 1 ? 0.3 + Double(run % 7) / 50 : nil
        }
        let report = try await PythonClients.run(
            "openrouter_waiting.py",
            [
                "http://127.0.0.1:\(service.port)", installation.key, "http://127.0.0.1:\(proxy.port)", "\(runs)",
                "12",
            ]
        )
        proxy.stop()
        let after = try await Gate.machine.run {
            try poll("the end of all jobs", within: 60, every: 0.1) {
                try service.client.count(status: "queued,in_progress") == 0 ? () : nil
            }
            try service.stop()
            return try Aftermath(installation)
        }
        #expect(report["spoken"] == report["different"])
        #expect(proxy.cutCount > runs * 3 / 4)
        // An image is 0.01 US dollars; `run 1` has five characters of 0.000015.
        try after.check(spent: try #require(Credits(usd: "0.30225")), jobs: runs)
        #expect(after.submits.count == runs)
        installation.remove()
    }

    @Test func aServiceThatIsKilledAfterTheCommitHasOneJobInTheEnd() async throws {
        let installation = try Installation("sdk-killed")
        let doomed = try await Gate.machine.run { try installation.serve(["MEDIARY_TEST_CRASH_AT": "admitted"]) }
        let proxy = try CuttingProxy(to: doomed.port, resetting: true) { _ in nil }
        async let report = Self.submit(1, by: 1, over: proxy, to: doomed.port, installation)
        let service = try await Gate.machine.run {
            _ = try doomed.child.waitForEnd(within: 30)
            return try installation.serve()
        }
        defer { service.child.end() }
        proxy.turn(to: service.port)
        #expect(try await report["answered"] == 1)
        proxy.stop()
        let after = try await Gate.machine.run {
            try poll("the end of the job", within: 60, every: 0.1) {
                try service.client.count(status: "queued,in_progress") == 0 ? () : nil
            }
            try service.stop()
            return try Aftermath(installation)
        }
        try after.check(spent: try #require(Credits(usd: "0.05")), jobs: 1)
        #expect(after.submits.count == 1)
        installation.remove()
    }
}

/// How often each run was seen.
private final class SeenRuns: Sendable {
    private let counts = Mutex<[Int: Int]>([:])

    func count(_ run: Int) -> Int {
        counts.withLock { counts in
            counts[run, default: 0] += 1
            return counts[run] ?? 0
        }
    }
}
