/// How routing preferences are read and shown.
extension ProviderRouting {
    /// The longest slug of a provider, in bytes.
    private static let slugBytesMax = 64
    /// How many providers a preference may name.
    private static let slugsMax = 200
    /// How many models may be tried.
    private static let modelsMax = 10
    /// The longest time and the highest throughput that a bound may name.
    private static let figureMax = 1_000_000_000.0

    private enum DataCollection: String, CaseIterable { case allow, deny }

    /// Words of OpenRouter's that choose by what only text has.
    private static let sortsOfText = ["exacto"]

    /// Reads the members of `provider` but `options`; nil when there is none that says anything.
    ///
    /// - Parameter provider: The member; `finish()` is called by whoever reads the last of it.
    /// - Throws: `RequestProblem` for what is malformed.
    public init?(_ provider: inout FieldReader) throws(RequestProblem) {
        self.init()
        only = try Self.slugs("only", &provider)
        ignore = try Self.slugs("ignore", &provider)
        order = try Self.slugs("order", &provider)
        allowFallbacks = try provider.bool("allow_fallbacks")
        requireParameters = try provider.bool("require_parameters")
        requiresZeroRetention = try provider.bool("zdr")
        refusesDataCollection = try provider.word("data_collection", as: DataCollection.self).map { $0 == .deny }
        allowContentFallbacks = try provider.bool("allow_content_fallbacks")
        sort = try Self.sort(&provider)
        minThroughput = try Self.bounds("preferred_min_throughput", &provider)
        maxLatency = try Self.bounds("preferred_max_latency", &provider)
        maxPrice = try Self.prices(&provider)
        if self == ProviderRouting() { return nil }
    }

