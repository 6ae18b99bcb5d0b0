import Foundation
import Synchronization

/// A test's own small world: one thread, one clock, one seed.
///
/// Every task that is started within runs here, a piece at a time, from one suspension to the next. Which of the tasks
/// that could go on is next is drawn from the seed, so that other seeds try other interleavings and the same seed brings
/// a failure back. The time moves only when no task can go on, and then to the next sleeper: hours pass at once, and
/// nothing is ever late because the machine was slow.
///
/// Work that leaves for other threads is waited for only when nobody sleeps; code under test keeps to this one.
package final class Simulation: TaskExecutor {
    /// So many pieces run without any time passing only when tasks chase each other for ever.
    private static let stepsWithoutTimeMax = 500_000
    private static let outsideSecondsMax = 30.0
    /// Nothing that is tested takes longer than a month.
    private static let secondsMax = 2_592_000.0

    private struct State {
        var ready: [UnownedJob] = []
        var idlers: [CheckedContinuation<Void, Never>] = []
        var generator: SeededGenerator
        var isOver = false
    }

    /// The seed that everything is drawn from.
    package let seed: UInt64
    /// The time of this world.
    package let clock: TestClock
    private let state: Mutex<State>
    private let arrived = NSCondition()

    private init(seed: UInt64, clock: TestClock) {
        self.seed = seed
        self.clock = clock
        self.state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    /// Runs `body`, and every task that it starts, in a world of its own.
    ///
    /// - Parameters:
    ///   - seed: What everything is drawn from.
    ///   - clock: The time.
    ///   - body: The test. Tasks that it starts outside of its own structure are given this executor.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    package static func run<Value: Sendable>(
        seed: UInt64 = 1,
        clock: TestClock = TestClock(),
        _ body: @Sendable (Simulation) async throws -> Value
    ) async throws -> Value {
        let world = Simulation(seed: seed, clock: clock)
        Thread { world.work() }.start()
        defer { world.end() }
        return try await withTaskExecutorPreference(world) { try await body(world) }
    }

    /// A number from the world's seed.
    package func draw(below bound: Int) -> Int {
        state.withLock { Int($0.generator.next() % UInt64(max(1, bound))) }
    }

    /// Random bytes from the world's seed.
    package func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in (0..<count).map { _ in UInt8(truncatingIfNeeded: state.generator.next()) } }
    }

    /// Lets every task run until none can go on without time passing.
    package func settle() async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.idlers.append(continuation) }
            arrived.broadcast()
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
        arrived.lock()
        arrived.broadcast()
        arrived.unlock()
    }

    private func work() {
        var steps = 0
        while true {
            let (next, isOver) = state.withLock { state -> (UnownedJob?, Bool) in
                guard !state.ready.isEmpty else { return (nil, state.isOver) }
                let index = Int(state.generator.next() % UInt64(state.ready.count))
                state.ready.swapAt(index, state.ready.count - 1)
                return (state.ready.popLast(), false)
            }
            if let next {
                steps += 1
                precondition(steps < Self.stepsWithoutTimeMax, "seed \(seed): no time passes, tasks chase each other")
                next.runSynchronously(on: asUnownedTaskExecutor())
            } else if isOver {
                return
            } else if let idler = state.withLock({ $0.idlers.popLast() }) {
                idler.resume()
            } else {
                steps = 0
                if !clock.advanceToNextSleeper() { awaitOutside() }
                precondition(clock.bootSeconds < Self.secondsMax, "seed \(seed): a task goes on for ever")
            }
        }
    }

    /// Nobody can go on and nobody sleeps: something outside, on a thread of its own, has to come back.
    private func awaitOutside() {
        arrived.lock()
        defer { arrived.unlock() }
        let deadline = Foundation.Date(timeIntervalSinceNow: Self.outsideSecondsMax)
        while state.withLock({ $0.ready.isEmpty && $0.idlers.isEmpty && !$0.isOver }) {
            precondition(arrived.wait(until: deadline), "seed \(seed): every task waits for another, for ever")
        }
    }

    private func end() {
        state.withLock { $0.isOver = true }
        arrived.lock()
        arrived.broadcast()
        arrived.unlock()
    }
}
