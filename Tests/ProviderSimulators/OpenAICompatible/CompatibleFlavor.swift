import Generation

/// Whose forms a self-hosted server has.
enum CompatibleFlavor: String {
    case vllmOmni = "vllm-omni"
    case sglang
    case localAI = "localai"
    case speaches
    case kokoro

    var makesPictures: Bool {
        switch self {
        case .vllmOmni, .sglang, .localAI: true
        case .speaches, .kokoro: false
        }
    }

    /// How pictures can be answered, the first by default.
    var pictureForms: [String] {
        switch self {
        case .vllmOmni: ["b64_json", "file"]
        case .sglang, .localAI: ["url", "b64_json"]
        case .speaches, .kokoro: []
        }
    }

    /// An error in its own form.
    func refusal(_ status: Int, _ message: String, param: String? = nil) -> SimulatedAnswer {
        let text = JSONValue.string(message)
        let body: JSONValue
        switch self {
        case .vllmOmni:
            let type = status == 404 ? "NotFoundError" : "BadRequestError"
            body = [
                "error": [
                    "message": text, "type": .string(type), "param": param.map(JSONValue.string) ?? .null,
                    "code": .integer(Int64(status)),
                ]
            ]
        case .sglang, .speaches:
            body =
                status == 422
                ? ["detail": [["type": "missing", "loc": ["body", .string(param ?? "")], "msg": text, "input": [:]]]]
                : ["detail": text]
        case .localAI: body = ["error": ["code": .integer(Int64(status)), "message": text, "type": ""]]
        case .kokoro:
            body = ["detail": ["error": "validation_error", "message": text, "type": "invalid_request_error"]]
        }
        return .json(status, body)
    }
}

/// What a relay's filter in front of a server refuses.
struct Filtered: Error {
    var answer: SimulatedAnswer {
        .json(
            400,
            [
                "error": [
                    "message": "The prompt was refused.", "type": "invalid_request_error",
                    "code": "content_policy_violation",
                ]
            ]
        )
    }
}
