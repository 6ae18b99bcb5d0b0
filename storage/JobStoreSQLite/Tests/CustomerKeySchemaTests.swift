import ConformanceKit
import Foundation
import JobCore
import Testing

@testable import JobStoreSQLite

@Suite struct CustomerKeySchemaTests {
    /// Statements that would break a rule about customers' keys, of which one serves a job under way.
    static let breaches = [
        "UPDATE customer_keys SET workspace = 'nobody'",
        "UPDATE customer_keys SET sealed = x'00'",
        "UPDATE customer_keys SET is_fallback = 1, is_only = 1",
        "UPDATE customer_keys SET is_disabled = 2",
        "UPDATE customer_keys SET allowed_models = '{}'",
        "UPDATE customer_keys SET sort_order = -1",
        "DELETE FROM customer_keys",
        "INSERT INTO customer_key_jobs (job, customer_key) VALUES (x'00', 'one')",
        "UPDATE customer_key_jobs SET customer_key = 'nobody''s'",
        "INSERT INTO customer_key_revision (id, revision) VALUES (2, 0)",
    ]

    @Test(arguments: breaches)
    func theSchemaRefuses(_ statement: String) async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            let key = CustomerKey(
                id: "one",
                workspace: driver.key.workspace,
                provider: "vendor",
                sealed: [UInt8](repeating: 7, count: 29),
                label: "",
                terms: CustomerKeyTerms(),
                createdAt: driver.now
            )
            _ = try await store.createCustomerKey(key)
            _ = try await driver.admit(account: key.account)
            #expect(throws: (any Error).self) { try store.runRaw(statement) }
        }
    }

    /// What hands have done to the file, and a job under way with a customer's key would miss.
    @Test(arguments: ["DELETE FROM customer_key_jobs", "UPDATE endpoints SET account = 'main'"])
    func theAuditFinds(_ tampering: String) async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            let key = CustomerKey(
                id: "one",
                workspace: driver.key.workspace,
                provider: "vendor",
                sealed: [UInt8](repeating: 7, count: 29),
                label: "",
                terms: CustomerKeyTerms(),
                createdAt: driver.now
            )
            let job = try await driver.admit(account: try await store.createCustomerKey(key).account)
            #expect(try await store.audit().findings == [])
            try store.runRaw(tampering)
            let findings = try await store.audit().findings
            #expect(findings.map(\.rule) == ["customer_key_kept"])
            #expect(findings.map(\.subject) == [job.id.description])
        }
    }
}
