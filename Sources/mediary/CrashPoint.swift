import Glibc
import JobEngine
import Synchronization

/// Ends or stops the process at a write-ahead step, or makes it linger there: how tests reach between two records of the
/// real program.
///
/// Only debug builds have it. `MEDIARY_TEST_CRASH_AT=sending` kills the process the first time a send is committed,
/// `sending:3` the third time, `sending:1:stop` suspends it. `admitted:150:pause` holds each answer back for 150 ms.
final class CrashPoint: Sendable {
    private enum Action {
        case signal(Int32)
        case pause(milliseconds: Int)
    }

    private let step: WriteAheadStep
    private let action: Action
    private let left: Atomic<Int>

    /// Reads the variable; nil when it is not set, not understood, or this is a release build.
    init?(_ text: String?) {
        #if DEBUG
        let parts = (text ?? "").split(separator: ":")
        guard let name = parts.first, let step = WriteAheadStep(rawValue: String(name)) else { return nil }
        self.step = step
        let number = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
        left = Atomic(number)
        action =
            switch parts.count > 2 ? parts[2] : "" {
            case "pause": .pause(milliseconds: number)
            case "stop": .signal(SIGSTOP)
            case _: .signal(SIGKILL)
            }
        #else
        return nil
        #endif
    }

    /// Told of each step; the one it waits for is the last thing the process does.
    func passed(_ step: WriteAheadStep) {
        guard case .signal(let signal) = action, step == self.step,
            left.subtract(1, ordering: .relaxed).newValue == 0
        else { return }
        // To this very thread: a signal to the process may be taken by another one, and this one would go on meanwhile,
        // past the step that it is to be stopped at.
        raise(signal)
    }

    /// Waits at the step that is to be held open.
    func pausing(_ step: WriteAheadStep) async {
        guard case .pause(let milliseconds) = action, step == self.step else { return }
        try? await Task.sleep(for: .milliseconds(milliseconds))
    }
}
