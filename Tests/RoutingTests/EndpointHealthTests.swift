import ConformanceKit
import Foundation
import Routing
import Testing

@Suite("What is remembered of an endpoint")
struct EndpointHealthTests {
    private static let start: Int64 = 1_795_251_600_000

    private func health(_ outcomes: [(AttemptOutcome, Int64)]) -> EndpointHealth {
        var health = EndpointHealth()
        for (outcome, seconds) in outcomes { health.record(outcome, at: Self.start + seconds * 1_000) }
        return health
    }

    private func standing(_ health: EndpointHealth, _ seconds: Int64) -> EndpointStanding {
        health.standing(at: Self.start + seconds * 1_000)
    }

    @Test func nothingIsKnownAtFirst() {
        #expect(standing(EndpointHealth(), 0) == EndpointStanding())
    }

    @Test func aFailureIsAnOutageForThirtySeconds() {
        let health = health([(AttemptOutcome(.unavailable), 0)])
        #expect(standing(health, 0).isInOutage)
        #expect(standing(health, 29).isInOutage)
        #expect(!standing(health, 32).isInOutage)
        #expect(!standing(health, 0).isOpen)
    }

    @Test func oneFailureAmongManySuccessesIsNone() {
        var outcomes = (0..<20).map { _ in (AttemptOutcome(.succeeded), Int64(0)) }
        outcomes.append((AttemptOutcome(.failed), 0))
        #expect(!standing(health(outcomes), 1).isInOutage)
        outcomes += (0..<5).map { _ in (AttemptOutcome(.failed), Int64(0)) }
        #expect(standing(health(outcomes), 1).isInOutage)
    }

    @Test func uptimeHasThreeWindows() throws {
        let health = health([
            (AttemptOutcome(.unavailable), 0), (AttemptOutcome(.unavailable), 10),
            (AttemptOutcome(.succeeded), 3_600 * 20), (AttemptOutcome(.failed, wasAccepted: true), 3_600 * 20 + 1_500),
            (AttemptOutcome(.succeeded), 3_600 * 20 + 1_700),
        ])
        let now: Int64 = 3_600 * 20 + 1_705
        #expect(standing(health, now).uptime5m == 0.5)
        let half = try #require(standing(health, now).uptime30m)
        #expect(abs(half - 2.0 / 3) < 1e-9)
        #expect(standing(health, now).uptime1d == 0.4)
        #expect(standing(health, now + 600).uptime5m == nil)
        #expect(standing(health, now + 3_600 * 30).uptime1d == nil)
    }

    @Test(arguments: [
        AttemptOutcome.Kind.ownMistake, .contentRefused, .rateLimited, .accessRefused, .accepted,
    ])
    func whatIsNotTheProvidersFaultTouchesNoUptime(kind: AttemptOutcome.Kind) {
        let health = health([(AttemptOutcome(.succeeded), 0)] + (0..<9).map { _ in (AttemptOutcome(kind), Int64(0)) })
        #expect(standing(health, 1).uptime5m == 1)
        #expect(!standing(health, 1).isInOutage)
        #expect(standing(health, 1).failureRate == 0)
        #expect(health.outcomes(at: Self.start)[kind] == 9)
    }

    @Test func percentilesAreWithinATenth() throws {
        var health = EndpointHealth()
        var random = SeededGenerator(seed: 3)
        let latencies = (1...100).map { Double($0) }.shuffled(using: &random)
        for latency in latencies {
            health.record(
                AttemptOutcome(.succeeded, latencySeconds: latency, firstStatusSeconds: 2, throughput: latency / 10),
                at: Self.start
            )
        }
        let latency = try #require(standing(health, 1).latency)
        for (measured, exact) in [(latency.p50, 50.0), (latency.p75, 75), (latency.p90, 90), (latency.p99, 99)] {
            #expect(abs(measured - exact) / exact < 0.1, "\(measured) for \(exact)")
        }
        // Of a throughput, 90 of 100 have p90 or more.
        let throughput = try #require(standing(health, 1).throughput)
        #expect(abs(throughput.p50 - 5) < 0.5)
        #expect(abs(throughput.p90 - 1) < 0.1)
        let first = try #require(standing(health, 1).firstStatus)
        #expect(first.p50 > 1.8 && first.p99 < 2.4)
    }

    @Test func figuresBeyondTheBucketsAreTakenByTheEnds() throws {
        let values = [0, -1, .nan, .infinity, 1e-9, 1e12]
        let health = health(values.map { (AttemptOutcome(.succeeded, latencySeconds: $0), 0) })
        let latency = try #require(standing(health, 0).latency)
        #expect(latency.p50 < 0.01 && latency.p99 > 200_000)
    }

