import Dispatch
import Synchronization

/// Runs calls that block (write, fsync, readdir) on threads of its own, at most `width` at a time.
///
/// Swift's cooperative pool has as many threads as the machine has cores: one slow fsync in it stops every other job
/// and every client. A concurrent `DispatchQueue` is no way out on Linux, because it borrows its threads from the same
/// pool (measured on two cores: eight sleeping blocks delayed unrelated tasks by 3 s). Serial queues have threads of
/// their own (the same test: no delay), so each lane here is a serial queue. Work that finds every lane busy waits as
/// a suspended task, not as a thread, in the order in which it came.
final class FileWorker: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct State {
        var idle: [DispatchQueue]
        var waiting: [Job] = []
        var next = 0

        mutating func takeWaiting() -> Job? {
            guard next < waiting.count else { return nil }
            let job = waiting[next]
            next += 1
            // What was taken is dropped in one go: at half of the array, so that each job is moved once at most.
            if next * 2 >= waiting.count {
                waiting.removeFirst(next)
                next = 0
            }
            return job
        }
    }

    private let state: Mutex<State>

    /// A worker with `width` lanes, which use threads only while there is work.
    init(label: String, width: Int) {
        state = Mutex(State(idle: (0..<width).map { DispatchQueue(label: "\(label).\($0)") }))
    }

    /// Runs `work` on one of the lanes and waits for it.
    ///
    /// Work is not interrupted by cancellation: half of a file operation is worse than all of it. Callers check
    /// between pieces.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            start { continuation.resume(with: Result(catching: work)) }
        }
    }

    private func start(_ job: @escaping Job) {
        let lane = state.withLock { state -> DispatchQueue? in
            guard let lane = state.idle.popLast() else {
                state.waiting.append(job)
                return nil
            }
            return lane
        }
        guard let lane else { return }
        lane.async { self.drain(from: job, on: lane) }
    }

    private func drain(from first: @escaping Job, on lane: DispatchQueue) {
        var current: Job? = first
        while let job = current {
            job()
            current = state.withLock { state in
                guard let next = state.takeWaiting() else {
                    state.idle.append(lane)
                    return nil
                }
                return next
            }
        }
    }
}
