import GRDB
package import JobCore

extension SQLiteJobStore {
    /// How many jobs whose time has come are let in with one claim, of each lane.
    ///
    /// When more were due at once, `nextDueAt` lies in the past, and the next claim goes on.
    static let promotedMax = 1_000

    package func claimQueued(
        worker: WorkerID,
        lanes: [LaneCapacity],
        now: Timestamp,
        limit: Int
    ) async throws -> ClaimResult {
        let (rows, nextDueAt): ([JobRow], Timestamp?) = try await writer.write { db in
            guard try db.hasLease(worker, at: now) else { return ([], nil) }
            var claimed: [JobRow] = []
            var nextDueAt: Timestamp?
            for capacity in lanes {
                try db.run(
                    ClaimSQL.promote,
                    [.text(capacity.lane.name), .time(now), .integer(Self.promotedMax)]
                )
                claimed += try db.claim(within: capacity, for: worker, limit: limit - claimed.count)
                if let due = try db.integer(ClaimSQL.nextDue, [.text(capacity.lane.name)]) {
                    nextDueAt = min(nextDueAt ?? Timestamp(milliseconds: due), Timestamp(milliseconds: due))
                }
            }
            return (claimed, nextDueAt)
        }
        // A row that cannot be read must not take its neighbours along: they are claimed by now.
        return ClaimResult(jobs: rows.compactMap { try? $0.job() }, nextDueAt: nextDueAt)
    }
}

/// The statements of claiming; their plans are tested.
///
/// All go by index: a million waiting jobs change nothing.
enum ClaimSQL {
    /// Lets in the jobs of a lane whose time has come.
    static let promote = """
        UPDATE jobs SET is_ready = 1 WHERE id IN (
            SELECT id FROM jobs WHERE state = 'queued' AND is_ready = 0 AND lane = ? AND due_at <= ?
            ORDER BY due_at LIMIT ?
        )
        """

    /// When the next job of a lane becomes due.
    static let nextDue = "SELECT min(due_at) FROM jobs WHERE state = 'queued' AND is_ready = 0 AND lane = ?"

    /// What a lane's workspaces have in flight.
    static let inFlight = """
        SELECT workspace, count(*) FROM jobs
        WHERE lane = ? AND (state IN ('submitting', 'running') OR (state = 'queued' AND worker IS NOT NULL))
        GROUP BY workspace
        """

    /// The workspaces with waiting jobs in a lane, one after another, by index: not each of their jobs.
    static let workspaces = """
        WITH RECURSIVE waiting (name) AS (
            SELECT min(workspace) FROM jobs
            WHERE state = 'queued' AND worker IS NULL AND is_ready = 1 AND lane = ?1
            UNION ALL
            SELECT (
                SELECT min(workspace) FROM jobs
                WHERE state = 'queued' AND worker IS NULL AND is_ready = 1 AND lane = ?1 AND workspace > waiting.name
            )
            FROM waiting WHERE waiting.name IS NOT NULL
        )
        SELECT name FROM waiting WHERE name IS NOT NULL
        """

    /// A workspace's next job in a lane.
    static let head = """
        SELECT id, priority FROM jobs
        WHERE state = 'queued' AND worker IS NULL AND is_ready = 1 AND lane = ? AND workspace = ?
        ORDER BY priority DESC, id LIMIT 1
        """
}

/// A workspace that waits in a lane, by its next job.
private struct Waiting {
    let workspace: String
    var inFlight: Int
    let job: JobID
    let priority: Int

    /// Fewest in flight first, then the highest priority, then the oldest.
    static func goesBefore(_ one: Waiting, _ other: Waiting) -> Bool {
        (one.inFlight, other.priority, one.job) < (other.inFlight, one.priority, other.job)
    }
}

extension Database {
    /// Claims in one lane, a job at a time: each takes its workspace one place back.
    fileprivate func claim(
        within capacity: LaneCapacity,
        for worker: WorkerID,
        limit: Int
    ) throws -> [JobRow] {
        let lane = capacity.lane.name
        guard limit > 0, capacity.startsNow.map({ $0 > 0 }) ?? true else { return [] }
        let names = try rows(ClaimSQL.workspaces, [.text(lane)]).map { row -> String in row[0] }
        guard !names.isEmpty else { return [] }
        var inFlight: [String: Int] = [:]
        for row in try rows(ClaimSQL.inFlight, [.text(lane)]) { inFlight[row[0]] = row[1] }
        let free = capacity.slots - inFlight.values.reduce(0, +)
        var heads = try names.compactMap { try head(of: $0, in: lane, inFlight: inFlight[$0] ?? 0) }
        var claimed: [JobRow] = []
        while claimed.count < min(free, capacity.startsNow ?? free, limit),
            let next = heads.indices.min(by: { Waiting.goesBefore(heads[$0], heads[$1]) })
        {
            let first = heads.remove(at: next)
            if let row = try claim(first.job, for: worker) { claimed.append(row) }
            if let after = try head(of: first.workspace, in: lane, inFlight: first.inFlight + 1) {
                heads.append(after)
            }
        }
        return claimed
    }

    private func head(of workspace: String, in lane: String, inFlight: Int) throws -> Waiting? {
        try row(ClaimSQL.head, [.text(lane), .text(workspace)]).map { row in
            Waiting(workspace: workspace, inFlight: inFlight, job: try row.jobID(0), priority: row[1])
        }
    }
}
