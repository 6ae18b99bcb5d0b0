import Generation

/// A request that the host refuses, in one of its two forms: a list of a validator's findings, or `detail` and a type.
struct FalRefusal: Error {
    let status: Int
    let body: JSONValue
    var headers: [(name: String, value: String)] = []

    /// How the platform says a bare status (fal.ai/docs, errors).
    init(status: Int) {
        self.status = status
        let (detail, type): (String, String?) =
            switch status {
            case 401: ("Authentication is required to access this application.", nil)
            case 402: ("Payment is required.", nil)
            case 403: ("User is not allowed to access this application.", nil)
            case 404: ("Application or request not found", nil)
            case 429: ("Too many requests.", nil)
            case 499: ("Request was cancelled.", "client_cancelled")
            case 503: ("Runner could not be reached.", "runner_connection_error")
            case 504: ("Request timed out.", "request_timeout")
            case 500...: ("Runner failed.", "runner_server_error")
            case _: ("Bad request", "bad_request")
            }
        var fields: [String: JSONValue] = ["detail": .string(detail)]
        fields["error_type"] = type.map(JSONValue.string)
        body = .object(fields)
        headers = type.map { [(name: "X-Fal-Error-Type", value: $0)] } ?? []
    }

    /// A finding of a model's validator about one field; with the input, as the validator writes it.
    static func invalid(
        _ field: String,
        _ message: String,
        type: String,
        status: Int = 422,
        input: JSONValue = .null
    ) -> FalRefusal {
        var refusal = FalRefusal(
            status: status,
            body: [
                "detail": [
                    [
                        "loc": ["body", .string(field)], "msg": .string(message), "type": .string(type),
                        "url": .string("https://docs.fal.ai/errors#\(type)"), "ctx": [:], "input": input,
                    ]
                ]
            ]
        )
        refusal.headers = [(name: "X-Fal-Retryable", value: "false")]
        return refusal
    }

    private init(status: Int, body: JSONValue) {
        self.status = status
        self.body = body
    }

    /// What the filter says, with the input as it does.
    static func filtered(_ prompt: String) -> FalRefusal {
        .invalid(
            "prompt",
            "The content could not be processed because it contained material flagged by a content checker.",
            type: "content_policy_violation",
            input: .string(prompt)
        )
    }
}
