import Foundation

/// How a simulator behaves apart from its wire.
package struct SimulatorSettings: Sendable {
    /// How long tasks run.
    package enum Durations: Sendable {
        case fixed(seconds: Double)
        case logNormal(medianSeconds: Double, sigma: Double)
        /// Until `SimulatorWorld.finish`.
        case manual
    }

    /// What is kept of requests.
    package enum Journaling: Sendable {
        /// Everything.
        case whole
        /// All but the bodies.
        case heads
        /// How many there were of each operation.
        case counts
    }

    /// The port; 0 for any that is free.
    package var port = 0
    package var durations = Durations.fixed(seconds: 0.2)
    /// How long a task waits before it starts.
    package var queueSeconds = 0.0
    /// How long an answer takes, in seconds; nil for as fast as can be.
    package var latencySeconds: ClosedRange<Double>?
    /// What durations and latencies are drawn by.
    package var seed: UInt64 = 1
    /// Nil for the wire's own.
    package var limits: SimulatorLimits?
    package var journaling = Journaling.whole
    /// Whether every output is one small file, whatever was asked for: for measurements of something else.
    package var hasCheapMedia = false
    /// Settings of the wire: keys that it takes, a bucket, whatever it reads through `SimulatorWorld.setting`.
    package var wire: [String: String] = [:]

    /// The defaults: for tests.
    package init() {}
}

/// Numbers from a seed; SplitMix64.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of the normal distribution with mean 0 and deviation 1.
    mutating func normal() -> Double {
        let (first, second) = (Double.random(in: 0..<1, using: &self), Double.random(in: 0..<1, using: &self))
        return (-2 * log(1 - first)).squareRoot() * cos(2 * .pi * second)
    }
}
