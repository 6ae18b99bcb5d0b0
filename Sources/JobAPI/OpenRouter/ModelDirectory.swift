import Generation
import JobCore
import JobEngine
import Ledger

/// The catalog under the names that clients of this dialect use: slugs, canonical slugs, and both with a variant.
struct ModelDirectory: Sendable {
    /// One model, with what the dialect tells of it besides.
    struct Entry: Sendable {
        let endpoint: Endpoint
        /// When its facts were written down, in seconds since 1970: the date in its source; 0 without one.
        let created: Int64
        /// The slug with that date: `author/name-20261121`.
        let canonicalSlug: String

        var model: ModelCapabilities { endpoint.model }
        var provider: String { endpoint.id.provider }

        init(_ endpoint: Endpoint) {
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

        /// Whether it costs nothing, whatever is asked of it.
        var isFree: Bool { endpoint.prices.lines.allSatisfy { $0.price.mantissa == 0 } }
    }

    /// All models, by slug.
    let entries: [Entry]
    private let byName: [String: Entry]

    init(_ endpoints: [Endpoint]) {
        entries = endpoints.map(Entry.init)
        let slugs = entries.map { ($0.model.slug, $0) }
        byName = Dictionary(slugs + entries.map { ($0.canonicalSlug, $0) }) { first, _ in first }
    }

    /// The model that a name stands for, or nil.
    ///
    /// Of the variants, `:floor` and `:nitro` choose among endpoints, of which each model has one; `:free` is for models
    /// that cost nothing. All others are of models that make text.
    func find(_ name: String) -> Entry? {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = parts.first, let entry = byName[String(base)] else { return nil }
        switch parts.dropFirst().first {
        case nil, "floor", "nitro": return entry
        case "free": return entry.isFree ? entry : nil
        case _: return nil
        }
    }
}
