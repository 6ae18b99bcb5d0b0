import CurlTransport
import HTTPTransport
import Testing

@Suite("A redirect goes no further than the first request might")
struct RedirectTests {
    private static func redirect(_ location: String, status: Int = 302) -> String {
        "HTTP/1.1 \(status) Elsewhere\r\nLocation: \(location)\r\nContent-Length: 4\r\n\r\naway"
    }

    private static let following = options { $0.redirectsMax = 3 }

    @Test("it is followed to the same origin", arguments: [301, 302, 303, 307, 308])
    func followed(_ status: Int) async throws {
        let peer = try Peer { request in
            switch request.target {
            case "/a/b?c": Self.redirect("../d%20e?f#g", status: status)
            case "/d%20e?f": Self.redirect("/h i", status: status)
            case _: ok(request.target)
            }
        }
        let headers = [("Authorization", "Bearer secret"), ("Accept", "image/png")]
        try await withTransport { transport async throws in
            let request = HTTPRequest(.get, peer.url("/a/b?c"), headers: headers)
            #expect(try await transport.whole(request, Self.following).text == "/h%20i")
            // Unless it was not asked for.
            let answer = try await transport.whole(request)
            #expect(answer.status == status)
            #expect(answer.text == "away")
        }
        #expect(peer.requests.count == 4)
        #expect(peer.requests.allSatisfy { $0[header: "Authorization"] == "Bearer secret" })
    }

    @Test func anotherOriginSeesNoCredentials() async throws {
        let other = try Peer { ok($0.target) }
        let back = try Peer { request in
            request.target == "/end" ? ok("end") : Self.redirect("http://127.0.0.1:\(other.port)/x")
        }
        let headers = [
            ("Authorization", "Bearer secret"), ("Cookie", "a=b"), ("X-Api-Key", "secret"), ("X-Goog-Api-Key", "s"),
            ("Accept", "image/png"), ("Range", "bytes=0-"), ("Host", "somewhere.test"), ("Referer", "secret"),
        ]
        try await withTransport { transport async throws in
            let answer = try await transport.whole(HTTPRequest(.get, back.url(), headers: headers), Self.following)
            #expect(answer.text == "/x")
        }
        #expect(back.requests.first?[header: "X-Api-Key"] == "secret")
        let names = try #require(other.requests.first).headers.map { $0.name.lowercased() }.sorted()
        #expect(names == ["accept", "host", "range", "user-agent"])
        #expect(other.requests.first?[header: "Host"] == "127.0.0.1:\(other.port)")
    }

    @Test func credentialsAreNotGivenBackOnTheWayHome() async throws {
        let home = try Peer { request in
            guard request.target != "/home" else { return ok("home") }
            return Self.redirect("http://127.0.0.1:\(request.target.dropFirst())/")
        }
        let other = try Peer { [port = home.port] _ in Self.redirect("http://127.0.0.1:\(port)/home") }
        try await withTransport { transport async throws in
            let request = HTTPRequest(.get, home.url("/\(other.port)"), headers: [("Authorization", "Bearer secret")])
            #expect(try await transport.whole(request, Self.following).text == "home")
        }
        #expect(home.requests.map { $0[header: "Authorization"] } == ["Bearer secret", nil])
    }

    @Test func aCircleIsLeft() async throws {
        let peer = try Peer { _ in Self.redirect("/again") }
        let failure = try await withTransport { await $0.failure(HTTPRequest(.get, peer.url()), Self.following) }
        #expect(failure?.kind == .forbidden)
        #expect(failure?.requestReachedPeer == .yes)
        #expect(peer.requests.count == 4)
    }

    @Test("what is no GET is not redirected", arguments: [HTTPRequest.Method.post, .put, .delete])
    func onlyGET(_ method: HTTPRequest.Method) async throws {
        let peer = try Peer { _ in Self.redirect("/other", status: 307) }
        let answer = try await withTransport { try await $0.whole(HTTPRequest(method, peer.url()), Self.following) }
        #expect(answer.status == 307)
        #expect(peer.requests.count == 1)
    }

    @Test(
        "only what is a plain URL of http is followed",
        arguments: [
            "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "dict://127.0.0.1:11211/stats",
            "ftp://127.0.0.1/", "data:text/plain,x", "javascript:1", "http://user:word@127.0.0.1/",
            "http://127.0.0.1:99999/", "http://[::1", "",
        ]
    )
    func strange(_ location: String) async throws {
        let peer = try Peer { _ in Self.redirect(location) }
        // Whatever the reach.
        let failure = try await withTransport { transport async throws in
            await transport.failure(HTTPRequest(.get, peer.url()), Self.following)
        }
        #expect(failure?.kind == .forbidden)
        #expect(peer.requests.count <= (location.isEmpty ? 4 : 1))
    }

    @Test func aRedirectIsGuardedAsTheFirstRequestWas() async throws {
        let inside = try Peer { _ in ok("secret") }
        let named = try #require(NetworkRange("127.0.0.2"))
        let peer = try Peer { _ in Self.redirect("http://rebound.test:\(inside.port)/") }
        var settings = CurlTransport.Settings()
        settings.addresses = ["rebound.test:\(inside.port):127.0.0.1", "outside.test:\(peer.port):127.0.0.1"]
        try await withTransport(settings) { transport async throws in
            // The operator's own address may be anywhere, but what it redirects to may not.
            var options = Self.following
            options.reachOfOtherOrigins = .publicInternet(and: [named])
            let failure = await transport.failure(HTTPRequest(.get, peer.url()), options)
            #expect(failure?.kind == .forbidden)
            #expect(failure?.requestReachedPeer == .yes)
            #expect(inside.connections == 0)
            // Where it may, it may.
            options.reachOfOtherOrigins = nil
            #expect(try await transport.whole(HTTPRequest(.get, peer.url()), options).text == "secret")
        }
    }

    @Test(
        "no spelling of an address inside is followed",
        arguments: [
            "http://127.0.0.2/", "http://[::1]/", "http://[::ffff:127.0.0.2]/",
            "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://2130706434/", "http://0177.0.0.2/",
        ]
    )
    func inside(_ location: String) async throws {
        let peer = try Peer { _ in Self.redirect(location) }
        var options = Self.following
        options.reach = .publicInternet(and: [try #require(NetworkRange("127.0.0.1"))])
        let failure = try await withTransport { await $0.failure(HTTPRequest(.get, peer.url()), options) }
        #expect(failure?.kind == .forbidden)
        #expect(failure?.requestReachedPeer == .yes)
        #expect(peer.requests.count == 1)
    }
}
