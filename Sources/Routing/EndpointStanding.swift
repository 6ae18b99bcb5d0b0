/// How an endpoint stands at one moment: all that routing wants to know of its past.
package struct EndpointStanding: Sendable, Hashable, Codable {
    /// Whether it failed for reasons of its own in the last 30 seconds, or its circuit is open.
    package var isInOutage: Bool
    /// Whether its circuit lets nothing through now.
    package var isOpen: Bool
    /// When an open circuit next lets a probe through.
    package var openUntilMilliseconds: Int64?
    /// Whether the next attempt there is the probe of a circuit that is half-open.
    package var isProbeDue: Bool
    /// Until when it asked to be left alone: by a refusal for its rate, or because it refuses our credentials.
    package var pausedUntilMilliseconds: Int64?
    /// The share of attempts that did not fail for its own reasons, in the last 5 minutes; nil without any.
    package var uptime5m: Double?
    /// The same for the last 30 minutes.
    package var uptime30m: Double?
    /// The same for the last day.
    package var uptime1d: Double?
    /// Seconds from the send to the outputs.
    package var latency: Percentiles?
    /// Seconds from the send to the first word that it works on it.
    package var firstStatus: Percentiles?
    /// Output per second of work: seconds of video, images, characters.
    package var throughput: Percentiles?
    /// The share of attempts that failed for its own reasons, in the window of the percentiles.
    package var failureRate: Double?
    /// The share of successes that were not what was asked for, in the same window.
    package var adjustmentRate: Double?
    /// How many attempts that window has.
    package var samples: Int

    /// Describes a standing; without any argument that of an endpoint nothing is known of.
    package init(
        isInOutage: Bool = false,
        isOpen: Bool = false,
        openUntilMilliseconds: Int64? = nil,
        isProbeDue: Bool = false,
        pausedUntilMilliseconds: Int64? = nil,
        uptime5m: Double? = nil,
        uptime30m: Double? = nil,
        uptime1d: Double? = nil,
        latency: Percentiles? = nil,
        firstStatus: Percentiles? = nil,
        throughput: Percentiles? = nil,
        failureRate: Double? = nil,
        adjustmentRate: Double? = nil,
        samples: Int = 0
    ) {
        self.isInOutage = isInOutage
        self.isOpen = isOpen
        self.openUntilMilliseconds = openUntilMilliseconds
        self.isProbeDue = isProbeDue
        self.pausedUntilMilliseconds = pausedUntilMilliseconds
        self.uptime5m = uptime5m
        self.uptime30m = uptime30m
        self.uptime1d = uptime1d
        self.latency = latency
        self.firstStatus = firstStatus
        self.throughput = throughput
        self.failureRate = failureRate
        self.adjustmentRate = adjustmentRate
        self.samples = samples
    }

    /// Whether an attempt may go there now.
    package var isAvailable: Bool { !isOpen && pausedUntilMilliseconds == nil }

    /// When an attempt may next go there; nil: now.
    package var availableAtMilliseconds: Int64? {
        switch (isOpen ? openUntilMilliseconds : nil, pausedUntilMilliseconds) {
        case (let open?, let paused?): max(open, paused)
        case (let open, let paused): open ?? paused
        }
    }
}

/// What so many of a hundred requests reach or do better than.
///
/// Of a time, 90 of 100 were done within `p90`; of a throughput, 90 of 100 had `p90` or more.
package struct Percentiles: Sendable, Hashable, Codable {
    /// The median.
    package var p50: Double
    /// What 75 of 100 reach.
    package var p75: Double
    /// What 90 of 100 reach.
    package var p90: Double
    /// What 99 of 100 reach.
    package var p99: Double

    /// Makes percentiles.
    package init(p50: Double, p75: Double, p90: Double, p99: Double) {
        self.p50 = p50
        self.p75 = p75
        self.p90 = p90
        self.p99 = p99
    }
}
