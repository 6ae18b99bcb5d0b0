import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// The routes by which keys are made, listed, changed and revoked: for keys that manage.
struct KeyRoutes: Sendable {
    private static let pageSizeMax = 100

    let accounts: AccountService
    let authenticator: Authenticator
    let bodies: BodyReader
    let now: @Sendable () -> Timestamp

    func add(to routes: inout RouteTable) {
        routes.get("api/v1/keys", .listKeys) { request, _ in try await list(request) }
        routes.post("api/v1/keys", .createKey) { request, _ in try await create(request) }
        routes.get("api/v1/keys/:hash", .getKey) { request, context in try await get(request, context) }
        routes.patch("api/v1/keys/:hash", .updateKey) { request, context in try await update(request, context) }
        routes.delete("api/v1/keys/:hash", .deleteKey) { request, context in try await delete(request, context) }
    }

    private func list(_ request: Request) async throws -> Response {
        let own = try await authenticator.managementKey(of: request)
        var reader = try QueryReader(request.uri.query)
        var query = KeyQuery(workspace: own.workspace)
        query.offset = Int(try reader.integer("offset", in: 0...Int64(Int32.max)) ?? 0)
        query.limit = Self.pageSizeMax
        query.includesDisabled = try reader.flag("include_disabled") ?? false
        query.includesExpired = try reader.flag("include_expired") ?? false
        if let reference = reader.string("workspace_id") {
            query.workspace = try await accounts.workspace(named: reference, in: "workspace_id").name
        }
        var views: [KeyView] = []
        for key in try await accounts.keys(query) { views.append(try await accounts.view(of: key)) }
        var json = JSONWriter(capacity: 64 + 1_024 * views.count)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for view in views { try KeyWire.write(view, &json) }
        json.endArray()
        json.endObject()
        return Response(json: json.bytes)
    }

    private func create(_ request: Request) async throws -> Response {
        let own = try await authenticator.managementKey(of: request)
        var creation = try KeyRequestReader.creation(try await bodies.json(of: request), now: now())
        creation.key.workspace = own.workspace
        if let reference = creation.workspace {
            creation.key.workspace = try await accounts.workspace(named: reference, in: "workspace_id").name
        }
        let made = try await accounts.createKey(creation.key)
        return try await answer(made.key, secret: made.secret)
    }

    private func get(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        guard let key = try await accounts.key(hash: try Self.hash(context)) else { throw APIError.noSuchKey }
        return try await answer(key)
    }

    private func update(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        let (change, reference) = try KeyRequestReader.change(try await bodies.json(of: request))
        guard let key = try await accounts.key(hash: try Self.hash(context)) else { throw APIError.noSuchKey }
        if let reference, try await accounts.workspace(named: reference, in: "workspace_id").name != key.workspace {
            throw APIError(
                .conflict,
                reason: "workspace_fixed",
                param: "workspace_id",
                "A key stays in its workspace, where its jobs were billed; make another key in the other workspace."
            )
        }
        guard let changed = try await accounts.updateKey(hash: key.hash, by: change) else { throw APIError.noSuchKey }
        return try await answer(changed)
    }

    private func delete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        guard let key = try await accounts.key(hash: try Self.hash(context)),
            try await accounts.revokeKey(hash: key.hash)
        else { throw APIError.noSuchKey }
        return .deleted
    }

    private func answer(_ key: APIKey, secret: String? = nil) async throws -> Response {
        let view = try await accounts.view(of: key)
        var json = JSONWriter(capacity: 1_280)
        json.beginObject()
        if let secret {
            json.key("key")
            json.string(secret)
        }
        json.key("data")
        try KeyWire.write(view, &json)
        json.endObject()
        return Response(json: json.bytes, status: secret == nil ? .ok : .created)
    }

    private static func hash(_ context: APIRequestContext) throws -> String {
        let hash = context.parameters.get("hash") ?? ""
        guard hash.utf8.count == 64 else { throw APIError.noSuchKey }
        return hash.lowercased()
    }
}

extension APIError {
    /// A key that does not exist or was revoked.
    static let noSuchKey = APIError(.notFound, reason: "unknown_key", "There is no such key.")
}

extension Response {
    /// Something is gone, in the words that OpenRouter's clients wait for.
    static var deleted: Response {
        var json = JSONWriter(capacity: 24)
        json.beginObject()
        json.key("deleted")
        json.bool(true)
        json.endObject()
        return Response(json: json.bytes)
    }
}

extension QueryReader {
    /// `true` or `false`, or nil when it is absent.
    mutating func flag(_ name: String) throws(APIError) -> Bool? {
        switch string(name) {
        case nil: nil
        case "true"?: true
        case "false"?: false
        case _?: throw APIError.invalid(name, "`\(name)` must be true or false.")
        }
    }
}
