package import JobCore
package import JobEngine
import Synchronization

/// Asks the store something, and goes on without an answer when it takes too long.
enum StoreQuestion {
    /// How long the store may take, in seconds.
    private static let patienceSeconds = 2.0

    /// What the store answers; nil when it fails or takes too long.
    static func answer<Answer: Sendable>(
        sleep: @escaping @Sendable (Double) async throws -> Void,
        _ ask: @escaping @Sendable () async throws -> Answer
    ) async -> Answer? {
        await withTaskGroup(of: Answer?.self) { group in
            group.addTask { try? await ask() }
            group.addTask {
                try? await sleep(patienceSeconds)
                return nil
            }
            let answer = await group.next() ?? nil
            group.cancelAll()
            return answer
        }
    }
}

/// The store's figures, read at most once a second however many ask.
///
/// They are counted over whole tables and need no key, so nobody may have them counted as often as they like. While one
/// reads, the others wait for what it gets; a failure is told to them too, but not kept.
package final class StoreFigures: Sendable {
    private static let freshSeconds = 1.0

    private struct State {
        var kept: (figures: StoreMetrics, readAt: Double)?
        var isReading = false
        var waiting: [CheckedContinuation<StoreMetrics?, Never>] = []
    }

    private enum Turn {
        case known(StoreMetrics)
        case read, wait
    }

    private let read: @Sendable () async throws -> StoreMetrics
    private let environment: EngineEnvironment
    private let state = Mutex(State())

    /// Makes a keeper of figures.
    ///
    /// - Parameters:
    ///   - environment: Time and sleep.
    ///   - read: Asks the store.
    package init(environment: EngineEnvironment, read: @escaping @Sendable () async throws -> StoreMetrics) {
        self.environment = environment
        self.read = read
    }

    /// The figures, at most a second old; nil when the store does not answer.
    package func current() async -> StoreMetrics? {
        let now = environment.bootSeconds()
        let turn = state.withLock { state -> Turn in
            if let kept = state.kept, now - kept.readAt < Self.freshSeconds { return .known(kept.figures) }
            if state.isReading { return .wait }
            state.isReading = true
            return .read
        }
        switch turn {
        case .known(let figures): return figures
        case .read: return await refresh()
        case .wait: return await join()
        }
    }

    private func refresh() async -> StoreMetrics? {
        let figures = await StoreQuestion.answer(sleep: environment.sleep, read)
        let readAt = environment.bootSeconds()
        let waiting = state.withLock { state in
            state.kept = figures.map { ($0, readAt) }
            state.isReading = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume(returning: figures) }
        return figures
    }

    /// Waits for the one who reads, which takes no longer than the store is given.
    private func join() async -> StoreMetrics? {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state -> Bool in
                if state.isReading { state.waiting.append(continuation) }
                return !state.isReading
            }
            // It got done in between: what it kept is new.
            if isOver { continuation.resume(returning: state.withLock { $0.kept?.figures }) }
        }
    }
}
