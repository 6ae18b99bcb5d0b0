package import JobCore
package import Ledger

/// Payments and the messages about them, in dictionaries.
struct MemoryPayments {
    /// What is known of each payment.
    var records: [String: PaymentRecord] = [:]
    /// The messages, in the order in which they came.
    var events: [PaymentEventRecord] = []
}

extension MemoryJobStore {
    package func apply(_ event: PaymentEvent, at now: Timestamp) throws -> PaymentOutcome {
        let outcome: PaymentOutcome
        var about: String?
        switch event.meaning {
        case .nothing(let reason): outcome = .ignored(reason)
        case .refused(let reason): outcome = .refused(reason)
        case .fact(let fact, let payment, let end):
            about = payment
            outcome = try learn(fact, of: payment, from: event, expiringAt: end, at: now)
        }
        let record = PaymentEventRecord(
            id: event.id,
            kind: event.kind,
            payment: about,
            outcome: outcome.name,
            reason: outcome.reason,
            createdAt: event.createdAt,
            receivedAt: now
        )
        if let index = payments.events.firstIndex(where: { $0.id == event.id }) {
            let isFollowedNow = payments.events[index].outcome == "refused" && outcome.name != "refused"
            if isFollowedNow { payments.events[index] = record }
        } else {
            payments.events.append(record)
        }
        return outcome
    }

    private func learn(
        _ fact: Payment.Fact,
        of id: String,
        from event: PaymentEvent,
        expiringAt end: Timestamp?,
        at now: Timestamp
    ) throws -> PaymentOutcome {
        if case .paid(let purchase) = fact, workspaceRows[purchase.workspace] == nil {
            return .refused(PaymentEvent.unknownWorkspace)
        }
        let record = payments.records[id]
        let before = record?.payment ?? Payment(id: id)
        let (after, transfers) = try before.learning(fact, from: event.id)
        guard after != before || record == nil else { return .unchanged }
        let lot = "purchase:\(id)"
        try ledger.post(transfers, at: now) { transfer in
            transfer.id == lot ? end.map { .opens(until: $0) } : .concerns(lot)
        }
        let paidAt = after.purchase == nil ? nil : record?.paidAt ?? event.createdAt
        payments.records[id] = PaymentRecord(payment: after, paidAt: paidAt)
        return .applied
    }

    package func refund(_ request: RefundRequest, at now: Timestamp) throws -> RefundOutcome {
        guard let record = payments.records[request.payment], let workspace = record.payment.purchase?.workspace else {
            return .unknownPayment
        }
        if let done = ledger.transfers.first(where: { $0.id == "refund:\(request.id)" }) {
            return .refunded(done.amount, workspace: workspace)
        }
        let lots = try ledger.reckonedLots(of: workspace)
        let (fact, outcome) = try record.refund(
            request,
            refundable: record.refundable(
                available: ledger.balance(of: .available(workspace: workspace)),
                lot: lots?.lots.first { $0.id == "purchase:\(request.payment)" }
            )
        )
        guard let fact else { return outcome }
        let event = PaymentEvent(
            id: request.id,
            kind: "refund",
            createdAt: now,
            meaning: .fact(fact, payment: request.payment)
        )
        _ = try apply(event, at: now)
        return outcome
    }

    package func payment(_ id: String) -> PaymentRecord? { payments.records[id] }

    package func payments(of workspace: String, limit: Int) -> [PaymentRecord] {
        let found = payments.records.values.filter { $0.payment.purchase?.workspace == workspace }
        let start = Timestamp(milliseconds: 0)
        return Array(
            found.sorted { ($0.paidAt ?? start, $0.payment.id) > ($1.paidAt ?? start, $1.payment.id) }.prefix(limit)
        )
    }

    package func paymentEvents(limit: Int) -> [PaymentEventRecord] {
        Array(payments.events.sorted { ($0.receivedAt, $0.id) > ($1.receivedAt, $1.id) }.prefix(limit))
    }

    package func transfer(_ transfer: Transfer, expiringAt end: Timestamp, at now: Timestamp) throws -> Bool {
        guard !ledger.contains(transfer.id) else { return false }
        try ledger.post([transfer], at: now) { _ in .opens(until: end) }
        return true
    }

    package func creditLots(of workspace: String) throws -> [CreditLots.Lot] {
        (try ledger.reckonedLots(of: workspace)?.lots ?? []).filter { $0.remaining > .zero }
    }

    package func expireCredits(at now: Timestamp) throws -> [Transfer] { try ledger.expire(at: now) }

    package func ledgerEntries(of workspace: String, before sequence: Int64?, limit: Int) -> [LedgerEntry] {
        let own = [Account.available(workspace: workspace), .held(workspace: workspace)]
        let entries = zip(ledger.transfers, ledger.times).enumerated().reversed().compactMap { index, made in
            let (transfer, at) = made
            let place = Int64(index + 1)
            guard place < sequence ?? .max, own.contains(transfer.from) || own.contains(transfer.to) else {
                return nil as LedgerEntry?
            }
            return LedgerEntry(
                sequence: place,
                id: transfer.id,
                from: transfer.from.name,
                to: transfer.to.name,
                amount: transfer.amount,
                cause: transfer.cause,
                reason: transfer.reason,
                actor: transfer.actor,
                at: at
            )
        }
        return Array(entries.prefix(limit))
    }
}
