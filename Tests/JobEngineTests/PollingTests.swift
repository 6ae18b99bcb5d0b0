import ConformanceKit
import Foundation
import Generation
import JobCore
import ProviderKit
import Testing

@testable import JobEngine

/// How providers are asked, over whole lives of jobs whose durations are log-normal: median 60 s, sigma 0.4.
@Suite("How often providers are asked, and how soon an end is seen")
struct PollingTests {
    /// How one run went.
    private struct Lags {
        /// Seconds from each generation's end to that of its job.
        var lags: [Double] = []
        /// The same as a part of what is promised: a tenth of the duration, or two seconds.
        var shares: [Double] = []
        var polls = 0

        func percentile(_ share: Double, of values: [Double]) -> Double {
            values.sorted()[Int(Double(values.count - 1) * share)]
        }
    }

    /// A duration of the distribution that the promise is measured on.
    private static func duration(_ world: Simulation) -> Double {
        let uniform = (Double(world.draw(below: 1_000_000)) + 0.5) / 1_000_000
        let angle = Double(world.draw(below: 1_000_000)) / 1_000_000 * 2 * .pi
        return 60 * exp(0.4 * (-2 * log(uniform)).squareRoot() * cos(angle))
    }

    /// Runs so many jobs, admitted over some seconds, to their ends.
    private static func run(
        _ harness: EngineHarness,
        _ node: Node,
        jobs: Int,
        over seconds: Double
    ) async throws -> Lags {
        harness.provider.script.submit = { _ in .accept(seconds: Self.duration(harness.world)) }
        var ids: [JobID] = []
        for number in 0..<jobs {
            ids.append(try await node.submit("\(number)"))
            try await harness.clock.sleep(seconds / Double(jobs))
        }
        var lags = Lags()
        let generations = Dictionary(uniqueKeysWithValues: harness.provider.generations.map { ($0.prompt, $0) })
        for (number, id) in ids.enumerated() {
            #expect(try await harness.end(of: id).state.name == .completed)
            guard let generation = generations["\(number)"] ?? harness.provider.generations(of: "\(number)").first
            else {
                continue
            }
            let end = try #require(try await harness.job(id).finishedAt)
            let lag = end.seconds(since: generation.startedAt) - generation.seconds
            lags.lags.append(lag)
            lags.shares.append(lag / max(2, generation.seconds / 10))
        }
        lags.polls = harness.provider.generations.reduce(0) { $0 + $1.polls }
        return lags
    }

    @Test("where nothing limits it: the promise is kept, with few looks")
    func unlimited() async throws {
        try await EngineHarness.run(seed: 11) { harness in
            let journal = PollJournal()
            let node = try harness.node(adapter: {
                LimitedAdapter(wire: $0, clock: harness, journal: journal, pollLimits: PollLimits())
            })
            node.start()
            let lags = try await Self.run(harness, node, jobs: 300, over: 300)
            #expect(lags.percentile(0.95, of: lags.shares) <= 1)
            // Once it is known how long such jobs take: the model's own figure was wrong by far.
            let later = harness.provider.generations.suffix(150).map(\.polls)
            #expect(later.reduce(0, +) < 150 * 14, "\(later.reduce(0, +)) polls of 150 jobs, \(lags.polls) of all")
        }
    }

    @Test("one call a second for a hundred: the promise is kept, and the limits too")
    func bulk() async throws {
        try await EngineHarness.run(seed: 12) { harness in
            let journal = PollJournal()
            let limits = PollLimits(singlePerSecond: 20, bulkPerSecond: 1)
            let node = try harness.node(adapter: {
                BulkAdapter(wire: $0, clock: harness, journal: journal, pollLimits: limits)
            })
            node.start()
            let lags = try await Self.run(harness, node, jobs: 400, over: 60)
            #expect(lags.percentile(0.95, of: lags.shares) <= 1)
            #expect(journal.mostInASecond(isBulk: true) <= 1)
            #expect(journal.mostInASecond(isBulk: false) <= 20)
            #expect(journal.bulks.allSatisfy { $0.ids.count <= 100 && Set($0.ids).count == $0.ids.count })
            #expect(journal.bulks.count < 400)
        }
    }

    @Test(
        "a budget that is too small: never broken, the lag stays near the floor, and nobody starves",
        arguments: [true, false]
    )
    func shortage(atOnce: Bool) async throws {
        try await EngineHarness.run(seed: 13) { harness in
            let journal = PollJournal()
            // 400 jobs at 8 calls a second: looking at each once takes 50 s.
            let node = try harness.node(adapter: {
                LimitedAdapter(
                    wire: $0,
                    clock: harness,
                    journal: journal,
                    pollLimits: PollLimits(singlePerSecond: 8)
                )
            })
            node.start()
            let lags = try await Self.run(harness, node, jobs: 400, over: atOnce ? 1 : 60)
            #expect(journal.mostInASecond(isBulk: false) <= 8)
            #expect(lags.percentile(0.95, of: lags.lags) <= 1.5 * 50)
            #expect(lags.lags.allSatisfy { $0 < 120 })
        }
    }

