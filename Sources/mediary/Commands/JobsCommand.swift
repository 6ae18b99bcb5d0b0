import ArgumentParser
import Generation
import HTTPTransport
import JobCore

/// `mediary jobs`: jobs of a running service, over its API.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Look at jobs of a running service (MEDIARY_URL, MEDIARY_API_KEY).",
        subcommands: [List.self, Show.self, Watch.self, Cancel.self]
    )

    /// The id of a job, as an argument.
    struct JobArgument: ParsableArguments, Sendable {
        @Argument(help: "The job's id.")
        var id: String

        func validate() throws {
            guard JobID(id) != nil else {
                throw ValidationError("\"\(id)\" is no job id; one reads like job_01jd9f0q8v7k2m3n4p5q6r7s8t.")
            }
        }
    }

    /// `mediary jobs show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one job.")

        @OptionGroup var job: JobArgument

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let client = try APIClient(Configuration(), environment: SystemEnvironment.make(crashPoint: nil))
            let job = try await client.json(.get, "/api/v1/jobs/\(job.id)")
            if json {
                print(job.canonicalText)
            } else {
                Output.show(JobText.lines(job))
            }
        }
    }

    /// `mediary jobs cancel`.
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a job. One that cannot be stopped, or is over, stays as it is."
        )

        @OptionGroup var job: JobArgument

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let client = try APIClient(Configuration(), environment: SystemEnvironment.make(crashPoint: nil))
            let job = try await client.json(.post, "/api/v1/jobs/\(job.id)/cancel")
            if json {
                print(job.canonicalText)
            } else {
                print(Self.text(job))
            }
        }

        /// What has become of the wish, in one line.
        static func text(_ job: JSONValue) -> String {
            let standing = JobStanding(job)
            if standing.isOver { return JobEnding.summary(of: job) }
            let id = Output.plain(standing.id)
            return standing.phase == "cancelling"
                ? "\(id) is being cancelled" : "\(id) cannot be stopped any more: \(standing.words)"
        }
    }
}

/// One job for people.
enum JobText {
    static func lines(_ job: JSONValue) -> [String] {
        func text(_ value: JSONValue?) -> String {
            switch value {
            case .none, .null: "-"
            case .string(let text): text
            case .some(let other): other.canonicalText
            }
        }
        var rows = [
            ["job", text(job["id"])], ["model", text(job["model"])],
            ["status", text(job["status"]) + (job["phase"]?.stringValue.map { " (\($0))" } ?? "")],
            ["progress", text(job["progress"])], ["created", text(job["created_at"])],
            ["completed", text(job["completed_at"])],
            ["cost", JobsCommand.cost(of: job)],
        ]
        if let message = job["error"]?["message"]?.stringValue { rows.append(["error", message]) }
        for attempt in job["attempts"]?.elements ?? [] {
            let reason = attempt["reason"]?.stringValue.map { " \($0)" } ?? ""
            rows.append(["attempt", "\(text(attempt["provider"])): \(text(attempt["status"]))\(reason)"])
        }
        for artifact in job["artifacts"]?.elements ?? [] {
            rows.append([
                "artifact",
                "\(text(artifact["url"])) \(text(artifact["media_type"])) \(text(artifact["bytes"])) bytes",
            ])
        }
        return Output.lines(rows)
    }
}
