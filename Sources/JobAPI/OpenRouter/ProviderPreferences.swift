import Generation
import HTTPTypes
import JobCore
import JobEngine

/// Reads `provider`: who may serve the request, and the options that are the provider's own.
enum ProviderPreferences {
    /// Preferences about text.
    private static let withoutEffect = ["quantizations", "enforce_distillable_text"]

    /// What a request says about who may serve it.
    struct Reading {
        /// The options, by provider: of those that serve the model.
        var options: [String: JSONValue] = [:]
        /// Who may serve it, and how to choose among them; nil when nothing is said.
        var routing: ProviderRouting?
        /// Whether only those may serve it that take every parameter as it is; the others leave out what they lack.
        var requiresParameters = false
    }

    /// Reads `provider`, `models` and the model's suffix; the options that remain are those of the providers that serve
    /// the model.
    ///
    /// - Throws: `RequestProblem` for what is malformed; `APIError` with status 404 when no endpoint is left.
    static func read(
        _ fields: inout FieldReader,
        _ entry: ModelDirectory.Entry?,
        named name: String,
        _ passed: inout PassedOver
    ) throws -> Reading {
        var reading = try members(&fields, entry, &passed)
        if let models = try ProviderRouting.fallbackModels(&fields) {
            var routing = reading.routing ?? ProviderRouting()
            routing.fallbackModels = models
            reading.routing = routing
        }
        if entry != nil, let variant = ModelVariant(name) {
            reading.routing = variant.applied(to: reading.routing ?? ProviderRouting())
        }
        return reading
    }

    private static func members(
        _ fields: inout FieldReader,
        _ entry: ModelDirectory.Entry?,
        _ passed: inout PassedOver
    ) throws -> Reading {
        guard var provider = try fields.object("provider") else { return Reading() }
        let routing = try ProviderRouting(&provider)
        for name in withoutEffect { _ = provider.value(name) }
        var reading = Reading(options: try options(of: entry, &provider, &passed), routing: routing)
        reading.requiresParameters = routing?.requireParameters ?? false
        try passed.addUnread(&provider)
        guard let entry, let routing else { return reading }
        var left = entry.endpoints
        func isMeant(_ slugs: [String], _ endpoint: Endpoint) -> Bool {
            slugs.contains { ProviderRouting.stands($0, for: endpoint.id.provider) }
        }
        if let only = routing.only { left = left.filter { isMeant(only, $0) } }
        guard !left.isEmpty else { throw noEndpoint("provider.only", entry) }
        if let ignored = routing.ignore { left = left.filter { !isMeant(ignored, $0) } }
        guard !left.isEmpty else { throw noEndpoint("provider.ignore", entry) }
        if routing.requiresZeroRetention == true { left = left.filter { $0.model.dataPolicy?.zeroRetention == true } }
        guard !left.isEmpty else { throw restricted("provider.zdr", entry) }
        if routing.refusesDataCollection == true {
            left = left.filter { $0.model.dataPolicy?.keepsInputsToItself == true }
        }
        guard !left.isEmpty else { throw restricted("provider.data_collection", entry) }
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

    private static func noEndpoint(_ field: String, _ entry: ModelDirectory.Entry) -> APIError {
        let providers = RequestProblem.list(entry.providers)
        return APIError(
            .notFound,
            reason: "no_endpoints",
            param: field,
            "`\(field)` leaves no endpoint for `\(entry.model.slug)`, which is served by: \(providers)."
        )
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
