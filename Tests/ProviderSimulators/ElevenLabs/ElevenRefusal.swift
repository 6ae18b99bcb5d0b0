import Generation

/// A request that the service refuses, in its own form of errors.
///
/// Source: the vendor's table of errors (elevenlabs.io/docs/eleven-api/resources/errors, in a copy of 2026-09-17), its help
/// pages 19572237925521 and 19571824571921, read on 2026-11-21. The texts are composed; clients match on `status` and `code`.
struct ElevenRefusal: Error {
    let status: Int
    let body: JSONValue

    init(_ status: Int, _ code: String, _ message: String, param: String? = nil, data: JSONValue? = nil) {
        self.status = status
        var detail: [String: JSONValue] = [
            "type": .string(Self.type(status)), "code": .string(code), "status": .string(code),
            "message": .string(message), "request_id": "3c807fc4c3a1705f9638ecc764a91c01",
        ]
        detail["param"] = param.map(JSONValue.string)
        detail["data"] = data
        body = ["detail": .object(detail)]
    }

    private init(complaint type: String, _ place: [String], _ message: String) {
        status = 422
        body = [
            "detail": [
                ["type": .string(type), "loc": .array(place.map(JSONValue.string)), "msg": .string(message)]
            ]
        ]
    }

    private static func type(_ status: Int) -> String {
        switch status {
        case 400: "validation_error"
        case 401: "authentication_error"
        case 402: "payment_required"
        case 403: "authorization_error"
        case 404: "not_found"
        case 409: "conflict"
        case 429: "rate_limit_error"
        case 503: "service_unavailable"
        case _: "internal_error"
        }
    }

    /// A field that must be there.
    static func missing(_ field: String) -> ElevenRefusal {
        ElevenRefusal(complaint: "missing", ["body", field], "Field required")
    }

    /// A field of the wrong type or outside its range.
    static func wrong(_ field: String, _ message: String, in place: String = "body") -> ElevenRefusal {
        ElevenRefusal(complaint: "value_error", [place] + field.split(separator: ".").map(String.init), message)
    }

    /// A field that the call does not have.
    static func unknown(_ field: String, in place: String = "body") -> ElevenRefusal {
        ElevenRefusal(complaint: "extra_forbidden", [place, field], "Extra inputs are not permitted")
    }

    static func parameter(_ name: String, _ message: String) -> ElevenRefusal {
        ElevenRefusal(400, "invalid_parameters", message, param: name)
    }

    /// How the service says a bare status.
    static func status(_ status: Int) -> ElevenRefusal {
        switch status {
        case 400: ElevenRefusal(400, "bad_request", "The request could not be understood by the server.")
        case 401: ElevenRefusal(401, "invalid_api_key", "Invalid API key")
        case 402: ElevenRefusal(402, "insufficient_credits", "Your account does not have enough credits.")
        case 403: ElevenRefusal(403, "insufficient_permissions", "You do not have the required permissions.")
        case 404: ElevenRefusal(404, "document_not_found", "Not Found")
        case 409: ElevenRefusal(409, "already_processing", "The resource is already being processed.")
        case 422: .wrong("text", "Input should be a valid string")
        case 429: ElevenRefusal(429, "too_many_concurrent_requests", "Too many concurrent requests.")
        case 503: ElevenRefusal(503, "service_unavailable", "The service is temporarily unavailable.")
        case _: ElevenRefusal(status, "internal_error", "An unexpected error occurred.")
        }
    }

    static let quota = ElevenRefusal(
        401,
        "quota_exceeded",
        "This request exceeds your quota of 10000. You have 3 credits remaining, while 12 credits are required."
    )

    /// The filter's; of music it comes with a prompt that would be taken.
    static func filtered(_ order: ElevenOrder) -> ElevenRefusal {
        guard order.call == .music else {
            return ElevenRefusal(
                403,
                "content_against_policy",
                "The text you are trying to use may violate our Terms of Service and has been blocked."
            )
        }
        return ElevenRefusal(
            400,
            "bad_prompt",
            "The prompt violates the terms of service.",
            data: ["prompt_suggestion": "A calm piece for piano"]
        )
    }
}
