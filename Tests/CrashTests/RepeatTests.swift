import Foundation
import Generation
import Ledger
import ServiceHarness
import Synchronization
import Testing

/// Clients of the real program that lose their answers, and repeat their requests without an idempotency key.
@Suite(.keepsEvidence) struct RepeatTests {
    private static let clients = 50
    private static let runs = 500

    private static func job(_ prompt: String) -> JSONValue {
        [
            "type": "image", "model": "sandbox/image", "prompt": .string(prompt),
            "provider": ["options": ["fake-provider": ["delay_ms": 5]]],
        ]
    }

    /// Repeats a request until it is answered, as the official clients do, but at once.
    private static func submit(_ prompt: String, _ client: ServiceClient, run: Int) throws -> HTTPAnswer {
        for number in 1...20 {
            let headers = [("X-Run", "\(run)"), ("X-Try", "\(number)")]
            let answer = try? client.exchange("POST", "/api/v1/jobs", headers: headers, body: job(prompt))
            if let answer { return answer }
        }
        throw Unexpected("run \(run) is never answered")
    }

    private static func id(_ answer: HTTPAnswer) throws -> String {
        guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
            throw Unexpected("\(answer.status) \(answer.text)")
        }
        return id
    }

    /// Where a run's connection is cut: in most after the commit, in some before or about it; in some twice.
    private static func cut(_ request: CuttingProxy.Request) -> Double? {
        func number(_ name: String) -> Int? {
            request.text.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }
                .flatMap { Int($0.dropFirst(name.count + 2)) }
        }
        guard let run = number("X-Run"), let attempt = number("X-Try") else { return nil }
        guard attempt <= (run % 4 == 0 ? 2 : 1) else { return nil }
        return run % 10 == 0 ? Double(run % 7) / 1_000 : 0.2 + Double(run % 11) / 50
    }

    @Test func fiveHundredRequestsThatAreCutAndRepeatedAreFiveHundredJobs() async throws {
        let installation = try Installation("repeats")
        let answers = Mutex<[HTTPAnswer]>([])
        let (cuts, after) = try await Gate.machine.run(weight: 3) {
            // Longer than any cut takes: no answer is written in the moment of a cut.
            let service = try installation.serve(["MEDIARY_TEST_CRASH_AT": "admitted:1000:pause"])
            let proxy = try CuttingProxy(to: service.port, cut: Self.cut)
            let client = ServiceClient(port: proxy.port, key: installation.key)
            let clients = Clients(Self.clients) { number in
                for run in stride(from: number, to: Self.runs, by: Self.clients) {
                    // Some requests are equal to many others that are under way at the same time.
                    let answer = try Self.submit("run \(run % 3 == 0 ? 0 : run % 40)", client, run: run)
                    answers.withLock { $0.append(answer) }
                }
            }
            try clients.finish()
            proxy.stop()
            try poll("the end of all jobs", within: 60, every: 0.1) {
                try service.client.count(status: "queued,in_progress") == 0 ? () : nil
            }
            try service.stop()
            return (proxy.cutCount, try Aftermath(installation))
        }
        let all = answers.withLock { $0 }
        let replays = all.filter { $0.headers["idempotent-replayed"] == "true" }
        print("repeats: \(cuts) connections cut, \(replays.count) jobs taken over")
        #expect(all.count == Self.runs)
        #expect(Set(try all.map { try Self.id($0) }).count == Self.runs)
        // The window is really hit.
        #expect(cuts > Self.runs * 3 / 4)
        #expect(replays.count > Self.runs / 2)
        try after.check(spent: try #require(Credits(usd: "5")), jobs: Self.runs)
        #expect(after.submits.count == Self.runs)
        installation.remove()
    }

    @Test func aRequestWhoseServiceWasKilledAfterTheCommitIsTakenOverByItsRepeat() async throws {
        let installation = try Installation("killed")
        let (repeated, next, after) = try await Gate.machine.run {
            let doomed = try installation.serve(["MEDIARY_TEST_CRASH_AT": "admitted"])
            if let answer = try? doomed.client.exchange("POST", "/api/v1/jobs", body: Self.job("killed")) {
                throw Unexpected("answered: \(answer.status) \(answer.text)")
            }
            _ = try doomed.child.waitForEnd(within: 10)
            let service = try installation.serve()
            let repeated = try service.client.exchange("POST", "/api/v1/jobs", body: Self.job("killed"))
            _ = try service.client.waitForEnd(of: try Self.id(repeated), within: 20)
            // Which was answered: a new job, then and in the next process.
            try service.stop()
            let last = try installation.serve()
            let next = try last.client.exchange("POST", "/api/v1/jobs", body: Self.job("killed"))
            _ = try last.client.waitForEnd(of: try Self.id(next), within: 20)
            try last.stop()
            return (repeated, next, try Aftermath(installation))
        }
        #expect(repeated.headers["idempotent-replayed"] == "true")
        #expect(next.headers["idempotent-replayed"] == nil)
        #expect(try Self.id(repeated) != Self.id(next))
        try after.check(spent: try #require(Credits(usd: "0.02")), jobs: 2)
        #expect(after.submits.count == 2)
        installation.remove()
    }

    @Test func anAnswerThatWasWrittenIsKnownAfterTheServiceWasKilled() async throws {
        let installation = try Installation("marked")
        let (first, second) = try await Gate.machine.run {
            let service = try installation.serve()
            let first = try service.client.exchange("POST", "/api/v1/jobs", body: Self.job("marked"))
            _ = try service.client.waitForEnd(of: try Self.id(first), within: 20)
            // The mark is written a moment after the answer.
            sleep(2)
            try service.kill()
            let next = try installation.serve()
            let second = try next.client.exchange("POST", "/api/v1/jobs", body: Self.job("marked"))
            _ = try next.client.waitForEnd(of: try Self.id(second), within: 20)
            try next.stop()
            return (first, second)
        }
        #expect(second.headers["idempotent-replayed"] == nil)
        #expect(try Self.id(first) != Self.id(second))
        installation.remove()
    }
}
