import GRDB
package import JobCore
package import Ledger

extension SQLiteJobStore {
    package func workspaces() async throws -> [Workspace] {
        try await pool.read { db in
            try db.rows("SELECT name, created_at FROM workspaces ORDER BY name").map { row in
                Workspace(name: row[0], createdAt: Timestamp(milliseconds: row[1]))
            }
        }
    }

    package func ensureWorkspace(_ name: String, at now: Timestamp) async throws {
        try await writer.write { db in
            try db.run(
                "INSERT INTO workspaces (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                [.text(name), .time(now)]
            )
        }
    }

    package func createKey(_ key: APIKey) async throws {
        try await writer.write { db in
            try db.run(
                """
                INSERT INTO api_keys (hash, name, label, workspace, limit_nano, is_management, created_at, revoked_at,
                    limit_reset, includes_byok, is_disabled, expires_at, creator, external_user, updated_at, last_used_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(key.hash), .text(key.name), .text(key.label), .text(key.workspace), .amount(key.limit),
                    .flag(key.isManagement), .time(key.createdAt), .time(key.revokedAt),
                    .text(key.limitReset.rawValue), .flag(key.includesByok), .flag(key.isDisabled),
                    .time(key.expiresAt), .text(key.creator), .text(key.externalUser), .time(key.updatedAt),
                    .time(key.lastUsedAt),
                ]
            )
        }
    }

    package func key(hash: String) async throws -> APIKey? {
        try await pool.read { db in
            try db.row("\(APIKey.selection) WHERE hash = ?", [.text(hash)]).map(APIKey.init)
        }
    }

    package func keys() async throws -> [APIKey] {
        try await pool.read { db in
            try db.rows("\(APIKey.selection) ORDER BY created_at, hash").map(APIKey.init)
        }
    }

    package func revokeKey(hash: String, at now: Timestamp) async throws -> Bool {
        try await writer.write { db in
            try db.run(
                "UPDATE api_keys SET revoked_at = ifnull(revoked_at, ?) WHERE hash = ?",
                [.time(now), .text(hash)]
            ) == 1
        }
    }

    package func transfer(_ transfer: Transfer, at now: Timestamp) async throws -> Bool {
        try await writer.write { db in
            let made = try db.integer("SELECT 1 FROM transfers WHERE id = ?", [.text(transfer.id)])
            guard made == nil else { return false }
            try db.post(transfer, at: now)
            return true
        }
    }

    package func balance(of workspace: String) async throws -> Balance {
        try await pool.read { db in
            Balance(
                available: try db.balance(of: .available(workspace: workspace)),
                held: try db.balance(of: .held(workspace: workspace))
            )
        }
    }

    package func totals(of workspace: String) async throws -> WorkspaceTotals {
        try await pool.read { db in
            // Credits come in, are set aside, and are charged: whatever came in is there still, or was charged. What is
            // committed to keys is what is set aside and what was charged.
            let committed = Credits(nanoUSD: try db.integer(AccountSQL.committed, [.text(workspace)]) ?? 0)
            let available = try db.balance(of: .available(workspace: workspace))
            let held = try db.balance(of: .held(workspace: workspace))
            return WorkspaceTotals(
                credited: try available.adding(committed),
                charged: try committed.subtracting(held)
            )
        }
    }

    package func usage(ofKey hash: String, in periods: UsagePeriods) async throws -> KeyUsage? {
        try await pool.read { db in
            let found = try db.row(
                AccountSQL.usage,
                [
                    .integer(periods.day), .integer(periods.weekStart), .integer(periods.monthStart), .text(hash),
                ]
            )
            guard let row = found else { return nil }
            let committed = Credits(nanoUSD: row[0])
            let total = Credits(nanoUSD: row[1])
            return KeyUsage(
                total: total,
                daily: Credits(nanoUSD: row[2]),
                weekly: Credits(nanoUSD: row[3]),
                monthly: Credits(nanoUSD: row[4]),
                held: try committed.subtracting(total)
            )
        }
    }
}

/// The statements about what was spent.
enum AccountSQL {
    /// What the jobs of a workspace's keys have cost, plus their open holds.
    static let committed = "SELECT sum(committed_nano) FROM api_keys WHERE workspace = ?"

    /// What a key has committed, and its charges: in all, of the day, the week, the month.
    static let usage = """
        SELECT api_keys.committed_nano, ifnull(sum(charged_nano), 0),
            ifnull(sum(charged_nano) FILTER (WHERE day >= ?), 0),
            ifnull(sum(charged_nano) FILTER (WHERE day >= ?), 0),
            ifnull(sum(charged_nano) FILTER (WHERE day >= ?), 0)
        FROM api_keys LEFT JOIN key_usage ON key_usage.key_hash = api_keys.hash
        WHERE api_keys.hash = ?
        GROUP BY api_keys.hash
        """
}
