import Generation
import HTTPTransport
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

/// Goal: of several providers of a model the one serves that can, the client's wishes are followed, a model that nobody
/// serves any more says what to use, and the operator's names lead to what they stand for.
@Suite struct SeveralEndpointsTests {
    /// A second provider of the same model: for longer videos, at twice the price, keeping nothing, until 2027.
    private struct SecondAdapter: ProviderAdapter {
        let id = ProviderID("second")
        let account = "main"
        let transport: any HTTPTransport = UnavailableTransport()
        let models: [ModelCapabilities]

        init() {
            let first = TestAdapter().models.first { $0.slug == "test/video" }
            guard var model = first, case .video(var video) = model.parameters else {
                models = []
                return
            }
            (video.durations, video.defaultDuration) = ([4, 10], 10)
            model.parameters = .video(video)
            model.prices = [ListPrice(unit: "token", usd: "0.000007")]
            model.videoTokens = VideoTokenMeter(pixelsMax: ["720p": 921_600], secondsMax: 10)
            model.options = ["lens"]
            model.availableUntil = CalendarDate("9999-01-01")
            model.dataPolicy = DataPolicy(
                zeroRetention: true,
                retentionDays: nil,
                trainsOnInputs: false,
                source: "made up, 2026-11-21"
            )
            var old = model
            (old.slug, old.replacedBy) = ("test/old-video", "test/video")
            old.availableUntil = CalendarDate("2026-01-01")
            models = [model, old]
        }

        func submit(
            _ request: GenerationRequest,
            attempt context: AttemptContext
        ) async throws(ProviderFailure) -> Submission { .completed([], ReportedUsage()) }

