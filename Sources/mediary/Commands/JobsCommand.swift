import ArgumentParser
import Generation
import JobCore

/// `mediary jobs`: jobs of a running service, over its API.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Look at jobs of a running service (MEDIARY_URL, MEDIARY_API_KEY).",
        subcommands: [Show.self]
    )

    /// `mediary jobs show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one job.")

        @Argument(help: "The job's id.")
        var id: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            guard JobID(id) != nil else {
                throw ValidationError("\"\(id)\" is no job id; one reads like job_01jd9f0q8v7k2m3n4p5q6r7s8t.")
            }
            let job = try await APIClient(Configuration()).json("GET", "/api/v1/jobs/\(id)")
            if json {
                print(job.canonicalText)
            } else {
                Self.show(job)
            }
        }

        /// Prints a job for people.
        static func show(_ job: JSONValue) {
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
                ["cost", job["usage"]?["cost"]?.stringValue.map { "\($0) USD" } ?? "-"],
            ]
            if let message = job["error"]?["message"]?.stringValue { rows.append(["error", message]) }
            if case .array(let attempts) = job["attempts"] {
                for attempt in attempts {
                    rows.append([
                        "attempt",
                        "\(text(attempt["provider"])): \(text(attempt["status"])) \(attempt["reason"]?.stringValue ?? "")",
                    ])
                }
            }
            if case .array(let artifacts) = job["artifacts"] {
                for artifact in artifacts {
                    rows.append([
                        "artifact",
                        "\(text(artifact["url"])) \(text(artifact["media_type"])) \(text(artifact["bytes"])) bytes",
                    ])
                }
            }
            Output.table(rows)
        }
    }
}
