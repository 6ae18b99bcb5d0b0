import Synchronization

/// What a dead process answers: whoever still runs in it unwinds.
struct NodeIsDead: Error {}

/// The life of one process of the test: it goes on, stands still as under SIGSTOP, or has been killed.
///
/// Everything that a node does outside of its memory passes here first, and again when it comes back: so a node that
/// stands still sends nothing and notices nothing, and a dead one writes nothing any more.
final class NodeLife: Sendable {
    private struct State {
        var isFrozen = false
        var isDead = false
        var parked: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var isDead: Bool { state.withLock { $0.isDead } }

    /// How many wait for the node to go on.
    var parked: Int { state.withLock { $0.parked.count } }

    /// Goes on when the node does.
    func pass() async throws(NodeIsDead) {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                guard state.isFrozen, !state.isDead else { return true }
                state.parked.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
        if isDead { throw NodeIsDead() }
    }

    func freeze() { state.withLock { $0.isFrozen = true } }

    func thaw() { wake { $0.isFrozen = false } }

    func kill() { wake { $0.isDead = true } }

    private func wake(_ change: (inout State) -> Void) {
        let parked = state.withLock { state in
            change(&state)
            defer { state.parked.removeAll() }
            return state.parked
        }
        for continuation in parked { continuation.resume() }
    }
}

/// A door that tests open and close: tasks wait before it while it is closed.
final class Door: Sendable {
    private struct State {
        var isOpen = true
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// How many wait before it.
    var waiting: Int { state.withLock { $0.waiting.count } }

    func close() { state.withLock { $0.isOpen = false } }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// Gathers text from tasks.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func append(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Says yes a number of times, after having said no a number of times.
final class Countdown: Sendable {
    private let state: Mutex<(skipped: Int, left: Int)>

    init(_ count: Int) { state = Mutex((0, count)) }

    func arm(after skipped: Int, count: Int) { state.withLock { $0 = (skipped, count) } }

    func take() -> Bool {
        state.withLock { state in
            guard state.left > 0 else { return false }
            guard state.skipped == 0 else {
                state.skipped -= 1
                return false
            }
            state.left -= 1
            return true
        }
    }
}
