import Generation
import JobCore
import JobEngine
import Ledger
import Synchronization

/// The catalog under the names that clients of this dialect use: slugs, canonical slugs, the operator's aliases, and all
/// with a variant.
struct ModelDirectory: Sendable {
    /// One model, with what the dialect tells of it besides.
    struct Entry: Sendable {
        /// Who serves it, the preferred one first; never empty.
        let endpoints: [Endpoint]
        /// The preferred one: its facts stand for the model's.
        let endpoint: Endpoint
        /// When its facts were written down, in seconds since 1970: the date in its source; 0 without one.
        let created: Int64
        /// The slug with that date: `author/name-20261121`.
        let canonicalSlug: String

        var model: ModelCapabilities { endpoint.model }
        /// The slugs of those who serve it, each once.
        var providers: [String] { endpoints.map(\.id.provider).unique }

        init?(_ endpoints: [Endpoint]) {
            guard let endpoint = endpoints.first else { return nil }
            self.endpoints = endpoints
            self.endpoint = endpoint
            let date = Self.date(in: endpoint.model.source)
            let midnight = date.flatMap { Timestamp(rfc3339: $0 + "T00:00:00Z") }
            created = (midnight?.milliseconds ?? 0) / 1_000
            canonicalSlug = endpoint.model.slug + (date.map { "-" + $0.filter { $0 != "-" } } ?? "")
        }

        /// The last word of a text that has the form of a date.
        private static func date(in text: String) -> String? {
            let words = text.split { !($0.isASCII && ($0.isNumber || $0 == "-")) }
            return words.last { $0.count == 10 && Timestamp(rfc3339: $0 + "T00:00:00Z") != nil }.map(String.init)
        }

        /// Whether it costs nothing, whatever is asked of it and whoever serves it.
        var isFree: Bool { endpoints.allSatisfy { $0.prices.lines.allSatisfy { $0.price.mantissa == 0 } } }

        /// The day on which the last of those who serve it ends; nil while one has no such day.
        var availableUntil: CalendarDate? {
            let days = endpoints.map(\.model.availableUntil)
            return days.contains(nil) ? nil : days.compactMap(\.self).max()
        }
    }

    /// All models, by slug.
    let entries: [Entry]
    /// The models that the operator gave other names, by those.
    let aliases: [String: Entry]
    private let byName: [String: Entry]

    init(_ endpoints: [Endpoint], aliases: [String: String] = [:]) {
        let bySlug = Dictionary(grouping: endpoints, by: \.id.model)
        entries = bySlug.keys.sorted().compactMap { bySlug[$0].flatMap(Entry.init) }
        let slugs = entries.map { ($0.model.slug, $0) }
        let models = Dictionary(slugs + entries.map { ($0.canonicalSlug, $0) }) { first, _ in first }
        self.aliases = aliases.compactMapValues { models[$0] }.filter { models[$0.key] == nil }
        byName = models.merging(self.aliases) { model, _ in model }
    }

    /// The model that a name stands for, or nil.
    ///
    /// Of the variants, `:floor` and `:nitro` choose among endpoints, `:free` is for models that somebody serves for
    /// nothing (``ModelVariant``). All others are of models that make text.
    func find(_ name: String) -> Entry? {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = parts.first, let entry = byName[String(base)] else { return nil }
        switch parts.dropFirst().first {
        case nil, "floor", "nitro": return entry
        case "free": return entry.endpoints.contains { $0.prices.isFree } ? entry : nil
        case _: return nil
        }
    }
}

/// The directory as it is today: what is offered changes with the day alone, and is gathered anew with it.
final class DailyDirectory: Sendable {
    private let service: JobService
    private let kept = Mutex<(day: Int64, directory: ModelDirectory)?>(nil)

    init(_ service: JobService) { self.service = service }

    /// The directory of this day.
    var today: ModelDirectory {
        let day = service.day
        if let kept = kept.withLock({ $0 }), kept.day == day { return kept.directory }
        let directory = ModelDirectory(service.endpoints, aliases: service.aliases)
        kept.withLock { $0 = (day, directory) }
        return directory
    }

    /// The directory of this day as the holder of a key sees it: with the endpoints of the workspace's own provider keys.
    func today(for key: APIKey) -> ModelDirectory {
        let own = service.ownEndpoints(for: key)
        return own.isEmpty ? today : ModelDirectory(own + service.endpoints, aliases: service.aliases)
    }

    /// How an endpoint has done.
    func figures(of endpoint: EndpointID) -> EndpointFigures { service.figures(of: endpoint) }

    /// Why a model is not in it.
    func absence(of name: String) -> RequestProblem { service.absence(of: name) }
}

extension Array where Element: Hashable {
    /// The elements, each once, in their order.
    var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
