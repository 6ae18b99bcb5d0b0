import Generation
import JobAPI
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: what was paid in and spent is told exactly, as numbers.
@Suite struct CreditTests {
    @Test func creditsAreTotals() async throws {
        try await TestAPI.run { api in
            #expect(
                try await api.get("/api/v1/credits").text
                    == #"{"data":{"total_credits":10,"total_usage":0,"available":10,"held":0}}"#
            )
            let id = try await api.generated()
            _ = try await api.generated()
            #expect(
                try await api.get("/api/v1/credits").text
                    == #"{"data":{"total_credits":10,"total_usage":0,"available":9.2,"held":0.8}}"#
            )
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1])])
            _ = try await api.accounts.grant(Credits(nanoUSD: 1), to: "default", reason: "a nano")
            #expect(
                try await api.get("/api/v1/credits").text
                    == #"{"data":{"total_credits":10.000000001,"total_usage":0.4,"available":9.200000001,"held":0.4}}"#
            )
        }
    }

    @Test func aKeyTellsItsUsageAndLimit() async throws {
        try await TestAPI.run { api in
            let limited = try await api.accounts.createKey(
                name: "limited",
                limit: Credits(nanoUSD: 1_000_000_000),
                isManagement: true
            )
            let done = try await api.generated(key: limited.secret)
            _ = try await api.generated(key: limited.secret)
            try await api.run(done)
            try await api.complete(done, files: [("video/mp4", [1])])
            let data = try #require(try await api.get("/api/v1/key", key: limited.secret).json["data"])
            #expect(
                data.keys == [
                    "label", "limit", "limit_remaining", "limit_reset", "include_byok_in_limit", "usage",
                    "usage_daily", "usage_weekly", "usage_monthly", "byok_usage", "byok_usage_daily",
                    "byok_usage_weekly", "byok_usage_monthly", "is_free_tier", "is_management_key",
                    "is_provisioning_key", "creator_user_id", "organization_id", "workspace_id",
                    "allowed_data_regions", "budgets", "effective_budget", "free_model_daily_requests", "rate_limit",
                    "expires_at",
                ]
            )
            #expect(data["label"] == .string(limited.key.label))
            #expect(data["limit"] == 1)
            // Of one dollar, 0.40 was charged and 0.40 is held.
            #expect(data["limit_remaining"] == .number(0.2))
            for name in ["usage", "usage_daily", "usage_weekly", "usage_monthly"] {
                #expect(data[name] == .number(0.4))
            }
            #expect(data["byok_usage_monthly"] == 0)
            #expect(data["is_management_key"] == true)
            let workspace = try #require(try await api.store.workspaceProfile(of: "default"))
            #expect(data["workspace_id"] == .string(workspace.id))

            let other = try #require(try await api.get("/api/v1/key").json["data"])
            #expect(other["limit"] == .null && other["limit_remaining"] == .null)
            #expect(other["usage"] == 0)
            #expect(other["is_provisioning_key"] == false)
        }
    }

    @Test(arguments: [
        (0, "0"), (400_000_000, "0.4"), (12_340_000_000, "12.34"), (1, "0.000000001"), (-500_000_000, "-0.5"),
        (100_000_000_000, "100"), (Int64.max, "9223372036.854775807"),
    ])
    func dollarsAreExactNumbers(_ nano: Int64, _ text: String) {
        var json = JSONWriter()
        json.dollars(Credits(nanoUSD: nano))
        #expect(json.text == text)
    }
}
