import Generation
import JobCore
import JobEngine
import Ledger
import Testing

@testable import JobAPI

/// Goal: clients find every model with every key that they insist on, and nothing that nobody knows.
@Suite struct ModelListTests {
    static let date: JSONValue = 1_795_219_200

    @Test func videoModelsHaveAllTheirKeys() async throws {
        try await TestAPI.run { api in
            let answer = try await api.get("/api/v1/videos/models")
            #expect(
                answer.json == [
                    "data": [
                        [
                            "id": "test/video", "canonical_slug": "test/video-20261121", "name": "test/video",
                            "created": Self.date, "description": "Made for tests.",
                            "supported_resolutions": ["720p", "480p"], "supported_aspect_ratios": ["16:9", "9:16"],
                            "supported_sizes": ["1280x720", "720x1280", "854x480"], "supported_durations": [4, 6, 8],
                            "supported_frame_images": ["first_frame", "last_frame"], "generate_audio": false,
                            "seed": true, "upscale_factor": .null, "creativity": .null,
                            "allowed_passthrough_parameters": ["grain", "camera"],
                            "pricing_skus": ["duration_seconds": "0.1"],
                            "endpoints": [
                                [
                                    "tag": "testing", "uptime_last_5m": .null, "uptime_last_30m": .null,
                                    "uptime_last_1d": .null, "throughput_last_30m": .null,
                                    "perf_last_30m_by_workload": [:], "status": 0,
                                ]
                            ],
                        ]
                    ]
                ]
            )
        }
    }

    @Test func modelsHaveAllTheirKeys() async throws {
        try await TestAPI.run { api in
            let list = try await api.get("/api/v1/models?output_modalities=video").json
            #expect(list["total_count"] == 1)
            #expect(list["links"] == ["next": .null])
            let model = try #require(list["data"]?.elements.first)
            #expect(
                model.keys.isSuperset(of: [
                    "id", "canonical_slug", "name", "created", "architecture", "context_length", "default_parameters",
                    "links", "per_request_limits", "pricing", "supported_parameters", "supported_voices",
                    "top_provider",
                ])
            )
            #expect(model["architecture"]?["input_modalities"] == ["text", "image"])
            #expect(model["architecture"]?["output_modalities"] == ["video"])
            #expect(model["architecture"]?["modality"] == "text+image->video")
            #expect(model["pricing"] == ["prompt": "0", "completion": "0"])
            #expect(
                model["supported_parameters"]
                    == ["duration", "resolution", "aspect_ratio", "size", "frame_images", "seed"]
            )
            #expect(try await api.get("/api/v1/model/test/video").json["data"] == model)
            #expect(try await api.get("/api/v1/model/test/video:floor").json["data"] == model)
            #expect(try await api.get("/api/v1/model/test/video%3Anitro").json["data"] == model)
            #expect(try await api.get("/api/v1/model/test/video-20261121").json["data"] == model)
            for path in ["/api/v1/model/test/none", "/api/v1/model/test/video:free", "/api/v1/models/a/b/endpoints"] {
                let answer = try await api.get(path)
                #expect(answer.status == 404)
                #expect(answer.errorReason == "unknown_model")
            }
            let voices = try await api.get("/api/v1/model/test/voice").json["data"]?["supported_voices"]
            #expect(voices == ["anna", "bert"])
        }
    }

    @Test func endpointsHaveAllTheirKeys() async throws {
        try await TestAPI.run { api in
            let data = try #require(try await api.get("/api/v1/models/test/video/endpoints").json["data"])
            #expect(data.keys == ["id", "name", "created", "description", "architecture", "endpoints"])
            #expect(
                data["architecture"]?.keys
                    == ["input_modalities", "output_modalities", "modality", "instruct_type", "tokenizer"]
            )
            let endpoint = try #require(data["endpoints"]?.elements.first)
            #expect(
                endpoint.keys == [
                    "name", "model_id", "model_name", "provider_name", "tag", "context_length",
                    "max_completion_tokens", "max_prompt_tokens", "quantization", "service_tier", "pricing",
                    "supported_parameters", "native_tools", "supports_diarization", "supports_implicit_caching",
                    "supports_tool_choice", "latency_last_30m", "throughput_last_30m", "uptime_last_5m",
                    "uptime_last_30m", "uptime_last_1d", "status", "perf_last_30m_by_workload",
                ]
            )
            #expect(endpoint["tag"] == "testing")
            #expect(endpoint["provider_name"] == "Testing")
            #expect(endpoint["name"] == "Testing | test/video")
            #expect(endpoint["latency_last_30m"] == .null && endpoint["uptime_last_1d"] == .null)
            #expect(
                try await api.get("/api/v1/providers").json == [
                    "data": [
                        [
                            "name": "Testing", "slug": "testing", "privacy_policy_url": .null,
                            "terms_of_service_url": .null, "status_page_url": .null,
                        ]
                    ]
                ]
            )
        }
    }

    // MARK: Filters

    /// The models by slug, and what a filter must leave of them.
    static let models = TestAdapter().models.sorted { $0.slug < $1.slug }

    private static func slugs(_ isMeant: (ModelCapabilities) -> Bool) -> [String] {
        models.filter(isMeant).map(\.slug)
    }

    private static let pictures = slugs { $0.slug == "test/image" || $0.slug == "test/video" }
    private static let all = slugs { _ in true }

    static let lists: [(query: String, slugs: [String])] = [
        ("", []),
        ("?output_modalities=text", []),
        ("?output_modalities=all", all),
        ("?output_modalities=video,image", pictures),
        ("?output_modalities=speech", slugs { $0.type == .speech }),
        ("?output_modalities=all&input_modalities=image", pictures),
        ("?output_modalities=all&input_modalities=text", all),
        ("?output_modalities=all&input_modalities=audio", []),
        ("?output_modalities=all&q=VIDE", ["test/video"]),
        ("?output_modalities=all&q=nothing", []),
        ("?output_modalities=all&supported_parameters=seed", ["test/video"]),
        ("?output_modalities=all&supported_parameters=size,n", ["test/image"]),
        ("?output_modalities=all&model_authors=test", all),
        ("?output_modalities=all&model_authors=someone,other", []),
        ("?output_modalities=all&providers=testing", all),
        ("?output_modalities=all&providers=Other", []),
        ("?output_modalities=all&max_price=0.5", all),
        ("?output_modalities=all&min_price=0.5", []),
        ("?output_modalities=all&min_output_price=1", []),
        ("?output_modalities=all&sort=newest", all),
        ("?output_modalities=all&sort=pricing-low-to-high", all),
        ("?output_modalities=all&category=programming&min_coding_index=3&zzz=1", all),
        ("?output_modalities=all&offset=0&limit=500", all),
        ("?output_modalities=all&limit=2", Array(all.prefix(2))),
        ("?output_modalities=all&offset=2", Array(all.dropFirst(2))),
        ("?output_modalities=all&offset=99&limit=1", []),
    ]

    @Test func listsAreFiltered() async throws {
        try await TestAPI.run { api in
            for (query, slugs) in Self.lists {
                let answer = try await api.get("/api/v1/models" + query)
                #expect(answer.status == 200)
                #expect(answer.json["data"]?.elements.map { $0["id"]?.stringValue } == slugs, "\(query)")
            }
            let refused = [
                "sort=nonsense", "output_modalities=smell", "input_modalities=video,smell", "limit=0", "limit=1001",
                "offset=-1", "min_price=cheap", "max_price=-1",
            ]
            for query in refused {
                let answer = try await api.get("/api/v1/models?\(query)")
                #expect(answer.status == 400, "\(query)")
                #expect(answer.errorParam == query.split(separator: "=").first.map(String.init))
            }
            #expect(try await api.get("/api/v1/models/count").json == ["data": ["count": 0]])
            #expect(
                try await api.get("/api/v1/models/count?output_modalities=all").json
                    == ["data": ["count": .integer(Int64(Self.all.count))]]
            )
        }
    }

    @Test func pagesAreLinked() async throws {
        try await TestAPI.run { api in
            var path: String? = "/api/v1/models?limit=1&output_modalities=all&q=test%2F&offset=0"
            var slugs: [String] = []
            while let next = path {
                let page = try await api.get(next).json
                #expect(page["total_count"] == .integer(Int64(Self.all.count)))
                slugs += page["data"]?.elements.compactMap { $0["id"]?.stringValue } ?? []
                path = page["links"]?["next"]?.stringValue
                try #require(slugs.count <= Self.all.count)
            }
            #expect(slugs == Self.all)
        }
    }

    @Test func aKeySeesAllModelsAndNoEndpointWithoutRetention() async throws {
        try await TestAPI.run { api in
            let page = try await api.get("/api/v1/models/user?output_modalities=all&limit=1&offset=0").json
            #expect(page["data"]?.elements.first?["id"]?.stringValue == Self.all.first)
            let next = try #require(page["links"]?["next"]?.stringValue)
            #expect(next.hasPrefix("/api/v1/models/user?"))
            #expect(try await api.get(next).json["data"]?.elements.first?["id"]?.stringValue == Self.all[1])
            #expect(try await api.get("/api/v1/endpoints/zdr").json == ["data": []])
        }
    }

    @Test func nobodyNeedsAKeyButABadOneIsRefused() async throws {
        try await TestAPI.run { api in
            let paths = [
                "/api/v1/videos/models", "/api/v1/models", "/api/v1/models/count", "/api/v1/model/test/video",
                "/api/v1/models/test/video/endpoints", "/api/v1/providers",
            ]
            for path in paths {
                let connection = try await api.connect()
                #expect(try await connection.request("GET", path).status == 200, "\(path)")
                #expect(try await api.get(path).status == 200, "\(path)")
                #expect(try await api.get(path, key: "sk-med-v1-unknown").status == 401, "\(path)")
                #expect(try await api.request("POST", path).status == 405, "\(path)")
            }
            for path in ["/api/v1/credits", "/api/v1/key", "/api/v1/models/user", "/api/v1/endpoints/zdr"] {
                let connection = try await api.connect()
                #expect(try await connection.request("GET", path).status == 401, "\(path)")
            }
        }
    }

    // MARK: Prices

    @Test func pricesAreWrittenInTheGrammarThatClientsKnow() throws {
        let prices: [(PriceUnit, [String: String], String, key: String?)] = [
            (.second, [:], "0.05", "duration_seconds"),
            (.second, ["resolution": "720p"], "0.1", "duration_seconds_720p"),
            (.second, ["resolution": "4K"], "0.2", "duration_seconds_4k"),
            (.second, ["audio": "true"], "0.15", "duration_seconds_with_audio"),
            (.second, ["audio": "false"], "0.075", "duration_seconds_without_audio"),
            (.second, ["audio": "true", "resolution": "1080p"], "0.3", "duration_seconds_with_audio_1080p"),
            (.second, ["quality": "pro"], "0.5", nil),
            (.second, ["resolution": "wide"], "0.5", nil),
            (.second, ["input": "text", "resolution": "720p"], "0.5", "text_to_video_duration_seconds_720p"),
            (.second, ["input": "image", "resolution": "1080p"], "0.5", "image_to_video_duration_seconds_1080p"),
            (.second, ["input": "reference", "resolution": "4K"], "0.5", "reference_duration_seconds_4k"),
            (.second, ["input": "text"], "0.5", nil),
            (.second, ["input": "text", "audio": "true", "resolution": "720p"], "0.5", nil),
            (.second, ["input": "video", "resolution": "720p"], "0.5", nil),
            (.token, [:], "0.0000107", "video_tokens"),
            (.token, ["resolution": "1080p"], "0.0000107", "video_tokens_1080p"),
            (.token, ["audio": "false"], "0.0000107", "video_tokens_without_audio"),
            (.token, ["audio": "true"], "0.0000107", "video_tokens"),
            (.token, ["audio": "true", "resolution": "4k"], "0.0000107", "video_tokens_4k"),
            (.token, ["audio": "false", "resolution": "720p"], "0.0000107", nil),
            (.token, ["input": "video"], "0.0000107", "video_tokens_with_video_input"),
            (.token, ["input": "video", "resolution": "480p"], "0.1", "video_tokens_480p_with_video_input"),
            (.token, ["input": "text"], "0.0000107", nil),
            (.referenceImage, [:], "0.03", "reference_images"),
            (.referenceImage, ["resolution": "720p"], "0.03", nil),
            (.request, [:], "0.4", "generate"),
            (.image, [:], "0.4", nil),
        ]
        for (unit, conditions, text, key) in prices {
            let price = try #require(ExactDecimal(text))
            let sheet = PriceSheet(lines: [PriceLine(unit: unit, price: price, conditions: conditions)])
            let skus = PricingSKUs.of(sheet)
            #expect(skus.map(\.key) == (key.map { [$0] } ?? []))
            #expect(skus.map(\.price) == (key == nil ? [] : [text]))
        }
    }

    @Test(arguments: [("0.5", "50"), ("1", "100"), ("0.25", "25"), ("0.125", "12.5")])
    func aMinimumIsToldInCents(_ usd: String, _ cents: String) throws {
        let line = PriceLine(unit: .minimum, price: try #require(ExactDecimal(usd)))
        let skus = PricingSKUs.of(PriceSheet(lines: [line]))
        #expect(skus.map(\.key) == ["minimum_cents_per_generation"])
        #expect(
            skus.compactMap { ExactDecimal($0.price)?.scaled(toPlaces: 3) } == [
                ExactDecimal(cents)?.scaled(toPlaces: 3)
            ]
        )
    }

    /// Where sound has a price of its own, the plain key is the one with sound; a plain line keeps its key.
    @Test func theWordsForTokensDoNotCollide() throws {
        func line(_ price: String, _ conditions: [String: String]) throws -> PriceLine {
            PriceLine(unit: .token, price: try #require(ExactDecimal(price)), conditions: conditions)
        }
        let both = [try line("0.0000024", ["audio": "true"]), try line("0.0000012", ["audio": "false"])]
        let skus = PricingSKUs.of(PriceSheet(lines: both))
        #expect(skus.map(\.key) == ["video_tokens", "video_tokens_without_audio"])
        #expect(skus.map(\.price) == ["0.0000024", "0.0000012"])
        let plain = PricingSKUs.of(PriceSheet(lines: both + [try line("0.000003", [:])]))
        #expect(plain.map(\.key) == ["video_tokens", "video_tokens_without_audio"])
        #expect(plain.map(\.price) == ["0.000003", "0.0000012"])
    }

    @Test func onlyWhatCostsNothingIsFree() throws {
        let directory = ModelDirectory(try EndpointCatalog([TestAdapter()]).endpoints)
        #expect(directory.find("test/video") != nil)
        #expect(directory.find("test/video:free") == nil)
        #expect(directory.find("test/video:") == nil)
        #expect(directory.find(":floor") == nil)
        #expect(directory.find("") == nil)
        #expect(directory.entries.allSatisfy { $0.created == 1_795_219_200 })
    }
}
