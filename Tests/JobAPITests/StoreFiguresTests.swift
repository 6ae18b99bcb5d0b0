import JobAPI
import JobCore
import JobEngine
import Synchronization
import Testing

/// Goal: however many ask for the figures, the store is asked once a second.
@Suite struct StoreFiguresTests {
    private struct Down: Error {}

    /// A store that counts how often it is asked, and a clock that goes when it is told.
    private final class Store: Sendable {
        let seconds = Mutex(100.0)
        let reads = Atomic(0)
        let isDown = Atomic(false)

        func read() throws -> StoreMetrics {
            let count = reads.add(1, ordering: .relaxed).newValue
            if isDown.load(ordering: .relaxed) { throw Down() }
            return StoreMetrics(
                jobs: [:],
                waiting: count,
                inFlightWithoutLease: 0,
                outboxPending: 0,
                outboxOldest: nil,
                outboxExhausted: 0,
                ledgerDifference: 0
            )
        }

        func figures(before: @escaping @Sendable () async -> Void = {}) -> StoreFigures {
            let environment = EngineEnvironment(
                now: { Timestamp(milliseconds: 0) },
                bootSeconds: { self.seconds.withLock { $0 } },
                sleep: { _ in try await Task.sleep(for: .seconds(120)) },
                randomBytes: { [UInt8](repeating: 0, count: $0) }
            )
            return StoreFigures(environment: environment) {
                await before()
                return try self.read()
            }
        }
    }

    @Test func theyAreKeptForASecond() async {
        let store = Store()
        let figures = store.figures()
        #expect(await figures.current()?.waiting == 1)
        store.seconds.withLock { $0 += 0.9 }
        #expect(await figures.current()?.waiting == 1)
        store.seconds.withLock { $0 += 0.2 }
        #expect(await figures.current()?.waiting == 2)
    }

    @Test func aFailureIsNotKept() async {
        let store = Store()
        let figures = store.figures()
        #expect(await figures.current() != nil)
        store.isDown.store(true, ordering: .relaxed)
        store.seconds.withLock { $0 += 5 }
        #expect(await figures.current() == nil)
        store.isDown.store(false, ordering: .relaxed)
        #expect(await figures.current()?.waiting == 3)
    }

    @Test func thoseWhoComeMeanwhileShareOneRead() async {
        let store = Store()
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let figures = store.figures { for await _ in gate { return } }
        let answers = await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<8 { group.addTask { await figures.current()?.waiting } }
            try? await Task.sleep(for: .milliseconds(50))
            opener.yield()
            opener.finish()
            return await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        #expect(answers == Array(repeating: 1, count: 8))
        #expect(store.reads.load(ordering: .relaxed) == 1)
    }
}
