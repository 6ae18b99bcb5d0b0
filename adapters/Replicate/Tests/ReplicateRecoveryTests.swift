import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import ReplicateAdapter
import SimulatorConformance
import Testing

/// How a submit whose answer was lost is found again.
@Suite(.timeLimit(.minutes(2)))
struct ReplicateRecoveryTests {
    private func find(
        _ attempt: ReplicateAttempt,
        _ request: GenerationRequest,
        _ adapter: ReplicateAdapter,
        taken: Set<String> = []
    ) async throws -> String? {
        let resolved = try ReplicateStage.resolved(request, adapter)
        let found = try await adapter.find(resolved, attempt: attempt.reference) { taken.contains($0) }
        guard case .accepted(let operation)? = found else { return nil }
        return operation.remoteID
    }

    @Test func theClassIsHonest() throws {
        let adapter = try ReplicateStage.adapter(nil)
        #expect(adapter.recoveryClass(of: ReplicateStage.image()).letter == "B")
        #expect(adapter.recoveryClass(of: ReplicateStage.video()).letter == "B")
        let edit = ReplicateStage.image { $0.inputReferences = [ReplicatePictures.boat] }
        #expect(adapter.recoveryClass(of: edit) == .unrecoverable)
    }

    @Test func aLostSubmitIsFoundByItsContent() async throws {
        try await withSimulator(ReplicateSimulator.self, .forConformance) { simulator in
            let adapter = try ReplicateStage.adapter(simulator.baseURL)
            let request = ReplicateStage.image(ReplicateStage.schnell) { ($0.seed, $0.n) = (7, 2) }
            let now = simulator.world.now()
            let attempt = ReplicateAttempt("att_1", sentAt: now)
            simulator.inject(.answerLost, on: .submit)
            await #expect(throws: ProviderFailure.self) {
                _ = try await attempt.submit(request, to: adapter)
            }
            let id = try #require(simulator.world.tasks.first?.id)
            #expect(try await find(attempt, request, adapter) == id)
            // Not what belongs to another attempt, nor another's content, nor of another time.
            #expect(try await find(attempt, request, adapter, taken: [id]) == nil)
            let other = ReplicateStage.image(ReplicateStage.schnell) { ($0.seed, $0.n) = (8, 2) }
            #expect(try await find(attempt, other, adapter) == nil)
            let late = ReplicateAttempt("att_2", sentAt: now + 3_600_000)
            #expect(try await find(late, request, adapter) == nil)
            let early = ReplicateAttempt("att_3", sentAt: now - 3_600_000)
            #expect(try await find(early, request, adapter) == nil)
        }
    }

    /// Where the list shows the callback's address, that of another attempt is not taken for ours.
    @Test func theCallbacksAddressTellsEqualRequestsApart() async throws {
        var settings = SimulatorSettings.forConformance
        settings.wire = ["webhooks": "shown"]
        try await withSimulator(ReplicateSimulator.self, settings) { simulator in
            let adapter = try ReplicateStage.adapter(simulator.baseURL)
            let now = simulator.world.now()
            func attempt(_ id: String) -> ReplicateAttempt {
                ReplicateAttempt(
                    id,
                    callbackURL: "https://gateway.example/callbacks/token-of-\(id)",
                    sentAt: now
                )
            }
            let (mine, other) = (attempt("att_1"), attempt("att_2"))
            let first = try await other.operation(ReplicateStage.image(), at: adapter).remoteID
            #expect(try await find(mine, ReplicateStage.image(), adapter) == nil)
            let second = try await mine.operation(ReplicateStage.image(), at: adapter).remoteID
            #expect(try await find(mine, ReplicateStage.image(), adapter) == second)
            #expect(try await find(other, ReplicateStage.image(), adapter) == first)
        }
    }

    @Test func theListIsReadPageByPage() async throws {
        var settings = SimulatorSettings.forConformance
        settings.wire = ["page_size": "2"]
        try await withSimulator(ReplicateSimulator.self, settings) { simulator in
            let adapter = try ReplicateStage.adapter(simulator.baseURL)
            let attempt = ReplicateAttempt("att_1", sentAt: simulator.world.now())
            let wanted = ReplicateStage.image { $0.seed = 1 }
            let id = try await attempt.operation(wanted, at: adapter).remoteID
            for seed in 2...6 {
                _ = try await ReplicateAttempt("att_\(seed)").submit(
                    ReplicateStage.image { $0.seed = Int64(seed) },
                    to: adapter
                )
            }
            #expect(try await find(attempt, wanted, adapter) == id)
            #expect(simulator.count(.list) == 3)
            var listed = try await adapter.operations(since: 0, page: nil)
            #expect(listed.operations.count == 2)
            #expect(listed.operations.first?.model == "black-forest-labs/flux-2-pro")
            let next = try #require(listed.next)
            listed = try await adapter.operations(since: 0, page: next)
            #expect(listed.operations.count == 2)
            let resolved = try ReplicateStage.resolved(wanted, adapter)
            #expect(adapter.operation(of: listed.operations[0], for: resolved) != nil)
            let veo = try ReplicateStage.resolved(ReplicateStage.video(), adapter)
            #expect(adapter.operation(of: listed.operations[0], for: veo) == nil)
        }
    }

    @Test func aListThatCannotBeHadIsNoAbsence() async throws {
        try await withSimulator(ReplicateSimulator.self, .forConformance) { simulator in
            let adapter = try ReplicateStage.adapter(simulator.baseURL)
            for fault in [SimulatedFault.status(500, retryAfter: nil), .malformedJSON, .html, .otherJSON] {
                simulator.inject(fault, on: .list)
                await #expect(throws: ProviderFailure.self) {
                    _ = try await find(ReplicateAttempt(), ReplicateStage.image(), adapter)
                }
            }
        }
    }
}
