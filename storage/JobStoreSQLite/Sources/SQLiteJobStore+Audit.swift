import GRDB
package import JobCore

extension SQLiteJobStore {
    /// All rules look at the same snapshot: jobs may move meanwhile.
    package func audit() async throws -> AuditReport {
        try await pool.read { db in
            var findings: [AuditFinding] = []
            let rules =
                AuditRule.all + AuditRule.money + AuditRule.payments + AuditRule.outside + AuditRule.usage
                + AuditRule.late
            for rule in rules {
                findings += try db.rows(rule.sql).map { row in
                    AuditFinding(rule: rule.name, subject: row[0], detail: row[1])
                }
            }
            return AuditReport(
                jobs: try db.count("jobs"),
                transfers: try db.count("transfers"),
                events: try db.count("events"),
                artifacts: try db.count("artifacts"),
                findings: findings
            )
        }
    }
}

extension Database {
    fileprivate func count(_ table: String) throws -> Int { Int(try integer("SELECT count(*) FROM \(table)") ?? 0) }
}

/// One thing that must hold: a statement that finds where it does not, as subject and detail.
struct AuditRule {
    let name: String
    let sql: String

    init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }

    static let all = [
        AuditRule(
            "sum_zero",
            "SELECT 'ledger', 'the sum of all accounts is ' || sum(balance_nano) FROM accounts HAVING sum(balance_nano) <> 0"
        ),
        AuditRule(
            "balance_cached",
            """
            SELECT names.name, 'cached ' || ifnull(balance_nano, 'nothing') || ', transfers make ' || ifnull(total, 0)
            FROM (SELECT name FROM accounts UNION SELECT from_account FROM transfers
                    UNION SELECT to_account FROM transfers) AS names
                LEFT JOIN accounts ON accounts.name = names.name
                LEFT JOIN (
                    SELECT account, sum(amount) AS total FROM (
                        SELECT to_account AS account, amount_nano AS amount FROM transfers
                        UNION ALL SELECT from_account, -amount_nano FROM transfers
                    ) GROUP BY account
                ) AS sums ON sums.account = names.name
            WHERE balance_nano IS NOT ifnull(total, 0)
            """
        ),
        AuditRule(
            "held_sum",
            """
            SELECT 'held:' || workspaces.name,
                'holds ' || ifnull(balance_nano, 0) || ', open holds make ' || ifnull(total, 0)
            FROM workspaces
                LEFT JOIN accounts ON accounts.name = 'held:' || workspaces.name
                LEFT JOIN (
                    SELECT workspace, sum(amount_nano) AS total FROM holds WHERE state = 'pending' GROUP BY workspace
                ) AS sums ON sums.workspace = workspaces.name
            WHERE ifnull(balance_nano, 0) <> ifnull(total, 0)
            """
        ),
        AuditRule(
            "hold_resolved_once",
            """
            SELECT job_text(jobs.id), jobs.state || ', its hold is ' || ifnull(holds.state, 'missing')
            FROM jobs LEFT JOIN holds ON holds.job = jobs.id
            WHERE holds.state IS NULL OR (holds.state = 'pending') <> (jobs.finished_at IS NULL)
            """
        ),
        AuditRule(
            "hold_resolved_once",
            """
            SELECT job_text(jobs.id), 'admitted at ' || jobs.hold_nano || ' of ' || jobs.workspace
                || ', its hold is ' || holds.amount_nano || ' of ' || holds.workspace
            FROM jobs JOIN holds ON holds.job = jobs.id
            WHERE holds.amount_nano <> jobs.hold_nano OR holds.workspace <> jobs.workspace
            """
        ),
        // The transfers of a hold, by their ids: opened in full, and resolved by three that make it up.
        transfers("hold", amount: "amount_nano", from: "available", to: "'held:' || workspace"),
        transfers("settle", amount: "ifnull(charged_nano, 0) - platform_nano", from: "held", to: "'provider_cost'"),
        transfers("fee", amount: "platform_nano", from: "held", to: "'platform_fee'"),
        transfers(
            "release",
            amount: "CASE state WHEN 'pending' THEN 0 ELSE amount_nano - ifnull(charged_nano, 0) END",
            from: "held",
            to: "'available:' || workspace"
        ),
        AuditRule(
            "charge_due",
            """
            SELECT job_text(jobs.id), jobs.state || ' at ' || due || ', charged ' || ifnull(charged_nano, 'nothing')
            FROM (
                SELECT id, state, CASE state
                    WHEN 'completed' THEN json_extract(state_data, '$.completed._0.bill.total')
                    WHEN 'cancelled' THEN json_extract(state_data, '$.cancelled._0.charged')
                    ELSE 0 END AS due
                FROM jobs WHERE finished_at IS NOT NULL
            ) AS jobs JOIN holds ON holds.job = jobs.id
            WHERE ifnull(charged_nano, 0) <> due
            """
        ),
        AuditRule(
            "key_committed",
            """
            SELECT label, 'committed ' || committed_nano || ', its jobs make ' || ifnull(total, 0)
            FROM api_keys LEFT JOIN (
                SELECT key_hash, sum(CASE holds.state WHEN 'pending' THEN amount_nano ELSE ifnull(charged_nano, 0) END)
                    AS total
                FROM jobs JOIN holds ON holds.job = jobs.id GROUP BY key_hash
            ) AS sums ON sums.key_hash = api_keys.hash
            WHERE committed_nano <> ifnull(total, 0)
            """
        ),
        AuditRule(
            "key_usage",
            """
            SELECT label, 'charged ' || ifnull(sum(charged), 0) || ' on day ' || day || ', its jobs make '
                || ifnull(sum(due), 0)
            FROM (
                SELECT key_hash, day, charged_nano AS charged, 0 AS due FROM key_usage
                UNION ALL SELECT key_hash, finished_at / 86400000, 0, charged_nano
                    FROM jobs JOIN holds ON holds.job = jobs.id WHERE charged_nano > 0
            ) AS days LEFT JOIN api_keys ON api_keys.hash = days.key_hash
            GROUP BY days.key_hash, day HAVING sum(charged) <> sum(due)
            """
        ),
        AuditRule(
            "event_gap",
            """
            SELECT job_text(jobs.id), 'version ' || jobs.version || ', ' || ifnull(count, 0) || ' events from '
                || ifnull(first, 'none') || ' to ' || ifnull(last, 'none')
            FROM jobs LEFT JOIN (
                SELECT job, count(*) AS count, min(version) AS first, max(version) AS last FROM events GROUP BY job
            ) AS events ON events.job = jobs.id
            WHERE count IS NOT jobs.version OR first IS NOT 1 OR last IS NOT jobs.version
            """
        ),
        AuditRule(
            "event_state",
            """
            SELECT job_text(jobs.id), 'is ' || jobs.state || ', its last event says ' || events.state
            FROM jobs JOIN events ON events.job = jobs.id AND events.version = jobs.version
            WHERE events.state <> jobs.state
            """
        ),
        AuditRule(
            "artifact_recorded",
            """
            SELECT job_text(jobs.id), 'artifact ' || json_extract(told.value, '$.index') || ' is not recorded as told'
            FROM jobs, json_each(jobs.state_data, '$.completed._0.artifacts') AS told
                LEFT JOIN artifacts ON artifacts.job = jobs.id
                    AND artifacts.number = json_extract(told.value, '$.index')
            WHERE jobs.state = 'completed' AND (artifacts.key IS NOT json_extract(told.value, '$.key')
                OR artifacts.sha256 IS NOT json_extract(told.value, '$.sha256')
                OR artifacts.bytes IS NOT json_extract(told.value, '$.bytes'))
            """
        ),
        AuditRule(
            "artifact_recorded",
            """
            SELECT job_text(jobs.id), jobs.state || ', ' || count(*) || ' artifacts are recorded'
            FROM artifacts JOIN jobs ON jobs.id = artifacts.job
            GROUP BY jobs.id
            HAVING count(*) <> ifnull(json_array_length(jobs.state_data, '$.completed._0.artifacts'), 0)
                + (SELECT ifnull(sum(artifact_count), 0) FROM late_results WHERE late_results.job = jobs.id)
            """
        ),
        AuditRule(
            "request_missing",
            """
            SELECT job_text(jobs.id), 'nothing says what it is to make'
            FROM jobs LEFT JOIN job_requests ON job_requests.job = jobs.id WHERE job_requests.job IS NULL
            """
        ),
        AuditRule(
            "attempt_missing",
            """
            SELECT job_text(id), state || ' without an attempt' FROM jobs
            WHERE state IN ('submitting', 'running', 'storing', 'completed')
                AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.job = jobs.id)
            """
        ),
        AuditRule(
            "customer_key_kept",
            """
            SELECT job_text(jobs.id), 'its key is not kept, and it is served with ' || account
            FROM jobs JOIN endpoints ON endpoints.id = jobs.endpoint
            WHERE finished_at IS NULL AND account LIKE 'byok:%' AND NOT EXISTS (
                SELECT 1 FROM customer_key_jobs WHERE customer_key_jobs.job = jobs.id AND 'byok:' || customer_key = account
            )
            UNION ALL
            SELECT job_text(jobs.id), 'kept is ' || customer_key || ', which it does not need'
            FROM customer_key_jobs JOIN jobs ON jobs.id = customer_key_jobs.job
                JOIN endpoints ON endpoints.id = jobs.endpoint
            WHERE finished_at IS NOT NULL OR ('byok:' || customer_key <> account AND NOT EXISTS (
                SELECT 1 FROM job_routes JOIN endpoints ON endpoints.id = job_routes.endpoint
                WHERE job_routes.job = jobs.id AND account = 'byok:' || customer_key
            ))
            """
        ),
        AuditRule(
            "job_count",
            """
            SELECT job_counts.state, 'counted ' || job_counts.jobs || ', there are ' || ifnull(found, 0)
            FROM job_counts LEFT JOIN (SELECT state, count(*) AS found FROM jobs GROUP BY state) AS jobs
                ON jobs.state = job_counts.state
            WHERE job_counts.jobs <> ifnull(found, 0)
            """
        ),
        AuditRule(
            "reference_broken",
            """
            SELECT "table", 'row ' || ifnull(rowid, 'unknown') || ' refers to nothing in ' || parent
            FROM pragma_foreign_key_check
            """
        ),
    ]

    /// What came late: its artifacts are there, and its loss is booked once, and for nothing else.
    static let late = [
        AuditRule(
            "artifact_recorded",
            """
            SELECT job_text(late_results.job), artifact_count || ' artifacts came late, ' || count(artifacts.number)
                || ' are recorded'
            FROM late_results LEFT JOIN artifacts ON artifacts.job = late_results.job
                AND artifacts.number >= first_number AND artifacts.number < first_number + artifact_count
            GROUP BY late_results.job, remote_id HAVING count(artifacts.number) <> artifact_count
            """
        ),
        AuditRule(
            "late_loss",
            """
            SELECT job_text(job), 'a loss of ' || loss_nano || ' is booked as ' || ifnull(amount_nano, 'nothing')
            FROM late_results LEFT JOIN transfers ON transfers.id = 'loss:late:' || remote_id || ':' || job_text(job)
            WHERE ifnull(amount_nano, 0) <> loss_nano OR (amount_nano IS NOT NULL
                AND (from_account <> 'provider_loss' OR to_account <> 'provider_cost'))
            """
        ),
        AuditRule(
            "late_loss",
            """
            SELECT transfers.id, 'booked, and nothing came late' FROM transfers
            WHERE id GLOB 'loss:late:*' AND NOT EXISTS (SELECT 1 FROM late_results
                WHERE 'loss:late:' || remote_id || ':' || job_text(job) = transfers.id)
            """
        ),
    ]

    private static func transfers(_ kind: String, amount: String, from: String, to: String) -> AuditRule {
        AuditRule(
            "hold_resolved_once",
            """
            SELECT job_text(job), '\(kind) of ' || due || ' is booked as ' || ifnull(transfers.amount_nano, 'nothing')
            FROM (SELECT job, workspace, \(amount) AS due FROM holds) AS holds
                LEFT JOIN transfers ON transfers.id = '\(kind):' || job_text(job)
            WHERE ifnull(transfers.amount_nano, 0) <> due OR (transfers.amount_nano IS NOT NULL
                AND (from_account <> '\(from):' || workspace OR to_account <> \(to)))
            """
        )
    }
}
