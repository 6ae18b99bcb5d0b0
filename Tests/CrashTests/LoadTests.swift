import Foundation
import Generation
import JobCore
import Ledger
import ServiceHarness
import Synchronization
import Testing

/// Many clients at once at the real program.
@Suite(.keepsEvidence) struct LoadTests {
    private static let clients = 64
    private static let jobs = 1_000

    @Test func aThousandJobsOfManyClientsAllEndWithEventsWithoutGaps() async throws {
        let installation = try Installation("load")
        let endings = Mutex<[String: [ServerEvent]]>([:])
        let (seconds, after) = try await Gate.machine.run(weight: 3) {
            let service = try installation.serve()
            let client = service.client
            let start = ContinuousClock.now
            let clients = Clients(Self.clients) { number in
                let names = stride(from: number, to: Self.jobs, by: Self.clients).map { "job-\($0)" }
                // Half of them follow each job as it goes; half come back later and have everything replayed.
                let isLive = number % 2 == 0
                var ids: [String] = []
                for name in names {
                    let id = try Self.submit(name, client)
                    ids.append(id)
                    if isLive { try endings.follow(id, client) }
                }
                if !isLive { for id in ids { try endings.follow(id, client) } }
            }
            try clients.finish()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try service.stop()
            return (seconds, try Aftermath(installation))
        }

        print("load: \(Self.jobs) jobs of \(Self.clients) clients in \(seconds) s")
        let all = endings.withLock { $0 }
        #expect(all.count == Self.jobs)
        var spent = Credits.zero
        for (_, events) in all {
            let job = events.last?.data ?? .null
            Ending.check(events, of: job)
            #expect(job["status"] == "completed")
            spent = try spent.adding(Ending.cost(of: job))
        }
        #expect(spent == Credits(usd: "10"))
        try after.check(spent: spent, jobs: Self.jobs)
        installation.remove()
    }

    @Test func aBalanceForTenJobsGivesExactlyTen() async throws {
        let installation = try Installation("race")
        let (answers, endings, after) = try await Gate.machine.run {
            let service = try installation.serve()
            // The commands work beside the running service.
            let made = try installation.json("keys", "create", "--name", "race", "--workspace", "race")
            _ = try installation.json("credits", "grant", "--workspace", "race", "--amount", "0.10")
            guard let key = made["key"]?.stringValue else { throw Unexpected("no key") }
            let client = ServiceClient(port: service.port, key: key)
            let answers = Mutex<[HTTPAnswer]>([])
            let start = DispatchSemaphore(value: 0)
            let clients = Clients(Self.clients) { number in
                start.wait()
                let answer = try client.submit(Self.job("racer-\(number)"), idempotencyKey: "racer-\(number)")
                answers.withLock { $0.append(answer) }
            }
            for _ in 0..<Self.clients { start.signal() }
            try clients.finish()
            let all = answers.withLock { $0 }
            let endings = try all.filter { $0.status == 202 }.map { answer in
                let id = answer.json["id"]?.stringValue ?? ""
                _ = try client.waitForEnd(of: id, within: 20)
                return try Ending(of: id, client)
            }
            try service.stop()
            return (all, endings, try Aftermath(installation, workspace: "race"))
        }
        #expect(answers.count { $0.status == 202 } == 10)
        #expect(answers.count { $0.status == 402 } == 54)
        for answer in answers where answer.status == 402 {
            #expect(answer.json["error"]?["code"]?.integerValue == 402)
        }
        var spent = Credits.zero
        for ending in endings {
            ending.check()
            #expect(ending.status == "completed")
            spent = try spent.adding(ending.cost)
        }
        try after.check(granted: "0.10", spent: spent, jobs: 10)
        #expect(after.available == .zero)
        installation.remove()
    }

    @Test func aServiceThatIsToldToStopUnderLoadLosesNothing() async throws {
        let installation = try Installation("stop")
        let accepted = Mutex<[String]>([])
        let (seconds, endings, after) = try await Gate.machine.run {
            let service = try installation.serve()
            let client = service.client
            let clients = Clients(8) { number in
                // Until the service answers no more.
                for count in 1... {
                    let name = "client-\(number)-job-\(count)"
                    guard let answer = try? client.submit(Self.job(name, delay: 400), idempotencyKey: name) else {
                        return
                    }
                    if answer.status == 503 { return }
                    guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
                        throw Unexpected("\(name): \(answer.status) \(answer.text)")
                    }
                    accepted.withLock { $0.append(id) }
                    usleep(20_000)
                }
            }
            // One who waits for a job and one who follows it are answered, and do not hold up the end.
            let slow = try Self.submit("slow", client, Self.job("slow", delay: 8_000))
            let patient = Clients(2) { number in
                if number == 0 {
                    let job = try client.job(slow, waitSeconds: 60)
                    if job["status"] != "in_progress" { throw Unexpected(job.canonicalText) }
                } else {
                    let events = try client.events(of: slow)
                    if events.isEmpty { throw Unexpected("no event") }
                }
            }
            let video = try Self.submit(
                "video",
                client,
                [
                    "type": "video", "model": "studio/motion", "prompt": "interrupted", "duration": 5,
                    "resolution": "720p",
                ]
            )
            usleep(1_500_000)
            let start = ContinuousClock.now
            try service.stop(within: 30)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try patient.finish()
            try clients.finish()

            let next = try installation.serve()
            try poll("the end of all jobs", within: 60, every: 0.1) {
                try next.client.count(status: "queued,in_progress") == 0 ? () : nil
            }
            let endings = try (accepted.withLock { $0 } + [slow, video]).map { try Ending(of: $0, next.client) }
            try next.stop()
            return (seconds, endings, try Aftermath(installation))
        }
        print("stop: \(endings.count) jobs accepted, stopped in \(seconds) s")
        #expect(endings.count > 8)
        var spent = Credits.zero
        for ending in endings {
            ending.check()
            #expect(ending.status == "completed")
            spent = try spent.adding(ending.cost)
        }
        // One that was accepted while its answer was cut would be a job too: the audit counts all.
        #expect(after.audit.json["database"]?["jobs"]?.integerValue ?? 0 >= Int64(endings.count))
        #expect(Set(after.submits.compactMap(\.token)).count == after.submits.count)
        #expect(after.audit.ending == .exited(0), "\(after.audit.output)")
        #expect(after.held == .zero)
        installation.remove()
    }

    private static func submit(_ name: String, _ client: ServiceClient, _ body: JSONValue? = nil) throws -> String {
        let answer = try client.submit(body ?? job(name), idempotencyKey: name)
        guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
            throw Unexpected("\(name): \(answer.status) \(answer.text)")
        }
        return id
    }

    private static func job(_ name: String, delay: Int64 = 50) -> JSONValue {
        [
            "type": "image", "model": "sandbox/image", "prompt": .string(name),
            "provider": ["options": ["fake-provider": ["delay_ms": .integer(delay), "progress_steps": 2]]],
        ]
    }
}

extension Mutex where Value == [String: [ServerEvent]] {
    /// Reads a job's events to their end.
    fileprivate func follow(_ id: String, _ client: ServiceClient) throws {
        let events = try client.events(of: id)
        withLock { $0[id] = events }
    }
}
