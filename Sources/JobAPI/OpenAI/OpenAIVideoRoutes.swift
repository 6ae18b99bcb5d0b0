import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// The routes for videos in OpenAI's form: create, list, retrieve, delete, download, remix.
///
/// OpenAI itself has closed them; what was written for them lands here by its base URL.
struct OpenAIVideoRoutes: Sendable {
    private static let path = "v1/videos"
    static let pageSizeMax: Int64 = 100
    static let pageSizeDefault: Int64 = 20
    /// What `GET /content` can give of a video.
    private static let variants = ["video"]

    let service: JobService
    let submitter: Submitter
    let authenticator: Authenticator
    let bodies: DialectBodies
    let requests: OpenAIVideoReader
    let files: ArtifactRoutes

    func add(to routes: inout RouteTable) {
        routes.post(Self.path, .createOpenAIVideo) { request, context in try await create(request, context) }
        routes.get(Self.path, .listOpenAIVideos) { request, _ in try await list(request) }
        routes.get("\(Self.path)/:id", .getOpenAIVideo) { request, context in try await get(request, context) }
        routes.delete("\(Self.path)/:id", .deleteOpenAIVideo) { request, context in
            try await delete(request, context)
        }
        routes.get("\(Self.path)/:id/content", .getOpenAIVideoContent) { request, context in
            try await content(request, context)
        }
        routes.post("\(Self.path)/:id/remix", .remixOpenAIVideo) { request, context in
            try await remix(request, context)
        }
    }

    // MARK: Submitting

    private func create(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let idempotencyKey = try SubmissionReader.idempotencyKey(request.headers)
        return try await bodies.read(request, OpenAIVideoReader.form) { body, form in
            try await submit(
                try requests.creation(body, form, key: key, idempotencyKey: idempotencyKey),
                OpenAIVideoReader.names,
                context
            )
        }
    }

    private func remix(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let idempotencyKey = try SubmissionReader.idempotencyKey(request.headers)
        return try await bodies.read(request, OpenAIVideoReader.form) { body, form in
            let original = try await video(context, key)
            guard case .completed = original.state else { throw Self.notReady(original) }
            return try await submit(
                try requests.remix(of: original, body, form, key: key, idempotencyKey: idempotencyKey),
                OpenAIVideoReader.remixNames,
                context
            )
        }
    }

    private func submit(
        _ submission: JobSubmission,
        _ names: DialectNames,
        _ context: APIRequestContext
    ) async throws -> Response {
        try await names.speaking {
            var response = try await submitter.accept(
                submission,
                context,
                status: .ok,
                headers: { [.generationID: $0.description] },
                admitted: { VideoObject.text($0) },
                standing: { VideoObject.body($0.job) }
            )
            response.headers[.pollAfter] = String(VideoObject.pollAfterMilliseconds(nil))
            return response
        }
    }

    // MARK: Reading

    private func get(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        guard let view = try await service.job(try Self.id(context), workspace: key.workspace), Self.isThere(view.job)
        else { throw APIError.noSuchVideo }
        return Response(
            json: VideoObject.body(view.job),
            headers: [.pollAfter: String(VideoObject.pollAfterMilliseconds(view.etaSeconds))]
        )
    }

    private func list(_ request: Request) async throws -> Response {
        let key = try await authenticator.key(of: request)
        var reader = try QueryReader(request.uri.query)
        var query = JobQuery(workspace: key.workspace)
        query.type = .video
        query.withoutDeleted = true
        let limit = Int(try reader.integer("limit", in: 1...Self.pageSizeMax) ?? Self.pageSizeDefault)
        query.isOldestFirst = try Self.isAscending(&reader)
        if let after = try Self.cursor(&reader) {
            if query.isOldestFirst { query.after = after } else { query.before = after }
        }
        // One more than is shown tells whether there are more.
        query.limit = limit + 1
        let jobs = try await service.jobs(query).map(\.job)
        return Response(json: Self.list(Array(jobs.prefix(limit)), hasMore: jobs.count > limit))
    }

