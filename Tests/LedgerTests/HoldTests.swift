import ConformanceKit
import Ledger
import Testing

@Suite struct HoldTests {
    private let hold = Hold(job: "job_1", workspace: "w", amount: Credits(nanoUSD: 10))

    @Test func openingMovesTheAmountFromAvailableToHeld() throws {
        let transfers = try hold.opening()
        #expect(
            transfers == [
                try Transfer(
                    id: "hold:job_1",
                    from: .available(workspace: "w"),
                    to: .held(workspace: "w"),
                    amount: Credits(nanoUSD: 10),
                    cause: "job_1"
                )
            ]
        )
        #expect(try Hold(job: "free", workspace: "w", amount: .zero).opening() == [])
        #expect(throws: LedgerRefusal.notPositive) {
            try Hold(job: "debt", workspace: "w", amount: Credits(nanoUSD: -1)).opening()
        }
    }

    // The resolution; what is charged and what goes back.
    @Test(arguments: [
        (HoldResolution.void, Int64(0), Int64(10)),
        (.settle(.zero), 0, 10),
        (.settle(Credits(nanoUSD: 3)), 3, 7),
        (.settle(Credits(nanoUSD: 10)), 10, 0),
    ])
    func resolvingMovesAllOfIt(_ resolution: HoldResolution, _ charged: Int64, _ released: Int64) throws {
        let (resolved, transfers) = try hold.resolving(resolution)
        var moved: [Account: Int64] = [:]
        for transfer in transfers {
            #expect(transfer.from == .held(workspace: "w"))
            #expect(transfer.cause == "job_1")
            moved[transfer.to, default: 0] += transfer.amount.nanoUSD
        }
        #expect(moved[.providerCost] ?? 0 == charged)
        #expect(moved[.available(workspace: "w")] ?? 0 == released)
        switch resolution {
        case .void: #expect(resolved.state == .voided)
        case .settle(let cost): #expect(resolved.state == .posted(cost))
        }
    }

    @Test func aHoldResolvesExactlyOnce() throws {
        let resolutions: [HoldResolution] = [.void, .settle(.zero), .settle(Credits(nanoUSD: 10))]
        for first in resolutions {
            let (resolved, _) = try hold.resolving(first)
            for second in resolutions {
                #expect(throws: LedgerRefusal.alreadyResolved) { _ = try resolved.resolving(second) }
            }
        }
    }

    @Test func aChargeIsNeverAboveTheHoldNorBelowZero() {
        #expect(throws: LedgerRefusal.exceedsHold(held: Credits(nanoUSD: 10), asked: Credits(nanoUSD: 11))) {
            _ = try hold.resolving(.settle(Credits(nanoUSD: 11)))
        }
        #expect(throws: LedgerRefusal.notPositive) { _ = try hold.resolving(.settle(Credits(nanoUSD: -1))) }
    }

    @Test func theSameCauseHasTheSameTransferID() throws {
        let settled = try hold.resolving(.settle(Credits(nanoUSD: 3))).transfers
        #expect(settled.map(\.id) == ["settle:job_1", "release:job_1"])
        #expect(try hold.resolving(.void).transfers.map(\.id) == ["release:job_1"])
        let grant = try Transfer.grant(id: "g", workspace: "w", amount: Credits(nanoUSD: 1), reason: "r")
        #expect(grant.id == "grant:g")
        let loss = try Transfer.providerLoss(job: "job_1", kind: "late", amount: Credits(nanoUSD: 1))
        #expect(loss.id == "loss:late:job_1")
    }

    @Test func transfersMoveSomething() {
        for amount in [Int64(0), -1, .min] {
            #expect(throws: LedgerRefusal.notPositive) {
                try Transfer(
                    id: "t",
                    from: .purchases,
                    to: .platformFee,
                    amount: Credits(nanoUSD: amount),
                    cause: "c"
                )
            }
        }
    }

    @Test func accountNamesAreDistinct() {
        let accounts: [Account] = [
            .available(workspace: "w"), .held(workspace: "w"), .available(workspace: "v"), .providerCost,
            .providerLoss, .platformFee, .purchases, .adjustments,
        ]
        #expect(Set(accounts.map(\.name)).count == accounts.count)
    }

    /// Whatever happens, the sum over all accounts is zero, and nothing stays held once all holds are resolved.
    @Test(arguments: [UInt64(1), 2, 3])
    func theSumIsZeroAfterEveryStep(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var balances: [Account: Int64] = [:]
        var open: [Hold] = []
        func post(_ transfers: [Transfer]) {
            for transfer in transfers {
                balances[transfer.from, default: 0] -= transfer.amount.nanoUSD
                balances[transfer.to, default: 0] += transfer.amount.nanoUSD
            }
        }
        for step in 0..<1_000 {
            let workspace = "w\(Int.random(in: 0..<3, using: &generator))"
            let amount = Credits(nanoUSD: Int64.random(in: 1...1_000_000, using: &generator))
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                post([try Transfer.grant(id: "\(step)", workspace: workspace, amount: amount, reason: "test")])
            case 1:
                let hold = Hold(job: "job \(step)", workspace: workspace, amount: amount)
                post(try hold.opening())
                open.append(hold)
            case _:
                guard let index = open.indices.randomElement(using: &generator) else { continue }
                let hold = open.remove(at: index)
                let cost = Credits(nanoUSD: Int64.random(in: 0...hold.amount.nanoUSD, using: &generator))
                post(try hold.resolving(Bool.random(using: &generator) ? .void : .settle(cost)).transfers)
            }
            #expect(balances.values.reduce(0, +) == 0, "seed \(seed), step \(step)")
            for workspace in ["w0", "w1", "w2"] {
                let held = open.filter { $0.workspace == workspace }.reduce(0) { $0 + $1.amount.nanoUSD }
                #expect(balances[.held(workspace: workspace)] ?? 0 == held, "seed \(seed), step \(step)")
            }
        }
    }
}
