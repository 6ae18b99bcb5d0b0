import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@Suite("Time runs out, or has not come")
struct DeadlineTests {
    private func expiring(after seconds: Int64) -> JobParameters {
        var parameters = JobParameters()
        parameters.expiresAfterSeconds = seconds
        return parameters
    }

    @Test("a job that waits behind a full lane expires in time")
    func behindFullLane() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 300) }
            let node = try harness.startedNode(slots: 1)
            let first = try await node.submit("first")
            try await harness.until(first, is: .running)
            let second = try await node.submit("second", parameters: expiring(after: 60))
            let job = try await harness.end(of: second)
            #expect(job.state == .expired)
            #expect(try #require(job.finishedAt).seconds(since: job.admitted.createdAt) <= 66)
            try await harness.end(of: first)
            #expect(harness.provider.submits(of: "second").isEmpty)
            try await harness.expectSound([first, second])
        }
    }

    @Test("nobody waits longer than the queue's bound")
    func queueBound() async throws {
        try await EngineHarness.run { harness in
            let client = try harness.node()
            let id = try await client.submit()
            try await harness.clock.sleep(Double(Job.queueWaitSecondsMax) - 60)
            #expect(try await harness.state(id) == .queued)
            try await harness.clock.sleep(120)
            _ = try harness.startedNode()
            #expect(try await harness.end(of: id, within: 60).state == .expired)
            #expect(harness.provider.submits.isEmpty)
            try await harness.expectSound([id])
        }
    }

    @Test("at the provider: stopped there first, then expired and refunded")
    func running() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 5_000) }
            let node = try harness.startedNode()
            let own = try await node.submit("own", parameters: expiring(after: 100))
            let usual = try await node.submit("usual")
            for (id, seconds) in [(own, 100.0), (usual, 900.0)] {
                let job = try await harness.end(of: id)
                #expect(job.state == .expired)
                let took = try #require(job.finishedAt).seconds(since: job.admitted.createdAt)
                #expect(took >= seconds && took < seconds + 2)
            }
            #expect(harness.provider.cancels.sorted() == ["gen-1", "gen-2"])
            #expect(harness.provider.generations.allSatisfy { $0.cancelledAt != nil })
            #expect(try await harness.spent() == .zero)
            try await harness.expectSound([own, usual])
        }
    }

    @Test("a crash between the stop at the provider and the record repeats the stop")
    func crashWhileExpiring() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 5_000) }
            let faults = Countdown(0)
            let first = try harness.startedNode(fault: { operation in
                operation == "commit" && faults.take() ? .fails : nil
            })
            let id = try await first.submit(parameters: expiring(after: 100))
            try await harness.until(id, is: .running)
            faults.arm(after: 0, count: 1_000)
            try await harness.until("it is stopped there", within: 200) { harness.provider.cancels.count == 1 }
            await first.kill()
            _ = try harness.startedNode()
            #expect(try await harness.end(of: id).state == .expired)
            #expect(harness.provider.cancels.count >= 2)
            try await harness.expectSound([id])
        }
    }

    @Test("during a send and while its outcome is unknown nothing expires: first comes the truth")
    func sending() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 30, complete: true)]
            harness.provider.script.submit = { _ in .after(seconds: 30, .acceptAndLose(seconds: 1_000)) }
            harness.provider.script.canLookUp = { $0 > 6 }
            let node = try harness.startedNode()
            let id = try await node.submit(parameters: expiring(after: 10))
            let job = try await harness.end(of: id)
            #expect(job.state == .expired)
            #expect(try await harness.attempts(id).map(\.state) == [.found])
            #expect(harness.provider.cancels == ["gen-1"])
            try await harness.expectSound([id])
        }
    }

    @Test("while it is stored nothing expires")
    func storing() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            harness.files.failNext(8)
            let id = try await node.submit(parameters: expiring(after: 20))
            let job = try await harness.end(of: id)
            #expect(job.state.name == .completed)
            #expect(try #require(job.finishedAt).seconds(since: job.admitted.createdAt) > 20)
            try await harness.expectSound([id])
        }
    }

    @Test("between two attempts the deadline goes on")
    func retrying() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .refuse(429, headers: [("retry-after", "600")]) }
            let node = try harness.startedNode()
            let id = try await node.submit(parameters: expiring(after: 60))
            let job = try await harness.end(of: id)
            #expect(job.state == .expired)
            #expect(try #require(job.finishedAt).seconds(since: job.admitted.createdAt) <= 66)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("a job is not started before its time, and its deadline counts from there")
    func startAfter() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            var parameters = expiring(after: 60)
            parameters.startAfter = harness.clock.now.adding(seconds: 1_000)
            let id = try await node.submit(parameters: parameters)
            try await harness.clock.sleep(999)
            #expect(try await harness.job(id).worker == nil)
            #expect(harness.provider.submits.isEmpty)
            let job = try await harness.end(of: id)
            #expect(job.state.name == .completed)
            let sentAt = try #require(harness.provider.submits.first?.at)
            #expect(sentAt.seconds(since: job.admitted.createdAt) >= 1_000)
            #expect(sentAt.seconds(since: job.admitted.createdAt) < 1_000.5)
            try await harness.expectSound([id])
        }
    }

    @Test("after an outage longer than the model's deadline: what is done is taken, what is not is stopped")
    func outage() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { .accept(seconds: $0.prompt == "done" ? 100 : 100_000) }
            let first = try harness.startedNode()
            let done = try await first.submit("done")
            let endless = try await first.submit("endless")
            let promised = try await first.submit("done", parameters: expiring(after: 600))
            for id in [done, endless, promised] { try await harness.until(id, is: .running) }
            await first.kill()
            try await harness.clock.sleep(7_200)
            _ = try harness.startedNode()
            #expect(try await harness.end(of: done).state.name == .completed)
            #expect(try await harness.end(of: endless).state == .expired)
            #expect(try await harness.end(of: promised).state == .expired)
            try await harness.expectSound([done, endless, promised])
        }
    }

    @Test("a wall clock that is set neither loses a lease nor a job", arguments: [86_400.0, -3_600])
    func wallClock(jump: Double) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 40) }
            let node = try harness.startedNode(submitsPerMinute: 100)
            let before = try await node.submit("before")
            try await harness.until(before, is: .running)
            harness.clock.setWall(by: jump)
            let after = try await node.submit("after")
            let waited = harness.clock.bootSeconds
            try await harness.until("the new one is sent") { harness.provider.submits(of: "after").count == 1 }
            #expect(harness.clock.bootSeconds - waited < 11)
            // The old one's times were set with the clock as it was: it ends all the same.
            try await harness.end(of: after, within: 200)
            try await harness.end(of: before, within: 4_000)
            #expect(harness.provider.submits.count == 2)
            try await harness.expectSound([before, after])
        }
    }
}
