import HTTPTypes

extension HTTPField.Name {
    /// Names a request in logs and answers.
    static let requestID = known("X-Request-Id")
    /// The client's own name for a submission, by which a repeat is recognized.
    static let idempotencyKey = known("Idempotency-Key")
    /// Ties requests together, for clients that do not say it in the body.
    static let sessionID = known("X-Session-Id")
    /// Names the job that an answer is about.
    static let generationID = known("X-Generation-Id")
    /// Says that an answer was given before.
    static let idempotentReplayed = known("Idempotent-Replayed")
    /// The last event that a client of a stream has seen.
    static let lastEventID = known("Last-Event-ID")
    /// Tells a reverse proxy not to hold back a stream.
    static let accelBuffering = known("X-Accel-Buffering")

    /// Tells official clients whether to repeat a request that failed.
    static let shouldRetry = known("X-Should-Retry")

    /// How many requests are allowed.
    static let rateLimitLimit = known("X-RateLimit-Limit")
    /// How many are left.
    static let rateLimitRemaining = known("X-RateLimit-Remaining")
    /// When they are allowed again, in milliseconds since 1970.
    static let rateLimitReset = known("X-RateLimit-Reset")

    static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no header's name") }
        return field
    }
}
