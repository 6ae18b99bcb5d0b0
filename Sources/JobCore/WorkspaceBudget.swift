public import Ledger

/// The most that the keys of a workspace may spend together in each period.
public struct WorkspaceBudget: Sendable, Hashable {
    /// A UUID, in lower case.
    public let id: String
    /// After what time it counts anew; a workspace has one budget for each.
    public let period: SpendingPeriod
    /// The most that may be spent, holds included.
    public let limit: Credits
    /// When it was made.
    public let createdAt: Timestamp
    /// When it was last changed.
    public let updatedAt: Timestamp

    /// Describes a budget.
    public init(id: String, period: SpendingPeriod, limit: Credits, createdAt: Timestamp, updatedAt: Timestamp) {
        self.id = id
        self.period = period
        self.limit = limit
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// The budget with another limit.
    public func with(limit: Credits, at now: Timestamp) -> WorkspaceBudget {
        WorkspaceBudget(id: id, period: period, limit: limit, createdAt: createdAt, updatedAt: now)
    }

    /// The first budget beside which this one makes no sense: a shorter period must allow less than a longer one.
    public func conflict(among others: [WorkspaceBudget]) -> WorkspaceBudget? {
        others.filter { $0.period != period }.first { other in
            other.period.isLonger(than: period) ? limit >= other.limit : limit <= other.limit
        }
    }
}

/// A budget, and what counts against it now.
public struct BudgetStanding: Sendable, Hashable {
    /// The budget.
    public let budget: WorkspaceBudget
    /// Charges since the period's start, and the holds of jobs that are not over.
    public let spent: Credits

    /// Describes a budget's standing.
    public init(budget: WorkspaceBudget, spent: Credits) {
        self.budget = budget
        self.spent = spent
    }
}

/// What became of the wish to set a budget.
public enum BudgetOutcome: Sendable, Hashable {
    /// It is set.
    case set(WorkspaceBudget)
    /// It would not be below that of a longer period, or above that of a shorter one.
    case conflict(WorkspaceBudget)
    /// There is no such workspace.
    case missing
}
