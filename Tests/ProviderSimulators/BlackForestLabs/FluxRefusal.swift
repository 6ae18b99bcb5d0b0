import Generation

/// A request that the service refuses, in its own error form: `{"detail": "…"}`, or a list of a validator's findings.
struct FluxRefusal: Error {
    let status: Int
    let detail: JSONValue

    var body: JSONValue { ["detail": detail] }

    /// How the service says a bare status (docs.bfl.ai, errors; 2026-11-21).
    init(status: Int) {
        self.status = status
        switch status {
        case 401, 403: detail = "Not authenticated - missing or invalid key"
        case 402: detail = "Insufficient credits"
        case 404: detail = "Not Found"
        case 422: detail = [["loc": ["body", "prompt"], "msg": "Field required", "type": "missing"]]
        case 429: detail = "Rate limit exceeded - too many active tasks"
        case 503: detail = "Service temporarily unavailable"
        case 500...: detail = "Internal Server Error"
        case _: detail = "Bad request"
        }
    }

    /// A finding of the validator about one field; with the input, as the validator writes it.
    static func invalid(_ field: String, _ message: String, type: String, input: JSONValue = .null) -> FluxRefusal {
        FluxRefusal(
            status: 422,
            detail: [
                ["loc": ["body", .string(field)], "msg": .string(message), "type": .string(type), "input": input]
            ]
        )
    }

    private init(status: Int, detail: JSONValue) {
        self.status = status
        self.detail = detail
    }
}
