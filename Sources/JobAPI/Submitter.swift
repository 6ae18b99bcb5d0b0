import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// Sees requests that make jobs through to their answers: by that, a repeat without an idempotency key finds its job.
///
/// Every route that submits goes through here, whatever its dialect. One whose whole answer is made at the admission
/// uses `accept`. One that waits for its job wraps all that it does, up to its answer, in `answer`, and hands the
/// connection that it gets there to `JobService.submit`.
struct Submitter: Sendable {
    let service: JobService
    /// The form of refusals: a dialect may have one of its own.
    var refusal: @Sendable (APIError) -> Response = { $0.response }

    /// Submits a job, and answers with it at once.
    ///
    /// - Parameters:
    ///   - submission: What the client posted.
    ///   - context: The request's.
    ///   - status: The status of the answer.
    ///   - headers: The headers that go with a job, besides `Idempotent-Replayed`.
    ///   - admitted: The body for a job as admitted, kept to be replayed under an idempotency key.
    ///   - standing: The body for a job as it stands, for the repeat of a request without a key.
    /// - Returns: The answer, marked.
    /// - Throws: What `JobService.submit` throws.
    func accept(
        _ submission: JobSubmission,
        _ context: APIRequestContext,
        status: HTTPResponse.Status = .accepted,
        headers: (JobID) -> HTTPFields,
        admitted: (Job) throws -> String,
        standing: (JobView) -> [UInt8]
    ) async throws -> Response {
        try await answer(context) { connection in
            var body = ""
            let result = try await service.submit(submission, connection: connection) { job in
                body = try admitted(job)
                return body
            }
            switch result {
            case .accepted(let job): return Self.accepted(status, Array(body.utf8), headers(job.id))
            case .replayed(let id, let first):
                return Self.accepted(status, Array(first.utf8), headers(id), isReplay: true)
            case .takenOver(let view):
                return Self.accepted(status, standing(view), headers(view.job.id), isReplay: true)
            }
        }
    }

    private static func accepted(
        _ status: HTTPResponse.Status,
        _ body: [UInt8],
        _ headers: HTTPFields,
        isReplay: Bool = false
    ) -> Response {
        var response = Response(json: body, status: status, headers: headers)
        if isReplay { response.headers[.idempotentReplayed] = "true" }
        return response
    }

    /// Makes the answer to a request that submits a job, and marks it, so that it is known when it was written.
    ///
    /// An `APIError` is an answer as well: the client has it, and an equal request is a new job. Any other error is a
    /// failure of ours: should the job be there already, a repeat of the request finds it.
    ///
    /// - Parameters:
    ///   - context: The request's.
    ///   - respond: Submits the job over the connection that it is given, and makes the answer.
    /// - Returns: The answer, marked.
    /// - Throws: What `respond` throws, except an `APIError`.
    func answer(
        _ context: APIRequestContext,
        _ respond: (ClientConnection) async throws -> Response
    ) async throws -> Response {
        let connection = ClientConnection(request: service.answers.nextRequest(), channel: context.channel)
        var response: Response
        do {
            response = try await respond(connection)
        } catch let error as APIError {
            response = refusal(error)
        } catch {
            service.answers.withdrawn(connection.request)
            throw error
        }
        response.headers[.pendingAnswer] = String(connection.request)
        return response
    }
}

extension HTTPField.Name {
    /// Names the request that an answer brings the job of, on its way to the `ConnectionGuard`, which takes it out.
    static let pendingAnswer = known("Mediary-Pending-Answer")
}
