import AdapterCatalog
import ArgumentParser
import Generation
import JobEngine
import ProviderKit
import Synchronization

/// What a process offers: what its providers do, as the operator's file changes it.
struct ModelOffer {
    /// The instances of each folder, in the order in which providers are listed.
    let instances: [(registration: AdapterCatalog.Registration, adapters: [any ProviderAdapter])]
    /// All endpoints.
    let catalog: EndpointCatalog

    /// Makes the instances and gathers their models.
    ///
    /// - Parameters:
    ///   - settings: What the instances are made from.
    ///   - file: The operator's file.
    ///   - live: The endpoints with customers' own keys.
    /// - Throws: `ValidationError` for an entry of the file that cannot be followed, `CatalogMistake`.
    init(_ settings: ProviderSettings, file: OperatorFile, live: LiveEndpoints = LiveEndpoints()) throws {
        let changes = Changes(file.overrides)
        var settings = settings
        settings.changeModels = { changes.changed($1, of: $0) }
        settings.servers = file.servers
        if let problem = file.servers.lazy.compactMap({ $0.problem(settings) }).first {
            throw ValidationError("MEDIARY_CONFIG: \(problem)")
        }
        instances = AdapterCatalog.all.map { ($0, $0.instances(settings)) }
        try Self.check(file.servers, among: instances.flatMap(\.adapters))
        let taken = Set(file.overrides.entries.filter(\.isDisabled).map(\.model))
        let dormant = instances.flatMap { registration, adapters in
            Self.dormant(registration, besides: adapters, settings).filter { !taken.contains($0.model.slug) }
        }
        try changes.check(besides: dormant.map(\.model))
        catalog = try EndpointCatalog(
            instances.flatMap(\.adapters),
            dormant: dormant,
            aliases: file.aliases,
            live: live
        )
    }

    /// Refuses a server that goes by the slug of another provider.
    private static func check(_ servers: [ServerSettings], among adapters: [any ProviderAdapter]) throws {
        for server in servers where adapters.count(where: { $0.id.slug == server.identity.slug }) > 1 {
            throw ValidationError(
                "MEDIARY_CONFIG: `\(server.path).name` is \"\(server.identity.slug)\", which is another provider; choose another name."
            )
        }
    }

    /// What a folder could offer besides what its instances do, if more of its variables were set.
    private static func dormant(
        _ registration: AdapterCatalog.Registration,
        besides adapters: [any ProviderAdapter],
        _ settings: ProviderSettings
    ) -> [DormantModel] {
        let variables = registration.settings.filter { settings.value($0) == nil }
        guard !variables.isEmpty else { return [] }
        // Another door to a model may be open when the one that is on has ended.
        let offered = Set(adapters.flatMap(\.models).filter { $0.isServed(at: settings.now()) }.map(\.slug))
        return registration.models.filter { !offered.contains($0.slug) }.map {
            DormantModel(model: $0, provider: registration.folder, variables: variables)
        }
    }

    /// Applies the file while the instances are made, and remembers what could not be followed.
    private final class Changes: Sendable {
        private struct Seen {
            /// What each provider offers by itself.
            var offers: [String: [String]] = [:]
            /// The places of the entries that were followed.
            var followed: Set<Int> = []
            var problem: CatalogOverrideProblem?
        }

        private let overrides: CatalogOverrides
        private let seen = Mutex(Seen())

        init(_ overrides: CatalogOverrides) { self.overrides = overrides }

        func changed(_ own: [ModelCapabilities], of provider: ProviderID) -> [ModelCapabilities] {
            seen.withLock { $0.offers[provider.slug, default: []] += own.map(\.slug) }
            do {
                let (models, followed) = try overrides.applied(to: own, of: provider)
                seen.withLock { $0.followed.formUnion(followed) }
                return models
            } catch {
                seen.withLock { $0.problem = $0.problem ?? error }
                return own
            }
        }

        /// Refuses what could not be followed, and entries about nobody.
        ///
        /// An entry about a provider that is switched off is right when the provider's folder knows the model.
        func check(besides dormant: [ModelCapabilities]) throws {
            let seen = seen.withLock { $0 }
            if let problem = seen.problem { throw ValidationError("MEDIARY_CONFIG: \(problem)") }
            let known = Set(dormant.map(\.slug))
            for (number, entry) in overrides.entries.enumerated() where !seen.followed.contains(number) {
                if let offered = seen.offers[entry.provider] {
                    throw ValidationError("MEDIARY_CONFIG: \(entry.notFollowed(known: offered))")
                }
                guard !known.contains(entry.like ?? entry.model) else { continue }
                throw ValidationError(
                    "MEDIARY_CONFIG: `\(entry.path).provider` is \"\(entry.provider)\", which is no provider that is on, and none that is off knows \(entry.like ?? entry.model); on are: \(seen.offers.keys.sorted().joined(separator: ", "))."
                )
            }
        }
    }
}

extension ModelCapabilities {
    /// Whether its provider still serves it at a time, in milliseconds since 1970.
    fileprivate func isServed(at milliseconds: Int64) -> Bool {
        availableUntil.map { milliseconds < $0.startMilliseconds } ?? true
    }
}
