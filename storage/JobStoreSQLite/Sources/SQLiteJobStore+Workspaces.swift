import GRDB
package import JobCore

extension SQLiteJobStore {
    package func workspaceProfiles() async throws -> [WorkspaceProfile] {
        try await pool.read { db in
            try db.rows("\(WorkspaceProfile.selection) ORDER BY created_at, name").map(WorkspaceProfile.init)
        }
    }

    package func workspaceProfile(of name: String) async throws -> WorkspaceProfile? {
        try await pool.read { db in try WorkspaceProfile.find(name, in: db) }
    }

    package func createWorkspace(_ profile: WorkspaceProfile) async throws -> Bool {
        try await writer.write { db in
            let made = try db.run(
                "INSERT INTO workspaces (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                [.text(profile.name), .time(profile.createdAt)]
            )
            guard made == 1 else { return false }
            try db.run(
                "UPDATE workspace_profiles SET id = ?, creator = ? WHERE workspace = ?",
                [.text(profile.id), .text(profile.creator), .text(profile.name)]
            )
            try profile.update(in: db)
            return true
        }
    }

    package func updateWorkspace(
        _ name: String,
        by change: WorkspaceChange,
        at now: Timestamp
    ) async throws -> WorkspaceProfile? {
        try await writer.write { db in
            guard let profile = try WorkspaceProfile.find(name, in: db)?.applying(change, at: now) else { return nil }
            try profile.update(in: db)
            return profile
        }
    }

    package func deleteWorkspace(_ name: String) async throws -> WorkspaceDeletion {
        do {
            return try await writer.write { db in
                guard try db.integer("SELECT 1 FROM workspaces WHERE name = ?", [.text(name)]) != nil else {
                    return .missing
                }
                guard try db.integer(WorkspaceSQL.isUsed, [.text(name)]) == 0 else { return .notEmpty }
                try db.run("DELETE FROM api_keys WHERE workspace = ?", [.text(name)])
                try db.run("DELETE FROM workspaces WHERE name = ?", [.text(name)])
                return .deleted
            }
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
            // Something of another area refers to it.
            return .notEmpty
        }
    }
}

private enum WorkspaceSQL {
    /// Whether a workspace has a key that was not revoked, or ever had a job or credits.
    static let isUsed = """
        SELECT EXISTS (SELECT 1 FROM api_keys WHERE workspace = ?1 AND revoked_at IS NULL)
            OR EXISTS (SELECT 1 FROM jobs WHERE workspace = ?1)
            OR EXISTS (SELECT 1 FROM accounts WHERE name IN ('available:' || ?1, 'held:' || ?1))
        """
}

extension WorkspaceProfile {
    /// What a statement selects to make workspaces; its conditions follow.
    fileprivate static let selection = """
        SELECT id, name, title, created_at, summary, creator, updated_at, text_model, image_model, provider_sort,
            includes_byok
        FROM workspaces JOIN workspace_profiles ON workspace_profiles.workspace = workspaces.name
        """

    fileprivate init(_ row: Row) {
        self.init(id: row[0], name: row[1], title: row[2], createdAt: Timestamp(milliseconds: row[3]))
        summary = row[4]
        creator = row[5]
        updatedAt = row.time(6)
        textModel = row[7]
        imageModel = row[8]
        providerSort = row[9]
        includesByok = row[10]
    }

    fileprivate static func find(_ name: String, in db: Database) throws -> WorkspaceProfile? {
        try db.row("\(selection) WHERE name = ?", [.text(name)]).map(WorkspaceProfile.init)
    }

    /// Writes what can be changed about it.
    fileprivate func update(in db: Database) throws {
        try db.run(
            """
            UPDATE workspace_profiles SET title = ?, summary = ?, updated_at = ?, text_model = ?, image_model = ?,
                provider_sort = ?
            WHERE workspace = ?
            """,
            [
                .text(title), .text(summary), .time(updatedAt), .text(textModel), .text(imageModel),
                .text(providerSort), .text(name),
            ]
        )
    }
}
