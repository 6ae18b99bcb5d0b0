import GRDB
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func spending(ofKey hash: String, in periods: UsagePeriods) async throws -> Spending? {
        try await pool.read { db in
            let committed = try db.integer("SELECT committed_nano FROM api_keys WHERE hash = ?", [.text(hash)])
            guard let committed else { return nil }
            let charged = try db.sums(MoneySQL.keyCharges, of: hash, in: periods)
            return Spending(
                charged: charged,
                byok: try db.sums(MoneySQL.keyBYOK, of: hash, in: periods),
                held: try Credits(nanoUSD: committed).subtracting(charged.total)
            )
        }
    }

    package func spending(ofWorkspace name: String, in periods: UsagePeriods) async throws -> Spending {
        try await pool.read { db in
            Spending(
                charged: try db.sums(MoneySQL.workspaceCharges, of: name, in: periods),
                byok: try db.sums(MoneySQL.workspaceBYOK, of: name, in: periods),
                held: try db.balance(of: .held(workspace: name))
            )
        }
    }
}

/// The statements about what was spent, by day.
enum MoneySQL {
    static let keyCharges = sums("charged_nano", of: "key_usage", by: "key_hash")
    static let keyBYOK = sums("list_nano", of: "key_byok_usage", by: "key_hash")
    static let workspaceCharges = sums("charged_nano", of: "workspace_usage", by: "workspace")
    static let workspaceBYOK = sums("byok_list_nano", of: "workspace_usage", by: "workspace")

    /// The list price of a workspace's own keys from a day to another, both included.
    static let byokUsed = """
        SELECT sum(byok_list_nano) FROM workspace_usage WHERE workspace = ? AND day BETWEEN ? AND ?
        """

    /// In all, and from three days on.
    private static func sums(_ column: String, of table: String, by owner: String) -> String {
        """
        SELECT ifnull(sum(\(column)), 0), ifnull(sum(\(column)) FILTER (WHERE day >= ?), 0),
            ifnull(sum(\(column)) FILTER (WHERE day >= ?), 0), ifnull(sum(\(column)) FILTER (WHERE day >= ?), 0)
        FROM \(table) WHERE \(owner) = ?
        """
    }
}

extension Database {
    /// Sums of days, by a statement that tells them in all and from three days on.
    fileprivate func sums(_ sql: String, of owner: String, in periods: UsagePeriods) throws -> PeriodSums {
        let found = try row(
            sql,
            [.integer(periods.day), .integer(periods.weekStart), .integer(periods.monthStart), .text(owner)]
        )
        guard let found else { return .none }
        return PeriodSums(
            total: Credits(nanoUSD: found[0]),
            daily: Credits(nanoUSD: found[1]),
            weekly: Credits(nanoUSD: found[2]),
            monthly: Credits(nanoUSD: found[3])
        )
    }

    /// The step that completes a job by the client's own key, as what is left of the month's allowance makes it.
    ///
    /// Read and written in one transaction: no two jobs are given the same part of an allowance.
    func afterAllowance(_ transition: JobTransition, of job: JobRow) throws -> JobTransition {
        let periods = UsagePeriods(at: transition.at)
        let used = try integer(
            MoneySQL.byokUsed,
            [.text(job.workspace), .integer(periods.monthStart), .integer(periods.day)]
        )
        return try transition.afterAllowance(
            try SharedTexts.prices.value(of: job.prices).terms,
            used: Credits(nanoUSD: used ?? 0)
        )
    }

    /// Counts what a job has cost on the day that it ended: here, and by the client's own key.
    func countSpending(_ charged: Credits, _ listPrice: Credits, of job: JobRow, at now: Timestamp) throws {
        guard charged > .zero || listPrice > .zero else { return }
        let day = UsagePeriods.day(of: now)
        try run(
            """
            INSERT INTO workspace_usage (workspace, day, charged_nano, byok_list_nano) VALUES (?, ?, ?, ?)
            ON CONFLICT (workspace, day) DO UPDATE SET charged_nano = charged_nano + excluded.charged_nano,
                byok_list_nano = byok_list_nano + excluded.byok_list_nano
            """,
            [.text(job.workspace), .integer(day), .amount(charged), .amount(listPrice)]
        )
        guard listPrice > .zero else { return }
        try run(
            """
            INSERT INTO key_byok_usage (key_hash, day, list_nano) VALUES (?, ?, ?)
            ON CONFLICT (key_hash, day) DO UPDATE SET list_nano = list_nano + excluded.list_nano
            """,
            [.text(job.keyHash), .integer(day), .amount(listPrice)]
        )
    }
}
