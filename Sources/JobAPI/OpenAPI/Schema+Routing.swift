import Generation
import JobCore

/// Who may serve a request, and how that is chosen.
extension Schema {
    /// The members of `provider` but `options`, by name; each may be null.
    static let routingMembers: [String: Schema] = {
        let slugs = array(of: string(min: 1, max: 64), max: 200)
        let price = anyOf([
            string(pattern: "^[0-9]{1,10}(\\.[0-9]{1,9})?$"), number(in: 0...1_000_000_000),
        ])
        let figure = number(in: 0...1_000_000_000)
        let percentiles = ["p50", "p75", "p90", "p99"].map { ($0, figure.orNull) }
        let bounds = anyOf([
            figure,
            object(Dictionary(percentiles) { first, _ in first }, optional: ["p50", "p75", "p90", "p99"]),
        ])
        let sorts = word(ProviderRouting.Sort.Figure.allCases.map(\.rawValue) + ["exacto"])
        let members: [String: Schema] = [
            "only": slugs.about("These providers alone; a base slug stands for its variants."),
            "ignore": slugs.about("None of these."),
            "order": slugs.about("These first, in this order."),
            "allow_fallbacks": bool.about("Whether another endpoint may serve it when the first cannot."),
            "require_parameters": bool.about("Only endpoints that take every parameter as it is."),
            "zdr": bool.about("Only endpoints that keep nothing."),
            "data_collection": word(["allow", "deny"]).about("deny: only endpoints that do not train on requests."),
            "allow_content_fallbacks": bool.about("Whether a refusal for its content may be tried elsewhere."),
            "sort": anyOf([
                sorts,
                object(
                    ["by": sorts.orNull, "partition": word(ProviderRouting.Sort.Partition.self).orNull],
                    optional: ["by", "partition"]
                ),
            ]).about("Chooses by one figure instead of the weights."),
            "preferred_min_throughput": bounds.about("Output per second; endpoints below come last."),
            "preferred_max_latency": bounds.about("Seconds to the end; endpoints above come last."),
            "max_price": object(
                ["request": price.orNull, "image": price.orNull, "video_second": price.orNull],
                optional: ["request", "image", "video_second"]
            ).about("In US dollars, of the whole request, of one image, of one second of video."),
        ]
        return members.mapValues(\.orNull)
    }()

    /// The models to try after the first.
    static let fallbackModels = array(of: text(min: 1, max: 200), max: 10)
        .about("Models to try in turn when none of the first one's endpoints can serve it.")

    /// Why a job is served where it is.
    static let jobRouting = named(
        "JobRouting",
        .object([
            "endpoint": .string(min: 1).about("Where it is served: the provider and the model."),
            "why": .string(min: 1).orNull.about("Null in lists."),
            "routes": array(
                of: .object([
                    "endpoint": .string(min: 1), "provider": .string(min: 1), "model": .string(min: 1),
                    "expected_cost": amount, "hold": amount, "why": .string(), "current": bool,
                ])
            ).about("The endpoints that may serve it, in the order in which they are tried; empty with a single one."),
        ])
    )

    /// The endpoints that a quoted request would be tried at.
    static let quotedRoutes = array(
        of: .object([
            "endpoint": .string(min: 1), "provider": .string(min: 1), "model": .string(min: 1),
            "expected_cost": amount, "hold": amount, "why": .string(),
        ]),
        min: 1
    )

    /// How an endpoint has done.
    static let endpointHealth = named(
        "EndpointHealth",
        .object([
            "in_outage": bool.about("It failed for reasons of its own in the last 30 seconds."),
            "circuit_open": bool.about("It is left alone until a probe shows that it is back."),
            "uptime_5m": share, "uptime_30m": share, "uptime_1d": share,
            "latency_seconds": percentiles.orNull, "first_status_seconds": percentiles.orNull,
            "throughput": percentiles.orNull, "outcomes_1d": map(of: count),
        ])
    )

    private static let share = Schema.number(in: 0...1).orNull

    /// What so many of a hundred reach.
    static let percentiles: Schema = {
        let figure = Schema.number(in: 0...1e12)
        return .object(["p50": figure, "p75": figure, "p90": figure, "p99": figure])
    }()
}
