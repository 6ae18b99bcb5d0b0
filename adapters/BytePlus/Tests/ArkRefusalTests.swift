import BytePlusAdapter
import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import Testing

/// What the vendor's refusals mean, by its table of error codes (volcengine.com docs 82379/1299023), 2026-11-21.
@Suite struct ArkRefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int
        let code: String
        var text = "The request failed. Request id: 0217abc"
        let expected: ProviderFailure.Code
        var retry = ProviderFailure.Retry.never
        var billing = ProviderFailure.Billing.notCharged
        var isForCapacity = false

        var testDescription: String { "\(status) \(code): \(text)" }
    }

    private func failure(
        _ status: Int,
        _ body: String,
        headers: [(name: String, value: String)] = []
    ) async throws
        -> ProviderFailure
    {
        let base = "https://ark.example.com/api/v3"
        let transport = ScriptedTransport([
            .answered(.post, "\(base)/contents/generations/tasks", status: status, headers: headers, body: body)
        ])
        let adapter = try ArkStage.adapter(base, transport: transport)
        return try await #require(throws: ProviderFailure.self) {
            _ = try await ArkAttempt().submit(ArkStage.request(), to: adapter)
        }
    }

    @Test(arguments: [
        Case(status: 400, code: "InvalidParameter", expected: .invalidRequest),
        Case(status: 400, code: "MissingParameter.content", expected: .invalidRequest),
        Case(status: 400, code: "InvalidImageURL.InvalidFormat", expected: .invalidRequest),
        Case(status: 400, code: "InputTextSensitiveContentDetected", expected: .contentPolicy),
        Case(status: 400, code: "InputImageSensitiveContentDetected.PrivacyInformation", expected: .contentPolicy),
        Case(status: 400, code: "SensitiveContentDetected.SevereViolation", expected: .contentPolicy),
        Case(status: 401, code: "AuthenticationError", expected: .authentication),
        Case(status: 403, code: "AccountOverdueError", expected: .insufficientProviderFunds),
        Case(status: 403, code: "OperationDenied.ServiceOverdue", expected: .insufficientProviderFunds),
        Case(status: 403, code: "AccessDenied", expected: .authentication),
        Case(status: 404, code: "InvalidEndpointOrModel.NotFound", expected: .notFound),
        Case(status: 404, code: "ModelNotOpen", expected: .notFound),
        Case(
            status: 429,
            code: "ModelAccountRpmRateLimitExceeded",
            expected: .rateLimited,
            retry: .backoff,
            isForCapacity: true
        ),
        Case(status: 429, code: "ServerOverloaded", expected: .rateLimited, retry: .backoff, isForCapacity: true),
        Case(
            status: 429,
            code: "InflightBatchsizeExceeded",
            expected: .rateLimited,
            retry: .backoff,
            isForCapacity: true
        ),
        Case(
            status: 429,
            code: "QuotaExceeded",
            text: "The request has exceeded the quota. Request ID: 1",
            expected: .rateLimited,
            retry: .backoff,
            isForCapacity: true
        ),
        Case(
            status: 429,
            code: "QuotaExceeded",
            text: "Your account [210012] has exhausted its free trial quota for the [x] model.",
            expected: .insufficientProviderFunds
        ),
        Case(
            status: 429,
            code: "QuotaExceeded",
            text: "You have exceeded the weekly usage quota. It will reset at 5.",
            expected: .insufficientProviderFunds
        ),
        Case(
            status: 429,
            code: "SetLimitExceeded",
            text: "Your account [210012] has reached the set inference limit for the [x] model.",
            expected: .insufficientProviderFunds
        ),
        Case(
            status: 500,
            code: "InternalServiceError",
            expected: .unavailable,
            retry: .backoff,
            billing: .unknown
        ),
    ])
    func eachCodeMeansWhatItSays(_ refusal: Case) async throws {
        let failure = try await failure(
            refusal.status,
            #"{"error":{"code":"\#(refusal.code)","message":"\#(refusal.text)","param":"","type":"X"}}"#
        )
        #expect(failure.code == refusal.expected)
        #expect(failure.retry == refusal.retry)
        #expect(failure.billing == refusal.billing)
        #expect(failure.requestReachedProvider == .yes)
        #expect(failure.providerCode == refusal.code)
        #expect(failure.isForCapacity == refusal.isForCapacity)
        // An account's number is nobody's business, and a request's is of no use.
        #expect(!failure.message.contains("210012"))
        #expect(!failure.message.contains("0217abc"))
    }

    @Test func thePauseThatIsAskedForIsKept() async throws {
        let failure = try await failure(
            429,
            #"{"error":{"code":"RequestBurstTooFast","message":"Slow down."}}"#,
            headers: [(name: "Retry-After", value: "7")]
        )
        #expect(failure.retry == .after(seconds: 7))
    }

    @Test(arguments: ["{}", #"{"id":5}"#, #"{"id":""}"#, #"{"id":"../x"}"#, "<html>", #"{"id":"cgt"#])
    func anAcceptanceWithoutAnIDLeavesTheOutcomeOpen(body: String) async throws {
        let failure = try await failure(200, body)
        #expect(failure.requestReachedProvider == .yes)
        #expect(failure.billing == .unknown)
        #expect(!failure.isDefiniteRefusal)
    }

    @Test(arguments: [500, 503])
    func aPageInPlaceOfAnAnswerIsAFailureLikeAnyOther(status: Int) async throws {
        let failure = try await failure(status, "<html>Bad gateway</html>")
        #expect(failure.code == .unavailable)
        #expect(!failure.isDefiniteRefusal)
        #expect(!failure.message.contains("gateway"))
    }
}
