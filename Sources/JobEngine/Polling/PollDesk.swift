import ProviderKit

/// The polls of one provider account: who waits, and what may go out when.
///
/// Decides, and does nothing itself. Times are on the clock of the boot.
struct PollDesk: Sendable {
    /// What may happen next.
    enum Step: Sendable, Equatable {
        /// This one is asked for by itself.
        case alone(UInt64)
        /// These are asked for together.
        case together([UInt64])
        /// Nothing before that time.
        case later(Double)
        /// Nobody waits.
        case idle
    }

    /// How long the first that waits lets others join it, in seconds.
    static let gatherSeconds = 0.25
    /// The longest pause that a provider's refusal of a poll is followed by, in seconds.
    private static let refusalPauseMax = 120.0
    /// After how many failures in a row no more calls for several are tried, and for how long, in seconds.
    private static let bulkFailuresMax = 3
    private static let bulkBrokenSeconds = 60.0

    private let operationsPerCall: Int
    private var single: CallPace
    private var bulk: CallPace
    private var together = PollQueue()
    /// Those that a call for several did not answer.
    private var apart = PollQueue()
    private var gatherSince = -Double.infinity
    private var pausedUntil = -Double.infinity
    private var refusals = 0
    /// The shortest time between two calls that the provider's refusals have taught.
    private var learned = 0.0
    private var bulkFailures = 0
    private var bulkBrokenUntil = -Double.infinity
    /// How late polls are, smoothed: what a shortage is told by.
    private(set) var delay = 0.0

    init(_ adapter: any ProviderAdapter) {
        let limits = adapter.pollLimits
        single = CallPace(perSecond: limits.singlePerSecond)
        bulk = CallPace(perSecond: limits.bulkPerSecond)
        operationsPerCall = bulk.isAllowed ? max(1, (adapter as? any BulkStatusAdapter)?.operationsPerCall ?? 1) : 1
    }

    /// The account may have been called just now, by the process before this one: its pace is kept to from there.
    mutating func begin(at now: Double) {
        single.take(at: now)
        bulk.take(at: now)
    }

    /// Whether calls for one are allowed.
    var mayAskSingly: Bool { single.isAllowed }

    /// How many wait.
    var count: Int { together.count + apart.count }

    /// One wants to ask.
    ///
    /// - Returns: Whether the next step may come sooner by it.
    mutating func add(_ ticket: UInt64, wantedAt: Double, isUrgent: Bool, at now: Double) -> Bool {
        let wasEmpty = count == 0
        if together.isEmpty { gatherSince = now }
        together.add(ticket, wantedAt: wantedAt, isUrgent: isUrgent)
        return wasEmpty || isUrgent || together.count == operationsPerCall || together.count == 2
    }

    /// One was missing from the answer for several: it is asked for by itself.
    mutating func addApart(_ ticket: UInt64, wantedAt: Double) {
        apart.add(ticket, wantedAt: wantedAt, isUrgent: false)
    }

    /// One does not wait any more.
    mutating func remove(_ ticket: UInt64) {
        together.remove(ticket)
        apart.remove(ticket)
    }

    /// Takes the next step, if one may be taken now.
    mutating func step(at now: Double) -> Step {
        guard count > 0 else { return .idle }
        guard pausedUntil <= now else { return .later(pausedUntil) }
        var next = Double.infinity
        if !apart.isEmpty {
            if single.isFree(at: now), let ticket = apart.popFirst() { return alone(ticket, now) }
            next = single.freeAt
        }
        guard let first = together.first else { return .later(next) }
        let isBulk = operationsPerCall > 1 && (bulkBrokenUntil <= now || !single.isAllowed)
        let isSpilling = together.count > operationsPerCall
        let isReady = now >= gatherSince + Self.gatherSeconds || together.count >= operationsPerCall
        if !isBulk || first.isUrgent {
            if single.isFree(at: now), let ticket = together.popFirst() { return alone(ticket, now) }
            next = min(next, single.freeAt)
            if !isBulk { return .later(next) }
        }
        guard isReady || first.isUrgent else { return .later(min(next, gatherSince + Self.gatherSeconds)) }
        // One by itself needs no call for several; when more wait than such a call takes, both ways are used.
        if together.count == 1 || isSpilling && !bulk.isFree(at: now) {
            if single.isFree(at: now), let ticket = together.popFirst() { return alone(ticket, now) }
            next = min(next, single.freeAt)
        }
        guard bulk.isFree(at: now) else { return .later(min(next, bulk.freeAt)) }
        bulk.take(at: now, least: learned)
        var batch: [UInt64] = []
        while batch.count < operationsPerCall, let ticket = together.popFirst() { batch.append(ticket) }
        // What is left has waited already.
        gatherSince = -.infinity
        return .together(batch)
    }

    /// Gives the only one that waits its turn to ask by itself, if that may be now and nothing is gained by waiting.
    mutating func takeOnly(at now: Double) -> Bool {
        guard count == 1, pausedUntil <= now, let first = together.first, operationsPerCall == 1 || first.isUrgent,
            single.isFree(at: now)
        else { return false }
        together.remove(first.ticket)
        single.take(at: now, least: learned)
        return true
    }

    private mutating func alone(_ ticket: UInt64, _ now: Double) -> Step {
        single.take(at: now, least: learned)
        return .alone(ticket)
    }

    /// One had its turn so long after it wanted it.
    mutating func served(after seconds: Double) { delay += 0.1 * (max(0, seconds) - delay) }

    /// A call was answered.
    mutating func answered(isBulk: Bool) {
        refusals = 0
        learned = learned < 0.02 ? 0 : learned * 0.98
        if isBulk { bulkFailures = 0 }
    }

    /// A call failed.
    ///
    /// One that was too many pauses all of the account's, and teaches a slower pace.
    mutating func failed(_ failure: ProviderFailure, isBulk: Bool, at now: Double) {
        guard failure.code == .rateLimited else {
            guard isBulk else { return }
            bulkFailures += 1
            if bulkFailures >= Self.bulkFailuresMax { bulkBrokenUntil = now + Self.bulkBrokenSeconds }
            return
        }
        // Others that were on their way say the same.
        guard pausedUntil <= now else { return }
        refusals += 1
        learned = min(5, max(0.1, learned * 2))
        let own = min(30, Double(1 << min(refusals - 1, 5)))
        let hint: Double =
            switch failure.retry {
            case .after(let seconds): seconds
            case .never, .backoff: own
            }
        pausedUntil = now + min(max(hint, 0.5), Self.refusalPauseMax)
    }
}
