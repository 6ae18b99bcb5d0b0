import Generation
import Testing

/// Goal: the catalog says of each model what it takes, by native field, and what it costs.
@Suite struct CatalogTests {
    @Test func aModelIsDescribedInNativeFields() async throws {
        try await TestAPI.run { api in
            let answer = try await api.get("/api/v1/catalog")
            #expect(answer.status == 200)
            #expect(answer.json["object"] == "list")
            let models = try #require(answer.json["data"]?.elements)
            #expect(
                models.compactMap { $0["slug"]?.stringValue } == ["test/image", "test/video", "test/voice"]
            )
            let video = try #require(models.first { $0["slug"] == "test/video" })
            #expect(video["type"] == "video")
            #expect(video["provider"] == "testing")
            #expect(video["summary"] == "Made for tests.")
            #expect(video["cancellable"] == true)
            #expect(
                video["prices"] == [["unit": "second", "price": "0.1", "currency": "USD", "conditions": [:]]]
            )
            #expect(video["limits"] == ["slots": 10, "submits_per_minute": .null, "submits_per_second": .null])
            #expect(
                video["parameters"] == [
                    "prompt": ["max_characters": 1_000],
                    "duration": ["values": [4, 6, 8], "default": 4],
                    "resolution": ["values": ["720p", "480p"], "default": "720p"],
                    "aspect_ratio": ["values": ["16:9", "9:16"], "default": "16:9"],
                    "size": ["values": ["1280x720", "720x1280", "854x480"], "default": "1280x720"],
                    "frame_images": ["values": ["first_frame", "last_frame"]],
                    "generate_audio": ["values": [false], "default": false],
                    "seed": ["minimum": 0, "maximum": 1_000_000],
                ]
            )
            #expect(video["aliases"] == [])
            #expect(video["video_tokens"] == .null && video["available_until"] == .null)
            #expect(video["endpoints"]?.elements.count == 1)
            #expect(video["endpoints"]?.elements.first?["provider"] == "testing")
            #expect(video["endpoints"]?.elements.first?["prices"] == video["prices"])
            let image = try #require(models.first { $0["slug"] == "test/image" })
            #expect(image["parameters"]?["n"] == ["minimum": 1, "maximum": 4, "default": 1])
            #expect(image["parameters"]?["input_references"] == ["max_items": 2])
            let voice = try #require(models.first { $0["slug"] == "test/voice" })
            #expect(voice["parameters"]?["voice"] == ["values": ["anna", "bert"], "default": "anna"])
            #expect(voice["parameters"]?["input"] == ["max_characters": 1_000])
        }
    }

    /// Every field that the catalog names is taken, so a client can build its form from it.
    @Test func whatTheCatalogNamesIsTaken() async throws {
        try await TestAPI.run { api in
            for model in try await api.get("/api/v1/catalog").json["data"]?.elements ?? [] {
                guard case .object(let parameters)? = model["parameters"] else {
                    Issue.record("\(model.canonicalText) has no parameters")
                    continue
                }
                var body: [String: JSONValue] = ["model": model["slug"] ?? "", "type": model["type"] ?? ""]
                for (name, field) in parameters where name != "size" && name != "frame_images" {
                    if field["max_characters"] != nil { body[name] = "words" }
                    if let value = field["default"] ?? field["minimum"] { body[name] = value }
                    if field == [:] { body[name] = 1 }
                }
                let answer = try await api.request(
                    "POST",
                    "/api/v1/quote",
                    body: Array(JSONValue.object(body).canonicalText.utf8)
                )
                #expect(answer.status == 200, "\(body): \(answer.text)")
            }
        }
    }

    @Test func theListCanBeNarrowed() async throws {
        try await TestAPI.run { api in
            let speech = try await api.get("/api/v1/catalog?type=speech").json["data"]?.elements ?? []
            #expect(speech.compactMap { $0["slug"]?.stringValue } == ["test/voice"])
            #expect(try await api.get("/api/v1/catalog?type=music").json["data"] == [])
            let wrong = try await api.get("/api/v1/catalog?type=movie")
            #expect(wrong.status == 400)
            #expect(wrong.errorParam == "type")
            #expect(try await api.get("/api/v1/catalog", key: "sk-med-v1-unknown").status == 401)
        }
    }
}
