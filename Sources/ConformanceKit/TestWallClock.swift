import Synchronization

/// A wall clock that stands still until a test of an adapter moves it.
///
/// Adapters know milliseconds and no more; what also sleeps and wakes is `TestClock`.
public final class TestWallClock: Sendable {
    private let milliseconds: Mutex<Int64>

    /// Makes a clock that shows a time.
    ///
    /// - Parameter milliseconds: Since 1970. Defaults to a day in 2026.
    public init(_ milliseconds: Int64 = 1_795_000_000_000) {
        self.milliseconds = Mutex(milliseconds)
    }

    /// The time it shows, in milliseconds since 1970.
    public var now: Int64 { milliseconds.withLock { $0 } }

    /// Moves it; a negative step is what a corrected clock does.
    public func advance(milliseconds step: Int64) {
        milliseconds.withLock { $0 += step }
    }

    /// Sleeps by moving the clock: no time passes outside.
    public func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        advance(milliseconds: seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}
