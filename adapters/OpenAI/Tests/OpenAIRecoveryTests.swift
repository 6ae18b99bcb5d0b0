import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import Synchronization
import Testing

@testable import OpenAIAdapter

/// Finding a generation whose submit was never answered.
@Suite struct OpenAIRecoveryTests {
    private static func lost(
        _ request: GenerationRequest,
        _ adapter: OpenAIAdapter,
        _ simulator: ProviderSimulator,
        number: Int = 1
    ) async throws -> TestAttempt {
        simulator.inject(.answerLost, on: .submit)
        let attempt = TestAttempt(
            at: adapter,
            externalID: "att_\(number)",
            number: number,
            sentAtMilliseconds: simulator.world.now()
        )
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await adapter.submit(request, attempt: attempt.context())
        }
        #expect(failure?.isDefiniteRefusal == false)
        return attempt
    }

    @Test func aLostAnswerIsFoundByWhatWasAskedFor() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.request("mine")
            // What is like it in all but one respect is not it.
            let others = [
                try OpenAIStage.request("another's"), try OpenAIStage.request("mine", model: "openai/sora-2-pro"),
                try OpenAIStage.request("mine") { $0.duration = 8 },
                try OpenAIStage.request("mine") { $0.size = PixelSize(width: 720, height: 1_280) },
            ]
            for (index, other) in others.enumerated() {
                let attempt = TestAttempt(at: adapter, externalID: "att_other_\(index)")
                _ = try await adapter.submit(other, attempt: attempt.context())
            }
            let attempt = try await Self.lost(request, adapter, simulator)
            let mine = try #require(simulator.world.allTasks.first)
            let found = try await adapter.find(request, attempt: attempt.reference, isTaken: { _ in false })
            #expect(found == .accepted(ProviderOperation(remoteID: mine.id)))
            #expect(simulator.count(.submit) == 5)
        }
    }

    @Test func equalRequestsAreToldApartByWhoOwnsWhich() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.request("twins")
            let first = try await Self.lost(request, adapter, simulator, number: 1)
            let second = try await Self.lost(request, adapter, simulator, number: 2)
            var owned: Set<String> = []
            for attempt in [first, second] {
                let taken = owned
                let found = try await adapter.find(
                    request,
                    attempt: attempt.reference,
                    isTaken: { taken.contains($0) }
                )
                guard case .accepted(let operation)? = found else {
                    Issue.record("nothing was found")
                    continue
                }
                owned.insert(operation.remoteID)
            }
            #expect(owned == Set(simulator.world.allTasks.map(\.id)))
            let taken = owned
            let third = try await adapter.find(
                request,
                attempt: first.reference,
                isTaken: { taken.contains($0) }
            )
            #expect(third == nil)
        }
    }

    @Test func whatCameBeforeOrLongAfterIsNotIt() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.request("mine")
            let attempt = try await Self.lost(request, adapter, simulator)
            let sentAt = attempt.reference.sentAtMilliseconds
            for (shift, isFound) in [(-50_000, true), (50_000, true), (120_000, false), (-660_000, false)] {
                let reference = AttemptReference(
                    externalID: "att_1",
                    token: "t",
                    number: 1,
                    sentAtMilliseconds: sentAt + Int64(shift)
                )
                let found = try await adapter.find(request, attempt: reference, isTaken: { _ in false })
                #expect((found != nil) == isFound, "\(shift)")
            }
        }
    }

    @Test func aRefusedSendLeavesNothingToFind() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.request("mine")
            simulator.inject(.refusedConnection, on: .submit)
            let attempt = TestAttempt(
                at: adapter,
                externalID: "att_1",
                sentAtMilliseconds: simulator.world.now()
            )
            _ = try? await adapter.submit(request, attempt: attempt.context())
            let found = try await adapter.find(request, attempt: attempt.reference, isTaken: { _ in false })
            #expect(found == nil)
            #expect(adapter.recovery(of: request) == .lookUp(settleSeconds: 180, complete: false))
        }
    }

    @Test func aListThatIsTooLongToReadIsAskedForInShorterPages() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.request("mine")
            let attempt = try await Self.lost(request, adapter, simulator)
            for index in 0..<60 {
                _ = simulator.world.newTask(
                    id: "video_\(index)",
                    prompt: String(repeating: "\u{1F6F6}", count: 32_000),
                    seconds: 4,
                    width: 1_280,
                    height: 720,
                    hasAudio: true,
                    fields: ["model": "sora-2"]
                )
            }
            let found = try await adapter.find(request, attempt: attempt.reference, isTaken: { _ in false })
            #expect(found != nil)
            #expect(simulator.requests(.list).map { $0.queryItem("limit") } == ["100", "20", "20", "20", "20"])
        }
    }

    @Test func aServerWithoutAListTellsOfNone() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.request("mine")
            let attempt = try await Self.lost(request, adapter, simulator)
            for status in [404, 405, 501] {
                simulator.inject(.status(status), on: .list)
                let found = try await adapter.find(request, attempt: attempt.reference, isTaken: { _ in false })
                #expect(found == nil)
            }
        }
    }
}
