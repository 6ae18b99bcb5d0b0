/// How an attempt ended without outputs, in terms failover can decide by.
package struct AttemptEnd: Sendable, Hashable {
    /// The portable reason; the raw values are those of a provider failure's code.
    package enum Failure: String, Sendable, Codable, CaseIterable {
        /// The provider found the request wrong.
        case invalidRequest = "invalid_request"
        /// A content filter refused.
        case contentPolicy = "content_policy"
        /// Credentials were refused.
        case authentication
        /// The account at the provider has no funds.
        case insufficientProviderFunds = "insufficient_provider_funds"
        /// Too many requests or jobs there.
        case rateLimited = "rate_limited"
        /// It is down.
        case unavailable
        /// No answer in time.
        case timedOut = "timed_out"
        /// It does not know the model or the operation.
        case notFound = "not_found"
        /// Anything else.
        case unknown

        /// Whether an equal request to the same endpoint may succeed a little later.
        package var mayPass: Bool {
            switch self {
            case .invalidRequest, .contentPolicy, .authentication, .insufficientProviderFunds: false
            case .rateLimited, .unavailable, .timedOut, .notFound, .unknown: true
            }
        }
    }

    /// Whether the provider bills what failed; the raw values are those of a provider failure's billing.
    package enum Billing: String, Sendable, Codable, CaseIterable {
        /// It does.
        case charged
        /// It documents that it does not.
        case notCharged
        /// Nobody can say.
        case unknown
    }

    /// Whether the request reached the provider; the raw values are those of the transport's.
    package enum Reached: String, Sendable, Codable, CaseIterable {
        /// Not a byte of it.
        case no
        /// It answered.
        case yes
        /// Nobody can say.
        case unknown
    }

    /// Whether the same endpoint may be asked again.
    package enum Retry: Sendable, Hashable {
        /// It would refuse again.
        case never
        /// After a pause of our choice.
        case backoff
        /// Not before this many seconds have passed.
        case after(seconds: Double)
    }

    /// Whether the provider had accepted the request before it failed.
    package var wasAccepted: Bool
    /// Why.
    package var failure: Failure
    /// Whether it was refused for lack of capacity: then it does not count as an attempt.
    package var isForCapacity: Bool
    /// Whether the provider bills it.
    package var billing: Billing
    /// Whether the request reached it.
    package var requestReachedProvider: Reached
    /// Whether the same endpoint may be asked again.
    package var retry: Retry
    /// Whether a look-up at the provider proved that a send without an answer started nothing.
    package var isProvenAbsent: Bool
    /// Whether the endpoint refused what its own listed capabilities allow, so that another may well take it.
    package var isEndpointsOwn: Bool

    /// Describes an end.
    package init(
        _ failure: Failure,
        wasAccepted: Bool = false,
        isForCapacity: Bool = false,
        billing: Billing,
        requestReachedProvider: Reached,
        retry: Retry = .backoff,
        isProvenAbsent: Bool = false,
        isEndpointsOwn: Bool = false
    ) {
        self.wasAccepted = wasAccepted
        self.failure = failure
        self.isForCapacity = isForCapacity
        self.billing = billing
        self.requestReachedProvider = requestReachedProvider
        self.retry = retry
        self.isProvenAbsent = isProvenAbsent
        self.isEndpointsOwn = isEndpointsOwn
    }

    /// Whether the same endpoint may be asked again, once those that were not tried have been.
    package var mayBeRepeatedThere: Bool { retry != .never && failure.mayPass }

    /// Whether it is certain that nothing was started, or that nothing is billed.
    ///
    /// Only then may the job be tried again at all, here or elsewhere. An answer that is lost proves nothing until a
    /// look-up does; a generation that was accepted and died must be documented as free.
    package var isProvenFree: Bool {
        if isProvenAbsent { return true }
        if wasAccepted { return billing == .notCharged }
        return switch requestReachedProvider {
        case .no: true
        case .yes: billing == .notCharged
        case .unknown: false
        }
    }

    /// What it says about the endpoint's health.
    ///
    /// - Parameter isOwnKey: Whether the key is a customer's: what it is refused for says nothing about the endpoint.
    /// - Returns: What to record.
    package func outcome(isOwnKey: Bool = false) -> AttemptOutcome.Kind {
        if !wasAccepted, requestReachedProvider == .unknown || isProvenAbsent { return .answerLost }
        return switch failure {
        case .invalidRequest: .ownMistake
        case .contentPolicy: .contentRefused
        case .authentication, .insufficientProviderFunds: isOwnKey ? .ownMistake : .accessRefused
        case .rateLimited: isOwnKey ? .ownMistake : .rateLimited
        case .unavailable: .unavailable
        case .timedOut: .timedOut
        case .notFound: wasAccepted ? .failed : .ownMistake
        case .unknown: .failed
        }
    }
}
