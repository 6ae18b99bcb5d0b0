public import Ledger

/// What usage can be grouped by and filtered by.
public enum UsageDimension: String, Sendable, CaseIterable {
    /// The model.
    case model
    /// Who served it.
    case provider
    /// The account at the provider.
    case account
    /// SHA-256 of the key, hexadecimal.
    case key
    /// The workspace.
    case workspace
    /// The end user that the client named, if it named one.
    case user
    /// The session that the client named, if it named one.
    case session
    /// What kind of media.
    case type
    /// How the job ended.
    case state
}

/// How long the periods are that usage is told by, in UTC.
public enum UsageGranularity: String, Sendable, CaseIterable {
    /// A minute.
    case minute
    /// An hour.
    case hour
    /// A day.
    case day
    /// A week from Monday.
    case week
    /// A month.
    case month

    /// The beginning of the period that a moment is in.
    public func start(of time: Timestamp) -> Timestamp {
        switch self {
        case .minute: floor(time, 60_000)
        case .hour: floor(time, 3_600_000)
        case .day: floor(time, 86_400_000)
        case .week: Timestamp(milliseconds: UsagePeriods(at: time).weekStart * 86_400_000)
        case .month: Timestamp(milliseconds: UsagePeriods(at: time).monthStart * 86_400_000)
        }
    }

    private func floor(_ time: Timestamp, _ width: Int64) -> Timestamp {
        let rest = time.milliseconds % width
        return Timestamp(milliseconds: time.milliseconds - (rest < 0 ? rest + width : rest))
    }
}

/// What is told of some jobs together.
public enum UsageMetric: String, Sendable, CaseIterable {
    /// How many jobs ended.
    case requests
    /// How many of them completed.
    case completed
    /// How many failed.
    case failed
    /// How many were stopped.
    case cancelled
    /// How many were not done in time.
    case expired
    /// What was charged.
    case charged
    /// What of that is for providers.
    case providerCost
    /// What of that are fees.
    case fee
    /// What providers charged workspaces themselves, at list price.
    case listPrice
    /// Milliseconds of video and sound.
    case milliseconds
    /// Pictures.
    case images
    /// Files.
    case outputs
    /// Tokens that went in.
    case inputTokens
    /// Tokens that came out.
    case outputTokens
    /// Tokens either way.
    case tokens
    /// Characters.
    case characters
    /// From admission to the end, in milliseconds: the mean.
    case latency
    /// The share of jobs that completed, 0 to 1.
    case successRate
}

/// Which rows count.
///
/// A row that has no value in the dimension never does, unless `includesUnset`.
public struct UsageFilter: Sendable, Hashable {
    /// How a row's value is compared; texts by their bytes.
    public enum Comparison: String, Sendable, CaseIterable {
        /// Is the value.
        case equal
        /// Is another.
        case notEqual
        /// Is one of the values.
        case isIn
        /// Is none of the values.
        case isNotIn
        /// Comes after the value.
        case greater
        /// Is the value, or comes after it.
        case atLeast
        /// Comes before the value.
        case less
        /// Is the value, or comes before it.
        case atMost
    }

    /// What is compared.
    public let dimension: UsageDimension
    /// How.
    public let comparison: Comparison
    /// With what: several values only for `isIn` and `isNotIn`, else one.
    public let values: [String]
    /// Whether rows without a value count as well.
    public let includesUnset: Bool

    /// Makes a filter.
    public init(
        _ dimension: UsageDimension,
        _ comparison: Comparison,
        _ values: [String],
        includesUnset: Bool = false
    ) {
        self.dimension = dimension
        self.comparison = comparison
        self.values = values
        self.includesUnset = includesUnset
    }

    /// Whether a row with this value counts.
    public func admits(_ value: String?) -> Bool {
        guard let value else { return includesUnset }
        let bytes = Array(value.utf8)
        func compares(_ holds: ([UInt8], [UInt8]) -> Bool) -> Bool {
            values.allSatisfy { holds(bytes, Array($0.utf8)) }
        }
        return switch comparison {
        case .equal, .isIn: values.contains { $0.utf8.elementsEqual(bytes) }
        case .notEqual, .isNotIn: !values.contains { $0.utf8.elementsEqual(bytes) }
        case .greater: compares { $1.lexicographicallyPrecedes($0) }
        case .atLeast: compares { !$0.lexicographicallyPrecedes($1) }
        case .less: compares { $0.lexicographicallyPrecedes($1) }
        case .atMost: compares { !$1.lexicographicallyPrecedes($0) }
        }
    }
}

