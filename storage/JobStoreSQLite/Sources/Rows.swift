import Foundation
import GRDB
import Generation
import JobCore
import Ledger

/// A stored job as its columns hold it.
///
/// Read within a transaction, made into a ``Job`` outside of it: reading JSON takes longer than finding it, and the
/// writer has others waiting.
struct JobRow: Sendable {
    let id: JobID
    let workspace: String
    let keyHash: String
    let endpoint: EndpointID
    let lane: String
    let hold: Int64
    let createdAt: Timestamp
    let defaultDeadlineSeconds: Int64
    let request: String
    let parameters: String
    let adjustments: String
    let prices: String
    let state: String
    let version: Int64
    let epoch: Int64
    let worker: String?
    let startedAt: Timestamp?
    let finishedAt: Timestamp?
    let isMarkedDeleted: Bool
    let estimate: Int64?
    let route: Int
    let routeCount: Int

    /// What a statement selects to make rows; its conditions follow.
    static let selection = """
        SELECT jobs.id, jobs.workspace, jobs.key_hash, endpoints.model, endpoints.provider, endpoints.account,
            jobs.lane, jobs.hold_nano, jobs.created_at, jobs.default_deadline_seconds, job_requests.request,
            job_requests.parameters, job_requests.adjustments, price_snapshots.sheet, jobs.state_data, jobs.version,
            jobs.epoch, jobs.worker, jobs.started_at, jobs.finished_at, \(DeletionSQL.isMarked), jobs.estimated_nano,
            jobs.route, jobs.route_count
        FROM jobs
            JOIN job_requests ON job_requests.job = jobs.id
            JOIN endpoints ON endpoints.id = jobs.endpoint
            JOIN price_snapshots ON price_snapshots.id = jobs.price_snapshot
        """

    /// Finds one job.
    static let byID = "\(selection) WHERE jobs.id = ?"

    init(_ row: Row) throws {
        id = try row.jobID(0)
        workspace = row[1]
        keyHash = row[2]
        endpoint = EndpointID(model: row[3], provider: row[4], account: row[5])
        lane = row[6]
        hold = row[7]
        createdAt = Timestamp(milliseconds: row[8])
        defaultDeadlineSeconds = row[9]
        request = row[10]
        parameters = row[11]
        adjustments = row[12]
        prices = row[13]
        state = row[14]
        version = row[15]
        epoch = row[16]
        worker = row[17]
        startedAt = row.time(18)
        finishedAt = row.time(19)
        isMarkedDeleted = row[20]
        estimate = row[21]
        route = row[22]
        routeCount = row[23]
    }

    /// The job's row, or nil when there is none.
    static func find(_ id: JobID, in db: Database) throws -> JobRow? { try db.row(byID, [.id(id)]).map(JobRow.init) }

    /// The job.
    ///
    /// - Throws: When a column does not hold what it should.
    func job() throws -> Job {
        Job(
            admitted: NewJob(
                id: id,
                workspace: workspace,
                keyHash: keyHash,
                request: try StoredJSON.value(GenerationRequest.self, of: request),
                parameters: try SharedTexts.parameters.value(of: parameters),
                adjustments: try SharedTexts.adjustments.value(of: adjustments),
                endpoint: endpoint,
                lane: Lane(lane),
                hold: Credits(nanoUSD: hold),
                estimatedCost: estimate.map { Credits(nanoUSD: $0) },
                prices: try SharedTexts.prices.value(of: prices),
                createdAt: createdAt,
                defaultDeadlineSeconds: defaultDeadlineSeconds,
                route: route,
                routeCount: routeCount
            ),
            state: try StoredJSON.value(JobState.self, of: state),
            version: version,
            epoch: epoch,
            worker: worker.map { WorkerID($0) },
            startedAt: startedAt,
            finishedAt: finishedAt,
            isDeleted: isMarkedDeleted
        )
    }
}

