package import Foundation
import Glibc
import Synchronization

/// A program that a test starts, watches and ends: by its own process number, never by name.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum Ending: Equatable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)

        package var description: String {
            switch self {
            case .exited(let status): "exit status \(status)"
            case .signalled(let signal): "signal \(signal)"
            }
        }
    }

    package let pid: pid_t
    private let ending = Mutex<Ending?>(nil)

    /// Starts a program.
    ///
    /// Standard output and error are files, so that nobody has to read pipes while a test kills what writes to them.
    /// No other descriptor is handed on: a lock that a test holds, and a connection that it cuts, must not live on in a
    /// child of another test.
    package init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String],
        output: String,
        errors: String
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let mode = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, mode, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, mode, 0o600)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var pid: pid_t = 0
        let problem = posix_spawn(&pid, program, &actions, nil, &words, &settings)
        guard problem == 0 else {
            throw Unexpected("\(program) does not start: \(String(cString: strerror(problem)))")
        }
        self.pid = pid
    }

    deinit { end(within: 5) }

    /// How it ended; nil while it runs.
    package var endedAs: Ending? {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let signal = status & 0x7f
            ending = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
            return ending
        }
    }

    /// Sends a signal, unless it has ended: its number could be another's by then.
    package func signal(_ number: Int32) {
        guard endedAs == nil else { return }
        kill(pid, number)
    }

    /// Waits for its end.
    package func waitForEnd(within seconds: Double) throws -> Ending {
        try poll("the end of process \(pid)", within: seconds) { endedAs }
    }

    /// Ends it, whatever it is doing.
    package func end(within seconds: Double = 10) {
        signal(SIGKILL)
        _ = try? waitForEnd(within: seconds)
    }
}

/// What a test did not get.
package struct Unexpected: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Asks again and again until there is an answer.
///
/// - Throws: `Unexpected` when the time is up.
package func poll<Value>(
    _ what: @autoclosure () -> String,
    within seconds: Double,
    every pause: Double = 0.005,
    _ look: () throws -> Value?
) throws -> Value {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
        if let value = try look() { return value }
        guard ContinuousClock.now < end else { throw Unexpected("\(what()): nothing within \(seconds) s") }
        usleep(UInt32(pause * 1_000_000))
    }
}

/// Runs blocking work on a thread of its own, so that tests do not starve each other's tasks.
package func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}

/// Bounds how much runs at once: a machine of two cores carries three services, and a load test wants it alone.
package actor Gate {
    package static let machine = Gate(width: 3)
    /// For the clients of others: each one's start alone takes a core for a second or two, and their time-outs run.
    package static let clients = Gate(width: 3)

    private let width: Int
    private var taken = 0
    private var waiting: [(weight: Int, turn: CheckedContinuation<Void, Never>)] = []

    package init(width: Int) { self.width = width }

    /// Runs blocking work on a thread when there is room for its weight, in the order of the askers.
    package nonisolated func run<Value: Sendable>(
        weight: Int = 1,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await pass(weight: weight) { try await onThread(work) }
    }

    /// Does something when there is room for its weight, in the order of the askers.
    package nonisolated func pass<Value: Sendable>(
        weight: Int = 1,
        _ work: @Sendable () async throws -> Value
    ) async throws -> Value {
        await enter(weight)
        do {
            let value = try await work()
            await leave(weight)
            return value
        } catch {
            await leave(weight)
            throw error
        }
    }

    private func enter(_ weight: Int) async {
        guard !waiting.isEmpty || taken + weight > width else {
            taken += weight
            return
        }
        await withCheckedContinuation { waiting.append((weight, $0)) }
    }

    private func leave(_ weight: Int) {
        taken -= weight
        while let next = waiting.first, taken + next.weight <= width {
            waiting.removeFirst()
            taken += next.weight
            next.turn.resume()
        }
    }
}
