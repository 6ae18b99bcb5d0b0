import Generation
import HTTPTransport
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

/// Goal: customers' own provider keys are taken, shown masked, and serve their workspace's jobs in the right order.
@Suite struct CustomerKeyTests {
    private static let secret = "sk-customer-0123456789abcdefghij"
    private static let path = "/api/v1/byok"

    /// Keys for the provider of these tests, under its own slug and under another.
    private static let customers = CustomerProviders(
        slugs: ["testing", "second"],
        shown: { _, text in
            guard text.count >= 8 else { throw RequestProblem(.invalidValue, field: "key", "`key` is too short.") }
            return text
        },
        adapters: { provider, _ in provider == "testing" ? [TestAdapter()] : [] }
    )

    private struct Stage {
        let api: TestAPI
        let manager: String

        func create(_ fields: [String: JSONValue] = [:]) async throws -> RawAnswer {
            let body: [String: JSONValue] = ["provider": "testing", "key": .string(CustomerKeyTests.secret)]
            return try await send("POST", "", body.merging(fields) { $1 })
        }

        func created(_ fields: [String: JSONValue] = [:]) async throws -> String {
            let answer = try await create(fields)
            try #require(answer.status == 201, "\(answer.text)")
            return try #require(answer.json["data"]?["id"]?.stringValue)
        }

        func send(_ method: String, _ path: String, _ body: [String: JSONValue]? = nil) async throws -> RawAnswer {
            try await api.request(
                method,
                CustomerKeyTests.path + path,
                key: manager,
                body: body.map { Array(JSONValue.object($0).canonicalText.utf8) }
            )
        }

        /// Which account serves a job that is submitted now.
        func account(_ body: JSONValue = TestAPI.video) async throws -> String {
            let id = try await api.submitted(body)
            return try #require(try await api.store.job(id)).admitted.endpoint.account
        }
    }

    private static func run(_ test: @Sendable (Stage) async throws -> Void) async throws {
        try await TestAPI.run(customers: customers) { api in
            let manager = try await api.accounts.createKey(name: "manager", isManagement: true).secret
            try await test(Stage(api: api, manager: manager))
        }
    }

    @Test func aKeyIsShownMaskedAndNeverGivenBack() async throws {
        try await Self.run { stage in
            let hash = try #require(try await stage.api.accounts.keys().first).hash
            let answer = try await stage.create([
                "name": "Ours", "allowed_models": ["test/video"], "allowed_api_key_hashes": [.string(hash)],
                "disabled": true, "is_required": true, "declared_zdr": false, "declared_region": "europe",
                "allowed_user_ids": .null,
            ])
            #expect(answer.status == 201, "\(answer.text)")
            let key = try #require(answer.json["data"])
            #expect(key["label"] == "sk-...ghij")
            #expect(key["name"] == "Ours")
            #expect(key["provider"] == "testing")
            #expect(key["disabled"] == true && key["is_required"] == true && key["is_fallback"] == false)
            #expect(key["declared_zdr"] == false && key["declared_region"] == "europe")
            #expect(key["allowed_models"] == ["test/video"])
            #expect(key["allowed_api_key_hashes"] == [.string(hash)])
            #expect(key["allowed_user_ids"] == .null)
            #expect(key["sort_order"] == 0)
            let id = try #require(key["id"]?.stringValue)
            let found = try await stage.send("GET", "/\(id)")
            #expect(found.json == answer.json)
            let list = try await stage.send("GET", "?offset=0&limit=50")
            #expect(list.json == ["data": [key], "total_count": 1])
            #expect(try await stage.send("GET", "?provider=second").json == ["data": [], "total_count": 0])
            for text in [answer.text, found.text, list.text, stage.api.log.text] {
                #expect(!text.contains(Self.secret))
            }
            let stored = try #require(try await stage.api.store.customerKey(id))
            #expect(!String(decoding: stored.sealed, as: UTF8.self).contains("customer"))
        }
    }

