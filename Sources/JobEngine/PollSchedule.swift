import Generation
import JobCore
import ProviderKit

/// When a running job is polled next.
///
/// About ten looks up to the time at which jobs like it usually begin to finish, then closer ones around the median, then
/// ever wider ones: the client learns of the end within a tenth of the job's duration, and a provider is asked seldom.
struct PollSchedule {
    /// The longest pause that a provider may ask for, in seconds: a client must learn of the end.
    static let hintMax = 120.0

    /// The shortest interval that the model allows, in seconds.
    let shortest: Double
    /// What such a job usually takes, in seconds.
    let median: Double
    /// After what time such jobs begin to finish, in seconds.
    let early: Double

    init(_ endpoint: Endpoint, _ durations: ObservedDurations, _ job: Job) {
        shortest = max(0.01, endpoint.model.timing.pollIntervalSeconds)
        median = durations.percentile(0.5, of: job) ?? endpoint.model.timing.typicalSeconds
        early = durations.percentile(0.1, of: job) ?? median * 0.6
    }

    /// Seconds until the next poll.
    ///
    /// - Parameters:
    ///   - elapsed: Seconds since the provider accepted the job.
    ///   - hint: The provider's own word on when to ask again.
    ///   - jitter: A random number from 0 to 1.
    /// - Returns: The pause, jittered.
    func interval(elapsed: Double, hint: Double?, jitter: Double) -> Double {
        let wanted: Double
        if elapsed < early {
            wanted = min(median / 10, early - elapsed)
        } else if elapsed < median * 2 {
            wanted = median / 20
        } else {
            wanted = elapsed / 20
        }
        return max(shortest, min(hint ?? 0, Self.hintMax), min(wanted, 60)) * (0.9 + 0.2 * jitter)
    }
}
