import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@Suite("A worker stops, is killed, and starts again")
struct RestartTests {
    @Test("in good order: the send in flight ends, and the next worker goes on at once, without waiting for a lease")
    func stopDuringSend() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .after(seconds: 20, .accept(seconds: 60)) }
            let first = try harness.startedNode()
            let id = try await first.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            let askedAt = harness.clock.bootSeconds
            try await first.stop()
            #expect(abs(harness.clock.bootSeconds - askedAt - 20) < 1)
            #expect(try await harness.attempts(id).map(\.state) == [.accepted])
            let job = try await harness.job(id)
            #expect(job.state.name == .running && job.worker == nil)
            _ = try harness.startedNode()
            try await harness.until("the next has it", within: 0.1) { try await harness.job(id).worker != nil }
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("in good order, in any state: it stops within a second, and everything goes on elsewhere")
    func stopInAnyState() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/other": .lookUp(settleSeconds: 400, complete: false)]
            harness.provider.script.submit = {
                switch $0.prompt {
                case "verifying": .acceptAndLose(seconds: 100)
                case "storing": .accept(seconds: 5)
                case _: .accept(seconds: 100)
                }
            }
            harness.provider.script.shows = { $1.seconds(since: $0.startedAt) > 60 }
            let first = try harness.startedNode(slots: 5)
            var later = JobParameters()
            later.startAfter = harness.clock.now.adding(seconds: 100)
            let running = try await first.submit("running")
            let waiting = try await first.submit("waiting", parameters: later)
            let verifying = try await first.submit("verifying", model: "fake/other")
            let storing = try await first.submit("storing")
            try await harness.until(verifying, hasPhase: .verifying)
            harness.files.failNext(1_000)
            try await harness.until(storing, is: .storing)
            try await harness.clock.sleep(20)
            let askedAt = harness.clock.bootSeconds
            try await first.stop()
            #expect(harness.clock.bootSeconds - askedAt < 1)
            let ids = [running, waiting, verifying, storing]
            for id in ids { #expect(try await harness.job(id).worker == nil) }
            harness.files.failNext(0)
            _ = try harness.startedNode(slots: 5)
            for id in ids {
                let state = try await harness.end(of: id).state.name
                #expect(state == .completed)
            }
            #expect(harness.provider.submits.count == 4)
            try await harness.expectSound(ids)
        }
    }

    @Test("in good order while the database is away: it stops all the same")
    func stopWithoutDatabase() async throws {
        try await EngineHarness.run { harness in
            let isAway = Countdown(0)
            let first = try harness.startedNode(fault: { _ in isAway.take() ? .fails : nil })
            harness.provider.script.submit = { _ in .accept(seconds: 5) }
            let id = try await first.submit()
            try await harness.until(id, is: .running)
            isAway.arm(after: 0, count: .max)
            try await harness.clock.sleep(60)
            let askedAt = harness.clock.bootSeconds
            try await first.stop()
            #expect(harness.clock.bootSeconds - askedAt < 2)
            _ = try harness.startedNode()
            #expect(try await harness.end(of: id).state.name == .completed)
            try await harness.expectSound([id])
        }
    }

    @Test("cancelled without any order, it ends at once", arguments: 0..<20)
    func cancelledTask(seed: Int) async throws {
        try await EngineHarness.run(seed: UInt64(seed)) { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 100) }
            let first = try harness.startedNode()
            var ids: [JobID] = []
            for number in 0..<5 { ids.append(try await first.submit("\(number)")) }
            try await harness.clock.sleep(Double(harness.world.draw(below: 30)))
            let askedAt = harness.clock.bootSeconds
            await first.abort()
            #expect(harness.clock.bootSeconds - askedAt < 1)
            _ = try harness.startedNode()
            for id in ids { try await harness.end(of: id) }
            #expect(harness.provider.submits.count == 5)
            try await harness.expectSound(ids)
        }
    }

    /// What must come of a job whose worker was killed at a step, when its submit cannot be found again.
    private static func endsWithoutRecovery(_ step: WriteAheadStep) -> JobState.Name {
        switch step {
        case .sending, .answered: .failed
        case .checked, .admitted, .claimed, .referenced, .intent, .evidence, .running, .storing, .spooled, .kept,
            .completed, .cancelRequested:
            .completed
        }
    }

    static let steps = WriteAheadStep.allCases.filter { ![.checked, .admitted, .cancelRequested].contains($0) }

    @Test("killed at any step, class A: completed and charged once, one generation", arguments: steps)
    func killedWithResend(step: WriteAheadStep) async throws {
        try await killed(at: step, recovery: .resend, ends: .completed)
    }

    @Test("killed at any step, class B: completed and charged once, one submit", arguments: steps)
    func killedWithLookUp(step: WriteAheadStep) async throws {
        try await killed(at: step, recovery: .lookUp(settleSeconds: 5, complete: true), ends: .completed)
    }

    @Test("killed at any step, class C: completed and charged, or refunded; never sent twice", arguments: steps)
    func killedWithoutRecovery(step: WriteAheadStep) async throws {
        try await killed(at: step, recovery: .unrecoverable, ends: Self.endsWithoutRecovery(step))
    }

    private func killed(at step: WriteAheadStep, recovery: RecoveryClass, ends state: JobState.Name) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": recovery]
            harness.provider.script.takesTokens = { _ in recovery == .resend }
            let first = try harness.startedNode(passed: { node, passed in if passed == step { node.die() } })
            let id = try await first.submit()
            try await harness.until("the node is dead") { first.life.isDead }
            await first.kill()
            let second = try harness.startedNode(settings: { $0.isOnlyProcess = true })
            #expect(try await harness.end(of: id).state.name == state)
            #expect(harness.provider.generations.count <= 1)
            if recovery != .resend { #expect(harness.provider.submits.count <= 1) }
            #expect(Set(harness.provider.submits.map(\.token)).count <= (step == .sending ? 2 : 1))
            _ = second
            try await harness.expectSound([id])
        }
    }

    @Test("killed right after a client's wish to stop was recorded: it is followed after the restart")
    func killedAfterCancelRequest() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 500) }
            let first = try harness.startedNode(passed: { node, step in if step == .cancelRequested { node.die() } })
            let id = try await first.submit()
            try await harness.until(id, is: .running)
            _ = try? await first.cancel(id)
            await first.kill()
            #expect(harness.provider.cancels == [])
            _ = try harness.startedNode(settings: { $0.isOnlyProcess = true })
            #expect(try await harness.end(of: id).state.name == .cancelled)
            #expect(harness.provider.cancels.contains("gen-1"))
            try await harness.expectSound([id])
        }
    }

    @Test("a thousand jobs in flight are all taken over at once")
    func manyOrphans() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 300) }
            let first = try harness.startedNode(slots: 1_000)
            var ids: [JobID] = []
            for number in 0..<1_000 { ids.append(try await first.submit("\(number)")) }
            try await harness.until("all are sent") { harness.provider.generations.count == 1_000 }
            await harness.world.settle()
            await first.kill()
            _ = try harness.startedNode(slots: 1_000, settings: { $0.isOnlyProcess = true })
            try await harness.until("all are taken over", within: 1) {
                for id in ids where try await harness.job(id).epoch < 2 { return false }
                return true
            }
            #expect(harness.provider.submits.count == 1_000)
        }
    }

    @Test("without the store to itself, a new worker waits for the dead one's lease, and not longer")
    func waitsForLease() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 300) }
            let first = try harness.startedNode()
            let id = try await first.submit()
            try await harness.until(id, is: .running)
            await first.kill()
            let diedAt = harness.clock.bootSeconds
            _ = try harness.startedNode()
            try await harness.until("it is taken over", within: 30) { try await harness.job(id).epoch == 2 }
            #expect(harness.clock.bootSeconds - diedAt <= 15 + 5)
            try await harness.end(of: id)
            try await harness.expectSound([id])
        }
    }
}
