import Foundation
import Generation
import JobAPI
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: keys are managed by those who may, exactly as they say, and a limit that is mistyped never becomes none.
@Suite struct KeyTests {
    @Test func aKeyIsMadeReadChangedAndRevoked() async throws {
        try await TestAPI.run { api in
            let manager = try await api.manager()
            let made = try await api.send(
                "POST",
                "/api/v1/keys",
                manager,
                [
                    "name": "app", "limit": .number(0.5), "limit_reset": "daily", "expires_at": "2100-01-01T00:00:00Z",
                    "creator_user_id": "ann", "external": ["user": "customer-7"],
                ]
            )
            #expect(made.status == 201)
            let secret = try #require(made.json["key"]?.stringValue)
            let data = try #require(made.json["data"])
            let hash = try #require(data["hash"]?.stringValue)
            #expect(data["limit"] == .number(0.5) && data["limit_remaining"] == .number(0.5))
            #expect(data["limit_reset"] == "daily" && data["disabled"] == false)
            #expect(data["creator_user_id"] == "ann" && data["external_user"] == "customer-7")
            #expect(data["last_used_at"] == .null && data["updated_at"] == .null)
            #expect(!made.text.dropFirst(secret.count + 20).contains(secret))

            _ = try await api.submitted(key: secret)
            let shown = try await api.get("/api/v1/keys/\(hash)", key: manager).json["data"]
            #expect(shown?["limit_remaining"] == .number(0.1))
            #expect(shown?["last_used_at"] != .null)
            #expect(try await api.submit(key: secret).status == 402)

            let path = "/api/v1/keys/\(hash)"
            let freed = try await api.send("PATCH", path, manager, ["limit": .null, "limit_reset": .null, "name": "b"])
            #expect(freed.json["data"]?["limit"] == .null && freed.json["data"]?["limit_reset"] == .null)
            #expect(freed.json["data"]?["name"] == "b")
            #expect(try await api.submit(key: secret).status == 202)
            #expect(try await api.send("PATCH", path, manager, ["disabled": true]).status == 200)
            #expect(try await api.submit(key: secret).status == 401)
            #expect(try await api.send("PATCH", path, manager, ["disabled": false]).status == 200)
            #expect(try await api.submit(key: secret).status == 202)

            #expect(try await api.request("DELETE", path, key: manager).text == #"{"deleted":true}"#)
            for method in ["GET", "DELETE"] {
                #expect(try await api.request(method, path, key: manager).status == 404)
            }
            #expect(try await api.submit(key: secret).status == 401)
        }
    }

    @Test func onlyAManagementKeyManages() async throws {
        try await TestAPI.run { api in
            let hash = String(repeating: "a", count: 64)
            let asked = [
                ("GET", "keys"), ("POST", "keys"), ("GET", "keys/\(hash)"), ("PATCH", "keys/\(hash)"),
                ("DELETE", "keys/\(hash)"), ("GET", "workspaces"), ("POST", "workspaces"),
                ("GET", "workspaces/default"),
                ("PATCH", "workspaces/default"), ("DELETE", "workspaces/default"),
                ("GET", "workspaces/default/members"),
                ("GET", "workspaces/default/budgets"), ("GET", "workspaces/default/budgets/daily"),
                ("PUT", "workspaces/default/budgets/daily"), ("DELETE", "workspaces/default/budgets/daily"),
            ]
            for (method, path) in asked {
                let answer = try await api.request(method, "/api/v1/\(path)")
                #expect(answer.status == 403, "\(method) \(path)")
                #expect(answer.json["error"]?["metadata"]?["reason"] == "management_key_required")
            }
        }
    }

