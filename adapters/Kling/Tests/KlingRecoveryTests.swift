import Foundation
import Generation
import HTTPTransport
import KlingAdapter
import ProviderKit
import ProviderSimulators
import Testing

/// A submit whose answer was lost: looked up by our own id, and sent again only when there is none.
@Suite(.timeLimit(.minutes(2)))
struct KlingRecoveryTests {
    private func find(
        _ request: GenerationRequest,
        _ attempt: KlingAttempt,
        at adapter: KlingAdapter
    ) async throws -> String? {
        let resolved = try KlingRequests.resolved(request, adapter)
        let found = try await adapter.find(resolved, attempt: attempt.reference) { _ in false }
        guard case .accepted(let operation)? = found else { return nil }
        guard case .completed = try await adapter.status(of: operation) else { return "unfinished" }
        return operation.remoteID
    }

    private func lose(
        _ fault: SimulatedFault,
        _ request: GenerationRequest,
        _ attempt: KlingAttempt,
        _ simulator: ProviderSimulator,
        _ adapter: KlingAdapter
    ) async {
        simulator.inject(fault, on: .submit)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await attempt.submit(request, to: adapter)
        }
        #expect(failure?.isDefiniteRefusal == false)
    }

    @Test(arguments: KlingDoor.allCases)
    func whatWasAcceptedIsFoundOnEveryPath(_ door: KlingDoor) async throws {
        let requests = [
            KlingRequests.video(), KlingRequests.video(KlingRequests.pro),
            KlingRequests.video(KlingRequests.standard) { $0.frameImages = [KlingRequests.first] },
            KlingRequests.video(KlingRequests.omni),
        ]
        for request in requests {
            try await door.stage { simulator, adapter in
                let attempts = [KlingAttempt("att_1"), KlingAttempt("att_2")]
                for attempt in attempts { await lose(.answerLost, request, attempt, simulator, adapter) }
                simulator.world.finishAll()
                var found: [String?] = []
                for attempt in attempts { found.append(try await find(request, attempt, at: adapter)) }
                #expect(found == simulator.world.allTasks.reversed().map(\.id))
                #expect(simulator.count(.submit) == 2)
            }
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func whatNeverArrivedIsNotFoundAndSentAgainWithTheSameBody(_ door: KlingDoor) async throws {
        try await door.stage { simulator, adapter in
            let (request, attempt) = (KlingRequests.video(), KlingAttempt())
            await lose(.refusedConnection, request, attempt, simulator, adapter)
            #expect(try await find(request, attempt, at: adapter) == nil)
            guard case .accepted(let operation) = try await attempt.submit(request, to: adapter, earlierSends: 1) else {
                Issue.record("not accepted")
                return
            }
            #expect(simulator.world.allTasks.map(\.id) == [operation.remoteID])
            #expect(Set(attempt.bodies).count == 1)
        }
    }

    /// The look-up came too early, and the resend meets the first send: it is refused, and the first is found.
    @Test(arguments: KlingDoor.allCases, [0, 1])
    func aResendOfWhatWasAcceptedFindsTheFirst(_ door: KlingDoor, earlierSends: Int) async throws {
        try await door.stage { simulator, adapter in
            let (request, attempt) = (KlingRequests.video(), KlingAttempt())
            await lose(.answerLost, request, attempt, simulator, adapter)
            let resent = try await attempt.submit(request, to: adapter, earlierSends: earlierSends)
            guard case .accepted(let operation) = resent else {
                Issue.record("not accepted")
                return
            }
            #expect(simulator.world.allTasks.map(\.id) == [operation.remoteID])
        }
    }

    /// Other refusals of a resend prove nothing, and are passed on.
    @Test(arguments: KlingDoor.allCases)
    func aResendThatIsRefusedForAnotherReasonStaysRefused(_ door: KlingDoor) async throws {
        try await door.stage { simulator, adapter in
            simulator.inject(.status(400), on: .submit)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await KlingAttempt().submit(KlingRequests.video(), to: adapter, earlierSends: 1)
            }
            #expect(failure?.code == .invalidRequest)
            #expect(simulator.count(.poll) == 1)
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func aLookUpThatFailsIsNotTakenForAbsence(_ door: KlingDoor) async throws {
        try await door.stage { simulator, adapter in
            let faults: [SimulatedFault] = [
                .status(500), .status(401), .status(429), .malformedJSON, .truncatedJSON, .html, .empty,
            ]
            for fault in faults {
                simulator.inject(fault, on: .poll)
                await #expect(throws: ProviderFailure.self, "\(fault.word)") {
                    _ = try await find(KlingRequests.video(), KlingAttempt(), at: adapter)
                }
            }
            let absent = try await find(KlingRequests.video(), KlingAttempt(), at: adapter)
            #expect(absent == nil)
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func theClassIsLookUpThenResend(_ door: KlingDoor) throws {
        let adapter = try door.adapter("http://127.0.0.1:9")
        #expect(adapter.recovery(of: KlingRequests.video()).letter == "A'")
    }
}
