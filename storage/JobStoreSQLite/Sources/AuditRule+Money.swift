/// What must hold of money besides the sums: each movement has one cause, each cause moved it once, and what was counted
/// is what was booked.
extension AuditRule {
    static let money = [
        // A transfer of a job has one of a few ids: any other is the same movement once more.
        AuditRule(
            "settled_twice",
            """
            SELECT transfers.id, amount_nano || ' from ' || from_account || ' to ' || to_account || ' besides those of '
                || cause
            FROM transfers JOIN jobs ON jobs.id = job_bytes(transfers.cause)
            WHERE \(isOfJobs) AND transfers.id NOT IN ('hold:' || cause, 'settle:' || cause, 'fee:' || cause,
                'release:' || cause) AND NOT transfers.id GLOB 'loss:*:' || cause
            """
        ),
        AuditRule(
            "posting_without_job",
            """
            SELECT transfers.id, amount_nano || ' from ' || from_account || ' to ' || to_account || ', there is no job '
                || cause
            FROM transfers LEFT JOIN jobs ON jobs.id = job_bytes(transfers.cause)
            WHERE jobs.id IS NULL AND \(isOfJobs)
            """
        ),
        AuditRule(
            "overdrawn",
            """
            SELECT name, 'has ' || balance_nano || ', and nothing was refunded or charged back'
            FROM accounts
            WHERE balance_nano < 0 AND name GLOB 'available:*' AND NOT EXISTS (
                SELECT 1 FROM transfers WHERE from_account = accounts.name AND to_account = 'purchases'
                    AND (id GLOB 'refund:*' OR id GLOB 'chargeback:*'))
            """
        ),
        AuditRule(
            "bill_sum",
            """
            SELECT job_text(id), 'the lines make ' || ifnull(lines, 0) || ', the bill says ' || total
            FROM (
                SELECT id, json_extract(state_data, '$.completed._0.bill.total') AS total,
                    (SELECT sum(json_extract(value, '$.amount'))
                        FROM json_each(state_data, '$.completed._0.bill.lines')) AS lines
                FROM jobs WHERE state = 'completed'
            ) WHERE total IS NOT ifnull(lines, 0)
            """
        ),
        AuditRule(
            "platform_share",
            """
            SELECT job_text(id), 'the bill makes ' || due || ', booked ' || platform_nano
            FROM (
                SELECT id, platform_nano, (SELECT ifnull(sum(json_extract(value, '$.amount')), 0)
                    FROM json_each(state_data, '$.completed._0.bill.lines')
                    WHERE json_extract(value, '$.unit') IN ('markup', 'platform_fee')) AS due
                FROM jobs JOIN holds ON holds.job = jobs.id
            ) WHERE platform_nano <> due
            """
        ),
        usage(
            "workspace_usage",
            counted:
                "SELECT workspace AS owner, day, charged_nano AS charged, byok_list_nano AS listed FROM workspace_usage",
            booked: "jobs.workspace, finished_at / 86400000, ifnull(charged_nano, 0), \(listPrice)"
        ),
        usage(
            "key_byok_usage",
            counted: "SELECT key_hash AS owner, day, 0 AS charged, list_nano AS listed FROM key_byok_usage",
            booked: "key_hash, finished_at / 86400000, 0, \(listPrice)"
        ),
        AuditRule(
            "price_changed",
            """
            SELECT 'price snapshot ' || id, 'is ' || sha256_text(sheet) || ', was ' || sha256
            FROM price_snapshots WHERE sha256_text(sheet) <> sha256
            """
        ),
    ]

    /// What must hold of what providers and clients are told.
    static let outside = [
        AuditRule(
            "remote_id_twice",
            """
            SELECT job_text(min(job)), count(*) || ' attempts have the id ' || remote_id || ' at ' || provider || '/'
                || account
            FROM attempts WHERE remote_id IS NOT NULL
            GROUP BY provider, account, remote_id HAVING count(*) > 1
            """
        ),
        AuditRule(
            "outbox_missing",
            """
            SELECT job_text(jobs.id), jobs.state || ', and no message says so to its client'
            FROM jobs JOIN job_requests ON job_requests.job = jobs.id
            WHERE finished_at IS NOT NULL AND json_extract(parameters, '$.callbackURL') IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.job = jobs.id AND outbox.version = jobs.version)
            """
        ),
    ]

    /// Whether a transfer is one that only jobs make.
    private static let isOfJobs = """
        (from_account GLOB 'held:*' OR to_account GLOB 'held:*'
            OR from_account GLOB 'available:*' AND to_account IN ('provider_cost', 'platform_fee')
            OR transfers.id GLOB 'loss:*')
        """

    private static let listPrice = "ifnull(json_extract(state_data, '$.completed._0.bill.byokListPrice'), 0)"

    /// What was counted by day is what the jobs that ended on it make.
    private static func usage(_ name: String, counted: String, booked: String) -> AuditRule {
        AuditRule(
            name,
            """
            SELECT owner, 'day ' || day || ': ' || sum(charged) || ' charged and ' || sum(listed)
                || ' by own keys; its jobs make ' || sum(charged_due) || ' and ' || sum(listed_due)
            FROM (
                SELECT *, 0 AS charged_due, 0 AS listed_due FROM (\(counted))
                UNION ALL SELECT owner, day, 0, 0, charged, listed FROM (
                    SELECT NULL AS owner, NULL AS day, NULL AS charged, NULL AS listed WHERE 0
                    UNION ALL SELECT \(booked) FROM jobs JOIN holds ON holds.job = jobs.id WHERE holds.state = 'posted'
                )
            ) GROUP BY owner, day HAVING sum(charged) <> sum(charged_due) OR sum(listed) <> sum(listed_due)
            """
        )
    }
}
