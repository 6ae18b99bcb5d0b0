import GRDB
import JobCore

/// The statements about usage; their plans are tested.
enum UsageSQL {
    static let insert = """
        INSERT INTO usage (workspace, finished_at, job, key_hash, model, provider, account, state, is_byok, charged_nano,
            fee_nano, list_nano, created_at, started_at, milliseconds, images, outputs, input_tokens, output_tokens,
            characters, type, end_user, session_id)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, jobs.type,
            json_extract(parameters, '$.user'), json_extract(parameters, '$.sessionID')
        FROM jobs JOIN job_requests ON job_requests.job = jobs.id WHERE jobs.id = ?3
        """

    static let record = """
        SELECT job, workspace, key_hash, type, model, provider, account, end_user, session_id, state, charged_nano, fee_nano,
            list_nano, is_byok, created_at, started_at, finished_at, milliseconds, images, outputs, input_tokens,
            output_tokens, characters
        FROM usage WHERE job = ?
        """

    /// The statement for a query, and its values: one row more than asked for, if there are more.
    ///
    /// The rows of a workspace and a time are one piece of the table; those of all workspaces are as many pieces.
    static func statement(for query: UsageQuery) -> (sql: String, values: [DatabaseValue]) {
        var values: [DatabaseValue] = []
        var conditions: [String] = []
        if let workspace = query.workspace {
            conditions.append("workspace = ?")
            values.append(.text(workspace))
        } else {
            conditions.append("workspace IN (SELECT name FROM workspaces)")
        }
        conditions.append("finished_at >= ? AND finished_at < ?")
        values += [.time(query.from), .time(query.to)]
        for filter in query.filters {
            conditions.append(condition(filter))
            values += filter.values.map(DatabaseValue.text)
        }
        let periods = query.granularity.map { ["\(period($0)) AS period"] } ?? []
        let dimensions = query.dimensions.map(column)
        let groups = (periods.isEmpty ? [] : ["period"]) + dimensions
        var sql = """
            SELECT \((periods + dimensions + sums).joined(separator: ", ")) FROM usage
            WHERE \(conditions.joined(separator: " AND "))
            """
        if !groups.isEmpty { sql += " GROUP BY \(groups.joined(separator: ", "))" }
        var order = groups
        if let field = query.order.map({ expression($0.field) }) {
            order.insert("\(field) \(query.order?.isDescending == true ? "DESC" : "ASC")", at: 0)
        }
        sql = "SELECT * FROM (\(sql)) AS summed"
        if let most = query.groupLimit, !periods.isEmpty, !dimensions.isEmpty {
            // Which of a combination's periods come first is the same order as that of the whole.
            sql = """
                SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY \(dimensions.joined(separator: ", "))
                    ORDER BY \(order.joined(separator: ", "))) AS place FROM (\(sql)) AS told) AS placed
                WHERE place <= \(most)
                """
        }
        if !order.isEmpty { sql += " ORDER BY \(order.joined(separator: ", "))" }
        values.append(.integer(query.limit == Int.max ? query.limit : query.limit + 1))
        return (sql + " LIMIT ?", values)
    }

    /// The sums in the order in which a group reads them.
    private static let sums =
        JobState.Name.allCases.filter(\.isTerminal).map {
            "sum(CASE state WHEN '\($0.rawValue)' THEN 1 ELSE 0 END) AS \($0.rawValue)_count"
        }
        + [
            "charged_nano", "fee_nano", "list_nano", "milliseconds", "images", "outputs", "input_tokens",
            "output_tokens", "characters",
        ].map { "sum(\($0)) AS sum_\($0)" }
        + ["sum(finished_at - created_at) AS sum_latency"]

    private static func column(_ dimension: UsageDimension) -> String {
        switch dimension {
        case .model: "model"
        case .provider: "provider"
        case .account: "account"
        case .key: "key_hash"
        case .workspace: "workspace"
        case .user: "end_user"
        case .session: "session_id"
        case .type: "type"
        case .state: "state"
        }
    }

