import JobCore
import Ledger

/// The words of the analytics on the wire: where OpenRouter has one it is that.
enum AnalyticsMetric: String, Sendable, CaseIterable {
    case requestCount = "request_count"
    case completedCount = "completed_count"
    case failedCount = "failed_count"
    case cancelledCount = "cancelled_count"
    case expiredCount = "expired_count"
    case totalUsage = "total_usage"
    case providerCost = "provider_cost"
    case platformFee = "platform_fee"
    case byokUsage = "byok_usage_inference"
    case mediaSeconds = "media_seconds"
    case imageCount = "image_count"
    case outputCount = "output_count"
    case tokensPrompt = "tokens_prompt"
    case tokensCompletion = "tokens_completion"
    case tokensTotal = "tokens_total"
    case characterCount = "character_count"
    case averageLatency = "avg_latency"
    case successRate = "success_rate"

    /// What it is.
    var metric: UsageMetric {
        switch self {
        case .requestCount: .requests
        case .completedCount: .completed
        case .failedCount: .failed
        case .cancelledCount: .cancelled
        case .expiredCount: .expired
        case .totalUsage: .charged
        case .providerCost: .providerCost
        case .platformFee: .fee
        case .byokUsage: .listPrice
        case .mediaSeconds: .milliseconds
        case .imageCount: .images
        case .outputCount: .outputs
        case .tokensPrompt: .inputTokens
        case .tokensCompletion: .outputTokens
        case .tokensTotal: .tokens
        case .characterCount: .characters
        case .averageLatency: .latency
        case .successRate: .successRate
        }
    }

    /// What people read.
    var label: String {
        switch self {
        case .requestCount: "Jobs"
        case .completedCount: "Completed jobs"
        case .failedCount: "Failed jobs"
        case .cancelledCount: "Cancelled jobs"
        case .expiredCount: "Expired jobs"
        case .totalUsage: "Spend"
        case .providerCost: "Provider cost"
        case .platformFee: "Fees"
        case .byokUsage: "Spend at the provider with own keys"
        case .mediaSeconds: "Seconds of video and sound"
        case .imageCount: "Images"
        case .outputCount: "Files"
        case .tokensPrompt: "Tokens in"
        case .tokensCompletion: "Tokens out"
        case .tokensTotal: "Tokens"
        case .characterCount: "Characters"
        case .averageLatency: "Average latency"
        case .successRate: "Success rate"
        }
    }

    /// How it is shown: the words are OpenRouter's.
    var format: Format {
        switch self {
        case .totalUsage, .providerCost, .platformFee, .byokUsage: .currency
        case .averageLatency: .latency
        case .successRate: .percent
        case .requestCount, .completedCount, .failedCount, .cancelledCount, .expiredCount, .mediaSeconds, .imageCount,
            .outputCount, .tokensPrompt, .tokensCompletion, .tokensTotal, .characterCount:
            .number
        }
    }

    enum Format: String, Sendable, CaseIterable { case number, currency, percent, latency }

    /// Whether it is a mean, not a sum.
    var isRate: Bool { self == .averageLatency || self == .successRate }

    /// Writes its figure.
    func write(_ sums: UsageSums, to json: inout JSONWriter) {
        let quantities = sums.quantities
        switch self {
        case .requestCount: json.integer(sums.requests)
        case .completedCount: json.integer(sums.completed)
        case .failedCount: json.integer(sums.failed)
        case .cancelledCount: json.integer(sums.cancelled)
        case .expiredCount: json.integer(sums.expired)
        case .totalUsage: json.dollars(sums.charged)
        case .providerCost: json.dollars(sums.providerCost)
        case .platformFee: json.dollars(sums.fee)
        case .byokUsage: json.dollars(sums.listPrice)
        case .mediaSeconds: json.thousandths(quantities.milliseconds)
        case .imageCount: json.integer(quantities.images)
        case .outputCount: json.integer(quantities.outputs)
        case .tokensPrompt: json.integer(quantities.inputTokens)
        case .tokensCompletion: json.integer(quantities.outputTokens)
        case .tokensTotal: json.integer(quantities.inputTokens + quantities.outputTokens)
        case .characterCount: json.integer(quantities.characters)
        case .averageLatency: json.number(sums.latency)
        case .successRate: json.number(sums.successRate)
        }
    }
}

/// What analytics are grouped and filtered by, on the wire.
enum AnalyticsDimension: String, Sendable, CaseIterable {
    case model, provider
    case account = "provider_account"
    case key = "api_key_id"
    case workspace, user
    case session = "session_id"
    case type = "media_type"
    case status

    /// What it is.
    var dimension: UsageDimension {
        switch self {
        case .model: .model
        case .provider: .provider
        case .account: .account
        case .key: .key
        case .workspace: .workspace
        case .user: .user
        case .session: .session
        case .type: .type
        case .status: .state
        }
    }

    /// What people read.
    var label: String {
        switch self {
        case .model: "Model"
        case .provider: "Provider"
        case .account: "Account at the provider"
        case .key: "API key, by its hash"
        case .workspace: "Workspace"
        case .user: "End user"
        case .session: "Session"
        case .type: "Kind of media"
        case .status: "How it ended"
        }
    }
}

/// How analytics are filtered, on the wire.
enum AnalyticsOperator: String, Sendable, CaseIterable {
    case equal = "eq"
    case notEqual = "neq"
    case isIn = "in"
    case isNotIn = "not_in"
    case greater = "gt"
    case atLeast = "gte"
    case less = "lt"
    case atMost = "lte"

    /// What it is.
    var comparison: UsageFilter.Comparison {
        switch self {
        case .equal: .equal
        case .notEqual: .notEqual
        case .isIn: .isIn
        case .isNotIn: .isNotIn
        case .greater: .greater
        case .atLeast: .atLeast
        case .less: .less
        case .atMost: .atMost
        }
    }

    /// Whether it takes a list.
    var takesList: Bool { self == .isIn || self == .isNotIn }
}
