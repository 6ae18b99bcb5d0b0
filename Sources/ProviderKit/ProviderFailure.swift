public import HTTPTransport

/// Why a provider did not do what was asked, in terms the engine can decide by.
public struct ProviderFailure: Error, Sendable, Hashable, Codable {
    /// The portable reason.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// The provider found the request wrong.
        case invalidRequest = "invalid_request"
        /// The provider's filter refused the prompt, the input or the output.
        case contentPolicy = "content_policy"
        /// Our credentials were refused.
        case authentication
        /// The provider account has no funds.
        case insufficientProviderFunds = "insufficient_provider_funds"
        /// Too many requests or jobs at the provider.
        case rateLimited = "rate_limited"
        /// The provider, or the way to it, is down.
        case unavailable
        /// No answer in time.
        case timedOut = "timed_out"
        /// The provider does not know the operation or the model.
        case notFound = "not_found"
        /// Anything else.
        case unknown
    }

    /// Whether trying again can help.
    public enum Retry: Sendable, Hashable, Codable {
        /// It cannot.
        case never
        /// It can, after a pause of our choice.
        case backoff
        /// It can, not before this many seconds have passed: the provider said so.
        case after(seconds: Double)
    }

    /// Whether the provider bills what failed.
    public enum Billing: String, Sendable, Codable {
        /// It does.
        case charged
        /// It documents that it does not.
        case notCharged
        /// Nobody can say.
        case unknown
    }

    /// The portable reason.
    public var code: Code
    /// Whether trying again can help.
    public var retry: Retry
    /// Whether the provider bills it.
    public var billing: Billing
    /// Whether the request reached the provider.
    public var requestReachedProvider: Reached
    /// A message that is safe for callers: no credentials, no internals.
    public var message: String
    /// The provider's own code, if it gave one.
    public var providerCode: String?
    /// For the log only.
    public var details: String

    /// Makes a failure.
    public init(
        _ code: Code,
        retry: Retry,
        billing: Billing,
        requestReachedProvider: Reached,
        message: String,
        providerCode: String? = nil,
        details: String = ""
    ) {
        self.code = code
        self.retry = retry
        self.billing = billing
        self.requestReachedProvider = requestReachedProvider
        self.message = message
        self.providerCode = providerCode
        self.details = details
    }

    /// The failure that a transport failure means.
    public init(_ failure: TransportFailure) {
        let code: Code =
            switch failure.kind {
            case .timedOut: .timedOut
            case .noConnection, .connectionLost, .sendWindowPassed, .cancelled, .forbidden: .unavailable
            case .tooLarge: .unknown
            }
        self.init(
            code,
            retry: .backoff,
            billing: failure.requestReachedPeer == .no ? .notCharged : .unknown,
            requestReachedProvider: failure.requestReachedPeer,
            message: failure.requestReachedPeer == .no
                ? "The provider could not be reached." : "The provider gave no whole answer.",
            details: "\(failure.kind.rawValue): \(failure.detail)"
        )
    }

    /// Whether a first send that failed so is known to have started nothing: only then may a new attempt follow.
    ///
    /// True when no byte of the request was sent, or when the provider answered and documents that it bills nothing.
    /// Everything else leaves the outcome unknown.
    public var isDefiniteRefusal: Bool {
        switch requestReachedProvider {
        case .no: true
        case .yes: billing == .notCharged
        case .unknown: false
        }
    }

    /// Whether the refusal was for lack of capacity: such an attempt does not count against the job.
    ///
    /// Never true of what trying again cannot help: an adapter that refuses a request before sending it has not met a
    /// full provider, and its job must end instead of waiting.
    public var isForCapacity: Bool {
        guard retry != .never else { return false }
        return switch code {
        case .rateLimited: isDefiniteRefusal
        case .unavailable: isDefiniteRefusal
        case .invalidRequest, .contentPolicy, .authentication, .insufficientProviderFunds, .timedOut, .notFound,
            .unknown:
            requestReachedProvider == .no
        }
    }
}
