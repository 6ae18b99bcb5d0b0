import CurlTransport
import Foundation
import HTTPTransport
import Testing

@Suite("What is sent is what was asked for, and nothing more")
struct RoundTripTests {
    @Test func theLibraryTellsItsVersion() { #expect(CurlTransport.libraryVersion.contains("libcurl/")) }

    @Test(
        "every method goes through with its body",
        arguments: [HTTPRequest.Method.get, .post, .put, .delete],
        [0, 5, 3_000_000]
    )
    func methods(_ method: HTTPRequest.Method, _ size: Int) async throws {
        let peer = try Peer {
            ok("\($0.method) \($0.body.count)", "X-Echo: a, b", "X-Echo: \($0[header: "X-Own"] ?? "")")
        }
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let answer = try await withTransport {
            try await $0.whole(HTTPRequest(method, peer.url("/a/../b?c=%2F"), headers: [("X-Own", "1")], body: body))
        }
        #expect(answer.status == 200)
        #expect(answer.text == "\(method.rawValue) \(size)")
        #expect(answer.headers.filter { $0.name == "X-Echo" }.map(\.value) == ["a, b", "1"])
        let request = try #require(peer.requests.first)
        #expect(request.target == "/a/../b?c=%2F")
        #expect(request.body == body)
    }

    @Test func libcurlAddsNothingOfItsOwn() async throws {
        let peer = try Peer { _ in ok("", "Set-Cookie: a=b; Path=/") }
        try await withTransport { transport async throws in
            for method in [HTTPRequest.Method.get, .post] {
                _ = try await transport.whole(HTTPRequest(method, peer.url(), body: method == .get ? [] : [1]))
            }
            _ = try await transport.whole(
                HTTPRequest(
                    .post,
                    peer.url(),
                    headers: [("user-agent", "mine"), ("X-Empty", ""), ("Content-Length", "7"), ("expect", "x")],
                    body: [1]
                )
            )
        }
        let names = peer.requests.map { $0.headers.map { $0.name.lowercased() }.sorted() }
        #expect(names[0] == ["accept", "host", "user-agent"])
        #expect(names[1] == ["accept", "content-length", "host", "user-agent"])
        #expect(names[2] == ["accept", "content-length", "host", "user-agent", "x-empty"])
        #expect(peer.requests[0][header: "User-Agent"] == "mediary")
        #expect(peer.requests[2][header: "User-Agent"] == "mine")
    }

    @Test func aProxyOfTheEnvironmentIsNotAsked() async throws {
        setenv("http_proxy", "http://127.0.0.1:1", 1)
        setenv("ALL_PROXY", "http://127.0.0.1:1", 1)
        defer {
            unsetenv("http_proxy")
            unsetenv("ALL_PROXY")
        }
        let peer = try Peer { _ in ok("direct") }
        #expect(try await withTransport { try await $0.whole(HTTPRequest(.get, peer.url())) }.text == "direct")
    }

    @Test func aConnectionIsUsedAgain() async throws {
        let peer = try Peer { ok($0.target) }
        try await withTransport { transport async throws in
            for number in 0..<20 {
                #expect(try await transport.whole(HTTPRequest(.get, peer.url("/\(number)"))).text == "/\(number)")
                #expect(try await transport.whole(HTTPRequest(.post, peer.url("/\(number)"))).text == "/\(number)")
            }
        }
        #expect(peer.connections == 1)
        #expect(peer.requests.count == 40)
    }

    @Test func twoHundredGoOnAtOnce() async throws {
        let peer = try Peer { request in
            Thread.sleep(forTimeInterval: 0.2)
            return ok(request.target + String(repeating: ".", count: 10_000))
        }
        try await withTransport { transport async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let answer = try await transport.whole(HTTPRequest(.get, peer.url("/\(number)")))
                        #expect(answer.text == "/\(number)" + String(repeating: ".", count: 10_000))
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(peer.requests.count == 200)
    }

    @Test("what is packed stays packed", arguments: ["Content-Encoding: gzip", "Transfer-Encoding: gzip, chunked"])
    func packed(_ header: String) async throws {
        // 100 kB of zeros.
        let start = "H4sIAAAAAAAC/+3BMQEAAADCoPVPbQ0PoAAA"
        let end = "AIBXA32VEdSghgEA"
        let bomb = try #require(Data(base64Encoded: start + String(repeating: "A", count: 124) + end))
        let isChunked = header.hasSuffix("chunked")
        let peer = try Peer { connection in
            guard connection.request() != nil else { return }
            let framing = isChunked ? "" : "Content-Length: \(bomb.count)\r\n"
            connection.send("HTTP/1.1 200 OK\r\n\(header)\r\n\(framing)\r\n")
            if isChunked { connection.send(String(bomb.count, radix: 16) + "\r\n") }
            connection.send(Array(bomb))
            if isChunked { connection.send("\r\n0\r\n\r\n") }
        }
        let answer = try await withTransport { try await $0.whole(HTTPRequest(.get, peer.url())) }
        #expect(answer.body == Array(bomb))
    }

    @Test func interimAnswersAndTrailersAreSkipped() async throws {
        let peer = try Peer { _ in
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n"
                + "X-Folded: a\r\n b\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
                + "3\r\nabc\r\n0\r\nX-Late: yes\r\n\r\n"
        }
        let answer = try await withTransport { try await $0.whole(HTTPRequest(.get, peer.url())) }
        #expect(answer.status == 201)
        #expect(answer.headers.map(\.name) == ["X-Folded", "Transfer-Encoding", "Trailer"])
        #expect(answer.headers.first?.value == "a b")
        #expect(answer.text == "abc")
    }

    @Test func theDeclaredLengthIsTold() async throws {
        let peer = try Peer { request in
            switch request.target {
            case "/none": "HTTP/1.1 204 No Content\r\n\r\n"
            case "/chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            case _: ok("12345")
            }
        }
        try await withTransport { transport async throws in
            for (path, length) in [("/none", nil), ("/chunked", nil), ("/five", 5)] as [(String, Int64?)] {
                let response = try await transport.exchange(
                    HTTPRequest(.get, peer.url(path)),
                    options: ExchangeOptions()
                )
                #expect(response.contentLength == length)
                _ = try await response.body.collect(bytesMax: 100)
            }
        }
    }

    @Test func aShutDownTransportEndsWhatIsUnderWay() async throws {
        let peer = try Peer { connection in
            _ = connection.request()
            connection.waitForClose()
        }
        let transport = CurlTransport(bootSeconds: bootSeconds)
        async let outcome = transport.failure(HTTPRequest(.post, peer.url()))
        #expect(await eventually { peer.requests.count == 1 })
        await transport.shutdown()
        let failure = await outcome
        #expect(failure?.kind == .cancelled)
        #expect(failure?.requestReachedPeer == .unknown)
        let later = await transport.failure(HTTPRequest(.post, peer.url()))
        #expect(later?.kind == .noConnection)
        #expect(later?.requestReachedPeer == Reached.no)
        await transport.shutdown()
        #expect(peer.connections == 1)
    }

    @Test func aTransportThatNobodyHoldsEndsItsThread() async throws {
        let peer = try Peer { _ in ok("kept") }
        do {
            let transport = CurlTransport(bootSeconds: bootSeconds)
            _ = try await transport.whole(HTTPRequest(.get, peer.url()))
            #expect(peer.closedByClient == 0)
        }
        // The thread closes the connections that it kept.
        #expect(await eventually { peer.closedByClient == 1 })
    }
}
