package import JobCore
import Synchronization

/// Time under a test's control: it stands still until somebody moves it, and then wakes the sleepers in order.
///
/// It has two faces, as a machine's time has. The wall clock can be set, forward and back; the clock of the boot never
/// goes back, and sleeps are measured on it.
package final class TestClock: Sendable {
    private struct Sleeper {
        let dueAt: Int64
        let ticket: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed: Int64 = 0
        var wallOffset: Int64 = 0
        var sleepers: [Sleeper] = []
        var lastTicket: UInt64 = 0
    }

    private let start: Timestamp
    private let state = Mutex(State())

    /// Starts a clock.
    package init(start: Timestamp = JobFixtures.start) { self.start = start }

    /// The wall clock.
    package var now: Timestamp {
        let microseconds = state.withLock { $0.elapsed + $0.wallOffset }
        return Timestamp(milliseconds: start.milliseconds + microseconds / 1_000)
    }

    /// Seconds since the clock was started: never set, never back.
    package var bootSeconds: Double { Double(state.withLock { $0.elapsed }) / 1_000_000 }

    /// Sets the wall clock forward, or back, by so many seconds.
    package func setWall(by seconds: Double) {
        state.withLock { $0.wallOffset += Self.microseconds(seconds) }
    }

    /// Sleeps until the time was moved so far.
    ///
    /// - Throws: `CancellationError`, at once, when the task is or was cancelled.
    package func sleep(_ seconds: Double) async throws {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    guard !Task.isCancelled else { return true }
                    // A sleep of no time still lets the time stand.
                    let dueAt = state.elapsed + max(1, Self.microseconds(seconds))
                    state.sleepers.append(Sleeper(dueAt: dueAt, ticket: ticket, continuation: continuation))
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.sleepers.firstIndex { $0.ticket == ticket }.map { state.sleepers.remove(at: $0) }
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Moves the time on, and wakes everybody whose time has come.
    package func advance(seconds: Double) {
        let end = state.withLock { $0.elapsed + Self.microseconds(seconds) }
        while wakeNext(until: end) {}
        state.withLock { $0.elapsed = max($0.elapsed, end) }
    }

    /// Moves the time on to the next sleeper, and wakes that one.
    ///
    /// - Returns: False when nobody sleeps.
    package func advanceToNextSleeper() -> Bool { wakeNext(until: .max) }

    private func wakeNext(until end: Int64) -> Bool {
        let next = state.withLock { state -> Sleeper? in
            let first = state.sleepers.indices.min {
                let (one, other) = (state.sleepers[$0], state.sleepers[$1])
                return (one.dueAt, one.ticket) < (other.dueAt, other.ticket)
            }
            guard let first, state.sleepers[first].dueAt <= end else { return nil }
            let sleeper = state.sleepers.remove(at: first)
            state.elapsed = max(state.elapsed, sleeper.dueAt)
            return sleeper
        }
        next?.continuation.resume()
        return next != nil
    }

    private static func microseconds(_ seconds: Double) -> Int64 {
        Int64(max(-9e12, min(9e12, seconds)) * 1_000_000)
    }
}
