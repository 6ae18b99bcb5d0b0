import Generation
import JobCore
import ProviderKit

/// When a running job is polled next.
///
/// A few looks for the progress until jobs like it begin to finish, then one whenever the job has become a twelfth older:
/// so the client learns of the end within a tenth of the job's duration, or two seconds, with about eight looks at a job
/// of usual length. Once that is known from jobs that were seen, nothing is asked for before; until then the catalog's
/// figure is half believed.
struct PollSchedule {
    /// The longest pause that a provider may ask for, in seconds: a client must learn of the end.
    static let hintMax = 120.0
    /// How old a job may become between two looks, as a share of its age.
    private static let share = 0.085
    /// The longest pause while the catalog's figure is all there is, in seconds: it may be wrong by far.
    private static let guessSeconds = 2.0
    /// The shortest pause worth making where the lag may be two seconds.
    private static let pauseMin = 1.5

    /// The shortest interval that the model allows, in seconds.
    let shortest: Double
    /// After what time such jobs begin to finish, in seconds.
    let early: Double
    /// Whether that is known, and not only guessed.
    let isKnown: Bool

    init(_ endpoint: Endpoint, _ durations: ObservedDurations, _ job: Job) {
        self.init(
            shortest: endpoint.model.timing.pollIntervalSeconds,
            typical: endpoint.model.timing.typicalSeconds,
            seen: durations.percentile(0.05, of: job, atLeast: 16)
        )
    }

    init(shortest: Double, typical: Double, seen: Double?) {
        self.shortest = max(0.01, shortest)
        early = seen ?? typical * 0.35
        isKnown = seen != nil
    }

    /// Seconds until the next poll.
    ///
    /// - Parameters:
    ///   - elapsed: Seconds since the provider accepted the job.
    ///   - hint: The provider's own word on when to ask again.
    ///   - jitter: A random number from 0 to 1.
    ///   - isShort: Whether polls have to wait for each other: then none is made for the progress alone.
    /// - Returns: The pause, jittered, so that jobs that began together part.
    func interval(elapsed: Double, hint: Double?, jitter: Double, isShort: Bool = false) -> Double {
        let usual = max(Self.pauseMin, elapsed * Self.share)
        let ahead = early - elapsed
        let wanted: Double =
            if ahead <= max(usual, early / 4) || isShort && isKnown {
                max(usual, ahead)
            } else {
                max(usual, isKnown ? ahead / 2 : isShort ? ahead / 3 : min(ahead / 3, Self.guessSeconds))
            }
        return max(shortest, min(max(hint ?? 0, 0), Self.hintMax), min(wanted, 60)) * (0.9 + 0.1 * jitter)
    }
}
