import Generation

/// A request that the service refuses, in its own form: `{"title": "…", "detail": "…", "status": 422}`.
struct ReplicateRefusal: Error {
    let status: Int
    let body: JSONValue

    /// How the service says a bare status.
    init(status: Int) {
        let (title, detail): (String, String) =
            switch status {
            case 401: ("Unauthenticated", "You did not pass a valid authentication token")
            case 402: ("Insufficient credit", "You have insufficient credit to run this model.")
            case 403: ("Forbidden", "You are not allowed to do this")
            case 404: ("Not found", "The requested resource could not be found.")
            case 429: ("", "Request was throttled. Expected available in 4 seconds.")
            case 422: ("Input validation failed", "- input: prompt is required\n")
            case 500...: ("Internal server error", "Something went wrong")
            case _: ("Bad request", "The request is not valid")
            }
        self.init(status: status, title: title, detail: detail)
    }

    init(status: Int, title: String, detail: String, invalid: [String: JSONValue]? = nil) {
        self.status = status
        var fields: [String: JSONValue] = [
            "title": .string(title), "detail": .string(detail), "status": .integer(Int64(status)),
        ]
        fields["invalid_fields"] = invalid.map { [.object($0)] }
        body = .object(fields)
    }

    /// A finding of the validator about one field of the input.
    static func invalid(_ field: String, _ message: String, type: String) -> ReplicateRefusal {
        ReplicateRefusal(
            status: 422,
            title: "Input validation failed",
            detail: "- input.\(field): \(message)\n",
            invalid: [
                "type": .string(type), "field": .string("input.\(field)"), "description": .string(message),
            ]
        )
    }
}
