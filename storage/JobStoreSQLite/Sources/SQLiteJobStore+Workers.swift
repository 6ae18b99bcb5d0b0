import GRDB
package import JobCore

extension SQLiteJobStore {
    package func renewLease(of worker: WorkerID, now: Timestamp, until: Timestamp) async throws -> Bool {
        try await writer.write { db in
            try db.run(
                """
                INSERT INTO workers (id, alive_until) VALUES (?, ?)
                ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until WHERE has_ended = 0
                """,
                [.worker(worker), .time(until)]
            ) == 1
        }
    }

    package func endOtherLeases(than worker: WorkerID) async throws {
        try await writer.write { db in
            try db.run("UPDATE workers SET has_ended = 1 WHERE has_ended = 0 AND id <> ?", [.worker(worker)])
        }
    }

    package func release(_ worker: WorkerID) async throws {
        try await writer.write { db in
            try db.run(WorkerSQL.giveBack, [.worker(worker)])
            try db.run("UPDATE workers SET has_ended = 1 WHERE id = ?", [.worker(worker)])
        }
    }

    package func claimOrphans(worker: WorkerID, now: Timestamp, limit: Int) async throws -> [Job] {
        let rows: [JobRow] = try await writer.write { db in
            guard try db.hasLease(worker, at: now) else { return [] }
            try db.endLeases(runOutAt: now, but: worker)
            let ended = try db.endedHolders(but: worker)
            for holder in ended { try db.run(WorkerSQL.freeWaiting, [.text(holder)]) }
            // Oldest first over all of them: each list is as long as the answer at most.
            var orphans = try db.rows(WorkerSQL.unheld, [.integer(limit)]).map { try $0.jobID(0) }
            for holder in ended {
                orphans += try db.rows(WorkerSQL.held, [.text(holder), .integer(limit)]).map { try $0.jobID(0) }
            }
            return try orphans.sorted().prefix(limit).compactMap { try db.claim($0, for: worker) }
        }
        // A row that cannot be read must not take its neighbours along: they are taken over by now.
        return rows.compactMap { try? $0.job() }
    }

    package func heldJobs(by worker: WorkerID) async throws -> [Job] {
        try await pool.read { db in
            try db.rows(WorkerSQL.heldJobs, [.worker(worker)]).map(JobRow.init)
        }.map { try $0.job() }
    }

    package func overdueJobs(now: Timestamp, limit: Int) async throws -> [Job] {
        try await pool.read { db in
            try db.rows(WorkerSQL.overdue, [.time(now), .integer(limit)]).map(JobRow.init)
        }.compactMap { try? $0.job() }
    }
}

/// The statements of taking over; their plans are tested.
enum WorkerSQL {
    /// Workers that hold jobs, one after another, by index: not each of their jobs.
    static let holders = """
        WITH RECURSIVE holders (name) AS (
            SELECT min(worker) FROM jobs WHERE worker IS NOT NULL
            UNION ALL
            SELECT (SELECT min(worker) FROM jobs WHERE worker IS NOT NULL AND worker > holders.name)
            FROM holders WHERE holders.name IS NOT NULL
        )
        SELECT workers.id FROM holders JOIN workers ON workers.id = holders.name
        WHERE workers.has_ended = 1 AND workers.id <> ?
        """

    /// Waiting jobs go back as they are.
    static let freeWaiting = "UPDATE jobs SET worker = NULL WHERE worker = ? AND state = 'queued'"

    /// Jobs in flight that nobody holds, oldest first.
    static let unheld = """
        SELECT id FROM jobs WHERE worker IS NULL AND state IN ('submitting', 'running', 'storing') ORDER BY id LIMIT ?
        """

    /// What a worker holds, oldest first.
    static let held = "SELECT id FROM jobs WHERE worker = ? ORDER BY id LIMIT ?"

    /// All that a worker holds is free.
    static let giveBack = "UPDATE jobs SET worker = NULL WHERE worker = ?"

    /// All that a worker holds, whole.
    static let heldJobs = "\(JobRow.selection) WHERE jobs.worker = ? ORDER BY jobs.id"

    /// Gives a job to a worker.
    static let claim = "UPDATE jobs SET worker = ?, epoch = epoch + 1 WHERE id = ?"

    /// Waiting jobs past their deadline, the longest overdue first.
    static let overdue = """
        \(JobRow.selection) WHERE jobs.state = 'queued' AND jobs.worker IS NULL AND jobs.deadline_at <= ?
        ORDER BY jobs.deadline_at, jobs.id LIMIT ?
        """

    /// Leases that ran out.
    static let endLeases = "UPDATE workers SET has_ended = 1 WHERE has_ended = 0 AND alive_until <= ? AND id <> ?"
}

extension Database {
    /// Whether a worker's lease lasts: a worker whose lease does not is given nothing.
    func hasLease(_ worker: WorkerID, at now: Timestamp) throws -> Bool {
        try integer(
            "SELECT 1 FROM workers WHERE id = ? AND has_ended = 0 AND alive_until > ?",
            [.worker(worker), .time(now)]
        ) != nil
    }

    /// Gives a job to a worker under a new epoch: what an earlier holder still decides is refused from now on.
    func claim(_ job: JobID, for worker: WorkerID) throws -> JobRow? {
        try run(WorkerSQL.claim, [.worker(worker), .id(job)])
        return try JobRow.find(job, in: self)
    }

    /// Workers that ran out end for good, those that hold nothing too: none comes back unnoticed.
    fileprivate func endLeases(runOutAt now: Timestamp, but worker: WorkerID) throws {
        try run(WorkerSQL.endLeases, [.time(now), .worker(worker)])
    }

    fileprivate func endedHolders(but worker: WorkerID) throws -> [String] {
        try rows(WorkerSQL.holders, [.worker(worker)]).map { $0[0] }
    }
}
