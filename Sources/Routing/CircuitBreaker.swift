/// Keeps attempts away from an endpoint that fails again and again, and finds out with one at a time whether it is back.
///
/// Closed, everything passes. Several failures in a row open it for a while; then it is half-open: exactly one attempt,
/// the probe, is let through. The probe's outcome closes it, or opens it for twice as long, up to a bound. Beside that it
/// knows of pauses that the provider asked for. It is a value: what it says follows from what was recorded and the time.
package struct CircuitBreaker: Sendable, Hashable, Codable {
    /// How many failures in a row open it.
    package static let failuresMax = 3
    /// For how long it opens first.
    package static let firstOpenMilliseconds: Int64 = 15_000
    /// The longest time that it opens for.
    package static let openMillisecondsMax: Int64 = 120_000
    /// After so long without an outcome a probe counts as lost, and another is let through.
    package static let probeMillisecondsMax: Int64 = 600_000
    /// The longest pause that a provider is believed to ask for.
    package static let pauseMillisecondsMax: Int64 = 3_600_000
    private static let firstRatePause: Int64 = 1_000
    private static let ratePauseMax: Int64 = 60_000
    private static let firstAccessPause: Int64 = 30_000
    private static let accessPauseMax: Int64 = 600_000

    /// What it says to an attempt that wants to begin.
    package enum Gate: Sendable, Hashable {
        /// It may.
        case open
        /// It may, and is the probe.
        case probe
        /// Not before this time.
        case shut(untilMilliseconds: Int64)
    }

    private enum State: Sendable, Hashable, Codable {
        case closed
        case open(until: Int64)
        case probing(since: Int64)
    }

    private var state = State.closed
    /// Failures in a row before anything was accepted, and of accepted generations.
    private var submitFailures = 0
    private var runFailures = 0
    private var openings = 0
    private var wasOpenedByRuns = false
    /// What began before it was last closed says nothing any more.
    private var closedAt = Int64.min
    private var pausedUntil: Int64?
    private var pauses = 0

    /// Makes one that is closed.
    package init() {}

    /// What it says at a time, without taking the probe.
    package func gate(at now: Int64) -> Gate {
        switch (pausedUntil(now), openUntil(now)) {
        case (let paused?, let open?): return .shut(untilMilliseconds: max(paused, open))
        case (let until?, nil), (nil, let until?): return .shut(untilMilliseconds: until)
        case (nil, nil): break
        }
        return state == .closed ? .open : .probe
    }

    /// Lets an attempt begin, or not: the probe is given to the first that asks.
    package mutating func admit(at now: Int64) -> Gate {
        let gate = gate(at: now)
        if gate == .probe { state = .probing(since: now) }
        return gate
    }

    /// Until when nothing but its probe passes; nil when something may pass.
    package func openUntil(_ now: Int64) -> Int64? {
        switch state {
        case .closed: nil
        case .open(let until): Self.ahead(until, now, atMost: Self.openMillisecondsMax)
        case .probing(let since):
            Self.ahead(since &+ Self.probeMillisecondsMax, now, atMost: Self.probeMillisecondsMax)
        }
    }

    /// Until when the provider is to be left alone; nil when it is not.
    package func pausedUntil(_ now: Int64) -> Int64? {
        pausedUntil.flatMap { Self.ahead($0, now, atMost: Self.pauseMillisecondsMax) }
    }

    /// A time that is still to come; one further ahead than was ever set comes from a clock that was wrong.
    private static func ahead(_ time: Int64, _ now: Int64, atMost longest: Int64) -> Int64? {
        time > now && time <= now + longest ? time : nil
    }

    /// Takes in what became of an attempt.
    package mutating func record(_ outcome: AttemptOutcome, at now: Int64) {
        let started = outcome.startedAtMilliseconds ?? now
        switch outcome.kind {
        case .accepted:
            answered(started: started, isEnd: false, at: now)
            submitFailures = 0
            pauses = 0
        case .succeeded:
            if isProbe(started) { close(at: now) }
            submitFailures = 0
            runFailures = 0
            pauses = 0
        case .unavailable, .timedOut, .answerLost, .failed:
            failed(afterAcceptance: outcome.wasAccepted, started: started, at: now)
        case .rateLimited:
            answered(started: started, at: now)
            pause(outcome.retryAfterSeconds, first: Self.firstRatePause, longest: Self.ratePauseMax, at: now)
        case .accessRefused:
            answered(started: started, at: now)
            pause(outcome.retryAfterSeconds, first: Self.firstAccessPause, longest: Self.accessPauseMax, at: now)
        case .contentRefused, .ownMistake:
            answered(started: started, at: now)
        }
    }

    private func isProbe(_ started: Int64) -> Bool {
        guard case .probing(let since) = state else { return false }
        return started >= since
    }

    /// The probe was answered: that ends an outage of the door, but shows nothing about generations that die.
    private mutating func answered(started: Int64, isEnd: Bool = true, at now: Int64) {
        guard isProbe(started) else { return }
        if !wasOpenedByRuns {
            close(at: now)
        } else if isEnd {
            // It ended without a generation: the next attempt is the probe.
            state = .open(until: now)
        }
    }

    /// The attempt that was given the probe at that time is not sent after all: the next one is the probe.
    package mutating func giveBackProbe(of time: Int64) {
        if state == .probing(since: time) { state = .open(until: time) }
    }

    private mutating func close(at now: Int64) {
        state = .closed
        submitFailures = 0
        runFailures = 0
        openings = 0
        closedAt = now
    }

    private mutating func failed(afterAcceptance: Bool, started: Int64, at now: Int64) {
        switch state {
        case .closed:
            guard started >= closedAt else { return }
            if afterAcceptance { runFailures += 1 } else { submitFailures += 1 }
            if max(submitFailures, runFailures) >= Self.failuresMax { open(byRuns: afterAcceptance, at: now) }
        case .open: return
        case .probing:
            if isProbe(started) { open(byRuns: afterAcceptance || wasOpenedByRuns, at: now) }
        }
    }

    private mutating func open(byRuns: Bool, at now: Int64) {
        state = .open(until: now + Self.doubled(Self.firstOpenMilliseconds, openings, Self.openMillisecondsMax))
        openings += 1
        wasOpenedByRuns = byRuns
    }

    private mutating func pause(_ seconds: Double?, first: Int64, longest: Int64, at now: Int64) {
        let asked = seconds.map { Int64((min(max($0, 0), 86_400) * 1_000).rounded(.up)) }
        let milliseconds = min(asked ?? Self.doubled(first, pauses, longest), Self.pauseMillisecondsMax)
        pausedUntil = max(pausedUntil(now) ?? .min, now + milliseconds)
        pauses += 1
    }

    private static func doubled(_ first: Int64, _ times: Int, _ longest: Int64) -> Int64 {
        min(longest, first << Int64(min(times, 20)))
    }

    /// Takes the worse of two views: of what another process has seen.
    package mutating func merge(_ other: CircuitBreaker, at now: Int64) {
        let pause = [pausedUntil(now), other.pausedUntil(now)].compactMap { $0 }.max()
        if (other.openUntil(now) ?? .min) > (openUntil(now) ?? .min) { self = other }
        pausedUntil = pause
    }
}