    @Test("what an answer for several lacks is asked for by itself, and calls that fail are no dead end")
    func missing() async throws {
        try await EngineHarness.run { harness in
            let journal = PollJournal()
            let node = try harness.node(adapter: {
                BulkAdapter(wire: $0, clock: harness, journal: journal, pollLimits: PollLimits())
            })
            node.start()
            journal.hide(["gen-1", "gen-2"])
            var ids: [JobID] = []
            for number in 0..<6 { ids.append(try await node.submit("\(number)")) }
            for id in ids { try await harness.end(of: id, within: 30) }
            #expect(!journal.bulks.isEmpty)
            #expect(Set(journal.singles.flatMap(\.ids)).isSuperset(of: ["gen-1", "gen-2"]))
            journal.breakBulk()
            for number in 6..<12 { ids.append(try await node.submit("\(number)")) }
            for id in ids { try await harness.end(of: id, within: 60) }
            try await harness.expectSound(ids)
        }
    }

    @Test("after a 429 nothing is asked until its pause is over")
    func refused() async throws {
        try await EngineHarness.run { harness in
            let journal = PollJournal()
            let node = try harness.node(adapter: {
                LimitedAdapter(wire: $0, clock: harness, journal: journal, pollLimits: PollLimits())
            })
            node.start()
            harness.provider.script.submit = { _ in .accept(seconds: 60) }
            var ids: [JobID] = []
            for number in 0..<20 { ids.append(try await node.submit("\(number)")) }
            try await harness.clock.sleep(20)
            journal.refuse(1)
            let known = journal.calls.count
            try await harness.until("a poll is refused") { journal.calls.count > known }
            let refusedAt = journal.calls[known].at
            for id in ids { try await harness.end(of: id) }
            // Those that were on their way when the answer came are at most 0.2 s behind.
            #expect(!journal.calls.contains { $0.at > refusedAt + 0.25 && $0.at < refusedAt + 10 })
            try await harness.expectSound(ids)
        }
    }

    @Test("a stop does not wait for polls in line, and a wish to stop is not in line")
    func leaving() async throws {
        try await EngineHarness.run { harness in
            let journal = PollJournal()
            // One poll in ten seconds.
            let make: (NodeTransport) -> any ProviderAdapter = {
                LimitedAdapter(
                    wire: $0,
                    clock: harness,
                    journal: journal,
                    pollLimits: PollLimits(singlePerSecond: 0.1)
                )
            }
            let node = try harness.node(adapter: make)
            node.start()
            harness.provider.script.submit = { _ in .accept(seconds: 1_000) }
            var ids: [JobID] = []
            for number in 0..<30 { ids.append(try await node.submit("\(number)")) }
            try await harness.clock.sleep(60)
            let askedAt = harness.clock.now
            try await node.cancel(ids[29])
            let cancelled = try await harness.end(of: ids[29], within: 30)
            #expect(cancelled.state.name == .cancelled)
            #expect(try #require(cancelled.finishedAt).seconds(since: askedAt) < 14)
            let before = harness.clock.bootSeconds
            try await node.stop()
            #expect(harness.clock.bootSeconds - before < 1)
            let next = try harness.node(adapter: make)
            next.start()
            for id in ids { try await next.cancel(id) }
            for id in ids { try await harness.end(of: id, within: 900) }
            #expect(journal.mostInASecond(isBulk: false) <= 1)
            try await harness.expectSound(ids)
        }
    }

    @Test("sends keep to the rate of a second too, whatever the jobs before")
    func submitsPerSecond() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node(adapter: {
                LimitedAdapter(
                    wire: $0,
                    clock: harness,
                    journal: PollJournal(),
                    pollLimits: PollLimits(),
                    submitsPerSecond: 5
                )
            })
            node.start()
            var ids: [JobID] = []
            for number in 0..<100 { ids.append(try await node.submit("\(number)")) }
            for id in ids { try await harness.end(of: id) }
            let sends = harness.provider.submits.map(\.at)
            for send in sends { #expect(sends.count { $0 >= send && $0.seconds(since: send) < 1 } <= 5) }
            #expect(try #require(sends.last).seconds(since: sends[0]) < 30)
            try await harness.expectSound(ids)
        }
    }

    @Test("the schedule lets no job of usual length grow older by more than a tenth between two looks")
    func schedule() {
        for (typical, seen) in [(60.0, nil), (60, 31.0), (10, nil), (600, 300)] as [(Double, Double?)] {
            let schedule = PollSchedule(shortest: 0.5, typical: typical, seen: seen)
            var (elapsed, looks) = (0.0, 0)
            while elapsed < typical * 3 {
                let pause = schedule.interval(elapsed: elapsed, hint: nil, jitter: 1)
                #expect(pause <= max(2, 0.1 * elapsed) || elapsed + pause <= schedule.early + 0.01)
                elapsed += pause
                looks += 1
            }
            #expect(looks < 140)
            #expect(schedule.interval(elapsed: 5, hint: 30, jitter: 1) >= 30)
            #expect(schedule.interval(elapsed: 5, hint: 1e9, jitter: 1) <= PollSchedule.hintMax)
        }
        // In a shortage nothing is spent on the time before.
        let known = PollSchedule(shortest: 0.5, typical: 60, seen: 31)
        #expect(known.interval(elapsed: 1, hint: nil, jitter: 1, isShort: true) == 30)
    }
}
