import Generation
import HTTPTypes
import JobCore
import JobEngine

/// Reads `provider`: who may serve the request, and the options that are the provider's own.
enum ProviderPreferences {
    /// Whether a provider may keep what is sent to it.
    enum DataCollection: String, CaseIterable { case allow, deny }

    private static let slugBytesMax = 64
    private static let slugsMax = 200
    /// Preferences by figures that nobody has, or about text.
    private static let withoutEffect = [
        "sort", "quantizations", "preferred_min_throughput", "preferred_max_latency", "enforce_distillable_text",
    ]

    /// What a request says about who may serve it.
    struct Reading {
        /// The options, by provider: of those that serve the model.
        var options: [String: JSONValue] = [:]
        /// The providers that are left, when not all are, and their order.
        var routing: ProviderRouting?
        /// Whether only those may serve it that take every parameter as it is; the others leave out what they lack.
        var requiresParameters = false
    }

    /// Reads the member; the options that remain are those of the providers that serve the model.
    ///
    /// - Throws: `RequestProblem` for what is malformed; `APIError` with status 404 when no endpoint is left.
    static func read(
        _ fields: inout FieldReader,
        _ entry: ModelDirectory.Entry?,
        _ passed: inout PassedOver
    ) throws -> Reading {
        guard var provider = try fields.object("provider") else { return Reading() }
        let only = try slugs("only", &provider)
        let ignored = try slugs("ignore", &provider)
        let order = try slugs("order", &provider)
        _ = try provider.bool("allow_fallbacks")
        let requiresParameters = try provider.bool("require_parameters") ?? false
        let isRetentionRefused = try provider.bool("zdr") ?? false
        for name in withoutEffect { _ = provider.value(name) }
        let isCollectionRefused = try provider.word("data_collection", as: DataCollection.self) == .deny
        if provider.value("max_price") != nil {
            // A limit on money that is not kept must not look as if it were.
            throw RequestProblem(
                .unsupportedParameter,
                field: "provider.max_price",
                "`provider.max_price` has no unit for media; leave it out. `max_cost` at POST /api/v1/jobs limits "
                    + "what a job may cost."
            )
        }
        var reading = Reading(options: try options(of: entry, &provider, &passed))
        reading.requiresParameters = requiresParameters
        try passed.addUnread(&provider)
        guard let entry else { return reading }
        var left = entry.endpoints
        if let only { left = left.filter { endpoint in only.contains { isMeant($0, endpoint) } } }
        guard !left.isEmpty else { throw noEndpoint("provider.only", entry) }
        if let ignored { left = left.filter { endpoint in !ignored.contains { isMeant($0, endpoint) } } }
        guard !left.isEmpty else { throw noEndpoint("provider.ignore", entry) }
        if isRetentionRefused { left = left.filter { $0.model.dataPolicy?.zeroRetention == true } }
        guard !left.isEmpty else { throw restricted("provider.zdr", entry) }
        if isCollectionRefused { left = left.filter { $0.model.dataPolicy?.keepsInputsToItself == true } }
        guard !left.isEmpty else { throw restricted("provider.data_collection", entry) }
        let providers = left.map(\.id.provider).unique
        let first = (order ?? []).flatMap { slug in left.filter { isMeant(slug, $0) }.map(\.id.provider) }.unique
        if providers.count < entry.providers.count || !first.isEmpty {
            reading.routing = .init(only: providers, order: first.isEmpty ? nil : first)
        }
        return reading
    }

    private static func restricted(_ field: String, _ entry: ModelDirectory.Entry) -> APIError {
        APIError(
            .notFound,
            reason: "privacy_restricted",
            param: field,
            "`\(field)` leaves no endpoint for `\(entry.model.slug)`: no provider of it is known to promise that."
        )
    }

    /// A base slug stands for all its regions and variants.
    private static func isMeant(_ slug: String, _ endpoint: Endpoint) -> Bool {
        endpoint.id.provider == slug || endpoint.id.provider.hasPrefix(slug + "/")
    }

    private static func noEndpoint(_ field: String, _ entry: ModelDirectory.Entry) -> APIError {
        let providers = RequestProblem.list(entry.providers)
        return APIError(
            .notFound,
            reason: "no_endpoints",
            param: field,
            "`\(field)` leaves no endpoint for `\(entry.model.slug)`, which is served by: \(providers)."
        )
    }

    private static func slugs(_ name: String, _ provider: inout FieldReader) throws(RequestProblem) -> [String]? {
        guard let elements = try provider.array(name, countMax: slugsMax) else { return nil }
        var slugs: [String] = []
        for (value, path) in elements {
            guard case .string(let slug) = value, slug.utf8.count <= slugBytesMax else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); it must be the slug of a provider."
                )
            }
            slugs.append(slug.lowercased())
        }
        return slugs
    }

    // MARK: Options

    private static func options(
        of entry: ModelDirectory.Entry?,
        _ provider: inout FieldReader,
        _ passed: inout PassedOver
    ) throws(RequestProblem) -> [String: JSONValue] {
        guard let value = provider.value("options") else { return [:] }
        guard case .object(let members) = value else {
            throw RequestProblem(
                .invalidValue,
                field: "provider.options",
                "`provider.options` must be an object of objects, by provider slug; not \(value.typeName)."
            )
        }
        var options: [String: JSONValue] = [:]
        for (slug, member) in members.sorted(by: { $0.key < $1.key }) where member != .null {
            let path = RequestProblem.shortened("provider.options.\(slug)")
            guard case .object(let given) = member else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` must be an object, not \(member.typeName)."
                )
            }
            guard let endpoint = entry?.endpoints.first(where: { $0.id.provider == slug }) else {
                // A client names the options of all providers that it knows; they are forwarded to the one that serves.
                try passed.add(path, member, .notApplicable)
                continue
            }
            let kept = try known(flattened(given), to: endpoint.model, path, &passed)
            if !kept.isEmpty { options[slug] = .object(kept) }
        }
        return options
    }

    /// Options stand under the slug, or under `parameters` there; both ways are documented.
    private static func flattened(_ given: [String: JSONValue]) -> [String: JSONValue] {
        guard case .object(let nested)? = given["parameters"] else { return given }
        var options = given
        options["parameters"] = nil
        return options.merging(nested) { _, inner in inner }
    }

    private static func known(
        _ given: [String: JSONValue],
        to model: ModelCapabilities,
        _ path: String,
        _ passed: inout PassedOver
    ) throws(RequestProblem) -> [String: JSONValue] {
        var kept: [String: JSONValue] = [:]
        for (name, value) in given.sorted(by: { $0.key < $1.key }) where value != .null {
            if model.options.contains(name) {
                kept[name] = value
            } else {
                try passed.add("\(path).\(name)", value, .unknownField)
            }
        }
        return kept
    }
}

extension DataPolicy {
    /// Whether the provider is known not to train on what it is sent.
    fileprivate var keepsInputsToItself: Bool { zeroRetention || trainsOnInputs == false }
}
