import ConformanceKit
import JobCore
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
        "UPDATE accounts SET balance_nano = -1 WHERE name = 'available:default'",
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