    @Test func halfAnHourCountsWhereThereIsEnoughElseTheDay() throws {
        let slow = AttemptOutcome(.succeeded, latencySeconds: 100)
        let fast = AttemptOutcome(.succeeded, latencySeconds: 1, wasAdjusted: true)
        let few = health((0..<30).map { _ in (slow, 0) } + (0..<5).map { _ in (fast, 7_200) })
        #expect(try #require(standing(few, 7_201).latency).p50 > 80)
        #expect(standing(few, 7_201).samples == 35)
        let many = health((0..<30).map { _ in (slow, 0) } + (0..<25).map { _ in (fast, 7_200) })
        #expect(try #require(standing(many, 7_201).latency).p50 < 2)
        #expect(standing(many, 7_201).samples == 25)
        #expect(standing(many, 7_201).adjustmentRate == 1)
    }

    @Test func itIsKeptOverARestartCompactly() throws {
        var health = EndpointHealth()
        var random = SeededGenerator(seed: 11)
        for step in 0..<5_000 {
            let now = Self.start + Int64(step) * 17_000
            let kind = AttemptOutcome.Kind.allCases[Int(random.next() % 10)]
            health.record(
                AttemptOutcome(kind, latencySeconds: Double(random.next() % 300), throughput: 0.2),
                at: now
            )
        }
        let data = try JSONEncoder().encode(health)
        let again = try JSONDecoder().decode(EndpointHealth.self, from: data)
        for seconds in [0, 17 * 5_000, 17 * 5_000 + 40, 100_000, 200_000] as [Int64] {
            #expect(standing(again, seconds) == standing(health, seconds))
        }
        #expect(data.count < 20_000, "\(data.count) bytes")
        let other = #"{"v":99,"anything":[1]}"#
        #expect(try JSONDecoder().decode(EndpointHealth.self, from: Data(other.utf8)) == EndpointHealth())
    }

    @Test func damagedCountsAreForgotten() throws {
        let health = health([(AttemptOutcome(.succeeded), 0)])
        var json = try #require(String(bytes: JSONEncoder().encode(health), encoding: .utf8))
        json = json.replacing("\"c\":[[", with: "\"c\":[[9223372036854775807,-4,99999999999999,5,")
        #expect(throws: Never.self) {
            let again = try JSONDecoder().decode(EndpointHealth.self, from: Data(json.utf8))
            #expect(standing(again, 1).uptime1d == 1)
        }
    }

    @Test(arguments: 0..<40)
    func mergingIsCountingTogether(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var (one, other, both) = (EndpointHealth(), EndpointHealth(), EndpointHealth())
        var now = Self.start
        for _ in 0..<300 {
            now += Int64(random.next() % 60_000)
            // Nothing that moves a circuit: that is not counted but decided.
            let outcome = AttemptOutcome(
                .succeeded,
                latencySeconds: Double(random.next() % 100),
                wasAdjusted: random.next() % 3 == 0
            )
            both.record(outcome, at: now)
            if random.next() % 2 == 0 { one.record(outcome, at: now) } else { other.record(outcome, at: now) }
        }
        one.merge(other, at: now)
        #expect(one.standing(at: now) == both.standing(at: now), "seed \(seed)")
    }

    @Test func whatWasCountedByAWrongClockDoesNotStayInTheWay() {
        var health = EndpointHealth()
        for hour in Int64(0)..<24 {
            health.record(AttemptOutcome(.succeeded), at: Self.start + 31_536_000_000 + hour * 3_600_000)
        }
        for second in Int64(0)..<60 { health.record(AttemptOutcome(.failed), at: Self.start + second * 1_000) }
        #expect(standing(health, 60).uptime1d == 0)
        #expect(health.outcomes(at: Self.start + 60_000) == [.failed: 60])
    }

    @Test func whatComesTooLateForItsWindowIsDropped() {
        var health = EndpointHealth()
        health.record(AttemptOutcome(.succeeded), at: Self.start)
        health.record(AttemptOutcome(.failed), at: Self.start - 7_200_000)
        #expect(health.standing(at: Self.start).uptime5m == 1)
        #expect(health.standing(at: Self.start).uptime30m == 1)
        #expect(health.standing(at: Self.start).uptime1d == 0.5)
        #expect(!health.standing(at: Self.start).isInOutage)
    }
}
