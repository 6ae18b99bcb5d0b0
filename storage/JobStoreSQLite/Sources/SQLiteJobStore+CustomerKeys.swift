import Foundation
import GRDB
package import JobCore

extension SQLiteJobStore {
    package func createCustomerKey(_ key: CustomerKey) async throws -> CustomerKey {
        try await writer.write { db in
            var key = key
            let last = try db.integer(CustomerKeySQL.lastPlace, [.text(key.workspace), .text(key.provider)])
            key.sortOrder = last.map { Int($0) + 1 } ?? 0
            key.revision = try db.nextCustomerKeyRevision()
            try db.run(
                """
                INSERT INTO customer_keys (id, workspace, provider, created_at, sort_order, \(CustomerKeySQL.written))
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(key.id), .text(key.workspace), .text(key.provider), .time(key.createdAt),
                    .integer(key.sortOrder),
                ] + (try key.written)
            )
            return key
        }
    }

    package func customerKey(_ id: String) async throws -> CustomerKey? {
        try await pool.read { db in try CustomerKey.find(id, in: db) }
    }

    package func customerKeys(_ query: CustomerKeyQuery) async throws -> (keys: [CustomerKey], total: Int) {
        try await pool.read { db in
            let values: [DatabaseValue] = [.text(query.workspace), .text(query.provider)]
            let keys = try db.rows(
                "\(CustomerKeySQL.selection) \(CustomerKeySQL.listed) ORDER BY provider, sort_order, id LIMIT ?3 OFFSET ?4",
                values + [.integer(query.limit), .integer(query.offset)]
            ).map(CustomerKey.init)
            let total = try db.integer("SELECT count(*) FROM customer_keys \(CustomerKeySQL.listed)", values) ?? 0
            return (keys, Int(total))
        }
    }

    package func updateCustomerKey(
        _ key: CustomerKey,
        expecting revision: Int64
    ) async throws -> CustomerKeyChange {
        try await writer.write { db in
            guard var known = try CustomerKey.find(key.id, in: db) else { return .missing }
            guard known.revision == revision else { return .stale }
            (known.sealed, known.label, known.terms) = (key.sealed, key.label, key.terms)
            known.revision = try db.nextCustomerKeyRevision()
            try db.run(
                "UPDATE customer_keys SET (\(CustomerKeySQL.written)) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                try known.written + [.text(known.id)]
            )
            return .changed(known)
        }
    }

    package func deleteCustomerKey(_ id: String, at now: Timestamp) async throws -> Bool {
        try await writer.write { db in
            let changed = try db.run(
                "UPDATE customer_keys SET deleted_at = ?, revision = ? WHERE id = ? AND deleted_at IS NULL",
                [.time(now), .integer(try db.nextCustomerKeyRevision()), .text(id)]
            )
            guard changed == 1 else { return false }
            try db.run(CustomerKeySQL.clear, [.text(id)])
            return true
        }
    }

    package func customerKeySnapshot(after revision: Int64) async throws -> CustomerKeySnapshot? {
        try await pool.read { db in
            let current = try db.integer("SELECT revision FROM customer_key_revision") ?? 0
            guard current != revision else { return nil }
            return CustomerKeySnapshot(
                revision: current,
                keys: try db.rows("\(CustomerKeySQL.selection) ORDER BY workspace, provider, sort_order, id")
                    .map(CustomerKey.init),
                inUse: Set(try db.rows("SELECT DISTINCT customer_key FROM customer_key_jobs").map { $0[0] })
            )
        }
    }
}

extension Database {
    /// Whether a customer's key that may serve a job is gone; false for a job that only the operator's own may serve.
    func lacksCustomerKey(of admission: Admission) throws -> Bool {
        for id in admission.customerKeyIDs {
            let found = try integer(
                """
                SELECT 1 FROM customer_keys WHERE id = ? AND workspace = ? AND is_disabled = 0 AND deleted_at IS NULL
                """,
                [.text(id), .text(admission.job.workspace)]
            )
            if found == nil { return true }
        }
        return false
    }

    /// Keeps the customer's keys that may serve a job, until that is over.
    func keepCustomerKeys(for admission: Admission) throws {
        for id in admission.customerKeyIDs {
            try run(
                "INSERT INTO customer_key_jobs (job, customer_key) VALUES (?, ?)",
                [.id(admission.job.id), .text(id)]
            )
        }
    }

    /// A job is over: a key that was deleted meanwhile goes with the last of its jobs.
    func releaseCustomerKeys(of job: JobRow) throws {
        guard job.endpoint.customerKeyID != nil || job.routeCount > 1 else { return }
        let kept = try rows("SELECT customer_key FROM customer_key_jobs WHERE job = ?", [.id(job.id)]).map {
            row -> String in row[0]
        }
        guard !kept.isEmpty else { return }
        try run("DELETE FROM customer_key_jobs WHERE job = ?", [.id(job.id)])
        var cleared = 0
        for id in kept { cleared += try run(CustomerKeySQL.clear, [.text(id)]) }
        if cleared > 0 { _ = try nextCustomerKeyRevision() }
    }

    /// Counts a change of any key.
    fileprivate func nextCustomerKeyRevision() throws -> Int64 {
        try run("UPDATE customer_key_revision SET revision = revision + 1")
        return try integer("SELECT revision FROM customer_key_revision") ?? 0
    }
}

/// The statements about customers' keys.
private enum CustomerKeySQL {
    static let selection = """
        SELECT id, workspace, provider, created_at, sort_order, deleted_at, revision, sealed, label, name, allowed_models,
            allowed_key_hashes, allowed_user_ids, is_disabled, is_fallback, is_required, is_only, declared_zdr,
            declared_region
        FROM customer_keys
        """

    /// What changes of a key, as it is written.
    static let written = """
        sealed, label, name, allowed_models, allowed_key_hashes, allowed_user_ids, is_disabled, is_fallback, is_required,
            is_only, declared_zdr, declared_region, revision
        """

    static let listed = "WHERE workspace = ?1 AND (?2 IS NULL OR provider = ?2) AND deleted_at IS NULL"

    static let lastPlace = """
        SELECT max(sort_order) FROM customer_keys WHERE workspace = ? AND provider = ? AND deleted_at IS NULL
        """

    /// Removes a key that was deleted, unless a job under way needs it.
    static let clear = """
        DELETE FROM customer_keys WHERE id = ?1 AND deleted_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM customer_key_jobs WHERE customer_key = ?1)
        """
}

extension CustomerKey {
    fileprivate static func find(_ id: String, in db: Database) throws -> CustomerKey? {
        try db.row("\(CustomerKeySQL.selection) WHERE id = ? AND deleted_at IS NULL", [.text(id)]).map(CustomerKey.init)
    }

    fileprivate init(_ row: Row) throws {
        let sealed: Data = row[7]
        var terms = CustomerKeyTerms()
        terms.name = row[9]
        terms.allowedModels = try Self.list(row[10])
        terms.allowedKeyHashes = try Self.list(row[11])
        terms.allowedUserIDs = try Self.list(row[12])
        terms.isDisabled = row[13]
        terms.isFallback = row[14]
        terms.isRequired = row[15]
        terms.isOnly = row[16]
        terms.declaredZeroRetention = row[17]
        terms.declaredRegion = row[18]
        self.init(
            id: row[0],
            workspace: row[1],
            provider: row[2],
            sealed: Array(sealed),
            label: row[8],
            terms: terms,
            createdAt: Timestamp(milliseconds: row[3])
        )
        sortOrder = row[4]
        deletedAt = row.time(5)
        revision = row[6]
    }

    /// The values of `CustomerKeySQL.written`.
    fileprivate var written: [DatabaseValue] {
        get throws {
            [
                Data(sealed).databaseValue, .text(label), .text(terms.name),
                .text(try terms.allowedModels.map(StoredJSON.text)),
                .text(try terms.allowedKeyHashes.map(StoredJSON.text)),
                .text(try terms.allowedUserIDs.map(StoredJSON.text)), .flag(terms.isDisabled),
                .flag(terms.isFallback), .flag(terms.isRequired), .flag(terms.isOnly),
                terms.declaredZeroRetention.map { DatabaseValue.flag($0) } ?? .null, .text(terms.declaredRegion),
                .integer(revision),
            ]
        }
    }

    private static func list(_ text: String?) throws -> [String]? {
        try text.map { try StoredJSON.value([String].self, of: $0) }
    }
}
