import ConformanceKit
import Generation
import HTTPTransport
import JobCore
import JobEngine
import Ledger
import Synchronization
import Testing

@Suite("References by URL at the door: form and address, and no socket")
struct ReferenceAdmissionTests {
    /// What looks names up in these tests.
    private final class Names: Sendable {
        private let asked = Mutex<[String]>([])
        let answers: [String: NameAnswer]
        let clock: TestClock

        init(_ answers: [String: NameAnswer], clock: TestClock) {
            self.answers = answers
            self.clock = clock
        }

        var all: [String] { asked.withLock { $0.sorted() } }

        /// `slow-3.example` takes three seconds, and is public then.
        func resolve(_ name: String) async -> NameAnswer {
            asked.withLock { $0.append(name) }
            if name.hasPrefix("slow-"), let seconds = Double(name.dropFirst(5).prefix { $0.isNumber }) {
                guard (try? await clock.sleep(seconds)) != nil else { return .noAnswer }
                return .addresses([IPAddress("8.8.8.8")].compactMap(\.self))
            }
            return answers[name] ?? .addresses([IPAddress("8.8.8.8")].compactMap(\.self))
        }
    }

    private static func addresses(_ texts: String...) -> NameAnswer {
        .addresses(texts.compactMap { IPAddress($0) })
    }

    /// Posts references, expects a refusal, and that nothing at all was written or asked for.
    private func refused(
        _ urls: [String],
        names: [String: NameAnswer] = [:],
        allowing networks: [String] = []
    ) async throws -> RequestProblem? {
        let box = Box()
        try await EngineHarness.run { harness in
            let before = try await harness.store.audit()
            let node = try node(harness, Names(names, clock: harness.clock), networks)
            do {
                _ = try await node.submit(image(urls))
                Issue.record("accepted: \(urls)")
            } catch let problem as RequestProblem {
                box.problem = problem
            }
            #expect(try await harness.store.audit() == before)
            #expect(try await harness.store.balance(of: harness.key.workspace).held == .zero)
            #expect(harness.files.keys == [] && harness.files.leftovers == [])
            #expect(harness.web.asked == [])
        }
        return box.problem
    }

    private func node(_ harness: EngineHarness, _ names: Names, _ networks: [String] = []) throws -> Node {
        var source = ReferenceSource()
        source.allowedNetworks = networks.compactMap { NetworkRange($0) }
        source.resolve = { await names.resolve($0) }
        return try harness.node(references: source)
    }

    private func image(_ urls: [String]) -> GenerationRequest {
        var image = ImageRequest(prompt: "like this")
        image.inputReferences = urls.map { .url($0) }
        return GenerationRequest(model: "fake/image", content: .image(image))
    }

    // MARK: Forms

