import ArgumentParser
import JobCore
import JobEngine
import Ledger

/// `mediary workspaces`: who keys and credits belong to.
struct WorkspacesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspaces",
        abstract: "Make, list and delete workspaces, set their budgets, and show what their callbacks are signed with.",
        subcommands: [List.self, Create.self, Delete.self, Budgets.self, SetBudget.self, ShowWebhookSecret.self]
    )

    /// `mediary workspaces list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all workspaces with what they have.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let stores = try Stores(Configuration(), mayCreate: false)
            var rows: [WorkspaceRow] = []
            for workspace in try await stores.accounts.workspaces() {
                let balance = try await stores.accounts.balance(of: workspace.name)
                rows.append(
                    WorkspaceRow(
                        name: workspace.name,
                        available: balance.available.description,
                        held: balance.held.description,
                        createdAt: workspace.createdAt.description
                    )
                )
            }
            try stores.close()
            if json {
                try Output.json(rows)
            } else {
                Output.table(
                    [["NAME", "AVAILABLE", "HELD", "CREATED"]]
                        + rows.map { [$0.name, $0.available, $0.held, $0.createdAt] }
                )
            }
        }
    }

    /// `mediary workspaces webhook-secret`.
    struct ShowWebhookSecret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "webhook-secret",
            abstract: "Show the secret that a workspace's callbacks are signed with.",
            discussion: "Receivers check `webhook-signature` and `X-OpenRouter-Signature` with it."
        )

        @OptionGroup var shared: OfWorkspace

        func run() async throws {
            let configuration = try Configuration()
            let name = try shared.name()
            let stores = try Stores(configuration, mayCreate: false)
            let names = try await stores.accounts.workspaces().map(\.name)
            try stores.close()
            guard names.contains(name) else {
                throw ValidationError("There is no workspace \(name); there are: \(names.joined(separator: ", ")).")
            }
            let secrets = WebhookSecrets(masterKey: try MasterKey.load(configuration, mayMake: false))
            let secret = secrets.secret(of: name).text
            if shared.json {
                try Output.json(["workspace": name, "secret": secret])
            } else {
                print(secret)
            }
        }
    }
}

/// A workspace as `workspaces list --json` prints it.
private struct WorkspaceRow: Encodable {
    let name: String
    let available: String
    let held: String
    let createdAt: String

    enum CodingKeys: String, CodingKey {
        case name, available, held
        case createdAt = "created_at"
    }
}
