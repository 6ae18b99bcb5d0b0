import GRDB
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func commit(
        _ transition: JobTransition,
        of id: JobID,
        expecting version: Int64,
        fence: Fence?
    ) async throws -> CommitOutcome {
        let from = try StoredJSON.text(transition.from)
        let to = try StoredJSON.text(transition.to)
        let end: End = try await writer.write { db in
            guard let job = try JobRow.find(id, in: db) else { return .missing }
            guard job.version == version, try job.isIn(transition.from, text: from), job.admits(fence) else {
                return .stale(job)
            }
            if let change = transition.attempt {
                guard try db.make(change, of: job, at: transition.at) else { return .stale(job) }
            }
            guard transition.byokListPrice != nil else {
                try db.write(transition, text: to, of: job)
                return .committed(job, transition)
            }
            let settled = try db.afterAllowance(transition, of: job)
            try db.write(settled, text: try StoredJSON.text(settled.to), of: job)
            return .committed(job, settled)
        }
        switch end {
        case .committed(let row, let step): return .committed(try row.job().applying(step))
        case .stale(let row): return .stale(try row.job())
        case .missing: return .missing
        }
    }

    package func record(
        _ evidence: SendEvidence,
        of id: JobID,
        attempt number: Int,
        send: Int,
        at now: Timestamp
    ) async throws -> EvidenceOutcome {
        try await writer.write { db in
            guard let attempt = try Attempt.find(number, of: id, in: db) else { return .alreadyKnown }
            if case .accepted(let remoteID?, _) = evidence, try attempt.isTaken(remoteID, in: db) {
                return .alreadyKnown
            }
            let isOver = try db.integer("SELECT finished_at IS NOT NULL FROM jobs WHERE id = ?", [.id(id)]) == 1
            let (next, outcome) = attempt.recording(evidence, send: send, jobIsOver: isOver, at: now)
            if next != attempt { try next.update(in: db) }
            return outcome
        }
    }
}

/// How a commit ended: the row as it was before, to be read outside of the transaction, and the step that was written.
private enum End: Sendable {
    case committed(JobRow, JobTransition)
    case stale(JobRow)
    case missing
}

extension JobRow {
    /// Whether the job is in this very state.
    ///
    /// Equal text is equal state; text that an earlier version wrote may be another spelling of it.
    fileprivate func isIn(_ state: JobState, text: String) throws -> Bool {
        guard self.state != text else { return true }
        return try StoredJSON.value(JobState.self, of: self.state) == state
    }

    /// Whether a worker may still decide about the job; a client's decision has no fence.
    fileprivate func admits(_ fence: Fence?) -> Bool {
        guard let fence else { return true }
        return worker == fence.worker.name && epoch == fence.epoch
    }
}

extension Database {
    /// Writes what a transition does to the attempt.
    ///
    /// - Returns: False, and nothing is written, when the attempt does not allow it, or when another attempt has the
    ///   provider's id.
    fileprivate func make(_ change: AttemptChange, of job: JobRow, at now: Timestamp) throws -> Bool {
        let number: Int
        switch change {
        case .begin(let start):
            guard try Attempt.find(start.number, of: job.id, in: self) == nil else { return false }
            try Attempt(start, of: job.id, epoch: job.epoch, at: now).insert(into: self)
            return true
        case .send(let sent, _): number = sent
        case .move(let moved, _, _, _): number = moved
        }
        guard let attempt = try Attempt.find(number, of: job.id, in: self),
            let next = attempt.applying(change, epoch: job.epoch, at: now)
        else { return false }
        if let remoteID = next.remoteID, attempt.remoteID == nil, try next.isTaken(remoteID, in: self) { return false }
        try next.update(in: self)
        return true
    }

    /// Writes a transition with its consequences, but for the attempt.
    fileprivate func write(_ transition: JobTransition, text: String, of job: JobRow) throws {
        let state = transition.to
        let version = job.version + 1
        let begins = state.name == .submitting
        try run(
            """
            UPDATE jobs SET state = ?, state_data = ?, version = ?, worker = ?, is_ready = ?, due_at = ?,
                started_at = ?, finished_at = ?
            WHERE id = ?
            """,
            [
                .state(state.name), .text(text), .integer(version),
                .text(transition.givesUpWorker ? nil : job.worker), .flag(state.isReady(at: transition.at)),
                .time(state.dueAt), .time(job.startedAt ?? (begins ? transition.at : nil)),
                .time(state.isTerminal ? transition.at : nil), .id(job.id),
            ]
        )
        if let route = transition.reroute { try move(job, to: route) }
        if case .queued = state {
            // The model's deadline counts from the first send.
            try run(
                "UPDATE jobs SET deadline_at = ? WHERE id = ?",
                [.time(try job.job().applying(transition).deadline), .id(job.id)]
            )
        }
        if let resolution = transition.resolution {
            try resolveHold(of: job, by: resolution, in: transition)
        }
        if state.isTerminal { try releaseCustomerKeys(of: job) }
        if state.isTerminal { try insertUsage(of: job, ending: state, at: transition.at) }
        if case .completed(let completed) = state {
            for artifact in completed.artifacts { try artifact.insert(into: self, of: job.id, at: transition.at) }
        }
        try JobEventRecord(
            job: job.id,
            version: version,
            at: transition.at,
            state: state.name,
            phase: state.phase,
            progress: state.progress
        ).insert(into: self)
        if transition.notifiesClient {
            try run(
                """
                INSERT INTO outbox (job, version, state, url, created_at, due_at)
                SELECT job, ?1, ?2, json_extract(parameters, '$.callbackURL'), ?3, ?3 FROM job_requests
                WHERE job = ?4 AND json_extract(parameters, '$.callbackURL') IS NOT NULL
                """,
                [.integer(version), .state(state.name), .time(transition.at), .id(job.id)]
            )
        }
    }
}
