import Foundation
import Generation
import JobAPI
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: what jobs have used is told exactly, once for each, to those who may see it.
@Suite struct UsageTests {
    /// A key that manages, of the workspace `default`.
    private static func manager(_ api: TestAPI) async throws -> String {
        try await api.accounts.createKey(name: "manager", isManagement: true).secret
    }

    /// A job that was completed.
    private static func completed(_ api: TestAPI, _ changes: [String: JSONValue] = [:]) async throws -> JobID {
        let id = try await api.submitted(TestAPI.video(changes))
        try await api.run(id)
        try await api.complete(id, files: [("video/mp4", [1])])
        return id
    }

    private static func cancelled(_ api: TestAPI) async throws -> JobID {
        let id = try await api.submitted()
        try await api.advance(id, .cancelRequested)
        return id
    }

    /// Today in UTC.
    private static func today(_ api: TestAPI) -> String { String(api.accounts.now.description.prefix(10)) }

    // MARK: One job

    @Test func aGenerationHasEveryKeyAndTheFigures() async throws {
        try await TestAPI.run { api in
            let id = try await Self.completed(api, ["user": "ann", "session_id": "s-1"])
            let answer = try await api.get("/api/v1/generation?id=\(id)")
            let data = try #require(answer.json["data"])
            #expect(data.names.count == 43, "the 42 that the client requires, and the session")
            #expect(data["id"] == .string("\(id)"))
            #expect(data["api_type"] == "video" && data["model"] == "test/video")
            #expect(data["total_cost"] == .number(0.4) && data["usage"] == .number(0.4))
            #expect(data["external_user"] == "ann" && data["session_id"] == "s-1")
            #expect(data["cancelled"] == false && data["is_byok"] == false)
            let workspace = try #require(try await api.accounts.workspaceProfile("default")).id
            #expect(data["num_media_completion"] == 1 && data["workspace_id"] == .string(workspace))
            #expect(data["upstream_id"] == .string("remote-\(id)"))
            #expect(data["provider_responses"]?.elements.count == 1)
            #expect(data["provider_responses"]?.elements.first?["status"] == 200)
            #expect(data["finish_reason"] == .null)

            let stopped = try await Self.cancelled(api)
            let other = try #require(try await api.get("/api/v1/generation?id=\(stopped)").json["data"])
            #expect(other["cancelled"] == true && other["total_cost"] == 0 && other["generation_time"] == .null)
        }
    }