        func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
            .pending(progress: nil)
        }
    }

    private static func run(_ test: @Sendable (TestAPI) async throws -> Void) async throws {
        try await TestAPI.run(
            catalog: { first in
                var asleep = try #require(first.models.first { $0.slug == "test/video" })
                asleep.slug = "test/asleep"
                return try EndpointCatalog(
                    [first, SecondAdapter()],
                    dormant: [DormantModel(model: asleep, provider: "Sleeper", variables: ["SLEEPER_KEY"])],
                    aliases: [
                        "sora-2": "test/video", "test/old-video": "test/video", "dreamer": "test/asleep",
                        "test/image": "test/video",
                    ]
                )
            },
            test
        )
    }

    private static func bothProviders(_ first: TestAdapter) throws -> EndpointCatalog {
        try EndpointCatalog([first, SecondAdapter()])
    }

    private func endpoint(_ api: TestAPI, _ id: JobID) async throws -> String {
        try #require(try await api.store.job(id)).admitted.endpoint.provider
    }

    @Test func theFirstThatTakesTheRequestServesIt() async throws {
        try await Self.run { api in
            let both = try await api.submitted(TestAPI.video(["provider": ["sort": "price"]]))
            #expect(try await endpoint(api, both) == "testing")
            let long = try await api.submitted(TestAPI.video(["duration": 10]))
            #expect(try await endpoint(api, long) == "second")
            #expect(try await api.store.job(long)?.admitted.hold.nanoUSD == 216_900 * 7_000)
            // What none takes is refused in the words of the first.
            let neither = try await api.submit(TestAPI.video(["duration": 5]))
            #expect(neither.status == 400)
            #expect(neither.errorParam == "duration")
            #expect(neither.text.contains("4, 6, 8"))
            // Not strict, one that takes it as it is comes before an earlier one that changes it.
            let lenient = try await api.submitted(TestAPI.video(["duration": 10, "strict": false]))
            #expect(try await endpoint(api, lenient) == "second")
            #expect(try await api.adjustments(of: lenient) == [])
            let nearest = try await api.submitted(
                TestAPI.video(["duration": 7, "strict": false, "provider": ["sort": "price"]])
            )
            #expect(try await endpoint(api, nearest) == "testing")
            #expect(try await api.adjustments(of: nearest).count == 1)
        }
    }

    @Test func aClientMayChoose() async throws {
        try await Self.run { api in
            for provider in [["only": ["second"]], ["order": ["second"]], ["options": ["second": ["lens": 1]]]]
                as [JSONValue]
            {
                let id = try await api.submitted(TestAPI.video(["provider": provider]))
                #expect(try await endpoint(api, id) == "second", "\(provider)")
                #expect(try await api.get("/api/v1/jobs/\(id)").json["input"]?["provider"] == provider)
                #expect(try await api.adjustments(of: id) == [])
            }
            let none = try await api.submit(TestAPI.video(["provider": ["only": ["third"]]]))
            #expect(none.status == 400 && none.errorParam == "provider.only")
            #expect(none.text.contains("testing, second"))
            let order = try await api.submitted(TestAPI.video(["provider": ["order": ["third", "second"]]]))
            #expect(try await endpoint(api, order) == "second")
            // Options for both are a wish for both: the one that serves gets its own, and the others are told of.
            let both = try await api.submitted(
                TestAPI.video([
                    "provider": ["options": ["second": ["lens": 1], "testing": ["grain": 2]], "sort": "price"]
                ])
            )
            #expect(try await endpoint(api, both) == "testing")
            #expect(try await api.store.job(both)?.admitted.request.providerOptions == ["testing": ["grain": 2]])
            #expect(try await api.adjustments(of: both).compactMap { $0["reason"]?.stringValue } == ["not_applicable"])
            let odd = try await api.submit(TestAPI.video(["provider": ["options": ["third": [:]]]]))
            #expect(odd.status == 400 && odd.errorParam == "provider.options.third")
            #expect(odd.text.contains("testing, second"))
        }
    }

    @Test func theOtherDialectChoosesByItsPreferences() async throws {
        try await Self.run { api in
            let second: [JSONValue] = [
                ["only": ["second"]], ["ignore": ["testing"]], ["order": ["second", "testing"]], ["zdr": true],
                ["data_collection": "deny"], ["options": ["second": ["lens": 1]]],
            ]
            for provider in second {
                let id = try await api.generated(TestAPI.clip(["provider": provider]))
                #expect(try await endpoint(api, id) == "second", "\(provider)")
            }
            for provider in [["only": ["testing"]], ["sort": "price"], ["sort": ["by": "price"]]] as [JSONValue] {
                let id = try await api.generated(TestAPI.clip(["provider": provider]))
                #expect(try await endpoint(api, id) == "testing", "\(provider)")
            }
            let none = try await api.generate(TestAPI.clip(["provider": ["only": ["testing"], "zdr": true]]))
            #expect(none.status == 404 && none.errorReason == "privacy_restricted")
        }
    }

    @Test func modelsThatNobodyServesSayWhatToUse() async throws {
        try await Self.run { api in
            let asleep = try await api.submit(TestAPI.video(["model": "test/asleep"]))
            #expect(asleep.status == 404 && asleep.errorReason == "unknown_model")
            #expect(asleep.text.contains("SLEEPER_KEY switches it on"))
            #expect(asleep.text.contains("test/video"))
            let throughAlias = try await api.generate(TestAPI.clip(["model": "dreamer"]))
            #expect(throughAlias.status == 404)
            #expect(throughAlias.text.contains("SLEEPER_KEY"))
            let unknown = try await api.submit(TestAPI.video(["model": "test/vidio"]))
            #expect(unknown.status == 404)
            #expect(unknown.text.contains("Did you mean test/video"))
            try await api.expectNothingWritten()
        }
        try await TestAPI.run(catalog: Self.bothProviders) { api in
            for answer in [
                try await api.submit(TestAPI.video(["model": "test/old-video"])),
                try await api.generate(TestAPI.clip(["model": "test/old-video"])),
                try await api.get("/api/v1/models/test/old-video/endpoints"),
            ] {
                #expect(answer.status == 404 && answer.errorReason == "unknown_model")
                #expect(answer.text.contains("ended at its provider on 2026-01-01"))
                #expect(answer.text.contains("`test/video` takes its place"))
            }
        }
    }

    @Test func anAliasIsServedUnderItsModelAndTold() async throws {
        try await Self.run { api in
            let told: JSONValue = [
                "parameter": "model", "asked": "sora-2", "used": "test/video", "reason": "model_alias",
            ]
            let native = try await api.submitted(TestAPI.video(["model": "sora-2"]))
            #expect(try await api.get("/api/v1/jobs/\(native)").json["model"] == "test/video")
            #expect(try await api.adjustments(of: native) == [told])
            let video = try await api.generated(TestAPI.clip(["model": "sora-2"]))
            #expect(try await api.adjustments(of: video) == [told])
            let quote = try await api.quote(TestAPI.video(["model": "sora-2"]))
            #expect(quote.json["adjustments"] == [told])
            // A model whose day has come may be named anew, and a living one keeps its name.
            let gone = try await api.submitted(TestAPI.video(["model": "test/old-video"]))
            #expect(try await api.get("/api/v1/jobs/\(gone)").json["model"] == "test/video")
            let living = try await api.submitted(TestAPI.image)
            #expect(try await api.get("/api/v1/jobs/\(living)").json["model"] == "test/image")
            #expect(try await api.get("/api/v1/model/test/old-video").json["data"]?["id"] == "test/video")
        }
    }

    @Test func listsShowEveryEndpoint() async throws {
        try await Self.run { api in
            let models = try await api.get("/api/v1/catalog").json["data"]?.elements ?? []
            #expect(models.compactMap { $0["slug"]?.stringValue } == ["test/image", "test/video", "test/voice"])
            let video = try #require(models.first { $0["slug"] == "test/video" })
            #expect(video["aliases"] == ["sora-2", "test/old-video"])
            let endpoints = video["endpoints"]?.elements ?? []
            #expect(endpoints.compactMap { $0["provider"]?.stringValue } == ["testing", "second"])
            #expect(endpoints.last?["available_until"] == "9999-01-01")
            #expect(endpoints.last?["data_policy"]?["zero_retention"] == true)
            #expect(
                endpoints.last?["video_tokens"] == [
                    "frames_per_second": 24, "extra_frames": 1, "pixels_per_token": 1_024,
                    "pixels_max": ["720p": 921_600], "input_seconds_max": 0,
                ]
            )
            let dialect = try await api.get("/api/v1/videos/models").json["data"]?.elements ?? []
            #expect(dialect.compactMap { $0["id"]?.stringValue } == ["test/video"])
            #expect(dialect.first?["supported_durations"] == [4, 6, 8, 10])
            #expect(dialect.first?["allowed_passthrough_parameters"] == ["grain", "camera", "lens"])
            #expect(dialect.first?["pricing_skus"] == ["duration_seconds": "0.1"])
            let list =
                try await api.get("/api/v1/models/test/video/endpoints").json["data"]?["endpoints"]?.elements ?? []
            #expect(list.compactMap { $0["tag"]?.stringValue } == ["testing", "second"])
            #expect(list.map { $0["available_until"] } == [nil, "9999-01-01"])
            let slugs = try await api.get("/api/v1/providers").json["data"]?.elements.compactMap {
                $0["slug"]?.stringValue
            }
            #expect(slugs == ["second", "testing"])
            let private_ = try await api.get("/api/v1/endpoints/zdr").json["data"]?.elements ?? []
            #expect(private_.compactMap { $0["tag"]?.stringValue } == ["second"])
            let second = try await api.get("/api/v1/models?output_modalities=all&providers=second").json
            #expect(second["total_count"] == 1)
        }
    }

    /// A process may live longer than a model.
    @Test func whatEndsWhileTheServiceRunsIsOfferedNoMore() async throws {
        let aheadOfTheEnd: @Sendable () -> Double = { 8_000 * 365.25 * 86_400 }
        try await TestAPI.run(
            catalog: Self.bothProviders,
            secondsAhead: aheadOfTheEnd
        ) { api in
            let video = try await api.get("/api/v1/catalog?type=video").json["data"]?.elements.first
            #expect(video?["endpoints"]?.elements.count == 1)
        }
    }

    @Test func mistakesAreFoundAtTheStart() {
        func mistake(_ make: () throws -> EndpointCatalog) -> String {
            do {
                _ = try make()
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            mistake { try EndpointCatalog([SecondAdapter(), SecondAdapter()]) }
                == "test/video is offered twice by second"
        )
        let alias = mistake { try EndpointCatalog([SecondAdapter()], aliases: ["sora-2": "test/none"]) }
        #expect(alias.contains("`model_aliases.sora-2` is \"test/none\""))
        #expect(alias.contains("test/old-video, test/video"))
    }
}
