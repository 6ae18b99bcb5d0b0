import JobCore
import JobEngine
import Ledger
import Routing

/// Why a job is served where it is, and how endpoints have done, as clients see it.
enum RoutingWire {
    /// Writes where a job is served, and why; without its routes where they were not looked up.
    static func write(_ job: Job, _ routes: [JobRoute], to json: inout JSONWriter) {
        let endpoint = job.admitted.endpoint
        json.beginObject()
        json.key("endpoint")
        json.string("\(endpoint.provider)/\(endpoint.model)")
        json.key("why")
        if job.admitted.hasOtherRoutes {
            json.string(routes.first { $0.number == job.admitted.route }?.reason)
        } else {
            json.string("One endpoint takes this request.")
        }
        json.key("routes")
        json.beginArray()
        for route in routes {
            json.beginObject()
            write(
                route.endpoint.provider,
                route.endpoint.model,
                expected: route.estimatedCost.description,
                hold: route.hold.description,
                why: route.reason,
                to: &json
            )
            json.key("current")
            json.bool(route.number == job.admitted.route)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    /// Writes the endpoints that a quoted request would be tried at.
    static func write(_ routes: [JobQuote.Route], to json: inout JSONWriter) {
        json.beginArray()
        for route in routes {
            json.beginObject()
            write(
                route.provider,
                route.model,
                expected: route.expected.description,
                hold: route.hold.description,
                why: route.reason,
                to: &json
            )
            json.endObject()
        }
        json.endArray()
    }

    private static func write(
        _ provider: String,
        _ model: String,
        expected: String,
        hold: String,
        why: String,
        to json: inout JSONWriter
    ) {
        json.key("endpoint")
        json.string("\(provider)/\(model)")
        json.key("provider")
        json.string(provider)
        json.key("model")
        json.string(model)
        json.key("expected_cost")
        json.string(expected)
        json.key("hold")
        json.string(hold)
        json.key("why")
        json.string(why)
    }

    /// Writes how an endpoint has done.
    static func write(_ health: EndpointFigures, to json: inout JSONWriter) {
        let standing = health.standing
        json.beginObject()
        json.key("in_outage")
        json.bool(standing.isInOutage)
        json.key("circuit_open")
        json.bool(standing.isOpen)
        json.key("uptime_5m")
        json.number(standing.uptime5m)
        json.key("uptime_30m")
        json.number(standing.uptime30m)
        json.key("uptime_1d")
        json.number(standing.uptime1d)
        json.key("latency_seconds")
        write(standing.latency, to: &json)
        json.key("first_status_seconds")
        write(standing.firstStatus, to: &json)
        json.key("throughput")
        write(standing.throughput, to: &json)
        json.key("outcomes_1d")
        json.beginObject()
        for (kind, count) in health.outcomes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            json.key(escaping: kind.rawValue)
            json.integer(count)
        }
        json.endObject()
        json.endObject()
    }

    /// Writes percentiles, each times a factor; null when nothing was measured.
    static func write(_ percentiles: Percentiles?, times factor: Double = 1, to json: inout JSONWriter) {
        guard let percentiles else { return json.null() }
        json.beginObject()
        json.key("p50")
        json.number(percentiles.p50 * factor)
        json.key("p75")
        json.number(percentiles.p75 * factor)
        json.key("p90")
        json.number(percentiles.p90 * factor)
        json.key("p99")
        json.number(percentiles.p99 * factor)
        json.endObject()
    }
}
