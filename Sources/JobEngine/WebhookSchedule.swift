package import JobCore

/// When a message is tried again: the schedule of Standard Webhooks, ten tries over three days.
package struct WebhookSchedule: Sendable {
    /// The pauses between the tries, in seconds: one less than there are tries.
    ///
    /// Defaults to 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
    package var pauses: [Double] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]

    /// By which part of itself a pause is drawn longer or shorter, so that what failed together does not come back
    /// together.
    package static let jitter = 0.1

    package init() {}

    /// What an answer means for its message.
    ///
    /// - Parameters:
    ///   - result: The answer's status, or that there was none.
    ///   - retryAfter: Its `Retry-After`, if it has one: minded when the receiver says that it has too much to do.
    ///   - number: Which try it was, from 1.
    ///   - now: The time.
    ///   - fraction: Chance, from 0 to 1.
    /// - Returns: Whether the message is delivered, tried again, or given up.
    package func outcome(
        of result: DeliveryTry.Result,
        retryAfter: String?,
        number: Int,
        now: Timestamp,
        fraction: Double
    ) -> DeliveryOutcome {
        let asked: Double?
        switch result {
        case .status(200..<300): return .delivered
        // Gone: the receiver wants to hear of it no more.
        case .status(410): return .exhausted
        case .status(429), .status(502...504): asked = retryAfter.flatMap { Self.seconds(retryAfter: $0, now: now) }
        // A redirect is a failure too: the address that was checked is the one that is told.
        case .status, .error: asked = nil
        }
        guard number >= 1, number <= pauses.count else { return .exhausted }
        let pause = pauses[number - 1] * (1 - Self.jitter + 2 * Self.jitter * fraction)
        let horizon = pauses[(number - 1)...].reduce(0, +)
        return .retry(at: now.adding(seconds: min(max(pause, asked ?? 0), max(pause, horizon))))
    }

    /// Reads `Retry-After`: seconds, or a date as `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else.
    static func seconds(retryAfter text: String, now: Timestamp) -> Double? {
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) { return Double(text) }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT",
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z").map {
            max(0, $0.seconds(since: now))
        }
    }
}
