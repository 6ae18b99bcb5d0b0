package import JobCore
package import Ledger

/// How credits are sold.
package struct CreditTerms: Sendable, Hashable {
    /// What is kept of a purchase.
    ///
    /// Defaults to nothing.
    package var purchaseFee = PurchaseFee.none
    /// How long after it was made a payment can be given back on command, in seconds.
    ///
    /// Defaults to a day.
    package var refundWindowSeconds: Double = 86_400
    /// How long bought credits last, in seconds; nil for ever.
    package var purchaseLifeSeconds: Double?

    /// The terms when nobody sets any.
    package init() {}

    /// What it means that somebody has paid.
    ///
    /// - Parameters:
    ///   - payment: The payment system's name for the payment.
    ///   - paid: How much, in all.
    ///   - workspace: Who has the credits.
    ///   - at: When.
    /// - Returns: The fact, with these terms.
    package func purchase(
        _ payment: String,
        paid: Credits,
        workspace: String,
        at: Timestamp
    ) -> PaymentEvent.Meaning {
        .fact(
            .paid(Payment.Purchase(workspace: workspace, paid: paid, fee: purchaseFee)),
            payment: payment,
            expiresAt: purchaseLifeSeconds.map { at.adding(seconds: $0) }
        )
    }
}

/// Credits that are bought, given back, granted for a time and corrected: what payment systems tell, and what the
/// operator does.
package struct PaymentService: Sendable {
    /// How credits are sold.
    package let terms: CreditTerms
    private let store: any JobStore
    private let environment: EngineEnvironment

    package init(store: any JobStore, environment: EngineEnvironment, terms: CreditTerms) {
        self.store = store
        self.environment = environment
        self.terms = terms
    }

    /// Follows a message of a payment system: once, in whatever order messages come.
    package func take(_ event: PaymentEvent) async throws -> PaymentOutcome {
        try await store.apply(event, at: environment.now())
    }

    /// Books a payment that came some other way, such as a bank transfer; makes the workspace when it is not there.
    ///
    /// - Parameters:
    ///   - paid: What was paid, the fee included.
    ///   - workspace: Who has the credits.
    ///   - payment: A name for the payment: the same name books once. Nil for one of its own.
    /// - Returns: What became of it, and the payment.
    /// - Throws: What the store throws.
    package func purchase(
        _ paid: Credits,
        for workspace: String,
        payment: String?
    ) async throws -> (outcome: PaymentOutcome, record: PaymentRecord?) {
        let now = environment.now()
        let name = payment ?? "manual:\(environment.randomHex(bytes: 16))"
        try await store.ensureWorkspace(workspace, at: now)
        let event = PaymentEvent(
            id: "operator:\(environment.randomHex(bytes: 16))",
            kind: "purchase",
            createdAt: now,
            meaning: terms.purchase(name, paid: paid, workspace: workspace, at: now)
        )
        return (try await store.apply(event, at: now), try await store.payment(name))
    }

    /// Takes back what is to be given back to a payer: not spent, and within the window.
    ///
    /// Nobody is paid by it. When the payment system tells of the same refund later, that is known.
    package func refund(_ payment: String, amount: Credits?) async throws -> RefundOutcome {
        let now = environment.now()
        return try await store.refund(
            RefundRequest(
                id: "operator:\(environment.randomHex(bytes: 16))",
                payment: payment,
                amount: amount,
                paidSince: now.adding(seconds: -terms.refundWindowSeconds)
            ),
            at: now
        )
    }

    /// Gives a workspace credits that end at a time; makes the workspace when it is not there.
    package func grant(
        _ amount: Credits,
        to workspace: String,
        until end: Timestamp,
        reason: String,
        actor: String
    ) async throws -> Balance {
        let now = environment.now()
        try await store.ensureWorkspace(workspace, at: now)
        let transfer = try Transfer.grant(
            id: environment.randomHex(bytes: 16),
            workspace: workspace,
            amount: amount,
            reason: reason,
            actor: actor
        )
        _ = try await store.transfer(transfer, expiringAt: end, at: now)
        return try await store.balance(of: workspace)
    }

    /// Corrects what a workspace has, up or down; never below zero.
    ///
    /// - Parameters:
    ///   - amount: What is added; negative for what is taken.
    ///   - workspace: Whose credits.
    ///   - reason: Why, for the ledger.
    ///   - actor: Who does it, for the ledger.
    /// - Returns: What the workspace has then; nil, and nothing is moved, when it has less than is to be taken.
    /// - Throws: `notPositive` for zero, `unexplained`; what the store throws.
    package func adjust(
        _ amount: Credits,
        of workspace: String,
        reason: String,
        actor: String
    ) async throws -> Balance? {
        let transfer = try Transfer.adjustment(
            id: environment.randomHex(bytes: 16),
            workspace: workspace,
            amount: amount,
            reason: reason,
            actor: actor
        )
        do {
            _ = try await store.transfer(transfer, at: environment.now())
        } catch LedgerRefusal.overdrawn {
            return nil
        }
        return try await store.balance(of: workspace)
    }

    /// A workspace's credits that end and are not spent, those that end first in front.
    package func lots(of workspace: String) async throws -> [CreditLots.Lot] {
        try await store.creditLots(of: workspace)
    }

    /// The payments for a workspace's credits, newest first.
    package func payments(of workspace: String, limit: Int) async throws -> [PaymentRecord] {
        try await store.payments(of: workspace, limit: limit)
    }

    /// The messages of payment systems, newest first.
    package func events(limit: Int) async throws -> [PaymentEventRecord] { try await store.paymentEvents(limit: limit) }

    /// The transfers from and to a workspace, newest first.
    package func transactions(of workspace: String, before: Int64?, limit: Int) async throws -> [LedgerEntry] {
        try await store.ledgerEntries(of: workspace, before: before, limit: limit)
    }
}
