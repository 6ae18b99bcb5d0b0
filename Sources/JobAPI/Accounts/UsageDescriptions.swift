import Generation
import JobCore

/// What the routes of usage take and answer.
extension RouteDescription {
    static let getGeneration = RouteDescription(
        id: "getGeneration",
        tag: .openRouter,
        summary: "Show what a job has used",
        details: "Of a job that has ended, however it did; before, it is not found.",
        parameters: [.query("id", .jobID, "The id of the job.", isRequired: true)],
        answers: [200: .json(.generation, "What it has used and cost.")],
        errors: [404]
    )

    static let listActivity = RouteDescription(
        id: "listActivity",
        tag: .openRouter,
        summary: "Tell usage day by day",
        details: "Of the last 30 days in UTC and today, over all workspaces. Wants a management key.",
        parameters: [
            .query("date", .calendarDate, "Only this day."),
            .query("api_key_hash", .text(), "Only jobs of this key."),
            .query("workspace_id", .text(), "Only jobs of this workspace, by id or slug."),
            .query("group_by", .const("workspace"), "Tell workspaces apart."),
        ],
        answers: [200: .json(.activity, "One row for each day, model and provider, the newest day first.")],
        errors: [403]
    )

    static let exportUsage = RouteDescription(
        id: "exportUsage",
        tag: .usage,
        summary: "Fetch usage as a table",
        details: """
            Comma-separated, amounts in US dollars with nine places. A management key is told of all workspaces, any other \
            of its own.
            """,
        parameters: [
            .query(
                "group_by",
                .array(of: .word(UsageRoutes.TableColumn.self), min: 1).byDefault(["model"]),
                "What is told apart."
            ),
            .query("from", dayOrTime, "From then on; by default the beginning of the month."),
            .query("to", dayOrTime, "Until before then; by default now."),
            .query("workspace", .text(), "Only this workspace, by id or slug."),
        ],
        answers: [200: .text("text/csv", "The table, with a line of names.")],
        errors: [403]
    )

    static let getAnalyticsMeta = RouteDescription(
        id: "getAnalyticsMeta",
        tag: .openRouter,
        summary: "List what can be asked about usage",
        details: "Wants a management key.",
        answers: [200: .json(.analyticsMeta, "Metrics, dimensions, operators and granularities.")],
        errors: [403]
    )

    static let queryAnalytics = RouteDescription(
        id: "queryAnalytics",
        tag: .openRouter,
        summary: "Ask about usage",
        details: """
            Over jobs that have ended, of all workspaces: a job counts at the moment of its end, from `start` until before \
            `end`; without a time the last seven days. The dimension `workspace` is told by id; a filter on it takes ids and \
            slugs. Wants a management key.
            """,
        body: .json(.analyticsQuestion),
        answers: [200: .json(.analyticsAnswer, "The rows: each with the metrics, the dimensions and the `date`.")],
        errors: [403]
    )

    private static let dayOrTime = Schema.string(
        pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$"
    ).example("2026-11-01")
}

extension RouteDescription.Tag {
    static let usage = RouteDescription.Tag("Usage", "What was used and what it cost, for spreadsheets.")
}
