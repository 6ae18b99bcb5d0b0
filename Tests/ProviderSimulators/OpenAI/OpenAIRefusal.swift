import Generation

/// An error in the form of all of OpenAI's: `{"error": {"message", "type", "param", "code"}}`.
struct OpenAIRefusal: Error {
    let status: Int
    let message: String
    private let type: String
    let param: String?
    private let code: String?
    private var headers: [(name: String, value: String)] = []
    private var details: JSONValue?

    init(
        _ status: Int,
        _ message: String,
        type: String = "invalid_request_error",
        param: String? = nil,
        code: String? = nil
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
    }

    var answer: SimulatedAnswer {
        var error: [String: JSONValue] = [
            "message": .string(message), "type": .string(type), "param": param.map(JSONValue.string) ?? .null,
            "code": code.map(JSONValue.string) ?? .null,
        ]
        error["moderation_details"] = details
        return .json(status, ["error": .object(error)], headers: headers)
    }

    /// What the filter holds back, before anything is made or after.
    static func moderation(stage: String) -> OpenAIRefusal {
        var refusal = OpenAIRefusal(
            400,
            "Your request was rejected by the safety system.",
            type: "image_generation_user_error",
            code: "moderation_blocked"
        )
        refusal.details = ["moderation_stage": .string(stage), "categories": ["violence"]]
        return refusal
    }

    /// A value outside of what is allowed.
    static func value(_ param: String, _ value: String, _ allowed: [String]) -> OpenAIRefusal {
        let list = allowed.map { "'\($0)'" }
        let words = list.dropLast().joined(separator: ", ") + ", and " + (list.last ?? "")
        return OpenAIRefusal(
            400,
            "Invalid value: '\(value)'. Supported values are: \(words).",
            param: param,
            code: "invalid_value"
        )
    }

    /// A value of another type than it must have.
    static func type(_ param: String, _ expected: String, _ found: String) -> OpenAIRefusal {
        OpenAIRefusal(
            400,
            "Invalid type for '\(param)': expected \(expected), but got \(found) instead.",
            param: param,
            code: "invalid_type"
        )
    }

    /// What is wrong with the credentials of a request; nil when nothing is.
    static func ofCredentials(_ request: SimulatedRequest, key: String?) -> OpenAIRefusal? {
        guard let token = request.bearerToken, !token.isEmpty else {
            return OpenAIRefusal(401, "Missing bearer authentication in header")
        }
        guard key.map({ $0 == token }) ?? token.hasPrefix("sk-") else {
            let shown = token.prefix(5) + "**" + token.suffix(2)
            return OpenAIRefusal(401, "Incorrect API key provided: \(shown).", code: "invalid_api_key")
        }
        return nil
    }

    /// The usual error of a status.
    static func usual(_ status: Int, retryAfterSeconds: Int?) -> OpenAIRefusal {
        var refusal =
            switch status {
            case 400: OpenAIRefusal(400, "Inpaint image must match the requested width and height")
            case 401: OpenAIRefusal(401, "Incorrect API key provided: sk-te**st.", code: "invalid_api_key")
            case 402: OpenAIRefusal(402, "Your account has no funds.", type: "insufficient_quota")
            case 403:
                OpenAIRefusal(
                    403,
                    "Your organization must be verified to use this model.",
                    code: "organization_must_be_verified"
                )
            case 404: OpenAIRefusal(404, "Video with id 'video_simulated' not found.")
            case 429:
                OpenAIRefusal(
                    429,
                    "Rate limit reached for sora-2 in organization org-simulated on requests per min (RPM).",
                    type: "requests",
                    code: "rate_limit_exceeded"
                )
            case 500...: OpenAIRefusal(status, "The server had an error.", type: "server_error", code: "server_error")
            case _: OpenAIRefusal(status, "Simulated \(status).")
            }
        if let retryAfterSeconds {
            refusal.headers = [
                (name: "Retry-After", value: String(retryAfterSeconds)),
                (name: "retry-after-ms", value: String(retryAfterSeconds * 1_000)),
            ]
        }
        return refusal
    }
}
