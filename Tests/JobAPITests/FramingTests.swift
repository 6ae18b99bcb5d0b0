import Foundation
import Generation
import JobAPI
import JobCore
import Testing

/// Goal: whatever comes over the wire is answered in the one form, within bounds, and leaves the server standing.
@Suite struct FramingTests {
    private static func head(_ api: TestAPI, _ headers: [(String, String)], length: Int?) -> [UInt8] {
        RawConnection.head(
            "POST",
            "/api/v1/jobs",
            headers: [api.authorization, ("Content-Type", "application/json")] + headers,
            length: length
        )
    }

    @Test func aBodyThatIsTooLargeByItsLengthIsNotRead() async throws {
        try await TestAPI.run {
            $0.bodyBytesMax = 1_000_000
        } _: { api in
            let connection = try await api.connect()
            try await connection.send(Self.head(api, [], length: 1_000_000_000))
            // Not a byte of the body was sent when the answer comes.
            let answer = try await connection.answer(to: "POST")
            #expect(answer.status == 413)
            #expect(answer.errorReason == "body_too_large")
            #expect(answer.errorMessage.contains("1000000"))
            #expect(answer[header: "connection"] == "close")
            let chunk = [UInt8](repeating: 32, count: 1_048_576)
            var sent = 0
            for _ in 0..<100 {
                let count = try await connection.send(chunk)
                sent += count
                if count < chunk.count { break }
            }
            #expect(sent < 50_000_000)
            try await api.expectNothingWritten()
        }
    }

