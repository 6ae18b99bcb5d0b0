import ConformanceKit
import Generation
import JobCore
import JobEngine
import ProviderKit
import Testing

@Suite("A worker stands still in the middle of a send, and another takes over")
struct StalledWorkerTests {
    /// Brings a job to where its first node has committed `sending` and stands still before the send; a second node has
    /// taken the job over.
    private func stalled(
        _ harness: EngineHarness,
        recovery: RecoveryClass
    ) async throws -> (id: JobID, first: Node, second: Node) {
        harness.provider.script.recovery = ["fake/video": recovery]
        let first = try harness.startedNode()
        harness.provider.doorBeforeSend.close()
        let id = try await first.submit()
        try await harness.until("the send stands before the door") { harness.provider.doorBeforeSend.waiting == 1 }
        #expect(try await harness.attempts(id).map(\.state) == [.sending])
        first.life.freeze()
        harness.provider.doorBeforeSend.open()
        let second = try harness.startedNode()
        try await harness.until("the second node has the job", within: 30) {
            let job = try await harness.job(id)
            return job.epoch == 2 && job.worker != nil
        }
        return (id, first, second)
    }

    @Test("class A: the second sends, the first finds its window closed: one submit, one charge")
    func resend() async throws {
        try await EngineHarness.run { harness in
            let (id, first, _) = try await stalled(harness, recovery: .resend)
            try await harness.until(id, is: .running)
            #expect(harness.provider.submits.count == 1)
            first.life.thaw()
            #expect(try await harness.end(of: id).state.name == .completed)
            try await harness.clock.sleep(120)
            #expect(harness.provider.submits.count == 1)
            #expect(harness.provider.generations.count == 1)
            #expect(harness.log.all.contains { $0.contains("the send window has passed") })
            let attempt = try #require(try await harness.attempts(id).first)
            #expect(attempt.state == .accepted && attempt.sends == 2)
            try await harness.expectSound([id])
        }
    }

    @Test("class C: the second never sends; after the quiet time the client is refunded")
    func unrecoverable() async throws {
        try await EngineHarness.run { harness in
            let (id, first, _) = try await stalled(harness, recovery: .unrecoverable)
            let sentAt = try #require(try await harness.attempts(id).first?.sendingAt)
            let job = try await harness.end(of: id)
            guard case .failed(let failure) = job.state else {
                Issue.record("\(job.state)")
                return
            }
            #expect(failure.code == .outcomeUnknown)
            // Lease, window and the send's own time-out: until then the first could still have had an answer.
            #expect(try #require(job.finishedAt).seconds(since: sentAt) >= 15 + 10 + 60)
            first.life.thaw()
            try await harness.clock.sleep(120)
            #expect(harness.provider.submits.isEmpty)
            #expect(try await harness.attempts(id).map(\.state) == [.abandoned])
            try await harness.expectSound([id])
        }
    }

    @Test("class C: when the first wakes in time, its word that nothing was sent lets the job be tried again")
    func lateNotSent() async throws {
        try await EngineHarness.run { harness in
            let (id, first, _) = try await stalled(harness, recovery: .unrecoverable)
            try await harness.until(id, hasPhase: .verifying)
            first.life.thaw()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.attempts(id).map(\.state) == [.refused, .accepted])
            try await harness.expectSound([id])
        }
    }

    @Test("a worker that was suspended past its lease starts anew and works on")
    func startsAnew() async throws {
        try await EngineHarness.run { harness in
            let (id, first, second) = try await stalled(harness, recovery: .resend)
            try await harness.end(of: id)
            first.life.thaw()
            try await harness.until("the first has noticed") {
                harness.log.all.contains { $0.contains("lease lost") }
            }
            await second.kill()
            let another = try await first.submit("another")
            #expect(try await harness.end(of: another, within: 120).state.name == .completed)
            try await harness.expectSound([id, another])
        }
    }

    @Test("a worker that lost its lease leaves its other jobs alone at once, also those that only wait for a poll")
    func leavesItsJobs() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 600) }
            let first = try harness.startedNode()
            let id = try await first.submit()
            try await harness.until(id, is: .running)
            first.life.freeze()
            let second = try harness.startedNode()
            try await harness.until("the second node has the job", within: 30) { try await harness.job(id).epoch == 2 }
            first.life.thaw()
            // The first starts anew long before the job ends: it can take new jobs.
            try await harness.until("the first has started anew", within: 30) {
                harness.log.all.count { $0.contains("worker started") } == 3
            }
            await second.kill()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("a send that a slow commit kept for too long is not started")
    func slowCommit() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            harness.provider.doorBeforeSend.close()
            let id = try await node.submit()
            try await harness.until("the send stands before the door") { harness.provider.doorBeforeSend.waiting == 1 }
            try await harness.clock.sleep(11)
            harness.provider.doorBeforeSend.open()
            // Nothing was sent, for certain: a new attempt follows, which does not count.
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(try await harness.attempts(id).map(\.state) == [.refused, .accepted])
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }
}