    private static func condition(_ filter: UsageFilter) -> String {
        let column = column(filter.dimension)
        let list = "(\(filter.values.map { _ in "?" }.joined(separator: ", ")))"
        let condition =
            switch filter.comparison {
            case .equal: "\(column) = ?"
            case .notEqual: "\(column) <> ?"
            case .isIn: "\(column) IN \(list)"
            case .isNotIn: "\(column) NOT IN \(list)"
            case .greater: "\(column) > ?"
            case .atLeast: "\(column) >= ?"
            case .less: "\(column) < ?"
            case .atMost: "\(column) <= ?"
            }
        return filter.includesUnset ? "(\(column) IS NULL OR \(condition))" : condition
    }

    /// The beginning of the period of a row, in milliseconds since 1970; weeks begin on Monday, and 1970 on a Thursday.
    private static func period(_ granularity: UsageGranularity) -> String {
        switch granularity {
        case .minute: "finished_at - finished_at % 60000"
        case .hour: "finished_at - finished_at % 3600000"
        case .day: "finished_at - finished_at % 86400000"
        case .week: "finished_at - (finished_at + 259200000) % 604800000"
        case .month: "unixepoch(finished_at / 1000, 'unixepoch', 'start of month') * 1000"
        }
    }

    private static func expression(_ field: UsageQuery.Field) -> String {
        switch field {
        case .period: "period"
        case .dimension(let dimension): column(dimension)
        case .metric(let metric): expression(metric)
        }
    }

    private static func expression(_ metric: UsageMetric) -> String {
        let requests = "(completed_count + failed_count + cancelled_count + expired_count)"
        return switch metric {
        case .requests: requests
        case .completed: "completed_count"
        case .failed: "failed_count"
        case .cancelled: "cancelled_count"
        case .expired: "expired_count"
        case .charged: "sum_charged_nano"
        case .providerCost: "(sum_charged_nano - sum_fee_nano)"
        case .fee: "sum_fee_nano"
        case .listPrice: "sum_list_nano"
        case .milliseconds: "sum_milliseconds"
        case .images: "sum_images"
        case .outputs: "sum_outputs"
        case .inputTokens: "sum_input_tokens"
        case .outputTokens: "sum_output_tokens"
        case .tokens: "(sum_input_tokens + sum_output_tokens)"
        case .characters: "sum_characters"
        case .latency: "(CAST(sum_latency AS REAL) / \(requests))"
        case .successRate: "(CAST(completed_count AS REAL) / \(requests))"
        }
    }
}

extension AuditRule {
    /// Every job that is over has one row, which says what job, hold and ledger say.
    static let usage = [
        AuditRule(
            "usage_row",
            """
            SELECT job_text(jobs.id), jobs.state || ', it has ' || iif(usage.job IS NULL, 'no', 'a') || ' row of usage'
            FROM jobs LEFT JOIN usage ON usage.job = jobs.id WHERE (usage.job IS NULL) <> (jobs.finished_at IS NULL)
            """
        ),
        AuditRule(
            "usage_row",
            """
            SELECT job_text(usage.job), usage.state || ' in ' || usage.workspace || ' at ' || usage.charged_nano
                || ', its job is ' || jobs.state || ' in ' || jobs.workspace || ' at ' || ifnull(holds.charged_nano, 0)
            FROM usage JOIN jobs ON jobs.id = usage.job JOIN holds ON holds.job = usage.job
            WHERE usage.state <> jobs.state OR usage.workspace <> jobs.workspace OR usage.key_hash <> jobs.key_hash
                OR usage.type <> jobs.type OR usage.finished_at IS NOT jobs.finished_at
                OR usage.charged_nano <> ifnull(holds.charged_nano, 0) OR usage.fee_nano <> holds.platform_nano
                OR usage.list_nano <> ifnull(json_extract(jobs.state_data, '$.completed._0.bill.byokListPrice'), 0)
            """
        ),
        AuditRule(
            "usage_sum",
            """
            SELECT account, 'rows of usage make ' || sum(rows) || ' for ' || part || ', the ledger ' || sum(charged)
            FROM (
                SELECT 'held:' || workspace AS account, 'provider_cost' AS part, charged_nano - fee_nano AS rows,
                    0 AS charged FROM usage
                UNION ALL SELECT 'held:' || workspace, 'platform_fee', fee_nano, 0 FROM usage
                UNION ALL SELECT from_account, to_account, 0, amount_nano FROM transfers
                    WHERE from_account GLOB 'held:*' AND to_account NOT GLOB 'available:*'
            ) AS parts GROUP BY account, part HAVING sum(rows) <> sum(charged)
            """
        ),
    ]
}
