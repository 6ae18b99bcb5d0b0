import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let alerts: [Check] = [
        Check("without thresholds there are no alerts") { store in
            var driver = try await JobDriver(store)
            let key = driver.fixtures.key(limit: JobFixtures.hold)
            try await store.createKey(key)
            _ = try await driver.admit(key)
            #expect(try await claim(&driver) == [])
        },
        Check("each threshold of a limit is told once in each period") { store in
            var driver = try await JobDriver(store)
            try await store.setAlertThresholds([80, 50, 100])
            var key = driver.fixtures.key(limit: Credits(nanoUSD: 100))
            key.limitReset = .daily
            try await store.createKey(key)
            _ = try await driver.admit(key, hold: Credits(nanoUSD: 49))
            #expect(try await claim(&driver) == [])
            _ = try await driver.admit(key, hold: Credits(nanoUSD: 36))
            let at = driver.now
            let first = try await claim(&driver)
            #expect(first.map(\.percent) == [50, 80])
            #expect(first.allSatisfy { $0.keyHash == key.hash && $0.subject == .key && $0.createdAt == at })
            #expect(first.allSatisfy { $0.spent == Credits(nanoUSD: 85) && $0.limit == Credits(nanoUSD: 100) })
            #expect(first.allSatisfy { $0.period == .daily && $0.periodStart == UsagePeriods.day(of: at) })
            _ = try await driver.admit(key, hold: Credits(nanoUSD: 1))
            #expect(try await claim(&driver) == [])
            _ = try await driver.admit(key, hold: Credits(nanoUSD: 14))
            #expect(try await claim(&driver).map(\.percent) == [100])
            // On the next day the open holds still count, and are told of again.
            driver.fixtures.tick(seconds: 86_400)
            var change = KeyChange()
            change.limit = Credits(nanoUSD: 180)
            _ = try await store.updateKey(hash: key.hash, by: change, at: driver.now)
            _ = try await driver.admit(key, hold: Credits(nanoUSD: 1))
            #expect(try await claim(&driver).map(\.percent) == [50])
        },
        Check("a limit that a job is refused for is told of as used up, once, and not before anything is spent") {
            store in
            var driver = try await JobDriver(store)
            try await store.setAlertThresholds([50, 100])
            let key = driver.fixtures.key(limit: Credits(nanoUSD: 100))
            try await store.createKey(key)
            let large = admission(key, 101, &driver)
            #expect(try await store.admit(large) == .keyLimitReached(remaining: Credits(nanoUSD: 100)))
            #expect(try await claim(&driver) == [])
            _ = try await driver.admit(key, hold: Credits(nanoUSD: 40))
            for _ in 0..<2 {
                let next = admission(key, 61, &driver)
                #expect(try await store.admit(next) == .keyLimitReached(remaining: Credits(nanoUSD: 60)))
            }
            let told = try await claim(&driver)
            #expect(told.map(\.percent) == [100])
            #expect(told.allSatisfy { $0.keyHash == key.hash && $0.spent == Credits(nanoUSD: 40) })
            _ = try await store.setBudget(budget(.daily, 50, driver.now), of: key.workspace, includesByok: nil)
            let over = admission(key, 20, &driver)
            guard case .budgetReached(.daily, _, _) = try await store.admit(over) else {
                Issue.record("the budget did not refuse")
                return
            }
            let second = try await claim(&driver)
            #expect(second.contains { $0.subject == .workspace && $0.percent == 100 })
        },
        Check("a budget is told of when a charge of the last period is settled in this one") { store in
            var driver = try await JobDriver(store)
            try await store.setAlertThresholds([50])
            _ = try await store.setBudget(budget(.daily, 100, driver.now), of: driver.key.workspace, includesByok: nil)
            let job = try await driver.admit(hold: Credits(nanoUSD: 60))
            let script = JobScript(job.admitted)
            let stored = try await driver.commit(script.way(to: .storing), of: job)
            #expect(try await claim(&driver).map(\.subject) == [.workspace])
            driver.fixtures.tick(seconds: 86_400)
            let bill = try JobScript.bill(Credits(nanoUSD: 55))
            _ = try await driver.commit(.artifactsStored(script.artifacts, bill), of: stored)
            let second = try await claim(&driver)
            #expect(second.map(\.spent) == [Credits(nanoUSD: 55)])
            #expect(second.map(\.keyHash) == [nil])
            #expect(second.map(\.workspace) == [driver.key.workspace])
        },
        Check("an alert is claimed until it was sent, and is due again when its claim runs out") { store in
            var driver = try await JobDriver(store)
            try await store.setAlertThresholds([1])
            let key = driver.fixtures.key(limit: JobFixtures.hold)
            try await store.createKey(key)
            _ = try await driver.admit(key)
            let now = driver.now
            let until = now.adding(seconds: 30)
            let first = try #require(try await store.claimAlerts(now: now, until: until, limit: 9).first)
            #expect(first.tries == 1)
            #expect(try await store.claimAlerts(now: now, until: until, limit: 9) == [])
            let again = try #require(
                try await store.claimAlerts(now: until, until: until.adding(seconds: 30), limit: 9).first
            )
            #expect(again.id == first.id && again.tries == 2)
            let later = until.adding(seconds: 600)
            try await store.recordAlert(first.id, retryAt: later, at: until)
            #expect(try await store.claimAlerts(now: until.adding(seconds: 599), until: later, limit: 9) == [])
            #expect(try await store.claimAlerts(now: later, until: later, limit: 9).map(\.tries) == [3])
            try await store.recordAlert(first.id, retryAt: nil, at: later)
            try await store.recordAlert(first.id, retryAt: later, at: later)
            #expect(try await store.claimAlerts(now: later.adding(seconds: 1e6), until: later, limit: 9) == [])
        },
    ]

    /// A job that sets so much aside.
    private static func admission(_ key: APIKey, _ hold: Int64, _ driver: inout JobDriver) -> Admission {
        let job = driver.fixtures.newJob(key, hold: Credits(nanoUSD: hold))
        return driver.fixtures.admission(of: job)
    }

    /// Claims all alerts, and records them as sent.
    private static func claim(_ driver: inout JobDriver) async throws -> [SpendingAlert] {
        let now = driver.now
        let found = try await driver.store.claimAlerts(now: now, until: now.adding(seconds: 60), limit: 100)
        for alert in found { try await driver.store.recordAlert(alert.id, retryAt: nil, at: now) }
        return found
    }
}
