/// What became of one attempt at an endpoint, as far as its health is concerned.
package struct AttemptOutcome: Sendable, Hashable {
    /// What happened.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// It took the request. No end: another outcome follows.
        case accepted
        /// It delivered.
        case succeeded
        /// It could not be reached, or said that it is down.
        case unavailable
        /// It did not answer, or did not finish, in time.
        case timedOut = "timed_out"
        /// The connection broke after the request was sent.
        case answerLost = "answer_lost"
        /// It failed for a reason of its own, or lost the generation, or delivered what cannot be used.
        case failed
        /// It refused for its rate or its capacity.
        case rateLimited = "rate_limited"
        /// It refuses the operator's credentials, or the operator's account has no funds.
        case accessRefused = "access_refused"
        /// Its content filter refused.
        case contentRefused = "content_refused"
        /// What the client or this service did wrong: a bad request, a customer's own key without credit.
        case ownMistake = "own_mistake"

        /// Whether it counts as a failure of the endpoint.
        ///
        /// A full provider is not down, and neither is one that refuses what is wrong.
        package var isProvidersFault: Bool {
            switch self {
            case .unavailable, .timedOut, .answerLost, .failed: true
            case .accepted, .succeeded, .rateLimited, .accessRefused, .contentRefused, .ownMistake: false
            }
        }
    }

    /// What happened.
    package var kind: Kind
    /// When the attempt's send began; nil: just now.
    ///
    /// It tells a probe's outcome from that of a request that was under way before the circuit opened.
    package var startedAtMilliseconds: Int64?
    /// Whether the provider had accepted it before it ended so.
    package var wasAccepted: Bool
    /// Seconds from the send to the outputs, of a success.
    package var latencySeconds: Double?
    /// Seconds from the send to the first word that it is worked on.
    package var firstStatusSeconds: Double?
    /// Output per second of work, of a success.
    package var throughput: Double?
    /// Whether a success is not in all what was asked for.
    package var wasAdjusted: Bool
    /// For how long the provider asked to be left alone.
    package var retryAfterSeconds: Double?

    /// Describes an outcome.
    package init(
        _ kind: Kind,
        startedAtMilliseconds: Int64? = nil,
        wasAccepted: Bool = false,
        latencySeconds: Double? = nil,
        firstStatusSeconds: Double? = nil,
        throughput: Double? = nil,
        wasAdjusted: Bool = false,
        retryAfterSeconds: Double? = nil
    ) {
        self.kind = kind
        self.startedAtMilliseconds = startedAtMilliseconds
        self.wasAccepted = wasAccepted
        self.latencySeconds = latencySeconds
        self.firstStatusSeconds = firstStatusSeconds
        self.throughput = throughput
        self.wasAdjusted = wasAdjusted
        self.retryAfterSeconds = retryAfterSeconds
    }
}
