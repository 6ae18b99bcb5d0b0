import Generation
import JobCore
import JobEngine
import Ledger
import Synchronization
import Testing

/// Goal: free models are bounded where the operator says so, in words and headers that a client can follow.
@Suite struct FreeModelTests {
    private static let gift: JSONValue = ["type": "speech", "model": "test/gift", "input": "hello", "voice": "anna"]

    private static let adapter: TestAdapter = {
        var adapter = TestAdapter()
        adapter.hasGift = true
        return adapter
    }()

    @Test func theBoundIsToldAndHolds() async throws {
        var limits = JobService.Limits()
        limits.freeModels = FreeModelLimits(perMinute: nil, perDay: 2, perDayForPayers: 3, enough: Credits(nanoUSD: 1))
        try await TestAPI.run(adapter: Self.adapter, limits: limits) { api in
            func daily() async throws -> JSONValue? {
                try await api.get("/api/v1/key").json["data"]?["free_model_daily_requests"]
            }
            #expect(try await daily() == ["limit": 2, "remaining": 2, "used": 0])
            for _ in 0..<2 { _ = try await api.submitted(Self.gift) }
            #expect(try await daily() == ["limit": 2, "remaining": 0, "used": 2])
            let refused = try await api.submit(Self.gift)
            #expect(refused.status == 429)
            #expect(refused.json["error"]?["code"] == 429)
            #expect(refused.json["error"]?["metadata"]?["error_type"] == "rate_limit_exceeded")
            #expect(refused.json["error"]?["metadata"]?["reason"] == "free_model_limit_reached")
            let seconds = try #require(refused[header: "retry-after"].flatMap { Int64($0) })
            #expect((1...86_400).contains(seconds))
            #expect(refused[header: "x-ratelimit-limit"] == "2")
            #expect(refused[header: "x-ratelimit-remaining"] == "0")
            let reset = try #require(refused[header: "x-ratelimit-reset"].flatMap { Int64($0) })
            #expect(reset % 86_400_000 == 0)
            // What costs something is not bounded.
            _ = try await api.submitted()
            let paid = Payment.Fact.paid(.init(workspace: "default", paid: Credits(nanoUSD: 1), fee: .none))
            let event = PaymentEvent(
                id: "e",
                kind: "test",
                createdAt: Timestamp(milliseconds: 1),
                meaning: .fact(paid, payment: "p")
            )
            _ = try await api.store.apply(event, at: Timestamp(milliseconds: 1))
            _ = try await api.submitted(Self.gift)
            #expect(try await daily() == ["limit": 3, "remaining": 0, "used": 3])
            #expect(try await api.submit(Self.gift).status == 429)
        }
    }

    @Test func whoOwesGetsNothingFree() async throws {
        try await TestAPI.run(adapter: Self.adapter) { api in
            let at = Timestamp(milliseconds: 1)
            func tell(_ id: String, _ fact: Payment.Fact) async throws {
                let event = PaymentEvent(id: id, kind: "test", createdAt: at, meaning: .fact(fact, payment: "p"))
                #expect(try await api.store.apply(event, at: at) == .applied)
            }
            let key = try await api.accounts.createKey(name: "poor", workspace: "poor").secret
            try await tell("a", .paid(.init(workspace: "poor", paid: Credits(nanoUSD: 500_000_000), fee: .none)))
            _ = try await api.submitted(key: key)
            _ = try await api.submitted(Self.gift, key: key)
            try await tell("b", .refunded(Credits(nanoUSD: 100_000_001)))
            let refused = try await api.submit(Self.gift, key: key)
            #expect(refused.status == 402)
            #expect(refused.json["error"]?["message"]?.stringValue?.contains("-0.000000001 USD") == true)
            _ = try await api.accounts.grant(Credits(nanoUSD: 1), to: "poor", reason: "test")
            _ = try await api.submitted(Self.gift, key: key)
        }
    }
}
