import BytePlusAdapter
import Generation
import ProviderKit
import ProviderSimulators
import Synchronization
import Testing

/// A create whose answer was lost is found again, and nothing else is taken for it.
@Suite(.timeLimit(.minutes(2)))
struct ArkRecoveryTests {
    /// Loses the answers to two equal creates, and looks for each.
    private func found(
        _ request: GenerationRequest,
        hiding hidden: String = "",
        taken: Bool = false
    ) async throws -> (lost: [String], found: [String?]) {
        var settings = ArkStage.settings
        settings.wire["hides"] = hidden
        return try await withSimulator(ArkWire.self, settings) { simulator in
            let adapter = try ArkStage.adapter(simulator.baseURL)
            let now = simulator.world.now()
            let attempts = ["att_1", "att_2"].map { ArkAttempt($0, sentAtMilliseconds: now) }
            simulator.inject(.answerLost, on: .submit, times: 2)
            for attempt in attempts {
                let failure = await #expect(throws: ProviderFailure.self) {
                    _ = try await attempt.submit(request, to: adapter)
                }
                #expect(failure?.isDefiniteRefusal == false)
            }
            simulator.world.finishAll()
            let resolved = try ArkStage.resolved(request, adapter)
            var found: [String?] = []
            for attempt in attempts {
                let submission = try await adapter.find(resolved, attempt: attempt.reference) { _ in taken }
                guard case .accepted(let operation)? = submission else {
                    found.append(nil)
                    continue
                }
                found.append(operation.remoteID)
            }
            #expect(simulator.count(.submit) == 2)
            return (simulator.world.allTasks.reversed().map(\.id), found)
        }
    }

    @Test(arguments: BytePlusAdapters.models.filter { $0.type == .video }.map(\.slug))
    func eachModelsTaskIsFoundByTheIdentifierOfItsAttempt(slug: String) async throws {
        let outcome = try await found(ArkStage.request(slug))
        #expect(outcome.found == outcome.lost)
    }

    @Test func aTaskThatShowsNoIdentifierIsFoundByTheSeedThatWasChosen() async throws {
        let request = ArkStage.request("bytedance/seedance-1-5-pro")
        let outcome = try await found(request, hiding: "safety_identifier")
        #expect(outcome.found == outcome.lost)
    }

    @Test func withTheClientsOwnIdentifierTheSeedAloneTells() async throws {
        let request = ArkStage.request("bytedance/seedance-1-5-pro", options: ["safety_identifier": "user-7"])
        let outcome = try await found(request)
        #expect(outcome.found == outcome.lost)
    }

    @Test func whatShowsNothingOfOursIsNotTaken() async throws {
        let outcome = try await found(ArkStage.request(), hiding: "safety_identifier,seed")
        #expect(outcome.found == [nil, nil])
    }

    @Test func aTaskOfAnotherAttemptIsNotTaken() async throws {
        let outcome = try await found(ArkStage.request(), taken: true)
        #expect(outcome.found == [nil, nil])
    }

    @Test func theClassSaysWhetherThereIsATokenOfOurs() throws {
        let adapter = try ArkStage.adapter("https://ark.example.com/api/v3")
        func letter(_ request: GenerationRequest) -> String { adapter.recoveryClass(of: request).letter }
        let own: JSONValue = ["safety_identifier": "user-7"]
        #expect(letter(ArkStage.request()) == "B")
        #expect(letter(ArkStage.request(options: own)) == "C")
        #expect(letter(ArkStage.request("bytedance/seedance-1-5-pro", options: own)) == "B")
        #expect(letter(ArkStage.request("bytedance/seedance-1-5-pro", options: own) { $0.seed = 7 }) == "C")
        #expect(adapter.recovery(of: ArkStage.request()) == .lookUp(settleSeconds: 180, complete: false))
    }
}
