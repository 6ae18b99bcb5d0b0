import GRDB
package import JobCore

extension SQLiteJobStore {
    package func claimDeliveries(
        now: Timestamp,
        until: Timestamp,
        busy: [String: Int],
        perOrigin: Int,
        limit: Int
    ) async throws -> DeliveryClaim {
        // Most looks find nothing due: those do not trouble the writer.
        let idle: DeliveryClaim? = try await pool.read { db in
            let full = busy.filter { $0.value >= perOrigin }.keys
            guard try limit <= 0 || db.dueOrigins(at: now, without: full, limit: 1).isEmpty else { return nil }
            return DeliveryClaim(deliveries: [], nextDueAt: try db.nextDueAt(without: full))
        }
        if let idle { return idle }
        return try await writer.write { db in
            var busy = busy
            let candidates = try db.dueMessages(at: now, busy: busy, perOrigin: perOrigin, limit: limit)
            let chosen = candidates.sorted { ($0.rank, $0.dueAt, $0.row) < ($1.rank, $1.dueAt, $1.row) }.prefix(limit)
            for candidate in chosen {
                try db.run(DeliverySQL.take, [.time(until), .integer(candidate.row)])
                busy[candidate.origin, default: 0] += 1
            }
            return DeliveryClaim(
                deliveries: chosen.map {
                    OutboxDelivery(message: $0.message, triesBefore: $0.tries, claimedUntil: until)
                },
                nextDueAt: try db.nextDueAt(without: busy.filter { $0.value >= perOrigin }.keys)
            )
        }
    }

    package func recordDelivery(
        _ delivery: OutboxDelivery,
        at began: Timestamp,
        result: DeliveryTry.Result,
        milliseconds: Int64,
        outcome: DeliveryOutcome
    ) async throws -> Bool {
        let message = delivery.message
        return try await writer.write { db in
            guard let row = try db.row(DeliverySQL.state, [.id(message.job), .integer(message.version)]) else {
                return false
            }
            let (id, tries): (Int64, Int) = (row[0], row[1])
            let (dueAt, exhaustedAt) = (row.time(2), row.time(3))
            let isHeld =
                exhaustedAt == nil && tries == delivery.triesBefore && dueAt == delivery.claimedUntil
            let end = began.adding(seconds: Double(milliseconds) / 1_000)
            switch outcome {
            case .delivered:
                try db.run(DeliverySQL.end, [.time(dueAt), .time(end), .time(nil), .integer(id)])
            case .retry(let at):
                guard isHeld else { return false }
                try db.run(DeliverySQL.end, [.time(at), .time(nil), .time(nil), .integer(id)])
            case .exhausted:
                guard isHeld else { return false }
                try db.run(DeliverySQL.end, [.time(dueAt), .time(nil), .time(end), .integer(id)])
            }
            try db.run(
                DeliverySQL.log,
                [
                    .id(message.job), .integer(message.version), .integer(tries + 1), .time(began),
                    .integer(result.status), .text(result.error), .integer(max(0, milliseconds)),
                ]
            )
            return true
        }
    }

    package func deliveries(of id: JobID) async throws -> [DeliveryTry] {
        try await pool.read { db in
            try db.rows(DeliverySQL.tries, [.id(id)]).map { row in
                let status: Int? = row[2]
                let error: String? = row[3]
                return DeliveryTry(
                    number: row[0],
                    at: Timestamp(milliseconds: row[1]),
                    result: status.map { .status($0) } ?? .error(error ?? ""),
                    milliseconds: row[4]
                )
            }
        }
    }

    package func exhaustedMessageCount() async throws -> Int {
        try await pool.read { db in Int(try db.integer(DeliverySQL.exhausted) ?? 0) }
    }
}

extension DeliveryTry.Result {
    fileprivate var status: Int? {
        switch self {
        case .status(let status): status
        case .error: nil
        }
    }

    fileprivate var error: String? {
        switch self {
        case .status: nil
        case .error(let error): error
        }
    }
}

/// The statements of deliveries; their plans are tested.
///
/// All go by index: a million messages to a receiver that is down change nothing for the others.
enum DeliverySQL {
    /// The origins with a message that is due, but for those in a JSON array, the longest due first.
    static let dueOrigins = """
        SELECT origin FROM outbox_origins
        WHERE due_at <= ? AND origin NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at LIMIT ?
        """

