import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@Suite("A client wants a job stopped")
struct CancelTests {
    @Test("waiting: cancelled at once, the hold is void, nothing is ever sent")
    func queued() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let id = try await node.submit()
            #expect(try await node.service.job(id, workspace: harness.key.workspace)?.isCancellable == true)
            let view = try await node.cancel(id)
            #expect(view?.job.state.charge == Credits.zero)
            node.start()
            try await harness.clock.sleep(60)
            #expect(harness.provider.submits.isEmpty)
            try await harness.expectSound([id])
        }
    }

    @Test("intent recorded: cancelled at once, and the send finds its gate closed")
    func intent() async throws {
        try await EngineHarness.run { harness in
            harness.files.readDoor.close()
            let node = try harness.startedNode()
            var image = ImageRequest(prompt: "like this")
            image.inputReferences = [.url(TestMedia.imageDataURL)]
            let id = try await node.submit(GenerationRequest(model: "fake/image", content: .image(image)))
            // The adapter reads the reference before its send, and is held up there.
            try await harness.until("the adapter reads") { harness.files.readDoor.waiting == 1 }
            #expect(try await harness.attempts(id).map(\.state) == [.intent])
            let view = try await node.cancel(id)
            #expect(view?.job.state.name == .cancelled)
            harness.files.readDoor.open()
            try await harness.clock.sleep(60)
            #expect(harness.provider.submits.isEmpty)
            #expect(try await harness.attempts(id).map(\.state) == [.refused])
            try await harness.expectSound([id])
        }
    }

    @Test("sending, accepted afterwards: cancelled at the provider, charged what it charges")
    func sending() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 1_000) }
            harness.provider.script.cancelCharge = 50_000_000
            let node = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await node.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            let view = try await node.cancel(id)
            #expect(view?.job.state.phase == .cancelling && view?.isCancellable == true)
            harness.provider.doorBeforeAnswer.open()
            let job = try await harness.end(of: id)
            #expect(job.state.charge == Credits(nanoUSD: 50_000_000))
            #expect(harness.provider.cancels.contains("gen-1"))
            try await harness.expectSound([id])
        }
    }

    @Test("sending, refused afterwards: cancelled, and not tried again")
    func sendingRefused() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .refuse(429) }
            let node = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await node.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            _ = try await node.cancel(id)
            harness.provider.doorBeforeAnswer.open()
            #expect(try await harness.end(of: id).state.charge == Credits.zero)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("verifying: found, it is stopped at the provider; not found, it is cancelled", arguments: [true, false])
    func verifying(isFound: Bool) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 60, complete: true)]
            harness.provider.script.submit = { _ in isFound ? .acceptAndLose(seconds: 1_000) : .lose }
            harness.provider.script.canLookUp = { $0 > 2 }
            let node = try harness.startedNode()
            let id = try await node.submit()
            try await harness.until(id, hasPhase: .verifying)
            let view = try await node.cancel(id)
            #expect(view?.job.state.cancelRequestedAt != nil)
            #expect(try await harness.end(of: id).state.charge == Credits.zero)
            #expect(harness.provider.submits.count == 1)
            #expect(harness.provider.cancels.isEmpty != isFound)
            try await harness.expectSound([id])
        }
    }

    @Test("at a provider that can stop: the wish is followed at once, also between two far polls")
    func running() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 800) }
            let node = try harness.startedNode()
            let id = try await node.submit()
            try await harness.clock.sleep(300)
            let askedAt = harness.clock.now
            #expect(try await node.cancel(id)?.job.state.phase == .cancelling)
            let job = try await harness.end(of: id)
            #expect(job.state.name == .cancelled)
            #expect(try #require(job.finishedAt).seconds(since: askedAt) < 1)
            try await harness.expectSound([id])
        }
    }

    @Test("during a poll that brings news: the wish is not overwritten")
    func duringPoll() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 800) }
            let node = try harness.startedNode()
            let id = try await node.submit()
            try await harness.clock.sleep(200)
            harness.provider.doorBeforeStatus.close()
            harness.provider.script.status = { generation, _ in
                generation.cancelledAt == nil ? .pending(progress: 0.3) : nil
            }
            try await harness.until("a poll is on its way") { harness.provider.doorBeforeStatus.waiting == 1 }
            _ = try await node.cancel(id)
            let askedAt = harness.clock.now
            harness.provider.doorBeforeStatus.open()
            let job = try await harness.end(of: id)
            #expect(job.state.name == .cancelled)
            #expect(try #require(job.finishedAt).seconds(since: askedAt) < 1)
            try await harness.expectSound([id])
        }
    }

    @Test("what the provider charges beyond the hold is not the client's")
    func chargedTooMuch() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 800) }
            harness.provider.script.cancelCharge = 5_000_000_000
            let node = try harness.startedNode()
            let id = try await node.submit()
            try await harness.until(id, is: .running)
            _ = try await node.cancel(id)
            let job = try await harness.end(of: id)
            #expect(job.state.charge == job.admitted.hold)
            try await harness.expectSound([id])
        }
    }

    @Test("at a provider that cannot stop: the answer says so, the job runs on and is paid")
    func notCancellable() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode(canCancel: false)
            let id = try await node.submit()
            try await harness.until(id, is: .running)
            let view = try await node.cancel(id)
            #expect(view?.isCancellable == false && view?.job.state.phase == .generating)
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(try await harness.spent() > .zero)
            try await harness.expectSound([id])
        }
    }

    @Test("being stored, or over: the job is given back as it is")
    func tooLate() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            harness.files.failNext(4)
            let id = try await node.submit()
            try await harness.until(id, is: .storing)
            let before = try await harness.job(id)
            #expect(try await node.cancel(id)?.job == before)
            let ended = try await harness.end(of: id)
            #expect(ended.state.name == .completed)
            #expect(try await node.cancel(id)?.job == ended)
            try await harness.expectSound([id])
        }
    }

    @Test("another workspace's job does not exist")
    func foreign() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let id = try await node.submit()
            #expect(try await node.service.cancel(id, workspace: "other") == nil)
            #expect(try await harness.state(id) == .queued)
            _ = try await node.cancel(id)
        }
    }

    @Test("racing with the end, 200 times: cancelled or completed, never both, and the money right")
    func race() async throws {
        for seed in 0..<200 as Range<UInt64> {
            try await EngineHarness.run(seed: seed) { harness in
                harness.provider.script.submit = { _ in .accept(seconds: 5) }
                harness.provider.script.cancelCharge = 10_000_000
                let node = try harness.startedNode()
                let id = try await node.submit()
                let wait = 5.0 + Double(harness.world.draw(below: 150)) / 100
                try await harness.clock.sleep(wait)
                _ = try await node.cancel(id)
                let job = try await harness.end(of: id)
                switch job.state {
                case .completed(let completed):
                    #expect(try await harness.spent() == completed.bill.total, "seed \(seed)")
                case .cancelled(let cancelled):
                    #expect(try await harness.spent() == cancelled.charged, "seed \(seed)")
                case .queued, .submitting, .running, .storing, .failed, .expired:
                    Issue.record("seed \(seed): \(job.state)")
                }
                #expect(try await harness.events(id).count { $0.state.isTerminal } == 1, "seed \(seed)")
                try await harness.expectSound([id])
            }
        }
    }
}

extension JobState {
    /// What a cancelled job was charged; nil in any other state.
    fileprivate var charge: Credits? {
        guard case .cancelled(let cancelled) = self else { return nil }
        return cancelled.charged
    }
}