    @Test func aBodyThatGrowsTooLargeIsNotReadToItsEnd() async throws {
        try await TestAPI.run {
            $0.bodyBytesMax = 100_000
        } _: { api in
            let connection = try await api.connect()
            try await connection.send(Self.head(api, [("Transfer-Encoding", "chunked")], length: nil))
            let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 32, count: 0x10000) + Array("\r\n".utf8)
            try await connection.send(chunk + chunk)
            let answer = try await connection.answer(to: "POST")
            #expect(answer.status == 413)
            #expect(answer[header: "connection"] == "close")
            #expect(try await connection.isClosedByServer())
            try await api.expectNothingWritten()
        }
    }

    @Test func anUnwantedBodyOnAnyRouteEndsTheConnection() async throws {
        try await TestAPI.run { api in
            for (path, status) in [("/nowhere", 404), ("/healthz", 405), ("/api/v1/jobs", 401)] {
                let connection = try await api.connect()
                try await connection.send(RawConnection.head("POST", path, headers: [], length: 1_000_000_000))
                let answer = try await connection.answer(to: "POST")
                #expect(answer.status == status)
                #expect(answer[header: "connection"] == "close")
            }
        }
    }

    @Test func aClientThatAsksIsToldToGoOn() async throws {
        try await TestAPI.run { api in
            let body = Array(TestAPI.video.canonicalText.utf8)
            let connection = try await api.connect()
            try await connection.send(Self.head(api, [("Expect", "100-continue")], length: body.count))
            #expect(try await connection.answer(to: "POST", interim: true).status == 100)
            try await connection.send(body)
            #expect(try await connection.answer(to: "POST").status == 202)

            let tooLarge = try await api.connect()
            try await tooLarge.send(Self.head(api, [("Expect", "100-continue")], length: 1_000_000_000))
            #expect(try await tooLarge.answer(to: "POST", interim: true).status == 413)
        }
    }

    @Test func aBodyInSingleBytesIsRead() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            try await connection.send(Self.head(api, [("Transfer-Encoding", "chunked")], length: nil))
            let chunks = TestAPI.video.canonicalText.utf8.flatMap { Array("1\r\n".utf8) + [$0] + Array("\r\n".utf8) }
            try await connection.send(chunks + Array("0\r\n\r\n".utf8))
            #expect(try await connection.answer(to: "POST").status == 202)
        }
    }

    @Test func aBodyThatEndsEarlyIsRefused() async throws {
        try await TestAPI.run { api in
            let body = Array(TestAPI.video.canonicalText.utf8)
            let connection = try await api.connect()
            try await connection.send(Self.head(api, [], length: body.count + 10) + body)
            connection.finishSending()
            let answer = try await connection.answer(to: "POST")
            #expect(answer.status == 400)
            try await api.expectNothingWritten()
        }
    }

    @Test(arguments: [
        "text/plain", "application/json-patch+json", "application/json; charset=latin1", "multipart/form-data", "",
    ])
    func anotherTypeIsRefused(_ type: String) async throws {
        try await TestAPI.run { api in
            let body = Array(TestAPI.video.canonicalText.utf8)
            let answer = try await api.request("POST", "/api/v1/jobs", headers: [("Content-Type", type)], body: body)
            #expect(answer.status == 415)
            try await api.expectNothingWritten()
        }
    }

    @Test(arguments: ["application/json", "Application/JSON; charset=UTF-8", "application/json; charset=\"utf-8\""])
    func theTypeMayBeWrittenInAnyWay(_ type: String) async throws {
        try await TestAPI.run { api in
            let body = Array(TestAPI.video.canonicalText.utf8)
            let answer = try await api.request("POST", "/api/v1/jobs", headers: [("Content-Type", type)], body: body)
            #expect(answer.status == 202)
        }
    }

    @Test func aCompressedBodyIsRefused() async throws {
        try await TestAPI.run { api in
            let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
            let answer = try await api.request("POST", "/api/v1/jobs", headers: headers, body: [0x1F, 0x8B])
            #expect(answer.status == 415)
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("GARBAGE\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n", 400),
        ("GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n\((0..<10_000).map { "X-\($0): y\r\n" }.joined())\r\n", 431),
    ])
    func whatIsNoHTTPIsAnsweredInTheOneForm(_ text: String, _ status: Int) async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            try await connection.send(text)
            let answer = try await connection.answer(to: "GET")
            #expect(answer.status == status)
            #expect(answer.json["error"]?["code"] == .integer(Int64(status)))
            #expect(answer[header: "x-request-id"]?.isEmpty == false)
            #expect(answer[header: "content-type"] == "application/json")
            #expect(try await connection.isClosedByServer())
            #expect(try await api.get("/healthz").status == 200)
        }
    }

    @Test func brokenChunksAreRefused() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            try await connection.send(Self.head(api, [("Transfer-Encoding", "chunked")], length: nil))
            try await connection.send("zz\r\n")
            let answer = try await connection.answer(to: "POST")
            #expect(answer.status == 400)
            #expect(answer.errorReason == "malformed_http")
            #expect(answer[header: "x-request-id"] != nil)
            #expect(try await connection.isClosedByServer())
        }
    }

    @Test func whatFollowsAGoodRequestMayBeBroken() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            try await connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGARBAGE\r\n\r\n")
            #expect(try await connection.answer(to: "GET").status == 200)
        }
    }

    @Test func requestsInARowAreAnsweredInOrder() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            let id = try await api.submitted()
            let one = RawConnection.head("GET", "/api/v1/jobs/\(id)", headers: [api.authorization], length: nil)
            let two = RawConnection.head("GET", "/nowhere", headers: [], length: nil)
            async let sent = connection.send(Array(repeating: one + two, count: 200).flatMap(\.self))
            for _ in 0..<200 {
                #expect(try await connection.answer(to: "GET").status == 200)
                #expect(try await connection.answer(to: "GET").status == 404)
            }
            _ = try await sent
        }
    }

    @Test func aClientThatSendsNoMoreIsStillAnswered() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            try await connection.send(RawConnection.head("GET", "/readyz", headers: [], length: nil))
            connection.finishSending()
            #expect(try await connection.answer(to: "GET").status == 200)
            #expect(try await connection.isClosedByServer())
        }
    }

    @Test func aClientThatWantsToCloseIsFollowed() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            let answer = try await connection.request("GET", "/healthz", headers: [("Connection", "close")])
            #expect(answer[header: "connection"] == "close")
            #expect(try await connection.isClosedByServer())
        }
    }

    @Test func aConnectionThatBringsNothingIsClosed() async throws {
        try await TestAPI.run {
            $0.idleSeconds = 1
        } _: { api in
            let silent = try await api.connect()
            let dripping = try await api.connect()
            let stuck = try await api.connect()
            try await dripping.send("GET /healthz HT")
            try await stuck.send(Self.head(api, [], length: 100) + [0x7B])
            #expect(try await silent.isClosedByServer())
            #expect(try await dripping.isClosedByServer())
            #expect(try await stuck.isClosedByServer())
            try await api.expectNothingWritten()
        }
    }

    @Test(arguments: ["/nowhere", "/api/v1/job", "/api/v1/jobs/x/y/z", "//", "/api/v1/jobs/../..", "/%00"])
    func anotherPathIsNotThere(_ path: String) async throws {
        try await TestAPI.run { api in
            let answer = try await api.get(path)
            #expect(answer.status == 404)
            #expect(answer.errorReason == "unknown_route")
            #expect(answer[header: "x-request-id"] != nil)
        }
    }

    @Test func anotherMethodIsRefused() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let cases: [(String, String, String)] = [
                ("PUT", "/api/v1/jobs", "GET, HEAD, POST"), ("PATCH", "/api/v1/jobs/\(id)", "GET, HEAD"),
                ("GET", "/api/v1/jobs/\(id)/cancel", "POST"), ("POST", "/api/v1/jobs/\(id)/events", "GET, HEAD"),
                ("POST", "/healthz", "GET, HEAD"),
            ]
            for (method, path, allowed) in cases {
                let answer = try await api.request(method, path)
                #expect(answer.status == 405)
                let given = answer[header: "allow"]?.split(separator: ", ").sorted().joined(separator: ", ")
                #expect(given == allowed)
            }
            #expect(try await api.request("PROPFIND", "/healthz").status == 405)
            #expect(try await api.store.job(id)?.state.name == .queued)
        }
    }
}
