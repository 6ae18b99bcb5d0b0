import ConformanceKit
import Generation
import HTTPTransport
import MiniMaxAdapter
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// How a task stands, at either interface.
@Suite(.timeLimit(.minutes(2)))
struct MiniMaxStandingTests {
    private static let base = "https://api.minimax.io"
    private static let id = "412345678901234"
    private static let h3 = ProviderOperation(remoteID: id, payload: #"{"api":"v2","seconds":5}"#)
    private static let hailuo = ProviderOperation(remoteID: id, payload: #"{"api":"v1","seconds":10}"#)

    private func status(_ fields: String) async throws -> OperationStatus {
        let body = #"{"task":{"id":"\#(Self.id)","model":"MiniMax-H3",\#(fields)}}"#
        let transport = ScriptedTransport([
            .answered(.get, "\(Self.base)/v2/query/video_generation/\(Self.id)", status: 200, body: body)
        ])
        return try await MiniMaxStage.adapter(Self.base, transport: transport).status(of: Self.h3)
    }

    private func first(_ fields: String, file: String? = nil) async throws -> OperationStatus {
        let body = #"{"task_id":"\#(Self.id)",\#(fields)}"#
        var script = [
            ScriptedTransport.Exchange.answered(
                .get,
                "\(Self.base)/v1/query/video_generation?task_id=\(Self.id)",
                status: 200,
                body: body
            )
        ]
        if let file {
            script.append(
                .answered(.get, "\(Self.base)/v1/files/retrieve?file_id=176844028768320", status: 200, body: file)
            )
        }
        let transport = ScriptedTransport(script)
        let status = try await MiniMaxStage.adapter(Self.base, transport: transport).status(of: Self.hailuo)
        #expect(transport.exchangesLeft == 0)
        return status
    }

    @Test func everyWordOfTheSecondInterfaceIsUnderstood() async throws {
        #expect(try await status(#""status":"queued""#) == .pending(progress: nil, isQueued: true))
        #expect(try await status(#""status":"running""#) == .pending(progress: nil))
        #expect(try await status(#""status":"warming_up""#) == .pending(progress: nil))
        #expect(try await status(#""status":"cancelled""#) == .cancelled(chargedNanoUSD: 0))
        let url = "https://cdn.minimax.io/x.mp4?Signature=1"
        let done = #""status":"succeeded","content":{"url":"\#(url)","prompt":"a boat"},"usage":{"total_seconds":11}"#
        #expect(
            try await status(done)
                == .completed([ProviderOutput(.url(url), mediaType: "video/mp4")], ReportedUsage(milliseconds: 11_000))
        )
        #expect(try await status(#""status":"succeeded","content":null"#) == .completed([], ReportedUsage()))
    }

    @Test func everyWordOfTheFirstInterfaceIsUnderstood() async throws {
        let fine = #""base_resp":{"status_code":0,"status_msg":"success"}"#
        for word in ["Preparing", "Queueing"] {
            #expect(try await first(#""status":"\#(word)",\#(fine)"#) == .pending(progress: nil, isQueued: true))
        }
        for word in ["Processing", "Warming"] {
            #expect(try await first(#""status":"\#(word)",\#(fine)"#) == .pending(progress: nil))
        }
        let url = "https://public-cdn-video.minimax.io/a.mp4"
        let done = #""status":"Success","file_id":"176844028768320","video_width":1366,"video_height":768,\#(fine)"#
        // What is billed is what was ordered: the answer does not repeat it.
        #expect(
            try await first(done, file: #"{"file":{"file_id":176844028768320,"download_url":"\#(url)"},\#(fine)}"#)
                == .completed([ProviderOutput(.url(url), mediaType: "video/mp4")], ReportedUsage(milliseconds: 10_000))
        )
        #expect(
            try await first(#""status":"Success","file_id":"",\#(fine)"#)
                == .completed([], ReportedUsage(milliseconds: 10_000))
        )
        let broken = await #expect(throws: ProviderFailure.self) {
            _ = try await first(done, file: #"{"base_resp":{"status_code":1002,"status_msg":"rate limit"}}"#)
        }
        #expect(broken?.code == .rateLimited)
        #expect(broken?.retry == .backoff)
    }

    @Test(arguments: [
        ("1027", ProviderFailure.Code.contentPolicy, ProviderFailure.Retry.never),
        ("1026", .contentPolicy, .never), ("2013", .invalidRequest, .never), ("1000", .unavailable, .backoff),
        ("1008", .unavailable, .backoff), ("4711", .unavailable, .backoff),
    ])
    func aFailedTaskIsNotChargedAndSaysWhy(
        code: String,
        expected: ProviderFailure.Code,
        retry: ProviderFailure.Retry
    ) async throws {
        let base = #""status":"Fail","base_resp":{"status_code":\#(code),"status_msg":"some words"}"#
        for standing in [
            try await status(#""status":"failed","error":{"code":"\#(code)","message":"some words"}"#),
            try await first(base),
        ] {
            guard case .failed(let failure) = standing else {
                Issue.record("\(standing)")
                continue
            }
            #expect(failure.code == expected)
            #expect(failure.retry == retry)
            #expect(failure.billing == .notCharged)
            #expect(failure.providerCode == code)
            #expect(failure.message.contains("some words"))
        }
    }

    @Test func anExpiredTaskFailsForGood() async throws {
        guard case .failed(let failure) = try await status(#""status":"expired""#) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .timedOut)
        #expect(failure.retry == .never)
    }

    @Test func anAnswerAboutAnotherTaskIsNotTaken() async throws {
        for body in [#"{"task":{"id":"other","status":"succeeded"}}"#, #"{"task":{}}"#, "[]", ""] {
            let transport = ScriptedTransport([
                .answered(.get, "\(Self.base)/v2/query/video_generation/\(Self.id)", status: 200, body: body)
            ])
            let adapter = try MiniMaxStage.adapter(Self.base, transport: transport)
            let failure = await #expect(throws: ProviderFailure.self) { _ = try await adapter.status(of: Self.h3) }
            #expect(failure?.code == .unknown)
            #expect(failure?.retry == .backoff)
        }
    }

    @Test func anIDThatIsNotKnownIsNotFound() async throws {
        let error = #"{"type":"error","error":{"type":"server_error","message":"record not found","http_code":"500"}}"#
        let transport = ScriptedTransport([
            .answered(.get, "\(Self.base)/v2/query", status: 500, body: error),
            .answered(
                .get,
                "\(Self.base)/v1/query",
                status: 200,
                body: #"{"task_id":"","status":"","base_resp":{"status_code":2013,"status_msg":"invalid params"}}"#
            ),
        ])
        let adapter = try MiniMaxStage.adapter(Self.base, transport: transport)
        for operation in [Self.h3, Self.hailuo] {
            let failure = await #expect(throws: ProviderFailure.self) { _ = try await adapter.status(of: operation) }
            #expect(failure?.code == .notFound)
            #expect(failure?.retry == .never)
        }
    }

    /// The same call deletes what has ended, so only what waits is stopped.
    @Test func onlyWhatWaitsIsStopped() async throws {
        var settings = SimulatorSettings.forConformance
        settings.durations = .manual
        settings.queueSeconds = 60
        try await withSimulator(MiniMaxSimulator.self, settings) { simulator in
            let adapter = try MiniMaxStage.adapter(simulator.baseURL)
            let waiting = try await MiniMaxStage.operation(MiniMaxStage.request(), at: adapter)
            try await adapter.cancel(waiting)
            #expect(try await adapter.status(of: waiting) == .cancelled(chargedNanoUSD: 0))
            let running = try await MiniMaxStage.operation(MiniMaxStage.request(), at: adapter)
            simulator.world.advance(seconds: 61)
            try await adapter.cancel(running)
            simulator.world.finish(running.remoteID)
            try await adapter.cancel(running)
            #expect(simulator.count(.cancel) == 1)
            guard case .completed = try await adapter.status(of: running) else {
                Issue.record("what has ended is gone")
                return
            }
            let other = try await MiniMaxStage.operation(MiniMaxStage.request(MiniMaxStage.hailuo), at: adapter)
            try await adapter.cancel(other)
            #expect(simulator.count(.cancel) == 1)
        }
    }

    @Test func whatWasHandedInIsBilledBesidesWhatWasMade() async throws {
        try await withSimulator(MiniMaxSimulator.self, .forConformance) { simulator in
            let adapter = try MiniMaxStage.adapter(simulator.baseURL)
            let request = MiniMaxStage.request {
                $0.mediaReferences = [MediaReference(kind: .video, url: "https://media.example.com/a.mp4", position: 0)]
            }
            let operation = try await MiniMaxStage.operation(request, at: adapter)
            simulator.world.finish(operation.remoteID)
            guard case .completed(_, let usage) = try await adapter.status(of: operation) else { return }
            #expect(usage == ReportedUsage(milliseconds: 11_000))
        }
    }
}
