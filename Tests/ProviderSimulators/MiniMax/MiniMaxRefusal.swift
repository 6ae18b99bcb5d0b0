import Generation

/// A request that the service refuses: by the second interface with a status and an `error`, by the first one with status
/// 200 and `base_resp`.
///
/// The texts of the second are the examples of the vendor's own pages (platform.minimaxi.com,
/// api-reference/video-generation-v2-regeneration; read on 2026-11-22), with the code in brackets.
struct MiniMaxRefusal: Error {
    let status: Int
    let code: Int
    let message: String

    static func parameters(_ text: String) -> MiniMaxRefusal {
        MiniMaxRefusal(status: 400, code: 2_013, message: "invalid params, \(text)")
    }

    static let key = MiniMaxRefusal(
        status: 401,
        code: 1_004,
        message: "login fail: Please carry the API secret key in the 'Authorization' field of the request header"
    )
    static let filtered = MiniMaxRefusal(
        status: 422,
        code: 1_026,
        message: "video description contains sensitive content"
    )
    static let unknown = MiniMaxRefusal(status: 500, code: 0, message: "record not found")

    /// What a bare status is.
    static func status(_ status: Int) -> MiniMaxRefusal {
        switch status {
        case 400: .parameters("content must include a non-empty text item (prompt is required)")
        case 401, 403: .key
        case 402: MiniMaxRefusal(status: status, code: 1_008, message: "insufficient balance")
        case 422: .filtered
        case 429: MiniMaxRefusal(status: status, code: 1_002, message: "rate limit, please retry later")
        case _: MiniMaxRefusal(status: status, code: 1_000, message: "internal error")
        }
    }

    /// As the second interface says it.
    var error: JSONValue {
        let type =
            switch status {
            case 400: "bad_request_error"
            case 401: "authorized_error"
            case 402: "insufficient_balance_error"
            case 422: "unprocessable_entity_error"
            case 429: "rate_limit_error"
            case _: "server_error"
            }
        let text = code == 0 ? message : "\(message) (\(code))"
        return [
            "type": "error", "request_id": "021785229015510a2c883cf675b9804d",
            "error": ["type": .string(type), "message": .string(text), "http_code": .string(String(status))],
        ]
    }

    /// As the first one says it.
    var base: JSONValue {
        let code = self.code == 0 ? 2_013 : self.code
        return ["base_resp": ["status_code": .integer(Int64(code)), "status_msg": .string(message)]]
    }
}
