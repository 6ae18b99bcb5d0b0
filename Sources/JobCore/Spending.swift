public import Ledger

/// Sums of the day, the week and the month that a moment is in, in UTC, and of all time.
public struct PeriodSums: Sendable, Hashable, Codable {
    /// Since the beginning.
    public var total: Credits
    /// On the current day.
    public var daily: Credits
    /// In the current week.
    public var weekly: Credits
    /// In the current month.
    public var monthly: Credits

    /// Nothing.
    public static let none = PeriodSums(total: .zero, daily: .zero, weekly: .zero, monthly: .zero)

    /// Describes sums.
    public init(total: Credits, daily: Credits, weekly: Credits, monthly: Credits) {
        self.total = total
        self.daily = daily
        self.weekly = weekly
        self.monthly = monthly
    }
}

/// What a workspace or a key has spent, here and by keys of its own.
///
/// What a job has cost counts on the day that it ended.
public struct Spending: Sendable, Hashable, Codable {
    /// What was charged here.
    public let charged: PeriodSums
    /// The list price of what providers billed to the client's own keys.
    public let byok: PeriodSums
    /// What is set aside for jobs that are not over.
    public let held: Credits

    /// Describes spending.
    public init(charged: PeriodSums, byok: PeriodSums, held: Credits) {
        self.charged = charged
        self.byok = byok
        self.held = held
    }
}

/// How a transition is charged.
extension JobTransition {
    /// What the provider bills to the client's own key for the job that this completes; nil for any other.
    public var byokListPrice: Credits? {
        guard case .completed(let completed) = to else { return nil }
        return completed.bill.byokListPrice
    }

    /// How much of the settlement is the platform's, not the provider's.
    ///
    /// - Throws: `LedgerRefusal.overflow`.
    public func platformShare() throws(LedgerRefusal) -> Credits {
        guard case .completed(let completed) = to else { return .zero }
        return try completed.bill.platformShare()
    }

    /// The same step as the month's allowance leaves it: a job by the client's own key costs the fee of what is above.
    ///
    /// Only the transaction that settles the job knows how much of the allowance is left: of two jobs that end at once,
    /// one counts before the other. So the store makes this of the step that it was handed, and writes it instead.
    ///
    /// - Parameters:
    ///   - terms: The job's terms.
    ///   - used: The list price of the month's jobs before this one.
    /// - Returns: A step that costs no more; this one where there is no allowance.
    /// - Throws: `LedgerRefusal.overflow`.
    public func afterAllowance(_ terms: PriceTerms?, used: Credits) throws(LedgerRefusal) -> JobTransition {
        guard let byok = terms?.byok, case .completed(var completed) = to, byokListPrice != nil else { return self }
        // All else that the job's end tells stays.
        completed.bill = try byok.bill(completed.bill, afterUse: used)
        return JobTransition(
            from: from,
            to: .completed(completed),
            at: at,
            resolution: .settle(completed.bill.total),
            attempt: attempt
        )
    }
}