    @Test(arguments: [
        (#"{}"#, "name"), (#"{"name":""}"#, "name"), (#"{"name":7}"#, "name"), (#"{"name":"a","limit":-1}"#, "limit"),
        (#"{"name":"a","limit":"5"}"#, "limit"), (#"{"name":"a","limit":0.0000000001}"#, "limit"),
        (#"{"name":"a","limit":1000000001}"#, "limit"), (#"{"name":"a","limit":1e300}"#, "limit"),
        (#"{"name":"a","limit":true}"#, "limit"), (#"{"name":"a","limit":1e400}"#, ""),
        (#"{"name":"a","limit":123456789.123456789}"#, "limit"),
        (#"{"name":"a","limit_reset":"yearly"}"#, "limit_reset"), (#"{"name":"a","limit_reset":5}"#, "limit_reset"),
        (#"{"name":"a","limit_reset":"lifetime"}"#, "limit_reset"),
        (#"{"name":"a","expires_at":"tomorrow"}"#, "expires_at"),
        (#"{"name":"a","expires_at":"2020-01-01T00:00:00Z"}"#, "expires_at"),
        (#"{"name":"a","limt":5}"#, "limt"), (#"{"name":"a","workspace_id":"nobody"}"#, "workspace_id"),
        (#"{"name":"a","external":{"user":"u","api_key":"x"}}"#, "external.api_key"),
        (#"{"name":"a","include_byok_in_limit":1}"#, "include_byok_in_limit"),
    ])
    func badInputIsToldAndWritesNothing(_ body: String, _ field: String) async throws {
        try await TestAPI.run { api in
            let manager = try await api.manager()
            let before = try await api.store.keys().count
            let answer = try await api.request("POST", "/api/v1/keys", key: manager, body: Array(body.utf8))
            #expect(answer.status == 400)
            #expect((answer.json["error"]?["param"]?.stringValue ?? "") == field, "\(answer.text)")
            #expect(try await api.store.keys().count == before)
        }
    }

    @Test func amountsAreReadAsTheyWereWritten() async throws {
        try await TestAPI.run { api in
            let manager = try await api.manager()
            let amounts: [(String, Int64)] = [
                ("0.1", 100_000_000), ("0.3", 300_000_000), ("1e-9", 1), ("0.000000001", 1), ("5", 5_000_000_000),
                ("1.5e2", 150_000_000_000), ("2.675", 2_675_000_000), ("123456.123456789", 123_456_123_456_789),
                ("1000000000", 1_000_000_000_000_000_000), ("0", 0), ("1e9", 1_000_000_000_000_000_000),
                ("0.00005", 50_000),
            ]
            for (text, nano) in amounts {
                let body = #"{"name":"a","limit":\#(text)}"#
                let answer = try await api.request("POST", "/api/v1/keys", key: manager, body: Array(body.utf8))
                let hash = try #require(answer.json["data"]?["hash"]?.stringValue, "\(text): \(answer.text)")
                #expect(try await api.store.key(hash: hash)?.limit == Credits(nanoUSD: nano), "\(text)")
            }
        }
    }

    @Test func keysAreListedNewestFirstByWorkspace() async throws {
        try await TestAPI.run { api in
            let manager = try await api.manager()
            for name in ["one", "two"] { _ = try await api.accounts.createKey(name: name) }
            let off = try await api.accounts.createKey(name: "off").key
            var change = KeyChange()
            change.isDisabled = true
            _ = try await api.accounts.updateKey(hash: off.hash, by: change)
            _ = try await api.accounts.createKey(name: "far", workspace: "far")
            func names(_ query: String) async throws -> [String] {
                let answer = try await api.get("/api/v1/keys\(query)", key: manager)
                return answer.json["data"]?.elements.compactMap { $0["name"]?.stringValue } ?? ["\(answer.text)"]
            }
            let all = try await names("")
            #expect(Set(all) == ["one", "two", "test", "manager"])
            #expect(try await names("?offset=1") == Array(all.dropFirst()))
            #expect(try await names("?include_disabled=true").contains("off"))
            #expect(try await names("?workspace_id=far") == ["far"])
            let id = try #require(try await api.store.workspaceProfile(of: "far")?.id)
            #expect(try await names("?workspace_id=\(id)") == ["far"])
            #expect(try await api.get("/api/v1/keys?workspace_id=nobody", key: manager).status == 400)
            #expect(try await api.get("/api/v1/keys?include_disabled=yes", key: manager).status == 400)
        }
    }

    @Test func aKeyStaysInItsWorkspace() async throws {
        try await TestAPI.run { api in
            let manager = try await api.manager()
            let key = try await api.accounts.createKey(name: "here").key
            try await api.store.ensureWorkspace("there", at: key.createdAt)
            let path = "/api/v1/keys/\(key.hash)"
            #expect(try await api.send("PATCH", path, manager, ["workspace_id": "default"]).status == 200)
            #expect(try await api.send("PATCH", path, manager, ["workspace_id": "there"]).status == 409)
            #expect(try await api.send("PATCH", path, manager, ["disabled": true, "x": 1]).status == 400)
            #expect(try await api.store.key(hash: key.hash)?.isDisabled == false)
        }
    }
}

extension TestAPI {
    /// A management key of the workspace `default`.
    func manager() async throws -> String {
        try await accounts.createKey(name: "manager", isManagement: true).secret
    }

    /// One request with a JSON body.
    func send(_ method: String, _ path: String, _ key: String, _ body: JSONValue) async throws -> RawAnswer {
        try await request(method, path, key: key, body: Array(body.canonicalText.utf8))
    }
}
