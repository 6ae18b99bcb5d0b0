import ConformanceKit
import JobCore
import Ledger
import Testing

@testable import JobStoreSQLite

/// Goal: files of earlier versions keep their money, and nothing wrong about payments goes unseen.
@Suite struct PaymentSchemaTests {
    @Test func accountsOfAnEarlierVersionAreKept() async throws {
        try await TemporaryDatabase.with { path in
            try SQLiteJobStore.makeFile(
                path: path,
                steps: 7,
                """
                INSERT INTO workspaces VALUES ('old', 1);
                INSERT INTO accounts VALUES ('available:old', 700), ('adjustments', -700), ('held:old', 0);
                INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, at) VALUES
                    ('grant:a', 'adjustments', 'available:old', 500, 'why', 5),
                    ('grant:b', 'adjustments', 'available:old', 200, 'more', 6);
                """
            )
            for _ in 0..<2 {
                let store = try SQLiteJobStore(path: path)
                #expect(try await store.audit().findings == [])
                #expect(try store.rowsRaw("PRAGMA foreign_key_check") == [])
                #expect(try store.rowsRaw("PRAGMA foreign_keys") == [["1"]])
                #expect(try store.rowsRaw("PRAGMA integrity_check") == [["ok"]])
                #expect(try await store.balance(of: "old").available == Credits(nanoUSD: 700))
                let entries = try await store.ledgerEntries(of: "old", before: nil, limit: 9)
                #expect(entries.map(\.id) == ["grant:b", "grant:a"])
                #expect(throws: (any Error).self) {
                    try store.runRaw("UPDATE accounts SET balance_nano = -1 WHERE name = 'held:old'")
                }
                #expect(throws: (any Error).self) { try store.runRaw("DELETE FROM accounts") }
                try store.close()
            }
        }
    }

    private static let breaches = [
        "UPDATE payments SET paid_nano = 0",
        "UPDATE payments SET fee_nano = fee_nano + 1",
        "UPDATE payments SET taken_nano = credits_nano + 1",
        "UPDATE payments SET workspace = NULL",
        "UPDATE payments SET workspace = 'nobody'",
        "UPDATE payments SET refunded_nano = -1",
        "UPDATE payment_disputes SET state = 'odd'",
        "UPDATE payment_disputes SET amount_nano = -1",
        "UPDATE payment_disputes SET payment = 'nothing'",
        "UPDATE payment_events SET outcome = 'odd'",
        "UPDATE credit_lots SET remaining_nano = -1",
        "UPDATE credit_lots SET workspace = 'nobody'",
        "UPDATE free_requests SET day_count = 0",
        "INSERT INTO free_requests VALUES ('nobody', 1, 1, 1, 1)",
    ]

    /// A store with a payment that ends and is disputed in part, and a request to a free model.
    private static func withPayment(_ test: (SQLiteJobStore) async throws -> Void) async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 500_000_000))
            let facts: [Payment.Fact] = [
                .paid(.init(workspace: driver.key.workspace, paid: Credits(nanoUSD: 900_000_000), fee: .none)),
                .disputed(.init(id: "d", amount: Credits(nanoUSD: 100_000_000), state: .open, toldAt: 1)),
            ]
            for (number, fact) in facts.enumerated() {
                let event = PaymentEvent(
                    id: "event \(number)",
                    kind: "test",
                    createdAt: driver.fixtures.tick(),
                    meaning: .fact(fact, payment: "p", expiresAt: driver.now.adding(seconds: 1_000))
                )
                #expect(try await store.apply(event, at: driver.now) == .applied)
            }
            var admission = driver.fixtures.admission(of: driver.fixtures.newJob(driver.key, hold: .zero))
            admission.freeModels = FreeModelLimits(perMinute: 1, perDay: 1, perDayForPayers: 1, enough: .zero)
            #expect(try await store.admit(admission) == .admitted(Job(admission.job)))
            _ = try await driver.job(in: .completed)
            #expect(try await store.audit().findings == [])
            try await test(store)
        }
    }

    @Test func noStatementBreaksARule() async throws {
        try await Self.withPayment { (store) async throws -> Void in
            for breach in Self.breaches {
                #expect(throws: (any Error).self, "\(breach)") { try store.runRaw(breach) }
            }
            #expect(try await store.audit().findings == [])
        }
    }

    @Test(arguments: [
        ("UPDATE payments SET taken_nano = taken_nano - 1", "payment_booked"),
        ("UPDATE payments SET credits_nano = credits_nano - 1, fee_nano = 1", "payment_booked"),
        ("DELETE FROM payments", "payment_booked"),
        ("INSERT INTO payments VALUES ('q', 'default', 5, 5, 0, 1, 0, 0)", "payment_booked"),
        ("UPDATE credit_lots SET remaining_nano = remaining_nano + 2000000000", "credit_lots"),
        ("UPDATE credit_reckonings SET owned_nano = 0", "credit_lots"),
    ])
    func theAuditFinds(sql: String, rule: String) async throws {
        try await Self.withPayment { (store) async throws -> Void in
            try store.runRaw("PRAGMA foreign_keys = OFF")
            try store.runRaw(sql)
            let rules = Set(try await store.audit().findings.map(\.rule))
            #expect(rules.contains(rule), "\(rules)")
            #expect(rules.isSubset(of: [rule, "reference_broken"]), "\(rules)")
        }
    }
}
