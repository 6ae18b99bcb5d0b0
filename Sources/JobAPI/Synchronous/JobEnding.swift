import Generation
import HTTPTypes
import JobCore
import JobEngine

/// What a request that waits is answered with when its job has ended without a result.
extension APIError {
    /// The answer to a job that has ended otherwise than well; nil for one that is completed, or not over.
    ///
    /// An accepted job is the client's: whatever became of it is told with a 4xx, which official clients do not repeat.
    /// Only where no provider has taken it, and an equal request may succeed, a 5xx asks for that.
    ///
    /// - Parameters:
    ///   - view: The job.
    ///   - isNamed: Whether the request had an idempotency key: its repeat gets the same answer, however often it comes.
    init?(endOf view: JobView, isNamed: Bool) {
        let id = view.job.id
        switch view.job.state {
        case .queued, .submitting, .running, .storing, .completed: return nil
        case .failed(let failure): self.init(failure, of: view, isNamed: isNamed)
        case .cancelled: self.init(id, .unprocessableContent, reason: "cancelled", "was cancelled.")
        case .expired: self.init(id, .unprocessableContent, reason: "expired", "was not done by its deadline.")
        }
    }

    private init(_ failure: JobFailure, of view: JobView, isNamed: Bool) {
        let reason = failure.code.rawValue
        let words = "failed: \(failure.message)"
        guard failure.code != .contentPolicy else {
            self.init(view.job.id, .badRequest, reason: reason, words)
            return
        }
        let wasTaken = view.attempts.contains { !$0.state.isKnownNotToHaveStarted }
        guard failure.retryable, !wasTaken, !isNamed, let status = Self.status(of: failure.code) else {
            self.init(view.job.id, .unprocessableContent, reason: reason, words)
            return
        }
        self.init(
            status,
            status == .badGateway ? .server : .overloaded,
            reason: reason,
            headers: [.generationID: view.job.id.description],
            "The job \(view.job.id) \(words)"
        )
    }

    /// An end that a repeat of the request does not mend.
    private init(_ id: JobID, _ status: HTTPResponse.Status, reason: String, _ words: String) {
        self.init(
            status,
            reason: reason,
            headers: [.shouldRetry: "false", .generationID: id.description],
            "The job \(id) \(words)"
        )
    }

    /// The status of a failure that is the provider's, and passes; nil for others.
    private static func status(of code: JobFailure.Code) -> HTTPResponse.Status? {
        switch code {
        case .rateLimited: .serviceUnavailable
        case .unavailable, .timedOut, .unknown, .authentication, .insufficientProviderFunds: .badGateway
        case .invalidRequest, .contentPolicy, .notFound, .outcomeUnknown, .invalidOutput, .inputUnavailable: nil
        }
    }
}

extension AttemptState {
    /// Whether the provider has not begun it, for certain.
    fileprivate var isKnownNotToHaveStarted: Bool {
        switch self {
        case .refused, .absent: true
        case .intent, .sending, .accepted, .unknown, .found, .abandoned: false
        }
    }
}
