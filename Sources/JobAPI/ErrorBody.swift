package import Generation
package import HTTPTypes
import Hummingbird
import JobCore
package import JobEngine
import Ledger
import NIOCore

/// An answer that is not what the client asked for: the one form that every error takes on the wire.
package struct APIError: Error {
    /// The HTTP status; also the body's `code`.
    package let status: HTTPResponse.Status
    /// What family it is of: `invalid_request_error`, `authentication_error`, ...
    package let type: Family
    /// What it is exactly, for programs: `unknown_field`, `insufficient_credits`, ...
    package let reason: String
    /// A sentence for the client; never a prompt, a key or an internal of ours.
    package let message: String
    /// The field it is about.
    package let param: String?
    /// Headers that go with it.
    package var headers: HTTPFields = [:]

    /// The families, by the names that OpenAI's clients know.
    package enum Family: String, Sendable, CaseIterable {
        /// The request is wrong, or cannot be followed as things are.
        case invalidRequest = "invalid_request_error"
        /// The key is missing or not good.
        case authentication = "authentication_error"
        /// The credits do not suffice.
        case insufficientCredits = "insufficient_credits_error"
        /// There were too many requests.
        case rateLimit = "rate_limit_error"
        /// The service cannot take it now.
        case overloaded = "overloaded_error"
        /// The service failed.
        case server = "server_error"
    }

    package init(
        _ status: HTTPResponse.Status,
        _ type: Family = .invalidRequest,
        reason: String,
        param: String? = nil,
        headers: HTTPFields = [:],
        _ message: String
    ) {
        self.status = status
        self.type = type
        self.reason = reason
        self.param = param
        self.headers = headers
        self.message = message
    }

    /// The word of OpenRouter's vocabulary for the status: what its SDK knows.
    private var errorType: String {
        switch status.code {
        case 400 where reason == JobFailure.Code.contentPolicy.rawValue: "content_policy_violation"
        case 401: "authentication"
        case 402: "payment_required"
        case 403: "permission_denied"
        case 404, 410: "not_found"
        case 412: "precondition_failed"
        case 413: "payload_too_large"
        case 422: "unprocessable"
        case 429: "rate_limit_exceeded"
        case 500: "server"
        case 502: "provider_unavailable"
        case 503: "provider_overloaded"
        case _: "invalid_request"
        }
    }

    /// The body.
    package var body: [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("error")
        json.beginObject()
        json.key("code")
        json.integer(status.code)
        json.key("message")
        json.string(message)
        json.key("type")
        json.string(type.rawValue)
        json.key("param")
        json.string(param)
        json.key("metadata")
        json.beginObject()
        json.key("error_type")
        json.string(errorType)
        json.key("reason")
        json.string(reason)
        json.endObject()
        json.endObject()
        json.endObject()
        return json.bytes
    }

    /// The whole answer.
    var response: Response {
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.cacheControl] = "no-store"
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension APIError {
    /// A job that does not exist, or is another workspace's: the same words for both.
    package static let noSuchJob = APIError(.notFound, reason: "unknown_job", "There is no such job.")

    /// Something of ours failed: told without any detail.
    package static let unexpected = APIError(
        .internalServerError,
        .server,
        reason: "internal_error",
        "Something went wrong on our side. Quote the X-Request-Id of this answer when you report it."
    )

    /// A malformed query parameter or header.
    package static func invalid(_ param: String, _ message: String) -> APIError {
        APIError(.badRequest, reason: "invalid_value", param: param, message)
    }

    /// The answer to a request that its author can mend.
    package init(_ problem: RequestProblem) {
        self.init(
            problem.kind == .unknownModel ? .notFound : .badRequest,
            reason: problem.kind.rawValue,
            param: problem.field.isEmpty ? nil : problem.field,
            problem.message
        )
    }

    /// The answer to a well-formed submission that is not accepted.
    package init(_ refusal: SubmissionRefusal) {
        switch refusal {
        case .idempotencyConflict:
            self.init(
                .unprocessableContent,
                reason: "idempotency_conflict",
                param: "Idempotency-Key",
                "This Idempotency-Key came with another request before. Use a new key for a new request."
            )
        case .insufficientCredits(_, let available) where available < .zero:
            self.init(
                .init(code: 402, reasonPhrase: "Payment Required"),
                .insufficientCredits,
                reason: "insufficient_credits",
                "The workspace has \(available) USD: what it owes must be paid before anything is made, free models included."
            )
        case .insufficientCredits(let needed, let available):
            self.init(
                .init(code: 402, reasonPhrase: "Payment Required"),
                .insufficientCredits,
                reason: "insufficient_credits",
                "This request can cost up to \(needed) USD; the workspace has \(available) USD."
            )
        case .keyLimitReached(let needed, let remaining):
            self.init(
                .init(code: 402, reasonPhrase: "Payment Required"),
                .insufficientCredits,
                reason: "key_limit_reached",
                "This request can cost up to \(needed) USD; the key may spend \(remaining) USD more."
            )
        case .freeLimitReached(let refusal, let seconds):
            self.init(
                .tooManyRequests,
                .rateLimit,
                reason: "free_model_limit_reached",
                headers: [
                    .retryAfter: "\(seconds)", .rateLimitLimit: "\(refusal.limit)", .rateLimitRemaining: "0",
                    .rateLimitReset: "\(refusal.endsAt.milliseconds)",
                ],
                "This workspace has made the \(refusal.limit) requests to free models that it may make in a \(refusal.period.rawValue); nothing was charged, try again in \(seconds) s."
            )
        case .budgetReached(let period, let limit, let needed, let remaining):
            self.init(
                .forbidden,
                .insufficientCredits,
                reason: "budget_reached",
                "Workspace \(period.rawValue) budget of $\(limit.inCents) exceeded: this request can cost up to \(needed) "
                    + "USD, and \(remaining) USD of the budget is left."
            )
        case .keyRevoked: self = .invalidKey
        case .clientGone:
            self.init(
                .badRequest,
                reason: "client_gone",
                "The connection was closed on your side before the job was accepted; nothing was written. Keep it open "
                    + "until the answer, or send an Idempotency-Key."
            )
        case .queueFull:
            self.init(
                .serviceUnavailable,
                .overloaded,
                reason: "queue_full",
                headers: [.retryAfter: "30"],
                "Too many jobs wait. Nothing was charged; try again later."
            )
        case .storageFull:
            self.init(
                .serviceUnavailable,
                .overloaded,
                reason: "storage_full",
                headers: [.retryAfter: "60"],
                "The storage is nearly full. Nothing was charged; try again later."
            )
        }
    }
}
