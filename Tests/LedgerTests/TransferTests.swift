import Ledger
import Testing

@Suite struct TransferTests {
    @Test func aSettlementIsPartedBetweenProviderAndPlatform() throws {
        let hold = Hold(job: "job_1", workspace: "w", amount: Credits(nanoUSD: 10))
        let (resolved, transfers) = try hold.resolving(
            .settle(Credits(nanoUSD: 7)),
            platformShare: Credits(nanoUSD: 2)
        )
        #expect(transfers.map(\.id) == ["settle:job_1", "fee:job_1", "release:job_1"])
        #expect(transfers.map(\.to) == [.providerCost, .platformFee, .available(workspace: "w")])
        #expect(transfers.map(\.amount.nanoUSD) == [5, 2, 3])
        #expect(transfers.allSatisfy { $0.from == .held(workspace: "w") && $0.cause == "job_1" })
        #expect(resolved.state == .posted(Credits(nanoUSD: 7)))
        #expect(resolved.platformShare == Credits(nanoUSD: 2))
        #expect(throws: LedgerRefusal.alreadyResolved) { _ = try resolved.resolving(.void) }
    }

    @Test func aShareIsAPartOfItsSettlement() throws {
        let hold = Hold(job: "job_1", workspace: "w", amount: Credits(nanoUSD: 10))
        let all = try hold.resolving(.settle(Credits(nanoUSD: 10)), platformShare: Credits(nanoUSD: 10))
        #expect(all.transfers.map(\.id) == ["fee:job_1"])
        #expect(throws: LedgerRefusal.exceedsHold(held: Credits(nanoUSD: 7), asked: Credits(nanoUSD: 8))) {
            _ = try hold.resolving(.settle(Credits(nanoUSD: 7)), platformShare: Credits(nanoUSD: 8))
        }
        #expect(throws: LedgerRefusal.notPositive) {
            _ = try hold.resolving(.settle(Credits(nanoUSD: 7)), platformShare: Credits(nanoUSD: -1))
        }
        #expect(throws: LedgerRefusal.exceedsHold(held: .zero, asked: Credits(nanoUSD: 1))) {
            _ = try hold.resolving(.void, platformShare: Credits(nanoUSD: 1))
        }
    }

    @Test func aCorrectionNamesItsReasonAndItsActor() throws {
        func adjust(_ nano: Int64, reason: String = "why", actor: String = "who") throws -> Transfer {
            try Transfer.adjustment(
                id: "1",
                workspace: "w",
                amount: Credits(nanoUSD: nano),
                reason: reason,
                actor: actor
            )
        }
        let up = try adjust(3)
        #expect((up.from, up.to, up.amount.nanoUSD) == (.adjustments, .available(workspace: "w"), 3))
        #expect((up.id, up.reason, up.actor, up.kind) == ("adjust:1", "why", "who", .adjust))
        let down = try adjust(-3)
        #expect((down.from, down.to, down.amount.nanoUSD) == (.available(workspace: "w"), .adjustments, 3))
        #expect(throws: LedgerRefusal.notPositive) { _ = try adjust(0) }
        #expect(throws: LedgerRefusal.overflow) { _ = try adjust(.min) }
        #expect(throws: LedgerRefusal.unexplained) { _ = try adjust(1, reason: "") }
        #expect(throws: LedgerRefusal.unexplained) { _ = try adjust(1, actor: "") }
    }

    // The id, where to, and whether a debt may be left.
    @Test(arguments: [
        ("refund:1", Account.purchases, true), ("chargeback:1", .purchases, true), ("refund:1", .adjustments, false),
        ("expiry:1", .purchases, false), ("adjust:1", .adjustments, false), ("hold:1", .held(workspace: "w"), false),
        ("refunds", .purchases, false),
    ])
    func onlyRefundsAndChargebacksLeaveADebt(_ id: String, _ to: Account, _ mayOverdraw: Bool) throws {
        let transfer = try Transfer(
            id: id,
            from: .available(workspace: "w"),
            to: to,
            amount: Credits(nanoUSD: 1),
            cause: "c"
        )
        #expect(transfer.mayOverdraw == mayOverdraw)
        try transfer.check(leaving: .zero)
        if mayOverdraw {
            try transfer.check(leaving: Credits(nanoUSD: -1))
        } else {
            #expect(throws: LedgerRefusal.overdrawn(account: "available:w")) {
                try transfer.check(leaving: Credits(nanoUSD: -1))
            }
        }
    }

    @Test func nothingLessThanNothingIsSetAside() throws {
        let transfer = try Transfer(
            id: "chargeback:1",
            from: .held(workspace: "w"),
            to: .purchases,
            amount: Credits(nanoUSD: 1),
            cause: "c"
        )
        #expect(throws: LedgerRefusal.overdrawn(account: "held:w")) {
            try transfer.check(leaving: Credits(nanoUSD: -1))
        }
        let outside = try Transfer(
            id: "purchase:1",
            from: .purchases,
            to: .available(workspace: "w"),
            amount: Credits(nanoUSD: 1),
            cause: "c"
        )
        try outside.check(leaving: Credits(nanoUSD: -1))
    }
}
