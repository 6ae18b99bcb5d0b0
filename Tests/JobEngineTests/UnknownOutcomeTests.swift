import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@Suite("A submit whose answer was lost")
struct UnknownOutcomeTests {
    private func failure(_ harness: EngineHarness, _ id: JobID) async throws -> JobFailure? {
        guard case .failed(let failure) = try await harness.end(of: id, within: 2_000).state else { return nil }
        return failure
    }

    @Test(
        "class A: the same is sent again, token and body, until an answer comes",
        arguments: [
            ScriptedProvider.SubmitReply.acceptAndLose(seconds: 10), .lose, .refuse(500), .completeAndLose,
        ]
    )
    func resend(reply: ScriptedProvider.SubmitReply) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .resend]
            harness.provider.script.submit = { $0.number <= 3 ? reply : .accept() }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            let submits = harness.provider.submits
            #expect(submits.count == 4)
            #expect(Set(submits.map(\.token)).count == 1)
            #expect(Set(submits.map(\.body)).count == 1)
            #expect(Set(submits.map(\.externalID)).count == 1)
            #expect(harness.provider.generations.count == 1)
            let attempt = try #require(try await harness.attempts(id).first)
            #expect(attempt.sends == 4 && attempt.state == .accepted)
            try await harness.expectSound([id])
        }
    }

    @Test("class A: that a resend is refused proves nothing: no new attempt, and in the end a refund")
    func refusedResend() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .resend]
            harness.provider.script.takesTokens = { _ in false }
            harness.provider.script.submit = { $0.number == 1 ? .acceptAndLose() : .refuse(400) }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await failure(harness, id)?.code == .outcomeUnknown)
            #expect(try await harness.attempts(id).map(\.state) == [.abandoned])
            #expect(Set(harness.provider.submits.map(\.token)).count == 1)
            #expect(harness.provider.generations.count == 1)
            #expect(try await harness.spent() == .zero)
            try await harness.expectSound([id])
        }
    }

    @Test("class A: a resend with another body is not sent")
    func otherBody() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .resend]
            harness.provider.script.submit = { _ in .acceptAndLose() }
            let node = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await node.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            // As by an update of the adapter between two starts.
            harness.provider.script.salt = "another version"
            harness.provider.doorBeforeAnswer.open()
            let started = harness.clock.bootSeconds
            #expect(try await failure(harness, id)?.code == .outcomeUnknown)
            #expect(harness.provider.submits.count == 1)
            #expect(harness.clock.bootSeconds - started < 700)
            // It was tried with pauses.
            #expect(harness.log.all.count { $0.contains("submit failed") } < 200)
            try await harness.expectSound([id])
        }
    }

    @Test("class A: a service that was down for an hour resends, and does not give up unasked")
    func afterAnHour() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .resend]
            let first = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await first.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            await first.dieBefore(harness.provider.doorBeforeAnswer)
            try await harness.clock.sleep(3_600)
            _ = try harness.startedNode()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 2)
            #expect(harness.provider.generations.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("class A': it is looked up first; only when the provider does not show it, the same is sent again")
    func lookUpThenResend() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUpThenResend(settleSeconds: 30)]
            harness.provider.script.takesTokens = { _ in false }
            harness.provider.script.submit = {
                switch ($0.prompt, $0.number) {
                case ("arrived", _): .acceptAndLose()
                case (_, 1): .lose
                case (_, _): .accept()
                }
            }
            let node = try harness.startedNode()
            let arrived = try await node.submit("arrived")
            let lost = try await node.submit("lost")
            for id in [arrived, lost] {
                let state = try await harness.end(of: id).state.name
                #expect(state == .completed)
            }
            #expect(harness.provider.submits(of: "arrived").count == 1)
            let sends = harness.provider.submits(of: "lost")
            #expect(sends.count == 2)
            #expect(Set(sends.map(\.externalID)).count == 1 && Set(sends.map(\.body)).count == 1)
            // Not before the provider had its time to show it.
            #expect(sends[1].at.seconds(since: sends[0].at) >= 30)
            #expect(try await harness.attempts(arrived).map(\.state) == [.found])
            try await harness.expectSound([arrived, lost])
        }
    }

    @Test("class A': a provider that cannot be asked is not resent to: that would be a second generation")
    func lookUpFails() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUpThenResend(settleSeconds: 30)]
            harness.provider.script.takesTokens = { _ in false }
            harness.provider.script.submit = { _ in .acceptAndLose(seconds: 200) }
            harness.provider.script.canLookUp = { $0 > 12 }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("class B, found: the job goes on", arguments: [true, false])
    func found(complete: Bool) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 60, complete: complete)]
            harness.provider.script.takesTokens = { _ in false }
            harness.provider.script.submit = { _ in .acceptAndLose(seconds: 200) }
            // It takes a while until it is shown.
            harness.provider.script.shows = { $1.seconds(since: $0.startedAt) >= 45 }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.attempts(id).map(\.state) == [.found])
            try await harness.expectSound([id])
        }
    }

    @Test("class B, not shown by a complete list after the settle time: a new attempt")
    func absent() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 60, complete: true)]
            harness.provider.script.submit = { $0.number == 1 ? .lose : .accept() }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(try await harness.attempts(id).map(\.state) == [.absent, .accepted])
            let sends = harness.provider.submits
            #expect(sends.count == 2)
            #expect(sends[1].at.seconds(since: sends[0].at) >= 60)
            #expect(Set(sends.map(\.token)).count == 2)
            #expect(harness.provider.looks >= 3)
            try await harness.expectSound([id])
        }
    }

    @Test("class B: a list that cannot be had proves nothing, however long")
    func listFails() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 30, complete: true)]
            harness.provider.script.takesTokens = { _ in false }
            harness.provider.script.submit = { _ in .acceptAndLose() }
            harness.provider.script.canLookUp = { _ in false }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await failure(harness, id)?.code == .outcomeUnknown)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("class B, not shown by a list that may be incomplete: refunded, never sent again")
    func incomplete() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 60, complete: false)]
            harness.provider.script.submit = { _ in .lose }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await failure(harness, id)?.code == .outcomeUnknown)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("class B after a restart: absent only after the quiet time of a send that another worker began")
    func absentAfterRestart() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 30, complete: true)]
            harness.provider.script.submit = { $0.number == 1 ? .lose : .accept() }
            let first = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await first.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            await first.dieBefore(harness.provider.doorBeforeAnswer)
            _ = try harness.startedNode()
            #expect(try await harness.end(of: id).state.name == .completed)
            let sends = harness.provider.submits
            #expect(sends.count == 2)
            #expect(sends[1].at.seconds(since: sends[0].at) >= 30 + 15 + 10 + 60)
            try await harness.expectSound([id])
        }
    }

    @Test("class C: the worker's own lost send is refunded at once", arguments: [true, false])
    func unrecoverable(arrived: Bool) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in arrived ? .acceptAndLose() : .lose }
            let node = try harness.startedNode()
            let id = try await node.submit()
            let failure = try await failure(harness, id)
            #expect(failure?.code == .outcomeUnknown && failure?.retryable == true)
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.attempts(id).map(\.state) == [.abandoned])
            #expect(try await harness.spent() == .zero)
            try await harness.expectSound([id])
        }
    }

    @Test("policy retry_once: what could cost more than the operator allows is refunded")
    func retryOnceOfWhatIsCheap() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { $0.number == 1 ? .acceptAndLose() : .accept() }
            let node = try harness.startedNode(policy: .retryOnce(holdMax: Credits(nanoUSD: 1)))
            let id = try await node.submit()
            #expect(try await failure(harness, id)?.code == .outcomeUnknown)
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.spent() == .zero)
            try await harness.expectSound([id])
        }
    }

    @Test("policy retry_once: one more attempt, and never a third")
    func retryOnce() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = {
                switch ($0.prompt, $0.number) {
                case ("lucky", 1): .acceptAndLose()
                case ("refused first", 1): .refuse(429)
                case ("refused first", 2): .lose
                case ("lucky", _), ("refused first", _): .accept()
                case (_, _): .lose
                }
            }
            let node = try harness.startedNode(policy: .retryOnce(holdMax: Credits(nanoUSD: .max)))
            let lucky = try await node.submit("lucky")
            let refused = try await node.submit("refused first")
            let unlucky = try await node.submit("unlucky")
            #expect(try await harness.end(of: lucky).state.name == .completed)
            #expect(try await harness.end(of: refused).state.name == .completed)
            #expect(try await failure(harness, unlucky)?.code == .outcomeUnknown)
            #expect(harness.provider.submits(of: "lucky").count == 2)
            #expect(harness.provider.submits(of: "refused first").count == 3)
            #expect(harness.provider.submits(of: "unlucky").count == 2)
            try await harness.expectSound([lucky, refused, unlucky])
        }
    }

    @Test("evidence that cannot be recorded is kept until it can")
    func evidenceWaits() async throws {
        try await EngineHarness.run { harness in
            let isAway = Countdown(0)
            let node = try harness.startedNode(fault: { operation in
                operation == "record" && isAway.take() ? .fails : nil
            })
            isAway.arm(after: 0, count: 20)
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("an acceptance with the id of another job's generation is not taken twice")
    func takenID() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 3, complete: false)]
            harness.provider.script.submit = { $0.prompt == "lost" ? .lose : .accept(seconds: 1_000) }
            harness.provider.script.finds = { _ in "gen-1" }
            let node = try harness.startedNode()
            let owner = try await node.submit("owner")
            try await harness.until(owner, is: .running)
            let lost = try await node.submit("lost")
            #expect(try await failure(harness, lost) != nil)
            #expect(harness.provider.cancels == [])
            let job = try await harness.job(owner)
            #expect(job.state.name == .running)
            #expect(try await node.cancel(owner)?.job.state.phase == .cancelling)
            try await harness.end(of: owner)
            try await harness.expectSound([owner, lost])
        }
    }

    @Test("the evidence of an acceptance is used also when the provider is no longer configured")
    func noLongerConfigured() async throws {
        try await EngineHarness.run { harness in
            let first = try harness.startedNode(passed: { node, step in if step == .evidence { node.die() } })
            let id = try await first.submit()
            try await harness.until("the first is dead") { first.life.isDead }
            try harness.node(models: ["fake/other"]).start()
            let job = try await harness.end(of: id)
            // The key might have come back until the deadline.
            #expect(job.state == .expired)
            #expect(try await harness.attempts(id).map(\.state) == [.accepted])
            try await harness.expectSound([id])
        }
    }

    @Test("a start without the provider's key gives up no send at once: with the key back it is found")
    func keyComesBack() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .resend]
            let first = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await first.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            await first.dieBefore(harness.provider.doorBeforeAnswer)
            let keyless = try harness.node(models: ["fake/other"])
            keyless.start()
            try await harness.clock.sleep(120)
            #expect(try await harness.job(id).state.name == .submitting)
            keyless.die()
            _ = try harness.startedNode()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.generations.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("a resend whose answer has another id than the late first answer: one is used, one is cancelled")
    func twoGenerations() async throws {
        try await EngineHarness.run { harness in
            // The provider promises to take the token, and does not.
            harness.provider.script.recovery = ["fake/video": .resend]
            harness.provider.script.takesTokens = { _ in false }
            harness.provider.script.submit = {
                $0.number == 1 ? .accept(seconds: 100) : .after(seconds: 20, .accept(seconds: 100))
            }
            let first = try harness.startedNode()
            harness.provider.doorBeforeAnswer.close()
            let id = try await first.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            first.life.freeze()
            harness.provider.doorBeforeAnswer.open()
            _ = try harness.startedNode()
            try await harness.until("the second has sent") { harness.provider.submits.count == 2 }
            first.life.thaw()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.cancels == ["gen-2"])
            #expect(try await harness.attempts(id).map(\.remoteID) == ["gen-1"])
            try await harness.expectSound([id])
        }
    }

    @Test("a driver that can neither record that the answer was lost nor read the job again does not send again")
    func forgetfulDriver() async throws {
        try await EngineHarness.run { harness in
            let isAway = Countdown(0)
            let node = try harness.startedNode(fault: { operation in
                ["commit", "record", "job", "attempts"].contains(operation) && isAway.take() ? .fails : nil
            })
            harness.provider.script.submit = { _ in .acceptAndLose() }
            harness.provider.doorBeforeAnswer.close()
            let id = try await node.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            isAway.arm(after: 0, count: 7)
            harness.provider.doorBeforeAnswer.open()
            #expect(try await failure(harness, id)?.code == .outcomeUnknown)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("class B: the provider's time counts from the end of a long send, not from its start")
    func longSend() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 30, complete: true)]
            harness.provider.script.takesTokens = { _ in false }
            harness.provider.script.submit = { _ in .after(seconds: 50, .acceptAndLose()) }
            harness.provider.script.shows = { $1.seconds(since: $0.startedAt) >= 25 }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("class B: a killed process's request may still be accepted, also when nobody else can have the store open")
    func longSendAndDeath() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 10, complete: true)]
            harness.provider.script.takesTokens = { _ in false }
            harness.provider.script.submit = { _ in .after(seconds: 50, .accept()) }
            let first = try harness.startedNode(settings: { $0.isOnlyProcess = true })
            let id = try await first.submit()
            try await harness.until("it is sent") { harness.provider.submits.count == 1 }
            first.die()
            try await harness.clock.sleep(1)
            _ = try harness.startedNode(settings: { $0.isOnlyProcess = true })
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.count == 1)
            #expect(harness.provider.generations.count == 1)
            try await harness.expectSound([id])
        }
    }
}
