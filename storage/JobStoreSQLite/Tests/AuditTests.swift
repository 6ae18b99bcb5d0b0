import ConformanceKit
import JobCore
import Testing

@testable import JobStoreSQLite

/// An audit finds what no operation of the store could have done.
@Suite struct AuditTests {
    /// What is done to the database behind the store's back, and the rules that no longer hold then.
    struct Tampering: Sendable, CustomTestStringConvertible {
        let sql: String
        let rules: Set<String>
        var testDescription: String { sql }

        init(_ sql: String, _ rules: String...) {
            self.sql = sql
            self.rules = Set(rules)
        }
    }

    private static let completed = "(SELECT id FROM jobs WHERE state = 'completed')"
    private static let queued = "(SELECT id FROM jobs WHERE state = 'queued')"

    static let tamperings = [
        Tampering(
            "UPDATE accounts SET balance_nano = balance_nano + 1 WHERE name = 'adjustments'",
            "sum_zero",
            "balance_cached"
        ),
        Tampering(
            """
            UPDATE accounts SET balance_nano = balance_nano + 1 WHERE name = 'available:default';
            UPDATE accounts SET balance_nano = balance_nano - 1 WHERE name = 'provider_cost';
            """,
            "balance_cached"
        ),
        Tampering(
            "DELETE FROM accounts WHERE name = 'provider_cost'",
            "sum_zero",
            "balance_cached",
            "reference_broken"
        ),
        Tampering("DELETE FROM transfers WHERE id LIKE 'grant:%'", "balance_cached"),
        Tampering(
            "DELETE FROM transfers WHERE id LIKE 'settle:%'",
            "balance_cached",
            "hold_resolved_once",
            "usage_sum"
        ),
        Tampering("DELETE FROM transfers WHERE id LIKE 'release:%'", "balance_cached", "hold_resolved_once"),
        Tampering("DELETE FROM transfers WHERE id LIKE 'hold:%'", "balance_cached", "hold_resolved_once"),
        Tampering(
            "UPDATE transfers SET amount_nano = amount_nano - 1 WHERE id LIKE 'settle:%'",
            "balance_cached",
            "hold_resolved_once",
            "usage_sum"
        ),
        Tampering(
            "UPDATE transfers SET to_account = 'platform_fee' WHERE id LIKE 'settle:%'",
            "balance_cached",
            "hold_resolved_once",
            "reference_broken",
            "usage_sum"
        ),
        Tampering("DELETE FROM holds WHERE job = \(queued)", "hold_resolved_once", "held_sum", "key_committed"),
        Tampering(
            "UPDATE holds SET state = 'voided' WHERE job = \(queued)",
            "hold_resolved_once",
            "held_sum",
            "key_committed"
        ),
        Tampering(
            "UPDATE holds SET state = 'pending', charged_nano = NULL WHERE job = \(completed)",
            "hold_resolved_once",
            "held_sum",
            "key_committed",
            "key_usage",
            "workspace_usage",
            "charge_due",
            "usage_row"
        ),
        Tampering(
            "UPDATE holds SET charged_nano = charged_nano + 1 WHERE job = \(completed)",
            "hold_resolved_once",
            "key_committed",
            "key_usage",
            "workspace_usage",
            "charge_due",
            "usage_row"
        ),
        Tampering("UPDATE jobs SET hold_nano = hold_nano + 1 WHERE state = 'running'", "hold_resolved_once"),
        Tampering("UPDATE api_keys SET committed_nano = committed_nano + 1", "key_committed"),
        Tampering("UPDATE key_usage SET charged_nano = charged_nano + 1", "key_usage"),
        Tampering("UPDATE key_usage SET day = day + 1", "key_usage"),
        Tampering("DELETE FROM key_usage", "key_usage"),
        Tampering("DELETE FROM events WHERE version = 1 AND job = \(completed)", "event_gap"),
        Tampering("DELETE FROM events WHERE version = 3 AND job = \(completed)", "event_gap"),
        Tampering("DELETE FROM events WHERE job = \(queued)", "event_gap"),
        Tampering(
            "DELETE FROM events WHERE job = \(completed) AND version = (SELECT version FROM jobs WHERE id = job)",
            "event_gap"
        ),
        Tampering("UPDATE jobs SET version = version + 1 WHERE state = 'running'", "event_gap"),
        Tampering("UPDATE events SET state = 'failed' WHERE version = 1 AND job = \(queued)", "event_state"),
        Tampering("DELETE FROM artifacts", "artifact_recorded"),
        Tampering("DELETE FROM artifacts WHERE number = 1", "artifact_recorded"),
        Tampering("UPDATE artifacts SET sha256 = 'other' WHERE number = 0", "artifact_recorded"),
        Tampering("UPDATE artifacts SET bytes = 1", "artifact_recorded"),
        Tampering(
            """
            INSERT INTO artifacts (job, number, key, media_type, bytes, sha256, created_at)
            VALUES (\(queued), 0, 'artifacts/x/y', 'image/png', 1, 'x', 0)
            """,
            "artifact_recorded"
        ),
        Tampering("UPDATE job_counts SET jobs = jobs + 1 WHERE state = 'queued'", "job_count"),
        Tampering("DELETE FROM job_requests WHERE job = \(queued)", "request_missing"),
        Tampering("DELETE FROM usage WHERE state = 'completed'", "usage_row", "usage_sum"),
        Tampering("DELETE FROM usage WHERE state = 'failed'", "usage_row"),
        Tampering("UPDATE usage SET charged_nano = charged_nano + 1", "usage_row", "usage_sum"),
        Tampering("UPDATE usage SET key_hash = 'other'", "usage_row"),
        Tampering("UPDATE usage SET finished_at = finished_at + 1", "usage_row"),
        Tampering(
            """
            INSERT INTO usage SELECT workspace, finished_at, \(queued), key_hash, type, model, provider, account, end_user,
                session_id, state, is_byok, charged_nano, fee_nano, list_nano, created_at, started_at, milliseconds, images,
                outputs, input_tokens, output_tokens, characters FROM usage WHERE state = 'failed'
            """,
            "usage_row"
        ),
        Tampering("DELETE FROM attempts WHERE job = \(completed)", "attempt_missing"),
        Tampering("DELETE FROM jobs WHERE state = 'failed'", "reference_broken", "posting_without_job"),
    ]

    @Test(arguments: tamperings)
    func finds(_ tampering: Tampering) async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            for situation in [JobSituation.queued, .running, .completed, .failed] {
                _ = try await driver.job(in: situation)
            }
            #expect(try await store.audit().findings == [])
            try store.runRaw("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            try store.runRaw("DROP TRIGGER transfers_never_change; DROP TRIGGER transfers_never_go")
            try store.runRaw(tampering.sql)
            let findings = try await store.audit().findings
            #expect(Set(findings.map(\.rule)) == tampering.rules, "\(findings)")
        }
    }
}
