import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

@testable import AlibabaAdapter

@Suite struct AlibabaAdapterTests {
    @Test(.timeLimit(.minutes(10)), arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        var settings = Stage.settings()
        // Hundreds of images of all sizes: what they look like is tried elsewhere.
        settings.hasCheapMedia = true
        try await withSimulator(DashScopeSimulator.self, settings) { simulator in
            let short = { (video: inout VideoRequest) in video.duration = 2 }
            var facts = ProviderUnderTest.Facts()
            facts.listTellsEnds = false
            try await check.run(
                AdapterConformance.Subject(
                    requests: [
                        Stage.request("alibaba/wan-2.7", change: short),
                        Stage.request("alibaba/wan-2.7") { video in
                            video.duration = 2
                            video.frameImages = [Stage.frame(.first, 0), Stage.frame(.last, 1)]
                        },
                        Stage.request("alibaba/wan-2.6") { video in
                            video.duration = 2
                            video.inputReferences = [Stage.reference(0), Stage.reference(1)]
                        },
                        Stage.request("alibaba/wan-3.0", change: short),
                        Stage.request("alibaba/wan-3.0-prime", change: short),
                    ] + Self.images,
                    inputs: Stage.inputs,
                    secrets: [Stage.key],
                    provider: simulator.underTest(facts),
                    pause: { try await Task.sleep(for: .milliseconds(20)) },
                    make: { Stage(simulator).adapter }
                )
            )
        }
    }

    /// Each image model; those that edit with a picture.
    private static let images = AlibabaImageModels.all.map { model in
        Stage.image(model.slug) { image in
            if ImageFamily(of: model)?.references.lowerBound == 1 { image.inputReferences = [Stage.reference(0)] }
        }
    }

    // MARK: - Registration

    private func settings(_ environment: [String: String]) -> ProviderSettings {
        ProviderSettings(
            environment: environment,
            workFolder: "",
            transport: UnavailableTransport(),
            processorCount: 1,
            now: { 0 }
        )
    }

    @Test func withoutAKeyThereIsNothing() {
        #expect(AlibabaAdapters.instances(settings([:])).isEmpty)
        #expect(AlibabaAdapters.instances(settings(["DASHSCOPE_API_KEY": ""])).isEmpty)
    }

    @Test(arguments: [
        (nil, "https://dashscope-intl.aliyuncs.com", "0.10"),
        ("https://dashscope.aliyuncs.com/api/v1", "https://dashscope.aliyuncs.com", "0.086012"),
        (
            "https://ws-1.cn-beijing.maas.aliyuncs.com/api/v1/", "https://ws-1.cn-beijing.maas.aliyuncs.com",
            "0.086012"
        ),
        (
            "https://ws-1.ap-southeast-1.maas.aliyuncs.com/api/v1", "https://ws-1.ap-southeast-1.maas.aliyuncs.com",
            "0.10"
        ),
        ("http://127.0.0.1:8080/api/v1", "http://127.0.0.1:8080", "0.10"),
    ])
    func theAddressDecidesWhosePricesHold(_ url: String?, _ origin: String, _ price: String) throws {
        var environment = ["DASHSCOPE_API_KEY": Stage.key]
        environment["DASHSCOPE_BASE_URL"] = url
        let adapter = try #require(AlibabaAdapters.instances(settings(environment)).first)
        #expect(adapter.id == ProviderID("alibaba"))
        #expect(adapter.trustedOrigins == [try RemoteURL(origin).origin])
        let model = try #require(adapter.models.first { $0.slug == "alibaba/wan-2.7" })
        #expect(model.prices.first { $0.conditions == ["resolution": "720p"] }?.usd == price)
        #expect(model.limits == EndpointLimits(slots: 5, submitsPerSecond: 5))
    }

    @Test func theTierThatIsCheaperIsTheDefault() throws {
        // The provider's own default is 1080P.
        let transport = ScriptedTransport([])
        for model in Stage(transport).adapter.models where model.type == .video {
            let resolved = try Stage(transport).resolved(Stage.request(model.slug))
            guard case .video(let video) = resolved.content else { continue }
            #expect(video.resolution == "720p", "\(model.slug)")
            #expect(video.duration == 5)
        }
    }

    // MARK: - Questions

    @Test func aListTellsWhichTasksRunAndLeavesTheOthersOut() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.manual)) { simulator in
            let stage = Stage(simulator)
            var operations: [ProviderOperation] = []
            for model in ["alibaba/wan-2.7", "alibaba/wan-2.6", "alibaba/wan-3.0"] {
                operations.append(try await stage.accepted(Stage.request(model)))
            }
            simulator.world.finish(operations[1].remoteID)
            let statuses = try await stage.adapter.statuses(of: operations)
            #expect(Set(statuses.keys) == [operations[0].remoteID, operations[2].remoteID])
            #expect(statuses.values.allSatisfy { $0 == .pending(progress: nil) })
            #expect(simulator.count(.list) == 1)
            #expect(simulator.count(.poll) == 0)
            // A page that is too long for the provider costs no more than the short cut.
            simulator.inject(.status(400), on: .list)
            #expect(try await stage.adapter.statuses(of: operations).isEmpty)
        }
    }

    @Test func aWaitingTaskIsStoppedAndARunningOneIsNot() async throws {
        var settings = Stage.settings(.manual)
        settings.queueSeconds = 3_600
        try await withSimulator(DashScopeSimulator.self, settings) { simulator in
            let stage = Stage(simulator)
            let waiting = try await stage.accepted(Stage.request("alibaba/wan-2.7"))
            #expect(try await stage.adapter.status(of: waiting) == .pending(progress: nil, isQueued: true))
            try await stage.adapter.cancel(waiting)
            #expect(try await stage.adapter.status(of: waiting) == .cancelled(chargedNanoUSD: 0))
            let running = try await stage.accepted(Stage.request("alibaba/wan-2.7"))
            simulator.world.advance(seconds: 3_601)
            try await stage.adapter.cancel(running)
            #expect(try await stage.adapter.status(of: running) == .pending(progress: nil))
        }
    }

    @Test func aTaskIsForgottenAfterADay() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings()) { simulator in
            let stage = Stage(simulator)
            let operation = try await stage.accepted(Stage.request("alibaba/wan-2.7"))
            simulator.world.advance(seconds: 24 * 3_600 + 1)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await stage.adapter.status(of: operation)
            }
            #expect(failure?.code == .notFound)
            #expect(failure?.message.contains("24 hours") == true)
        }
    }

    @Test func billedIsWhatTheProviderSays() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.fixed(seconds: 0))) { simulator in
            let stage = Stage(simulator)
            let operation = try await stage.accepted(Stage.request("alibaba/wan-2.7") { $0.duration = 3 })
            guard case .completed(let outputs, let usage) = try await stage.adapter.status(of: operation) else {
                Issue.record("not completed")
                return
            }
            #expect(usage == ReportedUsage(milliseconds: 3_000))
            #expect(outputs.map(\.mediaType) == ["video/mp4"])
        }
    }
}
