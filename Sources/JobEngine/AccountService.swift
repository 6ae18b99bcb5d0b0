import Cryptography
package import JobCore
package import Ledger
import Synchronization

/// Keys and credits: what the operator does, and what opens the API.
package final class AccountService: Sendable {
    /// The workspace that is there from the start.
    package static let defaultWorkspace = "default"

    /// How long a key that was looked up is believed: a revoked one is refused within this time, whichever process
    /// revoked it.
    private static let keyAgeSecondsMax = 0.5

    private struct CachedKey {
        let key: APIKey?
        let readAt: Double
    }

    let store: any JobStore
    let environment: EngineEnvironment
    private let cache = Mutex<[String: CachedKey]>([:])
    /// When keys were used that was not yet written down.
    private let uses = Mutex<[String: Timestamp]>([:])

    package init(store: any JobStore, environment: EngineEnvironment) {
        self.store = store
        self.environment = environment
    }

    /// The key that this text is, unless it is unknown, revoked, disabled or expired.
    ///
    /// Only the hash is compared, so equal time is spent on near and far guesses. That the key was used is noted, and
    /// written down later.
    package func authenticate(_ secret: String) async throws -> APIKey? {
        let key = try await cached(SHA256.hash(Array(secret.utf8)).hex)
        let now = environment.now()
        guard let key, key.isUsable(at: now) else { return nil }
        uses.withLock { $0[key.hash] = now }
        return key
    }

    private func cached(_ hash: String) async throws -> APIKey? {
        let now = environment.bootSeconds()
        if let cached = cache.withLock({ $0[hash] }), now - cached.readAt < Self.keyAgeSecondsMax {
            return cached.key
        }
        let key = try await store.key(hash: hash)
        cache.withLock { cache in
            // Wrong guesses must not fill the memory.
            if cache.count > 10_000 { cache.removeAll() }
            cache[hash] = CachedKey(key: key, readAt: now)
        }
        return key
    }

    /// Makes what was remembered of a key be read anew.
    func forget(_ hash: String) { cache.withLock { $0[hash] = nil } }

    /// The key with its latest use, written down or not.
    func withLatestUse(_ key: APIKey) -> APIKey {
        guard let use = uses.withLock({ $0[key.hash] }), key.lastUsedAt.map({ $0 < use }) ?? true else { return key }
        var key = key
        key.lastUsedAt = use
        return key
    }

    /// Writes down when keys were last used; what fails to be written is kept for the next time.
    func recordUses() async throws {
        let noted = uses.withLock { $0 }
        guard !noted.isEmpty else { return }
        try await store.recordKeyUses(noted)
        uses.withLock { uses in
            for (hash, time) in noted where uses[hash] == time { uses[hash] = nil }
        }
    }

    /// Makes a key.
    ///
    /// Its text is given back once and stored nowhere.
    package func createKey(
        name: String,
        workspace: String = defaultWorkspace,
        limit: Credits? = nil,
        isManagement: Bool = false
    ) async throws -> (secret: String, key: APIKey) {
        var new = NewKey(name: name)
        new.workspace = workspace
        new.limit = limit
        new.isManagement = isManagement
        return try await createKey(new)
    }

    /// All keys, oldest first.
    package func keys() async throws -> [APIKey] { try await store.keys() }

    /// Revokes a key by its hash; false when there is none.
    package func revokeKey(hash: String) async throws -> Bool {
        let isThere = try await store.revokeKey(hash: hash, at: environment.now())
        forget(hash)
        return isThere
    }

    /// All workspaces, by name.
    package func workspaces() async throws -> [Workspace] { try await store.workspaces() }

    /// Gives a workspace credits; reason and actor are kept in the ledger.
    package func grant(
        _ amount: Credits,
        to workspace: String,
        reason: String,
        actor: String = ""
    ) async throws -> Balance {
        let now = environment.now()
        try await store.ensureWorkspace(workspace, at: now)
        let transfer = try Transfer.grant(
            id: environment.randomHex(bytes: 16),
            workspace: workspace,
            amount: amount,
            reason: reason,
            actor: actor
        )
        _ = try await store.transfer(transfer, at: now)
        return try await store.balance(of: workspace)
    }

    /// What a workspace has.
    package func balance(of workspace: String) async throws -> Balance { try await store.balance(of: workspace) }

    /// What came into a workspace and what its jobs were charged.
    package func totals(of workspace: String) async throws -> WorkspaceTotals {
        try await store.totals(of: workspace)
    }

    /// What decides about a workspace's next request to a free model, and the time by which it does.
    package func freeModelStanding(of workspace: String) async throws -> (standing: FreeModelStanding, at: Timestamp) {
        (try await store.freeModelStanding(of: workspace), environment.now())
    }

    /// What the jobs of a key were charged: in all, today, this week and this month.
    package func usage(of key: APIKey) async throws -> KeyUsage {
        let periods = UsagePeriods(at: environment.now())
        let none = KeyUsage(total: .zero, daily: .zero, weekly: .zero, monthly: .zero, held: .zero)
        return try await store.usage(ofKey: key.hash, in: periods) ?? none
    }
}

extension AccountService {
    /// Makes the workspace that is there from the start.
    package func prepare() async throws {
        try await store.ensureWorkspace(Self.defaultWorkspace, at: environment.now())
    }
}
