import Cryptography
package import JobCore
package import Ledger

/// What a new key is to be.
package struct NewKey: Sendable {
    /// What the operator calls it.
    package var name: String
    /// The workspace whose credits it spends.
    package var workspace = AccountService.defaultWorkspace
    /// The most it may spend in each period, holds included; nil for no limit.
    package var limit: Credits?
    /// After what time the limit counts anew.
    package var limitReset = SpendingPeriod.lifetime
    /// Whether what a provider bills to the customer's own account counts against the limit.
    package var includesByok = false
    /// Whether it also opens the account routes.
    package var isManagement = false
    /// When it stops opening anything.
    package var expiresAt: Timestamp?
    /// Who made it, in the operator's words.
    package var creator: String?
    /// For whom of the operator's own users it was made.
    package var externalUser: String?

    package init(name: String) { self.name = name }
}

/// Which keys a list shows.
package struct KeyQuery: Sendable {
    /// The workspace.
    package var workspace: String
    /// Whether keys that are disabled are among them.
    package var includesDisabled = false
    /// Whether keys that have expired are among them.
    package var includesExpired = false
    /// How many to skip.
    package var offset = 0
    /// How many at most.
    package var limit = 100

    package init(workspace: String) { self.workspace = workspace }
}

/// A key, what it has spent, and the workspace that it belongs to: what those who manage it see.
package struct KeyView: Sendable {
    /// The key.
    package let key: APIKey
    /// What its jobs were charged.
    package let usage: KeyUsage
    /// The list price of what providers billed to keys of the client's own for its jobs.
    package let byokUsage: PeriodSums
    /// The workspace's identifier.
    package let workspaceID: String
    /// Whether the workspace's budgets count what a provider bills to the customer's own account.
    package let workspaceIncludesByok: Bool

    /// What it may spend yet in the current period: holds of jobs that are not over count as spent.
    ///
    /// - Throws: `overflow`.
    package func remaining() throws -> Credits? {
        guard let limit = key.limit else { return nil }
        return max(.zero, try limit.subtracting(usage.spent(in: key.limitReset)))
    }
}

extension AccountService {
    /// Makes a key.
    ///
    /// Its text is given back once and stored nowhere.
    package func createKey(_ new: NewKey) async throws -> (secret: String, key: APIKey) {
        let now = environment.now()
        let secret = "sk-med-v1-" + environment.randomHex(bytes: 32)
        var key = APIKey(
            hash: SHA256.hash(Array(secret.utf8)).hex,
            name: new.name,
            label: "\(secret.prefix(13))...\(secret.suffix(4))",
            workspace: new.workspace,
            limit: new.limit,
            isManagement: new.isManagement,
            createdAt: now,
            revokedAt: nil
        )
        key.limitReset = new.limitReset
        key.includesByok = new.includesByok
        key.expiresAt = new.expiresAt
        key.creator = new.creator
        key.externalUser = new.externalUser
        try await store.ensureWorkspace(new.workspace, at: now)
        try await store.createKey(key)
        return (secret, key)
    }

    /// Keys of a workspace that were not revoked, newest first.
    package func keys(_ query: KeyQuery) async throws -> [APIKey] {
        let now = environment.now()
        let found = try await store.keys().reversed().filter { key in
            key.workspace == query.workspace && key.revokedAt == nil && (query.includesDisabled || !key.isDisabled)
                && (query.includesExpired || key.expiresAt.map { now < $0 } ?? true)
        }
        return found.dropFirst(query.offset).prefix(query.limit).map(withLatestUse)
    }

    /// The key of this hash, unless there is none or it was revoked.
    package func key(hash: String) async throws -> APIKey? {
        guard let key = try await store.key(hash: hash), key.revokedAt == nil else { return nil }
        return withLatestUse(key)
    }

    /// Changes a key; nil when there is none of that hash, or it was revoked.
    ///
    /// In this process it counts at once, in others within half a second.
    package func updateKey(hash: String, by change: KeyChange) async throws -> APIKey? {
        let changed = try await store.updateKey(hash: hash, by: change, at: environment.now())
        forget(hash)
        return changed.map(withLatestUse)
    }

    /// What those who manage a key see of it.
    package func view(of key: APIKey) async throws -> KeyView {
        let profile = try await store.workspaceProfile(of: key.workspace)
        let spending = try await store.spending(ofKey: key.hash, in: periods())
        return KeyView(
            key: key,
            usage: try await usage(of: key),
            byokUsage: spending?.byok ?? .none,
            workspaceID: profile?.id ?? key.workspace,
            workspaceIncludesByok: profile?.includesByok ?? false
        )
    }
}
