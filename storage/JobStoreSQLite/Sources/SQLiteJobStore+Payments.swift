import GRDB
package import JobCore
package import Ledger

extension SQLiteJobStore {
    package func apply(_ event: PaymentEvent, at now: Timestamp) async throws -> PaymentOutcome {
        try await writer.write { db in try db.apply(event, at: now) }
    }

    package func refund(_ request: RefundRequest, at now: Timestamp) async throws -> RefundOutcome {
        try await writer.write { db in try db.refund(request, at: now) }
    }

    package func payment(_ id: String) async throws -> PaymentRecord? {
        try await pool.read { db in try db.payment(id) }
    }

    package func payments(of workspace: String, limit: Int) async throws -> [PaymentRecord] {
        try await pool.read { db in
            try db.rows(
                "\(PaymentRecord.selection) WHERE workspace = ? ORDER BY paid_at DESC, id DESC LIMIT ?",
                [.text(workspace), .integer(limit)]
            ).map { try db.payment($0) }
        }
    }

    package func paymentEvents(limit: Int) async throws -> [PaymentEventRecord] {
        try await pool.read { db in
            try db.rows(
                """
                SELECT id, kind, payment, outcome, reason, created_at, received_at FROM payment_events
                ORDER BY received_at DESC, id DESC LIMIT ?
                """,
                [.integer(limit)]
            ).map { row in
                PaymentEventRecord(
                    id: row[0],
                    kind: row[1],
                    payment: row[2],
                    outcome: row[3],
                    reason: row[4],
                    createdAt: Timestamp(milliseconds: row[5]),
                    receivedAt: Timestamp(milliseconds: row[6])
                )
            }
        }
    }

    package func transfer(
        _ transfer: Transfer,
        expiringAt end: Timestamp,
        at now: Timestamp
    ) async throws -> Bool {
        try await writer.write { db in
            guard try !db.hasTransfer(transfer.id) else { return false }
            try db.post(transfer, at: now, .opens(until: end))
            return true
        }
    }

    package func creditLots(of workspace: String) async throws -> [CreditLots.Lot] {
        try await pool.read { db in
            (try db.reckonedLots(of: workspace)?.lots ?? []).filter { $0.remaining > .zero }
        }
    }

    package func expireCredits(at now: Timestamp) async throws -> [Transfer] {
        try await writer.write { db in try db.expireCredits(at: now) }
    }

    package func ledgerEntries(
        of workspace: String,
        before sequence: Int64?,
        limit: Int
    ) async throws -> [LedgerEntry] {
        let available = Account.available(workspace: workspace).name
        let held = Account.held(workspace: workspace).name
        return try await pool.read { db in
            try db.rows(
                """
                SELECT sequence, id, from_account, to_account, amount_nano, cause, at, reason, actor FROM transfers
                WHERE sequence < ? AND (from_account IN (?, ?) OR to_account IN (?, ?))
                ORDER BY sequence DESC LIMIT ?
                """,
                [
                    .integer(sequence ?? .max), .text(available), .text(held), .text(available), .text(held),
                    .integer(limit),
                ]
            ).map { row in
                LedgerEntry(
                    sequence: row[0],
                    id: row[1],
                    from: row[2],
                    to: row[3],
                    amount: Credits(nanoUSD: row[4]),
                    cause: row[5],
                    reason: row[7],
                    actor: row[8],
                    at: Timestamp(milliseconds: row[6])
                )
            }
        }
    }
}

extension Database {
    fileprivate func hasTransfer(_ id: String) throws -> Bool {
        try integer("SELECT 1 FROM transfers WHERE id = ?", [.text(id)]) != nil
    }

    fileprivate func apply(_ event: PaymentEvent, at now: Timestamp) throws -> PaymentOutcome {
        let outcome: PaymentOutcome
        var about: String?
        switch event.meaning {
        case .nothing(let reason): outcome = .ignored(reason)
        case .refused(let reason): outcome = .refused(reason)
        case .fact(let fact, let payment, let end):
            about = payment
            outcome = try learn(fact, of: payment, from: event, expiringAt: end, at: now)
        }
        // The first outcome stays: a repeat tells nothing new. One that was refused may be followed later.
        try run(
            """
            INSERT INTO payment_events (id, kind, payment, outcome, reason, created_at, received_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET payment = excluded.payment, outcome = excluded.outcome,
                reason = excluded.reason, received_at = excluded.received_at
            WHERE payment_events.outcome = 'refused' AND excluded.outcome <> 'refused'
            """,
            [
                .text(event.id), .text(event.kind), .text(about), .text(outcome.name), .text(outcome.reason),
                .time(event.createdAt), .time(now),
            ]
        )
        return outcome
    }

