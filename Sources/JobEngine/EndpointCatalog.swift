package import Generation
package import JobCore
package import Ledger
package import ProviderKit

/// One endpoint: a model at a provider instance with one account, with everything needed to serve it.
package struct Endpoint: Sendable {
    /// Model, provider and account.
    package let id: EndpointID
    /// What its slots and rate budget are counted in.
    package let lane: Lane
    /// What the model takes and makes.
    package let model: ModelCapabilities
    /// What it costs: of an endpoint that is offered at a moment, what it costs then.
    package internal(set) var prices: PriceSheet
    /// Who speaks to the provider.
    package let adapter: any ProviderAdapter

    /// What people call the provider.
    package var providerName: String { adapter.name }

    /// Whether a running job can be stopped at the provider.
    package var canCancel: Bool { adapter.canCancel }

    /// Whether the provider still serves it; jobs that it has taken are followed to their end all the same.
    package func isAvailable(at now: Timestamp) -> Bool {
        !model.isWithdrawn && model.availableUntil.map { now.milliseconds < $0.startMilliseconds } ?? true
            && prices.effective(atMilliseconds: now.milliseconds).hasPrice
    }

    /// The endpoint with the prices that count at a moment; nil when it is not offered then.
    ///
    /// An endpoint whose prices have all ended, or not begun, is not offered: nothing is free by accident.
    func offered(at now: Timestamp) -> Endpoint? {
        guard isAvailable(at: now) else { return nil }
        var endpoint = self
        endpoint.prices = prices.effective(atMilliseconds: now.milliseconds)
        return endpoint
    }
}

extension Endpoint {
    /// A model at an instance, with an account; nil when its prices cannot be read.
    init?(_ model: ModelCapabilities, _ adapter: any ProviderAdapter, account: String) {
        guard let prices = PriceSheet(model) else { return nil }
        self.init(
            id: EndpointID(model: model.slug, provider: adapter.id.slug, account: account),
            lane: Lane("\(adapter.id)/\(account)/\(model.limits.sharedBy ?? model.slug)"),
            model: model,
            prices: prices,
            adapter: adapter
        )
    }
}

/// A model that nobody serves here because its provider is switched off.
package struct DormantModel: Sendable {
    /// The model.
    package let model: ModelCapabilities
    /// What people call its provider.
    package let provider: String
    /// The variables of which one switches the provider on.
    package let variables: [String]

    package init(model: ModelCapabilities, provider: String, variables: [String]) {
        self.model = model
        self.provider = provider
        self.variables = variables
    }
}

/// A catalog that cannot be served from: a mistake in an adapter's data or in the operator's file, found at the start.
package struct CatalogMistake: Error, CustomStringConvertible {
    /// What is wrong, and where.
    package let description: String

    package init(description: String) { self.description = description }
}

