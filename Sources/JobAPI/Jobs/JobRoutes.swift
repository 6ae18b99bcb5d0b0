import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import ServiceLifecycle

/// The native routes: submit, list, get, cancel.
struct JobRoutes: Sendable {
    private static let path = "api/v1/jobs"
    private static let waitSecondsMax = 60
    private static let pageSizeMax: Int64 = 100
    private static let pageSizeDefault: Int64 = 20

    let service: JobService
    let submitter: Submitter
    let authenticator: Authenticator
    let bodies: BodyReader
    let submissions: SubmissionReader
    let address: PublicAddress
    private let written = JobBodies()

    init(
        service: JobService,
        submitter: Submitter,
        authenticator: Authenticator,
        bodies: BodyReader,
        submissions: SubmissionReader,
        address: PublicAddress
    ) {
        self.service = service
        self.submitter = submitter
        self.authenticator = authenticator
        self.bodies = bodies
        self.submissions = submissions
        self.address = address
    }

    func add(to routes: inout RouteTable) {
        routes.post(
            Self.path,
            .init(
                id: "submitJob",
                tag: .jobs,
                summary: "Submit a job",
                details: """
                    Answers as soon as the job is durable and its worst cost is held. Errors leave nothing behind: no job, \
                    no hold.
                    """,
                parameters: [.idempotencyKey],
                body: .json(.jobRequest),
                answers: [
                    202: .json(
                        .job,
                        "The job is accepted.",
                        headers: [.location, .replayed],
                        links: ["getJob", "cancelJob", "streamJobEvents", "getArtifact"].map {
                            RouteDescription.Link($0, ["id": "$response.body#/id"])
                        }
                    )
                ],
                errors: [402, 404, 422, 429]
            )
        ) { request, context in try await submit(request, context) }
        routes.get(
            Self.path,
            .init(
                id: "listJobs",
                tag: .jobs,
                summary: "List jobs, the newest first",
                parameters: [
                    .query("status", .array(of: .word(JobWire.Status.self), min: 1), "Only jobs in one of these."),
                    .query("type", .word(GenerationType.self), "Only jobs of this type."),
                    .query("model", .text(), "Only jobs of this model."),
                    .query(
                        "limit",
                        .integer(in: 1...Self.pageSizeMax).byDefault(.integer(Self.pageSizeDefault)),
                        "How many."
                    ),
                    .query("cursor", .jobID, "The `next_cursor` of the page before."),
                ],
                answers: [
                    200: .json(
                        .jobList,
                        "A page of jobs.",
                        links: [.init("listJobs", ["cursor": "$response.body#/next_cursor"])]
                    )
                ]
            )
        ) { request, _ in try await list(request) }
        routes.get(
            "\(Self.path)/:id",
            .init(
                id: "getJob",
                tag: .jobs,
                summary: "Show a job",
                parameters: [
                    .jobID,
                    .query(
                        "wait",
                        .number(in: 0...Double(Self.waitSecondsMax)),
                        "Answer when the job has ended, or after so many seconds."
                    ),
                ],
                answers: [200: .json(.job, "The job.")],
                errors: [404]
            )
        ) { request, context in try await get(request, context) }
        routes.post(
            "\(Self.path)/:id/cancel",
            .init(
                id: "cancelJob",
                tag: .jobs,
                summary: "Stop a job",
                details: "A job that has ended stays as it is; one that its provider has may still complete.",
                parameters: [.jobID],
                answers: [200: .json(.job, "The job as it is now.")],
                errors: [404]
            )
        ) { request, context in try await cancel(request, context) }
    }

    // MARK: Submitting

    private func submit(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        try QueryReader(request.uri.query).finish()
        let idempotencyKey = try SubmissionReader.idempotencyKey(request.headers)
        let body = try await bodies.json(of: request)
        let submission = try submissions.read(body, key: key, idempotencyKey: idempotencyKey)
        let wire = address.wire
        return try await submitter.accept(
            submission,
            context,
            headers: { [.location: wire.url(of: $0)] },
            admitted: wire.admitted,
            standing: wire.body
        )
    }

