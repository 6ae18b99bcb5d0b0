import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import Ledger

/// The native route that lists the models: what each takes in native fields, what it costs, how far it may be driven.
///
/// What stands at the top of a model is of its preferred endpoint; `endpoints` has them all.
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
        let aliases = Dictionary(grouping: service.aliases.sorted { $0.key < $1.key }, by: \.value)
        let models = Dictionary(grouping: endpoints, by: \.id.model).sorted { $0.key < $1.key }
        var json = JSONWriter(capacity: 4_096 * models.count + 64)
        json.beginObject()
        json.key("object")
        json.word("list")
        json.key("data")
        json.beginArray()
        for (slug, endpoints) in models { write(endpoints, aliases[slug]?.map(\.key) ?? [], to: &json) }
        json.endArray()
        json.endObject()
        return Response(json: json.bytes)
    }

    private func write(_ endpoints: [Endpoint], _ aliases: [String], to json: inout JSONWriter) {
        guard let endpoint = endpoints.first else { return }
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
        json.key("aliases")
        json.strings(aliases)
        writeOffer(of: endpoint, to: &json)
        json.key("endpoints")
        json.beginArray()
        for endpoint in endpoints {
            json.beginObject()
            json.key("provider_name")
            json.string(endpoint.providerName)
            json.key("provider_model")
            json.string(endpoint.model.providerModel)
            writeOffer(of: endpoint, to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    /// What one endpoint takes and costs: the same members at the top of a model and in its list of endpoints.
    private func writeOffer(of endpoint: Endpoint, to json: inout JSONWriter) {
        let model = endpoint.model
        json.key("provider")
        json.string(endpoint.id.provider)
        json.key("cancellable")
        json.bool(endpoint.canCancel)
        json.key("parameters")
        json.value(.object(model.nativeParameters))
        json.key("prices")
        Self.write(endpoint.prices, to: &json)
        json.key("video_tokens")
        Self.write(
            endpoint.prices.videoMeter?.tokens,
            inputSecondsMax: model.videoTokens?.inputSecondsMax ?? 0,
            to: &json
        )
        json.key("limits")
        json.beginObject()
        json.key("slots")
        json.integer(model.limits.slots)
        json.key("submits_per_minute")
        json.integer(model.limits.submitsPerMinute)
        json.key("submits_per_second")
        json.integer(model.limits.submitsPerSecond)
        json.endObject()
        json.key("typical_seconds")
        json.number(model.timing.typicalSeconds)
        json.key("deadline_seconds")
        json.integer(model.timing.deadlineSeconds)
        json.key("available_until")
        json.string(model.availableUntil?.description)
        json.key("replaced_by")
        json.string(model.replacedBy)
        json.key("data_policy")
        Self.write(model.dataPolicy, to: &json)
        json.key("source")
        json.string(model.source)
        json.key("health")
        RoutingWire.write(service.figures(of: endpoint.id), to: &json)
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
            if let above = line.above {
                json.key("above")
                json.string(above.description)
            }
            if let until = line.period?.until {
                json.key("until")
                json.string(Timestamp(milliseconds: until).description)
            }
            json.endObject()
        }
        json.endArray()
    }

    /// How tokens are counted: `ceil(width × height × (rate × seconds + extra) ÷ pixels)`.
    private static func write(_ count: VideoMeter.TokenCount?, inputSecondsMax: Int, to json: inout JSONWriter) {
        guard let count else {
            json.null()
            return
        }
        json.beginObject()
        json.key("frames_per_second")
        json.integer(count.framesPerSecond)
        json.key("extra_frames")
        json.integer(count.extraFrames)
        json.key("pixels_per_token")
        json.integer(count.pixelsPerToken)
        json.key("pixels_max")
        json.value(.object(count.pixelsMax.mapValues(JSONValue.integer)))
        json.key("input_seconds_max")
        json.integer(inputSecondsMax)
        json.endObject()
    }

    private static func write(_ policy: DataPolicy?, to json: inout JSONWriter) {
        guard let policy else {
            json.null()
            return
        }
        json.beginObject()
        json.key("zero_retention")
        json.bool(policy.zeroRetention)
        json.key("retention_days")
        json.integer(policy.retentionDays)
        json.key("trains_on_inputs")
        if let trains = policy.trainsOnInputs { json.bool(trains) } else { json.null() }
        json.key("source")
        json.string(policy.source)
        json.endObject()
    }
}
