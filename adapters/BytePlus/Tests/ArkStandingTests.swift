import BytePlusAdapter
import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import Testing

/// How a generation stands, asked one by one, many at once, and stopped.
@Suite(.timeLimit(.minutes(2)))
struct ArkStandingTests {
    private static let base = "https://ark.example.com/api/v3"
    private static let url = "\(base)/contents/generations/tasks"
    private static let id = "cgt-20261121183217-t8rzv"

    /// What one answer of the retrieve call means.
    private func status(_ fields: String) async throws -> OperationStatus {
        let body = #"{"id":"\#(Self.id)","model":"dreamina-seedance-2-0-260128",\#(fields)}"#
        let transport = ScriptedTransport([.answered(.get, "\(Self.url)/\(Self.id)", status: 200, body: body)])
        let adapter = try ArkStage.adapter(Self.base, transport: transport)
        return try await adapter.status(of: ProviderOperation(remoteID: Self.id))
    }

    /// The bodies are those of the vendor's retrieve page (docs.byteplus.com ModelArk 1521309), 2026-11-21.
    @Test func everyWordIsUnderstood() async throws {
        #expect(
            try await status(#""status":"queued","created_at":1763721137"#) == .pending(progress: nil, isQueued: true)
        )
        #expect(try await status(#""status":"running","error":null"#) == .pending(progress: nil))
        #expect(try await status(#""status":"warming_up""#) == .pending(progress: nil))
        #expect(try await status(#""status":"cancelled""#) == .cancelled(chargedNanoUSD: 0))
        let done =
            #""status":"succeeded","content":{"video_url":"https://tos.example.com/0217.mp4?X-Tos-Signature=1"},"usage":{"completion_tokens":108900,"total_tokens":108900},"seed":58944,"duration":5"#
        let url = "https://tos.example.com/0217.mp4?X-Tos-Signature=1"
        #expect(
            try await status(done)
                == .completed([ProviderOutput(.url(url), mediaType: "video/mp4")], ReportedUsage(tokens: 108_900))
        )
        #expect(
            try await status(#""status":"succeeded","usage":{"completion_tokens":5}"#)
                == .completed([], ReportedUsage(tokens: 5))
        )
    }

    @Test(arguments: [
        ("OutputVideoSensitiveContentDetected", ProviderFailure.Code.contentPolicy, ProviderFailure.Retry.never),
        ("OutputAudioSensitiveContentDetected.PolicyViolation", .contentPolicy, .never),
        ("InvalidParameter.TaskTypeConstraint", .invalidRequest, .never),
        ("InternalServiceError", .unavailable, .backoff), ("SomethingNew", .unknown, .backoff),
    ])
    func aFailedTaskIsNotChargedAndSaysWhy(
        code: String,
        expected: ProviderFailure.Code,
        retry: ProviderFailure.Retry
    ) async throws {
        let text = "The output video may contain X. Request id: 0217abc"
        let standing = try await status(#""status":"failed","error":{"code":"\#(code)","message":"\#(text)"}"#)
        guard case .failed(let failure) = standing else {
            Issue.record("\(standing)")
            return
        }
        #expect(failure.code == expected)
        #expect(failure.retry == retry)
        #expect(failure.billing == .notCharged)
        #expect(failure.providerCode == code)
        #expect(!failure.message.contains("0217abc"))
        #expect(failure.message.contains("may contain X") == (code != "InternalServiceError"))
    }

    @Test func anExpiredTaskFailsForGood() async throws {
        guard case .failed(let failure) = try await status(#""status":"expired""#) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .timedOut)
        #expect(failure.retry == .never)
        #expect(failure.billing == .notCharged)
    }

    @Test func anAnswerAboutAnotherTaskIsNotTaken() async throws {
        let body = #"{"id":"cgt-other","status":"succeeded"}"#
        let transport = ScriptedTransport([.answered(.get, "\(Self.url)/\(Self.id)", status: 200, body: body)])
        let adapter = try ArkStage.adapter(Self.base, transport: transport)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await adapter.status(of: ProviderOperation(remoteID: Self.id))
        }
        #expect(failure?.retry == .backoff)
    }

    @Test func manyAreAskedForInOneCall() async throws {
        try await withSimulator(ArkWire.self, ArkStage.settings) { simulator in
            let adapter = try ArkStage.adapter(simulator.baseURL)
            var operations: [ProviderOperation] = []
            for number in 1...3 {
                operations.append(try await ArkAttempt("att_\(number)").operation(ArkStage.request(), at: adapter))
            }
            simulator.world.finish(operations[0].remoteID)
            simulator.world.finish(operations[1].remoteID, .filteredOutput)
            let gone = ProviderOperation(remoteID: "cgt-20261121183217-gone")
            let strange = ProviderOperation(remoteID: "../x")
            let standings = try await adapter.statuses(of: operations + [gone, strange])
            #expect(Set(standings.keys) == Set(operations.map(\.remoteID)))
            for operation in operations {
                #expect(try await adapter.status(of: operation) == standings[operation.remoteID])
            }
            #expect(simulator.count(.list) == 1)
            #expect(simulator.count(.poll) == 3)
            #expect(simulator.requests(.list)[0].query.count { $0.name == "filter.task_ids" } == 4)
        }
    }

    @Test func aFullCallHasAURLThatServersTake() throws {
        let adapter = try ArkStage.adapter(Self.base)
        let name = "filter.task_ids=\(Self.id)&"
        #expect(name.utf8.count * adapter.operationsPerCall < 8_000)
        #expect(adapter.pollLimits == PollLimits(singlePerSecond: 20, bulkPerSecond: 1))
    }

    @Test func onlyATaskThatWaitsIsStopped() async throws {
        var settings = ArkStage.settings
        settings.durations = .manual
        settings.wire = ["running": "1", "queue": "1"]
        try await withSimulator(ArkWire.self, settings) { simulator in
            let adapter = try ArkStage.adapter(simulator.baseURL)
            let running = try await ArkAttempt("att_1").operation(ArkStage.request(), at: adapter)
            let waiting = try await ArkAttempt("att_2").operation(ArkStage.request(), at: adapter)
            let refused = await #expect(throws: ProviderFailure.self) {
                _ = try await ArkAttempt("att_3").submit(ArkStage.request(), to: adapter)
            }
            #expect(refused?.isForCapacity == true)
            #expect(try await adapter.status(of: waiting) == .pending(progress: nil, isQueued: true))
            for operation in [running, waiting] {
                try await adapter.cancel(operation)
                try await adapter.cancel(operation)
            }
            #expect(try await adapter.status(of: waiting) == .cancelled(chargedNanoUSD: 0))
            #expect(try await adapter.status(of: running) == .pending(progress: nil))
            #expect(simulator.count(.cancel) == 1)
            // The same call would delete the record of one that has ended.
            simulator.world.finish(running.remoteID)
            try await adapter.cancel(running)
            guard case .completed(let outputs, _) = try await adapter.status(of: running) else {
                Issue.record("the record is gone")
                return
            }
            #expect(outputs.count == 1)
        }
    }

    @Test func aTaskThatStartsWhileItIsStoppedIsNoFailure() async throws {
        var settings = ArkStage.settings
        settings.queueSeconds = 60
        try await withSimulator(ArkWire.self, settings) { simulator in
            let adapter = try ArkStage.adapter(simulator.baseURL)
            let operation = try await ArkAttempt().operation(ArkStage.request(), at: adapter)
            simulator.inject(.status(409, retryAfter: nil), on: .cancel)
            try await adapter.cancel(operation)
            #expect(try await adapter.status(of: operation) == .pending(progress: nil, isQueued: true))
        }
    }

    @Test func aCallbackNamesItsTask() async throws {
        try await withSimulator(ArkWire.self) { receiver in
            try await withSimulator(ArkWire.self, ArkStage.settings) { simulator in
                let adapter = try ArkStage.adapter(simulator.baseURL)
                let request = ArkStage.request()
                let attempt = ArkAttempt(callbackURL: "\(receiver.baseURL)/provider-callbacks/token")
                let operation = try await attempt.operation(request, at: adapter)
                var bodies: [[UInt8]] = []
                for _ in 0..<500 where bodies.isEmpty {
                    try await Task.sleep(for: .milliseconds(20))
                    bodies = receiver.journal.map(\.request.body)
                }
                let body = try #require(bodies.first)
                #expect(
                    adapter.operation(inCallback: body, headers: [], for: request, of: attempt.reference) == operation
                )
            }
        }
        let adapter = try ArkStage.adapter(Self.base)
        for body in ["", "[]", #"{"id":5,"status":"queued"}"#, #"{"id":"../x","status":"queued"}"#, #"{"id":"cgt-1"}"#]
        {
            let bytes = Array(body.utf8)
            let reference = ArkAttempt().reference
            #expect(
                adapter.operation(inCallback: bytes, headers: [], for: ArkStage.request(), of: reference) == nil
            )
        }
    }
}
