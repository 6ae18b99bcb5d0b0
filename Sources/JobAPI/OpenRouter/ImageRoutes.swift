import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// The route that makes images, and answers with them.
struct ImageRoutes: Sendable {
    let answers: SynchronousAnswers
    let authenticator: Authenticator
    let bodies: BodyReader
    let requests: ImageRequestReader

    func add(to routes: inout RouteTable) {
        routes.post("api/v1/images", .generateImages) { request, context in try await generate(request, context) }
    }

    private func generate(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let reading = try requests.read(
            try await bodies.json(of: request),
            session: request.headers[.sessionID],
            key: key,
            idempotencyKey: try SubmissionReader.idempotencyKey(request.headers)
        )
        let form = reading.streams ? ImageWire.streamed : ImageWire.buffered
        return try await answers.answer(reading.submission, context, as: form)
    }
}
