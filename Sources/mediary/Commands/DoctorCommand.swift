import ArgumentParser
import Foundation

/// `mediary doctor`: what an operator needs to know before and while it serves.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine and the settings, one line each.",
        discussion: "Changes nothing. Exits with 1 when anything fails; warnings are for you to judge."
    )

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let findings = await Doctor(
            settings: ProcessInfo.processInfo.environment,
            environment: SystemEnvironment.make(crashPoint: nil)
        ).findings()
        if json { try Output.json(findings) } else { Output.show(Finding.lines(findings)) }
        guard !findings.contains(where: { $0.level == .fail }) else { throw ExitCode.failure }
    }
}
