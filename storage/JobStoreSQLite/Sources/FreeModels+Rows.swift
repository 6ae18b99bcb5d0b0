import GRDB
package import JobCore
import Ledger

/// Requests to free models, counted in the transaction that admits them.
extension Database {
    /// How many requests a workspace has made.
    func freeModelUse(of workspace: String) throws -> FreeModelUse {
        let found = try row(
            "SELECT minute, minute_count, day, day_count FROM free_requests WHERE workspace = ?",
            [.text(workspace)]
        )
        guard let row = found else { return .none }
        return FreeModelUse(minute: row[0], minuteCount: row[1], day: row[2], dayCount: row[3])
    }

    /// What a workspace has bought ever, less what was taken back.
    func boughtCredits(of workspace: String) throws -> Credits {
        let sum = try integer(
            "SELECT sum(credits_nano - taken_nano) FROM payments WHERE workspace = ?",
            [.text(workspace)]
        )
        return Credits(nanoUSD: sum ?? 0)
    }

    /// Why a job of a free model is not admitted; nil when it is, or is of no such model.
    func freeModelRefusal(of admission: Admission) throws -> FreeModelRefusal? {
        guard let limits = admission.freeModels else { return nil }
        let job = admission.job
        return try limits.refusal(
            after: freeModelUse(of: job.workspace),
            bought: { try boughtCredits(of: job.workspace) },
            at: job.createdAt
        )
    }

    /// Counts a job of a free model that is admitted.
    func countFreeModel(_ admission: Admission) throws {
        guard admission.freeModels != nil else { return }
        let job = admission.job
        let use = try freeModelUse(of: job.workspace).counting(oneAt: job.createdAt)
        try run(
            """
            INSERT INTO free_requests (workspace, minute, minute_count, day, day_count) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (workspace) DO UPDATE SET minute = excluded.minute, minute_count = excluded.minute_count,
                day = excluded.day, day_count = excluded.day_count
            """,
            [
                .text(job.workspace), .integer(use.minute), .integer(use.minuteCount), .integer(use.day),
                .integer(use.dayCount),
            ]
        )
    }
}

extension SQLiteJobStore {
    package func freeModelStanding(of workspace: String) async throws -> FreeModelStanding {
        try await pool.read { db in
            FreeModelStanding(
                use: try db.freeModelUse(of: workspace),
                bought: try db.boughtCredits(of: workspace)
            )
        }
    }
}