    /// Reads `models`, the list of models to try after the first; nil when there is none.
    ///
    /// - Throws: `RequestProblem` for what is malformed.
    public static func fallbackModels(_ fields: inout FieldReader) throws(RequestProblem) -> [String]? {
        guard let elements = try fields.array("models", countMax: modelsMax) else { return nil }
        var models: [String] = []
        for (value, path) in elements {
            guard case .string(let slug) = value, (1...200).contains(slug.utf8.count) else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); it must be the slug of a model."
                )
            }
            models.append(slug)
        }
        return models.isEmpty ? nil : models
    }

    private static func slugs(_ name: String, _ provider: inout FieldReader) throws(RequestProblem) -> [String]? {
        guard let elements = try provider.array(name, countMax: slugsMax) else { return nil }
        var slugs: [String] = []
        for (value, path) in elements {
            guard case .string(let slug) = value, (1...slugBytesMax).contains(slug.utf8.count) else {
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

    private static func sort(_ provider: inout FieldReader) throws(RequestProblem) -> Sort? {
        guard let value = provider.value("sort") else { return nil }
        let path = provider.path(of: "sort")
        switch value {
        case .string(let word) where sortsOfText.contains(word): return nil
        case .string(let word):
            guard let figure = Sort.Figure(rawValue: word) else { throw unknownSort(path, value) }
            return Sort(by: figure)
        case .object:
            var reader = try FieldReader(value, path: path)
            let partition = try reader.word("partition", as: Sort.Partition.self)
            let by = reader.value("by")
            try reader.finish()
            guard let by else { return nil }
            guard case .string(let word) = by else { throw unknownSort("\(path).by", by) }
            if sortsOfText.contains(word) { return nil }
            guard let figure = Sort.Figure(rawValue: word) else { throw unknownSort("\(path).by", by) }
            return Sort(by: figure, partition: partition ?? .model)
        case .null, .bool, .integer, .number, .array: throw unknownSort(path, value)
        }
    }

    private static func unknownSort(_ path: String, _ value: JSONValue) -> RequestProblem {
        RequestProblem(
            .invalidValue,
            field: path,
            "`\(path)` is \(RequestProblem.shown(value)); allowed: \(RequestProblem.list(Sort.Figure.allCases.map(\.rawValue)))."
        )
    }

    /// A number stands for the median.
    private static func bounds(
        _ name: String,
        _ provider: inout FieldReader
    ) throws(RequestProblem) -> PercentileBounds? {
        guard let value = provider.value(name) else { return nil }
        switch value {
        case .object:
            var reader = try FieldReader(value, path: provider.path(of: name))
            let bounds = PercentileBounds(
                p50: try reader.number("p50", in: 0...figureMax),
                p75: try reader.number("p75", in: 0...figureMax),
                p90: try reader.number("p90", in: 0...figureMax),
                p99: try reader.number("p99", in: 0...figureMax)
            )
            try reader.finish()
            return bounds == PercentileBounds() ? nil : bounds
        case .null, .bool, .integer, .number, .string, .array:
            return PercentileBounds(p50: try provider.number(name, in: 0...figureMax))
        }
    }

    private static func prices(_ provider: inout FieldReader) throws(RequestProblem) -> PriceBounds? {
        guard var reader = try provider.object("max_price") else { return nil }
        let bounds = PriceBounds(
            request: try price("request", &reader),
            image: try price("image", &reader),
            videoSecond: try price("video_second", &reader)
        )
        for name in ["prompt", "completion", "audio"] where reader.value(name) != nil {
            // A limit on money that is not kept must not look as if it were.
            throw RequestProblem(
                .unsupportedParameter,
                field: "provider.max_price.\(name)",
                "`provider.max_price.\(name)` has no unit for media; allowed: request, image, video_second."
            )
        }
        try reader.finish()
        return bounds == PriceBounds() ? nil : bounds
    }

    /// A price in US dollars, as a string or a number.
    private static func price(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> String? {
        guard let value = reader.value(name) else { return nil }
        let path = reader.path(of: name)
        let text: String? =
            switch value {
            case .string(let text): text
            case .integer(let number): String(number)
            case .number(let number): nano(number)
            case .null, .bool, .array, .object: nil
            }
        guard let text, isAmount(text) else {
            throw RequestProblem(
                .invalidValue,
                field: path,
                "`\(path)` is \(RequestProblem.shown(value)); it must be an amount in US dollars with at most nine decimals, such as \"0.05\"."
            )
        }
        return text
    }

    /// A JSON number in billionths, as a decimal; nil outside of what an amount may be.
    private static func nano(_ number: Double) -> String? {
        guard (0...1_000_000_000).contains(number) else { return nil }
        let nano = Int64((number * 1_000_000_000).rounded())
        let fraction = String(nano % 1_000_000_000)
        return "\(nano / 1_000_000_000)." + String(repeating: "0", count: 9 - fraction.count) + fraction
    }

    /// One to ten digits, and after a point one to nine.
    private static func isAmount(_ text: String) -> Bool {
        guard text.utf8.count <= 20 else { return false }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let wholes = parts.first, (1...10).contains(wholes.utf8.count), parts.count <= 2 else { return false }
        if parts.count == 2, !(1...9).contains(parts[1].utf8.count) { return false }
        return parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// The members of `provider` that say this, and `models`.
    func write(provider: inout [String: JSONValue], fields: inout [String: JSONValue]) {
        func slugs(_ slugs: [String]) -> JSONValue { .array(slugs.map(JSONValue.string)) }
        provider["only"] = only.map(slugs)
        provider["ignore"] = ignore.map(slugs)
        provider["order"] = order.map(slugs)
        provider["allow_fallbacks"] = allowFallbacks.map(JSONValue.bool)
        provider["require_parameters"] = requireParameters.map(JSONValue.bool)
        provider["zdr"] = requiresZeroRetention.map(JSONValue.bool)
        provider["data_collection"] = refusesDataCollection.map { .string($0 ? "deny" : "allow") }
        provider["allow_content_fallbacks"] = allowContentFallbacks.map(JSONValue.bool)
        provider["sort"] = sort.map { sort in
            .object(["by": .string(sort.by.rawValue), "partition": .string(sort.partition.rawValue)])
        }
        provider["preferred_min_throughput"] = minThroughput?.json
        provider["preferred_max_latency"] = maxLatency?.json
        provider["max_price"] = maxPrice?.json
        fields["models"] = fallbackModels.map(slugs)
    }
}

extension ProviderRouting.PercentileBounds {
    fileprivate var json: JSONValue {
        let members = [("p50", p50), ("p75", p75), ("p90", p90), ("p99", p99)]
        return .object(
            Dictionary(members.compactMap { name, bound in bound.map { (name, .number($0)) } }) { first, _ in first }
        )
    }
}

extension ProviderRouting.PriceBounds {
    fileprivate var json: JSONValue {
        let members = [("request", request), ("image", image), ("video_second", videoSecond)]
        return .object(
            Dictionary(members.compactMap { name, bound in bound.map { (name, .string($0)) } }) { first, _ in first }
        )
    }
}
