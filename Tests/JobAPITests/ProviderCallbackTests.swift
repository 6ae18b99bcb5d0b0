import Generation
import JobCore
import Testing

@Suite struct ProviderCallbackTests {
    private static func call(
        _ api: TestAPI,
        _ token: String,
        _ body: [UInt8] = Array("{}".utf8)
    ) async throws -> RawAnswer {
        // As a provider calls: without a key.
        try await api.connect().request(
            "POST",
            "/provider-callbacks/\(token)",
            headers: [("Content-Type", "application/json")],
            body: body
        )
    }

    @Test func unknownAndFinishedAreNotToldApart() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            try await api.run(id)
            let token = try #require(try await api.store.attempts(of: id).first).start.token
            for _ in 0..<2 {
                let answer = try await Self.call(api, token)
                #expect(answer.status == 204)
                #expect(answer.body.isEmpty)
            }
            let large = try await api.connect().request(
                "POST",
                "/provider-callbacks/\(token)",
                headers: [("Content-Type", "application/json"), ("Content-Length", "\(1_048_577)")]
            )
            #expect(large.status == 413)
            try await api.complete(id, files: [("video/mp4", [1, 2, 3])])
            var messages: Set<String> = []
            for token in [token, "x", String(repeating: "a", count: 48), String(repeating: "b", count: 400)] {
                let answer = try await Self.call(api, token)
                #expect(answer.status == 404)
                #expect(answer.json["error"]?["metadata"]?["reason"] == "unknown_callback")
                messages.insert(answer.json["error"]?["message"]?.stringValue ?? "")
            }
            #expect(messages.count == 1)
            #expect(try await api.request("GET", "/provider-callbacks/\(token)").status == 405)
            try await api.waitForLog("/provider-callbacks/")
            #expect(api.log.count(of: token) == 0)
        }
    }
}
