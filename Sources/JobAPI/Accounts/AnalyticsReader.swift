import Generation
import JobCore

/// A question about usage as a client posts it.
struct AnalyticsQuestion: Sendable {
    static let limitMax: Int64 = 10_000
    static let filtersMax = 20
    static let valuesMax = 100
    static let valueMax = 512
    /// The field that stands for the period.
    static let period = "date"
    /// The days that are told when no time is named.
    private static let daysByDefault = 7.0

    /// What is told, each once.
    private(set) var metrics: [AnalyticsMetric] = []
    /// By what it is told apart, each once.
    private(set) var dimensions: [AnalyticsDimension] = []
    /// The same for the store.
    private(set) var query: UsageQuery

    /// Reads a body; fields that nobody knows are passed over, those about classifiers, which nobody has here, are refused.
    ///
    /// - Throws: `RequestProblem`.
    init(_ body: JSONValue, workspaces: WorkspaceNames, now: Timestamp) throws(RequestProblem) {
        query = UsageQuery(
            workspace: nil,
            from: now.adding(seconds: -86_400 * Self.daysByDefault),
            to: now.adding(seconds: 1)
        )
        var fields = try FieldReader(body)
        metrics = try Self.words("metrics", &fields)
        guard !metrics.isEmpty else {
            throw RequestProblem(
                .missingField,
                field: "metrics",
                "`metrics` is required: at least one of \(RequestProblem.list(AnalyticsMetric.allCases.map(\.rawValue)))."
            )
        }
        dimensions = try Self.words("dimensions", &fields)
        query.dimensions = dimensions.map(\.dimension)
        query.granularity = try fields.word("granularity", as: UsageGranularity.self)
        query.filters = try Self.filters(&fields, workspaces)
        query.limit = Int(try fields.integer("limit", in: 1...Self.limitMax) ?? 1_000)
        query.groupLimit = try fields.integer("group_limit", in: 1...Self.limitMax).map { Int($0) }
        if var order = try fields.object("order_by") { query.order = try self.order(&order) }
        if var range = try fields.object("time_range") {
            query.from = try Self.time("start", &range)
            query.to = try Self.time("end", &range)
            guard query.from < query.to else {
                throw RequestProblem(
                    .invalidValue,
                    field: "time_range.end",
                    "`time_range.end` must be after `time_range.start`."
                )
            }
        }
        for name in ["classifier_dimensions", "classifier_filters"] where fields.value(name) != nil {
            throw RequestProblem(
                .unsupportedParameter,
                field: name,
                "`\(name)`: there are no classifiers here; leave it out."
            )
        }
    }

    private static func words<Word: RawRepresentable & CaseIterable & Hashable>(
        _ name: String,
        _ fields: inout FieldReader
    ) throws(RequestProblem) -> [Word] where Word.RawValue == String {
        var words: [Word] = []
        for (value, path) in try fields.array(name, countMax: Word.allCases.count) ?? [] {
            guard case .string(let text) = value, text.utf8.count <= 64, let word = Word(rawValue: text) else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); allowed: \(RequestProblem.list(Word.allCases.map(\.rawValue)))."
                )
            }
            if !words.contains(word) { words.append(word) }
        }
        return words
    }

    // MARK: Filters

    private static func filters(
        _ fields: inout FieldReader,
        _ workspaces: WorkspaceNames
    ) throws(RequestProblem) -> [UsageFilter] {
        var filters: [UsageFilter] = []
        for (value, path) in try fields.array("filters", countMax: filtersMax) ?? [] {
            var filter = try FieldReader(value, path: path)
            guard let dimension = try filter.word("field", as: AnalyticsDimension.self) else {
                throw missing("\(path).field", AnalyticsDimension.allCases.map(\.rawValue))
            }
            guard let comparison = try filter.word("operator", as: AnalyticsOperator.self) else {
                throw missing("\(path).operator", AnalyticsOperator.allCases.map(\.rawValue))
            }
            let texts = try values(of: &filter, for: comparison, "\(path).value")
            filters.append(
                UsageFilter(
                    dimension.dimension,
                    comparison.comparison,
                    dimension == .workspace ? texts.map(workspaces.name) : texts,
                    includesUnset: try filter.bool("include_unset") ?? false && comparison.takesList
                )
            )
        }
        return filters
    }

    private static func missing(_ path: String, _ words: [String]) -> RequestProblem {
        RequestProblem(.missingField, field: path, "`\(path)` is required: one of \(RequestProblem.list(words)).")
    }

    private static func values(
        of filter: inout FieldReader,
        for comparison: AnalyticsOperator,
        _ path: String
    ) throws(RequestProblem) -> [String] {
        guard comparison.takesList else { return [try text(filter.value("value"), path)] }
        let list = try filter.array("value", countMax: valuesMax) ?? []
        guard !list.isEmpty else {
            throw RequestProblem(
                .invalidValue,
                field: path,
                "`\(path)` must be a list of 1 to \(valuesMax) texts or numbers."
            )
        }
        var texts: [String] = []
        for (value, path) in list { texts.append(try text(value, path)) }
        return texts
    }

    private static func text(_ value: JSONValue?, _ path: String) throws(RequestProblem) -> String {
        switch value {
        case .string(let text) where text.unicodeScalars.count <= valueMax: return text
        case .integer, .number: return value?.canonicalText ?? ""
        case .string, .null, .bool, .array, .object, nil:
            throw RequestProblem(
                .invalidValue,
                field: path,
                "`\(path)` must be a text of at most \(valueMax) characters, or a number."
            )
        }
    }

    // MARK: Order and time

    private func order(_ fields: inout FieldReader) throws(RequestProblem) -> UsageQuery.Order {
        enum Direction: String, CaseIterable { case asc, desc }
        let name = try fields.requiredString("field", charactersMax: 64)
        guard let direction = try fields.word("direction", as: Direction.self) else {
            throw Self.missing("order_by.direction", Direction.allCases.map(\.rawValue))
        }
        let field: UsageQuery.Field
        if name == Self.period, query.granularity != nil {
            field = .period
        } else if let dimension = dimensions.first(where: { $0.rawValue == name }) {
            field = .dimension(dimension.dimension)
        } else if let metric = AnalyticsMetric(rawValue: name) {
            field = .metric(metric.metric)
        } else {
            throw RequestProblem(
                .invalidValue,
                field: "order_by.field",
                "`order_by.field` is \(RequestProblem.shown(.string(name))); it must be a metric, one of the `dimensions`, or `\(Self.period)` with a `granularity`."
            )
        }
        return UsageQuery.Order(field, isDescending: direction == .desc)
    }

    private static func time(_ name: String, _ fields: inout FieldReader) throws(RequestProblem) -> Timestamp {
        let text = try fields.requiredString(name, charactersMax: 64)
        guard let time = Timestamp(rfc3339: text) else {
            let path = fields.path(of: name)
            throw RequestProblem(
                .invalidValue,
                field: path,
                "`\(path)` is \(RequestProblem.shown(.string(text))); it must be a time with seconds and zone, as 2026-11-01T00:00:00Z."
            )
        }
        return time
    }
}
