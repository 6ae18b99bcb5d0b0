import Cryptography
import GRDB
import Generation
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func admit(_ admission: Admission) async throws -> AdmissionOutcome {
        let texts = try AdmissionTexts(admission)
        return try await writer.write { db in
            if let refusal = try db.refusal(of: admission) {
                if !admission.hasRoute(within: refusal) { try db.noteRefusal(refusal, of: admission.job) }
                return refusal
            }
            try db.insert(admission, texts)
            return .admitted(Job(admission.job))
        }
    }

    package func earlierAnswer(
        to idempotencyKey: String,
        keyHash: String,
        fingerprint: String
    ) async throws -> EarlierAnswer? {
        try await pool.read { db in
            try db.earlierAnswer(to: idempotencyKey, keyHash: keyHash, fingerprint: fingerprint)
        }
    }

    package func markAnswered(_ jobs: [JobID], at now: Timestamp) async throws {
        try await writer.write { db in
            for job in jobs {
                try db.run(RepeatSQL.markAnswered, [.time(now), .id(job)])
            }
        }
    }

    package func unansweredJobs(since start: Timestamp, limit: Int) async throws -> [UnansweredJob] {
        try await pool.read { db in
            try db.rows(RepeatSQL.unanswered, [.time(start), .integer(limit)]).map { row in
                UnansweredJob(
                    id: try row.jobID(0),
                    keyHash: row[1],
                    fingerprint: row[2],
                    createdAt: Timestamp(milliseconds: row[3])
                )
            }
        }
    }
}

/// The statements of repeats without a key; their plans are tested.
enum RepeatSQL {
    static let markAnswered = "UPDATE jobs SET answered_at = ? WHERE id = ? AND answered_at IS NULL"

    static let unanswered = """
        SELECT id, key_hash, request_fingerprint, created_at FROM jobs
        WHERE answered_at IS NULL AND created_at >= ? ORDER BY created_at DESC LIMIT ?
        """
}

/// The JSON of an admission, made before its operation waits for the writer.
private struct AdmissionTexts: Sendable {
    let request: String
    let parameters: String
    let adjustments: String
    let prices: String
    let state: String
    let routes: [RouteTexts]

    init(_ admission: Admission) throws {
        let job = admission.job
        request = try StoredJSON.text(job.request)
        parameters = try SharedTexts.parameters.text(job.parameters)
        adjustments = try SharedTexts.adjustments.text(job.adjustments)
        prices = try SharedTexts.prices.text(job.prices)
        state = try StoredJSON.text(job.initialState)
        routes = try admission.routes.map(RouteTexts.init)
    }
}

extension Database {
    /// The endpoint's number: each endpoint is stored once.
    func endpointID(of endpoint: EndpointID) throws -> Int64 {
        let values: [DatabaseValue] = [.text(endpoint.model), .text(endpoint.provider), .text(endpoint.account)]
        let found = try integer("SELECT id FROM endpoints WHERE model = ? AND provider = ? AND account = ?", values)
        if let found { return found }
        try run("INSERT INTO endpoints (model, provider, account) VALUES (?, ?, ?)", values)
        return lastInsertedRowID
    }

    func priceSnapshotID(of sheet: String) throws -> Int64 {
        if let found = try integer("SELECT id FROM price_snapshots WHERE sheet = ?", [.text(sheet)]) { return found }
        try run(
            "INSERT INTO price_snapshots (sheet, sha256) VALUES (?, ?)",
            [.text(sheet), .text(SHA256.hash(sheet.utf8).description)]
        )
        return lastInsertedRowID
    }

