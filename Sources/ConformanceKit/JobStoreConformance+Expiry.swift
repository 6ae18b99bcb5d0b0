import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let expiry: [Check] =
        [
            Check("credits end at their time, once, and only what is not spent of them") { store in
                var driver = try await JobDriver(store, credits: .zero)
                let workspace = driver.key.workspace
                let end = driver.now.adding(seconds: 1_000)
                let amount = Credits(nanoUSD: 1_000_000_000)
                #expect(try await grant("a", amount, until: end, &driver))
                #expect(try await !grant("a", amount, until: end.adding(seconds: 1), &driver))
                try await driver.grant(Credits(nanoUSD: 1))
                _ = try await spend(100_000_000, &driver)
                #expect(try await store.creditLots(of: workspace).map(\.remaining.nanoUSD) == [900_000_000])
                #expect(try await store.expireCredits(at: end.adding(seconds: -0.001)) == [])
                let ended = try await store.expireCredits(at: end)
                #expect(ended.map(\.amount.nanoUSD) == [900_000_000])
                #expect(try await store.expireCredits(at: end.adding(seconds: 1)) == [])
                let expected = Balance(available: Credits(nanoUSD: 1), held: .zero)
                #expect(try await store.balance(of: workspace) == expected)
                #expect(try await store.creditLots(of: workspace) == [])
            },
            Check("an open hold protects what ends first, until it is given back") { store in
                var driver = try await JobDriver(store, credits: .zero)
                let end = driver.now.adding(seconds: 1_000)
                #expect(try await grant("a", Credits(nanoUSD: 500_000_000), until: end, &driver))
                let job = try await driver.job(in: .running)
                #expect(try await store.expireCredits(at: end).map(\.amount.nanoUSD) == [100_000_000])
                #expect(try await store.expireCredits(at: end) == [])
                let failed = try await driver.commit(
                    [.providerFailed(JobFailure(.unknown, "no", retryable: false), retryAt: nil)],
                    of: job
                )
                #expect(failed.state.name == .failed)
                #expect(try await store.expireCredits(at: end).map(\.amount) == [JobFixtures.hold])
                let nothing = Balance(available: .zero, held: .zero)
                #expect(try await store.balance(of: driver.key.workspace) == nothing)
            },
            Check("credits of a payment that was taken back do not end once more") { store in
                var driver = try await JobDriver(store, credits: .zero)
                let workspace = driver.key.workspace
                let end = driver.now.adding(seconds: 1_000)
                let paid = Payment.Fact.paid(.init(workspace: workspace, paid: cents(1_000), fee: .none))
                let bought = PaymentEvent(
                    id: "a",
                    kind: "test",
                    createdAt: driver.now,
                    meaning: .fact(paid, payment: "p", expiresAt: end)
                )
                #expect(try await store.apply(bought, at: driver.fixtures.tick()) == .applied)
                let refunded = try await store.refund(
                    RefundRequest(id: "r", payment: "p", amount: cents(600), paidSince: bought.createdAt),
                    at: driver.fixtures.tick()
                )
                #expect(refunded == .refunded(cents(600), workspace: workspace))
                #expect(try await store.creditLots(of: workspace).map(\.remaining) == [cents(400)])
                #expect(try await store.expireCredits(at: end).map(\.amount) == [cents(400)])
                // What ended cannot be given back, but can be lost.
                let late = RefundRequest(id: "s", payment: "p", amount: nil, paidSince: bought.createdAt)
                #expect(try await store.refund(late, at: end) == .exceeds(refundable: .zero))
                let dispute = Payment.Dispute(id: "d", amount: cents(400), state: .lost, toldAt: 1)
                let lost = PaymentEvent(
                    id: "b",
                    kind: "test",
                    createdAt: end,
                    meaning: .fact(.disputed(dispute), payment: "p")
                )
                #expect(try await store.apply(lost, at: end) == .applied)
                #expect(try await store.balance(of: workspace).available == Credits(nanoUSD: -cents(400).nanoUSD))
                #expect(try await store.expireCredits(at: end) == [])
            },
            Check("what a workspace owes is paid from what ends first") { store in
                var driver = try await JobDriver(store, credits: .zero)
                let workspace = driver.key.workspace
                let end = driver.now.adding(seconds: 1_000)
                let paid = Payment.Fact.paid(.init(workspace: workspace, paid: cents(100), fee: .none))
                let bought = PaymentEvent(
                    id: "a",
                    kind: "test",
                    createdAt: driver.now,
                    meaning: .fact(paid, payment: "p")
                )
                _ = try await store.apply(bought, at: driver.fixtures.tick())
                #expect(try await grant("g", cents(30), until: end, &driver))
                let dispute = Payment.Dispute(id: "d", amount: cents(100), state: .lost, toldAt: 1)
                let lost = PaymentEvent(
                    id: "b",
                    kind: "test",
                    createdAt: driver.now,
                    meaning: .fact(.disputed(dispute), payment: "p")
                )
                _ = try await spend(400_000_000, &driver)
                _ = try await store.apply(lost, at: driver.fixtures.tick())
                #expect(try await store.balance(of: workspace).available.nanoUSD == -100_000_000)
                try await driver.grant(cents(1_000))
                #expect(try await store.expireCredits(at: end) == [])
                #expect(try await store.balance(of: workspace).available.nanoUSD == 9_900_000_000)
            },
        ]
        + [1, 2, 3].map { seed in
            Check("credits that end agree with a model that books each charge at once, seed \(seed)") {
                try await holdExpiryToModel($0, seed: seed)
            }
        }

    private static func grant(
        _ id: String,
        _ amount: Credits,
        until end: Timestamp,
        _ driver: inout JobDriver
    ) async throws -> Bool {
        let transfer = try Transfer.grant(id: id, workspace: driver.key.workspace, amount: amount, reason: "test")
        return try await driver.store.transfer(transfer, expiringAt: end, at: driver.fixtures.tick())
    }

    /// Charges a new job at a cost of at most its hold.
    private static func spend(_ cost: Int64, _ driver: inout JobDriver) async throws -> Job {
        let job = try await driver.job(in: .storing)
        let stored = try JobEvent.artifactsStored(
            JobScript(job.admitted).artifacts,
            JobScript.bill(Credits(nanoUSD: cost))
        )
        return try await driver.commit(stored, of: job)
    }

    /// Lots that know at every moment what is left of them.
    private struct EagerLots {
        var lots: [(end: Timestamp, left: Int64)] = []
        var rest: Int64 = 0

        mutating func charge(_ cost: Int64) {
            var cost = cost
            lots.sort { $0.end < $1.end }
            for index in lots.indices {
                let part = min(cost, lots[index].left)
                lots[index].left -= part
                cost -= part
            }
            rest -= cost
        }

        mutating func end(by now: Timestamp) -> Int64 {
            let ended = lots.filter { $0.end <= now }.reduce(0) { $0 + $1.left }
            lots.removeAll { $0.end <= now }
            return ended
        }

        var available: Int64 { lots.reduce(rest) { $0 + $1.left } }
    }

    private static func holdExpiryToModel(_ store: any JobStore, seed: UInt64) async throws {
        var driver = try await JobDriver(store, credits: .zero, seed: seed)
        let workspace = driver.key.workspace
        var model = EagerLots()
        for step in 0..<200 {
            let comment: Comment = "seed \(seed), step \(step)"
            switch Int.random(in: 0..<8, using: &driver.fixtures.generator) {
            case 0, 1:
                let amount = Int64.random(in: 1...900_000_000, using: &driver.fixtures.generator)
                let seconds = Double.random(in: 1...40, using: &driver.fixtures.generator)
                let end = driver.now.adding(seconds: seconds)
                #expect(try await grant("g\(step)", Credits(nanoUSD: amount), until: end, &driver), comment)
                model.lots.append((end, amount))
            case 2:
                let amount = Int64.random(in: 1...500_000_000, using: &driver.fixtures.generator)
                try await driver.grant(Credits(nanoUSD: amount))
                model.rest += amount
            case 3:
                driver.fixtures.tick(seconds: Double.random(in: 0...10, using: &driver.fixtures.generator))
                let ended = try await store.expireCredits(at: driver.now).reduce(0) { $0 + $1.amount.nanoUSD }
                #expect(ended == model.end(by: driver.now), comment)
            case _:
                guard model.available >= JobFixtures.hold.nanoUSD else { continue }
                let cost = Int64.random(in: 1...JobFixtures.hold.nanoUSD, using: &driver.fixtures.generator)
                _ = try await spend(cost, &driver)
                model.charge(cost)
            }
            #expect(try await store.balance(of: workspace).available.nanoUSD == model.available, comment)
        }
        #expect(try await store.audit().findings == [])
    }
}
