import Hummingbird
import JobCore
import JobEngine
import Ledger

/// The routes that tell what was paid in and what was spent: of the workspace, and of the key.
struct CreditRoutes: Sendable {
    let accounts: AccountService
    let authenticator: Authenticator
    /// Bounds on requests to free models; nil when there are none.
    let freeModels: FreeModelLimits?

    func add(to routes: inout RouteTable) {
        routes.get("api/v1/credits", .getCredits) { request, _ in try await credits(request) }
        routes.get("api/v1/key", .getCurrentKey) { request, _ in try await key(request) }
    }

    private func credits(_ request: Request) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let totals = try await accounts.totals(of: key.workspace)
        let balance = try await accounts.balance(of: key.workspace)
        var json = JSONWriter(capacity: 128)
        json.beginObject()
        json.key("data")
        json.beginObject()
        json.key("total_credits")
        json.dollars(totals.credited)
        json.key("total_usage")
        json.dollars(totals.charged)
        json.key("available")
        json.dollars(balance.available)
        json.key("held")
        json.dollars(balance.held)
        json.endObject()
        json.endObject()
        return Response(json: json.bytes)
    }

    private func key(_ request: Request) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let view = try await accounts.view(of: key)
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key("data")
        json.beginObject()
        json.key("label")
        json.string(key.label)
        try KeyWire.writeLimit(view, &json)
        json.key("is_free_tier")
        json.bool(false)
        json.key("is_management_key")
        json.bool(key.isManagement)
        json.key("is_provisioning_key")
        json.bool(key.isManagement)
        json.key("workspace_id")
        json.string(view.workspaceID)
        json.key("creator_user_id")
        json.string(key.creator)
        json.key("expires_at")
        json.time(key.expiresAt)
        json.key("organization_id")
        json.null()
        try KeyWire.writeBudgets(
            view,
            try await accounts.budgets(of: key.workspace),
            includesByok: view.workspaceIncludesByok,
            accounts.periods(),
            &json
        )
        writeBounds(&json)
        try await writeFreeModels(of: key.workspace, &json)
        json.endObject()
        json.endObject()
        return Response(json: json.bytes)
    }

    /// How many requests to free models the workspace may make today, and has made.
    private func writeFreeModels(of workspace: String, _ json: inout JSONWriter) async throws {
        var limit: Int64?
        var used: Int64 = 0
        if let freeModels {
            let (standing, now) = try await accounts.freeModelStanding(of: workspace)
            limit = freeModels.perDay(bought: standing.bought)
            used = standing.use.today(at: now)
        }
        // Without a bound the form wants whole numbers all the same.
        let shown = limit ?? Int64(Int32.max)
        json.key("free_model_daily_requests")
        json.beginObject()
        json.key("limit")
        json.integer(shown)
        json.key("remaining")
        json.integer(limit == nil ? shown : max(0, shown - used))
        json.key("used")
        json.integer(used)
        json.endObject()
    }

    /// Bounds that this service does not have, in the words of one that has.
    private func writeBounds(_ json: inout JSONWriter) {
        json.key("allowed_data_regions")
        json.beginArray()
        json.word("global")
        json.endArray()
        json.key("rate_limit")
        json.beginObject()
        json.key("interval")
        json.word("10s")
        json.key("note")
        json.word("Deprecated: there is no such limit.")
        json.key("requests")
        json.integer(-1)
        json.endObject()
    }
}
