import BlackForestLabsAdapter
import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What the service refuses, and in which words that is told.
///
/// The bodies are those of docs.bfl.ai (errors) and of `error-handling.md` in the vendor's skills repository; 2026-11-21.
@Suite(.timeLimit(.minutes(2)))
struct FluxRefusalTests {
    private func refusal(
        _ status: Int,
        _ body: String,
        headers: [(name: String, value: String)] = [],
        callbackURL: String? = nil
    ) async throws -> ProviderFailure {
        let transport = ScriptedTransport([
            .answered(.post, "https://api.bfl.ai/v1/flux-2-pro", status: status, headers: headers, body: body)
        ])
        let adapter = try FluxStage.adapter(nil, transport: transport)
        let attempt = FluxAttempt(callbackURL: callbackURL)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await attempt.submit(FluxStage.request(), to: adapter)
        }
        return try #require(failure)
    }

    @Test(arguments: [
        (400, #"{"detail":"Bad request"}"#, ProviderFailure.Code.invalidRequest),
        (401, #"{"error":"invalid_api_key","message":"The provided API key is invalid or expired"}"#, .authentication),
        (402, #"{"detail":"Insufficient credits"}"#, .insufficientProviderFunds),
        (403, #"{"detail":"Not authenticated - missing or invalid key"}"#, .authentication),
        (404, #"{"detail":"Not Found"}"#, .notFound),
        (422, #"{"detail":[{"loc":["body","height"],"msg":"Input should be a multiple of 16"}]}"#, .invalidRequest),
        (400, #"{"error":"content_policy_violation","message":"no"}"#, .contentPolicy),
    ])
    func aRefusalIsForGood(status: Int, body: String, code: ProviderFailure.Code) async throws {
        let failure = try await refusal(status, body)
        #expect(failure.code == code)
        #expect(failure.isDefiniteRefusal)
        #expect(failure.retry == .never)
    }

    @Test func theValidatorsWordsArePassedOnWithoutTheInput() async throws {
        let body =
            #"{"detail":[{"loc":["body","height"],"msg":"Input should be a multiple of 16","type":"multiple_of","input":"SECRET PROMPT"},{"loc":["body","seed"],"msg":"Input should be a valid integer"}]}"#
        let message = try await refusal(422, body).message
        #expect(message.contains("height: Input should be a multiple of 16; seed: Input should be a valid integer"))
        #expect(!message.contains("SECRET PROMPT"))
    }

    /// The address of a callback holds the attempt's token, and a validator may quote it.
    @Test func noSecretComesBackInAMessage() async throws {
        let url = "https://gateway.example/provider-callbacks/token-of-att_1"
        for text in ["webhook \(url) is not reachable", "key \(FluxStage.key) is wrong"] {
            let body = JSONValue.object(["detail": .string(text)]).canonicalText
            let failure = try await refusal(422, body, callbackURL: url)
            #expect(!failure.message.contains("token-of-att_1"))
            #expect(!failure.message.contains(FluxStage.key))
            #expect(failure.code == .invalidRequest)
        }
    }

    @Test func aBusyServiceSaysWhenToComeBack() async throws {
        let plain = try await refusal(429, #"{"detail":"Rate limit exceeded - too many active tasks"}"#)
        #expect(plain.code == .rateLimited)
        #expect(plain.isForCapacity)
        #expect(plain.retry == .backoff)
        let inBody = try await refusal(429, #"{"error":"rate_limit_exceeded","retry_after":5}"#)
        #expect(inBody.retry == .after(seconds: 5))
        let inHeader = try await refusal(429, #"{"retry_after":5}"#, headers: [(name: "Retry-After", value: "9")])
        #expect(inHeader.retry == .after(seconds: 9))
        let nonsense = try await refusal(429, #"{"retry_after":-3}"#)
        #expect(nonsense.retry == .backoff)
    }

    @Test func anAnswerWithoutATaskLeavesTheOutcomeOpen() async throws {
        for body in [#"{"polling_url":"https://api.bfl.ai/x"}"#, #"{"id":""}"#, #"{"id":"../x"}"#, "{}", "no"] {
            let failure = try await refusal(200, body)
            #expect(!failure.isDefiniteRefusal, "\(body)")
        }
        #expect(try await refusal(503, #"{"detail":"Service temporarily unavailable"}"#).isDefiniteRefusal == false)
    }

    /// Six tasks of Kontext [max] at a time, refused as busy and not as wrong.
    @Test func theLimitOfOneModelIsMet() async throws {
        var settings = SimulatorSettings.forConformance
        settings.durations = .manual
        settings.wire = ["kontext_max": "6"]
        try await withSimulator(FluxSimulator.self, settings) { simulator in
            let adapter = try FluxStage.adapter(simulator.baseURL)
            let model = try #require(adapter.models.first { $0.slug == FluxStage.kontextMax })
            #expect(model.limits.slots == 6)
            for number in 1...model.limits.slots {
                _ = try await FluxAttempt("att_\(number)").submit(FluxStage.request(FluxStage.kontextMax), to: adapter)
            }
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await FluxAttempt("att_7").submit(FluxStage.request(FluxStage.kontextMax), to: adapter)
            }
            #expect(failure?.isForCapacity == true)
            _ = try await FluxAttempt("att_8").submit(FluxStage.request(), to: adapter)
        }
    }
}
