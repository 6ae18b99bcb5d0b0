import GRDB
import Generation
package import JobCore

extension SQLiteJobStore {
    package func job(_ id: JobID) async throws -> Job? {
        try await pool.read { db in try JobRow.find(id, in: db) }?.job()
    }

    package func jobs(_ query: JobQuery) async throws -> [Job] {
        let (sql, values) = ListSQL.statement(for: query)
        return try await pool.read { db in try db.rows(sql, values).map(JobRow.init) }.map { try $0.job() }
    }

    package func markDeleted(_ id: JobID) async throws -> JobDeletion? {
        try await writer.write { db in
            guard let job = try JobRow.find(id, in: db)?.job() else { return nil }
            let late = try db.deleteLateArtifacts(of: id)
            guard let deletion = job.deleted else { return late.isEmpty ? nil : JobDeletion(job: job, artifacts: late) }
            if case .completed = deletion.job.state {
                try db.run(
                    "UPDATE jobs SET state_data = ? WHERE id = ?",
                    [.text(try StoredJSON.text(deletion.job.state)), .id(id)]
                )
                try db.run("DELETE FROM artifacts WHERE job = ?", [.id(id)])
            } else {
                try db.run(DeletionSQL.mark, [.id(id)])
            }
            return JobDeletion(job: deletion.job, artifacts: deletion.artifacts + late)
        }
    }

    package func attempts(of id: JobID) async throws -> [Attempt] {
        try await pool.read { db in
            try db.rows(ReadSQL.attempts, [.id(id)]).map(Attempt.init)
        }
    }

    package func attempts(of ids: [JobID]) async throws -> [JobID: [Attempt]] {
        try await pool.read { db in
            var found: [JobID: [Attempt]] = [:]
            for id in Set(ids) {
                let attempts = try db.rows(ReadSQL.attempts, [.id(id)]).map(Attempt.init)
                if !attempts.isEmpty { found[id] = attempts }
            }
            return found
        }
    }

    package func attempt(token: String) async throws -> Attempt? {
        try await pool.read { db in try db.row(ReadSQL.attemptByToken, [.text(token)]).map(Attempt.init) }
    }

    package func attempt(remoteID: String, provider: String, account: String) async throws -> Attempt? {
        try await pool.read { db in
            let place: [DatabaseValue] = [.text(provider), .text(account), .text(remoteID)]
            let found = try db.row(ReadSQL.attemptByRemoteID, place) ?? db.row(ReadSQL.attemptByOrphanID, place)
            return try found.map(Attempt.init)
        }
    }

    package func events(of id: JobID, after version: Int64, limit: Int) async throws -> [JobEventRecord] {
        try await pool.read { db in
            try db.rows(ReadSQL.events, [.id(id), .integer(version), .integer(limit)]).map(JobEventRecord.init)
        }
    }

    package func outbox(of id: JobID) async throws -> [OutboxMessage] {
        try await pool.read { db in
            try db.rows(ReadSQL.outbox, [.id(id)]).map(OutboxMessage.init)
        }
    }

    package func queuePosition(of job: Job) async throws -> Int? {
        try await pool.read { db in
            guard try db.integer(ReadSQL.waits, [.id(job.id)]) != nil else { return nil }
            let admitted = job.admitted
            return try db.integer(
                ReadSQL.queuePosition,
                [
                    .text(admitted.lane.name), .text(admitted.workspace),
                    .integer(admitted.parameters.priority), .id(job.id), .integer(Job.queuePositionMax + 1),
                ]
            ).map { Int($0) }.flatMap { $0 > Job.queuePositionMax ? nil : $0 }
        }
    }

    package func artifacts(after key: ArtifactKey?, limit: Int) async throws -> [Artifact] {
        try await pool.read { db in
            try db.rows(ReadSQL.artifacts, [.text(key?.path ?? ""), .integer(limit)]).map(Artifact.init)
        }
    }

    package func isReferenced(_ key: ArtifactKey) async throws -> Bool {
        try await pool.read { db in
            try db.integer(ReadSQL.isReferenced, [.text(key.path), .text(key.inputSHA256)]) == 1
        }
    }

    /// A store that can still be read but no longer written to is of no use: its process has to start anew.
    package func ping() async throws {
        guard writer.isWorking else { throw JobStoreIsBroken("it was closed, or a flush to the medium failed") }
        try await pool.read { db in _ = try db.integer("SELECT 1 FROM job_counts LIMIT 1") }
    }
}

/// The statements of reading; their plans are tested.
enum ReadSQL {
    static let attempts = "\(Attempt.selection) WHERE attempts.job = ? ORDER BY attempts.number"

    static let attemptByToken = "\(Attempt.selection) WHERE attempts.token = ?"

