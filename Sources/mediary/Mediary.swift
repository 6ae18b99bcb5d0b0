import ArgumentParser

/// One asynchronous job API for image, audio and video models, on your own machine.
@main struct Mediary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mediary",
        abstract: "One asynchronous job API for image, audio and video models, on your own machine.",
        discussion: "Settings come from environment variables; the README lists them.",
        version: version,
        subcommands: [
            ServeCommand.self, DemoCommand.self, GenerateCommand.self, QuoteCommand.self, ModelsCommand.self,
            JobsCommand.self, KeysCommand.self, CreditsCommand.self, WorkspacesCommand.self, StatementCommand.self,
            DoctorCommand.self, AuditCommand.self, ReconcileCommand.self, OpenAPICommand.self,
        ]
    )

    /// The version that the command line and the API tell.
    static let version = "0.1.0"
}
