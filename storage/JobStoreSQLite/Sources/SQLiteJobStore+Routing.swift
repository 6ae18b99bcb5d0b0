import GRDB
import Generation
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func claimMovable(worker: WorkerID, lanes: [Lane], now: Timestamp, limit: Int) async throws -> [Job] {
        guard !lanes.isEmpty else { return [] }
        let rows: [JobRow] = try await writer.write { db in
            guard try db.hasLease(worker, at: now) else { return [] }
            var claimed: [JobRow] = []
            for lane in lanes where claimed.count < limit {
                try db.run(ClaimSQL.promote, [.text(lane.name), .time(now), .integer(Self.promotedMax)])
                let found = try db.rows(
                    RoutingSQL.movable,
                    [.text(lane.name), .integer(limit - claimed.count)]
                ).map { try $0.jobID(0) }
                for id in found {
                    if let row = try db.claim(id, for: worker) { claimed.append(row) }
                }
            }
            return claimed
        }
        return rows.compactMap { try? $0.job() }
    }

    package func routes(of id: JobID) async throws -> [JobRoute] {
        try await pool.read { db in try db.rows(RoutingSQL.routes, [.id(id)]).map(RouteRow.init) }.map {
            try $0.route()
        }
    }

    package func endpointHealth() async throws -> [EndpointID: String] {
        let rows = try await pool.read { db in
            try db.rows(RoutingSQL.health).map { row -> (EndpointID, String) in
                (EndpointID(model: row[0], provider: row[1], account: row[2]), row[3])
            }
        }
        return Dictionary(rows) { first, _ in first }
    }

    package func saveEndpointHealth(_ health: [EndpointID: String], at now: Timestamp) async throws {
        guard !health.isEmpty else { return }
        try await writer.write { db in
            for (endpoint, figures) in health {
                let id = try db.endpointID(of: endpoint)
                try db.run(RoutingSQL.saveHealth, [.integer(id), .text(figures), .time(now)])
            }
        }
    }
}

/// The statements of routing; their plans are tested.
enum RoutingSQL {
    /// Jobs of a lane that wait, and have other routes.
    static let movable = """
        SELECT id FROM jobs INDEXED BY jobs_movable
        WHERE lane = ? AND state = 'queued' AND worker IS NULL AND is_ready = 1 AND route_count > 1 ORDER BY id LIMIT ?
        """

    static let routes = """
        SELECT number, model, provider, account, lane, sheet, hold_nano, estimated_nano, default_deadline_seconds, request,
            adjustments, reason
        FROM job_routes
            JOIN endpoints ON endpoints.id = job_routes.endpoint
            JOIN price_snapshots ON price_snapshots.id = job_routes.price_snapshot
        WHERE job = ? ORDER BY number
        """

    static let insert = """
        INSERT INTO job_routes (job, number, endpoint, lane, price_snapshot, hold_nano, estimated_nano,
            default_deadline_seconds, request, adjustments, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    /// Puts a job on another of its routes: everything that its row says of the one that it was on.
    static let move = """
        UPDATE jobs SET (route, endpoint, lane, price_snapshot, estimated_nano, default_deadline_seconds) = (
            SELECT number, endpoint, lane, price_snapshot, estimated_nano, default_deadline_seconds FROM job_routes
            WHERE job = ?1 AND number = ?2
        ), model = (
            SELECT endpoints.model FROM job_routes JOIN endpoints ON endpoints.id = job_routes.endpoint
            WHERE job = ?1 AND number = ?2
        )
        WHERE id = ?1
        """

    static let moveRequest = """
        UPDATE job_requests SET (request, adjustments) = (
            SELECT request, adjustments FROM job_routes WHERE job = ?1 AND number = ?2
        )
        WHERE job = ?1
        """

    static let health = """
        SELECT model, provider, account, figures FROM endpoint_health JOIN endpoints ON id = endpoint_health.endpoint
        """

    static let saveHealth = """
        INSERT INTO endpoint_health (endpoint, figures, updated_at) VALUES (?, ?, ?)
        ON CONFLICT (endpoint) DO UPDATE SET figures = excluded.figures, updated_at = excluded.updated_at
        """
}

/// A route as its columns hold it, read within a transaction and decoded outside of it.
private struct RouteRow: Sendable {
    let number: Int
    let endpoint: EndpointID
    let lane: String
    let prices: String
    let hold: Int64
    let estimate: Int64
    let defaultDeadlineSeconds: Int64
    let request: String
    let adjustments: String
    let reason: String

    init(_ row: Row) {
        number = row[0]
        endpoint = EndpointID(model: row[1], provider: row[2], account: row[3])
        lane = row[4]
        prices = row[5]
        hold = row[6]
        estimate = row[7]
        defaultDeadlineSeconds = row[8]
        request = row[9]
        adjustments = row[10]
        reason = row[11]
    }

    func route() throws -> JobRoute {
        JobRoute(
            number: number,
            endpoint: endpoint,
            lane: Lane(lane),
            request: try StoredJSON.value(GenerationRequest.self, of: request),
            adjustments: try SharedTexts.adjustments.value(of: adjustments),
            prices: try SharedTexts.prices.value(of: prices),
            hold: Credits(nanoUSD: hold),
            estimatedCost: Credits(nanoUSD: estimate),
            defaultDeadlineSeconds: defaultDeadlineSeconds,
            reason: reason
        )
    }
}

/// The JSON of a job's routes, made before its admission waits for the writer.
struct RouteTexts: Sendable {
    let route: JobRoute
    let request: String
    let adjustments: String
    let prices: String

    init(_ route: JobRoute) throws {
        self.route = route
        request = try StoredJSON.text(route.request)
        adjustments = try SharedTexts.adjustments.text(route.adjustments)
        prices = try SharedTexts.prices.text(route.prices)
    }
}

extension Database {
    /// Writes the routes of a job.
    func insert(_ routes: [RouteTexts], of job: JobID) throws {
        for texts in routes {
            let route = texts.route
            try run(
                RoutingSQL.insert,
                [
                    .id(job), .integer(route.number), .integer(try endpointID(of: route.endpoint)),
                    .text(route.lane.name), .integer(try priceSnapshotID(of: texts.prices)), .amount(route.hold),
                    .amount(route.estimatedCost), .integer(route.defaultDeadlineSeconds), .text(texts.request),
                    .text(texts.adjustments), .text(route.reason),
                ]
            )
        }
    }

    /// Puts a job on another of its routes; on the one that it is on already nothing changes.
    func move(_ job: JobRow, to route: JobRoute) throws {
        guard route.number != job.route else { return }
        let values: [DatabaseValue] = [.id(job.id), .integer(route.number)]
        try run(RoutingSQL.move, values)
        try run(RoutingSQL.moveRequest, values)
    }
}
