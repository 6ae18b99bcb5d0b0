package import JobCore
import Testing

/// What every `JobStore` must do, as named checks.
///
/// A store's test target runs them all, each on an empty store:
///
///     @Test(arguments: JobStoreConformance.checks)
///     func conforms(_ check: JobStoreConformance.Check) async throws {
///         try await check.run(makeEmptyStore())
///     }
package enum JobStoreConformance {
    /// One named check.
    package struct Check: Sendable, CustomTestStringConvertible {
        /// The requirement, as a sentence.
        package let testDescription: String
        private let body: @Sendable (any JobStore) async throws -> Void

        init(_ requirement: String, body: @escaping @Sendable (any JobStore) async throws -> Void) {
            self.testDescription = requirement
            self.body = body
        }

        /// Holds `store` to the requirement, and audits it afterwards: no check leaves money or events in disorder.
        ///
        /// - Throws: What the store throws where it should not.
        package func run(_ store: any JobStore) async throws {
            try await body(store)
            let report = try await store.audit()
            #expect(report.findings == [])
        }
    }

    /// Every check, each of which wants an empty store.
    package static let checks: [Check] =
        admission + repeats + references + claiming + commit + attempts + evidence + leases + events + listing + ledger
        + accounts + deliveries + usage + metrics + money + ledgerModel + payments + expiry + freeModels
        + customerKeys + usageRows + statements + limits + alerts + late + routing
}
