import HTTPTypes
import JobEngine
import Synchronization

/// Counts and times the answers of the API.
final class HTTPMetrics: Sendable {
    /// The answers of one route.
    final class Series: Sendable {
        /// By the first digit of the status, from 1 to 5.
        let answers = (1...5).map { _ in Meter() }
        /// Until the head of the answer was ready.
        let seconds = Histogram(bounds: [
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
        ])
    }

    /// A method and a route's template: never a path that a client made up.
    struct Key: Hashable {
        let method: String
        let path: String
    }

    /// What routes of no path count as.
    private static let unmatched = "unmatched"

    /// Streams of events that are open.
    let streams = Meter()
    private let table = Mutex<[Key: Series]>([:])

    /// Notes an answer.
    func answered(_ method: HTTPRequest.Method, _ path: String?, _ status: Int, seconds: Double) {
        let isKnown = path != nil && path != "NotFound" && AnswerMiddleware.methods.contains(method)
        let key = isKnown ? Key(method: method.rawValue, path: path ?? "") : Key(method: "any", path: Self.unmatched)
        let series = table.withLock { table in
            if let series = table[key] { return series }
            let series = Series()
            table[key] = series
            return series
        }
        series.answers[min(max(status / 100, 1), 5) - 1].add()
        series.seconds.observe(seconds)
    }

    /// Writes all of it.
    func write(to text: inout PrometheusText) {
        let requests = Family(["method", "route", "status"], make: Meter.init)
        let seconds = table.withLock { $0 }.sorted { ($0.key.path, $0.key.method) < ($1.key.path, $1.key.method) }
        for (key, series) in seconds {
            for (index, meter) in series.answers.enumerated() where meter.count > 0 {
                requests[key.method, key.path, "\(index + 1)xx"].add(meter.count)
            }
        }
        text.family("mediary_http_requests_total", .counter, "Answers by route and class of status.", requests)
        text.histograms(
            "mediary_http_request_duration_seconds",
            "Time until the head of an answer was ready, by route; a stream or a download goes on after that.",
            labels: ["method", "route"],
            seconds.map { ([$0.key.method, $0.key.path], $0.value.seconds) }
        )
        text.single("mediary_event_streams_open", .gauge, "Streams of events that are open.", streams.count)
    }
}
