import Synchronization
import UnixSignals

/// Runs some work until it is done, or somebody presses Ctrl-C.
///
/// - Returns: What the work gives; nil after Ctrl-C, when it was cancelled.
/// - Throws: What the work throws.
func untilInterrupted<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value? {
    let signals = await UnixSignalsSequence(trapping: .sigint)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            for await _ in signals { return nil }
            return nil
        }
        let first = try await group.next()
        group.cancelAll()
        return first ?? nil
    }
}

/// The id of the job that a command has got, for whoever interrupts it.
final class AcceptedJob: Sendable {
    private let value = Mutex<String?>(nil)

    var id: String? {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