/// What only changes by money: the columns that a hold is made of.
extension Hold {
    /// The hold of a job.
    ///
    /// - Throws: `corrupt` when the job has none.
    static func find(_ job: JobID, in db: Database) throws -> Hold {
        let found = try db.row(
            "SELECT workspace, amount_nano, state, charged_nano, platform_nano FROM holds WHERE job = ?",
            [.id(job)]
        )
        guard let row = found else { throw SQLiteJobStoreError.corrupt("\(job) has no hold") }
        let name: String = row[2]
        let charged: Int64? = row[3]
        let state: Hold.State =
            switch (name, charged) {
            case ("pending", nil): .pending
            case ("voided", nil): .voided
            case ("posted", let charged?): .posted(Credits(nanoUSD: charged))
            case _: throw SQLiteJobStoreError.corrupt("the hold of \(job) is \(name)")
            }
        return Hold(
            job: job.description,
            workspace: row[0],
            amount: Credits(nanoUSD: row[1]),
            state: state,
            platformShare: Credits(nanoUSD: row[4])
        )
    }
}

/// A stored attempt as its columns hold it.
extension Attempt {
    /// What a statement selects to make attempts; its conditions follow.
    static let selection = """
        SELECT attempts.job, attempts.number, endpoints.model, endpoints.provider, endpoints.account,
            attempts.external_id, attempts.token, attempts.state, attempts.epoch, attempts.sends,
            attempts.body_sha256, attempts.began_at, attempts.sending_at, attempts.ended_at, attempts.remote_id,
            attempts.submission, attempts.failure, attempts.orphan_remote_id, attempts.callback_url
        FROM attempts JOIN endpoints ON endpoints.id = attempts.endpoint
        """

    init(_ row: Row) throws {
        let job = try row.jobID(0)
        let start = NewAttempt(
            number: row[1],
            endpoint: EndpointID(model: row[2], provider: row[3], account: row[4]),
            externalID: row[5],
            token: row[6],
            callbackURL: row[18]
        )
        let name: String = row[7]
        guard let state = AttemptState(rawValue: name) else {
            throw SQLiteJobStoreError.corrupt("attempt \(start.number) of \(job) is \(name)")
        }
        self.init(
            job: job,
            start: start,
            state: state,
            epoch: row[8],
            sends: row[9],
            beganAt: Timestamp(milliseconds: row[11])
        )
        bodySHA256 = row[10]
        sendingAt = row.time(12)
        endedAt = row.time(13)
        remoteID = row[14]
        submission = row[15]
        let failureText: String? = row[16]
        failure = try failureText.map { try StoredJSON.value(JobFailure.self, of: $0) }
        orphanRemoteID = row[17]
    }

    /// The attempt of a job by its number, or nil.
    static func find(_ number: Int, of job: JobID, in db: Database) throws -> Attempt? {
        try db.row(
            "\(selection) WHERE attempts.job = ? AND attempts.number = ?",
            [.id(job), .integer(number)]
        ).map(Attempt.init)
    }

    /// Whether another attempt at this provider account has the id already.
    func isTaken(_ remoteID: String, in db: Database) throws -> Bool {
        try db.integer(
            """
            SELECT EXISTS (SELECT 1 FROM attempts WHERE provider = ? AND account = ? AND remote_id = ?
                AND NOT (job = ? AND number = ?))
            """,
            [
                .text(start.endpoint.provider), .text(start.endpoint.account), .text(remoteID), .id(job),
                .integer(start.number),
            ]
        ) == 1
    }

