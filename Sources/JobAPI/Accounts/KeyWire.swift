import JobCore
import JobEngine
import Ledger

/// Writes keys in OpenRouter's words.
enum KeyWire {
    /// Writes a key as an object.
    ///
    /// - Throws: `overflow` of its limit.
    static func write(_ view: KeyView, _ json: inout JSONWriter) throws {
        let key = view.key
        json.beginObject()
        json.key("hash")
        json.string(key.hash)
        json.key("name")
        json.string(key.name)
        json.key("label")
        json.string(key.label)
        json.key("disabled")
        json.bool(key.isDisabled)
        try writeLimit(view, &json)
        json.key("created_at")
        json.time(key.createdAt)
        json.key("updated_at")
        json.time(key.updatedAt)
        json.key("last_used_at")
        json.time(key.lastUsedAt)
        json.key("creator_user_id")
        json.string(key.creator)
        json.key("external_user")
        json.string(key.externalUser)
        json.key("workspace_id")
        json.string(view.workspaceID)
        json.key("expires_at")
        json.time(key.expiresAt)
        json.endObject()
    }

    /// Writes the members about a key's limit and what it has spent.
    ///
    /// - Throws: `overflow`.
    static func writeLimit(_ view: KeyView, _ json: inout JSONWriter) throws {
        json.key("limit")
        json.dollars(view.key.limit)
        json.key("limit_remaining")
        json.dollars(try view.remaining())
        json.key("limit_reset")
        json.string(word(view.key.limitReset))
        json.key("include_byok_in_limit")
        json.bool(view.key.includesByok)
        let (usage, byok) = (view.usage, view.byokUsage)
        let figures: [(StaticString, Credits)] = [
            ("usage", usage.total), ("usage_daily", usage.daily), ("usage_weekly", usage.weekly),
            ("usage_monthly", usage.monthly), ("byok_usage", byok.total), ("byok_usage_daily", byok.daily),
            ("byok_usage_weekly", byok.weekly), ("byok_usage_monthly", byok.monthly),
        ]
        for (name, amount) in figures {
            json.key(name)
            json.dollars(amount)
        }
    }

    /// The word for a period; null for the one without end.
    static func word(_ period: SpendingPeriod) -> String? { period == .lifetime ? nil : period.rawValue }

    /// Writes the members `budgets` and `effective_budget`: what limits the key, in the order in which it is checked, and
    /// the one that refuses first.
    ///
    /// - Throws: `overflow`.
    static func writeBudgets(
        _ view: KeyView,
        _ standings: [BudgetStanding],
        includesByok: Bool,
        _ periods: UsagePeriods,
        _ json: inout JSONWriter
    ) throws {
        var layers: [Layer] = []
        for standing in standings {
            layers.append(
                Layer(
                    budgetID: standing.budget.id,
                    period: standing.budget.period,
                    limit: standing.budget.limit,
                    spent: standing.spent,
                    remaining: try standing.budget.limit.subtracting(standing.spent),
                    includesByok: includesByok
                )
            )
        }
        if let limit = view.key.limit {
            let spent = try view.usage.spent(in: view.key.limitReset)
            layers.append(
                Layer(
                    budgetID: nil,
                    period: view.key.limitReset,
                    limit: limit,
                    spent: spent,
                    remaining: try limit.subtracting(spent),
                    includesByok: view.key.includesByok
                )
            )
        }
        json.key("budgets")
        json.beginArray()
        for layer in layers { layer.write(periods, &json) }
        json.endArray()
        json.key("effective_budget")
        let used = layers.first { $0.remaining <= .zero }
        if let effective = used ?? layers.min(by: { $0.remaining < $1.remaining }) {
            effective.write(periods, &json)
        } else {
            json.null()
        }
    }

    private struct Layer {
        /// The budget's identifier; nil for the key's own limit.
        let budgetID: String?
        let period: SpendingPeriod
        let limit: Credits
        let spent: Credits
        let remaining: Credits
        let includesByok: Bool

        func write(_ periods: UsagePeriods, _ json: inout JSONWriter) {
            json.beginObject()
            json.key("scope")
            json.string(budgetID == nil ? "key_limit" : "workspace")
            json.key("limit_usd")
            json.dollars(limit)
            json.key("spend_usd")
            json.dollars(spent)
            json.key("remaining_usd")
            json.dollars(remaining)
            json.key("include_byok")
            json.bool(includesByok)
            json.key("reset_interval")
            json.string(KeyWire.word(period))
            json.key("resets_at")
            json.time(periods.end(of: period))
            json.key("budget_id")
            json.string(budgetID)
            json.key("guardrail_id")
            json.null()
            json.endObject()
        }
    }
}
