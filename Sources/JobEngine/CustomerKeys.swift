import Generation
package import JobCore
package import Logging
package import ProviderKit
import ServiceLifecycle

/// The providers that customers may hand in keys of their own for: how a key reads, and what it opens.
///
/// Given from outside: the engine names no provider.
package struct CustomerProviders: Sendable {
    /// The slugs, in the order in which providers are listed.
    package let slugs: [String]
    /// What is shown of a key of a provider: its own text, or the part of it that names it.
    ///
    /// Throws `RequestProblem` about `key` for a text that is no key of the provider.
    package let shown: @Sendable (_ provider: String, _ key: String) throws -> String
    /// The instances that a key opens; none for a text that is no key.
    package let adapters: @Sendable (_ provider: String, _ key: String) -> [any ProviderAdapter]

    /// Describes the providers.
    package init(
        slugs: [String],
        shown: @escaping @Sendable (_ provider: String, _ key: String) throws -> String,
        adapters: @escaping @Sendable (_ provider: String, _ key: String) -> [any ProviderAdapter]
    ) {
        self.slugs = slugs
        self.shown = shown
        self.adapters = adapters
    }

    /// None.
    package static let none = CustomerProviders(slugs: [], shown: { _, key in key }, adapters: { _, _ in [] })
}

/// Customers' own provider keys: handed in, listed, changed and deleted, and made into endpoints.
///
/// The text of a key is in the request that brings it, in its sealed form in the store, and in the adapters that speak
/// with it; it is given back to nobody and written to no log.
package final class CustomerKeys: Sendable {
    /// The providers that keys are taken for.
    package let providers: CustomerProviders

    private let store: any JobStore
    private let vault: CustomerKeyVault
    private let live: LiveEndpoints
    private let environment: EngineEnvironment
    private let logger: Logger

    /// How often changes of other processes are looked for, in seconds.
    private static let refreshSeconds = 0.5

    package init(
        store: any JobStore,
        vault: CustomerKeyVault,
        providers: CustomerProviders,
        live: LiveEndpoints,
        environment: EngineEnvironment,
        logger: Logger
    ) {
        self.store = store
        self.vault = vault
        self.providers = providers
        self.live = live
        self.environment = environment
        self.logger = logger
    }

    // MARK: What customers do

    /// Takes a key.
    ///
    /// - Returns: The key as it is kept.
    /// - Throws: `RequestProblem` for a text that is no key of the provider; what the store throws.
    package func create(
        _ text: String,
        provider: String,
        workspace: String,
        terms: CustomerKeyTerms
    ) async throws -> CustomerKey {
        let label = Self.masked(try providers.shown(provider, text))
        let id = newID()
        let key = CustomerKey(
            id: id,
            workspace: workspace,
            provider: provider,
            sealed: seal(text, id: id, workspace: workspace, provider: provider),
            label: label,
            terms: terms,
            createdAt: environment.now()
        )
        let stored = try await store.createCustomerKey(key)
        try await refresh()
        return stored
    }

    /// The key of an identifier; nil for one that does not exist.
    package func key(_ id: String) async throws -> CustomerKey? { try await store.customerKey(id) }

    /// A part of a workspace's keys, and how many there are.
    package func list(_ query: CustomerKeyQuery) async throws -> (keys: [CustomerKey], total: Int) {
        try await store.customerKeys(query)
    }

    /// Changes a key; jobs under way go on with what it is afterwards.
    ///
    /// - Parameters:
    ///   - id: The key.
    ///   - text: The text that takes the place of the old one, if any.
    ///   - change: Changes the terms; asked again when somebody else was faster.
    /// - Returns: The key as it is now; nil when there is none.
    /// - Throws: What `change` throws, `RequestProblem` for a text that is no key, what the store throws.
    package func update(
        _ id: String,
        text: String?,
        change: (inout CustomerKeyTerms) throws -> Void
    ) async throws -> CustomerKey? {
        while var key = try await self.key(id) {
            try change(&key.terms)
            if let text {
                key.label = Self.masked(try providers.shown(key.provider, text))
                key.sealed = seal(text, id: id, workspace: key.workspace, provider: key.provider)
            }
            switch try await store.updateCustomerKey(key, expecting: key.revision) {
            case .changed(let changed):
                try await refresh()
                return changed
            case .stale: continue
            case .missing: return nil
            }
        }
        return nil
    }

    /// Deletes a key: no new job is served with it; those under way are followed to their ends.
    ///
    /// - Returns: False when there is none.
    package func delete(_ id: String) async throws -> Bool {
        let isDeleted = try await store.deleteCustomerKey(id, at: environment.now())
        try await refresh()
        return isDeleted
    }

    // MARK: What jobs are served with

    /// Makes endpoints of the keys as the store has them now.
    ///
    /// Cheap when nothing has changed. To be done once before jobs are driven: those that a former process began with a
    /// customer's key find its adapter by then.
    package func refresh() async throws {
        guard let snapshot = try await store.customerKeySnapshot(after: live.revision) else { return }
        let known = live.entries
        let places = Dictionary(providers.slugs.enumerated().map { ($1, $0) }) { first, _ in first }
        let entries = snapshot.keys.map { key -> LiveEndpoints.Entry in
            // Adapters keep what they have learned, such as tokens, while their key stays the same.
            if let entry = known[key.id], entry.key.sealed == key.sealed {
                return LiveEndpoints.Entry(key: key, endpoints: entry.endpoints)
            }
            return LiveEndpoints.Entry(key: key, endpoints: endpoints(of: key))
        }
        let sorted = entries.sorted {
            let (left, right) = (places[$0.key.provider] ?? .max, places[$1.key.provider] ?? .max)
            return (left, $0.key.sortOrder, $0.key.id) < (right, $1.key.sortOrder, $1.key.id)
        }
        live.replace(sorted, from: snapshot)
    }

    private func endpoints(of key: CustomerKey) -> [Endpoint] {
        guard let text = vault.open(key) else {
            logger.error(
                "a customer's key cannot be opened; MEDIARY_SECRET is not what it was when the key was handed in",
                metadata: ["byok": "\(key.id)", "provider": "\(key.provider)"]
            )
            return []
        }
        return providers.adapters(key.provider, text).flatMap { adapter in
            adapter.models.compactMap { Endpoint($0, adapter, account: key.account) }
        }
    }

    // MARK: Making keys

    private func seal(_ text: String, id: String, workspace: String, provider: String) -> [UInt8] {
        vault.seal(text, id: id, workspace: workspace, provider: provider, nonce: environment.randomBytes(12))
    }

    /// A UUID in version 7 layout.
    private func newID() -> String {
        var bytes = environment.randomBytes(16)
        let time = UInt64(clamping: environment.now().milliseconds)
        for index in 0..<6 { bytes[index] = UInt8(truncatingIfNeeded: time >> (40 - 8 * UInt64(index))) }
        bytes[6] = bytes[6] & 0x0F | 0x70
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 2 ? text : "0" + text
        }
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
        return groups.joined(separator: "-")
    }

    /// A few characters to recognize a key by: of a short one fewer, of a very short one none.
    static func masked(_ text: String) -> String {
        let characters = Array(text)
        switch characters.count {
        case 24...: return "\(String(characters.prefix(3)))...\(String(characters.suffix(4)))"
        case 12...: return "\(String(characters.prefix(2)))...\(String(characters.suffix(2)))"
        case _: return "..."
        }
    }
}

