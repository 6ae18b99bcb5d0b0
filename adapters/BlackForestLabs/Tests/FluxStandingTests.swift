import BlackForestLabsAdapter
import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// How a task stands, and where it is asked for.
@Suite(.timeLimit(.minutes(2)))
struct FluxStandingTests {
    private static let id = "0b6f1c1e-5d4b-4b75-8a6d-6b8f6a1d1c11"
    private static let place = "https://api.us3.bfl.ai/v1/get_result?id=\(id)"

    private static func operation(_ pollingURL: String = place, cost: Int64 = 30_000_000) -> ProviderOperation {
        let payload: JSONValue = ["polling_url": .string(pollingURL), "cost_nano_usd": .integer(cost)]
        return ProviderOperation(remoteID: id, payload: payload.canonicalText)
    }

    /// What one answer means.
    private func status(_ fields: String) async throws -> OperationStatus {
        let body = #"{"id":"\#(Self.id)",\#(fields)}"#
        let transport = ScriptedTransport([.answered(.get, Self.place, status: 200, body: body)])
        return try await FluxStage.adapter(nil, transport: transport).status(of: Self.operation())
    }

    /// The bodies are those of `StatusResponse` (docs.bfl.ai, get_result) and of the vendor's help pages, 2026-11-21.
    @Test func everyWordIsUnderstood() async throws {
        #expect(
            try await status(#""status":"Pending","result":null,"progress":0.4,"details":null,"preview":null"#)
                == .pending(progress: 0.4)
        )
        #expect(try await status(#""status":"Pending","progress":null"#) == .pending(progress: nil))
        #expect(try await status(#""status":"Pending","progress":7"#) == .pending(progress: nil))
        #expect(try await status(#""status":"Warming up""#) == .pending(progress: nil))
        let url = "https://delivery-us1.bfl.ai/results/a/sample.png?se=2026-11-21T19%3A00%3A00Z&sig=x"
        #expect(
            try await status(#""status":"Ready","result":{"sample":"\#(url)","seed":7,"duration":6.1}"#)
                == .completed([ProviderOutput(.url(url), mediaType: nil)], ReportedUsage(costNanoUSD: 30_000_000))
        )
        #expect(
            try await status(#""status":"Ready","result":null"#)
                == .completed([], ReportedUsage(costNanoUSD: 30_000_000))
        )
    }

