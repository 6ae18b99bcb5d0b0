import Generation
import HTTPTypes
import Hummingbird
import JobEngine
import Logging
import NIOCore
import NIOHTTP1

/// Surrounds every route: gives each answer its request id, each error the one form, and the log its line.
///
/// What is logged is the method, the path without its query, the status and the time it took. Bodies, prompts, keys
/// and queries never are.
struct AnswerMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    /// Methods that routes are made for; any other is refused before it is looked for.
    static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]

    /// Seconds on a clock that never goes back.
    let seconds: @Sendable () -> Double
    let metrics: HTTPMetrics

    func handle(
        _ request: Request,
        context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = seconds()
        var response: Response
        do {
            guard Self.methods.contains(request.method) else {
                throw APIError.methodNotAllowed(Self.methods.map(\.rawValue))
            }
            response = try await next(request, context)
        } catch {
            response = Self.error(for: error, request, context.logger).response(in: ErrorForm(path: request.uri.path))
        }
        if request.method == .head { response = response.createHeadResponse() }
        response.headers[.requestID] = context.requestID
        let took = seconds() - start
        metrics.answered(request.method, context.endpointPath, response.status.code, seconds: took)
        log(request, response, milliseconds: Int(took * 1_000), context.logger)
        return response
    }

    private static func error(for error: any Error, _ request: Request, _ logger: Logger) -> APIError {
        switch error {
        case let error as APIError: return error
        case let problem as RequestProblem: return APIError(problem)
        case let refusal as SubmissionRefusal: return APIError(refusal)
        case let error as HTTPParserError: return .unparsable(error)
        case is ChannelError, is IOError: return .connectionLost
        case is CancellationError: return .stopping
        case let error as HTTPError where error.status == .notFound:
            return APIError(.notFound, reason: "unknown_route", "There is nothing at this path.")
        case _:
            logger.error(
                "request failed",
                metadata: [
                    "method": .string(request.method.rawValue), "path": .string(request.loggedPath),
                    "error": .string(String(describing: error)),
                ]
            )
            return .unexpected
        }
    }

    private func log(_ request: Request, _ response: Response, milliseconds: Int, _ logger: Logger) {
        logger.log(
            level: response.status.code < 400 ? .debug : .info,
            "answered",
            metadata: [
                "method": .string(request.method.rawValue), "path": .string(request.loggedPath),
                "status": .stringConvertible(response.status.code), "ms": .stringConvertible(milliseconds),
            ]
        )
    }
}

extension Request {
    /// The path without its query, and not as long as somebody may make it.
    ///
    /// Of a provider's callback only where it went: the rest is a secret.
    fileprivate var loggedPath: String {
        let secret = "/provider-callbacks/"
        return uri.path.hasPrefix(secret) ? secret : String(uri.path.prefix(200))
    }
}

extension APIError {
    /// The client is gone: nobody reads this.
    fileprivate static let connectionLost = APIError(
        .badRequest,
        reason: "connection_lost",
        headers: [.connection: "close"],
        "The connection was lost."
    )

    /// The process was told to stop at once.
    fileprivate static let stopping = APIError(
        .serviceUnavailable,
        .overloaded,
        reason: "stopping",
        headers: [.retryAfter: "5", .connection: "close"],
        "The service is stopping; try again."
    )

    /// The path is there, but not for this method.
    static func methodNotAllowed(_ allowed: [String]) -> APIError {
        let list = allowed.joined(separator: ", ")
        return APIError(
            .methodNotAllowed,
            reason: "method_not_allowed",
            headers: [.allow: list],
            "This path takes \(list)."
        )
    }
}