    @Test func aGenerationIsToldOnceItHasEndedAndToItsWorkspaceAlone() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let early = try await api.get("/api/v1/generation?id=\(id)")
            #expect(early.status == 404)
            #expect(early.json["error"]?["metadata"]?["reason"] == "job_not_over")
            try await api.advance(id, .cancelRequested)
            #expect(try await api.get("/api/v1/generation?id=\(id)").status == 200)
            let stranger = try await api.accounts.createKey(name: "x", workspace: "other", isManagement: true).secret
            let foreign = try await api.get("/api/v1/generation?id=\(id)", key: stranger)
            #expect(foreign.status == 404 && foreign.json["error"]?["metadata"]?["reason"] == "unknown_job")
            #expect(try await api.get("/api/v1/generation").status == 400)
            #expect(try await api.get("/api/v1/generation?id=job_x").status == 404)
        }
    }

    // MARK: Activity

    @Test func activityIsToldByDayModelAndProvider() async throws {
        try await TestAPI.run { api in
            let manager = try await Self.manager(api)
            #expect(try await api.get("/api/v1/activity", key: manager).json["data"] == [])
            for _ in 0..<2 { _ = try await Self.completed(api) }
            _ = try await Self.cancelled(api)
            let rows = try await api.get("/api/v1/activity", key: manager).json["data"]?.elements ?? []
            #expect(rows.count == 1)
            let row = try #require(rows.first)
            #expect(row["date"] == .string(Self.today(api)))
            #expect(row["model"] == "test/video" && row["requests"] == 3 && row["usage"] == .number(0.8))
            #expect(row["workspace_id"] == nil)
            let split = try await api.get("/api/v1/activity?group_by=workspace", key: manager).json["data"]?.elements
            let workspace = try #require(try await api.accounts.workspaceProfile("default")).id
            #expect(split?.first?["workspace_id"] == .string(workspace))
            for name in ["default", workspace] {
                let own = try await api.get("/api/v1/activity?workspace_id=\(name)", key: manager)
                #expect(own.json["data"]?.elements == rows, "\(name)")
            }
            let other = try await api.get("/api/v1/activity?api_key_hash=0", key: manager)
            #expect(other.json["data"] == [])
            let foreign = try await api.get("/api/v1/activity?user_id=ann", key: manager)
            #expect(foreign.status == 400 && foreign.json["error"]?["param"] == "user_id")
            let day = try await api.get("/api/v1/activity?date=\(Self.today(api))", key: manager)
            #expect(day.json["data"]?.elements == rows)
            for bad in ["date=2020-01-01", "date=today", "date=2026-11-1", "group_by=model", "workspace_id=other"] {
                #expect(try await api.get("/api/v1/activity?\(bad)", key: manager).status == 400, "\(bad)")
            }
            let refused = try await api.get("/api/v1/activity")
            #expect(refused.status == 403)
            #expect(refused.json["error"]?["metadata"]?["error_type"] == "permission_denied")
        }
    }

    // MARK: Analytics

    private static func ask(_ api: TestAPI, _ question: JSONValue, key: String) async throws -> RawAnswer {
        let body = Array(question.canonicalText.utf8)
        return try await api.request("POST", "/api/v1/analytics/query", key: key, body: body)
    }

    @Test func whatCanBeAskedIsAnswered() async throws {
        try await TestAPI.run { api in
            let manager = try await Self.manager(api)
            _ = try await Self.completed(api, ["user": "ann"])
            _ = try await Self.completed(api)
            _ = try await Self.cancelled(api)
            let meta = try #require(try await api.get("/api/v1/analytics/meta", key: manager).json["data"])
            let metrics = meta["metrics"]?.elements.compactMap { $0["name"] } ?? []
            let dimensions = meta["dimensions"]?.elements.compactMap { $0["name"] } ?? []
            let all = try await Self.ask(
                api,
                ["metrics": .array(metrics), "dimensions": .array(dimensions), "granularity": "hour"],
                key: manager
            )
            let rows = all.json["data"]?["data"]?.elements ?? []
            #expect(rows.count == 3)
            for row in rows { #expect(row.names.count == metrics.count + dimensions.count + 1) }
            #expect(all.json["data"]?["metadata"]?["row_count"] == 3)
            #expect(all.json["data"]?["metadata"]?["truncated"] == false)

            let byUser = try await Self.ask(
                api,
                [
                    "metrics": ["total_usage", "request_count", "success_rate", "media_seconds"],
                    "dimensions": ["user"], "granularity": "day",
                    "order_by": ["field": "total_usage", "direction": "desc"], "limit": 1,
                    "filters": [["field": "user", "operator": "in", "value": ["ann"], "include_unset": true]],
                ],
                key: manager
            )
            // Both come to the same: then who has no name comes first.
            #expect(
                byUser.json["data"]?["data"]
                    == [
                        [
                            "date": .string(Self.today(api)), "user": .null, "total_usage": .number(0.4),
                            "request_count": 2, "success_rate": .number(0.5), "media_seconds": .number(4.042),
                        ]
                    ]
            )
            #expect(byUser.json["data"]?["metadata"]?["truncated"] == true)
            let past = try await Self.ask(
                api,
                [
                    "metrics": ["request_count"],
                    "time_range": ["start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00+01:00"],
                ],
                key: manager
            )
            #expect(past.json["data"]?["data"] == [["request_count": 0]])
            #expect(try await Self.ask(api, ["metrics": ["request_count"]], key: api.key).status == 403)
            #expect(try await api.get("/api/v1/analytics/meta").status == 403)
        }
    }

    static let badQuestions: [(JSONValue, String)] = [
        ([:], "metrics"), (["metrics": []], "metrics"), (["metrics": ["cost"]], "metrics[0]"),
        (["metrics": "request_count"], "metrics"),
        (["metrics": ["request_count"], "dimensions": ["app"]], "dimensions[0]"),
        (["metrics": ["request_count"], "granularity": "year"], "granularity"),
        (["metrics": ["request_count"], "limit": 0], "limit"),
        (["metrics": ["request_count"], "limit": 10_001], "limit"),
        (["metrics": ["request_count"], "group_limit": .number(1.5)], "group_limit"),
        (["metrics": ["request_count"], "order_by": ["field": "date", "direction": "asc"]], "order_by.field"),
        (["metrics": ["request_count"], "order_by": ["field": "model", "direction": "asc"]], "order_by.field"),
        (["metrics": ["request_count"], "order_by": ["field": "request_count"]], "order_by.direction"),
        (["metrics": ["request_count"], "time_range": ["start": "2026-01-01T00:00:00Z"]], "time_range.end"),
        (
            [
                "metrics": ["request_count"],
                "time_range": ["start": "2026-01-01T00:00Z", "end": "2026-01-01T00:00:00Z"],
            ],
            "time_range.start"
        ),
        (
            [
                "metrics": ["request_count"],
                "time_range": ["start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"],
            ], "time_range.end"
        ),
        (["metrics": ["request_count"], "filters": [["field": "model", "operator": "eq"]]], "filters[0].value"),
        (
            ["metrics": ["request_count"], "filters": [["field": "model", "operator": "eq", "value": ["a"]]]],
            "filters[0].value"
        ),
        (
            ["metrics": ["request_count"], "filters": [["field": "model", "operator": "in", "value": []]]],
            "filters[0].value"
        ),
        (
            ["metrics": ["request_count"], "filters": [["field": "model", "operator": "like", "value": "a"]]],
            "filters[0].operator"
        ),
        (["metrics": ["request_count"], "filters": [["field": "cost", "operator": "eq"]]], "filters[0].field"),
        (["metrics": ["request_count"], "classifier_filters": [:]], "classifier_filters"),
    ]

    @Test func aWorkspaceIsAskedForByEitherNameAndToldByItsIdentifier() async throws {
        try await TestAPI.run { api in
            let manager = try await Self.manager(api)
            _ = try await Self.completed(api)
            let id = try #require(try await api.accounts.workspaceProfile("default")).id
            for (name, count) in [("default", 1), (id, 1), ("other", 0)] {
                let answer = try await Self.ask(
                    api,
                    [
                        "metrics": ["request_count"], "dimensions": ["workspace"],
                        "filters": [["field": "workspace", "operator": "eq", "value": .string(name)]],
                    ],
                    key: manager
                )
                let rows = try #require(answer.json["data"]?["data"]?.elements)
                #expect(rows.count == count && rows.allSatisfy { $0["workspace"] == .string(id) }, "\(answer.text)")
            }
        }
    }

    @Test func badQuestionsAreRefusedByName() async throws {
        try await TestAPI.run { api in
            let manager = try await Self.manager(api)
            for (question, field) in Self.badQuestions {
                let answer = try await Self.ask(api, question, key: manager)
                #expect(answer.status == 400, "\(question.canonicalText)")
                #expect(answer.json["error"]?["param"] == .string(field), "\(answer.text)")
            }
        }
    }

    // MARK: Table

    @Test func usageIsExportedAsATable() async throws {
        try await TestAPI.run { api in
            let manager = try await Self.manager(api)
            _ = try await Self.completed(api, ["user": "=1+1,\"x\""])
            let answer = try await api.get("/api/v1/usage.csv?group_by=user,day,model")
            #expect(answer.status == 200 && answer[header: "content-type"] == "text/csv; charset=utf-8")
            let lines = answer.text.components(separatedBy: "\r\n")
            #expect(lines.count == 3 && lines[2].isEmpty)
            #expect(lines[0].hasPrefix("user,day,model,requests,completed,"))
            #expect(
                lines[1].hasPrefix(
                    "\"'=1+1,\"\"x\"\"\",\(Self.today(api)),test/video,1,1,0,0,0,0.400000000,0.400000000,0.000000000,0.000000000,4.042,"
                )
            )
            _ = try await api.accounts.grant(Credits(nanoUSD: 1), to: "other", reason: "test")
            let stranger = try await api.accounts.createKey(name: "x", workspace: "other").secret
            let own = try await api.get("/api/v1/usage.csv", key: stranger)
            #expect(own.text.components(separatedBy: "\r\n").count == 2, "another workspace's jobs are not told")
            #expect(try await api.get("/api/v1/usage.csv?workspace=default", key: stranger).status == 403)
            let all = try await api.get("/api/v1/usage.csv?group_by=workspace&from=2026-01-01", key: manager)
            #expect(all.text.contains("\r\ndefault,1,1,"))
            for bad in ["group_by=", "group_by=model,cost", "from=yesterday", "from=2026-02-01&to=2026-01-01", "x=1"] {
                #expect(try await api.get("/api/v1/usage.csv?\(bad)").status == 400, "\(bad)")
            }
        }
    }
}
