import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let payments: [Check] = [
        Check("a payment brings its credits once, however often and under whatever name it is told") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let fee = PurchaseFee(percent: ExactDecimal(10), minimum: .zero)
            let paid = Payment.Fact.paid(.init(workspace: driver.key.workspace, paid: cents(1_100), fee: fee))
            let first = message(&driver, "one", paid)
            #expect(try await store.apply(first, at: driver.fixtures.tick()) == .applied)
            #expect(try await store.apply(first, at: driver.fixtures.tick()) == .unchanged)
            let other = message(&driver, "two", paid)
            #expect(try await store.apply(other, at: driver.fixtures.tick()) == .unchanged)
            #expect(try await store.balance(of: driver.key.workspace).available == cents(1_000))
            // What the workspace has, and the fee.
            #expect(try await store.audit().transfers == 2)
            let record = try #require(try await store.payment("pay"))
            #expect(record.paidAt == first.createdAt)
            #expect(record.payment.purchase?.fee == cents(100))
            #expect(try await store.payments(of: driver.key.workspace, limit: 5) == [record])
            #expect(try await store.paymentEvents(limit: 9).map(\.outcome) == ["unchanged", "applied"])
            #expect(try await store.payment("other") == nil)
        },
        Check("of 16 racing messages about one payment one brings credits") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let workspace = driver.key.workspace
            let at = driver.fixtures.tick()
            let paid = Payment.Fact.paid(.init(workspace: workspace, paid: cents(500), fee: .none))
            let messages = (1...16).map { message(&driver, "message \($0)", paid) }
            let outcomes = try await race(messages) { try await store.apply($0, at: at) }
            #expect(outcomes.count { $0 == .applied } == 1)
            #expect(try await store.balance(of: workspace).available == cents(500))
        },
        Check("facts about a payment come to the same in every order") { store in
            var driver = try await JobDriver(store, credits: .zero)
            for (number, order) in permutations(of: Array(0..<5)).enumerated() {
                let workspace = "w\(number)"
                try await store.ensureWorkspace(workspace, at: driver.fixtures.tick())
                let facts: [Payment.Fact] = [
                    .paid(.init(workspace: workspace, paid: cents(1_000), fee: .none)),
                    .refunded(cents(100)), .refunded(cents(250)),
                    .disputed(.init(id: "d", amount: cents(400), state: .open, toldAt: 9)),
                    .disputed(.init(id: "d", amount: cents(400), state: .returned, toldAt: 2)),
                ]
                for index in order + [order[0], order[2]] {
                    let event = message(&driver, "\(number).\(index)", facts[index], of: "pay \(number)")
                    _ = try await store.apply(event, at: driver.fixtures.tick())
                }
                let balance = try await store.balance(of: workspace)
                #expect(balance == Balance(available: cents(750), held: .zero), "order \(order)")
            }
            #expect(try await store.audit().findings == [])
        },
        Check("what is taken back and was spent is owed, and who owes gets nothing, not even what is free") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let workspace = driver.key.workspace
            let paid = Payment.Fact.paid(.init(workspace: workspace, paid: cents(100), fee: .none))
            _ = try await store.apply(message(&driver, "one", paid), at: driver.fixtures.tick())
            let job = try await driver.job(in: .completed)
            let cost = try charged(job)
            let dispute = Payment.Dispute(id: "d", amount: cents(100), state: .lost, toldAt: 1)
            let lost = message(&driver, "two", .disputed(dispute))
            #expect(try await store.apply(lost, at: driver.fixtures.tick()) == .applied)
            let owed = Credits(nanoUSD: -cost.nanoUSD)
            #expect(try await store.balance(of: workspace) == Balance(available: owed, held: .zero))
            let free = driver.fixtures.newJob(driver.key, hold: .zero)
            #expect(
                try await store.admit(driver.fixtures.admission(of: free)) == .insufficientCredits(available: owed)
            )
            try await driver.grant(Credits(nanoUSD: cost.nanoUSD - 1))
            #expect(
                try await store.admit(driver.fixtures.admission(of: free))
                    == .insufficientCredits(available: Credits(nanoUSD: -1))
            )
            try await driver.grant(Credits(nanoUSD: 1))
            _ = try await driver.admit(free)
        },
        Check("nobody but a payment takes a workspace below zero") { store in
            var driver = try await JobDriver(store, credits: cents(5))
            let taken = try Transfer(
                id: "take",
                from: .available(workspace: driver.key.workspace),
                to: .adjustments,
                amount: cents(6),
                cause: "test"
            )
            let at = driver.fixtures.tick()
            await #expect(throws: (any Error).self) { try await store.transfer(taken, at: at) }
            #expect(try await store.balance(of: driver.key.workspace).available == cents(5))
        },
        Check("a purchase for a workspace that is not there is refused, and followed once it is") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let paid = Payment.Fact.paid(.init(workspace: "later", paid: cents(300), fee: .none))
            let event = message(&driver, "one", paid)
            for _ in 0..<2 {
                let outcome = try await store.apply(event, at: driver.fixtures.tick())
                #expect(outcome == .refused(PaymentEvent.unknownWorkspace))
            }
            #expect(try await store.paymentEvents(limit: 9).map(\.outcome) == ["refused"])
            try await store.ensureWorkspace("later", at: driver.fixtures.tick())
            #expect(try await store.apply(event, at: driver.fixtures.tick()) == .applied)
            #expect(try await store.balance(of: "later").available == cents(300))
            #expect(try await store.paymentEvents(limit: 9).map(\.outcome) == ["applied"])
        },
        Check("messages that move nothing are kept with their reasons") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let at = driver.fixtures.tick()
            let ignored = PaymentEvent(id: "a", kind: "x.y", createdAt: at, meaning: .nothing("not ours"))
            let refused = PaymentEvent(id: "b", kind: "x.z", createdAt: at, meaning: .refused("in euros"))
            #expect(try await store.apply(ignored, at: driver.fixtures.tick()) == .ignored("not ours"))
            #expect(try await store.apply(refused, at: driver.fixtures.tick()) == .refused("in euros"))
            let kept = try await store.paymentEvents(limit: 9)
            #expect(kept.map(\.reason) == ["in euros", "not ours"])
            #expect(kept.map(\.kind) == ["x.z", "x.y"])
            #expect(try await store.paymentEvents(limit: 1).map(\.id) == ["b"])
            #expect(try await store.audit().transfers == 0)
        },
        Check("what is given back on command is not spent, of this payment, in time, and once") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let workspace = driver.key.workspace
            let paid = Payment.Fact.paid(.init(workspace: workspace, paid: cents(100), fee: .none))
            let event = message(&driver, "one", paid)
            _ = try await store.apply(event, at: driver.fixtures.tick())
            let spent = try charged(try await driver.job(in: .completed))
            let left = Credits(nanoUSD: cents(100).nanoUSD - spent.nanoUSD)
            func ask(_ id: String, _ amount: Credits?, of payment: String = "pay", late: Bool = false) -> RefundRequest
            {
                let since = event.createdAt.adding(seconds: late ? 1 : 0)
                return RefundRequest(id: id, payment: payment, amount: amount, paidSince: since)
            }
            let at = driver.fixtures.tick()
            #expect(try await store.refund(ask("a", nil, of: "other"), at: at) == .unknownPayment)
            #expect(try await store.refund(ask("b", nil, late: true), at: at) == .tooLate(paidAt: event.createdAt))
            let more = Credits(nanoUSD: left.nanoUSD + 1)
            #expect(try await store.refund(ask("c", more), at: at) == .exceeds(refundable: left))
            for _ in 0..<2 {
                let outcome = try await store.refund(ask("d", cents(10)), at: at)
                #expect(outcome == .refunded(cents(10), workspace: workspace))
            }
            // The payment system tells of the same refund: it is known.
            let told = message(&driver, "two", .refunded(cents(10)))
            #expect(try await store.apply(told, at: driver.fixtures.tick()) == .unchanged)
            let rest = Credits(nanoUSD: left.nanoUSD - cents(10).nanoUSD)
            #expect(try await store.refund(ask("e", nil), at: at) == .refunded(rest, workspace: workspace))
            #expect(try await store.refund(ask("f", nil), at: at) == .exceeds(refundable: .zero))
            #expect(try await store.balance(of: workspace) == Balance(available: .zero, held: .zero))
        },
        Check("a workspace's transfers are listed newest first") { store in
            var driver = try await JobDriver(store, credits: cents(500))
            try await driver.grant(cents(1), to: "other")
            let job = try await driver.job(in: .completed)
            let entries = try await store.ledgerEntries(of: driver.key.workspace, before: nil, limit: 9)
            #expect(entries.map(\.id).dropLast().sorted() == ["hold", "release", "settle"].map { "\($0):\(job.id)" })
            #expect(entries.last?.to == "available:default")
            #expect(entries.last?.amount == cents(500))
            #expect(entries.map(\.sequence) == entries.map(\.sequence).sorted(by: >))
            let second = try await store.ledgerEntries(
                of: driver.key.workspace,
                before: entries[1].sequence,
                limit: 1
            )
            #expect(second == [entries[2]])
        },
    ]

    static func cents(_ count: Int64) -> Credits { Credits(nanoUSD: count * 10_000_000) }

    private static func message(
        _ driver: inout JobDriver,
        _ id: String,
        _ fact: Payment.Fact,
        of payment: String = "pay"
    ) -> PaymentEvent {
        PaymentEvent(
            id: id,
            kind: "test",
            createdAt: driver.fixtures.tick(),
            meaning: .fact(fact, payment: payment)
        )
    }

    private static func charged(_ job: Job) throws -> Credits {
        guard case .completed(let completed) = job.state else { throw JobDriverFailure.notClaimed(job.id) }
        return completed.bill.total
    }

    private static func permutations(of items: [Int]) -> [[Int]] {
        guard items.count > 1 else { return [items] }
        return items.flatMap { first in
            permutations(of: items.filter { $0 != first }).map { [first] + $0 }
        }
    }
}