    // MARK: Reading

    private func get(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        var query = try QueryReader(request.uri.query)
        let seconds = try query.number("wait", in: 0...Self.waitSecondsMax) ?? 0
        try query.finish()
        let id = try context.jobID
        guard let view = try await job(id, workspace: key.workspace, waiting: seconds) else {
            throw APIError.noSuchJob
        }
        return Response(json: written.body(of: view, address.wire))
    }

    private func job(_ id: JobID, workspace: String, waiting seconds: Double) async throws -> JobView? {
        guard seconds > 0 else { return try await service.job(id, workspace: workspace) }
        do {
            return try await cancelWhenGracefulShutdown {
                try await service.wait(for: id, workspace: workspace, seconds: seconds)
            }
        } catch is CancellationError {
            // A service that stops answers those who wait, and does not wait for them.
            return try await service.job(id, workspace: workspace)
        }
    }

    private func list(_ request: Request) async throws -> Response {
        let key = try await authenticator.key(of: request)
        var reader = try QueryReader(request.uri.query)
        var query = JobQuery(workspace: key.workspace)
        query.states = try Self.states(&reader)
        query.type = try Self.type(&reader)
        query.model = reader.string("model")
        let limit = Int(try reader.integer("limit", in: 1...Self.pageSizeMax) ?? Self.pageSizeDefault)
        query.before = try Self.cursor(&reader)
        try reader.finish()
        // One more than is shown tells whether there are more.
        query.limit = limit + 1
        let views = try await service.jobs(query)
        return Response(json: page(views, limit: limit))
    }

    private func page(_ views: [JobView], limit: Int) -> [UInt8] {
        let wire = address.wire
        let hasMore = views.count > limit
        var json = JSONWriter(capacity: 2_048 * min(views.count, limit) + 128)
        json.beginObject()
        json.key("object")
        json.word("list")
        json.key("data")
        json.beginArray()
        for view in views.prefix(limit) { wire.write(view, to: &json) }
        json.endArray()
        json.key("has_more")
        json.bool(hasMore)
        json.key("next_cursor")
        json.string(hasMore ? views[limit - 1].job.id.description : nil)
        json.endObject()
        return json.bytes
    }

    private static func states(_ reader: inout QueryReader) throws(APIError) -> Set<JobState.Name> {
        guard let text = reader.string("status") else { return [] }
        var states: Set<JobState.Name> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let status = JobWire.Status(rawValue: String(word)) else {
                throw APIError.invalid(
                    "status",
                    "`status` must be a comma-separated list of: \(RequestProblem.list(JobWire.Status.allCases.map(\.rawValue)))."
                )
            }
            states.formUnion(status.states)
        }
        return states
    }

    /// The parameter `type`.
    static func type(_ reader: inout QueryReader) throws(APIError) -> GenerationType? {
        guard let text = reader.string("type") else { return nil }
        guard let type = GenerationType(rawValue: text) else {
            throw APIError.invalid(
                "type",
                "`type` must be one of: \(RequestProblem.list(GenerationType.allCases.map(\.rawValue)))."
            )
        }
        return type
    }

    private static func cursor(_ reader: inout QueryReader) throws(APIError) -> JobID? {
        guard let text = reader.string("cursor") else { return nil }
        guard let id = JobID(text) else {
            throw APIError.invalid("cursor", "`cursor` must be the `next_cursor` of an earlier page.")
        }
        return id
    }

    // MARK: Cancelling

    private func cancel(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        try QueryReader(request.uri.query).finish()
        guard let view = try await service.cancel(try context.jobID, workspace: key.workspace) else {
            throw APIError.noSuchJob
        }
        return Response(json: address.wire.body(of: view))
    }
}

extension APIRequestContext {
    /// The job that the path names.
    ///
    /// What is no job's id at all is answered like a job that does not exist.
    var jobID: JobID {
        get throws(APIError) {
            guard let id = parameters.get("id").flatMap({ JobID($0) }) else { throw APIError.noSuchJob }
            return id
        }
    }
}