    /// Adds the attempt, or writes what can change about it.
    func insert(into db: Database) throws {
        try db.run(
            """
            INSERT INTO attempts (job, number, endpoint, provider, account, external_id, token, state, epoch, sends,
                began_at, callback_url)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .id(job), .integer(start.number), .integer(try db.endpointID(of: start.endpoint)),
                .text(start.endpoint.provider), .text(start.endpoint.account), .text(start.externalID),
                .text(start.token), .text(state.rawValue), .integer(epoch), .integer(sends), .time(beganAt),
                .text(start.callbackURL),
            ]
        )
    }

    /// Writes what can change about the attempt.
    func update(in db: Database) throws {
        try db.run(
            """
            UPDATE attempts SET state = ?, epoch = ?, sends = ?, body_sha256 = ?, sending_at = ?, ended_at = ?,
                remote_id = ?, submission = ?, failure = ?, orphan_remote_id = ?
            WHERE job = ? AND number = ?
            """,
            [
                .text(state.rawValue), .integer(epoch), .integer(sends), .text(bodySHA256), .time(sendingAt),
                .time(endedAt), .text(remoteID), .text(submission), .text(try failure.map(StoredJSON.text)),
                .text(orphanRemoteID), .id(job), .integer(start.number),
            ]
        )
    }
}

extension JobEventRecord {
    init(_ row: Row) throws {
        let job = try row.jobID(0)
        let name: String = row[3]
        let phaseName: String? = row[4]
        let phase = phaseName.flatMap { JobPhase(rawValue: $0) }
        guard let state = JobState.Name(rawValue: name), (phase == nil) == (phaseName == nil) else {
            throw SQLiteJobStoreError.corrupt("an event of \(job) is \(name), \(phaseName ?? "no phase")")
        }
        self.init(
            job: job,
            version: row[1],
            at: Timestamp(milliseconds: row[2]),
            state: state,
            phase: phase,
            progress: row[5]
        )
    }

    /// Adds the event.
    func insert(into db: Database) throws {
        try db.run(
            "INSERT INTO events (job, version, at, state, phase, progress) VALUES (?, ?, ?, ?, ?, ?)",
            [.id(job), .integer(version), .time(at), .state(state), .text(phase?.rawValue), .number(progress)]
        )
    }
}

extension Artifact {
    /// What a statement selects to make artifacts; its conditions follow.
    static let selection = """
        SELECT number, media_type, bytes, sha256, key, width, height, duration_milliseconds FROM artifacts
        """

    init(_ row: Row) throws {
        let path: String = row[4]
        guard let key = ArtifactKey(path) else { throw SQLiteJobStoreError.corrupt("an artifact under \(path)") }
        self.init(
            index: row[0],
            mediaType: row[1],
            bytes: row[2],
            sha256: row[3],
            key: key,
            width: row[5],
            height: row[6],
            durationMilliseconds: row[7]
        )
    }

    /// Adds the artifact to its job.
    func insert(into db: Database, of job: JobID, at now: Timestamp) throws {
        try db.run(
            """
            INSERT INTO artifacts (job, number, key, media_type, bytes, sha256, width, height, duration_milliseconds,
                created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .id(job), .integer(index), .text(key.path), .text(mediaType), .integer(bytes), .text(sha256),
                .integer(width), .integer(height), .integer(durationMilliseconds), .time(now),
            ]
        )
    }
}

extension APIKey {
    /// What a statement selects to make keys; its conditions follow.
    static let selection = """
        SELECT hash, name, label, workspace, limit_nano, is_management, created_at, revoked_at, limit_reset, includes_byok,
            is_disabled, expires_at, creator, external_user, updated_at, last_used_at
        FROM api_keys
        """

    init(_ row: Row) throws {
        let limit: Int64? = row[4]
        self.init(
            hash: row[0],
            name: row[1],
            label: row[2],
            workspace: row[3],
            limit: limit.map { Credits(nanoUSD: $0) },
            isManagement: row[5],
            createdAt: Timestamp(milliseconds: row[6]),
            revokedAt: row.time(7)
        )
        limitReset = try row.period(8)
        includesByok = row[9]
        isDisabled = row[10]
        expiresAt = row.time(11)
        creator = row[12]
        externalUser = row[13]
        updatedAt = row.time(14)
        lastUsedAt = row.time(15)
    }
}