    /// When the first message becomes due, but for the origins in a JSON array.
    static let nextDue = """
        SELECT due_at FROM outbox_origins INDEXED BY outbox_origins_due
        WHERE due_at >= 0 AND origin NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at LIMIT 1
        """

    /// An origin's messages that are due, the longest due first.
    static let due = """
        SELECT job, version, state, url, created_at, deliveries, due_at, id FROM outbox
        WHERE origin = ? AND delivered_at IS NULL AND exhausted_at IS NULL AND due_at <= ?
        ORDER BY due_at, id LIMIT ?
        """

    /// Takes a message until some time.
    static let take = "UPDATE outbox SET due_at = ? WHERE id = ?"

    /// How a message that is not delivered stands.
    static let state = """
        SELECT id, deliveries, due_at, exhausted_at FROM outbox
        WHERE job = ? AND version = ? AND delivered_at IS NULL
        """

    /// Writes how a try ended.
    static let end = """
        UPDATE outbox SET deliveries = deliveries + 1, due_at = ?, delivered_at = ?, exhausted_at = ? WHERE id = ?
        """

    static let log = """
        INSERT INTO webhook_deliveries (job, version, number, at, status, error, milliseconds)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """

    static let tries = """
        SELECT number, at, status, error, milliseconds FROM webhook_deliveries WHERE job = ? ORDER BY version, number
        """

    static let exhausted = "SELECT count(*) FROM outbox WHERE exhausted_at IS NOT NULL"
}

/// A message that a claim may take.
private struct Candidate {
    let message: OutboxMessage
    let origin: String
    let tries: Int
    let dueAt: Timestamp
    let row: Int64
    /// How many deliveries to its origin go before it.
    let rank: Int
}

extension Database {
    fileprivate func dueOrigins(
        at now: Timestamp,
        without full: some Collection<String>,
        limit: Int
    ) throws -> [String] {
        try rows(DeliverySQL.dueOrigins, [.time(now), try .texts(full), .integer(limit)]).map { row in row[0] }
    }

    fileprivate func nextDueAt(without full: some Collection<String>) throws -> Timestamp? {
        try integer(DeliverySQL.nextDue, [try .texts(full)]).map { Timestamp(milliseconds: $0) }
    }

    fileprivate func dueMessages(
        at now: Timestamp,
        busy: [String: Int],
        perOrigin: Int,
        limit: Int
    ) throws -> [Candidate] {
        // Those with nothing in delivery first, however long the others are due; of these there are few.
        var origins = try dueOrigins(at: now, without: busy.keys, limit: limit)
        if origins.count < limit, !busy.isEmpty {
            let others = busy.filter { $0.value >= perOrigin }.keys + origins
            origins += try dueOrigins(at: now, without: others, limit: busy.count)
        }
        return try origins.flatMap { origin in
            let inDelivery = busy[origin] ?? 0
            return try rows(
                DeliverySQL.due,
                [.text(origin), .time(now), .integer(min(limit, perOrigin - inDelivery))]
            ).enumerated().map { index, row in
                Candidate(
                    message: try OutboxMessage(row),
                    origin: origin,
                    tries: row[5],
                    dueAt: Timestamp(milliseconds: row[6]),
                    row: row[7],
                    rank: inDelivery + index
                )
            }
        }
    }
}

extension DatabaseValue {
    /// Texts as a JSON array.
    fileprivate static func texts(_ texts: some Collection<String>) throws -> DatabaseValue {
        try StoredJSON.text(texts.sorted()).databaseValue
    }
}

extension OutboxMessage {
    /// Reads a row that begins with job, version, state, url and created_at.
    ///
    /// - Throws: `corrupt` for one that cannot be read.
    init(_ row: Row) throws {
        let (job, name): (JobID, String) = (try row.jobID(0), row[2])
        guard let state = JobState.Name(rawValue: name) else {
            throw SQLiteJobStoreError.corrupt("a message of \(job) tells of \(name)")
        }
        self.init(
            job: job,
            version: row[1],
            state: state,
            url: row[3],
            createdAt: Timestamp(milliseconds: row[4])
        )
    }
}