    @Test func aChangeLeavesTheRestAsItIs() async throws {
        try await Self.run { stage in
            let id = try await stage.created(["name": "Ours", "declared_zdr": true, "allowed_models": ["test/video"]])
            let renamed = try await stage.send("PATCH", "/\(id)", ["name": .null, "disabled": true])
            #expect(renamed.status == 200, "\(renamed.text)")
            #expect(renamed.json["data"]?["name"] == .null)
            #expect(renamed.json["data"]?["disabled"] == true)
            #expect(renamed.json["data"]?["declared_zdr"] == true)
            #expect(renamed.json["data"]?["allowed_models"] == ["test/video"])
            #expect(renamed.json["data"]?["label"] == "sk-...ghij")
            let before = try #require(try await stage.api.store.customerKey(id))
            let rotated = try await stage.send("PATCH", "/\(id)", ["key": "another-key-of-the-customer-WXYZ"])
            #expect(rotated.json["data"]?["label"] == "ano...WXYZ")
            #expect(try await stage.api.store.customerKey(id)?.sealed != before.sealed)
            #expect(try await stage.send("DELETE", "/\(id)").json == ["deleted": true])
            #expect(try await stage.send("DELETE", "/\(id)").status == 404)
            #expect(try await stage.send("GET", "/\(id)").status == 404)
            #expect(try await stage.send("PATCH", "/\(id)", ["name": "x"]).status == 404)
        }
    }

    @Test func onlyManagementKeysReachItAndTheseReachEveryWorkspace() async throws {
        try await Self.run { stage in
            let id = try await stage.created()
            for (method, path) in [("GET", ""), ("POST", ""), ("GET", "/\(id)"), ("DELETE", "/\(id)")] {
                let answer = try await stage.api.request(method, Self.path + path, body: method == "POST" ? [] : nil)
                #expect(answer.status == 403, "\(method) \(path): \(answer.text)")
            }
            let stranger = try await stage.api.accounts.createKey(name: "s", workspace: "other", isManagement: true)
            // Without a name, a list is of the key's own workspace.
            let list = try await stage.api.get(Self.path, key: stranger.secret)
            #expect(list.json == ["data": [], "total_count": 0])
            let home = try #require(try await stage.api.accounts.workspaceProfile("default")).id
            for name in ["default", home] {
                let all = try await stage.api.get("\(Self.path)?workspace_id=\(name)", key: stranger.secret)
                #expect(all.json["total_count"] == 1)
                #expect(all.json["data"]?.elements.first?["workspace_id"] == .string(home), "\(all.text)")
            }
            let there = try await stage.create(["workspace_id": "other"])
            let other = try #require(try await stage.api.accounts.workspaceProfile("other")).id
            #expect(there.json["data"]?["workspace_id"] == .string(other), "\(there.text)")
            #expect(try await stage.api.get(Self.path, key: stranger.secret).json["total_count"] == 1)
            let answer = try await stage.api.request("DELETE", "\(Self.path)/\(id)", key: stranger.secret)
            #expect(answer.status == 200)
            #expect(try await stage.send("GET", "/\(id)").status == 404)
        }
    }

    @Test func badInputIsNamedAndNothingIsWritten() async throws {
        try await Self.run { stage in
            let bad: [(fields: [String: JSONValue], param: String)] = [
                (["provider": "anthropic"], "provider"), (["provider": 5], "provider"),
                (["provider": .null], "provider"),
                (["key": ""], "key"), (["key": "short"], "key"), (["key": 5], "key"), (["key": .null], "key"),
                (["name": .string(String(repeating: "n", count: 201))], "name"), (["disabled": "no"], "disabled"),
                (["allowed_models": []], "allowed_models"), (["allowed_models": [5]], "allowed_models[0]"),
                (["allowed_api_key_hashes": ["abc"]], "allowed_api_key_hashes[0]"),
                (
                    ["allowed_api_key_hashes": [.string(String(repeating: "a", count: 64))]],
                    "allowed_api_key_hashes[0]"
                ),
                (["allowed_user_ids": ["someone"]], "allowed_user_ids"),
                (["declared_region": "mars"], "declared_region"),
                (["declared_zdr": 1], "declared_zdr"), (["is_fallback": true, "is_byok_only": true], "is_byok_only"),
                (["workspace_id": "other"], "workspace_id"), (["allowed_ips": ["1.2.3.4"]], "allowed_ips"),
            ]
            for (fields, param) in bad {
                let answer = try await stage.create(fields)
                #expect(answer.status == 400, "\(fields): \(answer.text)")
                #expect(answer.json["error"]?["param"] == .string(param), "\(answer.text)")
                #expect(!answer.text.contains(Self.secret))
            }
            for query in ["?limit=0", "?limit=101", "?offset=-1", "?workspace_id=other", "?page=1"] {
                #expect(try await stage.send("GET", query).status == 400, "\(query)")
            }
            #expect(try await stage.send("GET", "").json["total_count"] == 0)
            let id = try await stage.created(["is_fallback": true])
            let contradiction = try await stage.send("PATCH", "/\(id)", ["is_byok_only": true])
            #expect(contradiction.json["error"]?["param"] == "is_byok_only")
            #expect(try await stage.send("PATCH", "/\(id)", ["provider": "testing"]).status == 400)
        }
    }

