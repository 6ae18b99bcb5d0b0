import Cryptography
import Dispatch
import Glibc
import JobCore
import JobEngine

/// The process's own clocks and randomness: the one place that reads them.
enum SystemEnvironment {
    /// A serial queue has a thread of its own; a concurrent one would borrow those that Swift's tasks run on.
    private static let inspections = DispatchQueue(label: "mediary.inspections")

    /// The environment of a running service.
    static func make(crashPoint: CrashPoint?) -> EngineEnvironment {
        EngineEnvironment(
            now: { now() },
            bootSeconds: { Double(milliseconds(CLOCK_BOOTTIME)) / 1_000 },
            sleep: { try await Task.sleep(for: .seconds(max(0, $0))) },
            randomBytes: { SystemRandom.bytes($0) },
            passed: { step in crashPoint?.passed(step) },
            pausing: { step in await crashPoint?.pausing(step) },
            aside: { work in inspections.async(execute: work) }
        )
    }

    /// The wall clock.
    static func now() -> Timestamp { Timestamp(milliseconds: milliseconds(CLOCK_REALTIME)) }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
