import CurlTransport
import Foundation
import HTTPTransport
import Testing

@Suite("A hostile peer costs bounded time and memory")
struct LimitTests {
    /// A peer that reads a request and then does as it likes.
    private static func peer(_ answer: @escaping @Sendable (PeerConnection) -> Void) throws -> Peer {
        try Peer { connection in
            guard connection.request() != nil else { return }
            answer(connection)
        }
    }

    private static func failure(_ peer: Peer, _ options: ExchangeOptions) async throws -> TransportFailure? {
        try await withTransport { await $0.failure(HTTPRequest(.get, peer.url()), options) }
    }

    @Test("a body that ends early is not whole", arguments: ["Content-Length: 1000", "Transfer-Encoding: chunked"])
    func truncated(_ header: String) async throws {
        let peer = try Self.peer { $0.send("HTTP/1.1 200 OK\r\n\(header)\r\n\r\n64\r\nabc") }
        let failure = try await Self.failure(peer, options { _ in })
        #expect(failure?.kind == .connectionLost)
        #expect(failure?.requestReachedPeer == .yes)
    }

    @Test func whatIsBehindTheDeclaredEndIsNotRead() async throws {
        let peer = try Self.peer { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n\r\n") }
        let answer = try await withTransport { try await $0.whole(HTTPRequest(.get, peer.url())) }
        #expect(answer.text == "abc")
    }

    @Test("a body without an end is left", arguments: [true, false])
    func endless(isChunked: Bool) async throws {
        let peer = try Self.peer { connection in
            connection.send("HTTP/1.1 200 OK\r\n\(isChunked ? "Transfer-Encoding: chunked\r\n" : "")\r\n")
            let piece = isChunked ? "1000\r\n" + String(repeating: "a", count: 4_096) + "\r\n" : "endless"
            while connection.send(piece) {}
        }
        let failure = try await Self.failure(peer, options { $0.bodyBytesMax = 1_000_000 })
        #expect(failure?.kind == .tooLarge)
        #expect(failure?.requestReachedPeer == .yes)
        #expect(await eventually { peer.closedByClient > 0 })
    }

    @Test func tenGigabytesAreRefusedAtTheirDeclaration() async throws {
        let peer = try Self.peer { connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")
            connection.waitForClose()
        }
        try await withTransport { transport async throws in
            let limited = options { $0.bodyBytesMax = 1_000_000 }
            let refused = try await transport.exchange(HTTPRequest(.get, peer.url()), options: limited)
            #expect(refused.status == 200)
            let refusal = await #expect(throws: TransportFailure.self) { _ = try await refused.body.next() }
            #expect(refusal?.kind == .tooLarge)
            #expect(refusal?.requestReachedPeer == .yes)
            #expect(await eventually { peer.closedByClient == 1 })
            // Without a limit it is the reader's to decide.
            let response = try await transport.exchange(HTTPRequest(.get, peer.url()), options: ExchangeOptions())
            #expect(response.contentLength == 10_737_418_240)
        }
    }

    @Test(
        "a declared length must be one",
        arguments: [
            "Content-Length: -1", "Content-Length: 5x", "Content-Length: 99999999999999999999999",
            "Content-Length: 5\r\nContent-Length: 6",
        ]
    )
    func strangeLength(_ header: String) async throws {
        let peer = try Self.peer { $0.send("HTTP/1.1 200 OK\r\n\(header)\r\n\r\nhello") }
        let failure = try await Self.failure(peer, options { _ in })
        #expect(failure?.requestReachedPeer == .yes)
    }

    @Test("a head without an end is left", arguments: ["fields", "line", "interim", "trailers", "status"])
    func longHead(_ manner: String) async throws {
        let peer = try Self.peer { connection in
            switch manner {
            case "fields":
                connection.send("HTTP/1.1 200 OK\r\n")
                while connection.send("X: y\r\n") {}
            case "line":
                connection.send("HTTP/1.1 200 OK\r\nX: ")
                while connection.send("yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy") {}
            case "interim":
                while connection.send("HTTP/1.1 102 Processing\r\n\r\n") {}
            case "trailers":
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
                while connection.send("X: y\r\n") {}
            case _: while connection.send("HTTP/1.1 200 OKOKOKOKOKOKOKOKOKOKOKOKOKOKOK") {}
            }
        }
        let failure = try await Self.failure(peer, options { _ in })
        #expect(failure?.kind == .tooLarge)
        #expect(failure?.requestReachedPeer == (manner == "status" ? .unknown : .yes))
    }

    @Test("a peer that goes silent is left", arguments: ["before the answer", "in the head", "in the body"])
    func silent(_ place: String) async throws {
        for isTotal in [true, false] {
            let peer = try Self.peer { connection in
                if place != "before the answer" { connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n") }
                if place == "in the body" { connection.send("\r\nabc") }
                connection.waitForClose()
            }
            var options = ExchangeOptions(totalTimeoutSeconds: isTotal ? 1 : 60)
            options.idleTimeoutSeconds = isTotal ? 60 : 1
            let start = bootSeconds()
            let failure = try await Self.failure(peer, options)
            #expect(failure?.kind == .timedOut)
            #expect(failure?.requestReachedPeer == (place == "before the answer" ? .unknown : .yes))
            #expect(bootSeconds() - start < 30)
        }
    }

    @Test func aSlowPeerIsNotAnIdleOneButEndsInTime() async throws {
        let peer = try Self.peer { connection in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            while connection.send("drip") { Thread.sleep(forTimeInterval: 0.1) }
        }
        var options = ExchangeOptions(totalTimeoutSeconds: 3)
        options.idleTimeoutSeconds = 2
        let failure = try await Self.failure(peer, options)
        #expect(failure?.kind == .timedOut)
        #expect(failure?.detail.contains("not done within 3 s") == true)
    }

    @Test func oneSilentPeerHoldsNobodyUp() async throws {
        let silent = try Self.peer { $0.waitForClose() }
        let quick = try Peer { _ in ok("quick") }
        try await withTransport { transport async throws in
            async let waiting = transport.failure(
                HTTPRequest(.get, silent.url()),
                ExchangeOptions(totalTimeoutSeconds: 3)
            )
            for _ in 0..<100 {
                #expect(try await transport.whole(HTTPRequest(.get, quick.url())).text == "quick")
            }
            #expect(await waiting?.kind == .timedOut)
        }
    }
}
