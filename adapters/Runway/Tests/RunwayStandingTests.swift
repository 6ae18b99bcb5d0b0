import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import RunwayAdapter
import SimulatorConformance
import Testing

/// How a task stands, what refusals mean, and what is stopped.
@Suite(.timeLimit(.minutes(2)))
struct RunwayStandingTests {
    private static let base = "https://api.dev.runwayml.com"
    private static let id = "17f20503-6c24-4c16-946b-35dbbce2af2f"
    private static let operation = ProviderOperation(remoteID: id)

    private func status(_ fields: String) async throws -> OperationStatus {
        let body = #"{"id":"\#(Self.id)","createdAt":"2026-11-21T10:32:17.000Z",\#(fields)}"#
        let transport = ScriptedTransport([
            .answered(.get, "\(Self.base)/v1/tasks/\(Self.id)", status: 200, body: body)
        ])
        return try await RunwayStage.adapter(Self.base, transport: transport).status(of: Self.operation)
    }

    private func refusal(_ status: Int, _ body: String) async throws -> ProviderFailure {
        let transport = ScriptedTransport([
            .answered(.post, "\(Self.base)/v1/text_to_video", status: status, body: body)
        ])
        let adapter = try RunwayStage.adapter(Self.base, transport: transport)
        return try await #require(throws: ProviderFailure.self) {
            _ = try await RunwayStage.operation(RunwayStage.request(), at: adapter)
        }
    }

    /// The bodies are those of `types/task_retrieve_response.py` (runwayml 5.24.0), 2026-11-22.
    @Test func everyWordIsUnderstood() async throws {
        let estimate = #""estimatedCost":{"credits":60}"#
        for word in ["PENDING", "THROTTLED"] {
            #expect(try await status(#""status":"\#(word)",\#(estimate)"#) == .pending(progress: nil, isQueued: true))
        }
        #expect(
            try await status(#""status":"RUNNING","progress":0.42,\#(estimate)"#) == .pending(progress: 0.42)
        )
        #expect(try await status(#""status":"RUNNING","progress":7"#) == .pending(progress: nil))
        #expect(try await status(#""status":"WARMING_UP""#) == .pending(progress: nil))
        #expect(
            try await status(#""status":"CANCELLED","cost":{"credits":12}"#) == .cancelled(chargedNanoUSD: 120_000_000)
        )
        #expect(try await status(#""status":"CANCELLED""#) == .cancelled(chargedNanoUSD: nil))
        let url = "https://dnznrvs05pmza.cloudfront.net/x.mp4?_jwt=abc"
        #expect(
            try await status(#""status":"SUCCEEDED","cost":{"credits":60},"output":["\#(url)"]"#)
                == .completed([ProviderOutput(.url(url), mediaType: nil)], ReportedUsage(costNanoUSD: 600_000_000))
        )
        #expect(
            try await status(#""status":"SUCCEEDED","cost":{"credits":60},"output":[]"#)
                == .completed([], ReportedUsage(costNanoUSD: 600_000_000))
        )
    }

    @Test(arguments: [
        ("SAFETY.INPUT.TEXT", ProviderFailure.Code.contentPolicy, ProviderFailure.Retry.never),
        ("SAFETY.OUTPUT.VIDEO", .contentPolicy, .never), ("ASSET.INVALID", .invalidRequest, .never),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", .invalidRequest, .never), ("INTERNAL", .unavailable, .backoff),
        ("INTERNAL.BAD_OUTPUT.CODE01", .unavailable, .backoff), ("SOMETHING.NEW", .unavailable, .backoff),
    ])
    func aFailedTaskSaysWhyAndWhatItCost(
        code: String,
        expected: ProviderFailure.Code,
        retry: ProviderFailure.Retry
    ) async throws {
        for (cost, billing) in [
            (#","cost":{"credits":0}"#, ProviderFailure.Billing.notCharged), (#","cost":{"credits":60}"#, .charged),
            ("", .unknown),
        ] {
            let fields = #""status":"FAILED","failureCode":"\#(code)","failure":"Secret words"\#(cost)"#
            guard case .failed(let failure) = try await status(fields) else {
                Issue.record("no failure")
                continue
            }
            #expect(failure.code == expected)
            #expect(failure.retry == retry)
            #expect(failure.billing == billing)
            #expect(failure.providerCode == code)
        }
    }

    @Test(arguments: [
        (400, ProviderFailure.Code.invalidRequest, ProviderFailure.Retry.never, true),
        (401, .authentication, .never, true), (404, .notFound, .never, true), (429, .rateLimited, .backoff, true),
        (502, .unavailable, .backoff, false), (503, .unavailable, .backoff, false), (504, .timedOut, .backoff, false),
    ])
    func eachStatusMeansWhatTheVendorSays(
        status: Int,
        expected: ProviderFailure.Code,
        retry: ProviderFailure.Retry,
        isDefinite: Bool
    ) async throws {
        let failure = try await refusal(status, #"{"error":"Some words."}"#)
        #expect(failure.code == expected)
        #expect(failure.retry == retry)
        #expect(failure.isDefiniteRefusal == isDefinite)
        #expect(failure.requestReachedProvider == .yes)
        #expect(failure.message.contains("Some words.") == (status == 400))
    }

    @Test func findingsNameTheirFields() async throws {
        let body =
            #"{"error":"Validation of body failed","issues":[{"code":"invalid_union","path":["ratio"],"message":"Invalid input"}]}"#
        #expect(try await refusal(400, body).message.contains("ratio: Invalid input"))
        let poor = try await refusal(400, #"{"error":"You do not have enough credits to run this task."}"#)
        #expect(poor.code == .insufficientProviderFunds)
        #expect(poor.isDefiniteRefusal)
        let leak = try await refusal(400, #"{"error":"Bad key \#(RunwayStage.key)"}"#)
        #expect(!leak.message.contains(RunwayStage.key))
    }

    @Test(arguments: ["{}", #"{"id":5}"#, #"{"id":"../x"}"#, "<html>", #"{"id":"17f"#])
    func anAcceptanceWithoutAnIDLeavesTheOutcomeOpen(body: String) async throws {
        let failure = try await refusal(200, body)
        #expect(failure.requestReachedProvider == .yes)
        #expect(!failure.isDefiniteRefusal)
    }

    /// The same call deletes what has ended, so only what is under way is stopped.
    @Test func onlyWhatIsUnderWayIsStopped() async throws {
        var settings = SimulatorSettings.forConformance
        settings.durations = .manual
        try await withSimulator(RunwaySimulator.self, settings) { simulator in
            let adapter = try RunwayStage.adapter(simulator.baseURL)
            let running = try await RunwayStage.operation(RunwayStage.request(), at: adapter)
            try await adapter.cancel(running)
            try await adapter.cancel(running)
            #expect(try await adapter.status(of: running) == .cancelled(chargedNanoUSD: 0))
            let done = try await RunwayStage.operation(RunwayStage.request(), at: adapter)
            simulator.world.finish(done.remoteID)
            try await adapter.cancel(done)
            guard case .completed(let outputs, let usage) = try await adapter.status(of: done) else {
                Issue.record("what has ended is gone")
                return
            }
            #expect(outputs.count == 1)
            // Five seconds at twelve credits.
            #expect(usage == ReportedUsage(costNanoUSD: 600_000_000))
            #expect(simulator.count(.cancel) == 1)
        }
    }

    @Test func moreThanMayRunWaits() async throws {
        var settings = SimulatorSettings.forConformance
        settings.durations = .manual
        settings.wire = ["running": "1"]
        try await withSimulator(RunwaySimulator.self, settings) { simulator in
            let adapter = try RunwayStage.adapter(simulator.baseURL)
            _ = try await RunwayStage.operation(RunwayStage.request(), at: adapter)
            let second = try await RunwayStage.operation(RunwayStage.request(), at: adapter)
            #expect(try await adapter.status(of: second) == .pending(progress: nil, isQueued: true))
        }
    }
}
