import Hummingbird
import JobCore
import JobEngine
import Ledger

/// The routes by which the budgets of workspaces are set: for keys that manage.
struct BudgetRoutes: Sendable {
    let accounts: AccountService
    let authenticator: Authenticator
    let bodies: BodyReader

    func add(to routes: inout RouteTable) {
        let (all, one) = ("api/v1/workspaces/:id/budgets", "api/v1/workspaces/:id/budgets/:interval")
        routes.get(all, .listBudgets) { request, context in try await list(request, context) }
        routes.get(one, .getBudget) { request, context in try await get(request, context) }
        routes.put(one, .setBudget) { request, context in try await set(request, context) }
        routes.delete(one, .deleteBudget) { request, context in try await delete(request, context) }
    }

    private func list(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        let profile = try await accounts.workspace(of: context)
        let standings = try await accounts.budgets(of: profile.name)
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for standing in standings { WorkspaceWire.write(standing.budget, of: profile.id, &json) }
        json.endArray()
        json.key("include_byok_in_budgets")
        json.bool(profile.includesByok)
        json.endObject()
        return Response(json: json.bytes)
    }

    private func get(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        let period = try Self.period(context)
        let profile = try await accounts.workspace(of: context)
        guard let standing = try await accounts.budgets(of: profile.name).first(where: { $0.budget.period == period })
        else { throw APIError(.notFound, reason: "unknown_budget", "There is no such budget.") }
        return Self.answer(standing.budget, profile)
    }

    private func set(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        let period = try Self.period(context)
        let limit = try WorkspaceRequestReader.budget(try await bodies.json(of: request))
        let profile = try await accounts.workspace(of: context)
        let outcome = try await accounts.setBudget(limit, of: profile.name, for: period, includesByok: nil)
        switch outcome {
        case .missing: throw APIError.noSuchWorkspace
        case .conflict(let other):
            let relation = other.period.isLonger(than: period) ? "below" : "above"
            throw APIError.invalid(
                "limit_usd",
                "`limit_usd` is \(limit.inCents); the \(period.rawValue) budget must be \(relation) the \(other.period.rawValue) one of \(other.limit.inCents)."
            )
        case .set(let budget):
            return Self.answer(budget, profile)
        }
    }

    private func delete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        let period = try Self.period(context)
        try await accounts.deleteBudget(of: try await accounts.workspace(of: context).name, for: period)
        return .deleted
    }

    private static func answer(_ budget: WorkspaceBudget, _ profile: WorkspaceProfile) -> Response {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("data")
        WorkspaceWire.write(budget, of: profile.id, &json)
        json.key("include_byok_in_budgets")
        json.bool(profile.includesByok)
        json.endObject()
        return Response(json: json.bytes)
    }

    private static func period(_ context: APIRequestContext) throws -> SpendingPeriod {
        guard let period = context.parameters.get("interval").flatMap({ SpendingPeriod(rawValue: $0) }) else {
            let known = SpendingPeriod.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError.invalid("interval", "The interval in the path must be one of: \(known).")
        }
        return period
    }
}
