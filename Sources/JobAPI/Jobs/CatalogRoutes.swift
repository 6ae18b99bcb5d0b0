import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import Ledger

/// The native route that lists the models: what each takes in native fields, what it costs, how far it may be driven.
///
/// The catalog is fixed at the start, so the answer is the same as long as the process lives.
struct CatalogRoutes: Sendable {
    let service: JobService
    let authenticator: Authenticator

    func add(to routes: inout RouteTable) {
        routes.get(
            "api/v1/catalog",
            .init(
                id: "listCatalog",
                tag: .models,
                summary: "List the models with what they take and cost",
                parameters: [.query("type", .word(GenerationType.self), "Only models that make this.")],
                answers: [200: .json(.catalog, "All models, by slug.")]
            )
        ) { request, _ in try await list(request) }
    }

    private func list(_ request: Request) async throws -> Response {
        _ = try await authenticator.key(of: request)
        var query = try QueryReader(request.uri.query)
        let type = try JobRoutes.type(&query)
        try query.finish()
        let endpoints = service.endpoints.filter { type == nil || $0.model.type == type }
        var json = JSONWriter(capacity: 2_048 * endpoints.count + 64)
        json.beginObject()
        json.key("object")
        json.word("list")
        json.key("data")
        json.beginArray()
        for endpoint in endpoints { Self.write(endpoint, to: &json) }
        json.endArray()
        json.endObject()
        return Response(json: json.bytes)
    }

    private static func write(_ endpoint: Endpoint, to json: inout JSONWriter) {
        let model = endpoint.model
        json.beginObject()
        json.key("slug")
        json.string(model.slug)
        json.key("object")
        json.word("model")
        json.key("name")
        json.string(model.name)
        json.key("summary")
        json.string(model.summary)
        json.key("type")
        json.string(model.type.rawValue)
        json.key("provider")
        json.string(endpoint.id.provider)
        json.key("cancellable")
        json.bool(endpoint.canCancel)
        json.key("parameters")
        json.value(.object(model.nativeParameters))
        json.key("prices")
        write(endpoint.prices, to: &json)
        json.key("limits")
        json.beginObject()
        json.key("slots")
        json.integer(model.limits.slots)
        json.key("submits_per_minute")
        json.integer(model.limits.submitsPerMinute)
        json.endObject()
        json.key("typical_seconds")
        json.number(model.timing.typicalSeconds)
        json.key("deadline_seconds")
        json.integer(model.timing.deadlineSeconds)
        json.key("source")
        json.string(model.source)
        json.endObject()
    }

    private static func write(_ prices: PriceSheet, to json: inout JSONWriter) {
        json.beginArray()
        for line in prices.lines {
            json.beginObject()
            json.key("unit")
            json.string(line.unit.rawValue)
            json.key("price")
            json.string(line.price.description)
            json.key("currency")
            json.word("USD")
            json.key("conditions")
            json.value(.object(line.conditions.mapValues(JSONValue.string)))
            json.endObject()
        }
        json.endArray()
    }
}