    /// Spellings of this machine, of a cloud's inside and of other places that are nobody's to reach.
    static let hosts = [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
        "127.0.0.1.",
        "0", "0.0.0.0", "localhost", "LOCALHOST.", "a.localhost", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]",
        "[2002:7f00:1::]", "[2001::1]", "[::1%25lo]", "①②⑦.⓪.⓪.①", "127。0。0。1", "user@127.0.0.1",
        "example.com@127.0.0.1", "user:pass@example.com", "127.0.0.1#@example.com", "127.0.0.1%00.example.com",
        "127.0.0.1\\@example.com", " 127.0.0.1", "127.255.255.254", "%31%32%37.0.0.1", "127.0.0.1%2f",
        "1.1.1.1 &@127.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16", "100.64.0.1",
        "192.0.0.1", "198.18.0.1", "240.0.0.1", "255.255.255.255", "224.0.0.1", "[fe80::1]", "[fc00::1]", "[ff02::1]",
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "0300.0250.1.1", "metadata.cloud.internal", "inside.example",
        "mixed.example", "six.example", "mapped.example", "example.com:0", "example.com:65536", "example.com:x", "",
        "exa mple.com", "ex%61mple.com", "[::1", "::1",
    ]

    static let names: [String: NameAnswer] = [
        "metadata.cloud.internal": addresses("169.254.169.254"), "inside.example": addresses("10.0.0.1"),
        "mixed.example": addresses("8.8.8.8", "2606:4700::1111", "127.0.0.1"), "six.example": addresses("fd00::1"),
        "mapped.example": addresses("::ffff:127.0.0.1"),
    ]

    @Test("no spelling of a place inside is taken", arguments: hosts)
    func hostile(host: String) async throws {
        for scheme in ["http", "https"] {
            let problem = try await refused(["\(scheme)://\(host)/a.png?token=secret"], names: Self.names)
            #expect(problem?.field == "input_references[0].image_url.url", "\(host)")
            #expect(problem?.kind == .invalidValue)
            #expect(problem?.message.contains("secret") == false)
        }
    }

    @Test(
        "no other scheme is taken",
        arguments: [
            "file:///etc/passwd", "gopher://127.0.0.1:6379/_", "dict://127.0.0.1:11211/", "ftp://example.com/a.png",
            "//a/b",
            "http:example.com", "https:/example.com/a.png", " https://example.com/a.png", "ｈttps://example.com/a.png",
            "https:\\\\example.com\\a.png", "https://example.com/a\r\nHost: b", "https://example.com/\u{0}", "", "x",
            "https://example.com/ü.png", "javascript:alert(1)", "blob:https://example.com/a",
        ]
    )
    func schemes(url: String) async throws {
        let problem = try await refused([url])
        #expect(problem?.field == "input_references[0].image_url.url")
        #expect(problem?.message.contains("https://") == true || problem?.message.contains("ASCII") == true)
    }

    @Test("a client that names this machine is told so")
    func localhost() async throws {
        for host in ["localhost", "127.0.0.1", "[::1]", "x.localhost:8080"] {
            let problem = try await refused(["http://\(host)/a.png"])
            #expect(problem?.message.contains("localhost URLs are not allowed") == true, "\(problem?.message ?? "")")
        }
        let other = try await refused(["http://10.0.0.1/a.png"])
        #expect(other?.message.contains("not public") == true)
    }

    @Test("of several the one that is wrong is named")
    func place() async throws {
        let problem = try await refused(["https://example.com/a.png", "http://10.0.0.1/b.png"])
        #expect(problem?.field == "input_references[1].image_url.url")
        let name = try await refused(["https://a.example/a.png", "https://inside.example/b.png"], names: Self.names)
        #expect(name?.field == "input_references[1].image_url.url")
    }

    @Test("a URL has at most 4,096 bytes")
    func length() async throws {
        let start = "https://example.com/"
        let problem = try await refused([start + String(repeating: "a", count: 4_097 - start.utf8.count)])
        #expect(problem?.message.contains("4097 bytes; at most 4096") == true)
        let marks = try await refused([start + String(repeating: "\u{301}\u{323}", count: 500_000)])
        #expect(marks?.message.contains("at most 4096") == true)
        try await EngineHarness.run { harness in
            let node = try node(harness, Names([:], clock: harness.clock))
            let url = start + String(repeating: "a", count: 4_096 - start.utf8.count)
            #expect(try await harness.state(node.submit(image([url]))) == .queued)
        }
    }

    // MARK: Names

    @Test("what is public, or in a network that the operator named, is taken; http too")
    func taken() async throws {
        try await EngineHarness.run { harness in
            let names = Names(
                [
                    "inside.example": Self.addresses("10.1.2.3"), "both.example": Self.addresses("8.8.8.8", "10.1.2.3"),
                    "unknown.example": .noAnswer,
                ],
                clock: harness.clock
            )
            let node = try node(harness, names, ["10.1.0.0/16", "127.0.0.0/8"])
            let urls = [
                "https://example.com/a.png", "http://example.com:8080", "https://8.8.8.8/a.png",
                "http://[2606:4700::1111]/",
                "HTTPS://EXAMPLE.com./a", "http://10.1.0.1/a.png", "http://127.0.0.1:9/a", "http://localhost/a",
                "https://inside.example/", "https://both.example/", "https://unknown.example/",
            ]
            for url in urls {
                let id = try await node.submit(image([url]))
                #expect(try await harness.job(id).admitted.request.inputs.map(\.input) == [.url(url)])
            }
            // Neither addresses nor this machine's own name are asked for.
            #expect(
                names.all == [
                    "both.example", "example.com", "example.com", "example.com", "inside.example", "unknown.example",
                ]
            )
            #expect(harness.web.asked == [] && harness.files.keys == [])
        }
    }

    @Test("a name that does not exist is refused")
    func noSuchName() async throws {
        let problem = try await refused(["https://nowhere.example/a.png"], names: ["nowhere.example": .noSuchName])
        #expect(problem?.message.contains("does not exist") == true)
    }

    @Test("names are looked up at once, for a second at most; what is not known by then is let through")
    func time() async throws {
        try await EngineHarness.run { harness in
            let names = Names(["inside.example": Self.addresses("10.0.0.1")], clock: harness.clock)
            let node = try node(harness, names)
            let askedAt = harness.clock.bootSeconds
            _ = try await node.submit(image(["https://slow-0.example/a", "https://slow-0.example/b"]))
            #expect(names.all == ["slow-0.example"])
            _ = try await node.submit(image(["https://slow-9.example/", "https://slow-8.example/"]))
            let took = harness.clock.bootSeconds - askedAt
            #expect(took >= 1 && took < 1.1)
            // What is known in time counts all the same.
            await #expect(throws: RequestProblem.self) {
                try await node.submit(image(["https://slow-9.example/", "https://inside.example/"]))
            }
        }
    }

    @Test("no name is looked up for who cannot pay, nor for a request that is refused anyhow")
    func notForAll() async throws {
        try await EngineHarness.run { harness in
            let names = Names([:], clock: harness.clock)
            let node = try node(harness, names)
            var fixtures = JobFixtures(seed: 99)
            let broke = fixtures.key(workspace: "broke")
            try await harness.store.ensureWorkspace("broke", at: harness.clock.now)
            try await harness.store.createKey(broke)
            await #expect(throws: SubmissionRefusal.self) {
                try await node.submit(image(["https://example.com/a"]), key: broke)
            }
            await #expect(throws: RequestProblem.self) {
                try await node.submit(image(["https://example.com/a", "https://10.0.0.1/"]))
            }
            #expect(names.all == [])
        }
    }

    @Test("a repeat has its answer without any look")
    func repeated() async throws {
        try await EngineHarness.run { harness in
            let names = Names([:], clock: harness.clock)
            let node = try node(harness, names)
            let first = try await node.submit(image(["https://example.com/a"]), idempotencyKey: "k")
            #expect(try await node.submit(image(["https://example.com/a"]), idempotencyKey: "k") == first)
            #expect(names.all.count == 1)
            await #expect(throws: SubmissionRefusal.idempotencyConflict) {
                try await node.submit(image(["https://example.com/b"]), idempotencyKey: "k")
            }
        }
    }
}

/// Carries a problem out of a world.
private final class Box: Sendable {
    private let value = Mutex<RequestProblem?>(nil)

    var problem: RequestProblem? {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
