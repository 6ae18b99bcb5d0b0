import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import NIOCore

/// The routes that tell what was used: one job, day by day, and as a table for spreadsheets.
struct UsageRoutes: Sendable {
    /// How many days back the activity goes, besides today.
    static let activityDays: Int64 = 30
    private static let activityRowsMax = 10_000
    /// How many rows a table has at most: more are refused, never cut off without a word.
    static let tableRowsMax = 100_000
    private static let dayMilliseconds: Int64 = 86_400_000

    let service: JobService
    let accounts: AccountService
    let authenticator: Authenticator

    func add(to routes: inout RouteTable) {
        routes.get("api/v1/generation", .getGeneration) { request, _ in try await generation(request) }
        routes.get("api/v1/activity", .listActivity) { request, _ in try await activity(request) }
        routes.get("api/v1/usage.csv", .exportUsage) { request, _ in try await table(request) }
    }

    // MARK: One job

    private func generation(_ request: Request) async throws -> Response {
        let key = try await authenticator.key(of: request)
        var query = try QueryReader(request.uri.query)
        guard let text = query.string("id") else {
            throw APIError.invalid("id", "`id` is required: the id of a job that is over.")
        }
        guard let id = JobID(text), let view = try await service.job(id, workspace: key.workspace) else {
            throw APIError.noSuchJob
        }
        guard let record = try await accounts.usageRecord(of: id) else {
            throw APIError(
                .notFound,
                reason: "job_not_over",
                param: "id",
                "The job is \(JobWire.Status(view.job.state.name).rawValue); its generation is told once it has ended."
            )
        }
        let workspaceID = try await accounts.workspaceProfile(record.workspace)?.id ?? record.workspace
        let wire = GenerationWire(
            view: view,
            record: record,
            workspaceID: workspaceID,
            providers: providerNames
        )
        return Response(json: wire.body)
    }

    /// The names of the providers by their slugs.
    private var providerNames: [String: String] {
        Dictionary(service.endpoints.map { ($0.id.provider, $0.providerName) }) { first, _ in first }
    }

    // MARK: Activity

    private func activity(_ request: Request) async throws -> Response {
        _ = try await authenticator.managementKey(of: request)
        var parameters = try QueryReader(request.uri.query)
        let today = UsagePeriods.day(of: accounts.now)
        var (first, last) = (today - Self.activityDays, today)
        if let text = parameters.string("date") {
            guard let date = Timestamp(rfc3339: "\(text)T00:00:00Z"), text.utf8.count == 10,
                case let day = UsagePeriods.day(of: date), (first...last).contains(day)
            else {
                throw APIError.invalid(
                    "date",
                    "`date` must be one of the last \(Self.activityDays) days in UTC, or today, as YYYY-MM-DD."
                )
            }
            (first, last) = (day, day)
        }
        var workspace: String?
        if let reference = parameters.string("workspace_id") {
            workspace = try await accounts.workspace(named: reference, in: "workspace_id").name
        }
        var query = UsageQuery(
            workspace: workspace,
            from: Timestamp(milliseconds: first * Self.dayMilliseconds),
            to: Timestamp(milliseconds: (last + 1) * Self.dayMilliseconds)
        )
        guard parameters.string("user_id") == nil else {
            throw APIError.invalid(
                "user_id",
                "`user_id` has nothing to go by: API keys belong to no users here. Leave it out, or name a key in `api_key_hash`."
            )
        }
        if let hash = parameters.string("api_key_hash") { query.filters = [UsageFilter(.key, .equal, [hash])] }
        let isByWorkspace = try parameters.string("group_by").map { word in
            guard word == "workspace" else { throw APIError.invalid("group_by", "`group_by` must be workspace.") }
            return true
        }
        query.dimensions = [.model, .provider] + (isByWorkspace == true ? [.workspace] : [])
        query.granularity = .day
        query.order = .init(.period, isDescending: true)
        query.limit = Self.activityRowsMax
        let names = providerNames
        let workspaces = try await WorkspaceNames(accounts)
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for group in try await accounts.usage(query).groups { Self.write(group, names, workspaces, to: &json) }
        json.endArray()
        json.endObject()
        return Response(json: json.bytes)
    }

