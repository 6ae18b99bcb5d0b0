import Generation
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: OpenRouter's request for a video is taken by OpenRouter's rules, and becomes a job like any other.
@Suite struct VideoSubmissionTests {
    @Test func aGoodRequestIsAnsweredWithThreeFields() async throws {
        try await TestAPI.run { api in
            let answer = try await api.generate()
            #expect(answer.status == 202)
            #expect(answer[header: "content-type"] == "application/json")
            let id = try #require(answer.json["id"]?.stringValue)
            let url = "http://127.0.0.1:\(api.port)/api/v1/videos/\(id)"
            #expect(answer.json == ["id": .string(id), "polling_url": .string(url), "status": "pending"])
            #expect(answer[header: "location"] == url)
            #expect(answer[header: "x-generation-id"] == id)
            #expect(try await api.get("/api/v1/jobs/\(id)").json["model"] == "test/video")
        }
    }

    @Test func everyFieldOfTheDialectIsFollowed() async throws {
        try await TestAPI.run { api in
            let frame = Samples.frame(Samples.png, "image/png")
            let id = try await api.generated(
                TestAPI.clip([
                    "resolution": .null, "size": "720x1280", "seed": 7, "frame_images": [frame], "user": "u-1",
                    "session_id": "s-1", "trace": ["trace_id": "t", "own": ["deep": true]],
                    "callback_url": "https://example.com/hook",
                    "provider": ["options": ["testing": ["grain": 3, "parameters": ["camera": "pan"]]]],
                ])
            )
            let job = try #require(try await api.store.job(id))
            guard case .video(let video) = job.admitted.request.content else {
                Issue.record("no video")
                return
            }
            #expect(video.size == PixelSize(width: 720, height: 1_280))
            #expect(video.resolution == "720p" && video.aspectRatio == "9:16")
            #expect(video.duration == 4)
            #expect(video.seed == 7)
            #expect(video.frameImages.map(\.role) == [.first])
            #expect(job.admitted.request.providerOptions == ["testing": ["grain": 3, "camera": "pan"]])
            let parameters = job.admitted.parameters
            #expect(parameters.user == "u-1")
            #expect(parameters.sessionID == "s-1")
            #expect(parameters.trace == ["trace_id": "t", "own": ["deep": true]])
            #expect(parameters.callbackURL == "https://example.com/hook")
            #expect(job.admitted.adjustments == [])
            #expect(job.admitted.hold == Credits(nanoUSD: 400_000_000))
        }
    }

    @Test func theSessionOfTheBodyWins() async throws {
        try await TestAPI.run { api in
            let header = [("X-Session-Id", "from-header")]
            for (body, expected) in [(TestAPI.clip, "from-header"), (TestAPI.clip(["session_id": "b"]), "b")] {
                let answer = try await api.generate(body, headers: header)
                let id = try #require(answer.json["id"]?.stringValue.flatMap { JobID($0) })
                #expect(try await api.store.job(id)?.admitted.parameters.sessionID == expected)
            }
            let long = try await api.generate(headers: [("X-Session-Id", String(repeating: "s", count: 257))])
            #expect(long.status == 400)
            #expect(long.errorParam == "x-session-id")
        }
    }

    @Test func aKeyReplaysTheAnswer() async throws {
        try await TestAPI.run { api in
            let first = try await api.generate(headers: [("Idempotency-Key", "k")])
            let again = try await api.generate(headers: [("Idempotency-Key", "k")])
            #expect(again.status == 202)
            #expect(again.body == first.body)
            #expect(again[header: "idempotent-replayed"] == "true")
            let other = try await api.generate(TestAPI.clip(["seed": 1]), headers: [("Idempotency-Key", "k")])
            #expect(other.status == 422)
            // The same job over another surface would be answered in a form that its client does not know.
            let native = try await api.submit(headers: [("Idempotency-Key", "k")])
            #expect(native.status == 422)
            #expect(native.errorReason == "idempotency_conflict")
            #expect(try await api.get("/api/v1/jobs").json["data"]?.count == 1)
        }
    }

    // MARK: Passed over