    static let attemptByRemoteID = """
        \(Attempt.selection)
        WHERE attempts.provider = ? AND attempts.account = ? AND attempts.remote_id = ?
        """

    static let attemptByOrphanID = """
        \(Attempt.selection)
        WHERE attempts.provider = ? AND attempts.account = ? AND attempts.orphan_remote_id = ? LIMIT 1
        """

    static let events = """
        SELECT job, version, at, state, phase, progress FROM events WHERE job = ? AND version > ?
        ORDER BY version LIMIT ?
        """

    static let outbox = """
        SELECT job, version, state, url, created_at FROM outbox
        WHERE job = ? AND delivered_at IS NULL AND exhausted_at IS NULL ORDER BY version
        """

    static let waits = "SELECT 1 FROM jobs WHERE id = ? AND state = 'queued' AND worker IS NULL"

    /// Those that wait for their time count as well as those whose time has come: the index has them apart.
    static let queuePosition = """
        SELECT count(*) FROM (
            SELECT 1 FROM jobs
            WHERE state = 'queued' AND worker IS NULL AND lane = ?1 AND is_ready IN (0, 1) AND workspace = ?2
                AND (priority > ?3 OR (priority = ?3 AND id < ?4))
            LIMIT ?5
        )
        """

    static let artifacts = "\(Artifact.selection) WHERE key > ? ORDER BY key LIMIT ?"

    static let isReferenced = """
        SELECT EXISTS (SELECT 1 FROM artifacts WHERE key = ?) OR EXISTS (SELECT 1 FROM job_inputs WHERE sha256 = ?)
        """
}

/// How a list of jobs is found: in the order of their ids by index, whatever it is filtered by.
enum ListSQL {
    /// The statement for a query, and its values.
    ///
    /// A list for each state, each as long as the page at most, made into one.
    static func statement(for query: JobQuery) -> (sql: String, values: [DatabaseValue]) {
        var conditions = ["workspace = ?", "state = ?"]
        var filters: [DatabaseValue] = []
        func add(_ condition: String, _ value: DatabaseValue) {
            conditions.append(condition)
            filters.append(value)
        }
        if let before = query.before { add("id < ?", .id(before)) }
        if let after = query.after { add("id > ?", .id(after)) }
        if let type = query.type { add("type = ?", .text(type.rawValue)) }
        if let model = query.model { add("model = ?", .text(model)) }
        let order = query.isOldestFirst ? "ASC" : "DESC"
        let page = "ORDER BY id \(order) LIMIT ?"
        let limit = DatabaseValue.integer(max(0, query.limit))
        let states = JobState.Name.allCases.filter { query.states.isEmpty || query.states.contains($0) }
        let lists = states.map { state -> String in
            let all = conditions + (query.withoutDeleted ? [DeletionSQL.isNotDeleted(state)].compactMap(\.self) : [])
            return "SELECT id FROM (SELECT id FROM jobs WHERE \(all.joined(separator: " AND ")) \(page))"
        }.joined(separator: " UNION ALL ")
        return (
            "\(JobRow.selection) WHERE jobs.id IN (\(lists) \(page)) ORDER BY jobs.id \(order)",
            states.flatMap { [.text(query.workspace), .state($0)] + filters + [limit] } + [limit]
        )
    }
}

/// How it is stored that a client has deleted a job.
///
/// A completed one has no artifacts left. Of one that ended otherwise, a mark stands beside what is told of its end:
/// programs that know no such mark read past it.
enum DeletionSQL {
    /// Whether a job is deleted, of those whose artifacts do not tell.
    static let isMarked = """
        (jobs.state IN ('failed', 'cancelled', 'expired')
            AND json_extract(jobs.state_data, '$.' || jobs.state || '.deleted') IS NOT NULL)
        """

    /// Marks a job as deleted.
    static let mark = """
        UPDATE jobs SET state_data = json_set(state_data, '$.' || state || '.deleted', json('true')) WHERE id = ?
        """

    /// What holds for jobs in a state that are not deleted; nil where none is.
    static func isNotDeleted(_ state: JobState.Name) -> String? {
        switch state {
        case .queued, .submitting, .running, .storing: nil
        case .completed: "EXISTS (SELECT 1 FROM artifacts WHERE artifacts.job = jobs.id)"
        case .failed, .cancelled, .expired: "json_extract(state_data, '$.\(state.rawValue).deleted') IS NULL"
        }
    }
}

extension ArtifactKey {
    /// The hash in the key of an input; nil for an artifact's key.
    fileprivate var inputSHA256: String? {
        let parts = path.split(separator: "/")
        guard parts.count == 2, parts[0] == "inputs" else { return nil }
        return String(parts[1])
    }
}
