import ArgumentParser
import JobCore
import JobEngine
import Ledger

extension WorkspacesCommand {
    /// `mediary workspaces create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a workspace.")

        @Argument(help: "Its name: 1 to 64 of a-z, 0-9, - and _.")
        var workspace: String

        @Option(help: "What to call it on the wire; by default its name with a capital letter.")
        var title: String?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let name = try workspaceName(workspace)
            let stores = try Stores(Configuration(), mayCreate: true)
            let new = NewWorkspace(name: name, title: title ?? WorkspaceProfile.title(of: name))
            let made = try await stores.accounts.createWorkspace(new)
            try stores.close()
            guard let made else { throw ValidationError("There is a workspace \(name) already.") }
            if json {
                try Output.json(["name": made.name, "id": made.id])
            } else {
                print("Workspace \(made.name) is made; on the wire it is \(made.id).")
            }
        }
    }

    /// `mediary workspaces delete`.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a workspace that has no keys, and never had jobs or credits."
        )

        @Argument(help: "The workspace.")
        var workspace: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let name = try workspaceName(workspace)
            let stores = try Stores(Configuration(), mayCreate: false)
            let outcome = try await stores.accounts.deleteWorkspace(name)
            try stores.close()
            switch outcome {
            case .deleted: break
            case .missing: throw ValidationError("There is no workspace \(name).")
            case .notEmpty:
                throw ValidationError(
                    "\(name) has keys, or has had jobs or credits, or is the one that is there from the start: it stays."
                )
            }
            if json {
                try Output.json(["name": name, "status": "deleted"])
            } else {
                print("Workspace \(name) is deleted.")
            }
        }
    }

    /// `mediary workspaces budgets`.
    struct Budgets: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the budgets of a workspace with what counts against them now."
        )

        @OptionGroup var shared: OfWorkspace

        func run() async throws {
            let name = try shared.name()
            let stores = try Stores(Configuration(), mayCreate: false)
            let isThere = try await stores.accounts.workspaceProfile(name) != nil
            let standings = try await stores.accounts.budgets(of: name)
            let periods = stores.accounts.periods()
            try stores.close()
            guard isThere else { throw ValidationError("There is no workspace \(name).") }
            if shared.json {
                try Output.json(standings.map { BudgetRow($0, periods) })
            } else {
                Output.table(
                    [["PERIOD", "LIMIT", "SPENT", "RESETS"]]
                        + standings.map {
                            [
                                $0.budget.period.rawValue, $0.budget.limit.description, $0.spent.description,
                                periods.end(of: $0.budget.period)?.description ?? "-",
                            ]
                        }
                )
            }
        }
    }

    /// `mediary workspaces budget`.
    struct SetBudget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "budget",
            abstract: "Set or take away what all keys of a workspace may spend together."
        )

        @Argument(help: "After what time it counts anew: daily, weekly, monthly or lifetime.")
        var period: String

        @Argument(help: "The most that may be spent, holds included, in US dollars; none takes the budget away.")
        var limit: String

        @OptionGroup var shared: OfWorkspace

        func run() async throws {
            let name = try shared.name()
            let period = try spendingPeriod(period, option: "The period", forEver: "lifetime")
            let amount = limit == "none" ? nil : try dollars(limit, option: "The limit")
            let stores = try Stores(Configuration(), mayCreate: false)
            guard try await stores.accounts.workspaceProfile(name) != nil else {
                throw ValidationError("There is no workspace \(name).")
            }
            if let amount {
                try await Self.set(amount, of: name, for: period, stores.accounts)
            } else {
                try await stores.accounts.deleteBudget(of: name, for: period)
            }
            try stores.close()
            let shown = amount?.description ?? "none"
            if shared.json {
                try Output.json(["workspace": name, "period": period.rawValue, "limit": shown])
            } else {
                print("The \(period.rawValue) budget of \(name) is \(shown).")
            }
        }

        private static func set(
            _ amount: Credits,
            of workspace: String,
            for period: SpendingPeriod,
            _ accounts: AccountService
        ) async throws {
            switch try await accounts.setBudget(amount, of: workspace, for: period) {
            case .set: break
            case .missing: throw ValidationError("There is no workspace \(workspace).")
            case .conflict(let other):
                let relation = other.period.isLonger(than: period) ? "below" : "above"
                throw ValidationError(
                    "The \(period.rawValue) budget must be \(relation) the \(other.period.rawValue) one of \(other.limit)."
                )
            }
        }
    }
}

/// A budget as `workspaces budgets --json` prints it.
private struct BudgetRow: Encodable {
    let period: String
    let limit: String
    let spent: String
    let resetsAt: String?

    enum CodingKeys: String, CodingKey {
        case period, limit, spent
        case resetsAt = "resets_at"
    }

    init(_ standing: BudgetStanding, _ periods: UsagePeriods) {
        period = standing.budget.period.rawValue
        limit = standing.budget.limit.description
        spent = standing.spent.description
        resetsAt = periods.end(of: standing.budget.period)?.description
    }
}
