import ArgumentParser
import JobCore
import JobEngine
import Ledger

extension CreditsCommand {
    /// `mediary credits purchase`.
    struct Purchase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Book a payment that no payment system tells of.",
            discussion: "The fee of `credits.purchase_fee` in MEDIARY_CONFIG is part of what was paid."
        )

        @Option(help: "The workspace; made when it is not there.")
        var workspace = AccountService.defaultWorkspace

        @Option(help: "What was paid, in US dollars, the fee included.")
        var amount: String

        @Option(help: "A name for the payment, such as an invoice's number: the same name books once.")
        var payment: String?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let (paid, workspace) = (try dollars(amount, option: "--amount"), try workspaceName(workspace))
            let name = try payment.map { try CreditsCommand.paymentName($0) }
            let selling = try Selling(mayCreate: true)
            let (outcome, record) = try await selling.payments.purchase(paid, for: workspace, payment: name)
            try selling.stores.close()
            guard let record else { throw ValidationError("The payment was not booked.") }
            if json {
                try Output.json(PaymentRow(record, outcome: outcome.name))
                return
            }
            let purchase = record.payment.purchase
            let words = outcome == .applied ? "booked" : "was booked before: nothing is moved"
            print(
                "\(record.payment.id) \(words). \(purchase?.workspace ?? workspace) has \((purchase?.credits ?? .zero).description) USD for it, the fee is \((purchase?.fee ?? .zero).description) USD."
            )
        }
    }

    /// `mediary credits refund`.
    struct Refund: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take back the credits of a payment that are not spent.",
            discussion: """
                Within `credits.refund_window_hours` of MEDIARY_CONFIG, by default 24. Nobody is paid by it: give the \
                money back where it was paid. When the payment system tells of it, that is known already.
                """
        )

        @Option(help: "The payment: see `credits payments`.")
        var payment: String

        @Option(help: "How much, in US dollars; all that may be given back when it is not said.")
        var amount: String?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let amount = try amount.map { try dollars($0, option: "--amount") }
            let selling = try Selling(mayCreate: false)
            let outcome = try await selling.payments.refund(payment, amount: amount)
            try selling.stores.close()
            switch outcome {
            case .unknownPayment: throw ValidationError("--payment is \"\(payment)\"; there is no such payment.")
            case .tooLate(let paidAt):
                throw ValidationError(
                    "\(payment) was made at \(paidAt), longer ago than refunds are given (credits.refund_window_hours in MEDIARY_CONFIG)."
                )
            case .exceeds(let refundable):
                throw ValidationError(
                    "Of \(payment) at most \(refundable) USD are neither spent nor given back; nothing was moved."
                )
            case .refunded(let amount, let workspace):
                if json {
                    try Output.json(["payment": payment, "refunded": amount.description, "workspace": workspace])
                } else {
                    print("\(amount) USD were taken from \(workspace). Give them back to whoever paid.")
                }
            }
        }
    }

    /// `mediary credits adjust`.
    struct Adjust: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Correct what a workspace has, up or down; never below zero."
        )

        @Option(
            parsing: .unconditional,
            help: "How much is added, in US dollars; with a minus how much is taken, such as -2.50."
        )
        var amount: String

        @Option(help: "Why: kept in the ledger.")
        var reason: String

        @Option(help: "Who does it: kept in the ledger.")
        var actor = Selling.user

        @OptionGroup var shared: OfWorkspace

        func run() async throws {
            let workspace = try shared.name()
            guard let change = Credits(usd: amount), change != .zero else {
                throw ValidationError(
                    "--amount is \"\(amount)\"; the form is a decimal number of US dollars other than zero, such as 5 or -2.50, with at most nine places."
                )
            }
            guard !reason.isEmpty else { throw ValidationError("--reason is empty; say why.") }
            guard !actor.isEmpty else { throw ValidationError("--actor is empty; say who.") }
            let selling = try Selling(mayCreate: false)
            guard try await selling.stores.accounts.workspaces().contains(where: { $0.name == workspace }) else {
                throw ValidationError("--workspace is \"\(workspace)\"; there is no such workspace.")
            }
            let balance = try await selling.payments.adjust(change, of: workspace, reason: reason, actor: actor)
            let lots = try await selling.payments.lots(of: workspace)
            try selling.stores.close()
            guard let balance else {
                throw ValidationError("\(workspace) has less than that available; nothing was moved.")
            }
            try CreditsCommand.show(balance, lots, of: workspace, json: shared.json)
        }
    }

    /// Checks a payment's name: 1 to 255 printable characters of ASCII.
    fileprivate static func paymentName(_ text: String) throws -> String {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ValidationError("--payment is \"\(text)\"; allowed: 1 to 255 printable characters without spaces.")
        }
        return text
    }
}
