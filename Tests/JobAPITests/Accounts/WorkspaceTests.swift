import Generation
import JobAPI
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: workspaces and budgets are managed in the words that OpenRouter's clients know, and budgets hold.
@Suite struct WorkspaceTests {
    @Test func aWorkspaceIsMadeReadChangedAndDeleted() async throws {
        try await TestAPI.run { api in
            let manager = try await api.manager()
            let all = "/api/v1/workspaces"
            let body: JSONValue = ["name": "The studio", "slug": "studio", "description": "pictures"]
            let made = try await api.send("POST", all, manager, body)
            #expect(made.status == 201)
            let id = try #require(made.json["data"]?["id"]?.stringValue)
            #expect(made.json["data"]?["slug"] == "studio" && made.json["data"]?["name"] == "The studio")
            #expect(try await api.send("POST", all, manager, body).status == 400)
            let list = try await api.get("\(all)?offset=0&limit=50", key: manager).json
            #expect(list["total_count"] == 2)
            #expect(list["data"]?.elements.compactMap { $0["slug"] } == ["default", "studio"])
            #expect(try await api.get("\(all)?limit=1&offset=1", key: manager).json["data"]?.elements.count == 1)
            for reference in [id, "studio", id.uppercased()] {
                #expect(try await api.get("\(all)/\(reference)", key: manager).json["data"]?["id"] == .string(id))
            }
            let changed = try await api.send("PATCH", "\(all)/\(id)", manager, ["description": .null, "name": "New"])
            #expect(changed.json["data"]?["description"] == .null && changed.json["data"]?["name"] == "New")
            #expect(changed.json["data"]?["updated_at"] != .null)
            #expect(try await api.send("PATCH", "\(all)/\(id)", manager, ["slug": "other"]).status == 400)
            #expect(try await api.get("\(all)/\(id)/members", key: manager).json["total_count"] == 0)
            let key = try await api.send("POST", "/api/v1/keys", manager, ["name": "a", "workspace_id": .string(id)])
            #expect(key.json["data"]?["workspace_id"] == .string(id))
            #expect(try await api.request("DELETE", "\(all)/studio", key: manager).status == 400)
            let hash = try #require(key.json["data"]?["hash"]?.stringValue)
            #expect(try await api.request("DELETE", "/api/v1/keys/\(hash)", key: manager).status == 200)
            #expect(try await api.request("DELETE", "\(all)/studio", key: manager).text == #"{"deleted":true}"#)
            #expect(try await api.get("\(all)/studio", key: manager).status == 404)
            #expect(try await api.request("DELETE", "\(all)/default", key: manager).status == 400)
        }
    }

    @Test(arguments: [
        (#"{"slug":"a"}"#, "name"), (#"{"name":"a"}"#, "slug"), (#"{"name":"a","slug":"A"}"#, "slug"),
        (#"{"name":"a","slug":"a--b"}"#, "slug"), (#"{"name":"a","slug":"-a"}"#, "slug"),
        (#"{"name":"a","slug":"a_b"}"#, "slug"), (#"{"name":"a","slug":"b","description":5}"#, "description"),
        (#"{"name":"a","slug":"b","is_observability_io_logging_enabled":true}"#, "is_observability_io_logging_enabled"),
        (#"{"name":"a","slug":"b","io_logging_sampling_rate":0.5}"#, "io_logging_sampling_rate"),
        (#"{"name":"a","slug":"b","surprise":1}"#, "surprise"),
    ])
    func badInputIsTold(_ body: String, _ field: String) async throws {
        try await TestAPI.run { api in
            let manager = try await api.manager()
            let answer = try await api.request("POST", "/api/v1/workspaces", key: manager, body: Array(body.utf8))
            #expect(answer.status == 400 && answer.json["error"]?["param"] == .string(field), "\(answer.text)")
        }
    }

    @Test func budgetsAreSetAndHold() async throws {
        try await TestAPI.run { api in
            let manager = try await api.manager()
            let all = "/api/v1/workspaces/default/budgets"
            let monthly = try await api.send("PUT", "\(all)/monthly", manager, ["limit_usd": .number(0.5)])
            #expect(monthly.status == 200)
            #expect(monthly.json["data"]?["limit_usd"] == .number(0.5))
            #expect(monthly.json["data"]?["reset_interval"] == "monthly")
            #expect(monthly.json["include_byok_in_budgets"] == false)
            #expect(try await api.send("PUT", "\(all)/weekly", manager, ["limit_usd": .number(0.5)]).status == 400)
            #expect(try await api.send("PUT", "\(all)/yearly", manager, ["limit_usd": 1]).status == 400)
            #expect(try await api.send("PUT", "\(all)/lifetime", manager, ["limit_usd": 0]).status == 400)
            #expect(try await api.send("PUT", "\(all)/lifetime", manager, ["limit_usd": -1]).status == 400)
            #expect(try await api.send("PUT", "\(all)/lifetime", manager, [:]).status == 400)
            let withOwnKeys: JSONValue = ["limit_usd": 500, "include_byok_in_budgets": true]
            #expect(try await api.send("PUT", "\(all)/lifetime", manager, withOwnKeys).status == 400)
            let lifetime: JSONValue = ["limit_usd": 500, "include_byok_in_budgets": false]
            #expect(try await api.send("PUT", "\(all)/lifetime", manager, lifetime).status == 200)
            let list = try await api.get(all, key: manager).json
            #expect(list["data"]?.elements.compactMap { $0["reset_interval"] } == ["monthly", .null])
            #expect(list["include_byok_in_budgets"] == false)

            _ = try await api.submitted()
            let refused = try await api.submit()
            #expect(refused.status == 403)
            #expect(
                refused.json["error"]?["message"]?.stringValue?.hasPrefix("Workspace monthly budget of $0.50 exceeded")
                    == true
            )
            let own = try #require(try await api.get("/api/v1/key").json["data"])
            #expect(own["budgets"]?.elements.compactMap { $0["scope"] } == ["workspace", "workspace"])
            #expect(own["effective_budget"]?["remaining_usd"] == .number(0.1))
            #expect(own["effective_budget"]?["reset_interval"] == "monthly")

            for _ in 0..<2 {
                #expect(try await api.request("DELETE", "\(all)/monthly", key: manager).text == #"{"deleted":true}"#)
            }
            #expect(try await api.get("\(all)/monthly", key: manager).status == 404)
            #expect(try await api.get("\(all)/lifetime", key: manager).status == 200)
            #expect(try await api.submit().status == 202)
        }
    }
}
