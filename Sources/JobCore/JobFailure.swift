/// Why a job, or one attempt of it, did not succeed, in words that are safe for the client.
public struct JobFailure: Sendable, Hashable, Codable, Error {
    /// The machine-readable reason.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// The provider found the request wrong.
        case invalidRequest = "invalid_request"
        /// A content filter refused the prompt, an input or the output. Also "done" without any output.
        case contentPolicy = "content_policy"
        /// The operator's credentials were refused by the provider.
        case authentication
        /// The operator's account at the provider has no funds.
        case insufficientProviderFunds = "insufficient_provider_funds"
        /// The provider had no capacity.
        case rateLimited = "rate_limited"
        /// The provider was down.
        case unavailable
        /// The provider gave no answer in time.
        case timedOut = "timed_out"
        /// The provider lost the generation.
        case notFound = "not_found"
        /// The provider failed for a reason of its own.
        case unknown
        /// It could not be found out whether the provider accepted the request; it was not sent again.
        case outcomeUnknown = "outcome_unknown"
        /// What the provider made was truncated, of another type, or could not be fetched.
        case invalidOutput = "invalid_output"
        /// A reference could not be read.
        case inputUnavailable = "input_unavailable"
    }

    /// The machine-readable reason.
    public let code: Code
    /// A sentence for the client.
    public let message: String
    /// The provider's own code, if it gave one.
    public let providerCode: String?
    /// Whether the client may expect success from an equal new job.
    public let retryable: Bool

    /// Describes a failure.
    public init(_ code: Code, _ message: String, providerCode: String? = nil, retryable: Bool) {
        self.code = code
        self.message = message
        self.providerCode = providerCode
        self.retryable = retryable
    }
}
