import JobCore
import Ledger
import Testing

/// Limits that start anew, budgets, and alerts about both.
extension JobStoreConformance {
    static let limits: [Check] = [
        Check("a limit that starts anew counts the charges of its period and all open holds") { store in
            var driver = try await JobDriver(store)
            for (period, days) in [(SpendingPeriod.daily, 1.0), (.weekly, 7), (.monthly, 31)] {
                var key = driver.fixtures.key(limit: Credits(nanoUSD: 100))
                key.limitReset = period
                try await store.createKey(key)
                _ = try await spend(Credits(nanoUSD: 60), by: key, &driver)
                let open = try await driver.admit(key, hold: Credits(nanoUSD: 30))
                try await expectLeft(Credits(nanoUSD: 10), of: key, &driver)
                // In the next period the charge is forgotten, and the hold is not.
                driver.fixtures.tick(seconds: days * 86_400)
                try await expectLeft(Credits(nanoUSD: 70), of: key, &driver)
                _ = try await driver.commit(.cancelRequested, of: open)
                try await expectLeft(Credits(nanoUSD: 100), of: key, &driver)
                _ = try await driver.admit(key, hold: Credits(nanoUSD: 100))
                try await expectLeft(.zero, of: key, &driver)
            }
        },
        Check("a key that is disabled or has expired admits nothing, and its jobs go on") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .running)
            var change = KeyChange()
            change.isDisabled = true
            #expect(try await store.updateKey(hash: driver.key.hash, by: change, at: driver.now)?.isDisabled == true)
            try await expectOutcome(.keyRevoked, of: driver.key, &driver)
            let events: [JobEvent] = [
                .providerCompleted(outputs: "outputs"), .artifactsStored(JobScript(job.admitted).artifacts, .empty),
            ]
            #expect(try await driver.commit(events, of: job).state.name == .completed)
            change.isDisabled = false
            _ = try await store.updateKey(hash: driver.key.hash, by: change, at: driver.now)
            _ = try await driver.admit()

