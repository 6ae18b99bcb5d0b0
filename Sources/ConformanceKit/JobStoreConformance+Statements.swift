import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let statements: [Check] = [
        Check("a statement leads from one balance to the other, to the nano") { store in
            var driver = try await UsageMonth.make(in: store)
            let open = try await driver.job(in: .running)
            let (june, july) = try (month("2027-06"), month("2027-07"))
            let gift = try Transfer.grant(
                id: "late",
                workspace: driver.key.workspace,
                amount: Credits(nanoUSD: 7),
                reason: "july"
            )
            #expect(try await store.transfer(gift, at: #require(Timestamp(rfc3339: "2027-07-31T23:59:59.999Z"))))

            let first = try #require(
                try await store.statement(of: driver.key.workspace, from: june.from, to: june.to)
            )
            // The driver's own time is long before: credits were there, and all was held, when June began.
            let credits = Credits(nanoUSD: 1_000_000_000_000)
            let held = Credits(nanoUSD: 7 * JobFixtures.hold.nanoUSD)
            #expect(first.opening == Balance(available: try credits.subtracting(held), held: held))
            #expect(first.movements == [] && first.charged == Credits(nanoUSD: 70))
            #expect(first.charges.map(\.values) == [["vendor/video", "vendor"]])
            #expect(first.difference == .zero)

            let second = try #require(
                try await store.statement(of: driver.key.workspace, from: july.from, to: july.to)
            )
            #expect(second.opening == first.closing)
            #expect(
                second.movements
                    == [WorkspaceStatement.Movement(kind: "grant", count: 1, amount: Credits(nanoUSD: 7))]
            )
            #expect(
                second.charges.map(UsageMonth.line) == ["vendor/image vendor 1/1 80", "vendor/video vendor 1/2 160"]
            )
            #expect(second.difference == .zero)
            let now = try await store.balance(of: driver.key.workspace)
            #expect(second.closing == now && now.held == open.admitted.hold)
            #expect(now.available.nanoUSD + now.held.nanoUSD == credits.nanoUSD + 7 - 310)
        },
        Check("a statement tells what came before any job, and of whom nothing is known") { store in
            let driver = try await JobDriver(store, credits: Credits(nanoUSD: 1_000))
            let all = try #require(
                try await store.statement(
                    of: driver.key.workspace,
                    from: Timestamp(milliseconds: 0),
                    to: distantFuture
                )
            )
            #expect(all.opening == Balance(available: .zero, held: .zero))
            #expect(all.closing == Balance(available: Credits(nanoUSD: 1_000), held: .zero))
            #expect(all.charges == [] && all.movements.map(\.kind) == ["grant"])
            #expect(all.difference == .zero)
            #expect(try await store.statement(of: "nobody", from: all.from, to: all.to) == nil)
        },
    ]

    private static func month(_ text: String) throws -> (from: Timestamp, to: Timestamp) {
        try #require(WorkspaceStatement.month(text))
    }
}
