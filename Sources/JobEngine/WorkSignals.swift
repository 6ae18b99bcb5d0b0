package import JobCore
import Synchronization

/// How the parts of the engine wake each other: that jobs wait, and that a job a worker sleeps on has news.
///
/// A signal is a hint. One that is lost costs time, never a job: every sleeper also wakes by the clock.
package final class WorkSignals: Sendable {
    private struct State {
        var jobs: [JobID: AsyncStream<Void>.Continuation] = [:]
    }

    /// Told whenever jobs may be claimable: one was admitted, or a slot is free.
    let claimable: AsyncStream<Void>
    private let claimableContinuation: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    package init() {
        (claimable, claimableContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Jobs may be claimable.
    package func jobsWait() { claimableContinuation.yield() }

    /// A job has news: a client wants it stopped, or evidence about its send has come.
    package func wake(_ id: JobID) {
        state.withLock { $0.jobs[id] }?.yield()
    }

    /// Wakes every worker that sleeps on a job: the process is stopping.
    func wakeAll() {
        for continuation in state.withLock({ Array($0.jobs.values) }) { continuation.yield() }
        claimableContinuation.yield()
    }

    /// The news of one job, for the one worker that holds it.
    func news(of id: JobID) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.jobs[id] = continuation }
        return stream
    }

    /// Nobody holds the job here any more.
    func forget(_ id: JobID) {
        state.withLock { $0.jobs.removeValue(forKey: id) }?.finish()
    }
}
