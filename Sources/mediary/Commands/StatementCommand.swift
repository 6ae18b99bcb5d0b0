import ArgumentParser
import JobAPI
import JobCore
import JobEngine
import Ledger

/// `mediary statement`: a month of a workspace, from its opening to its closing balance.
struct StatementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statement",
        abstract:
            "Show a month of a workspace: opening balance, what came in, what jobs were charged, closing balance.",
        discussion: """
            Balances are what can be spent and what is held together. Months are in UTC. Both balances are made from the \
            ledger, the charges from the rows of usage; exits with 1 when they do not agree to the nano-dollar.
            """
    )

    @Option(help: "The workspace.")
    var workspace = AccountService.defaultWorkspace

    @Option(help: "The month, as 2026-11.")
    var month: String

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print comma-separated values.")
    var csv = false

    func validate() throws {
        guard WorkspaceStatement.month(month) != nil else {
            throw ValidationError("--month is \"\(month)\"; it must be a year and a month, as 2026-11.")
        }
        guard !json || !csv else { throw ValidationError("Give --json or --csv, not both.") }
    }

    func run() async throws {
        guard let time = WorkspaceStatement.month(month) else { return }
        let name = try workspaceName(workspace)
        let stores = try Stores(Configuration(), mayCreate: false)
        let found = try await stores.accounts.statement(of: name, from: time.from, to: time.to)
        let names = try await stores.accounts.workspaces().map(\.name)
        try stores.close()
        guard let statement = found else {
            throw ValidationError("There is no workspace \(name); there are: \(names.joined(separator: ", ")).")
        }
        if json {
            try Output.json(StatementDocument(statement, month: month))
        } else if csv {
            print(Self.table(statement), terminator: "")
        } else {
            Output.show(Self.lines(statement, month: month))
        }
        guard statement.difference == .zero else { throw ExitCode.failure }
    }

    /// The statement for people.
    private static func lines(_ statement: WorkspaceStatement, month: String) -> [String] {
        var rows = [["", "JOBS", "USD", "OF THAT FEES"], ["opening balance", "", statement.opening.all, ""]]
        for movement in statement.movements {
            rows.append([title(movement.kind), "\(movement.count)", movement.amount.description, ""])
        }
        for charge in statement.charges {
            rows.append([
                "\(charge.values[0] ?? "") at \(charge.values[1] ?? "")", "\(charge.sums.requests)",
                negated(charge.sums.charged).description, negated(charge.sums.fee).description,
            ])
        }
        rows.append(["closing balance", "", statement.closing.all, ""])
        var lines = ["Statement of \(statement.workspace), \(month), US dollars"] + Output.lines(rows)
        lines.append("of the closing balance, \(statement.closing.held) USD are held for open jobs")
        if statement.difference != .zero {
            lines.append("VIOLATION: the ledger and the rows of usage differ by \(statement.difference) USD")
        }
        return lines
    }

    /// The statement for spreadsheets: every line moves the balance by its amount.
    private static func table(_ statement: WorkspaceStatement) -> String {
        var lines = CSVLines()
        lines.add(["entry", "model", "provider", "count", "amount_usd", "provider_cost_usd", "fee_usd"])
        lines.add(["opening_balance", "", "", "", statement.opening.all, "", ""])
        for movement in statement.movements {
            lines.add([movement.kind, "", "", "\(movement.count)", movement.amount.description, "", ""])
        }
        for charge in statement.charges {
            lines.add([
                "charges", charge.values[0] ?? "", charge.values[1] ?? "", "\(charge.sums.requests)",
                negated(charge.sums.charged).description, negated(charge.sums.providerCost).description,
                negated(charge.sums.fee).description,
            ])
        }
        lines.add(["closing_balance", "", "", "", statement.closing.all, "", ""])
        return lines.text
    }

    private static func title(_ kind: String) -> String { kind.replacing("_", with: " ") }

    private static func negated(_ amount: Credits) -> Credits { Credits(nanoUSD: -amount.nanoUSD) }
}

extension Balance {
    /// All that a workspace has, held or not.
    fileprivate var all: String { Credits(nanoUSD: available.nanoUSD + held.nanoUSD).description }
}

/// A statement as `statement --json` prints it; amounts in US dollars with nine places.
private struct StatementDocument: Encodable {
    let workspace: String
    let month: String
    let currency = "USD"
    let opening: Amounts
    let movements: [Movement]
    let charges: [Charge]
    let charged: String
    let closing: Amounts
    let difference: String

    struct Amounts: Encodable {
        let available: String
        let held: String

        init(_ balance: Balance) { (available, held) = (balance.available.description, balance.held.description) }
    }

    struct Movement: Encodable {
        let kind: String
        let count: Int64
        let amount: String
    }

    struct Charge: Encodable {
        let model: String
        let provider: String
        let jobs: Int64
        let completed: Int64
        let charged: String
        let providerCost: String
        let fee: String

        enum CodingKeys: String, CodingKey {
            case model, provider, jobs, completed, charged
            case providerCost = "provider_cost"
            case fee
        }
    }

    init(_ statement: WorkspaceStatement, month: String) {
        workspace = statement.workspace
        self.month = month
        opening = Amounts(statement.opening)
        closing = Amounts(statement.closing)
        movements = statement.movements.map {
            Movement(kind: $0.kind, count: $0.count, amount: $0.amount.description)
        }
        charges = statement.charges.map { group in
            Charge(
                model: group.values[0] ?? "",
                provider: group.values[1] ?? "",
                jobs: group.sums.requests,
                completed: group.sums.completed,
                charged: group.sums.charged.description,
                providerCost: group.sums.providerCost.description,
                fee: group.sums.fee.description
            )
        }
        charged = statement.charged.description
        difference = statement.difference.description
    }
}
