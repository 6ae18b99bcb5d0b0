import JobCore
import JobEngine
import Ledger

/// Writes workspaces and budgets in OpenRouter's words.
enum WorkspaceWire {
    /// Writes a workspace as an object.
    static func write(_ profile: WorkspaceProfile, _ json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        json.string(profile.id)
        json.key("name")
        json.string(profile.title)
        json.key("slug")
        json.string(profile.name)
        json.key("description")
        json.string(profile.summary)
        json.key("created_at")
        json.time(profile.createdAt)
        json.key("updated_at")
        json.time(profile.updatedAt)
        json.key("created_by")
        json.string(profile.creator)
        json.key("default_text_model")
        json.string(profile.textModel)
        json.key("default_image_model")
        json.string(profile.imageModel)
        json.key("default_provider_sort")
        json.string(profile.providerSort)
        json.key("include_byok_in_budgets")
        json.bool(profile.includesByok)
        // There are no guardrails, and no prompt is ever logged: the form wants these all the same.
        json.key("default_guardrail_id")
        json.string(profile.id)
        json.key("io_logging_sampling_rate")
        json.integer(1)
        for name: StaticString in ["io_logging_api_key_ids", "disabled_server_tools"] {
            json.key(name)
            json.null()
        }
        let off: [StaticString] = [
            "is_data_discount_logging_enabled", "is_observability_broadcast_enabled",
            "is_observability_io_logging_enabled",
        ]
        for name in off {
            json.key(name)
            json.bool(false)
        }
        json.endObject()
    }

    /// Writes a budget as an object.
    static func write(_ budget: WorkspaceBudget, of workspaceID: String, _ json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        json.string(budget.id)
        json.key("workspace_id")
        json.string(workspaceID)
        json.key("limit_usd")
        json.dollars(budget.limit)
        json.key("reset_interval")
        json.string(KeyWire.word(budget.period))
        json.key("created_at")
        json.time(budget.createdAt)
        json.key("updated_at")
        json.time(budget.updatedAt)
        json.endObject()
    }
}