/// All endpoints of this process, by model and by id.
///
/// The operator's are fixed at the start, but for what the calendar takes away: an endpoint is offered until its day.
/// Those with customers' own keys come and go beside them, and are offered to their workspaces alone.
package struct EndpointCatalog: Sendable {
    /// The endpoints of each model, the preferred one first.
    private let byModel: [String: [Endpoint]]
    private let byID: [EndpointID: Endpoint]
    /// The models of providers that are switched off, by slug.
    let dormant: [String: [DormantModel]]
    /// Other names of models, as the operator gave them.
    private let aliases: [String: String]
    /// The endpoints with customers' own keys.
    package let live: LiveEndpoints

    /// Gathers what the adapters offer.
    ///
    /// - Parameters:
    ///   - adapters: The providers; of two that offer the same model the earlier one is preferred.
    ///   - dormant: What could be offered besides.
    ///   - aliases: Other names, and the models that they stand for.
    ///   - live: The endpoints with customers' own keys; by default there are none.
    /// - Throws: `CatalogMistake` for a model that one account offers twice, for prices that cannot be read, and for an
    ///   alias of a model that nobody knows.
    package init(
        _ adapters: [any ProviderAdapter],
        dormant: [DormantModel] = [],
        aliases: [String: String] = [:],
        live: LiveEndpoints = LiveEndpoints()
    ) throws {
        self.live = live
        var byModel: [String: [Endpoint]] = [:]
        var byID: [EndpointID: Endpoint] = [:]
        for adapter in adapters {
            for model in adapter.models {
                guard let endpoint = Endpoint(model, adapter, account: adapter.account) else {
                    throw CatalogMistake(description: "\(adapter.id): the prices of \(model.slug) cannot be read")
                }
                guard byID.updateValue(endpoint, forKey: endpoint.id) == nil else {
                    throw CatalogMistake(description: "\(model.slug) is offered twice by \(adapter.id)")
                }
                byModel[model.slug, default: []].append(endpoint)
            }
        }
        self.byModel = byModel
        self.byID = byID
        self.dormant = Dictionary(grouping: dormant, by: \.model.slug)
        self.aliases = aliases
        for (name, target) in aliases.sorted(by: { $0.key < $1.key }) {
            guard byModel[target] == nil, self.dormant[target] == nil else { continue }
            throw CatalogMistake(
                description:
                    "`model_aliases.\(name)` is \"\(target)\", which is no model; allowed: \(knownSlugs.joined(separator: ", "))."
            )
        }
    }

    private var knownSlugs: [String] { Set(byModel.keys).union(dormant.keys).sorted() }

    /// All endpoints, those included whose day has come, by model and preference.
    package var endpoints: [Endpoint] { byModel.sorted { $0.key < $1.key }.flatMap(\.value) }

    /// The endpoints that are offered, by model and preference.
    package func endpoints(at now: Timestamp) -> [Endpoint] { endpoints.compactMap { $0.offered(at: now) } }

    /// The endpoints that serve a model now, the preferred one first.
    package func endpoints(model slug: String, at now: Timestamp) -> [Endpoint] {
        (byModel[slug] ?? []).compactMap { $0.offered(at: now) }
    }

    /// Whether nobody serves or served a model of this name, and no alias has it.
    func isUnknown(_ slug: String, at now: Timestamp) -> Bool {
        byModel[slug] == nil && dormant[slug] == nil && target(ofAlias: slug, at: now) == nil
    }

    /// The endpoints of a model, those included whose day has come.
    func allEndpoints(model slug: String) -> [Endpoint] { byModel[slug] ?? [] }

    /// The endpoint with this id: the one that a stored attempt was pinned to.
    package func endpoint(_ id: EndpointID) -> Endpoint? { byID[id] ?? live.endpoint(id) }

    /// The model that a name of the operator's stands for; nil for a name of a model that is served.
    package func target(ofAlias name: String, at now: Timestamp) -> String? {
        guard let target = aliases[name], endpoints(model: name, at: now).isEmpty else { return nil }
        return target
    }

    /// The names that stand for models now, and those models.
    package func aliases(at now: Timestamp) -> [String: String] {
        aliases.filter { target(ofAlias: $0.key, at: now) != nil }
    }

    /// The models whose slugs are nearest to one that does not exist, at most three.
    package func nearMatches(_ slug: String, at now: Timestamp) -> [String] {
        let wanted = slug.lowercased()
        let name = wanted.split(separator: "/").last.map(String.init) ?? wanted
        return byModel.keys
            .filter { !endpoints(model: $0, at: now).isEmpty }
            .map { candidate -> (slug: String, distance: Int) in
                let own = candidate.split(separator: "/").last.map(String.init) ?? candidate
                return (candidate, min(Self.distance(wanted, candidate), Self.distance(name, own)))
            }
            .filter { $0.distance <= max(3, name.count / 2) }
            .sorted { ($0.distance, $0.slug) < ($1.distance, $1.slug) }
            .prefix(3)
            .map(\.slug)
    }

    /// How many letters must be changed, added or removed to make one word the other; words are cut at 64 letters.
    private static func distance(_ one: String, _ other: String) -> Int {
        let a = Array(one.utf8.prefix(64))
        let b = Array(other.utf8.prefix(64))
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var previous = row[0]
            row[0] = i + 1
            for (j, counterpart) in b.enumerated() {
                let change = previous + (letter == counterpart ? 0 : 1)
                previous = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
