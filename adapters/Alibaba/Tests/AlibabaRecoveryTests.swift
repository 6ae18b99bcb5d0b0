import ConformanceKit
import Foundation
import Generation
import ProviderKit
import ProviderSimulators
import Testing

@testable import AlibabaAdapter

/// A submit whose answer was lost: found by model, time and prompt, or not at all.
@Suite(.timeLimit(.minutes(2)))
struct AlibabaRecoveryTests {
    /// Submits so that the answer is lost.
    ///
    /// - Returns: The attempt, and the task that it started.
    private func lose(
        _ request: GenerationRequest,
        _ stage: Stage,
        _ simulator: ProviderSimulator
    ) async throws -> (attempt: TestAttempt, id: String) {
        let attempt = stage.attempt(sentAt: simulator.world.now())
        simulator.inject(.answerLost, on: .submit)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.adapter.submit(request, attempt: attempt.context())
        }
        #expect(failure?.isDefiniteRefusal == false)
        return (attempt, try #require(simulator.world.allTasks.first?.id))
    }

    private func find(
        _ request: GenerationRequest,
        _ attempt: TestAttempt,
        _ stage: Stage,
        taken: Set<String> = []
    ) async throws -> String? {
        let found = try await stage.adapter.find(
            request,
            attempt: attempt.reference,
            isTaken: { taken.contains($0) }
        )
        guard case .accepted(let operation)? = found else { return nil }
        return operation.remoteID
    }

    @Test(arguments: ["alibaba/wan-2.7", "alibaba/wan-2.6"])
    func whatWasLostIsFoundOnceItIsDone(_ model: String) async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.manual)) { simulator in
            let stage = Stage(simulator)
            let request = try stage.resolved(Stage.request(model, "  A boat,\nas asked "))
            let (attempt, id) = try await lose(request, stage, simulator)
            // A task that runs shows no prompt: it could be anybody's.
            #expect(try await find(request, attempt, stage) == nil)
            simulator.world.finish(id)
            #expect(try await find(request, attempt, stage, taken: [id]) == nil)
            #expect(try await find(request, attempt, stage) == id)
            #expect(simulator.count(.submit) == 1)
            let recovery = stage.adapter.recovery(of: request)
            #expect(recovery == .lookUp(settleSeconds: 1_200, complete: false))
        }
    }

    @Test func whatIsFoundCanBeAskedForLikeAnyOther() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.manual)) { simulator in
            let stage = Stage(simulator)
            let request = try stage.resolved(Stage.request("alibaba/wan-2.7"))
            let (attempt, id) = try await lose(request, stage, simulator)
            simulator.world.finish(id)
            let found = try await stage.adapter.find(request, attempt: attempt.reference, isTaken: { _ in false })
            guard case .accepted(let operation)? = found else {
                Issue.record("not found")
                return
            }
            let status = try await stage.adapter.status(of: operation)
            guard case .completed(let outputs, ReportedUsage(milliseconds: 5_000)) = status else {
                Issue.record("\(status)")
                return
            }
            #expect(outputs.count == 1)
        }
    }

    /// Requests that differ from the lost one in what a finished task shows.
    private static let strangers: [@Sendable (inout VideoRequest) -> Void] = [
        { $0.prompt = "Another boat" }, { $0.duration = 9 }, { $0.resolution = "1080p" }, { $0.aspectRatio = "1:1" },
    ]

    @Test(arguments: strangers.indices, ["alibaba/wan-2.7", "alibaba/wan-2.6"])
    func whatLooksOtherwiseIsNotTaken(_ index: Int, _ model: String) async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.manual)) { simulator in
            let stage = Stage(simulator)
            let request = try stage.resolved(Stage.request(model))
            let sentAt = simulator.world.now()
            let other = try await stage.accepted(Stage.request(model, change: Self.strangers[index]))
            simulator.world.finish(other.remoteID)
            #expect(try await find(request, stage.attempt(sentAt: sentAt), stage) == nil)
        }
    }

    @Test func whatWasSubmittedLongBeforeIsNotTaken() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.manual)) { simulator in
            let stage = Stage(simulator)
            let request = try stage.resolved(Stage.request("alibaba/wan-2.7"))
            let other = try await stage.accepted(Stage.request("alibaba/wan-2.7"))
            simulator.world.finish(other.remoteID)
            let now = simulator.world.now()
            #expect(try await find(request, stage.attempt(sentAt: now + 120_000), stage) == nil)
            #expect(try await find(request, stage.attempt(sentAt: now - 660_000), stage) == nil)
            #expect(try await find(request, stage.attempt(sentAt: now - 500_000), stage) == other.remoteID)
            #expect(simulator.count(.poll) == 1)
        }
    }

    @Test func whatATaskDoesNotShowIsNotLookedFor() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.manual)) { simulator in
            let stage = Stage(simulator)
            let plain = try stage.resolved(Stage.request("alibaba/wan-2.7"))
            let seeded = try stage.resolved(Stage.request("alibaba/wan-2.7") { $0.seed = 1 })
            let (attempt, first) = try await lose(plain, stage, simulator)
            _ = try await lose(seeded, stage, simulator)
            simulator.world.finishAll()
            #expect(try await find(plain, attempt, stage) == first)
            // A seed is shown by neither: even a sole match could be another's.
            #expect(try await find(seeded, attempt, stage, taken: [first]) == nil)
            let hidden = [
                seeded,
                try stage.resolved(
                    Stage.request("alibaba/wan-2.7", options: ["audio_url": "https://cdn.example.com/a.mp3"])
                ),
                // Wan 3.0 tells no shape.
                try stage.resolved(Stage.request("alibaba/wan-3.0")),
            ]
            for request in hidden { #expect(stage.adapter.recovery(of: request) == .unrecoverable) }
        }
    }

    @Test func whatWasMadeOfPicturesIsNotLookedFor() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings()) { simulator in
            let stage = Stage(simulator)
            let request = try stage.resolved(
                Stage.request("alibaba/wan-2.7") { $0.frameImages = [Stage.frame(.first, 0)] }
            )
            let (attempt, _) = try await lose(request, stage, simulator)
            #expect(stage.adapter.recovery(of: request) == .unrecoverable)
            #expect(try await find(request, attempt, stage) == nil)
            #expect(simulator.count(.list) == 0)
        }
    }

    @Test func aBusyAccountIsLookedThroughPageByPage() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.manual)) { simulator in
            let stage = Stage(simulator)
            let request = try stage.resolved(Stage.request("alibaba/wan-2.7"))
            let (attempt, id) = try await lose(request, stage, simulator)
            for number in 1...60 {
                _ = try await stage.accepted(Stage.request("alibaba/wan-2.7", "Boat \(number)"))
            }
            simulator.world.finish(id)
            #expect(try await find(request, attempt, stage) == id)
            #expect(simulator.count(.list) == 2)
            #expect(simulator.count(.poll) == 1)
        }
    }
}
