package import JobCore

/// Time and chance, given from outside: a test sets both, the process's own stand in the composition root.
package struct EngineEnvironment: Sendable {
    /// The wall clock, for stamps.
    package let now: @Sendable () -> Timestamp
    /// Seconds on a clock that never goes back and counts suspension (CLOCK_BOOTTIME): for the send window.
    package let bootSeconds: @Sendable () -> Double
    /// Sleeps for some seconds, or throws when cancelled.
    package let sleep: @Sendable (Double) async throws -> Void
    /// Random bytes: ids, tokens, jitter.
    package let randomBytes: @Sendable (Int) -> [UInt8]
    /// Told of each write-ahead step as it is passed.
    ///
    /// A crash test ends or stops the process there.
    package let passed: @Sendable (WriteAheadStep) -> Void
    /// Waits at a write-ahead step, for a test that needs the moment after it to last; by default not at all.
    ///
    /// Only `admitted` does.
    package let pausing: @Sendable (WriteAheadStep) async -> Void

    /// Runs long synchronous work where it holds up none of the threads that jobs run on; by default right there.
    package let aside: @Sendable (@escaping @Sendable () -> Void) -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp,
        bootSeconds: @escaping @Sendable () -> Double,
        sleep: @escaping @Sendable (Double) async throws -> Void,
        randomBytes: @escaping @Sendable (Int) -> [UInt8],
        passed: @escaping @Sendable (WriteAheadStep) -> Void = { _ in },
        pausing: @escaping @Sendable (WriteAheadStep) async -> Void = { _ in },
        aside: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { $0() }
    ) {
        self.now = now
        self.bootSeconds = bootSeconds
        self.sleep = sleep
        self.randomBytes = randomBytes
        self.passed = passed
        self.pausing = pausing
        self.aside = aside
    }

    /// Random lower-case hexadecimal digits, two for each byte.
    func randomHex(bytes count: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: randomBytes(count).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }

    /// A number from 0 to 1.
    func randomFraction() -> Double {
        Double(randomBytes(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }) / Double(UInt32.max)
    }
}

/// The steps between which a crash must lose nothing: each is a record on disk, or an effect between two records.
package enum WriteAheadStep: String, Sendable, CaseIterable {
    /// The request is read and checked; nothing is written.
    case checked
    /// Job, hold and event are durable; the client has no answer.
    case admitted
    /// A worker holds the job.
    case claimed
    /// What the references by URL gave is recorded, if there are any; no attempt is.
    case referenced
    /// The attempt is recorded; not a byte was sent.
    case intent
    /// `sending` is durable; the send has not started.
    case sending
    /// The provider has answered; nothing of it is recorded.
    case answered
    /// The answer is recorded as evidence; the job has not moved.
    case evidence
    /// The job is running; it was never polled.
    case running
    /// The provider's outputs are recorded; none is fetched.
    case storing
    /// An output is received into a temporary file.
    case spooled
    /// An output has its final name; the job does not know.
    case kept
    /// The job is completed and billed; nobody was told.
    case completed
    /// A client's wish to stop is recorded; the provider was not told.
    case cancelRequested = "cancel_requested"
}
