import HTTPTransport
import ProviderKit

extension ProviderFailure {
    /// What a refusal of the provider means.
    ///
    /// The sandbox documents that a refused request and a failed generation are not billed; a 5xx other than 503 it
    /// does not document, so nobody can say what became of the request.
    init(refusal response: HTTPResponse) async {
        let body: [UInt8]
        do {
            body = try await response.body.collect(bytesMax: 64 * 1_024)
        } catch {
            body = []
        }
        let problem = (try? Wire.decode(Wire.Refusal.self, body))?.error
        let retryAfter = response.header("Retry-After").flatMap { Double($0) }
        let details = "status \(response.status), code \(problem?.code ?? "none"): \(problem?.message ?? "no message")"
        func failure(_ code: Code, _ retry: Retry, _ billing: Billing, _ message: String) -> ProviderFailure {
            ProviderFailure(
                code,
                retry: retry,
                billing: billing,
                requestReachedProvider: .yes,
                message: message,
                providerCode: problem?.code,
                details: details
            )
        }
        self =
            switch response.status {
            case 400, 413, 422:
                problem?.code == "content_policy"
                    ? failure(.contentPolicy, .never, .notCharged, Self.filtered)
                    : failure(.invalidRequest, .never, .notCharged, Self.invalid)
            case 401, 403: failure(.authentication, .never, .notCharged, "The provider refused our credentials.")
            case 402:
                failure(.insufficientProviderFunds, .never, .notCharged, "The provider account has no funds.")
            case 404: failure(.notFound, .never, .notCharged, "The provider does not know this generation.")
            case 429:
                failure(.rateLimited, retryAfter.map { .after(seconds: $0) } ?? .backoff, .notCharged, Self.busy)
            case 503:
                failure(.unavailable, retryAfter.map { .after(seconds: $0) } ?? .backoff, .notCharged, Self.down)
            case 408, 504: failure(.timedOut, .backoff, .unknown, "The provider did not answer in time.")
            case 500...599: failure(.unavailable, .backoff, .unknown, Self.down)
            case 409, 425, 499: failure(.unknown, .backoff, .unknown, Self.unclear)
            case 400..<500: failure(.unknown, .never, .notCharged, "The provider refused the request.")
            default: failure(.unknown, .backoff, .unknown, Self.unclear)
            }
    }

    /// What the failure of an accepted generation means.
    init(generation problem: Wire.Problem?) {
        let (code, retry, message): (Code, Retry, String) =
            switch problem?.code {
            case "content_policy": (.contentPolicy, .never, Self.filtered)
            case "invalid_request": (.invalidRequest, .never, Self.invalid)
            case "rate_limited": (.rateLimited, .after(seconds: 1), Self.busy)
            case "unavailable": (.unavailable, .backoff, Self.down)
            case "timeout": (.timedOut, .backoff, "The provider gave the generation up: it took too long.")
            default: (.unknown, .backoff, "The generation failed at the provider.")
            }
        self.init(
            code,
            retry: retry,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: message,
            providerCode: problem?.code,
            details: problem?.message ?? "the provider gave no reason"
        )
    }

    /// An answer that is no answer: what became of the request is unknown.
    init(unreadable details: String) {
        self.init(
            .unknown,
            retry: .backoff,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: Self.unclear,
            details: details
        )
    }

    private static let filtered = "The provider's content filter refused the request."
    private static let invalid = "The provider found the request invalid."
    private static let busy = "The provider is busy."
    private static let unclear = "The provider's answer was not understood."
    private static let down = "The provider is not available."
}
