import Foundation
import ServiceHarness

/// Programs of others that the service is tried with, from the environment that `scripts/wire-venv` makes.
enum PythonTools {
    /// The files that tests give to these programs.
    static let files = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Clients").path
    private static let programs = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../.venv-wire/bin").standardized.path

    /// Runs a program in the folder of a test, to its end.
    static func run(
        _ program: String,
        _ arguments: [String],
        in installation: Installation,
        _ settings: [String: String] = [:],
        within seconds: Double
    ) throws -> Installation.CommandResult {
        try installation.run(
            "/usr/bin/env",
            ["-C", installation.folder, "\(programs)/\(program)"] + arguments,
            settings,
            within: seconds
        )
    }
}