/// A question about the usage of jobs that ended in a time.
public struct UsageQuery: Sendable, Hashable {
    /// What groups are put in order by.
    public enum Field: Sendable, Hashable {
        /// The period.
        case period
        /// A dimension, one of those asked for.
        case dimension(UsageDimension)
        /// A figure.
        case metric(UsageMetric)
    }

    /// In which order groups come; those that are equal in it come by period and dimensions.
    public struct Order: Sendable, Hashable {
        /// By what.
        public let field: Field
        /// Whether the greatest comes first.
        public let isDescending: Bool

        /// Makes an order.
        public init(_ field: Field, isDescending: Bool) {
            self.field = field
            self.isDescending = isDescending
        }
    }

    /// Only of this workspace; nil for all.
    public var workspace: String?
    /// Only jobs that ended then or later.
    public var from: Timestamp
    /// Only jobs that ended before.
    public var to: Timestamp
    /// What is told apart, each once.
    public var dimensions: [UsageDimension] = []
    /// By which periods it is told; nil for the whole time as one.
    public var granularity: UsageGranularity?
    /// Which rows count: those that all filters admit.
    public var filters: [UsageFilter] = []
    /// In which order; nil for that of periods and dimensions.
    public var order: Order?
    /// How many groups at most.
    public var limit = 1_000
    /// How many periods at most for each combination of dimensions, the first in the order; nil for all.
    public var groupLimit: Int?

    /// Asks about a time.
    public init(workspace: String?, from: Timestamp, to: Timestamp) {
        self.workspace = workspace
        self.from = from
        self.to = to
    }
}

/// Jobs that have in common what was asked for, summed up.
public struct UsageGroup: Sendable, Hashable {
    /// When its period begins; nil without periods.
    public let start: Timestamp?
    /// Its values, in the order of the dimensions asked for; nil where its jobs have none.
    public let values: [String?]
    /// What its jobs come to.
    public let sums: UsageSums

    /// Describes a group.
    public init(start: Timestamp?, values: [String?], sums: UsageSums) {
        self.start = start
        self.values = values
        self.sums = sums
    }
}

/// An answer about usage.
public struct UsageReport: Sendable, Hashable {
    /// The groups, in order.
    public let groups: [UsageGroup]
    /// Whether there are more than were asked for.
    public let isTruncated: Bool

    /// Describes an answer.
    public init(groups: [UsageGroup], isTruncated: Bool) {
        self.groups = groups
        self.isTruncated = isTruncated
    }
}

/// What some jobs come to.
public struct UsageSums: Sendable, Hashable {
    /// How many jobs ended, by how they did.
    public var completed: Int64 = 0
    /// How many failed.
    public var failed: Int64 = 0
    /// How many were stopped.
    public var cancelled: Int64 = 0
    /// How many were not done in time.
    public var expired: Int64 = 0
    /// What was charged.
    public var charged = Credits.zero
    /// What of that are fees.
    public var fee = Credits.zero
    /// What providers charged workspaces themselves.
    public var listPrice = Credits.zero
    /// How much came of them.
    public var quantities = UsageQuantities()
    /// From admission to the end, all together.
    public var latencyMilliseconds: Int64 = 0

    /// No job.
    public init() {}

    /// How many jobs.
    public var requests: Int64 { completed + failed + cancelled + expired }

    /// What of the charges is for providers.
    public var providerCost: Credits { Credits(nanoUSD: charged.nanoUSD - fee.nanoUSD) }

    /// The mean from admission to the end, in milliseconds.
    public var latency: Double { requests == 0 ? 0 : Double(latencyMilliseconds) / Double(requests) }

    /// The share of jobs that completed.
    public var successRate: Double { requests == 0 ? 0 : Double(completed) / Double(requests) }

    /// Adds a job.
    ///
    /// - Throws: `LedgerRefusal.overflow`.
    public mutating func add(_ row: UsageRecord) throws(LedgerRefusal) {
        switch row.state {
        case .completed: completed += 1
        case .failed: failed += 1
        case .cancelled: cancelled += 1
        case .expired: expired += 1
        case .queued, .submitting, .running, .storing: break
        }
        charged = try charged.adding(row.charge.charged)
        fee = try fee.adding(row.charge.fee)
        listPrice = try listPrice.adding(row.charge.listPrice)
        quantities.milliseconds += row.quantities.milliseconds
        quantities.images += row.quantities.images
        quantities.outputs += row.quantities.outputs
        quantities.inputTokens += row.quantities.inputTokens
        quantities.outputTokens += row.quantities.outputTokens
        quantities.characters += row.quantities.characters
        latencyMilliseconds += row.finishedAt.milliseconds - row.createdAt.milliseconds
    }
}
