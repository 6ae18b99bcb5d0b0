import ConformanceKit
import Foundation
import Generation
import JobCore
import JobEngine
import JobStoreMemory
import Ledger
import Logging
import Synchronization
import Testing

/// Goal: whoever is to be told that a limit is nearly used is told, at least once, and as often as it takes.
@Suite struct AlertDelivererTests {
    /// Takes alerts, but the first few not.
    private final class Receiver: AlertSender {
        let bodies = Mutex<[JSONValue]>([])
        let refusals: Mutex<Int>

        init(refusals: Int) { self.refusals = Mutex(refusals) }

        func send(_ body: [UInt8], name: String) async throws {
            let value = try JSONDecoder().decode(JSONValue.self, from: Data(body))
            #expect(value["id"]?.stringValue == name)
            bodies.withLock { $0.append(value) }
            let isRefused = refusals.withLock { left in
                left -= 1
                return left >= 0
            }
            if isRefused { throw AlertNotTaken("not now") }
        }
    }

    @Test func anAlertIsSentUntilItIsTaken() async throws {
        let store = MemoryJobStore()
        var driver = try await JobDriver(store)
        await store.setAlertThresholds([50, 100])
        var key = driver.fixtures.key(limit: JobFixtures.hold)
        key.limitReset = .daily
        try await store.createKey(key)
        _ = try await driver.admit(key)
        let receiver = Receiver(refusals: 3)
        // Times: at once; after 20 seconds; after 40 more. All that the deliverer knows of time is `now`.
        for (seconds, sent) in [(0.0, 2), (19, 2), (21, 4), (30, 4), (62, 5), (100_000, 5)] {
            let now = driver.now.adding(seconds: seconds)
            let environment = EngineEnvironment(
                now: { now },
                bootSeconds: { 0 },
                sleep: { _ in },
                randomBytes: { [UInt8](repeating: 0, count: $0) }
            )
            let deliverer = AlertDeliverer(
                store: store,
                sender: receiver,
                environment: environment,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            _ = await deliverer.sendDue()
            #expect(receiver.bodies.withLock { $0.count } == sent, "after \(seconds) s")
        }
        let last = try #require(receiver.bodies.withLock { $0.last })
        #expect(last["threshold_percent"] == 50 && last["limit"] == "0.400000000" && last["spent"] == "0.400000000")
        #expect(last["key"]?["hash"] == .string(key.hash) && last["key"]?["name"] == .string(key.name))
        #expect(last["scope"] == "key" && last["period"] == "daily" && last["workspace"] == "default")
        #expect(last["period_start"] == "2026-11-21T00:00:00.000Z")
        #expect(last["resets_at"] == "2026-11-22T00:00:00.000Z")
    }
}
