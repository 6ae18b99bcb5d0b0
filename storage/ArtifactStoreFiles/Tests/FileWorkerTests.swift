import Foundation
import Synchronization
import Testing

@testable import ArtifactStoreFiles

@Suite struct FileWorkerTests {
    @Test func `no more runs at once than there are lanes, and everything runs`() async throws {
        let worker = FileWorker(label: "test", width: 3)
        let gauge = Gauge()
        try await withThrowingTaskGroup { group in
            for _ in 0..<500 {
                group.addTask {
                    try await worker.run {
                        gauge.enter()
                        usleep(500)
                        gauge.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(gauge.counts.withLock { $0.all } == 500)
        #expect(gauge.counts.withLock { $0.most } == 3)
    }

    @Test func `what the work throws arrives, and the lane goes on`() async throws {
        let worker = FileWorker(label: "test", width: 1)
        await #expect(throws: CancellationError.self) { try await worker.run { throw CancellationError() } }
        #expect(try await worker.run { 7 } == 7)
    }

    /// Fails with one concurrent queue instead of serial ones: on Linux its threads are those of Swift's own pool.
    @Test func `tasks go on while every lane is blocked`() async throws {
        await #expect(processExitsWith: .success) {
            let worker = FileWorker(label: "test", width: 16)
            try await withThrowingTaskGroup { group in
                for _ in 0..<16 { group.addTask { try await worker.run { _ = usleep(2_000_000) } } }
                try await Task.sleep(for: .milliseconds(100))
                let start = ContinuousClock.now
                await withTaskGroup { tasks in
                    for _ in 0..<64 { tasks.addTask { await Task.yield() } }
                }
                #expect(ContinuousClock.now - start < .seconds(1))
                try await group.waitForAll()
            }
        }
    }
}

/// How many are inside, were inside at most, and came in at all.
private final class Gauge: Sendable {
    let counts = Mutex((now: 0, most: 0, all: 0))

    func enter() {
        counts.withLock { counts in
            counts.now += 1
            counts.most = max(counts.most, counts.now)
            counts.all += 1
        }
    }

    func leave() { counts.withLock { $0.now -= 1 } }
}
