import Generation
import JobCore
import ProviderKit

/// What the engine counts and times for the operator; it lives as long as the process.
package final class EngineMetrics: Sendable {
    /// How a submission ended.
    package enum SubmissionOutcome: String, Sendable, CaseIterable {
        case accepted, replayed
        /// The client can mend it, or has to wait for credits.
        case refused = "refused_4xx"
        /// The service could not take it.
        case unavailable = "refused_5xx"
    }

    /// How the one send of an attempt ended, as far as its answer tells.
    enum SubmitOutcome: String {
        /// The provider has it.
        case accepted
        /// The provider was done at once.
        case completed
        /// The provider has not started it, for certain.
        case refused
        /// Nothing was sent.
        case notSent = "not_sent"
        /// The answer was lost: the provider may have it.
        case unknown
    }

    /// Bounds that tell a result told at once from one told minutes late, in seconds.
    package static let lagBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

    /// Submissions that reached the engine, by how they ended.
    package let submissions = Family(["outcome"], make: Meter.init)
    /// Sends to providers, by provider and how they ended.
    package let providerSubmits = Family(["provider", "outcome"], make: Meter.init)
    /// Questions to providers about what they run, by provider and answer.
    package let providerPolls = Family(["provider", "outcome"], make: Meter.init)
    /// Questions about several generations in one call, by provider and how they ended.
    package let providerBulkCalls = Family(["provider", "outcome"], make: Meter.init)
    /// From the last look that found a generation unfinished to the one that saw its end, by provider.
    package let completionGap = Family(["provider"]) { Histogram(bounds: EngineMetrics.lagBounds) }
    /// Failures that providers gave, by provider and code.
    package let providerFailures = Family(["provider", "code"], make: Meter.init)
    /// From when a provider's end was seen to when the job's end was committed, by type.
    package let completionLag = Family(["type"]) { Histogram(bounds: EngineMetrics.lagBounds) }

    package init() {
        // A count that is there from the start shows its first increase.
        for outcome in SubmissionOutcome.allCases { submissions[outcome.rawValue].add(0) }
    }

    /// A submission was answered.
    func submitted(_ result: Result<SubmissionResult, any Error>) {
        let outcome: SubmissionOutcome =
            switch result {
            case .success(.accepted): .accepted
            case .success(.replayed), .success(.takenOver): .replayed
            case .failure(let error): Self.outcome(error)
            }
        submissions[outcome.rawValue].add()
    }

    private static func outcome(_ error: any Error) -> SubmissionOutcome {
        switch error {
        case is RequestProblem: .refused
        case let refusal as SubmissionRefusal:
            switch refusal {
            case .queueFull, .storageFull: .unavailable
            case .idempotencyConflict, .insufficientCredits, .keyLimitReached, .freeLimitReached, .budgetReached,
                .keyRevoked, .clientGone:
                .refused
            }
        case _: .unavailable
        }
    }

    func sent(to endpoint: EndpointID, _ outcome: SubmitOutcome) {
        providerSubmits[endpoint.provider, outcome.rawValue].add()
    }

    func polled(_ endpoint: EndpointID, _ outcome: StaticString) {
        providerPolls[endpoint.provider, outcome.description].add()
    }

    func askedTogether(_ provider: String, _ outcome: StaticString) {
        providerBulkCalls[provider, outcome.description].add()
    }

    /// A generation's end was seen, so long after it was last seen unfinished.
    func ended(_ endpoint: EndpointID, unseenFor seconds: Double) {
        completionGap[endpoint.provider].observe(seconds)
    }

    func failed(_ endpoint: EndpointID, _ failure: ProviderFailure) {
        providerFailures[endpoint.provider, failure.code.rawValue].add()
    }

    /// A job ended by what its provider did, which was seen at a time.
    func told(_ job: Job, seenAt: Timestamp, now: Timestamp) {
        completionLag[job.admitted.request.type.rawValue].observe(now.seconds(since: seenAt))
    }
}
