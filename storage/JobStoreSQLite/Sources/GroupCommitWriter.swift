import Dispatch
import GRDB
import JobCore
import Synchronization

/// The one writer: many operations, one durable transaction.
///
/// Operations wait in a queue. While one commit is being flushed to the medium, the next batch gathers, so that a
/// slower medium makes larger batches, not a longer queue. An operation's caller goes on only after COMMIT returned:
/// what was answered for survives a power cut.
///
/// Operations look before they write, and answer refusals as values. One that throws is a fault: the batch is then
/// rolled back and its operations run again, each in a transaction of its own, so that the faulty one harms no
/// neighbour. (A savepoint per operation would do the same, at half the rate.) So an operation may run twice, and must
/// have no effects but those on the database.
final class GroupCommitWriter: Sendable {
    /// How many operations share a transaction at most.
    static let batchMax = 256

    /// One waiting operation.
    private struct Operation: Sendable {
        /// Runs it; gives what tells its caller of the success, to be called after COMMIT.
        let perform: @Sendable (Database) throws -> @Sendable () -> Void
        /// Tells its caller of a failure.
        let fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var waiting: [Operation] = []
        var isDraining = false
        var isClosed = false
        var isBroken = false
    }

    private let pool: DatabasePool
    private let queue = DispatchQueue(label: "JobStoreSQLite.GroupCommitWriter")
    private let state = Mutex(State())

    /// Makes a writer on the pool's writer connection.
    init(pool: DatabasePool) { self.pool = pool }

    /// Hands in an operation and waits until it is durable.
    ///
    /// Cancelling the caller's task does not take the operation back: it may be in a batch already.
    ///
    /// - Parameter body: Looks and writes; may run twice, see above.
    /// - Returns: What `body` returned in the run that was committed.
    /// - Throws: What `body` threw, or what COMMIT said. Nothing of the operation was written then.
    @discardableResult
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit(
                Operation(
                    perform: { db in
                        let value = try body(db)
                        return { continuation.resume(returning: value) }
                    },
                    fail: { continuation.resume(throwing: $0) }
                )
            )
        }
    }

    /// Whether operations are accepted and written.
    var isWorking: Bool { state.withLock { !$0.isClosed && !$0.isBroken } }

    /// How many operations wait for the next batch.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Lets the waiting operations finish, and refuses later ones.
    func close() {
        state.withLock { $0.isClosed = true }
        queue.sync {}
    }

    private func submit(_ operation: Operation) {
        let isAccepted = state.withLock { state in
            guard !state.isClosed else { return false }
            state.waiting.append(operation)
            // Within the lock: whoever closes waits for what was accepted before.
            if !state.isDraining { queue.async { self.drain() } }
            state.isDraining = true
            return true
        }
        if !isAccepted { operation.fail(SQLiteJobStoreError.closed) }
    }

    private func drain() {
        while let batch = nextBatch() { commit(batch) }
    }

    private func nextBatch() -> [Operation]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let batch = Array(state.waiting.prefix(Self.batchMax))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    /// How a transaction ended.
    private enum Outcome {
        /// Durable: these tell the callers.
        case committed([@Sendable () -> Void])
        /// An operation threw; all was rolled back.
        case faulty(any Error)
        /// BEGIN or COMMIT failed; nothing is known to be written.
        case failed(any Error)
    }

    private func commit(_ batch: [Operation]) {
        switch transaction(batch) {
        case .committed(let successes):
            for success in successes { success() }
        case .failed(let error):
            for operation in batch { operation.fail(error) }
        case .faulty(let error):
            guard batch.count > 1 else {
                for operation in batch { operation.fail(error) }
                return
            }
            for operation in batch { commit([operation]) }
        }
    }

    private func transaction(_ batch: [Operation]) -> Outcome {
        guard !state.withLock({ $0.isBroken }) else {
            return .failed(JobStoreIsBroken("a flush to the medium failed"))
        }
        var successes: [@Sendable () -> Void] = []
        var isInBody = false
        do {
            try pool.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    isInBody = true
                    successes = try batch.map { try $0.perform(db) }
                    isInBody = false
                    return .commit
                }
            }
            return .committed(successes)
        } catch {
            guard !isInBody else { return .faulty(error) }
            noteFailedFlush(error)
            return .failed(error)
        }
    }

    /// Stops writing after a flush that failed.
    ///
    /// The system may have dropped what it could not write: a second flush would succeed and prove nothing. Nothing
    /// more is written until the process has opened the file anew.
    private func noteFailedFlush(_ error: any Error) {
        guard let error = error as? DatabaseError, error.resultCode == .SQLITE_IOERR else { return }
        state.withLock { $0.isBroken = true }
    }
}
