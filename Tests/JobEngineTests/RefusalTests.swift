import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@Suite("A submit that was refused, for certain")
struct RefusalTests {
    private func failure(_ harness: EngineHarness, _ id: JobID) async throws -> JobFailure? {
        guard case .failed(let failure) = try await harness.end(of: id).state else { return nil }
        return failure
    }

    @Test("a wrong request is not tried again, and costs nothing")
    func wrongRequest() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .refuse(400) }
            let node = try harness.startedNode()
            let id = try await node.submit()
            let failure = try await failure(harness, id)
            #expect(failure?.code == .invalidRequest && failure?.retryable == false)
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.attempts(id).map(\.state) == [.refused])
            #expect(try await harness.spent() == .zero)
            try await harness.expectSound([id])
        }
    }

    @Test("429: the job goes back to the queue uncounted, and its lane rests as long as the provider said")
    func rateLimited() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = {
                $0.prompt == "first" && $0.number <= 5
                    ? .refuse(429, headers: [("retry-after", "30")]) : .accept()
            }
            let node = try harness.startedNode()
            let first = try await node.submit("first")
            try await harness.until("the refusal is heard") { harness.provider.submits.count == 1 }
            await harness.world.settle()
            let refusedAt = harness.clock.now
            let waiting = try await harness.job(first)
            guard case .queued(let queued) = waiting.state else {
                Issue.record("\(waiting.state)")
                return
            }
            #expect(queued.tally.begun == 1 && queued.tally.counted == 0)
            #expect(queued.availableAt.seconds(since: refusedAt) == 30)
            let second = try await node.submit("second")
            try await harness.clock.sleep(29)
            #expect(harness.provider.submits.count == 1)
            for id in [first, second] {
                let state = try await harness.end(of: id).state.name
                #expect(state == .completed)
            }
            // Six sends, each at least a pause after the one before; none but the last counts.
            let sends = harness.provider.submits(of: "first").map(\.at)
            #expect(sends.count == 6)
            #expect(zip(sends, sends.dropFirst()).allSatisfy { $1.seconds(since: $0) >= 30 })
            #expect(try await harness.attempts(first).map(\.start.number) == [1, 2, 3, 4, 5, 6])
            #expect(Set(harness.provider.submits(of: "first").map(\.token)).count == 6)
            try await harness.expectSound([first, second])
        }
    }

    @Test("a documented unbilled 503 and a connection that cannot be made do not count either", arguments: [503, 0])
    func unavailable(status: Int) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = {
                $0.number <= 5 ? status == 0 ? .noConnection : .refuse(status) : .accept()
            }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            let refused = [AttemptState](repeating: .refused, count: 5)
            #expect(try await harness.attempts(id).map(\.state) == refused + [.accepted])
            // The pauses grow.
            let sends = harness.provider.submits.map(\.at)
            let pauses = zip(sends, sends.dropFirst()).map { $1.seconds(since: $0) }
            #expect(pauses.allSatisfy { $0 >= 0.7 } && pauses.reduce(0, +) >= 20)
            try await harness.expectSound([id])
        }
    }

    @Test("an unbilled failure of the provider's own counts: three attempts, then the job has failed")
    func threeAttempts() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .refuse(502) }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await failure(harness, id)?.code == .unknown)
            #expect(harness.provider.submits.count == 3)
            try await harness.expectSound([id])
        }
    }

    @Test("a provider that stays away: the job expires and is refunded")
    func staysAway() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .noConnection }
            let node = try harness.startedNode()
            let id = try await node.submit()
            let job = try await harness.end(of: id)
            #expect(job.state == .expired)
            // The model's deadline counts from the first send.
            #expect(try #require(job.finishedAt).seconds(since: job.admitted.createdAt) < 1_000)
            try await harness.expectSound([id])
        }
    }

    @Test("a generation that failed unbilled is tried again; a billed one is not, and costs the client nothing")
    func failedGeneration() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.status = { generation, _ in
                if generation.prompt == "billed" { return .failed(code: "unknown", billed: true) }
                return generation.id == "gen-1" ? .failed(code: "unknown", billed: false) : nil
            }
            let node = try harness.startedNode()
            let unbilled = try await node.submit("unbilled")
            #expect(try await harness.end(of: unbilled).state.name == .completed)
            #expect(harness.provider.submits.count == 2)
            let billed = try await node.submit("billed")
            #expect(try await failure(harness, billed)?.code == .unknown)
            #expect(harness.provider.submits(of: "billed").count == 1)
            try await harness.expectSound([unbilled, billed])
        }
    }

    @Test("a generation that the provider no longer knows is asked for three times, then refunded")
    func lostGeneration() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.status = { generation, _ in
                switch generation.prompt {
                case "lost": .status(404)
                case _: generation.polls == 1 ? .status(404) : nil
                }
            }
            let node = try harness.startedNode()
            let lost = try await node.submit("lost")
            let found = try await node.submit("found again")
            #expect(try await failure(harness, lost)?.code == .notFound)
            #expect(harness.provider.generations(of: "lost").map(\.polls) == [3])
            #expect(try await harness.end(of: found).state.name == .completed)
            try await harness.expectSound([lost, found])
        }
    }

    @Test("a poll that fails says nothing about the generation: it is asked again")
    func failingPolls() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.status = { generation, _ in
                switch generation.polls {
                case 1...4: .status(500)
                case 5...8: .noConnection
                case 9...12: .status(429)
                case _: nil
                }
            }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("a send that the database did not record is not made; the job is tried again")
    func databaseAway() async throws {
        try await EngineHarness.run { harness in
            let faults = Countdown(0)
            let node = try harness.startedNode(fault: { operation in
                operation == "commit" && faults.take() ? .fails : nil
            })
            // The intent is committed; the gate's commit fails.
            faults.arm(after: 1, count: 1)
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.attempts(id).map(\.state) == [.refused, .accepted])
            try await harness.expectSound([id])
        }
    }

    @Test("a commit of `sending` whose answer was lost: nothing is sent on it")
    func unknownCommit() async throws {
        try await EngineHarness.run { harness in
            let faults = Countdown(0)
            let node = try harness.startedNode(fault: { operation in
                operation == "commit" && faults.take() ? .failsAfterwards : nil
            })
            faults.arm(after: 1, count: 1)
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.attempts(id).map(\.state) == [.refused, .accepted])
            try await harness.expectSound([id])
        }
    }

    @Test("what fails on this side does not hold up the lane's other jobs")
    func laneGoesOn() async throws {
        try await EngineHarness.run { harness in
            let faults = Countdown(0)
            let node = try harness.startedNode(fault: { operation in
                operation == "commit" && faults.take() ? .fails : nil
            })
            faults.arm(after: 1, count: 1)
            let first = try await node.submit("first")
            try await harness.until("the gate has failed") {
                let isHeard = harness.log.all.contains { $0.contains("submit failed") }
                let state = try await harness.state(first)
                return isHeard && state == .queued
            }
            let submittedAt = harness.clock.bootSeconds
            let second = try await node.submit("second")
            try await harness.until("the second is sent") { harness.provider.submits(of: "second").count == 1 }
            #expect(harness.clock.bootSeconds - submittedAt < 0.2)
            for id in [first, second] { try await harness.end(of: id) }
            try await harness.expectSound([first, second])
        }
    }

    @Test("a waiting job whose endpoint is no longer configured expires, and is refunded")
    func notConfigured() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            var parameters = JobParameters()
            parameters.expiresAfterSeconds = 600
            let id = try await node.submit(parameters: parameters)
            // Nobody has the lane any more: only the job's deadline ends it.
            try harness.node(models: ["fake/other"]).start()
            try await harness.clock.sleep(610)
            #expect(try await harness.job(id).state == .expired)
            try await harness.expectSound([id])
        }
    }
}
