import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// The routes for customers' own provider keys, in the words of OpenRouter: "bring your own key".
///
/// They open to management keys alone, and to these for every workspace. A key that was handed in is given back to nobody:
/// a few of its characters are shown.
struct CustomerKeyRoutes: Sendable {
    private static let path = "api/v1/byok"

    let keys: CustomerKeys
    let accounts: AccountService
    let authenticator: Authenticator
    let bodies: BodyReader

    func add(to routes: inout RouteTable) {
        routes.post(Self.path, .createCustomerKey) { request, _ in try await create(request) }
        routes.get(Self.path, .listCustomerKeys) { request, _ in try await list(request) }
        routes.get("\(Self.path)/:id", .getCustomerKey) { request, context in try await get(request, context) }
        routes.patch("\(Self.path)/:id", .updateCustomerKey) { request, context in
            try await update(request, context)
        }
        routes.delete("\(Self.path)/:id", .deleteCustomerKey) { request, context in
            try await delete(request, context)
        }
    }

    // MARK: Changing

    private func create(_ request: Request) async throws -> Response {
        let key = try await authenticator.managementKey(of: request)
        try QueryReader(request.uri.query).finish()
        let body = try CustomerKeyBody(creating: try await bodies.json(of: request), providers: keys.providers.slugs)
        let workspace = try await workspace(body.workspace, of: key)
        try await checkHashes(body.edits, of: workspace)
        var terms = CustomerKeyTerms()
        try body.edits.apply(to: &terms)
        let made = try await keys.create(
            body.text ?? "",
            provider: body.provider ?? "",
            workspace: workspace,
            terms: terms
        )
        return try await answer(made, status: .created)
    }

    private func update(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        try QueryReader(request.uri.query).finish()
        let body = try CustomerKeyBody(updating: try await bodies.json(of: request))
        guard let key = try await keys.key(id(context)) else { throw APIError.noSuchCustomerKey }
        try await checkHashes(body.edits, of: key.workspace)
        let changed = try await keys.update(key.id, text: body.text) { try body.edits.apply(to: &$0) }
        guard let changed else { throw APIError.noSuchCustomerKey }
        return try await answer(changed)
    }

    private func delete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        try QueryReader(request.uri.query).finish()
        guard try await keys.delete(id(context)) else { throw APIError.noSuchCustomerKey }
        return .deleted
    }

    // MARK: Reading

    private func list(_ request: Request) async throws -> Response {
        let key = try await authenticator.managementKey(of: request)
        var reader = try QueryReader(request.uri.query)
        var query = CustomerKeyQuery(workspace: try await workspace(reader.string("workspace_id"), of: key))
        query.offset = Int(try reader.integer("offset", in: 0...Int64(Int32.max)) ?? 0)
        query.limit = Int(try reader.integer("limit", in: 1...100) ?? 50)
        query.provider = reader.string("provider")
        try reader.finish()
        let (found, total) = try await keys.list(query)
        let names = try await WorkspaceNames(accounts)
        var json = JSONWriter()
        json.beginObject()
        json.key("data")
        json.beginArray()
        for key in found { Self.write(key, names, to: &json) }
        json.endArray()
        json.key("total_count")
        json.integer(total)
        json.endObject()
        return Response(json: json.bytes)
    }

    private func get(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        try QueryReader(request.uri.query).finish()
        guard let found = try await keys.key(id(context)) else { throw APIError.noSuchCustomerKey }
        return try await answer(found)
    }

    // MARK: Who asks, and for whom

    /// The workspace that is meant: the key's own, unless another is named.
    private func workspace(_ reference: String?, of key: APIKey) async throws -> String {
        guard let reference else { return key.workspace }
        return try await accounts.workspace(named: reference, in: "workspace_id").name
    }

    /// A list of hashes must be one of keys that are there: a mistyped one would lock everybody out.
    private func checkHashes(_ edits: CustomerKeyEdits, of workspace: String) async throws {
        guard case .some(.some(let hashes)) = edits.allowedKeyHashes else { return }
        let known = Set(try await accounts.keys().filter { $0.workspace == workspace }.map(\.hash))
        guard let strange = hashes.firstIndex(where: { !known.contains($0) }) else { return }
        throw RequestProblem(
            .invalidValue,
            field: "allowed_api_key_hashes[\(strange)]",
            "`allowed_api_key_hashes[\(strange)]` is the hash of no API key of the workspace."
        )
    }

    private func id(_ context: APIRequestContext) -> String { context.parameters.get("id")?.lowercased() ?? "" }

    // MARK: Writing

    private func answer(_ key: CustomerKey, status: HTTPResponse.Status = .ok) async throws -> Response {
        let names = try await WorkspaceNames(accounts)
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("data")
        Self.write(key, names, to: &json)
        json.endObject()
        return Response(json: json.bytes, status: status)
    }

    private static func write(_ key: CustomerKey, _ names: WorkspaceNames, to json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        json.string(key.id)
        json.key("provider")
        json.string(key.provider)
        json.key("label")
        json.string(key.label)
        json.key("name")
        json.string(key.terms.name)
        json.key("workspace_id")
        json.string(names.id(of: key.workspace))
        json.key("disabled")
        json.bool(key.terms.isDisabled)
        json.key("is_fallback")
        json.bool(key.terms.isFallback)
        json.key("is_required")
        json.bool(key.terms.isRequired)
        json.key("is_byok_only")
        json.bool(key.terms.isOnly)
        json.key("sort_order")
        json.integer(key.sortOrder)
        json.key("allowed_models")
        write(key.terms.allowedModels, to: &json)
        json.key("allowed_api_key_hashes")
        write(key.terms.allowedKeyHashes, to: &json)
        json.key("allowed_user_ids")
        write(key.terms.allowedUserIDs, to: &json)
        json.key("declared_zdr")
        if let declared = key.terms.declaredZeroRetention { json.bool(declared) } else { json.null() }
        json.key("declared_region")
        json.string(key.terms.declaredRegion)
        json.key("created_at")
        json.time(key.createdAt)
        json.endObject()
    }

    private static func write(_ list: [String]?, to json: inout JSONWriter) {
        guard let list else { return json.null() }
        json.beginArray()
        for text in list { json.string(text) }
        json.endArray()
    }
}

extension APIError {
    /// A customer's key that does not exist.
    fileprivate static let noSuchCustomerKey = APIError(.notFound, reason: "unknown_byok_key", "There is no such key.")
}
