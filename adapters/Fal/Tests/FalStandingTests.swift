import ConformanceKit
import FalAdapter
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// How a request stands, how it ends, and where it is asked for.
@Suite(.timeLimit(.minutes(2)))
struct FalStandingTests {
    private static let id = "764cabcf-b745-4b3e-ae38-1200304cf45b"
    private static let place = "https://queue.fal.run/fal-ai/flux/requests/\(id)"
    private static let operation = ProviderOperation(remoteID: id, payload: #"{"app":"fal-ai/flux"}"#)

    /// What two answers mean: that of the queue, and that of the result.
    private func status(
        _ queued: String,
        _ result: (status: Int, body: String)? = nil,
        headers: [(name: String, value: String)] = [],
        payload: String = #"{"app":"fal-ai/flux"}"#
    ) async throws -> OperationStatus {
        var script: [ScriptedTransport.Exchange] = [
            .answered(.get, "\(Self.place)/status?logs=1", status: result == nil ? 202 : 200, body: queued)
        ]
        if let result {
            script.append(.answered(.get, Self.place, status: result.status, headers: headers, body: result.body))
        }
        let adapter = try FalStage.adapter(nil, transport: ScriptedTransport(script))
        return try await adapter.status(of: ProviderOperation(remoteID: Self.id, payload: payload))
    }

    private static let done = #"{"status":"COMPLETED","request_id":"\#(id)","logs":[],"metrics":{}}"#

    @Test func everyWordIsUnderstood() async throws {
        #expect(
            try await status(#"{"status":"IN_QUEUE","request_id":"\#(Self.id)","queue_position":2}"#)
                == .pending(progress: nil, isQueued: true)
        )
        #expect(try await status(#"{"status":"IN_PROGRESS","logs":null}"#) == .pending(progress: nil))
        #expect(try await status(#"{"status":"WARMING_UP"}"#) == .pending(progress: nil))
        let image = #"{"url":"https://v3.fal.media/files/x/a.png","content_type":"image/png","width":1024}"#
        #expect(
            try await status(Self.done, (200, #"{"images":[\#(image)],"seed":7,"has_nsfw_concepts":[false]}"#))
                == .completed(
                    [ProviderOutput(.url("https://v3.fal.media/files/x/a.png"), mediaType: "image/png")],
                    ReportedUsage()
                )
        )
        let video = #"{"video":{"url":"https://v3.fal.media/files/x/v.mp4","content_type":"video/mp4"}}"#
        let payload = #"{"app":"fal-ai/flux","milliseconds":8000}"#
        #expect(
            try await status(Self.done, (200, video), payload: payload)
                == .completed(
                    [ProviderOutput(.url("https://v3.fal.media/files/x/v.mp4"), mediaType: "video/mp4")],
                    ReportedUsage(milliseconds: 8_000)
                )
        )
    }

    /// A model's last line, as it prints its steps or a progress bar.
    @Test(arguments: [
        ("12/28", 12.0 / 28), (" 43%|####      | 12/28 [00:01<00:02]", 0.43), ("loading weights", nil),
        ("120%|", nil), ("30/28", nil), ("seed 12/28 of", nil),
    ])
    func progressIsTheModelsOwn(line: String, progress: Double?) async throws {
        let queued: JSONValue = ["status": "IN_PROGRESS", "logs": [["message": "0/28"], ["message": .string(line)]]]
        #expect(try await status(queued.canonicalText) == .pending(progress: progress ?? 0))
    }

    /// What the filter has blacked out is no picture, and was made all the same.
    @Test func aBlackPictureIsNone() async throws {
        let images = #""images":[{"url":"https://v3.fal.media/a"},{"url":"https://v3.fal.media/b"}]"#
        guard
            case .failed(let failure) = try await status(
                Self.done,
                (200, "{\(images),\"has_nsfw_concepts\":[true,true]}")
            )
        else {
            Issue.record("a black picture was taken for one")
            return
        }
        #expect(failure.code == .contentPolicy)
        #expect(failure.billing == .charged)
        #expect(
            try await status(Self.done, (200, "{\(images),\"has_nsfw_concepts\":[true,false]}"))
                == .completed([ProviderOutput(.url("https://v3.fal.media/b"), mediaType: nil)], ReportedUsage())
        )
    }

