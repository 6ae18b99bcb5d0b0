import Generation
import JobCore
import JobEngine
import Ledger

/// Reads what Stripe says about payments, as far as it is about credits.
///
/// Credits are bought in a checkout session that names the workspace: in `metadata.workspace`, or as its
/// `client_reference_id`. Its payment intent is what refunds and disputes name later.
struct StripeEventReader: Sendable {
    /// What is read of an event.
    enum News: Sendable {
        /// It is about a payment; `field` is what it is refused for, if it is.
        case payment(PaymentEvent, field: String? = nil)
        /// It is about something else.
        case other(kind: String)
    }

    /// The most that one payment may be: the highest that Stripe takes.
    static let centsMax: Int64 = 99_999_999
    private static let nanoPerCent: Int64 = 10_000_000
    private static let object = "data.object"
    /// What tells how a refund stands; `charge.refunded` tells that there is one.
    private static let refundKinds: Set = ["refund.failed", "refund.updated", "charge.refund.updated"]

    let terms: CreditTerms

    /// Reads an event.
    ///
    /// - Throws: `RequestProblem` for what is no event.
    func read(_ json: JSONValue) throws(RequestProblem) -> News {
        var event = try FieldReader(json)
        let id = try Self.name("id", &event, required: true) ?? ""
        let kind = try event.requiredString("type", charactersMax: 200)
        guard let created = try event.integer("created", in: 0...253_402_300_799) else {
            throw RequestProblem(.missingField, field: "created", "`created` is required: seconds since 1970.")
        }
        guard
            kind == "checkout.session.completed" || kind == "checkout.session.async_payment_succeeded"
                || kind == "charge.refunded" || kind.hasPrefix("charge.dispute.") || Self.refundKinds.contains(kind)
        else { return .other(kind: kind) }
        guard var data = try event.object("data"), var object = try data.object("object") else {
            throw RequestProblem(.missingField, field: Self.object, "`\(Self.object)` is required: an object.")
        }
        let at = Timestamp(milliseconds: created * 1_000)
        var field: String?
        let meaning: PaymentEvent.Meaning
        do {
            if kind.hasPrefix("checkout.") {
                meaning = try purchase(&object, at: at)
            } else if kind == "charge.refunded" {
                meaning = try refund(&object)
            } else if Self.refundKinds.contains(kind) {
                meaning = try failedRefund(&object, toldAt: created)
            } else {
                meaning = try dispute(&object, toldAt: created)
            }
        } catch {
            // Kept as refused, so that the operator sees it: it may be about money that was paid.
            field = error.field
            meaning = .refused(error.message)
        }
        let message = PaymentEvent(id: "stripe:\(id)", kind: kind, createdAt: at, meaning: meaning)
        return .payment(message, field: field)
    }

    private func purchase(
        _ session: inout FieldReader,
        at: Timestamp
    ) throws(RequestProblem) -> PaymentEvent.Meaning {
        if let mode = try session.string("mode", charactersMax: 50), mode != "payment" {
            return .nothing("a session of the mode \(mode)")
        }
        let status = try session.requiredString("payment_status", charactersMax: 50)
        switch status {
        case "paid": break
        case "unpaid": return .nothing("not paid yet: another event tells when it is")
        case "no_payment_required": return .nothing("nothing was paid")
        case _:
            throw Self.problem("payment_status", .string(status), allowed: "paid, unpaid, no_payment_required")
        }
        var metadata = try session.object("metadata")
        let named = try metadata?.string("workspace", charactersMax: 200)
        let reference = try session.string("client_reference_id", charactersMax: 200)
        guard let workspace = named ?? reference else { return .nothing("names no workspace") }
        guard Self.isWorkspace(workspace) else {
            throw Self.problem(
                named == nil ? "client_reference_id" : "metadata.workspace",
                .string(workspace),
                allowed: "the name of a workspace: 1 to 64 of a-z, 0-9, - and _"
            )
        }
        let currency = try session.requiredString("currency", charactersMax: 20)
        guard currency.lowercased() == "usd" else {
            throw Self.problem("currency", .string(currency), allowed: "usd")
        }
        guard let total = try session.integer("amount_total", in: 1...Self.centsMax) else {
            throw Self.missing("amount_total")
        }
        // The total is what is left after discounts, with taxes and shipping on top: these are nobody's credits.
        var details = try session.object("total_details")
        let tax = try details?.integer("amount_tax", in: 0...Self.centsMax) ?? 0
        let shipping = try details?.integer("amount_shipping", in: 0...Self.centsMax) ?? 0
        let cents = total - tax - shipping
        guard cents > 0 else { return .nothing("nothing but tax and shipping was paid") }
        guard let payment = try Self.payment(of: &session, orElse: "id") else { throw Self.missing("id") }
        return terms.purchase(payment, paid: Self.credits(cents), workspace: workspace, at: at)
    }

