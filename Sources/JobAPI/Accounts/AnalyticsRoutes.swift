import Hummingbird
import JobCore
import JobEngine

/// The routes that answer questions about usage, over all workspaces: for those who manage.
struct AnalyticsRoutes: Sendable {
    let accounts: AccountService
    let authenticator: Authenticator
    let bodies: BodyReader

    func add(to routes: inout RouteTable) {
        routes.get("api/v1/analytics/meta", .getAnalyticsMeta) { request, _ in
            _ = try await authenticator.managementKey(of: request)
            return Response(json: Self.meta)
        }
        routes.post("api/v1/analytics/query", .queryAnalytics) { request, _ in try await answer(request) }
    }

    private func answer(_ request: Request) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        let body = try await bodies.json(of: request)
        let workspaces = try await WorkspaceNames(accounts)
        let question = try AnalyticsQuestion(body, workspaces: workspaces, now: accounts.now)
        let (report, milliseconds) = try await accounts.timedUsage(question.query)
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("data")
        json.beginObject()
        json.key("data")
        json.beginArray()
        for group in report.groups { Self.write(group, question, workspaces, to: &json) }
        json.endArray()
        json.key("metadata")
        json.beginObject()
        json.key("query_time_ms")
        json.number(milliseconds)
        json.key("row_count")
        json.integer(report.groups.count)
        json.key("truncated")
        json.bool(report.isTruncated)
        json.endObject()
        json.endObject()
        json.endObject()
        return Response(json: json.bytes)
    }

    private static func write(
        _ group: UsageGroup,
        _ question: AnalyticsQuestion,
        _ workspaces: WorkspaceNames,
        to json: inout JSONWriter
    ) {
        json.beginObject()
        if let start = group.start, let granularity = question.query.granularity {
            json.key("date")
            switch granularity {
            case .minute, .hour: json.time(start)
            case .day, .week, .month: json.string(String(start.description.prefix(10)))
            }
        }
        for (dimension, value) in zip(question.dimensions, group.values) {
            json.key(escaping: dimension.rawValue)
            json.string(dimension == .workspace ? value.map(workspaces.id) : value)
        }
        for metric in question.metrics {
            json.key(escaping: metric.rawValue)
            metric.write(group.sums, to: &json)
        }
        json.endObject()
    }

    /// What can be asked.
    private static let meta: [UInt8] = {
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("data")
        json.beginObject()
        json.key("metrics")
        json.beginArray()
        for metric in AnalyticsMetric.allCases {
            json.beginObject()
            json.key("name")
            json.string(metric.rawValue)
            json.key("display_label")
            json.string(metric.label)
            json.key("display_format")
            json.string(metric.format.rawValue)
            json.key("is_rate")
            json.bool(metric.isRate)
            json.endObject()
        }
        json.endArray()
        json.key("dimensions")
        names(AnalyticsDimension.allCases.map { ($0.rawValue, $0.label) }, to: &json)
        json.key("granularities")
        names(UsageGranularity.allCases.map { ($0.rawValue, $0.rawValue.capitalizedWord) }, to: &json)
        json.key("operators")
        json.beginArray()
        for word in AnalyticsOperator.allCases {
            json.beginObject()
            json.key("name")
            json.string(word.rawValue)
            json.key("value_type")
            json.string(word.takesList ? "array" : "scalar")
            json.endObject()
        }
        json.endArray()
        json.endObject()
        json.endObject()
        return json.bytes
    }()

    private static func names(_ words: [(name: String, label: String)], to json: inout JSONWriter) {
        json.beginArray()
        for word in words {
            json.beginObject()
            json.key("name")
            json.string(word.name)
            json.key("display_label")
            json.string(word.label)
            json.endObject()
        }
        json.endArray()
    }
}

extension String {
    /// The word with a capital letter.
    fileprivate var capitalizedWord: String { prefix(1).uppercased() + dropFirst() }
}
