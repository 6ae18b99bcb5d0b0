package import JobCore
import Synchronization

/// A flag that one sleeper waits for, and that stays up until it was seen.
final class Signal: Sendable {
    private struct State {
        var isUp = false
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Raises the flag: wakes the sleeper, or the next one to come.
    func raise() {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let sleeper = state.sleeper else {
                state.isUp = true
                return nil
            }
            state.sleeper = nil
            return sleeper
        }?.resume()
    }

    /// Waits for the flag, for some seconds, or for cancellation; lowers it.
    func wait(seconds: Double, sleep: @escaping @Sendable (Double) async throws -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // What throws here is cancellation: the flag was first.
                try? await sleep(seconds)
                self.raise()
            }
            await untilRaised()
            group.cancelAll()
            await group.waitForAll()
        }
        // The clock's own raise, when the flag came first.
        state.withLock { $0.isUp = false }
    }

    private func untilRaised() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isUp = state.withLock { state in
                    guard !state.isUp, !Task.isCancelled else { return true }
                    state.sleeper = continuation
                    return false
                }
                if isUp { continuation.resume() }
            }
        } onCancel: {
            raise()
        }
    }
}

/// How the parts of the engine wake each other: that jobs wait, and that a job a worker sleeps on has news.
///
/// A signal is a hint. One that is lost costs time, never a job: every sleeper also wakes by the clock.
package final class WorkSignals: Sendable {
    /// Raised when jobs may be claimable: one was admitted, or a slot is free.
    let claimable = Signal()
    /// When each job that a worker holds is due.
    let dueTimes: DueTimes

    package init(environment: EngineEnvironment) { dueTimes = DueTimes(environment: environment) }

    /// Jobs may be claimable.
    package func jobsWait() { claimable.raise() }

    /// A job has news: a client wants it stopped, or evidence about its send has come.
    package func wake(_ id: JobID) { dueTimes.wake(id) }

    /// The provider has called back about a job: it is asked at once how that stands.
    package func pollNow(_ id: JobID) { dueTimes.hint(id) }
}

/// The one heap of due times in a process: each held job sleeps here until its time or its news.
final class DueTimes: Sendable {
    private struct Entry {
        let dueAt: Timestamp
        let ticket: UInt64
        let job: JobID
    }

    private struct State {
        /// A binary heap, the earliest first.
        ///
        /// Entries whose ticket is no longer waiting are skipped when they surface.
        var heap: [Entry] = []
        var waiting: [JobID: (ticket: UInt64, continuation: CheckedContinuation<Void, Never>)] = [:]
        /// Held jobs that got news while nobody slept on them.
        var news: Set<JobID> = []
        /// How many drivers hold each job: for a moment two do, when one has given it back and the next has claimed it.
        var held: [JobID: Int] = [:]
        /// Held jobs that their provider has called back about, and how often.
        var hints: [JobID: (isNew: Bool, count: Int)] = [:]
        var nextTicket: UInt64 = 0
        var isStopped = false
    }

    /// How many calls of a provider about one job are believed.
    private static let hintsMax = 50

    private let environment: EngineEnvironment
    private let state = Mutex(State())
    private let changed = Signal()

    init(environment: EngineEnvironment) { self.environment = environment }

    /// A worker of this process holds the job from now on: its news are kept.
    func hold(_ id: JobID) { state.withLock { $0.held[id, default: 0] += 1 } }

    /// Whether a driver of this process has the job.
    func isHeld(_ id: JobID) -> Bool { state.withLock { $0.held[id] != nil } }

    /// No worker of this process holds the job any more.
    func release(_ id: JobID) {
        state.withLock { state in
            let others = (state.held[id] ?? 1) - 1
            state.held[id] = others > 0 ? others : nil
            if others <= 0 {
                state.news.remove(id)
                state.hints.removeValue(forKey: id)
            }
        }
    }

    /// A held job's provider has called back: its driver is woken.
    ///
    /// A number of calls is believed; whoever has the address cannot make us ask without end.
    func hint(_ id: JobID) {
        let isNew = state.withLock { state -> Bool in
            let count = state.hints[id]?.count ?? 0
            guard state.held[id] != nil, count < Self.hintsMax else { return false }
            state.hints[id] = (true, count + 1)
            return true
        }
        if isNew { wake(id) }
    }

    /// Whether the job's provider has called back since that was last taken note of.
    func hasHint(_ id: JobID) -> Bool { state.withLock { $0.hints[id]?.isNew ?? false } }

    /// A call that was taken note of has had no effect yet: it stands again.
    func keepHint(_ id: JobID) { state.withLock { $0.hints[id]?.isNew = true } }

    /// Takes note of a call.
    ///
    /// - Returns: Whether there was one.
    func takeHint(_ id: JobID) -> Bool {
        state.withLock { state in
            defer { state.hints[id]?.isNew = false }
            return state.hints[id]?.isNew ?? false
        }
    }

    /// Sleeps until the job is due, has news, or the process stops.
    func wait(for id: JobID, until dueAt: Timestamp) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (resumed, isEarliest) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
                    if state.isStopped || Task.isCancelled || state.news.remove(id) != nil {
                        return (continuation, false)
                    }
                    state.nextTicket += 1
                    let other = state.waiting.updateValue((state.nextTicket, continuation), forKey: id)
                    Self.push(Entry(dueAt: dueAt, ticket: state.nextTicket, job: id), on: &state.heap)
                    return (other?.continuation, state.heap.first?.ticket == state.nextTicket)
                }
                resumed?.resume()
                if isEarliest { changed.raise() }
            }
        } onCancel: {
            wake(id)
        }
    }

    /// Wakes whoever sleeps on the job; news of a held job that nobody sleeps on are kept for the next sleep.
    func wake(_ id: JobID) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            if let sleeper = state.waiting.removeValue(forKey: id) { return sleeper.continuation }
            if state.held[id] != nil { state.news.insert(id) }
            return nil
        }?.resume()
    }

    /// Wakes everybody, and lets nobody sleep until `start`: the process is stopping.
    func stop() {
        let sleepers = state.withLock { state in
            state.isStopped = true
            defer {
                state.waiting.removeAll()
                state.heap.removeAll()
            }
            return state.waiting.values.map(\.continuation)
        }
        for sleeper in sleepers { sleeper.resume() }
        changed.raise()
    }

    /// Lets jobs sleep again.
    func start() { state.withLock { $0.isStopped = false } }

    /// Wakes each job at its time, until cancelled.
    func run() async {
        while !Task.isCancelled {
            let now = environment.now()
            let (due, next) = state.withLock { state -> ([CheckedContinuation<Void, Never>], Timestamp?) in
                var due: [CheckedContinuation<Void, Never>] = []
                while let first = state.heap.first {
                    guard state.waiting[first.job]?.ticket == first.ticket else {
                        Self.pop(from: &state.heap)
                        continue
                    }
                    guard first.dueAt <= now else { return (due, first.dueAt) }
                    Self.pop(from: &state.heap)
                    if let sleeper = state.waiting.removeValue(forKey: first.job) { due.append(sleeper.continuation) }
                }
                return (due, nil)
            }
            for sleeper in due { sleeper.resume() }
            // A minute at most, so that a wall clock that was set is noticed.
            let pause = min(60, max(0.001, next?.seconds(since: now) ?? 60))
            await changed.wait(seconds: pause, sleep: environment.sleep)
        }
    }

    private static func push(_ entry: Entry, on heap: inout [Entry]) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child].dueAt < heap[(child - 1) / 2].dueAt {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private static func pop(from heap: inout [Entry]) {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].dueAt < heap[least].dueAt { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
