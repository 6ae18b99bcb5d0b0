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
    /// What it costs.
    package let prices: PriceSheet
    /// Who speaks to the provider.
    package let adapter: any ProviderAdapter

    /// What people call the provider.
    package var providerName: String { adapter.name }

    /// Whether a running job can be stopped at the provider.
    package var canCancel: Bool { adapter.canCancel }
}

/// A catalog that cannot be served from: a mistake in an adapter's data, found at the start.
package struct CatalogMistake: Error, CustomStringConvertible {
    /// What is wrong, and where.
    package let description: String
}

/// All endpoints of this process, by model and by id.
///
/// Fixed at the start.
package struct EndpointCatalog: Sendable {
    private let byModel: [String: Endpoint]
    private let byID: [EndpointID: Endpoint]

    /// Gathers what the adapters offer.
    ///
    /// - Throws: `CatalogMistake` for a model offered twice or prices that cannot be read.
    package init(_ adapters: [any ProviderAdapter]) throws {
        var byModel: [String: Endpoint] = [:]
        for adapter in adapters {
            for model in adapter.models {
                guard let prices = PriceSheet(model) else {
                    throw CatalogMistake(description: "\(adapter.id): the prices of \(model.slug) cannot be read")
                }
                let shared = model.limits.sharedBy ?? model.slug
                let endpoint = Endpoint(
                    id: EndpointID(model: model.slug, provider: adapter.id.slug, account: adapter.account),
                    lane: Lane("\(adapter.id)/\(adapter.account)/\(shared)"),
                    model: model,
                    prices: prices,
                    adapter: adapter
                )
                guard byModel.updateValue(endpoint, forKey: model.slug) == nil else {
                    throw CatalogMistake(description: "\(model.slug) is offered twice")
                }
            }
        }
        self.byModel = byModel
        self.byID = Dictionary(byModel.values.map { ($0.id, $0) }) { first, _ in first }
    }

    /// All endpoints, by model.
    package var endpoints: [Endpoint] { byModel.values.sorted { $0.id.model < $1.id.model } }

    /// The endpoint that serves a model.
    package func endpoint(model slug: String) -> Endpoint? { byModel[slug] }

    /// The endpoint with this id: the one that a stored attempt was pinned to.
    package func endpoint(_ id: EndpointID) -> Endpoint? { byID[id] }

    /// The models whose slugs are nearest to one that does not exist, at most three.
    package func nearMatches(_ slug: String) -> [String] {
        let wanted = slug.lowercased()
        let name = wanted.split(separator: "/").last.map(String.init) ?? wanted
        return byModel.keys
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
