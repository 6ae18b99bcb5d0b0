import CurlTransport
import Foundation
import HTTPTransport
import Synchronization
import Testing

@Suite("A paid request is sent once, and it is known whether it can have arrived")
struct SubmitTests {
    /// Answers until it is asked for `/lost`: that request it reads whole, and closes without a byte.
    private static func forgetfulPeer() throws -> Peer {
        try Peer { connection in
            while let request = connection.request(), request.target != "/lost" { connection.send(ok("fine")) }
        }
    }

    private static let submit = ExchangeOptions(isSubmit: true, totalTimeoutSeconds: 60)
    private static let body = Array("pay once".utf8)

    private static func warm(_ transport: CurlTransport, _ peer: Peer) async throws {
        for method in [HTTPRequest.Method.get, .post] {
            #expect(try await transport.whole(HTTPRequest(method, peer.url("/warm"))).text == "fine")
        }
        #expect(peer.connections == 1)
    }

    @Test("a lost answer is one send", arguments: [true, false], [[], body])
    func once(isWarm: Bool, body: [UInt8]) async throws {
        let peer = try Self.forgetfulPeer()
        try await withTransport { transport async throws in
            if isWarm { try await Self.warm(transport, peer) }
            let failure = await transport.failure(HTTPRequest(.post, peer.url("/lost"), body: body), Self.submit)
            #expect(failure?.kind == .connectionLost)
            #expect(failure?.requestReachedPeer == .unknown)
            try await Task.sleep(for: .milliseconds(300))
            let lost = peer.requests.filter { $0.target == "/lost" }
            #expect(lost.map(\.body) == [body])
            // On a connection of its own.
            #expect(lost.map(\.connection) == [isWarm ? 2 : 1])
            #expect(peer.connections == (isWarm ? 2 : 1))
        }
    }

    /// That libcurl repeats what it sent on a kept connection is what the tests around this one guard against: here it
    /// still does, where it may.
    @Test func aGETOnAKeptConnectionIsRepeated() async throws {
        let peer = try Self.forgetfulPeer()
        try await withTransport { transport async throws in
            try await Self.warm(transport, peer)
            let failure = await transport.failure(HTTPRequest(.get, peer.url("/lost")))
            #expect(failure?.requestReachedPeer == .unknown)
            #expect(peer.requests.filter { $0.target == "/lost" }.count == 2)
        }
    }

    @Test("nothing else is, with a body or without", arguments: [HTTPRequest.Method.post, .put, .delete], [[], body])
    func notRepeated(_ method: HTTPRequest.Method, _ body: [UInt8]) async throws {
        let peer = try Self.forgetfulPeer()
        try await withTransport { transport async throws in
            try await Self.warm(transport, peer)
            let failure = await transport.failure(HTTPRequest(method, peer.url("/lost"), body: body))
            #expect(failure?.kind == .connectionLost)
            #expect(failure?.requestReachedPeer == .unknown)
            #expect(peer.requests.filter { $0.target == "/lost" }.count == 1)
        }
    }

    @Test func aConnectionOfASubmitIsNotUsedAgain() async throws {
        let peer = try Self.forgetfulPeer()
        try await withTransport { transport async throws in
            for _ in 0..<3 {
                #expect(try await transport.whole(HTTPRequest(.post, peer.url(), body: [1]), Self.submit).status == 200)
            }
            #expect(peer.connections == 3)
            #expect(try await transport.whole(HTTPRequest(.get, peer.url())).status == 200)
            #expect(peer.connections == 4)
        }
    }

    @Test func aSendWhoseWindowHasPassedIsNotSent() async throws {
        let peer = try Self.forgetfulPeer()
        try await withTransport { transport async throws in
            let asked = Mutex(0)
            let late = ExchangeOptions(isSubmit: true) {
                asked.withLock { $0 += 1 }
                return false
            }
            let failure = await transport.failure(HTTPRequest(.post, peer.url(), body: Self.body), late)
            #expect(failure?.kind == .sendWindowPassed)
            #expect(failure?.requestReachedPeer == Reached.no)
            // It was asked when the connection stood.
            #expect(asked.withLock { $0 } == 1)
            #expect(await eventually { peer.connections == 1 && peer.closedByClient == 1 })
            #expect(peer.requests.isEmpty)
        }
    }