    private func learn(
        _ fact: Payment.Fact,
        of id: String,
        from event: PaymentEvent,
        expiringAt end: Timestamp?,
        at now: Timestamp
    ) throws -> PaymentOutcome {
        if case .paid(let purchase) = fact {
            let known = try integer("SELECT 1 FROM workspaces WHERE name = ?", [.text(purchase.workspace)])
            guard known != nil else { return .refused(PaymentEvent.unknownWorkspace) }
        }
        let record = try payment(id)
        let before = record?.payment ?? Payment(id: id)
        let (after, transfers) = try before.learning(fact, from: event.id)
        guard after != before || record == nil else { return .unchanged }
        let paidAt = after.purchase == nil ? nil : record?.paidAt ?? event.createdAt
        try keep(after, paidAt: paidAt)
        let lot = "purchase:\(id)"
        for transfer in transfers {
            let change: CreditLots.Change? = transfer.id == lot ? end.map { .opens(until: $0) } : .concerns(lot)
            try post(transfer, at: now, change)
        }
        return .applied
    }

    fileprivate func refund(_ request: RefundRequest, at now: Timestamp) throws -> RefundOutcome {
        guard let record = try payment(request.payment), let workspace = record.payment.purchase?.workspace else {
            return .unknownPayment
        }
        let done = try integer("SELECT amount_nano FROM transfers WHERE id = ?", [.text("refund:\(request.id)")])
        if let done { return .refunded(Credits(nanoUSD: done), workspace: workspace) }
        let lots = try reckonedLots(of: workspace, for: .concerns("purchase:\(request.payment)"))
        let (fact, outcome) = try record.refund(
            request,
            refundable: record.refundable(
                available: try balance(of: .available(workspace: workspace)),
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

    fileprivate func payment(_ id: String) throws -> PaymentRecord? {
        try row("\(PaymentRecord.selection) WHERE id = ?", [.text(id)]).map { try payment($0) }
    }

    fileprivate func payment(_ row: Row) throws -> PaymentRecord {
        let id: String = row[0]
        let workspace: String? = row[1]
        let purchase = workspace.map {
            Payment.Purchase(
                workspace: $0,
                paid: Credits(nanoUSD: row[2]),
                credits: Credits(nanoUSD: row[3]),
                fee: Credits(nanoUSD: row[4])
            )
        }
        let disputes = try rows(
            "SELECT id, amount_nano, state, told_at FROM payment_disputes WHERE payment = ? ORDER BY id",
            [.text(id)]
        ).map { row in
            let name: String = row[2]
            guard let state = Payment.Dispute.State(rawValue: name) else {
                throw SQLiteJobStoreError.corrupt("a dispute that is \(name)")
            }
            return Payment.Dispute(id: row[0], amount: Credits(nanoUSD: row[1]), state: state, toldAt: row[3])
        }
        return PaymentRecord(
            payment: Payment(
                id: id,
                purchase: purchase,
                refunded: Credits(nanoUSD: row[6]),
                disputes: disputes
            ),
            paidAt: row.time(5)
        )
    }

    private func keep(_ payment: Payment, paidAt: Timestamp?) throws {
        try run(
            """
            INSERT INTO payments (id, workspace, paid_nano, credits_nano, fee_nano, paid_at, refunded_nano, taken_nano)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET workspace = excluded.workspace, paid_nano = excluded.paid_nano,
                credits_nano = excluded.credits_nano, fee_nano = excluded.fee_nano, paid_at = excluded.paid_at,
                refunded_nano = excluded.refunded_nano, taken_nano = excluded.taken_nano
            """,
            [
                .text(payment.id), .text(payment.purchase?.workspace), .amount(payment.purchase?.paid),
                .amount(payment.purchase?.credits), .amount(payment.purchase?.fee), .time(paidAt),
                .amount(payment.refunded), .amount(payment.creditsTaken),
            ]
        )
        for dispute in payment.disputes.values {
            try run(
                """
                INSERT INTO payment_disputes (payment, id, amount_nano, state, told_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (payment, id) DO UPDATE SET amount_nano = excluded.amount_nano, state = excluded.state,
                    told_at = excluded.told_at
                """,
                [
                    .text(payment.id), .text(dispute.id), .amount(dispute.amount), .text(dispute.state.rawValue),
                    .integer(dispute.toldAt),
                ]
            )
        }
    }
}

extension PaymentRecord {
    /// What a statement selects to make records; its conditions follow.
    fileprivate static let selection = """
        SELECT id, workspace, paid_nano, credits_nano, fee_nano, paid_at, refunded_nano FROM payments
        """
}