    @Test func whatIsUnknownIsAcceptedAndListed() async throws {
        try await TestAPI.run { api in
            let image: JSONValue = .object([
                "type": "image_url", "frame_type": "first_frame", "weight": 2,
                "image_url": [
                    "url": Samples.frame(Samples.png, "image/png")["image_url"]?["url"] ?? .null, "detail": "hi",
                ],
            ])
            let id = try await api.generated(
                TestAPI.clip([
                    "negative_prompt": "rain", "nothing": .null, "extra": ["a": 1], "frame_images": [image],
                    "provider": ["options": ["testing": ["nonsense": 1, "grain": 1]], "style": "x"],
                ])
            )
            let job = try #require(try await api.store.job(id))
            #expect(job.admitted.request.providerOptions == ["testing": ["grain": 1]])
            let expected: [JSONValue] = [
                ["parameter": "frame_images[0].image_url.detail", "asked": "hi"],
                ["parameter": "frame_images[0].weight", "asked": 2],
                ["parameter": "provider.options.testing.nonsense", "asked": 1],
                ["parameter": "provider.style", "asked": "x"],
                ["parameter": "extra", "asked": "an object"],
                ["parameter": "negative_prompt", "asked": "rain"],
            ]
            let told = try await api.adjustments(of: id)
            #expect(told.map { ["parameter": $0["parameter"] ?? .null, "asked": $0["asked"] ?? .null] } == expected)
            #expect(told.allSatisfy { $0["reason"] == "unknown_field" && $0["used"] == .null })
            #expect(try await api.get("/api/v1/videos/\(id)").json["adjustments"]?.elements == told)
        }
    }

    @Test func tooManyUnknownFieldsAreRefused() async throws {
        try await TestAPI.run { api in
            let many = Dictionary(uniqueKeysWithValues: (0..<257).map { ("unknown\($0)", JSONValue.integer(1)) })
            let answer = try await api.generate(TestAPI.clip(many))
            #expect(answer.status == 400)
            #expect(answer.errorReason == "unknown_field")
            try await api.expectNothingWritten()
        }
    }