    @Test("a redirect of a submit is given back", arguments: [301, 307, 308])
    func notRedirected(_ status: Int) async throws {
        let peer = try Peer { _ in "HTTP/1.1 \(status) Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n" }
        try await withTransport { transport async throws in
            var options = Self.submit
            options.redirectsMax = 3
            #expect(try await transport.whole(HTTPRequest(.post, peer.url(), body: [1]), options).status == status)
            #expect(try await transport.whole(HTTPRequest(.get, peer.url()), options).status == status)
            #expect(peer.requests.count == 2)
        }
    }

    // MARK: Whether it can have arrived

    @Test func withoutAConnectionItHasNot() async throws {
        let peer = try Self.forgetfulPeer()
        peer.stop()
        try await Task.sleep(for: .milliseconds(200))
        var settings = CurlTransport.Settings()
        settings.addresses = ["nowhere.test:\(peer.port):127.0.0.1"]
        try await withTransport(settings) { transport async throws in
            for url in [peer.url(), "http://nowhere.test:\(peer.port)/", "http://no-such-name.invalid/"] {
                let failure = await transport.failure(HTTPRequest(.post, url, body: Self.body), Self.submit)
                #expect(failure?.kind == .noConnection, "\(url)")
                #expect(failure?.requestReachedPeer == Reached.no, "\(url)")
            }
        }
    }

    @Test func aRequestOfNoValidFormHasNot() async throws {
        let peer = try Peer { _ in ok("") }
        let requests = [
            HTTPRequest(.post, "file:///etc/passwd"), HTTPRequest(.post, "gopher://127.0.0.1:\(peer.port)/_x"),
            HTTPRequest(.post, "127.0.0.1:\(peer.port)\r\nX: y"), HTTPRequest(.post, peer.url("/a b")),
            HTTPRequest(.post, ""),
            HTTPRequest(.post, peer.url(), headers: [("X-Own", "a\r\nX-Other: b")]),
            HTTPRequest(.post, peer.url(), headers: [("X Own", "a")]),
            HTTPRequest(.post, peer.url(), headers: [("X-Own", "a\0b")]),
        ]
        try await withTransport { transport async throws in
            for request in requests {
                let failure = await transport.failure(request, Self.submit)
                #expect(failure?.kind == .forbidden, "\(request.url)")
                #expect(failure?.requestReachedPeer == Reached.no, "\(request.url)")
            }
        }
        #expect(peer.connections == 0)
    }

    @Test("with a connection and no answer nobody can say", arguments: ["close", "reset", "silent", "nonsense"])
    func unknown(_ manner: String) async throws {
        let peer = try Peer { connection in
            guard connection.request() != nil else { return }
            switch manner {
            case "reset": connection.reset()
            case "silent": connection.waitForClose()
            case "nonsense": connection.send("SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n")
            case _: break
            }
        }
        try await withTransport { transport async throws in
            let options = ExchangeOptions(isSubmit: true, totalTimeoutSeconds: manner == "silent" ? 1 : 60)
            let failure = await transport.failure(HTTPRequest(.post, peer.url(), body: Self.body), options)
            #expect(failure?.kind == (manner == "silent" ? .timedOut : .connectionLost))
            #expect(failure?.requestReachedPeer == .unknown)
        }
    }

    @Test func withAStatusLineItHas() async throws {
        let peer = try Peer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\nContent-")
        }
        try await withTransport { transport async throws in
            let failure = await transport.failure(HTTPRequest(.post, peer.url(), body: Self.body), Self.submit)
            #expect(failure?.kind == .connectionLost)
            #expect(failure?.requestReachedPeer == .yes)
        }
    }

    @Test func aCallerThatIsCancelledLearnsIt() async throws {
        let peer = try Peer { connection in
            _ = connection.request()
            connection.waitForClose()
        }
        try await withTransport { transport async throws in
            for isBefore in [true, false] {
                let sent = peer.requests.count
                let failure = await withTaskGroup(of: TransportFailure?.self) { group in
                    if isBefore { group.cancelAll() }
                    group.addTask { await transport.failure(HTTPRequest(.post, peer.url(), body: [1]), Self.submit) }
                    if !isBefore { _ = await eventually { peer.requests.count > sent } }
                    group.cancelAll()
                    return await group.next() ?? nil
                }
                #expect(failure?.kind == .cancelled)
                #expect(failure?.requestReachedPeer == (isBefore ? Reached.no : .unknown))
                #expect(peer.requests.count == (isBefore ? 0 : 1))
            }
            #expect(await eventually { peer.closedByClient == 1 })
        }
    }
}
