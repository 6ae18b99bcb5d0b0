import Generation
import HTTPTypes
import Hummingbird
import JobCore

/// The routes that tell what there is: models, endpoints, providers.
///
/// Most want no key, but a key that is not good is refused.
struct ModelRoutes: Sendable {
    private static let path = "api/v1/models"
    static let pageSizeMax: Int64 = 1_000
    private static let pageSizeDefault: Int64 = 500
    private static let listHint = "GET /api/v1/models?output_modalities=all lists those that there are."

    let directory: DailyDirectory
    let authenticator: Authenticator

    func add(to routes: inout RouteTable) {
        routes.get("api/v1/videos/models", .listVideoModels) { request, _ in
            try await open(request) {
                Response(json: ModelWire.videoModels(directory.today.entries, directory.figures(of:)))
            }
        }
        routes.get("api/v1/images/models", .listImageModels) { request, _ in
            try await open(request) { Response(json: ImageModelWire.models(directory.today.entries)) }
        }
        routes.get("api/v1/images/models/:author/:slug/endpoints", .listImageEndpoints) { request, context in
            try await open(request) { Response(json: ImageModelWire.endpoints(of: try imageModel(context))) }
        }
        routes.get("api/v1/providers", .listProviders) { request, _ in
            try await open(request) { Response(json: ModelWire.providers(directory.today.entries)) }
        }
        routes.get(Self.path, .listModels) { request, _ in try await open(request) { try list(request, Self.path) } }
        // Every key may use every model.
        routes.get("\(Self.path)/user", .listUserModels) { request, _ in
            _ = try await authenticator.key(of: request)
            return try list(request, "\(Self.path)/user")
        }
        routes.get("api/v1/endpoints/zdr", .listEndpointsWithoutRetention) { request, _ in
            _ = try await authenticator.key(of: request)
            return Response(json: ModelWire.endpointsWithoutRetention(directory.today.entries, directory.figures(of:)))
        }
        routes.get("\(Self.path)/count", .countModels) { request, _ in try await open(request) { try count(request) } }
        routes.get("\(Self.path)/:author/:slug/endpoints", .listEndpoints) { request, context in
            try await open(request) {
                Response(json: ModelWire.endpoints(of: try entry(context), directory.figures(of:)))
            }
        }
        routes.get("api/v1/model/:author/:slug", .getModel) { request, context in
            try await open(request) { Response(json: ModelWire.model(try entry(context))) }
        }
    }

    /// Answers everybody but those whose key is not good.
    private func open(_ request: Request, _ answer: () throws -> Response) async throws -> Response {
        _ = try await authenticator.keyIfAny(of: request)
        return try answer()
    }

    private func list(_ request: Request, _ path: String) throws -> Response {
        var query = try QueryReader(request.uri.query)
        let filter = try ModelFilter(&query)
        let offset = try query.integer("offset", in: 0...Int64(Int32.max))
        let limit = try query.integer("limit", in: 1...Self.pageSizeMax)
        let models = filter.apply(to: directory.today.entries)
        guard offset != nil || limit != nil else {
            return Response(json: ModelWire.models(models, next: nil, totalCount: models.count))
        }
        let start = Int(offset ?? 0)
        let size = Int(limit ?? Self.pageSizeDefault)
        let page = models.dropFirst(start).prefix(size)
        let next =
            start + size < models.count ? Self.link(path, request.uri.query, offset: start + size, limit: size) : nil
        return Response(json: ModelWire.models(page, next: next, totalCount: models.count))
    }

    /// The same list, further on.
    private static func link(_ path: String, _ query: String?, offset: Int, limit: Int) -> String {
        let others = (query ?? "").split(separator: "&").filter {
            !$0.hasPrefix("offset=") && !$0.hasPrefix("limit=")
        }
        let parts = others.map(String.init) + ["offset=\(offset)", "limit=\(limit)"]
        return "/\(path)?" + parts.joined(separator: "&")
    }

    private func count(_ request: Request) throws -> Response {
        var query = try QueryReader(request.uri.query)
        let filter = try ModelFilter(modalitiesOf: &query)
        return Response(json: ModelWire.count(filter.apply(to: directory.today.entries).count))
    }

    private func imageModel(_ context: APIRequestContext) throws(APIError) -> ModelDirectory.Entry {
        let entry = try entry(context)
        guard entry.model.type == .image else {
            throw APIError(
                .notFound,
                reason: "unknown_model",
                "`\(entry.model.slug)` makes \(entry.model.type.rawValue), no images; GET /api/v1/images/models lists those that do."
            )
        }
        return entry
    }

    private func entry(_ context: APIRequestContext) throws(APIError) -> ModelDirectory.Entry {
        func part(_ name: String) -> String? { context.parameters.get(name).flatMap { QueryReader.decoded($0[...]) } }
        guard let author = part("author"), let slug = part("slug"), author.utf8.count + slug.utf8.count <= 200 else {
            throw APIError(.notFound, reason: "unknown_model", "There is no such model; \(Self.listHint)")
        }
        if let entry = directory.today.find("\(author)/\(slug)") { return entry }
        let problem = directory.absence(of: "\(author)/\(slug)")
        throw APIError(.notFound, reason: "unknown_model", "\(problem.message) \(Self.listHint)")
    }
}