    private func refund(_ charge: inout FieldReader) throws(RequestProblem) -> PaymentEvent.Meaning {
        guard let payment = try Self.payment(of: &charge, orElse: "id") else { throw Self.missing("id") }
        if let other = try Self.otherCurrency(&charge) { return other }
        guard let cents = try charge.integer("amount_refunded", in: 0...Self.centsMax) else {
            throw Self.missing("amount_refunded")
        }
        guard cents > 0 else { return .nothing("nothing was given back") }
        return .fact(.refunded(Self.credits(cents)), payment: payment)
    }

    /// A refund that did not reach the payer: the money came back, and so do the credits.
    private func failedRefund(
        _ refund: inout FieldReader,
        toldAt: Int64
    ) throws(RequestProblem) -> PaymentEvent.Meaning {
        let status = try refund.string("status", charactersMax: 50) ?? ""
        guard status == "failed" || status == "canceled" else {
            return .nothing("a refund that is \(status.isEmpty ? "of no status" : status)")
        }
        let id = try Self.name("id", &refund, required: true) ?? ""
        guard let payment = try Self.payment(of: &refund, orElse: "charge") else { throw Self.missing("charge") }
        if let other = try Self.otherCurrency(&refund) { return other }
        guard let cents = try refund.integer("amount", in: 0...Self.centsMax) else { throw Self.missing("amount") }
        return .fact(.refundFailed(id: id, amount: Self.credits(cents), toldAt: toldAt), payment: payment)
    }

    private func dispute(
        _ dispute: inout FieldReader,
        toldAt: Int64
    ) throws(RequestProblem) -> PaymentEvent.Meaning {
        let id = try Self.name("id", &dispute, required: true) ?? ""
        guard let payment = try Self.payment(of: &dispute, orElse: "charge") else { throw Self.missing("charge") }
        if let other = try Self.otherCurrency(&dispute) { return other }
        guard let cents = try dispute.integer("amount", in: 0...Self.centsMax) else { throw Self.missing("amount") }
        let status = try dispute.requiredString("status", charactersMax: 50)
        let state: Payment.Dispute.State
        switch status {
        case "needs_response", "under_review": state = .open
        case "won", "warning_closed", "prevented": state = .returned
        case "lost": state = .lost
        case "warning_needs_response", "warning_under_review": return .nothing("an inquiry: no money was taken")
        case _:
            throw Self.problem("status", .string(status), allowed: "needs_response, under_review, won, lost, ...")
        }
        return .fact(
            .disputed(Payment.Dispute(id: id, amount: Self.credits(cents), state: state, toldAt: toldAt)),
            payment: payment
        )
    }

    // MARK: Values

    /// The payment that a session, a charge or a dispute is of.
    private static func payment(
        of object: inout FieldReader,
        orElse other: String
    ) throws(RequestProblem) -> String? {
        for name in ["payment_intent", other] {
            if let payment = try reference(name, &object) { return "stripe:\(payment)" }
        }
        return nil
    }

    /// Credits are sold in US dollars: what is given back in anything else was no purchase of credits.
    private static func otherCurrency(_ object: inout FieldReader) throws(RequestProblem) -> PaymentEvent.Meaning? {
        let currency = try object.requiredString("currency", charactersMax: 20)
        return currency.lowercased() == "usd" ? nil : .nothing("in \(currency): no purchase of credits")
    }

    /// An object that is named by its id, or stands there whole.
    private static func reference(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> String? {
        guard case .object? = reader.value(name) else { return try self.name(name, &reader) }
        guard var whole = try reader.object(name) else { return nil }
        return try self.name("id", &whole, required: true)
    }

    /// An identifier: 1 to 255 printable characters of ASCII.
    private static func name(
        _ name: String,
        _ reader: inout FieldReader,
        required: Bool = false
    ) throws(RequestProblem) -> String? {
        let text =
            required ? try reader.requiredString(name, charactersMax: 255) : try reader.string(name, charactersMax: 255)
        guard let text else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw problem(
                reader.path(of: name),
                .string(text),
                allowed: "1 to 255 printable characters of ASCII",
                whole: true
            )
        }
        return text
    }

    private static func credits(_ cents: Int64) -> Credits { Credits(nanoUSD: cents * nanoPerCent) }

    private static func isWorkspace(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
    }

    private static func missing(_ name: String) -> RequestProblem {
        RequestProblem(.missingField, field: "\(object).\(name)", "`\(object).\(name)` is required.")
    }

    private static func problem(
        _ name: String,
        _ value: JSONValue,
        allowed: String,
        whole: Bool = false
    ) -> RequestProblem {
        let field = whole ? name : "\(object).\(name)"
        return RequestProblem(
            .invalidValue,
            field: field,
            "`\(field)` is \(RequestProblem.shown(value)); allowed: \(allowed)."
        )
    }
}
