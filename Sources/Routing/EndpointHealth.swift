/// What is remembered of an endpoint: how often it delivered, how fast, and whether it may be used now.
///
/// A value of fixed size. It is encoded compactly, to be kept over restarts, and two of them that counted different
/// attempts can be merged, for several processes. Times are milliseconds since 1970 and never read from a clock here.
package struct EndpointHealth: Sendable, Hashable {
    /// How long a failure is held against an endpoint when another is to be chosen.
    package static let outageMilliseconds: Int64 = 30_000
    /// An endpoint is in an outage when at least this share of its latest attempts failed for its own reasons.
    package static let outageShare = 0.2
    /// With fewer attempts than this in half an hour, percentiles are those of the day.
    package static let samplesMin = 20

    private static let kinds = AttemptOutcome.Kind.allCases
    /// Beside the kinds of outcomes, how many successes were not what was asked for.
    private static let adjusted = kinds.count

    private var seconds = RollingCounts(slotMilliseconds: 1_000, slotCount: 31, width: 2)
    private var minutes = RollingCounts(slotMilliseconds: 60_000, slotCount: 30, width: kinds.count + 1)
    private var halfHours = RollingCounts(slotMilliseconds: 1_800_000, slotCount: 48, width: kinds.count + 1)
    private var latency = RollingFigures()
    private var firstStatus = RollingFigures()
    private var throughput = RollingFigures()
    private var breaker = CircuitBreaker()

    /// Makes that of an endpoint nothing is known of.
    package init() {}

    /// Takes in what became of an attempt.
    package mutating func record(_ outcome: AttemptOutcome, at now: Int64) {
        breaker.record(outcome, at: now)
        if let value = outcome.firstStatusSeconds { firstStatus.add(value, at: now) }
        guard let kind = Self.kinds.firstIndex(of: outcome.kind) else { return }
        minutes.add(kind, at: now)
        halfHours.add(kind, at: now)
        if outcome.kind.isProvidersFault { seconds.add(1, at: now) }
        guard outcome.kind == .succeeded else { return }
        seconds.add(0, at: now)
        if let value = outcome.latencySeconds { latency.add(value, at: now) }
        if let value = outcome.throughput { throughput.add(value, at: now) }
        if outcome.wasAdjusted {
            minutes.add(Self.adjusted, at: now)
            halfHours.add(Self.adjusted, at: now)
        }
    }

    /// Lets an attempt begin, or says when one may: what a half-open circuit lets through is the probe.
    ///
    /// Whoever is given the probe must record an outcome for it; one that never comes counts as lost in time.
    package mutating func admit(at now: Int64) -> CircuitBreaker.Gate { breaker.admit(at: now) }

    /// The attempt that was let in as the probe at that time was not sent after all: the next one is the probe.
    package mutating func giveBackProbe(of time: Int64) { breaker.giveBackProbe(of: time) }

    /// What ``admit(at:)`` would say.
    package func gate(at now: Int64) -> CircuitBreaker.Gate { breaker.gate(at: now) }

    /// Takes in what another process counted, of other attempts.
    package mutating func merge(_ other: EndpointHealth, at now: Int64) {
        seconds.merge(other.seconds)
        minutes.merge(other.minutes)
        halfHours.merge(other.halfHours)
        latency.merge(other.latency)
        firstStatus.merge(other.firstStatus)
        throughput.merge(other.throughput)
        breaker.merge(other.breaker, at: now)
    }

    /// How often what happened in the last day, without what never did.
    package func outcomes(at now: Int64) -> [AttemptOutcome.Kind: Int] {
        let sums = halfHours.sums(latest: 48, at: now)
        return Dictionary(uniqueKeysWithValues: zip(Self.kinds, sums)).filter { $0.value > 0 }
    }

    /// How it stands.
    package func standing(at now: Int64) -> EndpointStanding { standing(measured(at: now), at: now) }

    /// How it stands, with measurements that were taken a little earlier: they are what costs time.
    package func standing(_ measured: Measurements, at now: Int64) -> EndpointStanding {
        let openUntil = breaker.openUntil(now)
        let latest = seconds.sums(latest: 31, at: now)
        let hasFailed = latest[1] > 0 && Double(latest[1]) >= Self.outageShare * Double(latest[0] + latest[1])
        return EndpointStanding(
            isInOutage: openUntil != nil || hasFailed,
            isOpen: openUntil != nil,
            openUntilMilliseconds: openUntil,
            isProbeDue: breaker.gate(at: now) == .probe,
            pausedUntilMilliseconds: breaker.pausedUntil(now),
            uptime5m: measured.uptime5m,
            uptime30m: measured.uptime30m,
            uptime1d: measured.uptime1d,
            latency: measured.latency,
            firstStatus: measured.firstStatus,
            throughput: measured.throughput,
            failureRate: measured.failureRate,
            adjustmentRate: measured.adjustmentRate,
            samples: measured.samples
        )
    }

    /// What is measured over minutes and hours, and so may be kept for some seconds.
    package struct Measurements: Sendable, Hashable {
        fileprivate var uptime5m: Double?
        fileprivate var uptime30m: Double?
        fileprivate var uptime1d: Double?
        fileprivate var latency: Percentiles?
        fileprivate var firstStatus: Percentiles?
        fileprivate var throughput: Percentiles?
        fileprivate var failureRate: Double?
        fileprivate var adjustmentRate: Double?
        fileprivate var samples = 0

        fileprivate init() {}
    }

    /// Measures.
    package func measured(at now: Int64) -> Measurements {
        let recent = Tally(minutes.sums(latest: 30, at: now))
        let day = Tally(halfHours.sums(latest: 48, at: now))
        let window = recent.ends >= Self.samplesMin ? recent : day
        let isRecent = window == recent && recent.ends >= Self.samplesMin
        var measured = Measurements()
        measured.uptime5m = Tally(minutes.sums(latest: 5, at: now)).uptime
        measured.uptime30m = recent.uptime
        measured.uptime1d = day.uptime
        measured.failureRate = window.uptime.map { 1 - $0 }
        measured.adjustmentRate = window.adjustmentRate
        measured.samples = window.ends
        measured.latency = LogBuckets.percentiles(of: latency.sums(isRecent: isRecent, at: now))
        measured.firstStatus = LogBuckets.percentiles(of: firstStatus.sums(isRecent: isRecent, at: now))
        measured.throughput = LogBuckets.percentiles(
            of: throughput.sums(isRecent: isRecent, at: now),
            moreIsBetter: true
        )
        return measured
    }

    private struct Tally: Equatable {
        let succeeded: Int
        let failed: Int
        let adjusted: Int

        init(_ sums: [Int]) {
            var succeeded = 0
            var failed = 0
            for (kind, sum) in zip(EndpointHealth.kinds, sums) {
                if kind == .succeeded { succeeded += sum }
                if kind.isProvidersFault { failed += sum }
            }
            self.succeeded = succeeded
            self.failed = failed
            self.adjusted = sums[EndpointHealth.adjusted]
        }

        var ends: Int { succeeded + failed }
        var uptime: Double? { ends > 0 ? Double(succeeded) / Double(ends) : nil }
        var adjustmentRate: Double? { succeeded > 0 ? Double(adjusted) / Double(succeeded) : nil }
    }
}

