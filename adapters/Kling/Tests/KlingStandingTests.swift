import Foundation
import Generation
import HTTPTransport
import KlingAdapter
import ProviderKit
import ProviderSimulators
import Testing

/// How a task ends, and what is said of it.
@Suite(.timeLimit(.minutes(2)))
struct KlingStandingTests {
    /// Asks until it has ended.
    private func end(
        _ outcome: SimulatedOutcome,
        at door: KlingDoor,
        _ request: GenerationRequest = KlingRequests.video()
    ) async throws -> OperationStatus {
        try await door.stage { simulator, adapter in
            simulator.world.force(outcome)
            let operation = try await KlingAttempt().operation(request, at: adapter)
            simulator.world.finishAll()
            return try await adapter.status(of: operation)
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func aDoneTaskHasItsVideoAndWhatItCost(_ door: KlingDoor) async throws {
        let request = KlingRequests.video { ($0.duration, $0.resolution) = (10, "1080p") }
        guard case .completed(let outputs, let usage) = try await end(.succeeded, at: door, request) else {
            Issue.record("not completed")
            return
        }
        #expect(outputs.map(\.mediaType) == ["video/mp4"])
        // Ten seconds of 0.8 units at 0.14 dollars: what was asked for is billed, not the file's 10.041 s.
        #expect(usage == ReportedUsage(milliseconds: 10_000, costNanoUSD: 1_120_000_000))
    }

    @Test(arguments: KlingDoor.allCases)
    func soundCostsWhatTheListSays(_ door: KlingDoor) async throws {
        let request = KlingRequests.video(KlingRequests.pro) { $0.generateAudio = true }
        guard case .completed(_, let usage) = try await end(.succeeded, at: door, request) else {
            Issue.record("not completed")
            return
        }
        #expect(usage.costNanoUSD == 840_000_000)
    }

    @Test(arguments: KlingDoor.allCases)
    func aTaskThatFailedIsRefundedAndSaysWhy(_ door: KlingDoor) async throws {
        for outcome in [SimulatedOutcome.failed, .filteredOutput] {
            guard case .failed(let failure) = try await end(outcome, at: door) else {
                Issue.record("\(outcome) has not failed")
                continue
            }
            #expect(failure.code == (outcome == .failed ? .unknown : .contentPolicy))
            #expect(failure.retry == (outcome == .failed ? .backoff : .never))
            #expect(failure.billing == .notCharged)
            #expect(failure.message.contains(outcome == .failed ? "Internal generation error" : "risk control"))
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func doneWithoutAVideoIsCompletedWithNothing(_ door: KlingDoor) async throws {
        guard case .completed(let outputs, _) = try await end(.withoutMedia, at: door) else {
            Issue.record("not completed")
            return
        }
        #expect(outputs.isEmpty)
    }

    @Test(arguments: KlingDoor.allCases)
    func aWordThatNobodyKnowsIsPending(_ door: KlingDoor) async throws {
        var settings = door.settings
        settings.durations = .manual
        try await door.stage(settings) { simulator, adapter in
            simulator.world.force(.unknownStatus)
            let operation = try await KlingAttempt().operation(KlingRequests.video(), at: adapter)
            #expect(try await adapter.status(of: operation) == .pending(progress: nil))
            simulator.world.finishAll()
            guard case .completed = try await adapter.status(of: operation) else {
                Issue.record("not completed")
                return
            }
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func aTaskWaitsAndThenRuns(_ door: KlingDoor) async throws {
        var settings = door.settings
        settings.durations = .manual
        settings.queueSeconds = 1_000
        try await door.stage(settings) { simulator, adapter in
            let operation = try await KlingAttempt().operation(KlingRequests.video(), at: adapter)
            #expect(try await adapter.status(of: operation) == .pending(progress: nil, isQueued: true))
            simulator.world.advance(seconds: 1_001)
            // The signed wire's clock is the simulator's: a token from a thousand seconds ago still holds.
            #expect(try await adapter.status(of: operation) == .pending(progress: nil))
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func aTaskThatIsGoneIsNotFound(_ door: KlingDoor) async throws {
        try await door.stage { simulator, adapter in
            simulator.world.force(.vanished)
            let operation = try await KlingAttempt().operation(KlingRequests.video(), at: adapter)
            let failure = await #expect(throws: ProviderFailure.self) { try await adapter.status(of: operation) }
            #expect(failure?.code == .notFound)
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func anOperationFromElsewhereIsNotAskedFor(_ door: KlingDoor) async throws {
        try await door.stage { simulator, adapter in
            let strangers = [
                ProviderOperation(remoteID: "../../etc/passwd", payload: "omni 5000"),
                ProviderOperation(remoteID: "8319", payload: ""),
                ProviderOperation(remoteID: "8319", payload: "omni-video 5000"),
                ProviderOperation(remoteID: "1,2", payload: "omni 5000"),
            ]
            for stranger in strangers {
                let failure = await #expect(throws: ProviderFailure.self) { try await adapter.status(of: stranger) }
                #expect(failure == .strangeOperation)
            }
            let standings = try await adapter.statuses(of: strangers)
            #expect(standings.isEmpty)
            #expect(simulator.journal.isEmpty)
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func manyAreAskedForAtOnce(_ door: KlingDoor) async throws {
        try await door.stage { simulator, adapter in
            simulator.world.force(.succeeded, .failed, .vanished, .succeeded)
            var operations: [ProviderOperation] = []
            for (index, model) in [KlingRequests.o1, KlingRequests.o1, KlingRequests.o1, KlingRequests.pro].enumerated()
            {
                let attempt = KlingAttempt("att_\(index)")
                operations.append(try await attempt.operation(KlingRequests.video(model), at: adapter))
            }
            simulator.world.finishAll()
            let standings = try await adapter.statuses(of: operations + [.init(remoteID: "x/y", payload: "omni 1")])
            #expect(Set(standings.keys) == Set([0, 1, 3].map { operations[$0].remoteID }))
            let alone = try await adapter.status(of: operations[0])
            #expect(standings[operations[0].remoteID] == alone)
            guard case .failed? = standings[operations[1].remoteID] else {
                Issue.record("not failed")
                return
            }
            // The signed wire has one list for each path; API 2.0 one place for all.
            #expect(simulator.count(.list) == (door == .signed ? 2 : 1))
        }
    }

    @Test(arguments: KlingDoor.allCases)
    func aCallbackNamesTheOperationThatTheSubmitGave(_ door: KlingDoor) async throws {
        try await door.stage { simulator, adapter in
            let request = KlingRequests.video(KlingRequests.pro) { $0.frameImages = [KlingRequests.first] }
            let attempt = KlingAttempt()
            let operation = try await attempt.operation(request, at: adapter)
            let task = try #require(simulator.world.allTasks.first)
            let posted = try #require(simulator.wire.callback(for: task))
            let resolved = try KlingRequests.resolved(request, adapter)
            func read(_ body: [UInt8]) -> ProviderOperation? {
                adapter.operation(inCallback: body, headers: posted.headers, for: resolved, of: attempt.reference)
            }
            #expect(read(posted.body) == operation)
            #expect(read(Array("{\"task_id\":\"../x\",\"id\":\"../x\"}".utf8)) == nil)
            #expect(read(Array("{\"task_id\":7,\"id\":7}".utf8)) == nil)
            #expect(read(Array("no JSON".utf8)) == nil)
        }
    }
}
