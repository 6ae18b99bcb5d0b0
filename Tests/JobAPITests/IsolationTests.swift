import Generation
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: whatever route is asked, another workspace's job and one that never was look the same, and nothing happens to it.
@Suite struct IsolationTests {
    @Test func anothersJobLooksLikeNone() async throws {
        try await TestAPI.run { api in
            _ = try await api.accounts.grant(TestAPI.credits, to: "other", reason: "test")
            let other = try await api.accounts.createKey(name: "other", workspace: "other").secret
            let waiting = try await api.submitted()
            let done = try await api.submitted()
            try await api.run(done)
            try await api.complete(done, files: [("video/mp4", [1, 2, 3])])

            let routes: [(String, String)] = [
                ("GET", ""), ("GET", "?wait=1"), ("HEAD", ""), ("GET", "/events"), ("POST", "/cancel"),
                ("GET", "/artifacts/0"), ("HEAD", "/artifacts/0"),
            ]
            for (method, suffix) in routes {
                let unknown = try await api.request(
                    method,
                    "/api/v1/jobs/job_00000000000000000000000000\(suffix)",
                    key: other
                )
                #expect(unknown.status == 404)
                for id in [waiting, done] {
                    let answer = try await api.request(method, "/api/v1/jobs/\(id)\(suffix)", key: other)
                    #expect(answer.status == 404)
                    #expect(answer.body == unknown.body)
                    let owner = try await api.request("GET", "/api/v1/jobs/\(id)")
                    #expect(owner.status == 200)
                }
                for malformed in [
                    "x", "job_", "JOB_00000000000000000000000000", "%00", "job_0000000000000000000000000u",
                ] {
                    let answer = try await api.request(method, "/api/v1/jobs/\(malformed)\(suffix)", key: other)
                    #expect(answer.status == 404)
                    #expect(answer.body == unknown.body)
                }
            }
            #expect(try await api.store.job(waiting)?.state.name == .queued)
            #expect(try await api.get("/api/v1/jobs", key: other).json["data"] == [])
            #expect(try await api.get("/api/v1/jobs?cursor=\(done)", key: other).json["data"] == [])
        }
    }

    @Test func everyRouteWantsAKey() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let routes: [(String, String)] = [
                ("POST", "/api/v1/jobs"), ("GET", "/api/v1/jobs"), ("GET", "/api/v1/jobs/\(id)"),
                ("GET", "/api/v1/jobs/\(id)/events"), ("POST", "/api/v1/jobs/\(id)/cancel"),
                ("GET", "/api/v1/jobs/\(id)/artifacts/0"),
            ]
            for (method, path) in routes {
                let answer = try await api.connect().request(method, path, body: method == "POST" ? [] : nil)
                #expect(answer.status == 401, "\(method) \(path)")
            }
            #expect(try await api.store.job(id)?.state.name == .queued)
        }
    }
}