            var passing = driver.fixtures.key()
            passing.expiresAt = driver.now.adding(seconds: 60)
            try await store.createKey(passing)
            _ = try await driver.admit(passing)
            driver.fixtures.tick(seconds: 60)
            try await expectOutcome(.keyRevoked, of: passing, &driver)
        },
        Check("a key is changed in what is named, and a revoked one is not") { store in
            var driver = try await JobDriver(store)
            var key = driver.fixtures.key(limit: Credits(nanoUSD: 9))
            key.limitReset = .weekly
            key.includesByok = true
            key.expiresAt = driver.now.adding(seconds: 1e6)
            key.creator = "ann"
            key.externalUser = "customer-7"
            try await store.createKey(key)
            #expect(try await store.key(hash: key.hash) == key)
            var change = KeyChange()
            change.name = "other"
            change.limit = .some(nil)
            let now = driver.fixtures.tick()
            let expected = key.applying(change, at: now)
            #expect(try await store.updateKey(hash: key.hash, by: change, at: now) == expected)
            #expect(try await store.key(hash: key.hash) == expected)
            #expect(expected.limit == nil && expected.limitReset == .weekly && expected.updatedAt == now)
            #expect(try await store.revokeKey(hash: key.hash, at: now))
            #expect(try await store.updateKey(hash: key.hash, by: change, at: now) == nil)
            #expect(try await store.updateKey(hash: driver.fixtures.hash(), by: change, at: now) == nil)
        },
        Check("the latest use of a key is kept") { store in
            var driver = try await JobDriver(store)
            let (early, late) = (driver.fixtures.tick(), driver.fixtures.tick())
            try await store.recordKeyUses([driver.key.hash: late, driver.fixtures.hash(): late])
            try await store.recordKeyUses([driver.key.hash: early])
            #expect(try await store.key(hash: driver.key.hash)?.lastUsedAt == late)
        },
        Check("a workspace has an identifier of its own, and is changed in what is named") { store in
            var driver = try await JobDriver(store)
            let first = try #require(try await store.workspaceProfile(of: driver.key.workspace))
            #expect(first.title == "Default" && first.id.utf8.count == 36)
            #expect(first.createdAt == driver.key.createdAt)
            var made = WorkspaceProfile(
                id: "11111111-2222-4333-8444-555555555555",
                name: "studio",
                title: "The studio",
                createdAt: driver.fixtures.tick()
            )
            made.summary = "pictures"
            made.creator = "ann"
            #expect(try await store.createWorkspace(made))
            #expect(try await !store.createWorkspace(made))
            #expect(try await store.workspaceProfile(of: "studio") == made)
            try await store.ensureWorkspace("studio", at: driver.fixtures.tick())
            #expect(try await store.workspaceProfiles() == [first, made])
            var change = WorkspaceChange()
            change.summary = .some(nil)
            change.imageModel = "vendor/image"
            let now = driver.fixtures.tick()
            let expected = made.applying(change, at: now)
            #expect(try await store.updateWorkspace("studio", by: change, at: now) == expected)
            #expect(try await store.workspaceProfile(of: "studio") == expected)
            #expect(try await store.updateWorkspace("nobody", by: change, at: now) == nil)
            #expect(try await store.workspaceProfile(of: "nobody") == nil)
        },
        Check("a workspace is deleted while it has nothing, and stays once it had anything") { store in
            var driver = try await JobDriver(store)
            #expect(try await store.deleteWorkspace("nobody") == .missing)
            #expect(try await store.deleteWorkspace(driver.key.workspace) == .notEmpty)
            try await driver.grant(Credits(nanoUSD: 1), to: "paid")
            #expect(try await store.deleteWorkspace("paid") == .notEmpty)
            let now = driver.fixtures.tick()
            try await store.ensureWorkspace("passing", at: now)
            _ = try await store.setBudget(budget(.daily, 5, now), of: "passing", includesByok: nil)
            let key = driver.fixtures.key(workspace: "passing")
            try await store.createKey(key)
            #expect(try await store.deleteWorkspace("passing") == .notEmpty)
            #expect(try await store.revokeKey(hash: key.hash, at: now))
            #expect(try await store.deleteWorkspace("passing") == .deleted)
            #expect(try await store.workspaceProfile(of: "passing") == nil)
            #expect(try await store.key(hash: key.hash) == nil)
            try await store.ensureWorkspace("passing", at: now)
            #expect(try await store.budgets(of: "passing", in: UsagePeriods(at: now)) == [])
        },
        Check("a budget of a shorter period is below those of longer ones") { store in
            var driver = try await JobDriver(store)
            let (workspace, now) = (driver.key.workspace, driver.now)
            func set(_ period: SpendingPeriod, _ nano: Int64) async throws -> BudgetOutcome {
                try await store.setBudget(budget(period, nano, now), of: workspace, includesByok: nil)
            }
            let (lifetime, weekly) = (budget(.lifetime, 100, now), budget(.weekly, 20, now))
            #expect(try await set(.lifetime, 100) == .set(lifetime))
            #expect(try await set(.weekly, 20) == .set(weekly))
            #expect(try await set(.monthly, 100) == .conflict(lifetime))
            #expect(try await set(.monthly, 20) == .conflict(weekly))
            #expect(try await set(.daily, 20) == .conflict(weekly))
            #expect(try await set(.lifetime, 20) == .conflict(weekly))
            #expect(try await set(.monthly, 21) == .set(budget(.monthly, 21, now)))
            // Its first day and its identifier stay.
            let later = driver.fixtures.tick()
            let less = Credits(nanoUSD: 19)
            let next = WorkspaceBudget(id: "x", period: .weekly, limit: less, createdAt: later, updatedAt: later)
            let changed = weekly.with(limit: less, at: later)
            #expect(try await store.setBudget(next, of: workspace, includesByok: true) == .set(changed))
            #expect(try await store.workspaceProfile(of: workspace)?.includesByok == true)
            let all = try await store.budgets(of: workspace, in: UsagePeriods(at: now))
            #expect(all.map(\.budget.period) == [.weekly, .monthly, .lifetime])
            #expect(all.map(\.spent) == [.zero, .zero, .zero])
            try await store.deleteBudget(of: workspace, for: .weekly)
            try await store.deleteBudget(of: workspace, for: .weekly)
            #expect(try await store.budgets(of: workspace, in: UsagePeriods(at: now)).count == 2)
            #expect(try await store.setBudget(next, of: "nobody", includesByok: nil) == .missing)
        },
        Check("the keys of a workspace spend no more together than its budgets") { store in
            var driver = try await JobDriver(store)
            let second = driver.fixtures.key()
            try await store.createKey(second)
            let stranger = try await driver.addWorkspace("other", credits: JobFixtures.hold)
            let (workspace, now) = (driver.key.workspace, driver.now)
            for (period, nano) in [(SpendingPeriod.daily, Int64(100)), (.weekly, 150), (.lifetime, 160)] {
                _ = try await store.setBudget(budget(period, nano, now), of: workspace, includesByok: nil)
            }
            func refusal(_ period: SpendingPeriod, _ limit: Int64, _ left: Int64) -> AdmissionOutcome {
                .budgetReached(period, limit: Credits(nanoUSD: limit), remaining: Credits(nanoUSD: left))
            }
            _ = try await spend(Credits(nanoUSD: 60), by: driver.key, &driver)
            let open = try await driver.admit(second, hold: Credits(nanoUSD: 30))
            try await expectOutcome(refusal(.daily, 100, 10), of: second, hold: Credits(nanoUSD: 11), &driver)
            _ = try await driver.admit(stranger)
            // The fixtures begin on a Saturday: the next day is of the same week.
            driver.fixtures.tick(seconds: 86_400)
            let spent = try await store.budgets(of: workspace, in: UsagePeriods(at: driver.now)).map(\.spent.nanoUSD)
            #expect(spent == [30, 90, 90])
            _ = try await driver.commit(.cancelRequested, of: open)
            _ = try await spend(Credits(nanoUSD: 90), by: second, &driver)
            try await expectOutcome(refusal(.weekly, 150, 0), of: second, hold: Credits(nanoUSD: 1), &driver)
            driver.fixtures.tick(seconds: 86_400)
            try await expectOutcome(refusal(.lifetime, 160, 10), of: second, hold: Credits(nanoUSD: 11), &driver)
            _ = try await driver.admit(second, hold: Credits(nanoUSD: 10))
        },
        Check("a thousand submissions at once do not go past a key's limit by one nano-dollar") { store in
            var driver = try await JobDriver(store)
            var key = driver.fixtures.key(limit: Credits(nanoUSD: 1_000))
            key.limitReset = .daily
            try await store.createKey(key)
            let held = try await holdAtOnce(key, &driver)
            #expect(held == 994)
        },
        Check("a thousand submissions at once do not go past a budget by one nano-dollar") { store in
            var driver = try await JobDriver(store)
            _ = try await store.setBudget(
                budget(.monthly, 1_000, driver.now),
                of: driver.key.workspace,
                includesByok: nil
            )
            let held = try await holdAtOnce(driver.key, &driver)
            #expect(held == 994)
            let standing = try await store.budgets(of: driver.key.workspace, in: UsagePeriods(at: driver.now)).first
            #expect(standing?.spent == Credits(nanoUSD: 994))
        },
    ]

    /// Tries a thousand jobs of 7 nano-dollars, from forty tasks, and tells what is held in the end.
    private static func holdAtOnce(_ key: APIKey, _ driver: inout JobDriver) async throws -> Int64 {
        let store = driver.store
        let admissions = (0..<40).map { _ in
            (0..<25).map { _ in
                driver.fixtures.admission(of: driver.fixtures.newJob(key, hold: Credits(nanoUSD: 7)))
            }
        }
        let admitted = try await withThrowingTaskGroup(of: Int.self) { group in
            for mine in admissions {
                group.addTask {
                    var count = 0
                    for admission in mine {
                        if case .admitted = try await store.admit(admission) { count += 1 }
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        let held = try await store.balance(of: key.workspace).held.nanoUSD
        #expect(held == Int64(admitted) * 7)
        return held
    }

    /// A budget with an identifier that its period makes.
    static func budget(_ period: SpendingPeriod, _ nano: Int64, _ now: Timestamp) -> WorkspaceBudget {
        let limit = Credits(nanoUSD: nano)
        return WorkspaceBudget(id: "of \(period)", period: period, limit: limit, createdAt: now, updatedAt: now)
    }

    /// Runs a job that is charged what it holds.
    static func spend(_ amount: Credits, by key: APIKey, _ driver: inout JobDriver) async throws -> Job {
        let job = try await driver.admit(key, hold: amount)
        let script = JobScript(job.admitted)
        let stored = try await driver.commit(script.way(to: .storing), of: job)
        return try await driver.commit(.artifactsStored(script.artifacts, JobScript.bill(amount)), of: stored)
    }

    /// Expects that a key has so much left, to the nano-dollar: one more is refused.
    private static func expectLeft(_ left: Credits, of key: APIKey, _ driver: inout JobDriver) async throws {
        let more = try left.adding(Credits(nanoUSD: 1))
        try await expectOutcome(.keyLimitReached(remaining: left), of: key, hold: more, &driver)
    }

    private static func expectOutcome(
        _ expected: AdmissionOutcome,
        of key: APIKey,
        hold: Credits = JobFixtures.hold,
        _ driver: inout JobDriver
    ) async throws {
        let new = driver.fixtures.newJob(key, hold: hold)
        #expect(try await driver.store.admit(driver.fixtures.admission(of: new)) == expected)
        #expect(try await driver.store.job(new.id) == nil)
    }
}
