import ArgumentParser
import Foundation
import Generation
import JobCore
import JobEngine
import Ledger

/// `mediary credits`: what workspaces can spend.
struct CreditsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credits",
        abstract: "Grant and sell credits, give them back, and show what a workspace has.",
        subcommands: [
            Grant.self, ShowBalance.self, Purchase.self, Refund.self, Adjust.self, Transactions.self, Payments.self,
            Events.self,
        ]
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

        @Option(help: "When they end, in UTC: 2027-01-31, from which on they are gone, or 2027-01-31T12:00:00Z.")
        var expires: String?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let (amount, workspace) = (try dollars(amount, option: "--amount"), try workspaceName(workspace))
            let selling = try Selling(mayCreate: true)
            let balance: Balance
            if let expires {
                let end = try Self.time(expires, after: selling.stores.environment.now())
                balance = try await selling.payments.grant(
                    amount,
                    to: workspace,
                    until: end,
                    reason: reason,
                    actor: Selling.user
                )
            } else {
                balance = try await selling.stores.accounts.grant(
                    amount,
                    to: workspace,
                    reason: reason,
                    actor: Selling.user
                )
            }
            try selling.stores.close()
            try CreditsCommand.show(balance, [], of: workspace, json: json)
        }

        private static func time(_ text: String, after now: Timestamp) throws -> Timestamp {
            guard let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: "\(text)T00:00:00Z"), time > now else {
                throw ValidationError(
                    "--expires is \"\(text)\"; the form is 2027-01-31 or 2027-01-31T12:00:00Z, and it must lie ahead."
                )
            }
            return time
        }
    }

    /// `mediary credits balance`.
    struct ShowBalance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "balance",
            abstract: "Show what a workspace has."
        )

        @OptionGroup var shared: OfWorkspace

        func run() async throws {
            let workspace = try shared.name()
            let selling = try Selling(mayCreate: false)
            let balance = try await selling.stores.accounts.balance(of: workspace)
            let lots = try await selling.payments.lots(of: workspace)
            try selling.stores.close()
            try CreditsCommand.show(balance, lots, of: workspace, json: shared.json)
        }
    }

    /// Prints what a workspace has.
    static func show(_ balance: Balance, _ lots: [CreditLots.Lot], of workspace: String, json: Bool) throws {
        if json {
            try Output.json(BalanceRow(balance, lots, workspace))
            return
        }
        print("\(workspace): \(balance.available) USD available, \(balance.held) USD held for open jobs")
        for lot in lots { print("  \(lot.remaining) USD of it end at \(lot.expiresAt)") }
    }
}

/// The stores with what the operator's file says about credits.
struct Selling {
    let stores: Stores
    let payments: PaymentService

    /// Who runs the command, as the system knows them.
    static var user: String {
        let name = ProcessInfo.processInfo.userName
        return name.isEmpty ? "somebody on the command line" : name
    }

    /// Opens the stores; reads the operator's file first.
    init(mayCreate: Bool) throws {
        let configuration = try Configuration()
        let file = try configuration.operatorFile.map { try OperatorFile(path: $0) } ?? OperatorFile()
        stores = try Stores(configuration, mayCreate: mayCreate)
        payments = PaymentService(store: stores.jobs, environment: stores.environment, terms: file.creditTerms)
    }
}

/// A balance as `credits balance --json` prints it.
private struct BalanceRow: Encodable {
    struct Lot: Encodable {
        let id: String
        let remaining: String
        let expiresAt: String

        enum CodingKeys: String, CodingKey {
            case id, remaining
            case expiresAt = "expires_at"
        }
    }

    let workspace: String
    let available: String
    let held: String
    let currency = "USD"
    let expiring: [Lot]

    enum CodingKeys: String, CodingKey { case workspace, available, held, currency, expiring }

    init(_ balance: Balance, _ lots: [CreditLots.Lot], _ workspace: String) {
        self.workspace = workspace
        available = balance.available.description
        held = balance.held.description
        expiring = lots.map {
            Lot(id: $0.id, remaining: $0.remaining.description, expiresAt: $0.expiresAt.description)
        }
    }
}
