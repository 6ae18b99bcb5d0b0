import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@Suite("An answer that comes after its worker has lost the job")
struct LateAnswerTests {
    /// Brings a job to where the provider has accepted it, and the first node stands still before it reads the answer.
    private func accepted(
        _ harness: EngineHarness,
        recovery: RecoveryClass,
        seconds: Double = 300
    ) async throws -> (id: JobID, first: Node, second: Node) {
        harness.provider.script.recovery = ["fake/video": recovery]
        harness.provider.script.submit = { _ in .accept(seconds: seconds) }
        let first = try harness.startedNode()
        harness.provider.doorBeforeAnswer.close()
        let id = try await first.submit()
        try await harness.until("the answer is on its way") { harness.provider.doorBeforeAnswer.waiting == 1 }
        first.life.freeze()
        let second = try harness.startedNode()
        try await harness.until("the second node has the job", within: 30) { try await harness.job(id).epoch == 2 }
        harness.provider.doorBeforeAnswer.open()
        return (id, first, second)
    }

    @Test(
        "it is recorded, and the new holder goes on with it: one submit, one charge",
        arguments: [
            RecoveryClass.unrecoverable, .lookUp(settleSeconds: 60, complete: false),
            .lookUp(settleSeconds: 60, complete: true), .lookUpThenResend(settleSeconds: 60),
        ]
    )
    func isUsed(recovery: RecoveryClass) async throws {
        try await EngineHarness.run { harness in
            // A look-up shows nothing: only the answer itself can tell.
            harness.provider.script.shows = { _, _ in false }
            let (id, first, second) = try await accepted(harness, recovery: recovery)
            try await harness.until(id, hasPhase: .verifying)
            let holder = try await harness.job(id).worker
            first.life.thaw()
            try await harness.until(id, is: .running, within: 30)
            let job = try await harness.job(id)
            #expect(job.worker == holder)
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            #expect(harness.provider.cancels == [])
            #expect(try await harness.attempts(id).map(\.state) == [.found])
            _ = second
            try await harness.expectSound([id])
        }
    }

    @Test("class A: the resend and the late answer are the same generation")
    func resent() async throws {
        try await EngineHarness.run { harness in
            let (id, first, _) = try await accepted(harness, recovery: .resend)
            try await harness.until(id, is: .running)
            first.life.thaw()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 2)
            #expect(Set(harness.provider.submits.map(\.token)).count == 1)
            #expect(harness.provider.generations.count == 1)
            #expect(harness.provider.cancels == [])
            try await harness.expectSound([id])
        }
    }

    @Test("a synchronous answer is used as well")
    func synchronous() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .completeAtOnce }
            let first = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await first.submit("an image", model: "fake/image")
            try await harness.until("the answer is on its way") { harness.provider.doorBeforeAnswer.waiting == 1 }
            first.life.freeze()
            let second = try harness.startedNode()
            try await harness.until("the second node has the job", within: 30) { try await harness.job(id).epoch == 2 }
            harness.provider.doorBeforeAnswer.open()
            first.life.thaw()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            _ = second
            try await harness.expectSound([id])
        }
    }

    @Test("after the refund it is an orphan, and is cancelled at the provider")
    func orphan() async throws {
        try await EngineHarness.run { harness in
            let (id, first, _) = try await accepted(harness, recovery: .unrecoverable)
            #expect(try await harness.end(of: id).state.name == .failed)
            first.life.thaw()
            try await harness.until("the orphan is cancelled") { harness.provider.cancels == ["gen-1"] }
            let attempt = try #require(try await harness.attempts(id).first)
            #expect(attempt.state == .abandoned)
            #expect(attempt.orphanRemoteID == "gen-1")
            #expect(attempt.remoteID == nil)
            #expect(try await harness.spent() == .zero)
            try await harness.expectSound([id])
        }
    }

    @Test("a refusal that comes late ends the waiting")
    func lateRefusal() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { $0.number == 1 ? .refuse(400) : .accept() }
            let first = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await first.submit()
            try await harness.until("the answer is on its way") { harness.provider.doorBeforeAnswer.waiting == 1 }
            first.life.freeze()
            let second = try harness.startedNode()
            try await harness.until("the second node has the job", within: 30) { try await harness.job(id).epoch == 2 }
            harness.provider.doorBeforeAnswer.open()
            first.life.thaw()
            let job = try await harness.end(of: id, within: 30)
            guard case .failed(let failure) = job.state else {
                Issue.record("\(job.state)")
                return
            }
            #expect(failure.code == .invalidRequest)
            _ = second
            try await harness.expectSound([id])
        }
    }

    @Test("a late refusal for capacity does not count against the job")
    func lateCapacityRefusal() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { $0.number == 1 ? .refuse(429) : .accept() }
            let first = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await first.submit()
            try await harness.until("the answer is on its way") { harness.provider.doorBeforeAnswer.waiting == 1 }
            first.life.freeze()
            let second = try harness.startedNode()
            try await harness.until("the second node has the job", within: 30) { try await harness.job(id).epoch == 2 }
            harness.provider.doorBeforeAnswer.open()
            first.life.thaw()
            try await harness.until(id, is: .running)
            #expect(try await harness.job(id).state.tally?.counted == 1)
            #expect(try await harness.end(of: id).state.name == .completed)
            _ = second
            try await harness.expectSound([id])
        }
    }
}
