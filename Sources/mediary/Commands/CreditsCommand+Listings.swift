import ArgumentParser
import JobCore
import JobEngine
import Ledger

extension CreditsCommand {
    /// `mediary credits transactions`.
    struct Transactions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what was moved from and to a workspace.")

        @Option(help: "How many at most, newest first.")
        var limit = 50

        @Option(help: "Only those before this number: the last one of the list before.")
        var before: Int64?

        @OptionGroup var shared: OfWorkspace

        func run() async throws {
            let (workspace, limit) = (try shared.name(), try listLimit(limit))
            let selling = try Selling(mayCreate: false)
            let entries = try await selling.payments.transactions(of: workspace, before: before, limit: limit)
            try selling.stores.close()
            let rows = entries.map(EntryRow.init)
            if shared.json {
                try Output.json(rows)
            } else {
                Output.table(
                    [["NUMBER", "AT", "AMOUNT", "FROM", "TO", "ID", "CAUSE", "BY"]]
                        + rows.map {
                            [
                                String($0.number), $0.at, $0.amount, $0.from, $0.to, $0.id,
                                $0.reason.isEmpty ? $0.cause : $0.reason, $0.actor,
                            ]
                        }
                )
            }
        }
    }

    /// `mediary credits payments`.
    struct Payments: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the payments for a workspace's credits.")

        @Option(help: "How many at most, newest first.")
        var limit = 50

        @OptionGroup var shared: OfWorkspace

        func run() async throws {
            let (workspace, limit) = (try shared.name(), try listLimit(limit))
            let selling = try Selling(mayCreate: false)
            let records = try await selling.payments.payments(of: workspace, limit: limit)
            try selling.stores.close()
            let rows = records.map { PaymentRow($0) }
            if shared.json {
                try Output.json(rows)
            } else {
                Output.table(
                    [["AT", "PAYMENT", "PAID", "CREDITS", "FEE", "GONE"]]
                        + rows.map { [$0.paidAt ?? "-", $0.payment, $0.paid, $0.credits, $0.fee, $0.gone] }
                )
            }
        }
    }

    /// `mediary credits events`.
    struct Events: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what payment systems told, and what became of it."
        )

        @Option(help: "How many at most, newest first.")
        var limit = 50

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let limit = try listLimit(limit)
            let selling = try Selling(mayCreate: false)
            let rows = try await selling.payments.events(limit: limit).map(EventRow.init)
            try selling.stores.close()
            if json {
                try Output.json(rows)
            } else {
                Output.table(
                    [["RECEIVED", "EVENT", "KIND", "OUTCOME", "PAYMENT", "REASON"]]
                        + rows.map { [$0.receivedAt, $0.id, $0.kind, $0.outcome, $0.payment ?? "-", $0.reason ?? "-"] }
                )
            }
        }
    }
}

/// Checks how many rows are asked for.
private func listLimit(_ limit: Int) throws -> Int {
    guard (1...100_000).contains(limit) else {
        throw ValidationError("--limit is \(limit); allowed: 1 to 100000.")
    }
    return limit
}

/// A payment as it is printed.
struct PaymentRow: Encodable {
    let payment: String
    let workspace: String?
    let paid: String
    let credits: String
    let fee: String
    let gone: String
    let paidAt: String?
    /// What became of it just now; nil in lists.
    var outcome: String?

    enum CodingKeys: String, CodingKey {
        case payment, workspace, paid, credits, fee, gone, outcome
        case paidAt = "paid_at"
    }

    init(_ record: PaymentRecord, outcome: String? = nil) {
        payment = record.payment.id
        workspace = record.payment.purchase?.workspace
        paid = (record.payment.purchase?.paid ?? .zero).description
        credits = (record.payment.purchase?.credits ?? .zero).description
        fee = (record.payment.purchase?.fee ?? .zero).description
        gone = record.payment.gone.description
        paidAt = record.paidAt?.description
        self.outcome = outcome
    }
}

/// A transfer as it is printed.
private struct EntryRow: Encodable {
    let number: Int64
    let id: String
    let from: String
    let to: String
    let amount: String
    let cause: String
    let reason: String
    let actor: String
    let at: String

    init(_ entry: LedgerEntry) {
        number = entry.sequence
        id = entry.id
        from = entry.from
        to = entry.to
        amount = entry.amount.description
        cause = entry.cause
        reason = entry.reason
        actor = entry.actor
        at = entry.at.description
    }
}

/// A message of a payment system as it is printed.
private struct EventRow: Encodable {
    let id: String
    let kind: String
    let payment: String?
    let outcome: String
    let reason: String?
    let receivedAt: String

    enum CodingKeys: String, CodingKey {
        case id, kind, payment, outcome, reason
        case receivedAt = "received_at"
    }

    init(_ record: PaymentEventRecord) {
        id = record.id
        kind = record.kind
        payment = record.payment
        outcome = record.outcome
        reason = record.reason
        receivedAt = record.receivedAt.description
    }
}