    private static func list(_ jobs: [Job], hasMore: Bool) -> [UInt8] {
        var json = JSONWriter(capacity: 512 * jobs.count + 128)
        json.beginObject()
        json.key("object")
        json.word("list")
        json.key("data")
        json.beginArray()
        for job in jobs { VideoObject.write(job, &json) }
        json.endArray()
        json.key("first_id")
        json.string(jobs.first?.id.description)
        json.key("last_id")
        json.string(jobs.last?.id.description)
        json.key("has_more")
        json.bool(hasMore)
        json.endObject()
        return json.bytes
    }

    private static func isAscending(_ reader: inout QueryReader) throws(APIError) -> Bool {
        switch reader.string("order") {
        case nil, "desc": return false
        case "asc": return true
        case _: throw APIError.invalid("order", "`order` must be one of: asc, desc.")
        }
    }

    private static func cursor(_ reader: inout QueryReader) throws(APIError) -> JobID? {
        guard let text = reader.string("after") else { return nil }
        guard let id = JobID(text) else {
            throw APIError.invalid("after", "`after` must be the id of a video of an earlier page.")
        }
        return id
    }

    private func content(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        var query = try QueryReader(request.uri.query)
        let variant = query.string("variant") ?? "video"
        let job = try await video(context, key)
        guard Self.variants.contains(variant) else {
            throw APIError.invalid(
                "variant",
                "`variant` is \(RequestProblem.shown(.string(variant))), which is not made here; allowed: \(RequestProblem.list(Self.variants))."
            )
        }
        guard case .completed(let completed) = job.state, let artifact = completed.artifacts.first else {
            throw Self.notReady(job)
        }
        return try await files.serve(artifact, of: job, request, context)
    }

    /// The video that the path names, unless it was deleted.
    private func video(_ context: APIRequestContext, _ key: APIKey) async throws -> Job {
        let job = try await service.plainJob(try Self.id(context), workspace: key.workspace)
        guard let job, Self.isThere(job) else { throw APIError.noSuchVideo }
        return job
    }

    /// What is no job's id at all is answered like a video that does not exist.
    private static func id(_ context: APIRequestContext) throws(APIError) -> JobID {
        guard let id = try? context.jobID else { throw APIError.noSuchVideo }
        return id
    }

    private static func isThere(_ job: Job) -> Bool { job.admitted.request.type == .video && !job.isDeleted }

    /// A video that is not there, or not any more, is not found: a conflict would make the SDK ask again by itself.
    private static func notReady(_ job: Job) -> APIError {
        guard let (code, message) = VideoObject.error(of: job.state) else {
            return APIError(
                .notFound,
                reason: "not_ready",
                "The video is \(VideoObject.Status(job.state.name).rawValue); its content is there once it is completed."
            )
        }
        return APIError(.notFound, reason: "no_output", "The video has no content: \(code). \(message)")
    }

    // MARK: Deleting

    private func delete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let job = try await video(context, key)
        guard job.state.isTerminal else {
            throw APIError(
                .badRequest,
                reason: "not_ended",
                "The video is \(VideoObject.Status(job.state.name).rawValue); only one that is completed or failed can be "
                    + "deleted. POST /api/v1/jobs/\(job.id)/cancel stops it."
            )
        }
        guard try await service.delete(job.id, workspace: key.workspace) else {
            throw APIError.noSuchVideo
        }
        var json = JSONWriter(capacity: 128)
        json.beginObject()
        json.key("id")
        json.string(job.id.description)
        json.key("object")
        json.word("video.deleted")
        json.key("deleted")
        json.bool(true)
        json.endObject()
        return Response(json: json.bytes)
    }
}

extension APIError {
    /// A video that does not exist, or is another workspace's: the same words for both.
    fileprivate static let noSuchVideo = APIError(
        .notFound,
        reason: "unknown_video",
        param: "video_id",
        "There is no such video."
    )
}

extension HTTPField.Name {
    /// After how many milliseconds the SDK's helper is to poll again.
    static let pollAfter = known("openai-poll-after-ms")
}
