import Hummingbird
import JobCore
import JobEngine
import Ledger

/// The routes that tell what was paid in and what was spent: of the workspace, and of the key.
struct CreditRoutes: Sendable {
    let accounts: AccountService
    let authenticator: Authenticator

    func add(to routes: inout RouteTable) {
        routes.get("api/v1/credits", .getCredits) { request, _ in try await credits(request) }
        routes.get("api/v1/key", .getCurrentKey) { request, _ in try await key(request) }
    }

    private func credits(_ request: Request) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let totals = try await accounts.totals(of: key.workspace)
        var json = JSONWriter(capacity: 128)
        json.beginObject()
        json.key("data")
        json.beginObject()
        json.key("total_credits")
        json.dollars(totals.credited)
        json.key("total_usage")
        json.dollars(totals.charged)
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
        json.endObject()
        json.endObject()
        return Response(json: json.bytes)
    }

    /// Bounds that this service does not have, in the words of one that has.
    private func writeBounds(_ json: inout JSONWriter) {
        json.key("allowed_data_regions")
        json.beginArray()
        json.word("global")
        json.endArray()
        // Free models have no daily bound here; the form wants whole numbers.
        json.key("free_model_daily_requests")
        json.beginObject()
        json.key("limit")
        json.integer(Int32.max)
        json.key("remaining")
        json.integer(Int32.max)
        json.key("used")
        json.integer(0)
        json.endObject()
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