extension CustomerKeys: Service {
    /// Follows what other processes change, until told to stop.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await self.environment.sleep(Self.refreshSeconds)) != nil {
                do {
                    try await self.refresh()
                } catch {
                    self.logger.warning("customers' keys could not be read", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}

extension ProviderFailure {
    /// The failure as the client of an endpoint is told it: about its own key it may know what about the operator's it
    /// may not.
    func told(of endpoint: Endpoint) -> ProviderFailure {
        guard endpoint.id.customerKeyID != nil else { return self }
        var failure = self
        switch code {
        case .authentication: failure.message = "\(endpoint.providerName) does not take your own key."
        case .insufficientProviderFunds: failure.message = "Your own account at \(endpoint.providerName) has no funds."
        case .invalidRequest, .contentPolicy, .rateLimited, .unavailable, .timedOut, .notFound, .unknown: break
        }
        return failure
    }
}

extension CustomerKey {
    /// Whether a request for a model that came with an API key may be served with it.
    func serves(_ model: String, for key: APIKey) -> Bool {
        terms.allowedModels?.contains(model) != false && terms.allowedKeyHashes?.contains(key.hash) != false
            // No API key belongs to a user here: a list of users lets nobody in.
            && terms.allowedUserIDs == nil
    }

    /// Whether the operator's endpoints of the provider are left out for a model.
    func replacesShared(for model: String) -> Bool {
        terms.isOnly || terms.isRequired && terms.allowedModels?.contains(model) != false
    }
}
