import ConformanceKit
import JobCore
import Ledger
import Testing

@testable import JobStoreSQLite

@Suite struct SchemaTests {
    @Test func anEmptyFileGetsTheWholeSchema() async throws {
        try await TemporaryDatabase.withStore { store in
            let version = try store.rowsRaw("PRAGMA user_version")
            #expect(version == [["\(Migrations.steps.count)"]])
            #expect(try store.rowsRaw("PRAGMA application_id") == [["\(Migrations.applicationID)"]])
            let loose = """
                SELECT name FROM pragma_table_list
                WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'
                """
            #expect(try store.rowsRaw(loose) == [])
            #expect(try store.rowsRaw("PRAGMA integrity_check") == [["ok"]])
            #expect(try await store.audit().findings == [])
        }
    }

    @Test func whatWasThereBeforeRepeatsCountsAsAnswered() async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            let old = driver.fixtures.newJob(driver.key)
            _ = try await store.admit(driver.fixtures.admission(of: old, awaitsAnswer: true))
            try store.runRaw("DROP INDEX jobs_unanswered")
            try store.runRaw(Migrations.repeats)
            #expect(try await store.unansweredJobs(since: old.createdAt, limit: 1) == [])
            #expect(try store.rowsRaw("SELECT answered_at - created_at FROM jobs") == [["0"]])
        }
    }

    /// Statements that would break a rule, on a store with one job in each state.
    static let breaches = [
        "UPDATE transfers SET amount_nano = 1",
        "UPDATE transfers SET cause = ''",
        "DELETE FROM transfers",
        "DELETE FROM accounts WHERE name = 'available:default'",
        "UPDATE accounts SET balance_nano = -1 WHERE name = 'held:default'",
        "INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at) "
            + "VALUES ('x', 'adjustments', 'available:default', 0, '', 0)",
        "INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at) "
            + "VALUES ('x', 'adjustments', 'adjustments', 1, '', 0)",
        "INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at) "
            + "VALUES ('x', 'adjustments', 'nowhere', 1, '', 0)",
        "INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at) "
            + "SELECT id, from_account, to_account, amount_nano, cause, at FROM transfers LIMIT 1",
        "UPDATE holds SET state = 'posted' WHERE state = 'pending'",
        "UPDATE holds SET charged_nano = amount_nano + 1 WHERE state = 'posted'",
        "UPDATE holds SET charged_nano = 0 WHERE state = 'voided'",
        "UPDATE holds SET state = 'lost'",
        "UPDATE holds SET platform_nano = charged_nano + 1 WHERE state = 'posted'",
        "UPDATE holds SET platform_nano = 1 WHERE state = 'voided'",
        "UPDATE workspace_usage SET charged_nano = -1",
        "INSERT INTO workspace_usage VALUES ('nobody', 0, 1, 0)",
        "INSERT INTO key_byok_usage VALUES ('nobody', 0, 1)",
        "UPDATE api_keys SET committed_nano = -1",
        "UPDATE key_usage SET charged_nano = 0",
        "INSERT INTO key_usage (key_hash, day, charged_nano) VALUES ('nobody', 0, 1)",
        "UPDATE api_keys SET limit_reset = 'yearly'",
        "UPDATE api_keys SET is_disabled = 2",
        "UPDATE workspace_profiles SET id = NULL",
        "INSERT INTO workspace_budgets VALUES ('default', 'daily', 'x', 0, 0, 0)",
        "INSERT INTO workspace_budgets VALUES ('default', 'yearly', 'x', 1, 0, 0)",
        "INSERT INTO workspace_budgets VALUES ('nobody', 'daily', 'x', 1, 0, 0)",
        "INSERT INTO alert_thresholds VALUES (0)",
        "UPDATE jobs SET state = 'completed' WHERE state = 'queued'",
        "UPDATE jobs SET state = 'lost' WHERE state = 'queued'",
        "UPDATE jobs SET state_data = '{}'",
        "UPDATE jobs SET finished_at = 1 WHERE state = 'queued'",
        "UPDATE jobs SET finished_at = NULL WHERE state = 'failed'",
        "UPDATE jobs SET worker = 'worker-1' WHERE state = 'failed'",
        "UPDATE jobs SET worker = 'nobody' WHERE state = 'queued'",
        "UPDATE jobs SET is_ready = 1 WHERE state = 'running'",
        "UPDATE jobs SET due_at = NULL WHERE state = 'queued'",
        "UPDATE jobs SET version = 0",
        "UPDATE jobs SET hold_nano = -1",
        "UPDATE jobs SET id = x'00'",
        "UPDATE attempts SET state = 'intent' WHERE sends > 0",
        "UPDATE attempts SET state = 'unknown' WHERE remote_id IS NOT NULL",
        "UPDATE attempts SET remote_id = 'same' WHERE state = 'accepted'",
        "UPDATE attempts SET token = 'same'",
        "UPDATE attempts SET external_id = 'same'",
        "UPDATE attempts SET ended_at = NULL, state = 'refused', remote_id = NULL",
        "INSERT INTO events (job, version, at, state) SELECT job, version, at, state FROM events LIMIT 1",
        "INSERT INTO outbox (job, version, state, url, created_at, due_at) "
            + "SELECT id, 1, 'queued', '', 0, 0 FROM jobs LIMIT 1",
        "UPDATE outbox SET delivered_at = 1, exhausted_at = 1",
        "INSERT INTO webhook_deliveries (job, version, number, at, milliseconds) "
            + "SELECT job, version, 1, 0, 0 FROM outbox LIMIT 1",
        "INSERT INTO webhook_deliveries (job, version, number, at, status, error, milliseconds) "
            + "SELECT job, version, 1, 0, 200, 'no', 0 FROM outbox LIMIT 1",
        "INSERT INTO webhook_deliveries (job, version, number, at, status, milliseconds) "
            + "SELECT id, version, 1, 0, 200, 0 FROM jobs WHERE state = 'queued' LIMIT 1",
        "UPDATE artifacts SET key = 'artifacts/same/0'",
        "INSERT INTO usage SELECT * FROM usage LIMIT 1",
        "UPDATE usage SET charged_nano = -1",
        "UPDATE usage SET fee_nano = charged_nano + 1",
        "UPDATE usage SET state = 'queued'",
        "UPDATE usage SET job = zeroblob(16) WHERE state = 'expired'",
        "DELETE FROM jobs",
        "UPDATE job_counts SET jobs = -1",
        "INSERT INTO workspaces (name, created_at) VALUES (NULL, 0)",
        "INSERT INTO workspaces (name, created_at) VALUES ('x', 'yesterday')",
    ]

    @Test func noStatementBreaksARule() async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            for situation in JobSituation.allCases { _ = try await driver.job(in: situation) }
            var parameters = JobParameters()
            parameters.callbackURL = "https://client.example/hook"
            _ = try await driver.job(in: .completed, parameters: parameters)
            for breach in Self.breaches {
                #expect(throws: (any Error).self, "\(breach)") { try store.runRaw(breach) }
            }
            #expect(try await store.audit().findings == [])
        }
    }

    @Test func jobsOfAnEarlierVersionGetTheirRowsOfUsage() async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            var parameters = JobParameters()
            parameters.user = "ann"
            var jobs: [Job] = []
            for situation in JobSituation.allCases {
                jobs.append(try await driver.job(in: situation, parameters: parameters))
            }
            try store.runRaw("DROP TABLE usage; ALTER TABLE jobs DROP COLUMN estimated_nano")
            try store.runRaw(Migrations.usage)
            for job in jobs { #expect(try await store.usageRecord(of: job.id) == UsageRecord(job)) }
            #expect(try await store.job(jobs[0].id)?.admitted.estimatedCost == nil)
            #expect(try await store.audit().findings == [])
        }
    }

    /// Accounts are made anew by a step: what refers to them does so still.
    @Test func theMoneyOfAnEarlierVersionIsAllThere() async throws {
        try await TemporaryDatabase.with { path in
            try SQLiteJobStore.makeFile(
                path: path,
                steps: 7,
                """
                INSERT INTO workspaces VALUES ('default', 1);
                INSERT INTO accounts VALUES ('adjustments', -50), ('available:default', 50);
                INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at)
                    VALUES ('grant:1', 'adjustments', 'available:default', 50, 'a gift', 1);
                INSERT INTO price_snapshots (sheet) VALUES ('{"lines":[]}');
                """
            )
            let store = try SQLiteJobStore(path: path)
            let moved = try store.rowsRaw("SELECT id, amount_nano, cause, reason, actor FROM transfers")
            #expect(moved == [["grant:1", "50", "a gift", "", ""]])
            #expect(try await store.balance(of: "default").available == Credits(nanoUSD: 50))
            #expect(try await store.audit().findings == [])
            #expect(try store.rowsRaw("SELECT length(sha256) FROM price_snapshots") == [["64"]])
            for breach in [
                "DELETE FROM accounts", "UPDATE transfers SET amount_nano = 1",
                "INSERT INTO accounts VALUES ('held:default', -1)",
                "INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at) "
                    + "VALUES ('x', 'adjustments', 'nowhere', 1, '', 0)",
            ] {
                #expect(throws: (any Error).self, "\(breach)") { try store.runRaw(breach) }
            }
            try store.close()
            // A second start takes no step again.
            let again = try SQLiteJobStore(path: path)
            #expect(try await again.balance(of: "default").available == Credits(nanoUSD: 50))
            try again.close()
        }
    }

    /// What was charged before there were days of workspaces counts on the days that its jobs ended.
    @Test func theSpendingOfAnEarlierVersionIsCounted() async throws {
        try await TemporaryDatabase.with { path in
            let columns =
                "id, workspace, key_hash, type, model, endpoint, lane, priority, price_snapshot, hold_nano, "
                + "request_fingerprint, created_at, default_deadline_seconds, state, state_data, version, epoch, "
                + "is_ready, deadline_at, started_at, finished_at"
            let rest =
                "'default', 'k', 'image', 'm', 1, 'l', 0, 1, 9, '', 0, 0, 'completed', '{\"completed\":0}', 1, 0, 0, 0, 0"
            try SQLiteJobStore.makeFile(
                path: path,
                steps: 7,
                """
                INSERT INTO workspaces VALUES ('default', 1);
                INSERT INTO api_keys (hash, name, label, workspace, is_management, created_at)
                    VALUES ('k', 'k', 'k', 'default', 0, 0);
                INSERT INTO jobs (\(columns)) VALUES (zeroblob(16), \(rest), 86400000),
                    (x'00000000000000000000000000000001', \(rest), 86399999),
                    (x'00000000000000000000000000000002', \(rest), 86400001);
                INSERT INTO holds (job, workspace, amount_nano, state, charged_nano)
                    SELECT id, 'default', 9, 'posted', 3 FROM jobs;
                """
            )
            let store = try SQLiteJobStore(path: path)
            let days = try store.rowsRaw("SELECT day, charged_nano, byok_list_nano FROM workspace_usage ORDER BY day")
            #expect(days == [["0", "3", "0"], ["1", "6", "0"]])
            #expect(try store.rowsRaw("SELECT DISTINCT platform_nano FROM holds") == [["0"]])
            try store.close()
        }
    }

    @Test func messagesOfAnEarlierVersionAreDeliveredToo() async throws {
        try await TemporaryDatabase.with { path in
            try SQLiteJobStore.makeFile(
                path: path,
                steps: 2,
                """
                INSERT INTO outbox (job, version, state, url, created_at, due_at, delivered_at) VALUES
                    (zeroblob(16), 4, 'failed', 'https://A.example:8443?x=/y', 70, 70, NULL),
                    (zeroblob(16), 5, 'completed', 'https://a.example:8443/later', 90, 90, NULL),
                    (zeroblob(16), 6, 'completed', 'http://b/done', 50, 50, 60)
                """
            )
            let store = try SQLiteJobStore(path: path)
            let origins = try store.rowsRaw("SELECT origin, due_at FROM outbox_origins")
            #expect(origins == [["https://a.example:8443", "70"]])
            let now = Timestamp(milliseconds: 80)
            let claim = try await store.claimDeliveries(now: now, until: now, busy: [:], perOrigin: 9, limit: 9)
            #expect(claim.deliveries.map(\.message.url) == ["https://A.example:8443?x=/y"])
            #expect(claim.deliveries.map(\.message.origin) == ["https://a.example:8443"])
            try store.close()
        }
    }

    @Test func workspacesOfAnEarlierVersionGetAnIdentifier() async throws {
        try await TemporaryDatabase.with { path in
            try SQLiteJobStore.makeFile(
                path: path,
                steps: Migrations.steps.firstIndex(of: Migrations.keyTerms) ?? 0,
                """
                INSERT INTO workspaces (name, created_at) VALUES ('default', 5), ('film-club', 7);
                INSERT INTO api_keys (hash, name, label, workspace, limit_nano, is_management, created_at)
                    VALUES ('a', 'n', 'l', 'default', 9, 0, 5)
                """
            )
            let store = try SQLiteJobStore(path: path)
            let profiles = try await store.workspaceProfiles()
            #expect(profiles.map(\.name) == ["default", "film-club"])
            #expect(profiles.map(\.title) == ["Default", "Film-club"])
            #expect(profiles.map(\.createdAt.milliseconds) == [5, 7])
            #expect(Set(profiles.map(\.id)).count == 2)
            let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}/
            #expect(profiles.allSatisfy { $0.id.wholeMatch(of: form) != nil }, "\(profiles.map(\.id))")
            let key = try await store.key(hash: "a")
            #expect(key?.limitReset == .lifetime && key?.isDisabled == false)
            try store.close()
            // The identifier stays.
            let again = try SQLiteJobStore(path: path)
            #expect(try await again.workspaceProfiles() == profiles)
            try again.close()
        }
    }
}
