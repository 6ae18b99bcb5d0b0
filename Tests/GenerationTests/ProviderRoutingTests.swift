import Generation
import Testing

/// Goal: preferences are read strictly, shown as they were read, and put over those of the house.
@Suite struct ProviderRoutingTests {
    private func read(_ value: JSONValue) throws -> ProviderRouting? {
        var reader = try FieldReader(value, path: "provider")
        let routing = try ProviderRouting(&reader)
        try reader.finish()
        return routing
    }

    @Test func everythingIsReadAndShown() throws {
        let provider: JSONValue = [
            "only": ["a", "b"], "ignore": ["c"], "order": ["b"], "allow_fallbacks": false, "require_parameters": true,
            "zdr": true, "data_collection": "deny", "allow_content_fallbacks": true,
            "sort": ["by": "latency", "partition": "none"],
            "preferred_min_throughput": ["p50": .number(2), "p90": .number(1.5)],
            "preferred_max_latency": ["p99": .number(60)], "max_price": ["request": "0.5", "video_second": "0.1"],
        ]
        let body: JSONValue = [
            "type": "video", "model": "a/b", "prompt": "p", "provider": provider, "models": ["a/c", "a/d"],
        ]
        var reader = try FieldReader(body)
        let request = try GenerationRequest(native: &reader)
        let routing = try #require(request.routing)
        #expect(routing.sort == .init(by: .latency, partition: .none))
        #expect(routing.minThroughput == .init(p50: 2, p90: 1.5))
        #expect(routing.maxPrice == .init(request: "0.5", videoSecond: "0.1"))
        #expect(routing.fallbackModels == ["a/c", "a/d"])
        guard case .object(let shown) = request.json else { return }
        #expect(shown["provider"] == provider && shown["models"] == ["a/c", "a/d"])
    }

    @Test func shortFormsMeanTheLongOnes() throws {
        #expect(try read(["sort": "price"])?.sort == .init(by: .price))
        #expect(try read(["sort": "exacto"]) == nil)
        #expect(try read([:]) == nil)
        #expect(try read(["preferred_max_latency": 3])?.maxLatency == .init(p50: 3))
        #expect(try read(["max_price": ["image": .number(0.1)]])?.maxPrice == .init(image: "0.100000000"))
        #expect(try read(["max_price": ["image": .number(0.30000000000000004)]])?.maxPrice?.image == "0.300000000")
        #expect(try read(["only": ["Acme"]])?.only == ["acme"])
    }

    @Test(
        arguments: [
            (["sort": "beauty"], "provider.sort"), (["sort": ["by": 1]], "provider.sort.by"),
            (["sort": ["by": "price", "then": "latency"]], "provider.sort.then"),
            (["preferred_min_throughput": -1], "provider.preferred_min_throughput"),
            (["preferred_max_latency": ["p42": 1]], "provider.preferred_max_latency.p42"),
            (["max_price": ["request": "-1"]], "provider.max_price.request"),
            (["max_price": ["request": "1e400"]], "provider.max_price.request"),
            (["max_price": ["request": "0.1234567890"]], "provider.max_price.request"),
            (["max_price": ["audio": "1"]], "provider.max_price.audio"), (["max_price": 1], "provider.max_price"),
            (["order": [""]], "provider.order[0]"), (["data_collection": "maybe"], "provider.data_collection"),
            (["colour": 1], "provider.colour"),
        ] as [(JSONValue, String)]
    )
    func whatIsNotAllowedIsNamed(_ value: JSONValue, field: String) throws {
        let problem = try #require(throws: RequestProblem.self) { try read(value) }
        #expect(problem.field == field)
    }

    @Test func theHouseStandsBehindTheRequest() {
        var house = ProviderRouting(only: ["acme/eu", "host", "other"])
        (house.ignore, house.sort, house.requiresZeroRetention) = (["other"], .init(by: .price), true)
        var request = ProviderRouting(only: ["acme", "host/fast"])
        (request.sort, request.requiresZeroRetention) = (.init(by: .latency), false)
        let both = request.over(house)
        #expect(both.only == ["host/fast", "acme/eu"])
        #expect(both.ignore == ["other"])
        #expect(both.sort == .init(by: .latency))
        #expect(both.requiresZeroRetention == true)
        #expect(ProviderRouting().over(house) == house)
        #expect(request.over(ProviderRouting()) == request)
    }
}
