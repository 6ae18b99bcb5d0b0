import Hummingbird
import JobCore
import JobEngine

/// The routes by which workspaces and their budgets are managed: for keys that manage.
struct WorkspaceRoutes: Sendable {
    private static let pageSizeMax: Int64 = 100

    let accounts: AccountService
    let authenticator: Authenticator
    let bodies: BodyReader

    func add(to routes: inout RouteTable) {
        let (all, one) = ("api/v1/workspaces", "api/v1/workspaces/:id")
        routes.get(all, .listWorkspaces) { request, _ in try await list(request) }
        routes.post(all, .createWorkspace) { request, _ in try await create(request) }
        routes.get(one, .getWorkspace) { request, context in try await get(request, context) }
        routes.patch(one, .updateWorkspace) { request, context in try await update(request, context) }
        routes.delete(one, .deleteWorkspace) { request, context in try await delete(request, context) }
        routes.get("\(one)/members", .listWorkspaceMembers) { request, context in try await members(request, context) }
    }

    private func list(_ request: Request) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        var reader = try QueryReader(request.uri.query)
        let offset = Int(try reader.integer("offset", in: 0...Int64(Int32.max)) ?? 0)
        let limit = Int(try reader.integer("limit", in: 1...Self.pageSizeMax) ?? 50)
        let all = try await accounts.workspaceProfiles()
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for profile in all.dropFirst(offset).prefix(limit) { WorkspaceWire.write(profile, &json) }
        json.endArray()
        json.key("total_count")
        json.integer(all.count)
        json.endObject()
        return Response(json: json.bytes)
    }

    private func create(_ request: Request) async throws -> Response {
        let own = try await authenticator.managementKey(of: request)
        var new = try WorkspaceRequestReader.creation(try await bodies.json(of: request))
        new.creator = own.creator
        guard let made = try await accounts.createWorkspace(new) else {
            throw APIError(
                .badRequest,
                reason: "slug_taken",
                param: "slug",
                "There is a workspace of this slug already."
            )
        }
        return Self.answer(made, created: true)
    }

    private func get(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        return Self.answer(try await accounts.workspace(of: context))
    }

    private func update(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        let (change, slug) = try WorkspaceRequestReader.change(try await bodies.json(of: request))
        let profile = try await accounts.workspace(of: context)
        guard slug == nil || slug == profile.name else {
            throw APIError.invalid("slug", "`slug` stays as it is: jobs and bills know the workspace by it.")
        }
        guard let changed = try await accounts.updateWorkspace(profile.name, by: change) else {
            throw APIError.noSuchWorkspace
        }
        return Self.answer(changed)
    }

    private func delete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        let profile = try await accounts.workspace(of: context)
        switch try await accounts.deleteWorkspace(profile.name) {
        case .deleted: return .deleted
        case .missing: throw APIError.noSuchWorkspace
        case .notEmpty:
            throw APIError(
                .badRequest,
                reason: "workspace_not_empty",
                "This workspace has keys, or has had jobs or credits, or is the one that is there from the start: it stays."
            )
        }
    }

    /// There are no user accounts: a workspace has keys, and nobody else in it.
    private func members(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        _ = try await accounts.workspace(of: context)
        var json = JSONWriter(capacity: 32)
        json.beginObject()
        json.key("data")
        json.beginArray()
        json.endArray()
        json.key("total_count")
        json.integer(0)
        json.endObject()
        return Response(json: json.bytes)
    }

    private static func answer(_ profile: WorkspaceProfile, created: Bool = false) -> Response {
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key("data")
        WorkspaceWire.write(profile, &json)
        json.endObject()
        return Response(json: json.bytes, status: created ? .created : .ok)
    }
}

extension AccountService {
    /// The workspace that a path names, by id or slug.
    ///
    /// - Throws: `APIError` with status 404, or what the store throws.
    func workspace(of context: APIRequestContext) async throws -> WorkspaceProfile {
        guard let reference = context.parameters.get("id"), reference.utf8.count <= 64,
            let profile = try await workspaceProfile(reference)
        else { throw APIError.noSuchWorkspace }
        return profile
    }
}

extension APIError {
    /// A workspace that does not exist.
    static let noSuchWorkspace = APIError(.notFound, reason: "unknown_workspace", "There is no such workspace.")
}
