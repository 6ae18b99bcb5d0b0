import ArgumentParser
import JobCore
import JobEngine
import Ledger

/// `mediary credits`: what workspaces can spend.
struct CreditsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credits",
        abstract: "Grant credits to a workspace, and show its balance.",
        subcommands: [Grant.self, ShowBalance.self]
    )

    /// `mediary credits grant`.
    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a workspace credits.")

        @Option(help: "The workspace; made when it is not there.")
        var workspace = AccountService.defaultWorkspace

        @Option(help: "How much, in US dollars.")
        var amount: String

        @Option(help: "Why: kept in the ledger.")
        var reason = "granted on the command line"

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let stores = try Stores(Configuration(), mayCreate: true)
            let balance = try await stores.accounts.grant(
                try dollars(amount, option: "--amount"),
                to: try workspaceName(workspace),
                reason: reason
            )
            try stores.close()
            try show(balance, of: workspace, json: json)
        }
    }

    /// `mediary credits balance`.
    struct ShowBalance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "balance",
            abstract: "Show what a workspace has."
        )

        @Option(help: "The workspace.")
        var workspace = AccountService.defaultWorkspace

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let stores = try Stores(Configuration(), mayCreate: false)
            let balance = try await stores.accounts.balance(of: try workspaceName(workspace))
            try stores.close()
            try show(balance, of: workspace, json: json)
        }
    }

    private static func show(_ balance: Balance, of workspace: String, json: Bool) throws {
        if json {
            try Output.json([
                "workspace": workspace, "available": balance.available.description,
                "held": balance.held.description, "currency": "USD",
            ])
        } else {
            print("\(workspace): \(balance.available) USD available, \(balance.held) USD held for open jobs")
        }
    }
}
