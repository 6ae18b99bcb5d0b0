import Generation
import HTTPTypes
import Hummingbird

/// The routes that list the models in OpenAI's form: by our slugs, and by the names that the operator gave them.
struct OpenAIModelRoutes: Sendable {
    private static let path = "v1/models"
    private static let listHint = "GET /v1/models lists those that there are."

    /// One name of a model.
    private struct Listing {
        let id: String
        let created: Int64
        let owner: String

        init(_ id: String, _ entry: ModelDirectory.Entry) {
            self.id = id
            created = entry.created
            owner = String(entry.model.slug.prefix { $0 != "/" })
        }
    }

    let directory: DailyDirectory
    let authenticator: Authenticator

    func add(to routes: inout RouteTable) {
        routes.get(Self.path, .listOpenAIModels) { request, _ in
            _ = try await authenticator.key(of: request)
            return list()
        }
        routes.get("\(Self.path)/:id", .getOpenAIModel) { request, context in
            _ = try await authenticator.key(of: request)
            return try model(named: Self.part("id", context))
        }
        routes.get("\(Self.path)/:author/:slug", .getOpenAIModelByParts) { request, context in
            _ = try await authenticator.key(of: request)
            return try model(named: "\(Self.part("author", context))/\(Self.part("slug", context))")
        }
    }

    private func list() -> Response {
        let models = directory.today
        let slugs = models.entries.map { Listing($0.model.slug, $0) }
        let aliases = models.aliases.sorted { $0.key < $1.key }.map { Listing($0.key, $0.value) }
        var json = JSONWriter(capacity: 128 * (slugs.count + aliases.count) + 64)
        json.beginObject()
        json.key("object")
        json.word("list")
        json.key("data")
        json.beginArray()
        for listing in slugs + aliases { Self.write(listing, &json) }
        json.endArray()
        json.endObject()
        return Response(json: json.bytes)
    }

    private func model(named name: String) throws(APIError) -> Response {
        guard name.utf8.count <= 200 else {
            throw APIError(
                .notFound,
                reason: "unknown_model",
                param: "model",
                "There is no such model; \(Self.listHint)"
            )
        }
        guard let entry = directory.today.find(name) else {
            let problem = directory.absence(of: name)
            throw APIError(
                .notFound,
                reason: "unknown_model",
                param: "model",
                "\(problem.message) \(Self.listHint)"
            )
        }
        var json = JSONWriter(capacity: 256)
        Self.write(Listing(name, entry), &json)
        return Response(json: json.bytes)
    }

    private static func write(_ listing: Listing, _ json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        json.string(listing.id)
        json.key("object")
        json.word("model")
        json.key("created")
        json.integer(listing.created)
        json.key("owned_by")
        json.string(listing.owner)
        json.endObject()
    }

    /// A part of the path: a slug has a slash, which some clients escape.
    private static func part(_ name: String, _ context: APIRequestContext) throws(APIError) -> String {
        guard let part = context.parameters.get(name).flatMap({ QueryReader.decoded($0[...]) }) else {
            throw APIError(.notFound, reason: "unknown_model", param: "model", "There is no such model; \(listHint)")
        }
        return part
    }
}
