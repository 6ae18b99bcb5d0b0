import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

@testable import ComfyUIAdapter

/// The adapter over real HTTP, against the simulated program: of today, and of before it knew ids of its clients.
@Suite struct ComfyConformanceTests {
    @Test(.timeLimit(.minutes(10)), arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        try await withSimulator(ComfySimulator.self, .forConformance) { simulator in
            let address = simulator.baseURL
            let subject = AdapterConformance.Subject(
                requests: try ComfyStage.requests(),
                inputs: ComfyStage.inputs,
                secrets: [ComfyStage.key],
                provider: simulator.underTest(),
                pause: { try await Task.sleep(for: .milliseconds(20)) },
                make: { try ComfyStage.adapter(address) }
            )
            try await check.run(subject)
        }
    }

    @Test func aLostAnswerIsFoundOnAServerThatGivesOutIdsOfItsOwn() async throws {
        var settings = SimulatorSettings.forConformance
        settings.wire = ["version": "older"]
        settings.durations = .manual
        try await withSimulator(ComfySimulator.self, settings) { simulator in
            let adapter = try ComfyStage.adapter(simulator.baseURL)
            let request = try #require(try ComfyStage.requests().first)
            _ = try await ComfyStage.submit(request, to: adapter, externalID: "att_other")
            guard case .accepted(let operation) = try await ComfyStage.submit(request, to: adapter) else {
                throw ComfyStage.NoAdapter()
            }
            let attempt = AttemptReference(externalID: "att_1", token: "t", number: 1, sentAtMilliseconds: 0)
            // While it runs, and when it is over.
            for _ in 0..<2 {
                let found = try await adapter.find(request, attempt: attempt, isTaken: { _ in false })
                #expect(found == .accepted(operation))
                simulator.world.finishAll()
            }
            let stranger = AttemptReference(externalID: "att_9", token: "t", number: 1, sentAtMilliseconds: 0)
            #expect(try await adapter.find(request, attempt: stranger, isTaken: { _ in false }) == nil)
        }
    }

    @Test func aJobThatWaitsIsTakenOutOfTheQueueAndNothingElseIsStopped() async throws {
        var settings = SimulatorSettings.forConformance
        settings.wire = ["version": "older"]
        settings.durations = .manual
        try await withSimulator(ComfySimulator.self, settings) { simulator in
            let adapter = try ComfyStage.adapter(simulator.baseURL)
            let request = try #require(try ComfyStage.requests().first)
            guard case .accepted(let first) = try await ComfyStage.submit(request, to: adapter, externalID: "att_1"),
                case .accepted(let second) = try await ComfyStage.submit(request, to: adapter, externalID: "att_2")
            else { throw ComfyStage.NoAdapter() }
            simulator.world.update(second.remoteID) { $0.startedAt = .max / 4 }
            try await adapter.cancel(second)
            #expect(simulator.world.task(second.remoteID) == nil)
            guard case .pending = try await adapter.status(of: first) else { throw ComfyStage.NoAdapter() }
            let lost = await #expect(throws: ProviderFailure.self) { try await adapter.status(of: second) }
            #expect(lost?.code == .notFound)
        }
    }
}
