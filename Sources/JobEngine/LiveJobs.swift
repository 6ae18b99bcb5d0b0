package import JobCore
import Synchronization

/// Jobs in memory, kept current by the process's own commits, and those who wait for them to change.
///
/// Status reads of live jobs, and of those that ended lately, do not touch the disk. What is lost here at a crash is
/// read again from the store: nothing depends on it.
package final class LiveJobs: Sendable {
    private struct State {
        var jobs: [JobID: Job] = [:]
        var attempts: [JobID: (version: Int64, list: [Attempt])] = [:]
        /// Terminal jobs in the order they came, the oldest to be dropped first.
        var ended: [JobID] = []
        var endedStart = 0
        var watchers: [JobID: [UInt64: AsyncStream<Job>.Continuation]] = [:]
        var nextWatcher: UInt64 = 0
        /// How many deletions were told of.
        var deletions: UInt64 = 0
    }

    private static let endedMax = 4_096

    /// Raised when a job whose client wants to be told has ended.
    ///
    /// Every transition that this process commits passes here.
    let messages = Signal()

    private let store: any JobStore
    private let state = Mutex(State())

    package init(store: any JobStore) { self.store = store }

    /// A job: from memory, else from the store.
    package func job(_ id: JobID) async throws -> Job? {
        let (known, deletions) = state.withLock { ($0.jobs[id], $0.deletions) }
        if let known { return known }
        guard let job = try await store.job(id) else { return nil }
        // A live job is not kept from a read: a commit may have overtaken it. A terminal one changes only by its deletion.
        guard job.state.isTerminal else { return job }
        return state.withLock { state in
            // What was read may be from before a deletion that was told of meanwhile.
            guard state.deletions == deletions else { return state.jobs[id] ?? job }
            Self.keep(job, in: &state)
            return job
        }
    }

    /// The attempts of a job as of its version: read once for each version.
    package func attempts(of job: Job) async throws -> [Attempt] {
        // A job gets its first attempt when it leaves the queue for the first time.
        guard job.startedAt != nil else { return [] }
        if let known = state.withLock({ $0.attempts[job.id] }), known.version == job.version { return known.list }
        let list = try await store.attempts(of: job.id)
        state.withLock { state in
            if state.jobs[job.id] != nil { state.attempts[job.id] = (job.version, list) }
        }
        return list
    }

    /// The attempts of several jobs: those that are not in memory are read together.
    package func attempts(of jobs: [Job]) async throws -> [JobID: [Attempt]] {
        let started = jobs.filter { $0.startedAt != nil }
        var found = state.withLock { state in
            Dictionary(
                started.compactMap { job in
                    state.attempts[job.id].flatMap { $0.version == job.version ? (job.id, $0.list) : nil }
                }
            ) { first, _ in first }
        }
        let missing = started.map(\.id).filter { found[$0] == nil }
        guard !missing.isEmpty else { return found }
        found.merge(try await store.attempts(of: missing)) { first, _ in first }
        return found
    }

    /// Takes note of a job after a commit, and tells those who watch it.
    package func publish(_ job: Job) {
        state.withLock { state in
            if job.isDeleted { state.deletions += 1 }
            // A deletion makes no version of its own, and is never taken back.
            if let known = state.jobs[job.id],
                known.version > job.version || (known.version == job.version && known.isDeleted && !job.isDeleted)
            {
                return
            }
            // A job that was just admitted is read from the store: a million that wait must not fill the memory.
            if job.version > 1 || job.worker != nil { Self.keep(job, in: &state) }
            // Under the lock: of two commits, the newer must be the last that a watcher sees.
            for watcher in (state.watchers[job.id] ?? [:]).values { watcher.yield(job) }
        }
        if job.state.isTerminal, job.admitted.parameters.callbackURL != nil { messages.raise() }
    }

    /// The job's changes from now on.
    ///
    /// A slow reader sees only the latest: events themselves are replayed from the store.
    package func changes(of id: JobID) -> AsyncStream<Job> {
        let (stream, continuation) = AsyncStream.makeStream(of: Job.self, bufferingPolicy: .bufferingNewest(1))
        let key = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[id, default: [:]][state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.watchers[id]?[key] = nil
                if state.watchers[id]?.isEmpty == true { state.watchers[id] = nil }
            }
        }
        return stream
    }

    /// How many watch a job at present.
    package var watcherCount: Int { state.withLock { $0.watchers.values.reduce(0) { $0 + $1.count } } }

    private static func keep(_ job: Job, in state: inout State) {
        let isNew = state.jobs.updateValue(job, forKey: job.id)?.state.isTerminal != true
        guard job.state.isTerminal, isNew else { return }
        state.ended.append(job.id)
        while state.ended.count - state.endedStart > endedMax {
            let oldest = state.ended[state.endedStart]
            state.jobs[oldest] = nil
            state.attempts[oldest] = nil
            state.endedStart += 1
        }
        if state.endedStart > endedMax {
            state.ended.removeFirst(state.endedStart)
            state.endedStart = 0
        }
    }
}
