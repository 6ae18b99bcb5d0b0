import GRDB
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func setBudget(
        _ budget: WorkspaceBudget,
        of workspace: String,
        includesByok: Bool?
    ) async throws -> BudgetOutcome {
        try await writer.write { db in
            guard try db.integer("SELECT 1 FROM workspaces WHERE name = ?", [.text(workspace)]) != nil else {
                return .missing
            }
            let known = try db.budgets(of: workspace)
            if let conflict = budget.conflict(among: known) { return .conflict(conflict) }
            let earlier = known.first { $0.period == budget.period }
            let next = earlier?.with(limit: budget.limit, at: budget.updatedAt) ?? budget
            try db.run(
                """
                INSERT INTO workspace_budgets (workspace, period, id, limit_nano, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (workspace, period)
                    DO UPDATE SET limit_nano = excluded.limit_nano, updated_at = excluded.updated_at
                """,
                [
                    .text(workspace), .text(next.period.rawValue), .text(next.id), .amount(next.limit),
                    .time(next.createdAt), .time(next.updatedAt),
                ]
            )
            if let includesByok {
                try db.run(
                    "UPDATE workspace_profiles SET includes_byok = ? WHERE workspace = ?",
                    [.flag(includesByok), .text(workspace)]
                )
            }
            return .set(next)
        }
    }

    package func deleteBudget(of workspace: String, for period: SpendingPeriod) async throws {
        try await writer.write { db in
            try db.run(
                "DELETE FROM workspace_budgets WHERE workspace = ? AND period = ?",
                [.text(workspace), .text(period.rawValue)]
            )
        }
    }

    package func budgets(of workspace: String, in periods: UsagePeriods) async throws -> [BudgetStanding] {
        try await pool.read { db in try db.budgets(of: workspace, in: periods) }
    }
}

extension Database {
    /// The budgets of a workspace, the shortest period first.
    func budgets(of workspace: String) throws -> [WorkspaceBudget] {
        try rows(
            "SELECT id, period, limit_nano, created_at, updated_at FROM workspace_budgets WHERE workspace = ?",
            [.text(workspace)]
        ).map { row in
            WorkspaceBudget(
                id: row[0],
                period: try row.period(1),
                limit: Credits(nanoUSD: row[2]),
                createdAt: Timestamp(milliseconds: row[3]),
                updatedAt: Timestamp(milliseconds: row[4])
            )
        }.sorted { $1.period.isLonger(than: $0.period) }
    }

    /// The budgets of a workspace with what counts against them.
    func budgets(of workspace: String, in periods: UsagePeriods) throws -> [BudgetStanding] {
        let budgets = try budgets(of: workspace)
        guard !budgets.isEmpty else { return [] }
        let held = try balance(of: .held(workspace: workspace))
        return try budgets.map { budget in
            let start = periods.start(of: budget.period) ?? Int64.min
            let charged = try integer(BudgetSQL.charged, [.text(workspace), .integer(start)]) ?? 0
            return BudgetStanding(budget: budget, spent: try Credits(nanoUSD: charged).adding(held))
        }
    }

    /// Which budget does not allow a job, the shortest period first; nil when all do.
    func budgetRefusal(of job: NewJob) throws -> AdmissionOutcome? {
        for standing in try budgets(of: job.workspace, in: UsagePeriods(at: job.createdAt)) {
            let remaining = try standing.budget.limit.subtracting(standing.spent)
            guard job.hold <= remaining else {
                return .budgetReached(
                    standing.budget.period,
                    limit: standing.budget.limit,
                    remaining: max(.zero, remaining)
                )
            }
        }
        return nil
    }
}

/// The statements about budgets; their plans are tested.
enum BudgetSQL {
    /// What the keys of a workspace were charged from a day on.
    static let charged = """
        SELECT sum(charged_nano) FROM api_keys JOIN key_usage ON key_usage.key_hash = api_keys.hash
        WHERE workspace = ? AND day >= ?
        """
}
