import ConformanceKit
import JobCore
import Ledger
import Testing

@testable import JobStoreSQLite

/// An audit finds what is wrong with results that came late.
@Suite struct LateAuditTests {
    static let tamperings: [(sql: String, rules: Set<String>)] = [
        ("UPDATE late_results SET loss_nano = loss_nano + 1", ["late_loss"]),
        ("DELETE FROM late_results", ["late_loss", "artifact_recorded"]),
        ("UPDATE late_results SET artifact_count = 1", ["artifact_recorded"]),
        ("UPDATE late_results SET first_number = 1", ["artifact_recorded"]),
        ("DELETE FROM artifacts WHERE job = (SELECT job FROM late_results) AND number = 1", ["artifact_recorded"]),
        ("DELETE FROM transfers WHERE id GLOB 'loss:late:*'", ["late_loss", "balance_cached"]),
        (
            "UPDATE transfers SET amount_nano = amount_nano + 1 WHERE id GLOB 'loss:late:*'",
            ["late_loss", "balance_cached"]
        ),
        (
            "UPDATE transfers SET id = replace(id, 'late-', 'other-') WHERE id GLOB 'loss:late:*'", ["late_loss"]
        ),
    ]

    @Test(arguments: tamperings.indices) func finds(_ index: Int) async throws {
        let (sql, rules) = Self.tamperings[index]
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            _ = try await driver.job(in: .completed)
            let job = try await driver.job(in: .failed)
            let late = LateResult(
                job: job.id,
                attempt: 1,
                remoteID: "late-1",
                artifacts: JobScript(job.admitted).artifacts,
                loss: Credits(nanoUSD: 5)
            )
            #expect(try await store.recordLate(late, at: driver.now) == .recorded)
            #expect(try await store.audit().findings == [])
            try store.runRaw("PRAGMA foreign_keys = OFF")
            try store.runRaw("DROP TRIGGER transfers_never_change; DROP TRIGGER transfers_never_go")
            try store.runRaw(sql)
            let findings = try await store.audit().findings
            #expect(Set(findings.map(\.rule)) == rules, "\(sql): \(findings)")
        }
    }
}
