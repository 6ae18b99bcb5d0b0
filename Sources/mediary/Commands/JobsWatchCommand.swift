import ArgumentParser
import Generation
import HTTPTransport
import JobCore
import JobEngine

extension JobsCommand {
    /// `mediary jobs watch`.
    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch a job until it is over, and save its files with -o.",
            discussion: """
                Ends with 0 when the job has completed, 1 when it failed, 2 when it was cancelled, 3 when it expired. \
                Ctrl-C leaves the job running.
                """
        )

        @OptionGroup var job: JobArgument

        @Option(
            name: [.customShort("o"), .long],
            help: ArgumentHelp(
                "Where to save; several files are numbered. Only a file named here with its extension is overwritten.",
                valueName: "file"
            )
        )
        var output: String?

        @Flag(help: "Print the job as JSON.")
        var json = false

        func run() async throws {
            let environment = SystemEnvironment.make(crashPoint: nil)
            let client = try APIClient(Configuration(), environment: environment)
            let destination = try output.map { try Destination($0) }
            let (id, json) = (job.id, json)
            let end = try await untilInterrupted {
                let job = try await client.json(.get, "/api/v1/jobs/\(id)")
                return try await JobEnding(client: client, environment: environment, json: json).wait(
                    for: job,
                    since: Self.beginning(of: job, environment),
                    saving: destination,
                    on: JobScreen()
                )
            }
            try JobEnding.exit(end, id)
        }

        /// When a job began, on the clock of `bootSeconds`.
        private static func beginning(of job: JSONValue, _ environment: EngineEnvironment) -> Double {
            let created = job["created_at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
            let age = created.map { environment.now().seconds(since: $0) } ?? 0
            return environment.bootSeconds() - max(0, age)
        }
    }
}
