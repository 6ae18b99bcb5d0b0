import ArgumentParser
import Generation
import HTTPTransport

extension JobsCommand {
    /// `mediary jobs list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs, newest first.")

        private static let pageSizeMax = 100

        @Option(help: "Only jobs in these statuses, separated by commas: queued, in_progress, completed, ...")
        var status: String?

        @Option(help: "Only jobs that make this: video, image or speech.")
        var type: String?

        @Option(help: "Only jobs of this model.")
        var model: String?

        @Option(help: "How many at most.")
        var limit = 20

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...100_000).contains(limit) else {
                throw ValidationError("--limit is \(limit); allowed: 1 to 100000.")
            }
        }

        func run() async throws {
            let client = try APIClient(Configuration(), environment: SystemEnvironment.make(crashPoint: nil))
            let (jobs, hasMore) = try await list(client)
            if json {
                print(JSONValue.array(jobs).canonicalText)
            } else {
                Output.table([["JOB", "TYPE", "MODEL", "STATUS", "CREATED", "COST"]] + jobs.map(Self.row))
                if hasMore { print("... there are more; see --limit") }
            }
        }

        /// The jobs, page by page, and whether there are more.
        private func list(_ client: APIClient) async throws -> (jobs: [JSONValue], hasMore: Bool) {
            var jobs: [JSONValue] = []
            var cursor: String?
            repeat {
                let query = URLQuery.text([
                    ("status", status), ("type", type), ("model", model),
                    ("limit", "\(min(limit - jobs.count, Self.pageSizeMax))"), ("cursor", cursor),
                ])
                let page = try await client.json(.get, "/api/v1/jobs" + query)
                jobs += page["data"]?.elements ?? []
                cursor = page["next_cursor"]?.stringValue
            } while cursor != nil && jobs.count < limit
            return (jobs, cursor != nil)
        }

        /// A job in columns.
        static func row(_ job: JSONValue) -> [String] {
            let standing = JobStanding(job)
            let share = standing.progress.map { " \(Int($0 * 100)) %" } ?? ""
            return [
                standing.id, job["type"]?.stringValue ?? "?", standing.model, standing.status + share,
                job["created_at"]?.stringValue ?? "-",
                JobsCommand.cost(of: job),
            ]
        }
    }
}

extension JobsCommand {
    /// What a job cost; before it is over, what it is expected to.
    static func cost(of job: JSONValue) -> String {
        if let cost = job["usage"]?["cost"]?.stringValue { return "\(Output.money(cost)) USD" }
        guard ["queued", "in_progress"].contains(job["status"]), let estimate = job["estimated_cost"]?.stringValue
        else {
            return "-"
        }
        return "about \(Output.money(estimate)) USD"
    }
}
