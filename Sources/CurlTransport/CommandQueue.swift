import CCurl
import HTTPTransport
import Synchronization

/// One request on its way to one peer, with what the exchange demands.
struct ExchangeOrder: Sendable {
    let request: HTTPRequest
    let reach: NetworkReach
    let options: ExchangeOptions
    /// When the whole exchange must have ended.
    let deadline: Double
}

/// What tasks ask of the driving thread.
enum Command: Sendable {
    case start(ExchangeOrder, Channel)
    /// The channel has room again.
    case goOn(Channel)
    /// The channel's task wants no more.
    case stop(Channel)
}

// The pointer is used for `curl_multi_wakeup` alone, which any thread may call, and only while the driver lives.
struct Wakeable: @unchecked Sendable {
    let multi: UnsafeMutableRawPointer

    func wake() { curl_multi_wakeup(multi) }
}

/// The way from the tasks to the driving thread.
final class CommandQueue: Sendable {
    private struct State {
        var commands: [Command] = []
        var sleeper: Wakeable?
        var isStopping = false
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Leaves a command for the thread; false when it takes none any more.
    func post(_ command: Command) -> Bool {
        state.withLock { state in
            guard !state.isStopping, !state.hasEnded else { return false }
            state.commands.append(command)
            // Whoever posted the first has woken it.
            if state.commands.count == 1 { state.sleeper?.wake() }
            return true
        }
    }

    /// Makes the thread end.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.sleeper?.wake()
        }
    }

    /// Makes the thread end, and waits until it has.
    func stopAndWait() async {
        stop()
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiting.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    // MARK: The thread's side

    /// From now on the thread may be asleep.
    func begin(_ sleeper: Wakeable) { state.withLock { $0.sleeper = sleeper } }

    /// What was left since the last call; nil when the thread shall end.
    func take() -> [Command]? {
        state.withLock { state in
            guard !state.isStopping else { return nil }
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// The thread sleeps no more: nobody may wake it.
    func sleepNoMore() { state.withLock { $0.sleeper = nil } }

    /// The thread has ended.
    ///
    /// - Returns: The channels whose exchanges will never start.
    func end() -> [Channel] {
        let (commands, waiting) = state.withLock { state in
            state.hasEnded = true
            defer { (state.commands, state.waiting) = ([], []) }
            return (state.commands, state.waiting)
        }
        for continuation in waiting { continuation.resume() }
        return commands.compactMap { command in
            switch command {
            case .start(_, let channel): channel
            case .goOn, .stop: nil
            }
        }
    }
}
