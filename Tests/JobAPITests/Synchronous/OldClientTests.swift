import Foundation
import Generation
import JobAPI
import JobCore
import Testing

/// Goal: a client of HTTP/1.0, such as a proxy that was not told otherwise, gets answers that it understands.
@Suite struct OldClientTests {
    private static let path = "/api/v1/images"

    private static func run(_ test: @Sendable (TestAPI) async throws -> Void) async throws {
        try await TestAPI.run({ $0.keepAliveSeconds = 0.05 }, test)
    }

    private static func open(
        _ api: TestAPI,
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        headers: [(String, String)] = []
    ) async throws -> RawConnection {
        let connection = try await api.connect()
        let bytes = body.map { Array($0.canonicalText.utf8) }
        let type = bytes == nil ? [] : [("Content-Type", "application/json")]
        let all = [api.authorization] + type + headers
        try await connection.send(
            RawConnection.head(method, path, headers: all, length: bytes?.count, version: "1.0") + (bytes ?? [])
        )
        return connection
    }

    /// Everything that comes until the server closes, taken apart.
    private static func whole(
        _ connection: RawConnection,
        after first: [UInt8] = []
    ) async throws -> (start: String, headers: String, body: String) {
        var bytes = first
        while true {
            let more = try await connection.receive()
            if more.isEmpty { break }
            bytes += more
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let end = try #require(text.range(of: "\r\n\r\n"))
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        return (lines[0], lines.dropFirst().joined(separator: "\n").lowercased(), String(text[end.upperBound...]))
    }

    @Test func theBodyShowsLifeAndNoInterimAnswerDoes() async throws {
        try await Self.run { api in
            let connection = try await Self.open(api, "POST", Self.path, TestAPI.picture)
            let id = try await api.newJob()
            // The job is far from its end.
            let first = try await connection.receive()
            #expect(String(decoding: first, as: UTF8.self).hasPrefix("HTTP/1.0 200"))
            try await api.finish(id, [("image/png", Samples.png)])
            let (_, headers, body) = try await Self.whole(connection, after: first)
            #expect(headers.contains("connection: close"))
            #expect(!headers.contains("transfer-encoding"))
            #expect(headers.contains("x-generation-id: \(id)"))
            #expect(body.parsed["data"]?.elements.first?["b64_json"]?.stringValue?.bytesOfBase64 == Samples.png)
        }
    }

    @Test func aFailureStandsInTheBody() async throws {
        try await Self.run { api in
            let connection = try await Self.open(api, "POST", Self.path, TestAPI.picture)
            let first = try await connection.receive()
            try await api.fail(try await api.newJob(), .refusedContent, accepted: true)
            let (start, _, body) = try await Self.whole(connection, after: first)
            #expect(start.hasPrefix("HTTP/1.0 200"))
            #expect(body.parsed["error"]?["metadata"]?["reason"] == "content_policy")
        }
    }

    @Test func anAnswerThatComesInTimeHasItsOwnStatus() async throws {
        try await TestAPI.run {
            $0.keepAliveSeconds = 60
        } _: { api in
            let connection = try await Self.open(api, "POST", Self.path, TestAPI.picture)
            try await api.fail(try await api.newJob(), .refusedContent, accepted: true)
            let (start, headers, body) = try await Self.whole(connection)
            #expect(start.hasSuffix(" 400 Bad Request"))
            #expect(headers.contains("content-length: \(body.utf8.count)"))
        }
    }

    @Test func nobodyIsAskedToGoOn() async throws {
        try await Self.run { api in
            let connection = try await Self.open(
                api,
                "POST",
                "/api/v1/jobs",
                TestAPI.video,
                headers: [("Expect", "100-continue")]
            )
            let (start, _, body) = try await Self.whole(connection)
            #expect(start.hasSuffix(" 202 Accepted"))
            #expect(body.parsed["id"] != nil)
        }
    }

    @Test func eventsComeWithoutChunks() async throws {
        try await Self.run { api in
            let id = try await api.submitted()
            _ = try await api.request("POST", "/api/v1/jobs/\(id)/cancel")
            let connection = try await Self.open(api, "GET", "/api/v1/jobs/\(id)/events")
            let (start, headers, body) = try await Self.whole(connection)
            #expect(start.hasPrefix("HTTP/1.0 200"))
            #expect(!headers.contains("transfer-encoding"))
            let lines = body.split(separator: "\n").filter { !$0.isEmpty }
            #expect(lines.count > 2)
            #expect(lines.allSatisfy { $0.contains(":") }, "\(body)")
        }
    }

    @Test func theConnectionIsKeptForWhoAsksToKeepIt() async throws {
        try await Self.run { api in
            let kept = try await Self.open(api, "GET", "/healthz", headers: [("Connection", "keep-alive")])
            #expect(try await kept.answer(to: "GET").status == 200)
            try await kept.send(RawConnection.head("GET", "/healthz", headers: [], length: nil, version: "1.0"))
            #expect(try await kept.answer(to: "GET").status == 200)
            #expect(try await kept.isClosedByServer())
        }
    }
}