    private static func write(
        _ group: UsageGroup,
        _ names: [String: String],
        _ workspaces: WorkspaceNames,
        to json: inout JSONWriter
    ) {
        let (model, provider) = (group.values[0] ?? "", group.values[1] ?? "")
        json.beginObject()
        json.key("date")
        json.string(group.start.map { String($0.description.prefix(10)) })
        json.key("model")
        json.string(model)
        json.key("model_permaslug")
        json.string(model)
        json.key("endpoint_id")
        json.string("\(provider)/\(model)")
        json.key("provider_name")
        json.string(names[provider] ?? provider)
        json.key("requests")
        json.integer(group.sums.requests)
        json.key("usage")
        json.dollars(group.sums.charged)
        json.key("byok_usage_inference")
        json.dollars(group.sums.listPrice)
        json.key("prompt_tokens")
        json.integer(group.sums.quantities.inputTokens)
        json.key("completion_tokens")
        json.integer(group.sums.quantities.outputTokens)
        json.key("reasoning_tokens")
        json.integer(0)
        json.key("cached_tokens")
        json.integer(0)
        if group.values.count > 2 {
            json.key("workspace_id")
            json.string(group.values[2].map(workspaces.id))
        }
        json.endObject()
    }

    // MARK: Table

    /// What a table can be grouped by.
    enum TableColumn: String, Sendable, CaseIterable {
        case model, provider, key, workspace, user, session, type, status, day

        /// What is grouped by; nil for the day.
        var dimension: UsageDimension? {
            switch self {
            case .model: .model
            case .provider: .provider
            case .key: .key
            case .workspace: .workspace
            case .user: .user
            case .session: .session
            case .type: .type
            case .status: .state
            case .day: nil
            }
        }
    }

    private func table(_ request: Request) async throws -> Response {
        let key = try await authenticator.key(of: request)
        var parameters = try QueryReader(request.uri.query)
        let columns = try Self.columns(parameters.string("group_by") ?? "model")
        let now = accounts.now
        let from = try Self.time("from", &parameters) ?? UsageGranularity.month.start(of: now)
        let to = try Self.time("to", &parameters) ?? now.adding(seconds: 1)
        let reference = parameters.string("workspace")
        try parameters.finish()
        guard from <= to else { throw APIError.invalid("from", "`from` must not be after `to`.") }
        var workspace = key.isManagement ? nil : key.workspace
        if let reference {
            // Which workspaces there are is not for every key to find out.
            guard key.isManagement || reference == key.workspace else { throw APIError.notManaging }
            workspace = try await accounts.workspace(named: reference, in: "workspace").name
        }
        var query = UsageQuery(workspace: workspace, from: from, to: to)
        query.dimensions = columns.compactMap(\.dimension)
        query.granularity = columns.contains(.day) ? .day : nil
        query.limit = Self.tableRowsMax
        let report = try await accounts.usage(query)
        guard !report.isTruncated else {
            throw APIError.invalid(
                "group_by",
                "The table has more than \(Self.tableRowsMax) rows; ask for a shorter time or fewer columns."
            )
        }
        var headers = HTTPFields()
        headers[.contentType] = "text/csv; charset=utf-8"
        headers[.cacheControl] = "no-store"
        headers[.contentDisposition] = "attachment; filename=\"usage.csv\""
        let text = UsageTable(columns: columns).text(of: report.groups)
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// The columns that a comma-separated list names, each once.
    private static func columns(_ text: String) throws(APIError) -> [TableColumn] {
        var columns: [TableColumn] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard word.utf8.count <= 20, let column = TableColumn(rawValue: String(word)) else {
                let allowed = TableColumn.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError.invalid("group_by", "`group_by` must be a comma-separated list of: \(allowed).")
            }
            if !columns.contains(column) { columns.append(column) }
        }
        return columns
    }

    /// A day, which stands for its beginning in UTC, or a point in time.
    private static func time(_ name: String, _ query: inout QueryReader) throws(APIError) -> Timestamp? {
        guard let text = query.string(name) else { return nil }
        guard text.utf8.count <= 40, let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: "\(text)T00:00:00Z")
        else {
            throw APIError.invalid(
                name,
                "`\(name)` must be a day in UTC, as 2026-11-01, or a time, as 2026-11-01T00:00:00Z."
            )
        }
        return time
    }
}
