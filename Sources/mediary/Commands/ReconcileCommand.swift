import ArgumentParser
import CurlTransport
import Foundation
import Generation
import JobCore
import JobEngine
import ProviderKit

/// `mediary reconcile`: our jobs against what the providers say that they were asked for.
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Compare the jobs with the providers' own lists, and set right what can be.",
        discussion: """
            With the service running or not. Without --apply it only tells. With it, a job in flight that lost the answer \
            to its submit goes on with the generation that was found; what came of jobs that were given up without a \
            charge is attached to them free of charge, and its cost is booked as the operator's loss. Generations that \
            nothing here belongs to are told of, unless --ignore-foreign says that other programs use the accounts as well.

            Exits with 0 when everything agrees, with 1 when anything does not, set right or not, and with 2 when a \
            provider or the database could not be asked.
            """
    )

    /// The exit status of a comparison that could not be made, or not wholly.
    private static let failed = ExitCode(2)

    @Option(help: "How far back to compare: 2d, 12h, 30m or 90s, at most 90d.")
    var since = "2d"

    @Option(help: "Only this provider, by its slug.")
    var provider: String?

    @Flag(help: "Set right what can be, instead of only telling.")
    var apply = false

    @Flag(help: "Keep quiet about generations that nothing here belongs to.")
    var ignoreForeign = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        var report: Reconciliation
        do {
            report = try await reconciled()
        } catch {
            FileHandle.standardError.write(Data("Error: \(Output.plain(Self.message(of: error)))\n".utf8))
            throw Self.failed
        }
        if ignoreForeign { report.findings.removeAll { $0.kind == .unknownOperation } }
        if json { try Output.json(report) } else { Output.show(Self.lines(of: report)) }
        guard report.isWhole else { throw Self.failed }
        guard report.findings.isEmpty else { throw ExitCode.failure }
    }

    private func reconciled() async throws -> Reconciliation {
        let seconds = try Self.seconds(since)
        let configuration = try Configuration()
        let file = try configuration.operatorFile.map { try OperatorFile(path: $0) } ?? OperatorFile()
        let stores = try Stores(configuration, mayCreate: false)
        let transport = CurlTransport(
            .init(environment: ProcessInfo.processInfo.environment),
            bootSeconds: stores.environment.bootSeconds
        )
        let result: Result<Reconciliation, any Error>
        do {
            let settings = ProviderSettings(configuration, stores.environment, transport: transport)
            let reconciler = Reconciler(
                store: stores.jobs,
                artifacts: stores.artifacts,
                catalog: try ModelOffer(settings, file: file).catalog,
                environment: stores.environment,
                allowNetworks: configuration.allowNetworks,
                logger: configuration.logger()
            )
            if let provider, !reconciler.providers.contains(provider) {
                throw ValidationError(
                    "--provider is \(provider); on are: \(reconciler.providers.joined(separator: ", "))."
                )
            }
            let start = stores.environment.now().adding(seconds: -seconds)
            result = .success(try await reconciler.run(since: start, provider: provider, isApplying: apply))
        } catch {
            result = .failure(error)
        }
        await transport.shutdown()
        try stores.close()
        return try result.get()
    }

    /// A length of time as the operator writes it, in seconds.
    ///
    /// - Throws: `ValidationError` for anything else than a whole number and a unit, and beyond what is kept anywhere.
    static func seconds(_ text: String) throws -> Double {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), text.utf8.count <= 9,
            text.dropLast().utf8.allSatisfy({ (48...57).contains($0) }), let number = Int64(text.dropLast()),
            (1...(90 * 86_400)).contains(number * unit)
        else {
            throw ValidationError("--since is \"\(text)\"; the form is 2d, 12h, 30m or 90s, at most 90d.")
        }
        return Double(number * unit)
    }

    private static func message(of error: any Error) -> String {
        if let problem = error as? ValidationError { return problem.message }
        return "\(error)"
    }

    /// The report for people.
    static func lines(of report: Reconciliation) -> [String] {
        var lines: [String] = []
        for account in report.accounts {
            let name = "\(account.provider)/\(account.account)"
            let compared =
                account.hasList
                ? "\(account.listed) listed, \(account.attempts) sent since \(account.since)"
                : "no list, \(account.attempts) sent since \(account.since)"
            lines.append(Output.plain("\(name): \(compared)"))
            if let problem = account.problem { lines.append(Output.plain("  PROBLEM \(problem)")) }
        }
        for finding in report.findings {
            let owner = finding.job.map { "\($0) attempt \(finding.attempt ?? 0)" } ?? "nobody's"
            let mark = finding.isDone ? "done" : "open"
            lines.append(
                Output.plain(
                    "  \(mark) \(finding.kind.rawValue): \(finding.provider) \(finding.operation), \(owner): \(finding.detail)"
                )
            )
        }
        if report.findings.isEmpty {
            lines.append(report.isWhole ? "everything agrees" : "nothing was found in what could be compared")
        } else {
            let count = report.findings.count
            let hint = report.isApplied ? "" : "; --apply sets right what can be"
            lines.append("\(count) \(count == 1 ? "finding" : "findings")\(hint)")
        }
        return lines
    }
}
