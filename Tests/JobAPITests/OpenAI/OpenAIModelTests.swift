import Generation
import JobAPI
import JobEngine
import Testing

/// Goal: OpenAI's clients list and show the models by slugs and by the operator's names.
@Suite struct OpenAIModelTests {
    private static func catalog(_ adapter: TestAdapter) throws -> EndpointCatalog {
        try EndpointCatalog([adapter], aliases: ["sora-2": "test/video"])
    }

    @Test func modelsAreListedByAllTheirNames() async throws {
        try await TestAPI.run(catalog: Self.catalog) { api in
            let list = try await api.get("/v1/models")
            #expect(list.status == 200)
            #expect(list.json["object"] == "list")
            let models = list.json["data"]?.elements ?? []
            let ids = models.compactMap { $0["id"]?.stringValue }
            #expect(Set(ids).isSuperset(of: ["test/video", "test/image", "test/voice", "sora-2"]))
            for model in models {
                #expect(model.keys == ["id", "object", "created", "owned_by"])
                #expect(model["object"] == "model")
                #expect(model["owned_by"] == "test")
                #expect(model["created"] == 1_795_219_200)
            }
        }
    }

    @Test(arguments: ["test/video", "test%2Fvideo", "sora-2", "test%2fvideo"])
    func aModelIsShownByAnyName(path: String) async throws {
        try await TestAPI.run(catalog: Self.catalog) { api in
            let answer = try await api.get("/v1/models/\(path)")
            #expect(answer.status == 200)
            #expect(answer.json["id"]?.stringValue == QueryText.decoded(path))
        }
    }

    @Test func whatIsNoModelIsNotFound() async throws {
        try await TestAPI.run(catalog: Self.catalog) { api in
            for path in ["nothing", "test/nothing", "a%ZZ", "test%2Fvideo%2Fx", String(repeating: "x", count: 300)] {
                let answer = try await api.get("/v1/models/\(path)")
                #expect(answer.status == 404, "\(path)")
                #expect(answer.errorCode == "model_not_found", "\(path)")
            }
        }
    }

    @Test func aKeyIsNeededAndErrorsHaveTheDialectsForm() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            let answer = try await connection.request("GET", "/v1/models")
            #expect(answer.status == 401)
            #expect(answer.json["error"]?.keys == ["message", "type", "param", "code"])
            #expect(answer.json["error"]?["code"] == .null)
            let wrong = try await api.get("/v1/models", key: "sk-med-v1-nobody")
            #expect(wrong.status == 401)
            #expect(wrong.errorCode == "invalid_api_key")
            let nowhere = try await api.get("/v1/nowhere")
            #expect(nowhere.status == 404)
            #expect(nowhere.errorCode == "unknown_route")
            // All other paths have the common form.
            #expect(try await api.get("/api/v1/nowhere").json["error"]?["code"] == 404)
        }
    }
}

/// The text of a path without its escapes.
private enum QueryText {
    static func decoded(_ text: String) -> String {
        text.replacing("%2F", with: "/").replacing("%2f", with: "/")
    }
}