/// Measured figures of half an hour and of a day.
private struct RollingFigures: Sendable, Hashable {
    private var recent = RollingCounts(slotMilliseconds: 300_000, slotCount: 6, width: LogBuckets.count)
    private var day = RollingCounts(slotMilliseconds: 3_600_000, slotCount: 24, width: LogBuckets.count)

    mutating func add(_ value: Double, at now: Int64) {
        guard let bucket = LogBuckets.index(of: value) else { return }
        recent.add(bucket, at: now)
        day.add(bucket, at: now)
    }

    func sums(isRecent: Bool, at now: Int64) -> [Int] {
        isRecent ? recent.sums(latest: 6, at: now) : day.sums(latest: 24, at: now)
    }

    mutating func merge(_ other: RollingFigures) {
        recent.merge(other.recent)
        day.merge(other.day)
    }

    var packed: [[Int64]] { [recent.packed, day.packed] }

    mutating func unpack(_ packed: ArraySlice<[Int64]>) {
        guard packed.count == 2, let first = packed.first, let last = packed.last else { return }
        recent.unpack(first)
        day.unpack(last)
    }
}

extension EndpointHealth: Codable {
    private static let version = 1

    private enum CodingKeys: String, CodingKey {
        case version = "v"
        case counts = "c"
        case breaker = "b"
    }

    /// Reads what was kept; what another version wrote is forgotten, since it only guides.
    ///
    /// - Throws: What the decoder throws.
    package init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard try container.decode(Int.self, forKey: .version) == Self.version else { return }
        breaker = try container.decode(CircuitBreaker.self, forKey: .breaker)
        let packed = try container.decode([[Int64]].self, forKey: .counts)
        guard packed.count == 9 else { return }
        seconds.unpack(packed[0])
        minutes.unpack(packed[1])
        halfHours.unpack(packed[2])
        latency.unpack(packed[3...4])
        firstStatus.unpack(packed[5...6])
        throughput.unpack(packed[7...8])
    }

    /// Writes what is not zero.
    ///
    /// - Throws: What the encoder throws.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.version, forKey: .version)
        try container.encode(breaker, forKey: .breaker)
        try container.encode(
            [seconds.packed, minutes.packed, halfHours.packed] + latency.packed + firstStatus.packed
                + throughput.packed,
            forKey: .counts
        )
    }
}