    @Test func framesWinOverReferences() async throws {
        try await TestAPI.run { api in
            let frame = Samples.frame(Samples.png, "image/png")
            let url = try #require(frame["image_url"])
            let id = try await api.generated(
                TestAPI.clip([
                    "frame_images": [frame], "input_references": [["type": "image_url", "image_url": url]],
                ])
            )
            let told = try await api.adjustments(of: id)
            #expect(
                told == [
                    [
                        "parameter": "input_references", "asked": "an array of 1", "used": .null,
                        "reason": "not_applicable",
                    ]
                ]
            )
        }
    }

    @Test func soundAndFilmReferencesArePassedOver() async throws {
        try await TestAPI.run { api in
            let references: JSONValue = [
                ["type": "video_url", "video_url": ["url": "https://example.com/a.mp4?secret=1"]],
                ["type": "audio_url", "audio_url": ["url": "https://example.com/a.mp3"]],
            ]
            let id = try await api.generated(TestAPI.clip(["input_references": references]))
            let told = try await api.adjustments(of: id)
            #expect(told.map { $0["parameter"] } == ["input_references[0]", "input_references[1]"])
            #expect(told.map { $0["asked"] } == ["video_url", "audio_url"])
            #expect(told.allSatisfy { $0["reason"] == "unsupported_parameter" })
        }
    }

    @Test(arguments: ["test/video:floor", "test/video:nitro", "test/video-20261121", "test/video-20261121:floor"])
    func otherNamesOfAModelAreKnown(_ name: String) async throws {
        try await TestAPI.run { api in
            let id = try await api.generated(TestAPI.clip(["model": .string(name)]))
            #expect(try await api.store.job(id)?.admitted.request.model == "test/video")
            #expect(
                try await api.adjustments(of: id) == [
                    ["parameter": "model", "asked": .string(name), "used": "test/video", "reason": "model_alias"]
                ]
            )
        }
    }

    @Test func preferencesThatLeaveTheEndpointAreAccepted() async throws {
        try await TestAPI.run { api in
            let provider: JSONValue = [
                "only": ["testing", "other"], "order": ["other", "testing"], "ignore": ["other"], "sort": "price",
                "allow_fallbacks": false, "require_parameters": true, "quantizations": ["fp8"], "zdr": false,
                "preferred_max_latency": ["p50": 3], "preferred_min_throughput": 5, "data_collection": "allow",
                "options": ["other": ["key": 1]],
            ]
            let id = try await api.generated(TestAPI.clip(["provider": provider]))
            let told = try await api.adjustments(of: id)
            #expect(told.map { $0["parameter"] } == ["provider.options.other"])
            #expect(told.first?["reason"] == "not_applicable")
        }
    }

    @Test func nullIsAsGoodAsAbsent() async throws {
        try await TestAPI.run { api in
            let names = [
                "aspect_ratio", "callback_url", "creativity", "frame_images", "generate_audio", "input_references",
                "previous_job_id", "provider", "seed", "session_id", "size", "trace", "upscale_factor", "user",
            ]
            let nulls = Dictionary(uniqueKeysWithValues: names.map { ($0, JSONValue.null) })
            let id = try await api.generated(TestAPI.clip(nulls))
            #expect(try await api.adjustments(of: id) == [])
        }
    }

    // MARK: Refused

    struct Refusal: Sendable, CustomTestStringConvertible {
        let change: [String: JSONValue]
        let param: String
        var status = 400
        var reason: String?
        var testDescription: String { JSONValue.object(change).canonicalText }
    }

    static let refusals = [
        Refusal(change: ["model": .null], param: "model", reason: "missing_field"),
        Refusal(change: ["model": 7], param: "model"),
        Refusal(change: ["model": "test/vide"], param: "model", status: 404, reason: "unknown_model"),
        Refusal(change: ["model": "test/video:free"], param: "model", status: 404),
        Refusal(change: ["model": "test/video:online"], param: "model", status: 404),
        Refusal(change: ["model": "test/nothing", "upscale_factor": 2], param: "model", status: 404),
        Refusal(change: ["model": "test/image"], param: "model", reason: "unsupported_value"),
        Refusal(change: ["prompt": .null], param: "prompt", reason: "missing_field"),
        Refusal(change: ["prompt": ["a"]], param: "prompt"),
        Refusal(change: ["duration": 5], param: "duration", reason: "unsupported_value"),
        Refusal(change: ["duration": 0], param: "duration"),
        Refusal(change: ["duration": "4"], param: "duration"),
        Refusal(change: ["duration": .number(4.5)], param: "duration"),
        Refusal(change: ["resolution": "8K"], param: "resolution", reason: "unsupported_value"),
        Refusal(change: ["aspect_ratio": "21:9"], param: "aspect_ratio", reason: "unsupported_value"),
        Refusal(change: ["aspect_ratio": .number(1.5)], param: "aspect_ratio"),
        Refusal(change: ["size": "big"], param: "size"),
        Refusal(change: ["size": "1x1"], param: "size", reason: "unsupported_value"),
        Refusal(change: ["size": "854x480"], param: "size", reason: "contradiction"),
        Refusal(change: ["seed": "7"], param: "seed"),
        Refusal(change: ["generate_audio": 1], param: "generate_audio"),
        Refusal(change: ["generate_audio": true], param: "generate_audio", reason: "unsupported_parameter"),
        Refusal(change: ["previous_job_id": "x"], param: "previous_job_id", reason: "unsupported_parameter"),
        Refusal(change: ["upscale_factor": 2], param: "upscale_factor", reason: "unsupported_parameter"),
        Refusal(change: ["upscale_factor": "2"], param: "upscale_factor", reason: "invalid_value"),
        Refusal(change: ["creativity": 1], param: "creativity", reason: "unsupported_parameter"),
        Refusal(change: ["callback_url": "http://example.com/"], param: "callback_url"),
        Refusal(change: ["callback_url": "https://127.0.0.1/"], param: "callback_url"),
        Refusal(change: ["callback_url": true], param: "callback_url"),
        Refusal(change: ["user": 3], param: "user"),
        Refusal(change: ["session_id": .string(String(repeating: "s", count: 257))], param: "session_id"),
        Refusal(change: ["trace": "t"], param: "trace"),
        Refusal(change: ["frame_images": "x"], param: "frame_images"),
        Refusal(change: ["frame_images": ["x"]], param: "frame_images[0]"),
        Refusal(change: ["frame_images": [["type": "image_url"]]], param: "frame_images[0].frame_type"),
        Refusal(
            change: ["frame_images": [["type": "video_url", "frame_type": "first_frame"]]],
            param: "frame_images[0].type"
        ),
        Refusal(
            change: ["frame_images": [["type": "image_url", "frame_type": "middle_frame"]]],
            param: "frame_images[0].frame_type"
        ),
        Refusal(
            change: ["frame_images": [["type": "image_url", "frame_type": "first_frame"]]],
            param: "frame_images[0].image_url"
        ),
        Refusal(
            change: ["frame_images": [["type": "image_url", "frame_type": "first_frame", "image_url": "x"]]],
            param: "frame_images[0].image_url"
        ),
        Refusal(
            change: [
                "frame_images": [["type": "image_url", "frame_type": "first_frame", "image_url": ["url": "ftp://x"]]]
            ],
            param: "frame_images[0].image_url.url"
        ),
        Refusal(change: ["input_references": [["type": "text"]]], param: "input_references[0].type"),
        Refusal(
            change: ["input_references": [["type": "audio_url", "audio_url": ["link": "x"]]]],
            param: "input_references[0].audio_url.url"
        ),
        Refusal(change: ["provider": "testing"], param: "provider"),
        Refusal(change: ["provider": ["only": "testing"]], param: "provider.only"),
        Refusal(change: ["provider": ["only": [1]]], param: "provider.only[0]"),
        Refusal(change: ["provider": ["zdr": "yes"]], param: "provider.zdr"),
        Refusal(change: ["provider": ["options": []]], param: "provider.options"),
        Refusal(change: ["provider": ["options": ["testing": 1]]], param: "provider.options.testing"),
        Refusal(
            change: ["provider": ["only": ["other"]]],
            param: "provider.only",
            status: 404,
            reason: "no_endpoints"
        ),
        Refusal(change: ["provider": ["only": []]], param: "provider.only", status: 404),
        Refusal(
            change: ["provider": ["ignore": ["Testing"]]],
            param: "provider.ignore",
            status: 404,
            reason: "no_endpoints"
        ),
        Refusal(
            change: ["provider": ["zdr": true]],
            param: "provider.zdr",
            status: 404,
            reason: "privacy_restricted"
        ),
        Refusal(change: ["provider": ["data_collection": "maybe"]], param: "provider.data_collection"),
        Refusal(change: ["provider": ["data_collection": false]], param: "provider.data_collection"),
        Refusal(
            change: ["provider": ["data_collection": "deny"]],
            param: "provider.data_collection",
            status: 404,
            reason: "privacy_restricted"
        ),
        Refusal(
            change: ["provider": ["max_price": ["request": "0.1"]]],
            param: "provider.max_price",
            reason: "unsupported_value"
        ),
        Refusal(
            change: ["provider": ["max_price": ["prompt": "0.1"]]],
            param: "provider.max_price.prompt",
            reason: "unsupported_parameter"
        ),
        Refusal(change: ["provider": ["max_price": ["request": "1e400"]]], param: "provider.max_price.request"),
        Refusal(change: ["provider": ["max_price": ["request": -1]]], param: "provider.max_price.request"),
        Refusal(change: ["provider": ["sort": "beauty"]], param: "provider.sort"),
        Refusal(change: ["provider": ["sort": ["by": "price", "partition": 1]]], param: "provider.sort.partition"),
        Refusal(
            change: ["provider": ["preferred_max_latency": ["p50": -1]]],
            param: "provider.preferred_max_latency.p50"
        ),
        Refusal(change: ["models": ["test/none"]], param: "models[0]", status: 404, reason: "unknown_model"),
        Refusal(change: ["models": [1]], param: "models[0]"),
    ]

    @Test func whatCannotBeFollowedIsRefused() async throws {
        try await TestAPI.run { api in
            for refusal in Self.refusals {
                let answer = try await api.generate(TestAPI.clip(refusal.change))
                let words = Comment(rawValue: "\(refusal.testDescription): \(answer.status) \(answer.text)")
                #expect(answer.status == refusal.status, words)
                #expect(answer.errorParam == refusal.param, words)
                #expect(answer.json["error"]?["code"] == .integer(Int64(refusal.status)), words)
                if let reason = refusal.reason { #expect(answer.errorReason == reason, words) }
            }
            try await api.expectNothingWritten()
        }
    }

    @Test func withoutCreditsNothingIsAccepted() async throws {
        try await TestAPI.run { api in
            let poor = try await api.accounts.createKey(name: "poor", workspace: "poor").secret
            let answer = try await api.generate(key: poor)
            #expect(answer.status == 402)
            #expect(answer.json["error"]?["code"] == 402)
            #expect(answer.json["error"]?["metadata"]?["error_type"] == "payment_required")
            #expect(try await api.generate(key: "sk-med-v1-none").status == 401)
        }
    }
}
