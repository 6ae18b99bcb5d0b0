import ConformanceKit
import ElevenLabsAdapter
import Generation
import HTTPTransport
import ProviderKit
import Synchronization
import Testing

/// Notes where a request goes, and reaches nobody.
final class ElevenAddress: HTTPTransport {
    private let seen = Mutex<String?>(nil)
    var url: String? { seen.withLock { $0 } }

    func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        seen.withLock { $0 = request.url }
        throw TransportFailure(.noConnection, requestReachedPeer: .no, "nobody")
    }
}

/// What the vendor's refusals mean, by its table of errors and its help pages, 2026-11-21.
@Suite struct ElevenRefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int
        let code: String
        let expected: ProviderFailure.Code
        var retry = ProviderFailure.Retry.never
        var billing = ProviderFailure.Billing.notCharged
        var isForCapacity = false

        var testDescription: String { "\(status) \(code)" }
    }

    private func failure(
        _ status: Int,
        _ body: String,
        headers: [(name: String, value: String)] = [],
        _ request: GenerationRequest = ElevenStage.speech()
    ) async throws -> ProviderFailure {
        let base = "https://eleven.example.com"
        let transport = ScriptedTransport([.answered(.post, base, status: status, headers: headers, body: body)])
        let adapter = try ElevenStage.adapter(base, transport: transport)
        return try await #require(throws: ProviderFailure.self) {
            _ = try await ElevenStage.submit(request, to: adapter)
        }
    }

    private static let cases = [
        Case(status: 400, code: "max_character_limit_exceeded", expected: .invalidRequest),
        Case(status: 400, code: "voice_not_found", expected: .invalidRequest),
        Case(status: 404, code: "voice_not_found", expected: .invalidRequest),
        Case(status: 403, code: "voice_access_denied", expected: .invalidRequest),
        Case(status: 404, code: "model_not_found", expected: .notFound),
        Case(status: 400, code: "bad_prompt", expected: .contentPolicy),
        Case(status: 422, code: "bad_prompt", expected: .contentPolicy),
        Case(status: 403, code: "content_against_policy", expected: .contentPolicy),
        Case(status: 401, code: "invalid_api_key", expected: .authentication),
        Case(status: 401, code: "detected_unusual_activity", expected: .authentication),
        Case(status: 401, code: "quota_exceeded", expected: .insufficientProviderFunds),
        Case(status: 402, code: "insufficient_credits", expected: .insufficientProviderFunds),
        Case(status: 402, code: "payment_required", expected: .insufficientProviderFunds),
        Case(status: 403, code: "only_for_creator+", expected: .authentication),
        Case(status: 403, code: "output_format_not_allowed", expected: .authentication),
    ]

    private static let passing = ["too_many_concurrent_requests", "concurrent_limit_exceeded", "system_busy"].map {
        Case(status: 429, code: $0, expected: .rateLimited, retry: .backoff, isForCapacity: true)
    }

    private static let open = [
        Case(status: 500, code: "internal_error", expected: .unavailable, retry: .backoff, billing: .unknown),
        Case(status: 503, code: "service_unavailable", expected: .unavailable, retry: .backoff, billing: .unknown),
        Case(status: 409, code: "already_processing", expected: .unknown, retry: .backoff, billing: .unknown),
    ]

    @Test(arguments: cases + passing + open)
    func eachCodeMeansWhatItSays(_ refusal: Case) async throws {
        // The older form has the code as `status`, the newer one as both.
        for fields in [#""status":"\#(refusal.code)""#, #""code":"\#(refusal.code)","status":"\#(refusal.code)""#] {
            let failure = try await failure(refusal.status, #"{"detail":{\#(fields),"message":"Sorry."}}"#)
            #expect(failure.code == refusal.expected)
            #expect(failure.retry == refusal.retry)
            #expect(failure.billing == refusal.billing)
            #expect(failure.requestReachedProvider == .yes)
            #expect(failure.providerCode == refusal.code)
            #expect(failure.isForCapacity == refusal.isForCapacity)
        }
    }

    @Test func aBodyOfTheWrongShapeIsToldWithItsField() async throws {
        let body = #"{"detail":[{"type":"missing","loc":["body","text"],"msg":"Field required"}]}"#
        let failure = try await failure(422, body)
        #expect(failure.code == .invalidRequest)
        #expect(failure.message.hasSuffix("text: Field required"))
    }

    @Test func theMusicFilterSuggestsAPrompt() async throws {
        let body =
            #"{"detail":{"status":"bad_prompt","message":"No names.","data":{"prompt_suggestion":"A slow waltz"}}}"#
        let failure = try await failure(400, body, ElevenStage.music())
        #expect(failure.code == .contentPolicy)
        #expect(failure.message.hasSuffix("No names. It suggests: A slow waltz"))
    }

    @Test func theKeyNeverComesBack() async throws {
        let body = #"{"detail":{"status":"bad_request","message":"The key \#(ElevenStage.key) is odd."}}"#
        let failure = try await failure(400, body)
        #expect(!failure.message.contains(ElevenStage.key))
    }

    @Test func thePauseThatIsAskedForIsKept() async throws {
        let body = #"{"detail":{"status":"system_busy","message":"Busy."}}"#
        let failure = try await failure(429, body, headers: [(name: "Retry-After", value: "7")])
        #expect(failure.retry == .after(seconds: 7))
    }

    @Test(arguments: [500, 502])
    func aPageInPlaceOfAnAnswerIsAFailureLikeAnyOther(status: Int) async throws {
        let failure = try await failure(status, "<html>Bad gateway</html>")
        #expect(failure.code == .unavailable)
        #expect(!failure.isDefiniteRefusal)
        #expect(!failure.message.contains("gateway"))
    }
}
