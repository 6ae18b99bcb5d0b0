import Foundation
import Glibc
import HTTPTransport
import JobEngine
import Synchronization

/// Looks names up with the system's resolver, each on a thread of its own: it blocks, and cannot be stopped.
enum SystemNames {
    /// How many threads may wait for the resolver: one that never answers must not take all memory.
    private static let lookUpsMax = 64
    private static let running = Atomic(0)

    /// The addresses of a name.
    ///
    /// Returns at once when its task is cancelled; the thread ends by itself.
    static func resolve(_ name: String) async -> NameAnswer {
        let lookUp = LookUp()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard lookUp.begin(continuation) else { return }
                guard running.add(1, ordering: .relaxed).newValue <= lookUpsMax else {
                    running.subtract(1, ordering: .relaxed)
                    lookUp.end(.noAnswer)
                    return
                }
                Thread.detachNewThread {
                    lookUp.end(ask(name))
                    running.subtract(1, ordering: .relaxed)
                }
            }
        } onCancel: {
            lookUp.end(.noAnswer)
        }
    }

    private static func ask(_ name: String) -> NameAnswer {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &first)
        defer { if let first { freeaddrinfo(first) } }
        switch status {
        case 0:
            let entries = sequence(first: first) { $0?.pointee.ai_next }
            let addresses = entries.prefix { $0 != nil }.compactMap { $0?.pointee.ai_addr.flatMap { IPAddress($0) } }
            return .addresses(addresses)
        case EAI_NONAME, noData: return .noSuchName
        // The resolver is away, or has failed: the fetch will see.
        case _: return .noAnswer
        }
    }

    /// The name exists, without any address: GNU's `EAI_NODATA`, which its headers hide.
    private static let noData: Int32 = -5
}

/// One question to the resolver: answered once, by whichever comes first.
private final class LookUp: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<NameAnswer, Never>)
        case over
    }

    private let state = Mutex(State.new)

    /// Takes who waits; false when the question is over already, which answers it.
    func begin(_ continuation: CheckedContinuation<NameAnswer, Never>) -> Bool {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !isNew { continuation.resume(returning: .noAnswer) }
        return isNew
    }

    /// Answers who waits; later answers count for nothing.
    func end(_ answer: NameAnswer) {
        let waiting = state.withLock { state -> CheckedContinuation<NameAnswer, Never>? in
            defer { state = .over }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        waiting?.resume(returning: answer)
    }
}
