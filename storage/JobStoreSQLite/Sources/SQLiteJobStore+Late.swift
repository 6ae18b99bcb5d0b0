import GRDB
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func attempts(
        provider: String,
        account: String,
        sentSince start: Timestamp,
        after place: AttemptPlace?,
        limit: Int
    ) async throws -> [Attempt] {
        let place = place ?? AttemptPlace(job: JobID(high: 0, low: 0), number: 0)
        return try await pool.read { db in
            try db.rows(
                LateSQL.attempts,
                [
                    .text(provider), .text(account), .time(start), .id(place.job), .integer(place.number),
                    .integer(limit),
                ]
            ).map(Attempt.init)
        }
    }

    package func recordLate(_ result: LateResult, at now: Timestamp) async throws -> LateOutcome {
        try await writer.write { db in
            let isOver = try db.integer(LateSQL.isOver, [.id(result.job), .integer(result.attempt)])
            guard let isOver, isOver == 1 else { return .refused }
            let known = try db.integer(LateSQL.known, [.id(result.job), .text(result.remoteID)])
            guard known == nil else { return .alreadyRecorded }
            if !result.artifacts.isEmpty {
                // The client has what it asked for, or has deleted it.
                let isCompleted = try db.integer(LateSQL.isCompleted, [.id(result.job)])
                guard isCompleted == nil else { return .refused }
            }
            for artifact in result.artifacts { try artifact.insert(into: db, of: result.job, at: now) }
            try db.run(
                LateSQL.record,
                [
                    .id(result.job), .integer(result.attempt), .text(result.remoteID),
                    .integer(result.artifacts.first?.index ?? 0), .integer(result.artifacts.count),
                    .amount(result.loss), .time(now),
                ]
            )
            if let transfer = try result.transfer() { try db.post(transfer, at: now) }
            return .recorded
        }
    }

    package func lateResults(of ids: [JobID]) async throws -> [JobID: [LateResult]] {
        try await pool.read { db in
            var found: [JobID: [LateResult]] = [:]
            for id in Set(ids) {
                let results = try db.lateResults(of: id)
                if !results.isEmpty { found[id] = results }
            }
            return found
        }
    }
}

extension Database {
    /// Removes what came late of a job; its losses stay booked.
    ///
    /// - Returns: The artifacts that it had.
    func deleteLateArtifacts(of job: JobID) throws -> [Artifact] {
        let artifacts = try lateResults(of: job).flatMap(\.artifacts)
        guard !artifacts.isEmpty else { return [] }
        try run("DELETE FROM artifacts WHERE job = ?", [.id(job)])
        try run("UPDATE late_results SET artifact_count = 0 WHERE job = ?", [.id(job)])
        return artifacts
    }

    fileprivate func lateResults(of job: JobID) throws -> [LateResult] {
        try rows(LateSQL.all, [.id(job)]).map { row in
            let (first, count): (Int, Int) = (row[2], row[3])
            let artifacts =
                count == 0
                ? [] : try rows(LateSQL.artifacts, [.id(job), .integer(first), .integer(count)]).map(Artifact.init)
            return LateResult(
                job: job,
                attempt: row[0],
                remoteID: row[1],
                artifacts: artifacts,
                loss: Credits(nanoUSD: row[4])
            )
        }
    }
}

/// The statements about what came late.
enum LateSQL {
    /// By the order of the primary key, so that one look at all attempts makes all pages.
    static let attempts = """
        \(Attempt.selection)
        WHERE attempts.provider = ? AND attempts.account = ? AND attempts.sending_at >= ?
            AND (attempts.job, attempts.number) > (?, ?)
        ORDER BY attempts.job, attempts.number LIMIT ?
        """

    /// Whether the job of an attempt is over; no row without such an attempt.
    static let isOver = """
        SELECT jobs.finished_at IS NOT NULL FROM attempts JOIN jobs ON jobs.id = attempts.job
        WHERE attempts.job = ? AND attempts.number = ?
        """

    static let known = "SELECT 1 FROM late_results WHERE job = ? AND remote_id = ?"

    static let isCompleted = "SELECT 1 FROM jobs WHERE id = ? AND (state = 'completed' OR \(DeletionSQL.isMarked))"

    static let record = """
        INSERT INTO late_results (job, attempt, remote_id, first_number, artifact_count, loss_nano, recorded_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """

    static let all = """
        SELECT attempt, remote_id, first_number, artifact_count, loss_nano FROM late_results
        WHERE job = ? ORDER BY recorded_at, remote_id
        """

    static let artifacts = "\(Artifact.selection) WHERE job = ?1 AND number >= ?2 AND number < ?2 + ?3 ORDER BY number"
}
