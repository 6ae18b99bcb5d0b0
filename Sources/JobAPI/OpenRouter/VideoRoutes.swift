import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// The routes for videos: submit, poll, fetch.
struct VideoRoutes: Sendable {
    private static let path = "api/v1/videos"

    let service: JobService
    let submitter: Submitter
    let authenticator: Authenticator
    let bodies: BodyReader
    let requests: VideoRequestReader
    let files: ArtifactRoutes
    let address: PublicAddress

    func add(to routes: inout RouteTable) {
        routes.post(Self.path, .submitVideo) { request, context in try await submit(request, context) }
        routes.get("\(Self.path)/:id", .getVideo) { request, context in try await get(request, context) }
        routes.get("\(Self.path)/:id/content", .getVideoContent) { request, context in
            try await content(request, context)
        }
    }

    private var wire: VideoWire { VideoWire(wire: address.wire) }

    // MARK: Submitting

    private func submit(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let idempotencyKey = try SubmissionReader.idempotencyKey(request.headers)
        let submission = try requests.read(
            try await bodies.json(of: request),
            session: request.headers[.sessionID],
            key: key,
            idempotencyKey: idempotencyKey
        )
        let wire = wire
        return try await submitter.accept(
            submission,
            context,
            headers: { [.location: wire.url(of: $0), .generationID: $0.description] },
            admitted: { wire.accepted($0.id) },
            standing: { wire.body(of: $0.job) }
        )
    }

    // MARK: Reading

    private func get(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        return Response(json: wire.body(of: try await video(context, key)))
    }

    private func content(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        var query = try QueryReader(request.uri.query)
        let index = try query.integer("index", in: 0...Int64(Int32.max)) ?? 0
        let job = try await video(context, key)
        let made = try await service.artifacts(of: job)
        guard job.state.name == .completed || !made.isEmpty else { throw Self.notReady(job) }
        guard let artifact = made.first(where: { Int64($0.index) == index }) else {
            throw APIError(
                .notFound,
                reason: "unknown_artifact",
                param: "index",
                "The video has no output \(index); it has \(made.count), counted from 0."
            )
        }
        return try await files.serve(artifact, of: job, request, context)
    }

    private func video(_ context: APIRequestContext, _ key: APIKey) async throws -> Job {
        let job = try await service.plainJob(try context.jobID, workspace: key.workspace)
        guard let job, job.admitted.request.type == .video else { throw APIError.noSuchJob }
        return job
    }

    private static func notReady(_ job: Job) -> APIError {
        let status = VideoWire.Status(job.state.name)
        guard let reason = VideoWire.error(of: job.state) else {
            return APIError(
                .conflict,
                reason: "not_ready",
                "The video is \(status.rawValue); its content is there once the status is completed."
            )
        }
        return APIError(
            .conflict,
            reason: "no_output",
            "The video is \(status.rawValue) and has no content. \(reason)"
        )
    }
}
