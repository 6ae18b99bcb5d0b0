/// How often one kind of call may go out: evenly spaced and a little below the limit.
///
/// A provider counts what arrives. Calls that were spaced out here bunch up on their way, so a tenth of the limit is left
/// to that. Nothing is saved up while nobody asks. Times are on the clock of the boot.
struct CallPace: Sendable {
    /// How much later than after its own time a call may go out and still count as having been in time, in seconds: timers
    /// are late, and what is late for each call would add up.
    private static let slack = 0.02

    /// Seconds between two calls: 0 without a limit, infinite where no call is allowed.
    private let interval: Double
    private var nextAt = -Double.infinity

    /// Makes a pace of so many calls a second; nil without a limit, 0 for none at all.
    init(perSecond: Double?) {
        guard let perSecond else {
            interval = 0
            return
        }
        // Of few calls each counts for more.
        let headroom = perSecond < 5 ? 1.2 : 1.1
        interval = perSecond > 0 ? headroom / perSecond : .infinity
    }

    /// Whether such calls are allowed at all.
    var isAllowed: Bool { interval < .infinity }

    /// When the next call may go out; in the past for at once.
    var freeAt: Double { isAllowed ? nextAt : .infinity }

    /// Whether a call may go out now.
    func isFree(at now: Double) -> Bool { freeAt <= now }

    /// A call goes out.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - least: The shortest time until the next one, whatever the limit: what a provider's refusals have taught.
    mutating func take(at now: Double, least: Double = 0) {
        nextAt = max(nextAt, now - Self.slack) + max(interval, least)
    }
}
