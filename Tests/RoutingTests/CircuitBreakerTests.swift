import Foundation
import Routing
import Testing

@Suite("The circuit of an endpoint that fails")
struct CircuitBreakerTests {
    private func failure(
        _ kind: AttemptOutcome.Kind = .unavailable,
        from start: Int64? = nil,
        ran: Bool = false
    )
        -> AttemptOutcome
    {
        AttemptOutcome(kind, startedAtMilliseconds: start, wasAccepted: ran)
    }

    private static func opened(at now: Int64 = 0, ran: Bool = false) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.failuresMax {
            breaker.record(AttemptOutcome(.failed, wasAccepted: ran), at: now)
        }
        return breaker
    }

    @Test func failuresInARowOpenIt() {
        var breaker = CircuitBreaker()
        for _ in 0..<2 { breaker.record(failure(), at: 0) }
        #expect(breaker.gate(at: 0) == .open)
        breaker.record(AttemptOutcome(.succeeded), at: 1)
        for _ in 0..<2 { breaker.record(failure(), at: 2) }
        #expect(breaker.gate(at: 2) == .open)
        breaker.record(failure(), at: 3)
        #expect(breaker.gate(at: 3) == .shut(untilMilliseconds: 3 + CircuitBreaker.firstOpenMilliseconds))
    }

    @Test(arguments: [AttemptOutcome.Kind.unavailable, .timedOut, .answerLost, .failed])
    func everyFaultOfTheProviderCounts(kind: AttemptOutcome.Kind) {
        var breaker = CircuitBreaker()
        for _ in 0..<3 { breaker.record(AttemptOutcome(kind), at: 0) }
        #expect(breaker.gate(at: 0) != .open)
    }

    @Test(arguments: [AttemptOutcome.Kind.ownMistake, .contentRefused])
    func whatIsNotItsFaultDoesNot(kind: AttemptOutcome.Kind) {
        var breaker = CircuitBreaker()
        for _ in 0..<50 { breaker.record(AttemptOutcome(kind), at: 0) }
        #expect(breaker.gate(at: 0) == .open)
    }

    @Test func acceptingDoesNotHideThatGenerationsDie() {
        var breaker = CircuitBreaker()
        for now in Int64(0)..<3 {
            breaker.record(AttemptOutcome(.accepted), at: now)
            breaker.record(failure(.failed, ran: true), at: now)
        }
        #expect(breaker.gate(at: 3) != .open)
    }

    @Test func exactlyOneProbePasses() {
        var breaker = Self.opened()
        let until = CircuitBreaker.firstOpenMilliseconds
        #expect(breaker.admit(at: until - 1) == .shut(untilMilliseconds: until))
        #expect(breaker.gate(at: until) == .probe)
        #expect(breaker.admit(at: until) == .probe)
        for later in [until, until + 1, until + 60_000] {
            guard case .shut = breaker.admit(at: later) else {
                Issue.record("a second probe at \(later)")
                return
            }
        }
        breaker.record(AttemptOutcome(.accepted, startedAtMilliseconds: until), at: until + 5)
        #expect(breaker.admit(at: until + 5) == .open)
    }

    @Test func aProbeThatFailsOpensItForTwiceAsLongUpToABound() {
        var breaker = Self.opened()
        var now: Int64 = 0
        var length = CircuitBreaker.firstOpenMilliseconds
        for _ in 0..<8 {
            now += length
            #expect(breaker.gate(at: now - 1) != .probe)
            #expect(breaker.admit(at: now) == .probe)
            breaker.record(failure(from: now), at: now)
            length = min(CircuitBreaker.openMillisecondsMax, length * 2)
        }
        #expect(breaker.gate(at: now) == .shut(untilMilliseconds: now + CircuitBreaker.openMillisecondsMax))
        // Closed once, it begins with the first length again.
        now += CircuitBreaker.openMillisecondsMax
        #expect(breaker.admit(at: now) == .probe)
        breaker.record(AttemptOutcome(.succeeded, startedAtMilliseconds: now), at: now)
        for _ in 0..<3 { breaker.record(failure(), at: now + 1) }
        #expect(breaker.gate(at: now + 1) == .shut(untilMilliseconds: now + 1 + CircuitBreaker.firstOpenMilliseconds))
    }

    @Test func whatWasUnderWayBeforeSaysNothingAboutTheProbe() {
        var breaker = Self.opened(at: 1_000)
        let probe = 1_000 + CircuitBreaker.firstOpenMilliseconds
        #expect(breaker.admit(at: probe) == .probe)
        breaker.record(failure(.failed, from: 500, ran: true), at: probe + 1)
        breaker.record(AttemptOutcome(.succeeded, startedAtMilliseconds: 400), at: probe + 2)
        guard case .shut = breaker.gate(at: probe + 3) else {
            Issue.record("an old outcome decided")
            return
        }
        breaker.record(AttemptOutcome(.accepted, startedAtMilliseconds: probe), at: probe + 4)
        #expect(breaker.gate(at: probe + 4) == .open)
        // And those that die later of the same outage do not open it again.
        for _ in 0..<5 { breaker.record(failure(.failed, from: 900, ran: true), at: probe + 5) }
        #expect(breaker.gate(at: probe + 6) == .open)
    }

    @Test func whenGenerationsDiedOnlyOneThatIsDoneClosesIt() {
        var breaker = Self.opened(ran: true)
        let probe = CircuitBreaker.firstOpenMilliseconds
        #expect(breaker.admit(at: probe) == .probe)
        breaker.record(AttemptOutcome(.accepted, startedAtMilliseconds: probe), at: probe + 1)
        #expect(breaker.gate(at: probe + 1) != .open)
        breaker.record(AttemptOutcome(.succeeded, startedAtMilliseconds: probe), at: probe + 60_000)
        #expect(breaker.gate(at: probe + 60_000) == .open)
    }

    @Test func aProbeThatShowsNothingMakesRoomForTheNext() {
        let probe = CircuitBreaker.firstOpenMilliseconds
        // Not sent at all.
        var breaker = Self.opened()
        #expect(breaker.admit(at: probe) == .probe)
        breaker.giveBackProbe(of: probe - 1)
        #expect(breaker.gate(at: probe) != .probe)
        breaker.giveBackProbe(of: probe)
        #expect(breaker.admit(at: probe) == .probe)
        // Generations die, and this one was refused for its content: the door was never in doubt.
        for kind in [AttemptOutcome.Kind.contentRefused, .ownMistake, .rateLimited, .accessRefused] {
            var breaker = Self.opened(ran: true)
            #expect(breaker.admit(at: probe) == .probe)
            breaker.record(
                AttemptOutcome(kind, startedAtMilliseconds: probe, retryAfterSeconds: 0),
                at: probe + 10
            )
            #expect(breaker.gate(at: probe + 10) == .probe, "\(kind)")
        }
    }

    @Test func aProbeThatIsLostMakesRoomForAnother() {
        var breaker = Self.opened()
        let probe = CircuitBreaker.firstOpenMilliseconds
        #expect(breaker.admit(at: probe) == .probe)
        let later = probe + CircuitBreaker.probeMillisecondsMax
        #expect(breaker.gate(at: later - 1) == .shut(untilMilliseconds: later))
        #expect(breaker.admit(at: later) == .probe)
        guard case .shut = breaker.admit(at: later) else {
            Issue.record("two probes")
            return
        }
    }

    @Test func aRefusalForTheRatePausesForAsLongAsItSays() {
        var breaker = CircuitBreaker()
        breaker.record(AttemptOutcome(.rateLimited, retryAfterSeconds: 7.5), at: 100)
        #expect(breaker.gate(at: 100) == .shut(untilMilliseconds: 7_600))
        #expect(breaker.gate(at: 7_600) == .open)
        // A shorter one does not end a longer one.
        breaker.record(AttemptOutcome(.rateLimited, retryAfterSeconds: 60), at: 8_000)
        breaker.record(AttemptOutcome(.rateLimited, retryAfterSeconds: 1), at: 8_001)
        #expect(breaker.gate(at: 8_002) == .shut(untilMilliseconds: 68_000))
        // Nobody is believed to mean a month.
        breaker.record(AttemptOutcome(.rateLimited, retryAfterSeconds: 1e12), at: 100_000)
        #expect(breaker.gate(at: 100_000) == .shut(untilMilliseconds: 100_000 + CircuitBreaker.pauseMillisecondsMax))
    }

    @Test func withoutAWordPausesGrow() {
        var breaker = CircuitBreaker()
        var pauses: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<8 {
            breaker.record(AttemptOutcome(.rateLimited), at: now)
            guard case .shut(let until) = breaker.gate(at: now) else { break }
            pauses.append(until - now)
            now = until
        }
        #expect(pauses == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
        breaker.record(AttemptOutcome(.accepted), at: now)
        breaker.record(AttemptOutcome(.rateLimited), at: now)
        #expect(breaker.gate(at: now) == .shut(untilMilliseconds: now + 1_000))
    }

    @Test func refusedCredentialsPauseItWithoutCountingAsFailures() {
        var breaker = CircuitBreaker()
        breaker.record(AttemptOutcome(.accessRefused), at: 0)
        #expect(breaker.gate(at: 29_999) == .shut(untilMilliseconds: 30_000))
        #expect(breaker.gate(at: 30_000) == .open)
    }

    @Test func aClockThatWasWrongShutsNothingForLong() {
        var breaker = Self.opened(at: 1_000_000_000)
        breaker.record(AttemptOutcome(.rateLimited, retryAfterSeconds: 600), at: 1_000_000_000)
        #expect(breaker.gate(at: 1_000_000_000) != .open)
        #expect(breaker.gate(at: 1_000_000) == .probe)
        breaker.record(AttemptOutcome(.rateLimited, retryAfterSeconds: 1), at: 1_000_000)
        #expect(breaker.gate(at: 1_000_000) == .shut(untilMilliseconds: 1_001_000))
    }

    @Test func theStricterOfTwoViewsWins() throws {
        var closed = CircuitBreaker()
        let open = Self.opened(at: 1_000)
        closed.record(AttemptOutcome(.rateLimited, retryAfterSeconds: 100), at: 1_000)
        var merged = closed
        merged.merge(open, at: 1_000)
        #expect(merged.openUntil(1_000) == open.openUntil(1_000))
        #expect(merged.pausedUntil(1_000) == 101_000)
        var other = open
        other.merge(CircuitBreaker(), at: 1_000)
        #expect(other.openUntil(1_000) == open.openUntil(1_000))
        #expect(try JSONDecoder().decode(CircuitBreaker.self, from: JSONEncoder().encode(merged)) == merged)
    }
}
