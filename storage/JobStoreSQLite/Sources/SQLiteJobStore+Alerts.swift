import GRDB
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func setAlertThresholds(_ percents: [Int]) async throws {
        try await writer.write { db in
            try db.run("DELETE FROM alert_thresholds")
            for percent in percents {
                try db.run("INSERT OR IGNORE INTO alert_thresholds (percent) VALUES (?)", [.integer(percent)])
            }
        }
    }

    package func claimAlerts(now: Timestamp, until: Timestamp, limit: Int) async throws -> [SpendingAlert] {
        // Most of the time there is none: that takes no turn of the writer.
        let isAnyDue = try await pool.read { db in
            try db.integer("SELECT 1 FROM spending_alerts WHERE sent_at IS NULL AND due_at <= ? LIMIT 1", [.time(now)])
        }
        guard isAnyDue != nil else { return [] }
        return try await writer.write { db in
            let due = try db.rows(AlertSQL.due, [.time(now), .integer(limit)]).map(SpendingAlert.init)
            for alert in due {
                try db.run(
                    "UPDATE spending_alerts SET due_at = ?, tries = tries + 1 WHERE id = ?",
                    [.time(until), .integer(alert.id)]
                )
            }
            return due
        }
    }

    package func recordAlert(_ id: Int64, retryAt: Timestamp?, at now: Timestamp) async throws {
        try await writer.write { db in
            try db.run(
                """
                UPDATE spending_alerts SET sent_at = iif(?1 IS NULL, ?2, NULL), due_at = ifnull(?1, due_at)
                WHERE id = ?3 AND sent_at IS NULL
                """,
                [.time(retryAt), .time(now), .integer(id)]
            )
        }
    }
}

extension Database {
    /// Writes the alerts that the spending of a key and its workspace gives cause for, each once.
    ///
    /// Part of the transaction that opens or resolves a hold. Without thresholds it is one look at an empty table.
    func noteSpending(key hash: String, workspace: String, at now: Timestamp) throws {
        let percents = try rows("SELECT percent FROM alert_thresholds ORDER BY percent").map { row -> Int in row[0] }
        guard !percents.isEmpty else { return }
        let periods = UsagePeriods(at: now)
        if let (limit, spent, period) = try keySpending(of: hash, at: now) {
            for percent in SpendingAlert.reached(percents, spent: spent, of: limit) {
                try note(.key, workspace, hash, period, periods, percent, limit, spent, now)
            }
        }
        for standing in try budgets(of: workspace, in: periods) {
            let (limit, spent) = (standing.budget.limit, standing.spent)
            for percent in SpendingAlert.reached(percents, spent: spent, of: limit) {
                try note(.workspace, workspace, nil, standing.budget.period, periods, percent, limit, spent, now)
            }
        }
    }

    /// Writes that a limit is used up, when that is what a job is refused for: what is left of it is of no use.
    ///
    /// A limit of which nothing is spent yet is not used up: the job is too large for it.
    func noteRefusal(_ refusal: AdmissionOutcome, of job: NewJob) throws {
        let (now, full) = (job.createdAt, SpendingAlert.full)
        let periods = UsagePeriods(at: now)
        guard try integer("SELECT 1 FROM alert_thresholds WHERE percent = ?", [.integer(full)]) != nil else { return }
        if case .keyLimitReached = refusal, let (limit, spent, period) = try keySpending(of: job.keyHash, at: now),
            spent > .zero
        {
            try note(.key, job.workspace, job.keyHash, period, periods, full, limit, spent, now)
        }
        if case .budgetReached(let period, let limit, let remaining) = refusal, remaining < limit {
            let spent = try limit.subtracting(remaining)
            try note(.workspace, job.workspace, nil, period, periods, full, limit, spent, now)
        }
    }

    private func note(
        _ subject: SpendingAlert.Subject,
        _ workspace: String,
        _ hash: String?,
        _ period: SpendingPeriod,
        _ periods: UsagePeriods,
        _ percent: Int,
        _ limit: Credits,
        _ spent: Credits,
        _ now: Timestamp
    ) throws {
        try run(
            """
            INSERT INTO spending_alerts (workspace, key_hash, subject, period, period_start, percent, limit_nano,
                spent_nano, created_at, due_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
            ON CONFLICT (subject, period, period_start, limit_nano, percent) DO NOTHING
            """,
            [
                .text(workspace), .text(hash), .text("\(subject.rawValue):\(hash ?? workspace)"),
                .text(period.rawValue), .integer(periods.start(of: period) ?? 0), .integer(percent), .amount(limit),
                .amount(spent), .time(now),
            ]
        )
    }
}

/// The statements about alerts; their plans are tested.
enum AlertSQL {
    static let due = """
        SELECT id, subject, workspace, key_hash, period, period_start, percent, limit_nano, spent_nano, created_at,
            tries + 1
        FROM spending_alerts WHERE sent_at IS NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?
        """
}

extension SpendingAlert {
    fileprivate init(_ row: Row) throws {
        let period = try row.period(4)
        let keyHash: String? = row[3]
        self.init(
            id: row[0],
            subject: keyHash == nil ? .workspace : .key,
            workspace: row[2],
            keyHash: keyHash,
            period: period,
            periodStart: period == .lifetime ? nil : row[5],
            percent: row[6],
            limit: Credits(nanoUSD: row[7]),
            spent: Credits(nanoUSD: row[8]),
            createdAt: Timestamp(milliseconds: row[9]),
            tries: row[10]
        )
    }
}
