import ArgumentParser
import JobCore
import JobEngine

/// `mediary audit`: proof that nothing is lost and the money balances.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Prove that the money balances, events have no gaps and every artifact is whole.",
        discussion:
            "Exits with 1 and the list when anything is violated. Files that nothing refers to are listed and harmless."
    )

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let stores = try Stores(Configuration(), mayCreate: false)
        let report = try await Auditor(store: stores.jobs, files: stores.artifacts).run()
        try stores.close()
        if json { try Output.json(report) } else { Self.show(report) }
        guard report.findings.isEmpty else { throw ExitCode.failure }
    }

    /// Prints a report for people.
    static func show(_ report: Auditor.Report) {
        let database = report.database
        print(
            "audit: \(database.jobs) jobs, \(database.transfers) transfers, \(database.events) events, \(database.artifacts) artifacts (\(Output.bytes(report.artifactBytes)) read)"
        )
        for finding in report.findings { print("  VIOLATION \(finding.rule): \(finding.subject): \(finding.detail)") }
        for leftover in report.leftovers { print("  leftover \(leftover)") }
        print(report.findings.isEmpty ? "  no violation" : "  \(report.findings.count) violations")
    }
}