    /// Why a job is not admitted, in the order of the port; nil when it is.
    fileprivate func refusal(of admission: Admission) throws -> AdmissionOutcome? {
        let job = admission.job
        let key = try integer(
            """
            SELECT 1 FROM api_keys WHERE hash = ? AND workspace = ? AND revoked_at IS NULL AND is_disabled = 0
                AND (expires_at IS NULL OR expires_at > ?)
            """,
            [.text(job.keyHash), .text(job.workspace), .time(job.createdAt)]
        )
        guard key != nil else { return .keyRevoked }
        if let idempotencyKey = admission.idempotencyKey,
            let earlier = try earlierAnswer(
                to: idempotencyKey,
                keyHash: job.keyHash,
                fingerprint: admission.fingerprint
            )
        {
            return earlier.outcome
        }
        let queued = try integer("SELECT jobs FROM job_counts WHERE state = 'queued'") ?? 0
        guard queued < Int64(admission.queuedMax) else { return .queueFull }
        guard try !lacksCustomerKey(of: admission) else { return .customerKeyGone }
        if let reached = try budgetRefusal(of: job) { return reached }
        if let reached = try limitRefusal(of: job) { return reached }
        let available = try balance(of: .available(workspace: job.workspace))
        guard job.hold <= available else { return .insufficientCredits(available: available) }
        return try freeModelRefusal(of: admission).map { .freeLimitReached($0) }
    }

    /// What an idempotency key was answered with; nil for a new one.
    fileprivate func earlierAnswer(
        to idempotencyKey: String,
        keyHash: String,
        fingerprint: String
    ) throws -> EarlierAnswer? {
        let earlier = try row(
            "SELECT request_fingerprint, job, answer FROM idempotency WHERE key_hash = ? AND key = ?",
            [.text(keyHash), .text(idempotencyKey)]
        )
        guard let earlier else { return nil }
        let known: String = earlier[0]
        guard known == fingerprint else { return .conflict }
        return .replay(job: try earlier.jobID(1), answer: earlier[2])
    }

    fileprivate func insert(_ admission: Admission, _ texts: AdmissionTexts) throws {
        let new = admission.job
        let job = Job(new)
        try run(
            """
            INSERT INTO jobs (id, workspace, key_hash, type, model, endpoint, lane, priority, price_snapshot, hold_nano,
                request_fingerprint, created_at, default_deadline_seconds, answered_at, state, state_data, version, epoch, is_ready,
                due_at, deadline_at, estimated_nano, route, route_count)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .id(new.id), .text(new.workspace), .text(new.keyHash), .text(new.request.type.rawValue),
                .text(new.request.model), .integer(try endpointID(of: new.endpoint)), .text(new.lane.name),
                .integer(new.parameters.priority), .integer(try priceSnapshotID(of: texts.prices)), .amount(new.hold),
                .text(admission.fingerprint), .time(new.createdAt), .integer(new.defaultDeadlineSeconds),
                .time(admission.awaitsAnswer ? nil : new.createdAt),
                .state(job.state.name), .text(texts.state), .integer(job.version), .integer(job.epoch),
                .flag(job.state.isReady(at: new.createdAt)), .time(job.state.dueAt),
                .time(job.deadline), .amount(new.estimatedCost), .integer(new.route), .integer(new.routeCount),
            ]
        )
        try run(
            "INSERT INTO job_requests (job, request, parameters, adjustments) VALUES (?, ?, ?, ?)",
            [.id(new.id), .text(texts.request), .text(texts.parameters), .text(texts.adjustments)]
        )
        try insert(texts.routes, of: new.id)
        for (_, input) in new.request.inputs {
            guard case .stored(let stored) = input else { continue }
            try run(
                "INSERT OR IGNORE INTO job_inputs (job, sha256) VALUES (?, ?)",
                [.id(new.id), .text(stored.sha256)]
            )
        }
        try openHold(for: new)
        try countFreeModel(admission)
        try keepCustomerKeys(for: admission)
        try noteSpending(key: new.keyHash, workspace: new.workspace, at: new.createdAt)
        try JobEventRecord(job, at: new.createdAt).insert(into: self)
        if let idempotencyKey = admission.idempotencyKey {
            try run(
                """
                INSERT INTO idempotency (key_hash, key, request_fingerprint, job, answer, created_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(new.keyHash), .text(idempotencyKey), .text(admission.fingerprint), .id(new.id),
                    .text(admission.answer), .time(new.createdAt),
                ]
            )
        }
    }
}

extension JobState {
    /// Whether a worker may claim the job at this time: the store's mark `is_ready`, set later for jobs that wait.
    func isReady(at now: Timestamp) -> Bool {
        guard case .queued(let queued) = self else { return false }
        return queued.availableAt <= now
    }
}