    /// What ends with 500 or above is never charged; what a model refuses may be.
    @Test(arguments: [
        (
            422, #"{"detail":[{"loc":["body","prompt"],"msg":"flagged","type":"content_policy_violation"}]}"#,
            ProviderFailure.Code.contentPolicy, ProviderFailure.Retry.never, ProviderFailure.Billing.unknown
        ),
        (422, #"{"detail":[{"loc":["body"],"msg":"m","type":"image_load_error"}]}"#, .invalidRequest, .never, .unknown),
        (422, #"{"detail":[{"msg":"m","type":"no_media_generated"}]}"#, .unknown, .backoff, .unknown),
        (400, #"{"detail":"Bad"}"#, .invalidRequest, .never, .unknown),
        (500, #"{"detail":"Runner failed","error_type":"runner_server_error"}"#, .unavailable, .backoff, .notCharged),
        (503, #"{"detail":"x","error_type":"runner_connection_error"}"#, .unavailable, .backoff, .notCharged),
        (504, #"{"detail":"x","error_type":"request_timeout"}"#, .timedOut, .backoff, .notCharged),
        (500, #"{"detail":[{"msg":"m","type":"downstream_service_error"}]}"#, .unavailable, .backoff, .notCharged),
    ])
    func anEndSaysWhetherItIsCharged(
        code: Int,
        body: String,
        reason: ProviderFailure.Code,
        retry: ProviderFailure.Retry,
        billing: ProviderFailure.Billing
    ) async throws {
        // Older answers of the queue say nothing of an error.
        for queued in [Self.done, #"{"status":"COMPLETED","error":"Invalid status code: \#(code)"}"#] {
            guard case .failed(let failure) = try await status(queued, (code, body)) else {
                Issue.record("\(code): no failure")
                continue
            }
            #expect(failure.code == reason, "\(code)")
            #expect(failure.retry == retry, "\(code)")
            #expect(failure.billing == billing, "\(code)")
            #expect(failure.requestReachedProvider == .yes)
        }
    }

    @Test func whatCannotBeRetriedIsNot() async throws {
        let body = #"{"detail":[{"msg":"m","type":"internal_server_error"}]}"#
        let headers = [(name: "X-Fal-Retryable", value: "false")]
        guard case .failed(let failure) = try await status(Self.done, (500, body), headers: headers) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.retry == .never)
        #expect(failure.billing == .notCharged)
    }

    /// A gateway that cannot be reached says nothing of the request.
    @Test func aResultThatCannotBeHadIsAskedForAgain() async throws {
        for (code, body) in [(502, "<html>"), (503, ""), (401, "{}"), (429, "{}"), (200, "no json"), (200, "[]")] {
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await status(Self.done, (code, body))
            }
            #expect(failure?.code != .notFound, "\(code)")
        }
        let early = await #expect(throws: ProviderFailure.self) {
            _ = try await status(Self.done, (400, #"{"detail":"Request is still in progress"}"#))
        }
        #expect(early?.code == .invalidRequest)
    }

    /// The queue's own word is enough where there is no result; a question that is refused says nothing.
    @Test func aFailureWithoutAResultIsOne() async throws {
        let queued = #"{"status":"COMPLETED","error":"x","error_type":"runner_disconnected"}"#
        guard case .failed(let failure) = try await status(queued, (404, #"{"detail":"not found"}"#)) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .unavailable)
        #expect(failure.billing == .notCharged)
        for (code, body) in [(401, "{}"), (502, "<html>")] {
            await #expect(throws: ProviderFailure.self) { _ = try await status(queued, (code, body)) }
        }
    }

    @Test func whatWasStoppedIsCancelled() async throws {
        let queued = #"{"status":"COMPLETED","error":"x","error_type":"client_cancelled"}"#
        #expect(try await status(queued, (499, #"{"detail":"x"}"#)) == .cancelled(chargedNanoUSD: nil))
    }

    @Test func aRunningRequestCanBeStopped() async throws {
        try await withSimulator(FalSimulator.self, .forConformance) { simulator in
            let adapter = try FalStage.adapter(simulator.baseURL)
            simulator.world.force(seconds: 60)
            let operation = try await FalAttempt().operation(FalStage.image(), at: adapter)
            try await adapter.cancel(operation)
            #expect(try await adapter.status(of: operation) == .cancelled(chargedNanoUSD: nil))
            // Too late is no failure.
            try await adapter.cancel(operation)
        }
    }

    // MARK: - Where it is asked for

    /// The app is what the answer names; a foreign host's name is not followed.
    @Test(arguments: [
        ("https://queue.fal.run/fal-ai/flux/requests/a/status", "fal-ai/flux"),
        ("https://evil.example/fal-ai/other/requests/a/status", "fal-ai/other"),
        ("https://queue.fal.run/fal-ai/../requests/a/status", "fal-ai/flux-2-pro"), ("", "fal-ai/flux-2-pro"),
    ])
    func theAppIsTakenAndNotTheHost(url: String, app: String) async throws {
        let answer: JSONValue = ["request_id": "a", "status_url": .string(url)]
        let transport = ScriptedTransport([
            .answered(.post, "https://queue.fal.run/fal-ai/flux-2-pro", status: 200, body: answer.canonicalText),
            .answered(
                .get,
                "https://queue.fal.run/\(app)/requests/a/status?logs=1",
                status: 202,
                body: #"{"status":"IN_QUEUE"}"#
            ),
        ])
        let adapter = try FalStage.adapter(nil, transport: transport)
        let operation = try await FalAttempt().operation(FalStage.image(), at: adapter)
        #expect(try await adapter.status(of: operation) == .pending(progress: nil, isQueued: true))
    }

    @Test func whatWasNeverStoredIsNotAskedFor() async throws {
        let adapter = try FalStage.adapter(nil, transport: ScriptedTransport([]))
        for payload in ["", "{}", #"{"app":"a"}"#, #"{"app":"a/.."}"#, #"{"app":"a/b/c"}"#] {
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await adapter.status(of: ProviderOperation(remoteID: Self.id, payload: payload))
            }
            #expect(failure?.code == .notFound, "\(payload)")
        }
    }

    @Test func anAnswerAboutAnotherRequestIsNotTaken() async throws {
        for body in [#"{"status":"COMPLETED","request_id":"other"}"#, #"{"request_id":"x"}"#, "[]", ""] {
            let failure = await #expect(throws: ProviderFailure.self) { _ = try await status(body) }
            #expect(failure?.code == .unknown)
            #expect(failure?.retry == .backoff)
        }
    }

    // MARK: - Callbacks

    /// Each of them names the request alone, whatever it says of its end.
    @Test(arguments: [SimulatedOutcome.succeeded, .failed, .filteredOutput])
    func aCallbackNamesItsRequest(outcome: SimulatedOutcome) async throws {
        try await withSimulator(FalSimulator.self, .forConformance) { simulator in
            let adapter = try FalStage.adapter(simulator.baseURL)
            let attempt = FalAttempt(callbackURL: "https://gateway.example/provider-callbacks/x")
            let request = FalStage.video(FalStage.kling)
            let resolved = try FalStage.resolved(request, adapter)
            let operation = try await attempt.operation(request, at: adapter)
            simulator.world.finish(operation.remoteID, outcome)
            let task = try #require(simulator.world.task(operation.remoteID))
            let posted = try #require(simulator.wire.callback(for: task))
            let named = adapter.operation(
                inCallback: posted.body,
                headers: posted.headers,
                for: resolved,
                of: attempt.reference
            )
            // All of it: a submit whose answer was lost is known by nothing else.
            #expect(named == operation)
            for body in [#"{"request_id":"../x","status":"OK"}"#, #"{"request_id":"a"}"#, "{}", "[]", ""] {
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
