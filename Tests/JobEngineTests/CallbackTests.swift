import ConformanceKit
import Generation
import HTTPTransport
import JobCore
import ProviderKit
import Synchronization
import Testing

@testable import JobEngine

@Suite("What providers call back about")
struct CallbackTests {
    private static func call(_ node: Node, _ token: String, _ body: String = "{}") async throws -> Bool {
        try await node.service.calledBack(token: token, headers: []) { Array(body.utf8) }
    }

    private static func token(_ harness: EngineHarness, _ id: JobID) async throws -> String {
        try #require(try await harness.attempts(id).last).start.token
    }

    @Test("a callback makes the poll happen now, not at its time; the same once more is harmless")
    func wakesThePoll() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node(adapter: { CallingAdapter(wire: $0) })
            node.start()
            harness.provider.script.submit = { _ in .accept(seconds: 300.5) }
            let id = try await node.submit()
            try await harness.until(id, is: .running)
            let token = try await Self.token(harness, id)
            let startedAt = try #require(harness.provider.generations.first).startedAt
            // Not done yet: whatever the callback says, the provider is asked.
            try await harness.clock.sleep(290)
            let polls = harness.provider.generations[0].polls
            #expect(try await Self.call(node, token, #"{"id":"gen-1","status":"completed"}"#))
            try await harness.until("it is asked", within: 1) { harness.provider.generations[0].polls == polls + 1 }
            #expect(try await harness.state(id) == .running)
            try await harness.clock.sleep(startedAt.adding(seconds: 300.6).seconds(since: harness.clock.now))
            #expect(try await Self.call(node, token, "no json"))
            for _ in 0..<3 { _ = try await Self.call(node, token, "no json") }
            try await harness.until(id, is: .completed, within: 1)
            #expect(try await !Self.call(node, token))
            try await harness.expectSound([id])
        }
    }

    @Test("a callback names the generation whose submit's answer was lost")
    func givesEvidence() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 120, complete: true)]
            let node = try harness.node(adapter: { CallingAdapter(wire: $0) })
            node.start()
            harness.provider.script.submit = { _ in .acceptAndLose(seconds: 30) }
            let id = try await node.submit()
            try await harness.until(id, hasPhase: .verifying)
            let token = try await Self.token(harness, id)
            // Nothing is taken from what cannot be read, and no output or status from what can.
            #expect(try await Self.call(node, token, "<html>"))
            #expect(try await harness.attempts(id).map(\.remoteID) == [nil])
            let body = #"{"id":"gen-1","status":"failed","url":"http://127.0.0.1/"}"#
            #expect(try await Self.call(node, token, body))
            #expect(try await Self.call(node, token, body))
            try await harness.until(id, is: .running, within: 1)
            #expect(try await harness.attempts(id).map(\.remoteID) == ["gen-1"])
            #expect(try await Self.call(node, token, #"{"id":"gen-77"}"#))
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(try await harness.attempts(id).map(\.remoteID) == ["gen-1"])
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("a callback about a job that was refunded cancels its generation; unknown tokens are not told from such ones")
    func late() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node(adapter: { CallingAdapter(wire: $0) })
            node.start()
            harness.provider.script.submit = { _ in .acceptAndLose(seconds: 900) }
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .failed)
            let token = try await Self.token(harness, id)
            for _ in 0..<2 { #expect(try await !Self.call(node, token, #"{"id":"gen-1"}"#)) }
            #expect(harness.provider.cancels == ["gen-1"])
            #expect(try await harness.attempts(id).map(\.orphanRemoteID) == ["gen-1"])
            for unknown in ["", "x", String(repeating: "0", count: 48)] {
                #expect(try await !Self.call(node, unknown, #"{"id":"gen-1"}"#))
            }
            try await harness.expectSound([id])
        }
    }

    @Test(
        "the address is kept with the attempt: a send that is repeated has the same one, wherever the service is by then"
    )
    func addressIsKept() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .resend]
            harness.provider.script.trustedOrigins = ["http://localhost:9000"]
            harness.provider.script.submit = { $0.number == 1 ? .lose : .accept(seconds: 5) }
            let first = try harness.node(
                adapter: { CallingAdapter(wire: $0) },
                settings: { $0.publicURL = { "http://127.0.0.1:8080" } }
            )
            first.start()
            let id = try await first.submit()
            try await harness.until(id, hasPhase: .verifying)
            await first.kill()
            let second = try harness.node(
                adapter: { CallingAdapter(wire: $0) },
                settings: { $0.publicURL = { "http://127.0.0.1:9999" } }
            )
            second.start()
            #expect(try await harness.end(of: id).state.name == .completed)
            let attempt = try #require(try await harness.attempts(id).first)
            #expect(
                attempt.start.callbackURL == "http://127.0.0.1:8080/provider-callbacks/\(attempt.start.token)"
            )
        }
    }

    private struct Addressed: Sendable, CustomTestStringConvertible {
        let own: String?
        let origins: Set<String>
        let isTold: Bool
        var testDescription: String { "\(own ?? "unknown"), provider \(origins.sorted())" }

        init(_ own: String?, _ origins: Set<String>, _ isTold: Bool) {
            self.own = own
            self.origins = origins
            self.isTold = isTold
        }
    }

    private static let addresses: [Addressed] = [
        Addressed("https://media.company.com", ["https://api.vendor.com:443"], true),
        Addressed("https://media.company.com/base", [], true),
        Addressed("https://8.8.8.8", ["https://api.vendor.com:443"], true),
        Addressed("http://media.company.com", ["https://api.vendor.com:443"], false),
        Addressed(nil, ["https://api.vendor.com:443"], false),
        Addressed("https://localhost:8443", ["https://api.vendor.com:443"], false),
        Addressed("https://127.0.0.1", ["https://api.vendor.com:443"], false),
        Addressed("https://10.1.2.3", ["https://api.vendor.com:443"], false),
        Addressed("https://[fd00::1]", ["https://api.vendor.com:443"], false),
        Addressed("https://gateway", ["https://api.vendor.com:443"], false),
        Addressed("https://gateway.internal", ["https://api.vendor.com:443"], false),
        Addressed("http://127.0.0.1:8080", ["http://[127.0.0.1]:9000"], true),
        Addressed("http://127.0.0.1:8080", ["http://localhost:9000"], true),
        Addressed("http://127.0.0.1:8080", ["http://[10.0.0.7]:9000"], false),
        Addressed("http://127.0.0.1:8080", ["http://[127.0.0.1]:9000", "https://cdn.vendor.com:443"], false),
        Addressed("http://127.0.0.1:8080", [], false),
        Addressed("http://10.0.0.1:8080", ["http://[10.0.0.7]:9000"], true),
        Addressed("http://gateway:8080", ["http://simulator:9000"], true),
        Addressed("http://0.0.0.0:8080", ["http://[127.0.0.1]:9000"], false),
        Addressed("http://media.company.com", ["http://[10.0.0.7]:9000"], true),
        Addressed("nonsense", ["http://[127.0.0.1]:9000"], false),
    ]

    @Test("providers are told an address only where it can work and nobody listens", arguments: addresses)
    private func tellsAddress(_ addressed: Addressed) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.trustedOrigins = addressed.origins
            let wire = NodeTransport(provider: harness.provider, life: NodeLife())
            let address = CallbackAddress(publicURL: addressed.own)
            let url = address.url(for: CallingAdapter(wire: wire), token: "secret")
            #expect(url == (addressed.isTold ? "\(addressed.own ?? "")/provider-callbacks/secret" : nil))
            // Who does not call back is told nothing.
            let other = UnstoppableAdapter(wire: wire, slots: 1, submitsPerMinute: nil, offered: [])
            #expect(address.url(for: other, token: "secret") == nil)
        }
    }

    // MARK: Recovery

    @Test("two lost sends of the same content: a generation belongs to one of them alone", arguments: 0..<20)
    func countsMatch(seed: Int) async throws {
        try await EngineHarness.run(seed: UInt64(seed)) { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 30, complete: true)]
            harness.provider.script.submit = { _ in .acceptAndLose(seconds: 60) }
            let nodes = try (0..<2).map { _ in
                try harness.node(adapter: {
                    CallingAdapter(wire: $0, listed: { harness.provider.generations.map(\.id).sorted() })
                })
            }
            for node in nodes { node.start() }
            var ids: [JobID] = []
            for number in 0..<6 { ids.append(try await nodes[number % 2].submit("the same")) }
            for id in ids { #expect(try await harness.end(of: id).state.name == .completed) }
            var owned: [String?] = []
            for id in ids { owned += try await harness.attempts(id).map(\.remoteID) }
            #expect(Set(owned.compactMap(\.self)).count == 6)
            #expect(harness.provider.submits.count == 6)
            try await harness.expectSound(ids)
        }
    }

    @Test("a provider that settles for longer than the bound gets one whole look before it is given up")
    func longSettle() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/video": .lookUp(settleSeconds: 900, complete: false)]
            harness.provider.script.submit = { $0.prompt == "shown" ? .acceptAndLose(seconds: 3_000) : .lose }
            let node = try harness.node(adapter: { wire in
                CallingAdapter(
                    wire: wire,
                    listed: {
                        let now = harness.clock.now
                        return harness.provider.generations.filter { now.seconds(since: $0.startedAt) > 895 }.map(\.id)
                    }
                )
            })
            node.start()
            let shown = try await node.submit("shown")
            let lost = try await node.submit("lost")
            try await harness.clock.sleep(880)
            #expect(try await harness.job(shown).state.phase == .verifying)
            // Found so late that its own deadline has passed: what matters is that it was.
            try await harness.end(of: shown, within: 60)
            #expect(try await harness.attempts(shown).map(\.state) == [.found])
            let failed = try await harness.end(of: lost, within: 60)
            #expect(failed.state.name == .failed)
            #expect(harness.provider.submits.count == 2)
        }
    }

    // MARK: Outputs

    @Test("outputs at the provider's own origin are fetched with its credentials, asked anew; others never are")
    func outputCredentials() async throws {
        try await EngineHarness.run { harness in
            let isFailing = Mutex(1)
            let node = try harness.node(adapter: {
                CallingAdapter(
                    wire: $0,
                    outputFailure: {
                        isFailing.withLock { left -> ProviderFailure? in
                            left -= 1
                            return left >= 0 ? .notSent(.unavailable, retry: .backoff, "down") : nil
                        }
                    }
                )
            })
            node.start()
            harness.provider.script.trustedOrigins = ["https://provider:443"]
            let own = try await node.submit()
            #expect(try await harness.end(of: own).state.name == .completed)
            #expect(harness.provider.fetchDemands.map(\.headers) == [1])
            harness.provider.script.trustedOrigins = ["https://another:443"]
            let foreign = try await node.submit()
            #expect(try await harness.end(of: foreign).state.name == .completed)
            #expect(harness.provider.fetchDemands.map(\.headers) == [1, 0])
            try await harness.expectSound([own, foreign])
        }
    }
}
