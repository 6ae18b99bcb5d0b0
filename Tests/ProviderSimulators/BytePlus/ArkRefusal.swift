import Generation

/// A request that the service refuses, in its own error form: `{"error":{"code","message","param","type"}}`.
///
/// Codes and types: the error table of the official ark-cli (`error-codes.md`), read on 2026-11-21. The texts are
/// composed; clients match on the code.
struct ArkRefusal: Error {
    let status: Int
    let code: String
    let message: String
    var param = ""

    private var type: String {
        switch status {
        case 400, 413: "BadRequest"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "NotFound"
        case 409: "Conflict"
        case 429: "TooManyRequests"
        case _: "InternalServerError"
        }
    }

    var body: JSONValue {
        [
            "error": [
                "code": .string(code), "message": .string("\(message) Request id: 021700000000000000000000"),
                "param": .string(param), "type": .string(type),
            ]
        ]
    }

    static func missing(_ field: String) -> ArkRefusal {
        ArkRefusal(
            status: 400,
            code: "MissingParameter",
            message: "The request failed because it is missing the `\(field)` parameter.",
            param: field
        )
    }

    static func invalid(_ field: String, _ why: String, code: String = "InvalidParameter") -> ArkRefusal {
        ArkRefusal(
            status: 400,
            code: code,
            message: "The parameter `\(field)` specified in the request is not valid: \(why).",
            param: field
        )
    }

    static func unsupported(_ field: String, by model: String) -> ArkRefusal {
        invalid(field, "it is not supported by \(model)", code: "InvalidParameter.UnsupportedParameter")
    }

    static func noModel(_ id: String) -> ArkRefusal {
        ArkRefusal(
            status: 404,
            code: "InvalidEndpointOrModel.NotFound",
            message: "The model or endpoint \(id) does not exist or you do not have access to it.",
            param: "model"
        )
    }

    static func noTask(_ id: String) -> ArkRefusal {
        ArkRefusal(
            status: 404,
            code: "NotFound.TaskNotFound",
            message: "The task \(id) does not exist.",
            param: "id"
        )
    }

    /// How the service says a bare status.
    static func status(_ status: Int) -> ArkRefusal {
        let (code, message): (String, String) =
            switch status {
            case 400, 422: ("InvalidParameter", "The parameter `content` specified in the request is not valid.")
            case 401: ("AuthenticationError", "The API key or AK/SK in the request is missing or invalid.")
            case 402: ("AccountOverdueError", "The request failed because your account has an overdue balance.")
            case 403: ("AccessDenied", "The request failed because you do not have access to the resource.")
            case 404: ("ModelNotOpen", "Your account has not activated the model.")
            case 409: ("InvalidAction.RunningTaskDeletion", "Cannot delete task because it is currently running.")
            case 429:
                ("ModelAccountRpmRateLimitExceeded", "The requests per minute (RPM) limit of the account is exceeded.")
            case _: ("InternalServiceError", "The service encountered an unexpected internal error.")
            }
        return ArkRefusal(status: status, code: code, message: message)
    }
}