    @Test func ownKeysComeBeforeSharedOnesAndFallbacksAfter() async throws {
        try await Self.run { stage in
            #expect(try await stage.account() == "main")
            let fallback = try await stage.created(["is_fallback": true])
            #expect(try await stage.account() == "main")
            let first = try await stage.created()
            let second = try await stage.created()
            #expect(try await stage.account() == "byok:\(first)")
            _ = try await stage.send("PATCH", "/\(first)", ["disabled": true])
            #expect(try await stage.account() == "byok:\(second)")
            _ = try await stage.send("PATCH", "/\(second)", ["allowed_models": ["test/image"]])
            #expect(try await stage.account() == "main")
            #expect(try await stage.account(TestAPI.image) == "byok:\(second)")
            let strangers = try #require(try await stage.api.accounts.keys().first { $0.name == "manager" }).hash
            _ = try await stage.send(
                "PATCH",
                "/\(second)",
                ["allowed_models": .null, "allowed_api_key_hashes": [.string(strangers)]]
            )
            #expect(try await stage.account() == "main")
            // The operator's endpoints are left out, and the key that replaces them may not be used: the fallback may.
            _ = try await stage.send("PATCH", "/\(second)", ["is_byok_only": true])
            #expect(try await stage.account() == "byok:\(fallback)")
            #expect(try await stage.send("DELETE", "/\(fallback)").status == 200)
            let refused = try await stage.api.submit()
            #expect(refused.status == 400 && refused.json["error"]?["param"] == "model", "\(refused.text)")
            // Only for the models that it serves, if it is required.
            _ = try await stage.send(
                "PATCH",
                "/\(second)",
                ["is_byok_only": false, "is_required": true, "allowed_models": ["test/image"]]
            )
            #expect(try await stage.account() == "main")
            #expect(try await stage.api.submit(TestAPI.image).status == 400)
        }
    }

    @Test func anotherWorkspaceIsServedByTheOperator() async throws {
        try await Self.run { stage in
            _ = try await stage.created()
            _ = try await stage.api.accounts.grant(TestAPI.credits, to: "other", reason: "test")
            let stranger = try await stage.api.accounts.createKey(name: "stranger", workspace: "other").secret
            let id = try await stage.api.submitted(TestAPI.video, key: stranger)
            #expect(try await stage.api.store.job(id)?.admitted.endpoint.account == "main")
        }
    }

    @Test func theJobTellsThatItsOwnKeyServedIt() async throws {
        try await Self.run { stage in
            _ = try await stage.created()
            let id = try await stage.api.submitted()
            try await stage.api.run(id)
            try await stage.api.complete(id, files: [("video/mp4", [1, 2, 3])])
            let job = try await stage.api.get("/api/v1/jobs/\(id)")
            #expect(job.json["usage"]?["is_byok"] == true, "\(job.text)")
            // The provider bills its customer, and nothing is charged; what the operator's endpoint would have cost, had
            // the key failed, was set aside meanwhile.
            #expect(job.json["usage"]?["cost"] == "0.000000000", "\(job.text)")
            #expect(try await stage.api.store.job(id)?.admitted.hold.nanoUSD == 400_000_000)
            let balance = try await stage.api.store.balance(of: AccountService.defaultWorkspace)
            #expect(balance == Balance(available: TestAPI.credits, held: .zero))
            let video = try await stage.api.get("/api/v1/videos/\(id)")
            #expect(video.json["usage"]?["is_byok"] == true, "\(video.text)")
            let key = try await stage.api.get("/api/v1/key")
            for field in ["byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"] {
                #expect(key.json["data"]?[field] == .number(0.4), "\(field): \(key.text)")
            }
            #expect(key.json["data"]?["usage"] == 0, "\(key.text)")
        }
    }
}