    @Test(arguments: [
        (
            #""status":"Request Moderated","result":null,"details":{"Moderation Reasons":["Safety Filter"]}"#,
            ProviderFailure.Code.contentPolicy, ProviderFailure.Retry.never, "Safety Filter"
        ),
        (
            #""status":"Content Moderated","details":{"Moderation Reasons":["Derivative Works Filter"]}"#,
            .contentPolicy, .never, "Derivative Works Filter"
        ),
        (#""status":"Content Moderated","details":null"#, .contentPolicy, .never, "content filter"),
        (#""status":"Error","details":{"error":"internal"}"#, .unavailable, .backoff, "failed to make"),
        (#""status":"Error","details":null"#, .unavailable, .backoff, "failed to make"),
        (
            #""status":"Error","error":"content_policy_violation","message":"x""#, .contentPolicy, .never,
            "content filter"
        ),
        (#""status":"Error","error":"invalid_image""#, .invalidRequest, .never, "could not read"),
        (#""status":"Error","error":"generation_timeout""#, .timedOut, .backoff, "too long"),
    ])
    func whatEndsWithoutAPictureIsNotCharged(
        fields: String,
        code: ProviderFailure.Code,
        retry: ProviderFailure.Retry,
        words: String
    ) async throws {
        guard case .failed(let failure) = try await status(fields) else {
            Issue.record("\(fields): no failure")
            return
        }
        #expect(failure.code == code)
        #expect(failure.retry == retry)
        #expect(failure.billing == .notCharged)
        #expect(failure.message.contains(words))
    }

    @Test func aTaskThatIsNotKnownIsNotFound() async throws {
        let answers: [(Int, String)] = [
            (200, #"{"id":"\#(Self.id)","status":"Task not found","result":null}"#), (404, #"{"detail":"Not Found"}"#),
        ]
        for (code, body) in answers {
            let transport = ScriptedTransport([.answered(.get, Self.place, status: code, body: body)])
            let adapter = try FluxStage.adapter(nil, transport: transport)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await adapter.status(of: Self.operation())
            }
            #expect(failure?.code == .notFound)
        }
    }

    @Test func anAnswerAboutAnotherTaskIsNotTaken() async throws {
        for body in [#"{"id":"other","status":"Ready"}"#, #"{"id":"\#(Self.id)"}"#, "[]", ""] {
            let transport = ScriptedTransport([.answered(.get, Self.place, status: 200, body: body)])
            let adapter = try FluxStage.adapter(nil, transport: transport)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await adapter.status(of: Self.operation())
            }
            #expect(failure?.code == .unknown)
            #expect(failure?.retry == .backoff)
        }
    }

    // MARK: - Where it is asked for

    /// The answer to a submit says where; the key goes nowhere but to the vendor and to the operator's own address.
    @Test(arguments: [
        ("https://api.us3.bfl.ai/v1/get_result?id=x", true), ("https://gateway.bfl.ai/v1/get_result?id=x", true),
        ("https://bfl.ai/x", true), ("http://api.us3.bfl.ai/v1/get_result?id=x", false),
        ("https://api.us3.bfl.ai:8443/v1/get_result?id=x", false), ("https://evilbfl.ai/v1/get_result", false),
        ("https://bfl.ai.example.org/v1/get_result", false), ("https://169.254.169.254/latest", false),
        ("https://user:pass@api.bfl.ai/v1", false), ("file:///etc/passwd", false), ("", false),
        ("http://127.0.0.1:8123/v1/get_result?id=x", true), ("http://127.0.0.1:8124/v1/get_result?id=x", false),
    ])
    func onlyTheVendorAndTheOperatorAreAsked(url: String, isAllowed: Bool) async throws {
        let base = "http://127.0.0.1:8123"
        let answer: JSONValue = ["id": .string(Self.id), "polling_url": .string(url), "cost": .number(4.5)]
        let place = isAllowed ? url : "\(base)/v1/get_result?id=\(Self.id)"
        let pending = #"{"id":"\#(Self.id)","status":"Pending"}"#
        let transport = ScriptedTransport([
            .answered(.post, "\(base)/v1/flux-2-pro", status: 200, body: answer.canonicalText),
            .answered(.get, place, status: 200, body: pending), .answered(.get, place, status: 200, body: pending),
        ])
        let adapter = try FluxStage.adapter(base, transport: transport)
        let operation = try await FluxAttempt().operation(FluxStage.request(), at: adapter)
        #expect(operation.remoteID == Self.id)
        #expect(operation.payload.contains("45000000"))
        #expect(try await adapter.status(of: operation) == .pending(progress: nil))
        // What is stored is held to the same rule: it may be older than the settings.
        #expect(try await adapter.status(of: Self.operation(url)) == .pending(progress: nil))
    }

    /// An answer to a submit with a callback may name no address, and then every region may have the task.
    @Test func withoutAnAddressEachRegionIsAsked() async throws {
        let unknown = #"{"id":"\#(Self.id)","status":"Task not found"}"#
        let ready = #"{"id":"\#(Self.id)","status":"Pending","progress":0.5}"#
        func get(_ host: String, _ body: String) -> ScriptedTransport.Exchange {
            .answered(.get, "https://\(host)/v1/get_result?id=\(Self.id)", status: 200, body: body)
        }
        let bare = ProviderOperation(remoteID: Self.id)
        let found = ScriptedTransport([get("api.bfl.ai", unknown), get("api.eu.bfl.ai", ready)])
        #expect(try await FluxStage.adapter(nil, transport: found).status(of: bare) == .pending(progress: 0.5))
        let pinned = ScriptedTransport([
            get("api.us.bfl.ai", unknown), get("api.bfl.ai", unknown), get("api.eu.bfl.ai", unknown),
        ])
        let adapter = try FluxStage.adapter("https://api.us.bfl.ai", transport: pinned)
        let failure = await #expect(throws: ProviderFailure.self) { _ = try await adapter.status(of: bare) }
        #expect(failure?.code == .notFound)
        // A region that cannot be asked has not said that there is nothing.
        let broken = ScriptedTransport([
            get("api.bfl.ai", unknown),
            .answered(.get, "https://api.eu.bfl.ai/v1/get_result", status: 503, body: "{}"),
        ])
        let unsure = await #expect(throws: ProviderFailure.self) {
            _ = try await FluxStage.adapter(nil, transport: broken).status(of: bare)
        }
        #expect(unsure?.code == .unavailable)
    }

    @Test func theAddressOfTheRegionIsUsed() async throws {
        var settings = SimulatorSettings.forConformance
        settings.wire = ["regions": "strict"]
        try await withSimulator(FluxSimulator.self, settings) { simulator in
            let adapter = try FluxStage.adapter(simulator.baseURL)
            let operation = try await FluxAttempt().operation(FluxStage.request(), at: adapter)
            simulator.world.finish(operation.remoteID)
            guard case .completed(let outputs, let usage) = try await adapter.status(of: operation) else {
                Issue.record("it is not done")
                return
            }
            #expect(outputs.count == 1)
            #expect(usage == ReportedUsage(costNanoUSD: 30_000_000))
            await #expect(throws: ProviderFailure.self) {
                _ = try await adapter.status(of: ProviderOperation(remoteID: operation.remoteID))
            }
        }
    }

    /// The URL of a result is good for ten minutes, and there is a new one for asking.
    @Test func askingAgainGivesAnotherURL() async throws {
        try await withSimulator(FluxSimulator.self, .forConformance) { simulator in
            let adapter = try FluxStage.adapter(simulator.baseURL)
            let operation = try await FluxAttempt().operation(FluxStage.request(), at: adapter)
            simulator.world.finish(operation.remoteID)
            guard case .completed(let first, _) = try await adapter.status(of: operation) else { return }
            simulator.world.advance(seconds: 700)
            guard case .completed(let second, _) = try await adapter.status(of: operation) else { return }
            #expect(first != second)
            let bytes = try await AdapterConformance.read(second[0], at: adapter)
            #expect(bytes.starts(with: [0xFF, 0xD8, 0xFF]))
        }
    }
}
