import ConformanceKit
import JobCore
import Ledger
import Testing

@testable import JobStoreSQLite

/// An audit of fees, own keys and prices finds what no operation of the store could have done.
@Suite struct AuditMoneyTests {
    typealias Tampering = AuditTests.Tampering

    private static let job = "(SELECT substr(id, 8) FROM transfers WHERE id LIKE 'settle:%' LIMIT 1)"
    private static let own = "(SELECT id FROM jobs WHERE state_data LIKE '%byokListPrice%')"

    static let tamperings = [
        // A second settlement, with all balances as if it were right.
        Tampering(
            """
            INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at)
                SELECT 'settle:again', 'available:default', 'provider_cost', 5, \(job), 0;
            UPDATE accounts SET balance_nano = balance_nano - 5 WHERE name = 'available:default';
            UPDATE accounts SET balance_nano = balance_nano + 5 WHERE name = 'provider_cost';
            """,
            "settled_twice"
        ),
        Tampering(
            """
            INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at)
                SELECT 'settle:again:' || \(job), 'held:default', 'provider_cost', 5, \(job), 0;
            """,
            "settled_twice",
            "balance_cached",
            "usage_sum"
        ),
        // A movement of a job that never was.
        Tampering(
            """
            INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at)
                VALUES ('settle:job_x', 'available:default', 'provider_cost', 5, 'job_x', 0);
            UPDATE accounts SET balance_nano = balance_nano - 5 WHERE name = 'available:default';
            UPDATE accounts SET balance_nano = balance_nano + 5 WHERE name = 'provider_cost';
            """,
            "posting_without_job"
        ),
        Tampering(
            """
            INSERT INTO accounts VALUES ('provider_loss', -5);
            INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at)
                VALUES ('loss:late:job_x', 'provider_loss', 'provider_cost', 5, 'job_x', 0);
            UPDATE accounts SET balance_nano = balance_nano + 5 WHERE name = 'provider_cost';
            """,
            "posting_without_job",
            "late_loss"
        ),
        Tampering(
            """
            INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at)
                SELECT 'adjust:x', 'available:default', 'adjustments', balance_nano + 1, '', 0 FROM accounts
                WHERE name = 'available:default';
            UPDATE accounts SET balance_nano = balance_nano + (SELECT amount_nano FROM transfers WHERE id = 'adjust:x')
                WHERE name = 'adjustments';
            UPDATE accounts SET balance_nano = -1 WHERE name = 'available:default';
            """,
            "overdrawn"
        ),
        Tampering("UPDATE price_snapshots SET sheet = replace(sheet, '\"0.1\"', '\"0.2\"')", "price_changed"),
        Tampering("UPDATE price_snapshots SET sheet = sheet || ' '", "price_changed"),
        Tampering("UPDATE price_snapshots SET sha256 = 'x' WHERE id = 1", "price_changed"),
        Tampering(
            "UPDATE holds SET platform_nano = platform_nano - 1 WHERE platform_nano > 0",
            "platform_share",
            "hold_resolved_once",
            "usage_row"
        ),
        Tampering(
            "UPDATE transfers SET to_account = 'provider_cost' WHERE id LIKE 'fee:%'",
            "balance_cached",
            "hold_resolved_once",
            "usage_sum"
        ),
        Tampering(
            "DELETE FROM transfers WHERE id LIKE 'fee:%'",
            "balance_cached",
            "hold_resolved_once",
            "usage_sum"
        ),
        Tampering(
            "UPDATE jobs SET state_data = json_set(state_data, '$.completed._0.bill.lines[0].amount', 7) WHERE id = \(own)",
            "bill_sum"
        ),
        Tampering(
            "UPDATE jobs SET state_data = json_set(state_data, '$.completed._0.bill.byokListPrice', 7) WHERE id = \(own)",
            "workspace_usage",
            "key_byok_usage",
            "usage_row"
        ),
        Tampering("UPDATE workspace_usage SET charged_nano = charged_nano + 1", "workspace_usage"),
        Tampering("UPDATE workspace_usage SET byok_list_nano = byok_list_nano + 1", "workspace_usage"),
        Tampering("UPDATE workspace_usage SET day = day + 1", "workspace_usage"),
        Tampering("DELETE FROM workspace_usage", "workspace_usage"),
        Tampering("UPDATE key_byok_usage SET list_nano = list_nano + 1", "key_byok_usage"),
        Tampering("DELETE FROM key_byok_usage", "key_byok_usage"),
        Tampering(
            """
            DROP INDEX attempts_remote_id;
            UPDATE attempts SET remote_id = (SELECT min(remote_id) FROM attempts) WHERE remote_id IS NOT NULL
            """,
            "remote_id_twice"
        ),
        Tampering("DELETE FROM outbox", "outbox_missing"),
        Tampering("UPDATE outbox SET version = version - 1", "outbox_missing"),
    ]

    @Test(arguments: tamperings)
    func finds(_ tampering: Tampering) async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            let fee = try #require(ExactDecimal("10"))
            for terms in [
                PriceTerms(markupPercent: fee, feePercent: fee), PriceTerms(byok: BYOKTerms(feePercent: fee)),
            ] {
                try await complete(under: terms, &driver)
            }
            var parameters = JobParameters()
            parameters.callbackURL = "https://client.example/hook"
            _ = try await driver.job(in: .failed, parameters: parameters)
            _ = try await driver.job(in: .running)
            #expect(try await store.audit().findings == [])
            try store.runRaw("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            try store.runRaw("DROP TRIGGER transfers_never_change; DROP TRIGGER transfers_never_go")
            try store.runRaw(tampering.sql)
            let findings = try await store.audit().findings
            #expect(Set(findings.map(\.rule)) == tampering.rules, "\(findings)")
        }
    }

    /// Of many transfers each looks for its job: not through all of them.
    @Test func aTransferFindsItsJobByIndex() async throws {
        try await TemporaryDatabase.withStore { store in
            for name in ["settled_twice", "posting_without_job"] {
                let rule = try #require(AuditRule.money.first { $0.name == name })
                let plan = try store.plan(of: rule.sql)
                let isByIndex = plan.contains { $0.contains("SEARCH jobs") && $0.contains("autoindex_jobs_1") }
                #expect(isByIndex, "\(plan)")
            }
        }
    }

    private func complete(under terms: PriceTerms, _ driver: inout JobDriver) async throws {
        let prices = JobFixtures.prices.with(terms)
        let usage = MeteredUsage(quantities: [.second: ExactDecimal(4)])
        let hold = try prices.bill(usage, rounding: .up).total
        let job = try await driver.admit(driver.fixtures.newJob(driver.key, hold: hold, prices: prices))
        let script = JobScript(job.admitted)
        let end = JobEvent.artifactsStored(script.artifacts, try prices.bill(usage, rounding: .halfToEven))
        try await driver.commit(script.way(to: .storing) + [end], of: job)
    }
}
