import Generation
import JobEngine
import Ledger

/// Which models a list shows, and in what order.
///
/// Filters about text, such as benchmarks and categories, are passed over, as are parameters that nobody knows.
struct ModelFilter {
    static let outputs = [
        "text", "image", "embeddings", "audio", "video", "rerank", "decisions", "speech", "transcription",
    ]
    static let inputs = ["text", "image", "file", "audio", "video"]

    /// The orders that clients can ask for; in all but `newest` media models are alike, which keeps them by slug.
    static let orders = [
        "pricing-low-to-high", "pricing-high-to-low", "context-high-to-low", "throughput-high-to-low",
        "latency-low-to-high", "most-popular", "top-weekly", "newest", "intelligence-high-to-low",
        "coding-high-to-low", "agentic-high-to-low", "design-arena-elo-high-to-low",
    ]

    /// The modalities of which a model must give out one; nil for all models.
    private var outputs: [String]?
    private var inputs: [String]?
    private var parameters: [String]?
    private var authors: [String]?
    private var providers: [String]?
    private var words: String?
    private var isPriceInRange = true
    private var isNewestFirst = false

    /// Reads the parameters.
    ///
    /// - Throws: `APIError` with status 400 for a value that cannot be followed.
    init(_ query: inout QueryReader) throws(APIError) {
        outputs = try Self.outputs(&query)
        inputs = try Self.list("input_modalities", of: Self.inputs, &query)
        parameters = Self.list("supported_parameters", &query)
        authors = Self.list("model_authors", &query)
        providers = Self.list("providers", &query)
        words = query.string("q")?.lowercased()
        // Prices per token of text: those of media are 0.
        for name in ["min_price", "min_output_price"] {
            if let price = try Self.price(name, &query), price.mantissa > 0 { isPriceInRange = false }
        }
        for name in ["max_price", "max_output_price"] { _ = try Self.price(name, &query) }
        guard let text = query.string("sort") else { return }
        guard Self.orders.contains(text) else {
            throw APIError.invalid("sort", "`sort` must be one of: \(RequestProblem.list(Self.orders)).")
        }
        isNewestFirst = text == "newest"
    }

    /// The modalities alone, for a count.
    init(modalitiesOf query: inout QueryReader) throws(APIError) { outputs = try Self.outputs(&query) }

    /// The models that match, in order.
    func apply(to entries: [ModelDirectory.Entry]) -> [ModelDirectory.Entry] {
        let matching = entries.filter(matches)
        guard isNewestFirst else { return matching }
        return matching.sorted { ($1.created, $0.model.slug) < ($0.created, $1.model.slug) }
    }

    private func matches(_ entry: ModelDirectory.Entry) -> Bool {
        guard isPriceInRange, outputs?.contains(entry.outputModality) ?? true else { return false }
        guard inputs?.allSatisfy(entry.inputModalities.contains) ?? true else { return false }
        guard parameters?.allSatisfy(entry.supportedParameters.contains) ?? true else { return false }
        let author = entry.model.slug.prefix { $0 != "/" }
        guard authors?.contains(where: { $0 == author }) ?? true else { return false }
        let names = entry.providers + entry.endpoints.map { $0.providerName.lowercased() }
        guard providers?.contains(where: names.contains) ?? true else { return false }
        guard let words else { return true }
        return entry.model.slug.contains(words) || entry.model.name.lowercased().contains(words)
    }

    // MARK: Reading

    private static func outputs(_ query: inout QueryReader) throws(APIError) -> [String]? {
        let asked = try list("output_modalities", of: outputs + ["all"], &query) ?? ["text"]
        return asked.contains("all") ? nil : asked
    }

    private static func list(_ name: String, _ query: inout QueryReader) -> [String]? {
        guard let text = query.string(name), !text.isEmpty else { return nil }
        return text.lowercased().split(separator: ",").map { word in String(word.drop { $0 == " " }) }
    }

    private static func list(
        _ name: String,
        of known: [String],
        _ query: inout QueryReader
    ) throws(APIError) -> [String]? {
        let words = list(name, &query)
        guard words?.allSatisfy(known.contains) ?? true else {
            throw APIError.invalid(name, "`\(name)` must be a comma-separated list of: \(RequestProblem.list(known)).")
        }
        return words
    }

    private static func price(_ name: String, _ query: inout QueryReader) throws(APIError) -> ExactDecimal? {
        guard let text = query.string(name), !text.isEmpty else { return nil }
        guard text.utf8.count <= 20, let price = ExactDecimal(text), price.mantissa >= 0 else {
            throw APIError.invalid(name, "`\(name)` must be a decimal number from 0 on, in US dollars.")
        }
        return price
    }
}
