import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import ReplicateAdapter
import SimulatorConformance
import Testing

/// How a prediction stands and ends.
@Suite(.timeLimit(.minutes(2)))
struct ReplicateStandingTests {
    private static let id = "gm3qorzdhgbfurvjtvhg6dckhu"
    private static let place = "https://api.replicate.com/v1/predictions/\(id)"

    /// What one answer means.
    private func status(_ fields: String, payload: String = "") async throws -> OperationStatus {
        let body = #"{"id":"\#(Self.id)",\#(fields)}"#
        let transport = ScriptedTransport([.answered(.get, Self.place, status: 200, body: body)])
        let adapter = try ReplicateStage.adapter(nil, transport: transport)
        return try await adapter.status(of: ProviderOperation(remoteID: Self.id, payload: payload))
    }

    @Test func everyWordIsUnderstood() async throws {
        #expect(
            try await status(#""status":"starting","logs":"""#) == .pending(progress: nil, isQueued: true)
        )
        #expect(try await status(#""status":"processing","logs":null"#) == .pending(progress: nil))
        let logs = #"x\n 10%|#  | 1/10\n 43%|#### | 12/28 [00:01]\r"#
        #expect(
            try await status(#""status":"processing","logs":"\#(logs)""#) == .pending(progress: 0.43)
        )
        #expect(try await status(#""status":"booting""#) == .pending(progress: nil))
        #expect(try await status(#""status":"canceled""#) == .cancelled(chargedNanoUSD: nil))
        // With `Prefer: wait` an output can be there before its end.
        #expect(
            try await status(#""status":"processing","output":["https://x.example/a"]"#)
                == .pending(progress: nil)
        )
    }

    @Test func anOutputHasManyForms() async throws {
        func urls(_ output: String) async throws -> [String] {
            guard
                case .completed(let outputs, _) = try await status(
                    #""status":"succeeded","output":\#(output)"#
                )
            else {
                return ["no end"]
            }
            return outputs.map { output in
                guard case .url(let url) = output.location else { return "no URL" }
                return url
            }
        }
        let one = "https://replicate.delivery/a.webp"
        #expect(try await urls(#""\#(one)""#) == [one])
        #expect(try await urls(#"["\#(one)","https://replicate.delivery/b.webp"]"#).count == 2)
        #expect(try await urls(#"{"video":"\#(one)","seed":7,"note":"text"}"#) == [one])
        #expect(try await urls("null").isEmpty)
        let video = try await status(#""status":"succeeded","output":"\#(one)""#, payload: "8000")
        #expect(
            video
                == .completed(
                    [ProviderOutput(.url(one), mediaType: nil)],
                    ReportedUsage(milliseconds: 8_000)
                )
        )
    }

    @Test(arguments: [
        (
            "NSFW content detected. Try running it again.", ProviderFailure.Code.contentPolicy,
            ProviderFailure.Retry.never
        ),
        ("The input or output was flagged as sensitive. (E005)", .contentPolicy, .never),
        ("Service is temporarily unavailable. (E003)", .unavailable, .backoff),
        ("Queue is full", .unavailable, .backoff),
        ("Invalid input: width (E006)", .invalidRequest, .never),
        ("CUDA out of memory", .unavailable, .backoff),
    ])
    func aFailureHasItsReasonInWords(
        words: String,
        code: ProviderFailure.Code,
        retry: ProviderFailure.Retry
    ) async throws {
        guard case .failed(let failure) = try await status(#""status":"failed","error":"\#(words)""#)
        else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == code)
        #expect(failure.retry == retry)
        // Nobody says whether it is billed, so nothing is tried elsewhere.
        #expect(failure.billing == .unknown)
        #expect(failure.requestReachedProvider == .yes)
    }

    @Test func whatNeverStartedIsNotBilled() async throws {
        guard case .failed(let failure) = try await status(#""status":"aborted","error":null"#) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .timedOut)
        #expect(failure.billing == .notCharged)
    }

    /// An hour after its end.
    @Test func whatWasRemovedIsLost() async throws {
        let fields = #""status":"succeeded","output":null,"data_removed":true"#
        guard case .failed(let failure) = try await status(fields) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .notFound)
        #expect(failure.billing == .charged)
    }

    @Test func anAnswerAboutAnotherPredictionIsNotTaken() async throws {
        for body in [#"{"id":"other","status":"succeeded"}"#, #"{"id":"\#(Self.id)"}"#, "[]", ""] {
            let transport = ScriptedTransport([.answered(.get, Self.place, status: 200, body: body)])
            let adapter = try ReplicateStage.adapter(nil, transport: transport)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await adapter.status(of: ProviderOperation(remoteID: Self.id))
            }
            #expect(failure?.code == .unknown)
            #expect(failure?.retry == .backoff)
        }
    }

    @Test func aRunningPredictionCanBeStopped() async throws {
        try await withSimulator(ReplicateSimulator.self, .forConformance) { simulator in
            let adapter = try ReplicateStage.adapter(simulator.baseURL)
            simulator.world.force(seconds: 60)
            let operation = try await ReplicateAttempt().operation(ReplicateStage.image(), at: adapter)
            try await adapter.cancel(operation)
            #expect(try await adapter.status(of: operation) == .cancelled(chargedNanoUSD: nil))
            // Too late is no failure.
            try await adapter.cancel(operation)
        }
    }

    @Test func aCallbackNamesItsPrediction() async throws {
        try await withSimulator(ReplicateSimulator.self, .forConformance) { simulator in
            let adapter = try ReplicateStage.adapter(simulator.baseURL)
            let attempt = ReplicateAttempt(callbackURL: "https://gateway.example/provider-callbacks/x")
            let request = ReplicateStage.video()
            let resolved = try ReplicateStage.resolved(request, adapter)
            let operation = try await attempt.operation(request, at: adapter)
            simulator.world.finish(operation.remoteID)
            let task = try #require(simulator.world.task(operation.remoteID))
            let posted = try #require(simulator.wire.callback(for: task))
            let named = adapter.operation(
                inCallback: posted.body,
                headers: posted.headers,
                for: resolved,
                of: attempt.reference
            )
            #expect(named == operation)
            for body in [#"{"id":"../x","status":"succeeded"}"#, #"{"id":"a"}"#, "{}", "[]", ""] {
                let strange = adapter.operation(
                    inCallback: Array(body.utf8),
                    headers: [],
                    for: resolved,
                    of: attempt.reference
                )
                #expect(strange == nil, "\(body)")
            }
        }
    }
}
