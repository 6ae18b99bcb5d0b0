import ConformanceKit
import Generation
import HTTPTransport
import MiniMaxAdapter
import ProviderKit
import Testing

/// What the vendor's refusals mean: of the second interface by status, of the first one by code, 2026-11-22.
@Suite struct MiniMaxRefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int
        let code: Int
        let expected: ProviderFailure.Code
        var retry = ProviderFailure.Retry.never
        var billing = ProviderFailure.Billing.notCharged

        var testDescription: String { "\(status) \(code)" }
    }

    private static let base = "https://api.minimax.io"

    private func failure(_ model: String, _ status: Int, _ body: String) async throws -> ProviderFailure {
        let version = model == MiniMaxStage.h3 ? "v2" : "v1"
        let transport = ScriptedTransport([
            .answered(.post, "\(Self.base)/\(version)/video_generation", status: status, body: body)
        ])
        let adapter = try MiniMaxStage.adapter(Self.base, transport: transport)
        return try await #require(throws: ProviderFailure.self) {
            _ = try await MiniMaxStage.operation(MiniMaxStage.request(model), at: adapter)
        }
    }

    /// The bodies are the examples of the vendor's page (video-generation-v2-regeneration).
    @Test(arguments: [
        Case(status: 400, code: 2_013, expected: .invalidRequest),
        Case(status: 401, code: 1_004, expected: .authentication),
        Case(status: 402, code: 1_008, expected: .insufficientProviderFunds),
        Case(status: 422, code: 1_026, expected: .contentPolicy),
        Case(status: 429, code: 1_002, expected: .rateLimited, retry: .backoff),
        Case(status: 429, code: 2_056, expected: .insufficientProviderFunds, retry: .backoff),
        Case(status: 500, code: 1_000, expected: .unavailable, retry: .backoff, billing: .unknown),
    ])
    func eachStatusOfTheSecondInterfaceIsUnderstood(_ refusal: Case) async throws {
        let body =
            #"{"type":"error","error":{"type":"some_error","message":"some words (\#(refusal.code))","http_code":"\#(refusal.status)"},"request_id":"02"}"#
        let failure = try await failure(MiniMaxStage.h3, refusal.status, body)
        #expect(failure.code == refusal.expected)
        #expect(failure.retry == refusal.retry)
        #expect(failure.billing == refusal.billing)
        #expect(failure.requestReachedProvider == .yes)
        #expect(failure.providerCode == String(refusal.code))
        #expect(failure.isDefiniteRefusal == (refusal.billing == .notCharged))
    }

    @Test(arguments: [
        Case(status: 200, code: 1_000, expected: .unavailable, retry: .backoff, billing: .unknown),
        Case(status: 200, code: 1_001, expected: .timedOut, retry: .backoff, billing: .unknown),
        Case(status: 200, code: 1_002, expected: .rateLimited, retry: .backoff),
        Case(status: 200, code: 1_004, expected: .authentication),
        Case(status: 200, code: 1_008, expected: .insufficientProviderFunds),
        Case(status: 200, code: 1_026, expected: .contentPolicy),
        Case(status: 200, code: 1_039, expected: .rateLimited, retry: .backoff),
        Case(status: 200, code: 2_013, expected: .invalidRequest),
        Case(status: 200, code: 2_049, expected: .authentication),
        Case(status: 200, code: 2_056, expected: .insufficientProviderFunds),
        Case(status: 200, code: 9_999, expected: .unknown, retry: .backoff, billing: .unknown),
    ])
    func eachCodeOfTheFirstInterfaceIsUnderstood(_ refusal: Case) async throws {
        let body = #"{"base_resp":{"status_code":\#(refusal.code),"status_msg":"some words"}}"#
        let failure = try await failure(MiniMaxStage.hailuo, 200, body)
        #expect(failure.code == refusal.expected)
        #expect(failure.retry == refusal.retry)
        #expect(failure.billing == refusal.billing)
        #expect(failure.requestReachedProvider == .yes)
        #expect(failure.providerCode == String(refusal.code))
        #expect(failure.isForCapacity == (refusal.expected == .rateLimited))
        let isTold = refusal.expected == .invalidRequest || refusal.expected == .contentPolicy
        #expect(failure.message.contains("some words") == isTold)
    }

    @Test func aMessageThatQuotesASecretIsNotPassedOn() async throws {
        let words = "bad Authorization Bearer \(MiniMaxStage.key) (2013)"
        let body = #"{"type":"error","error":{"type":"bad_request_error","message":"\#(words)","http_code":400}}"#
        #expect(try await !failure(MiniMaxStage.h3, 400, body).message.contains(MiniMaxStage.key))
        let first = #"{"base_resp":{"status_code":2013,"status_msg":"\#(words)"}}"#
        #expect(try await !failure(MiniMaxStage.hailuo, 200, first).message.contains(MiniMaxStage.key))
    }

    @Test(arguments: ["{}", #"{"task_id":""}"#, #"{"task_id":"../x"}"#, "<html>", #"{"task_id":"41"#])
    func anAcceptanceWithoutAnIDLeavesTheOutcomeOpen(body: String) async throws {
        for model in [MiniMaxStage.h3, MiniMaxStage.hailuo] {
            let failure = try await failure(model, 200, body)
            #expect(failure.requestReachedProvider == .yes)
            #expect(!failure.isDefiniteRefusal)
        }
    }
}
