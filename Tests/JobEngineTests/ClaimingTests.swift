import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@Suite("Which job is next, and how many at once")
struct ClaimingTests {
    @Test("a lane's slots are used, and never exceeded, by all nodes together")
    func slots() async throws {
        try await EngineHarness.run { harness in
            let nodes = try (0..<3).map { _ in try harness.startedNode(slots: 4) }
            var ids: [JobID] = []
            for number in 0..<30 { ids.append(try await nodes[number % 3].submit("\(number)")) }
            for id in ids {
                let state = try await harness.end(of: id).state.name
                #expect(state == .completed)
            }
            #expect(harness.provider.concurrencyMax == 4)
            #expect(harness.provider.submits.count == 30)
            // 30 jobs of 10 seconds, 4 at once: little more than 80 seconds.
            #expect(harness.clock.bootSeconds < 120)
            try await harness.expectSound(ids)
        }
    }

    @Test("a slot that is free again is used at once")
    func nextAtOnce() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode(slots: 1)
            let first = try await node.submit("first")
            let second = try await node.submit("second")
            for id in [first, second] { try await harness.end(of: id) }
            let noticed = try #require(try await harness.events(first).first { $0.state == .storing }?.at)
            let sent = try #require(harness.provider.submits(of: "second").first?.at)
            #expect(sent.seconds(since: noticed) < 0.1)
            try await harness.expectSound([first, second])
        }
    }

    @Test("the rate budget holds in every minute, and is used")
    func rate() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode(submitsPerMinute: 6)
            var ids: [JobID] = []
            for number in 0..<25 { ids.append(try await node.submit("\(number)")) }
            for id in ids { try await harness.end(of: id) }
            let sends = harness.provider.submits.map(\.at)
            #expect(sends.count == 25)
            for send in sends {
                let inMinute = sends.count { $0 >= send && $0.seconds(since: send) < 60 }
                #expect(inMinute <= 6)
            }
            // Four full minutes, and the twenty-fifth after them.
            #expect(try #require(sends.last).seconds(since: sends[0]) < 242)
            try await harness.expectSound(ids)
        }
    }

    @Test("two workspaces share a lane fairly, however many jobs one of them has")
    func fairShare() async throws {
        try await EngineHarness.run { harness in
            let other = try await harness.addKey(workspace: "other")
            let client = try harness.node()
            for number in 0..<20 { _ = try await client.submit("many \(number)") }
            var few: [JobID] = []
            for number in 0..<5 { few.append(try await client.submit("few \(number)", key: other)) }
            _ = try harness.startedNode(slots: 2)
            for id in few { try await harness.end(of: id) }
            // Of the first ten submits each workspace has five.
            let first = harness.provider.submits.prefix(10).map(\.prompt)
            #expect(first.count { $0.hasPrefix("few") } == 5)
        }
    }

    @Test("within a workspace the priority decides, then the age")
    func priority() async throws {
        try await EngineHarness.run { harness in
            let client = try harness.node()
            var ids: [JobID] = []
            for (prompt, priority) in [("c", 0), ("a", 10), ("d", 0), ("e", -5), ("b", 10)] {
                var parameters = JobParameters()
                parameters.priority = priority
                ids.append(try await client.submit(prompt, parameters: parameters))
                try await harness.clock.sleep(0.01)
            }
            _ = try harness.startedNode(slots: 1)
            for id in ids { try await harness.end(of: id) }
            #expect(harness.provider.submits.map(\.prompt) == ["a", "b", "c", "d", "e"])
            try await harness.expectSound(ids)
        }
    }

    @Test("two workers on one store never both act on a job", arguments: 0..<10)
    func twoWorkers(seed: Int) async throws {
        try await EngineHarness.run(seed: UInt64(seed)) { harness in
            let nodes = try (0..<2).map { _ in try harness.startedNode() }
            var ids: [JobID] = []
            for number in 0..<40 { ids.append(try await nodes[number % 2].submit("\(number)")) }
            for id in ids { try await harness.end(of: id) }
            #expect(harness.provider.submits.count == 40)
            #expect(harness.provider.generations.count == 40)
            for id in ids {
                let attempts = try await harness.attempts(id)
                #expect(attempts.count == 1 && attempts.allSatisfy { $0.sends == 1 })
            }
            try await harness.expectSound(ids)
        }
    }

    @Test("a full lane does not hold up another")
    func lanes() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 600) }
            let node = try harness.startedNode(slots: 1)
            for number in 0..<80 { _ = try await node.submit("\(number)") }
            try await harness.until("one runs") { harness.provider.submits.count == 1 }
            let other = try await node.submit("other", model: "fake/other")
            try await harness.until(other, is: .running, within: 1)
            #expect(harness.provider.submits.count == 2)
        }
    }

    @Test("a database that is away for a while stops the claiming for as long")
    func databaseAway() async throws {
        try await EngineHarness.run { harness in
            let isAway = Countdown(0)
            let node = try harness.startedNode(fault: { operation in
                operation != "admit" && isAway.take() ? .fails : nil
            })
            let running = try await node.submit("running")
            try await harness.until(running, is: .running)
            isAway.arm(after: 0, count: 60)
            let waiting = try await node.submit("waiting")
            for id in [running, waiting] {
                let state = try await harness.end(of: id).state.name
                #expect(state == .completed)
            }
            #expect(harness.provider.submits.count == 2)
            try await harness.expectSound([running, waiting])
        }
    }

    @Test("more jobs than one claim takes are all claimed at once")
    func manyAtOnce() async throws {
        try await EngineHarness.run { harness in
            let client = try harness.node()
            for number in 0..<300 { _ = try await client.submit("\(number)") }
            _ = try harness.startedNode(slots: 1_000)
            try await harness.until("all are sent", within: 1) { harness.provider.submits.count == 300 }
        }
    }
}
