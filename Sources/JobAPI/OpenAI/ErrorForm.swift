import HTTPTypes
import Hummingbird
import NIOCore

/// The forms that an error takes on the wire.
enum ErrorForm: Sendable {
    /// The one of all routes.
    case common
    /// OpenAI's, whose `code` is a word or null.
    case openAI

    /// The form for a path: its routes stand under a prefix of their own.
    init(path: String) { self = path == "/v1" || path.hasPrefix("/v1/") ? .openAI : .common }
}

extension APIError {
    /// The whole answer in a form.
    func response(in form: ErrorForm) -> Response {
        switch form {
        case .common: return response
        case .openAI:
            var response = response
            response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: openAIBody))
            // Its SDK repeats a conflict by itself, which would stay one.
            if status == .conflict { response.headers[.shouldRetry] = "false" }
            return response
        }
    }

    /// The body in OpenAI's form.
    package var openAIBody: [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("error")
        writeOpenAI(to: &json)
        json.endObject()
        return json.bytes
    }

    /// Writes the error as OpenAI's object: of an answer, or of an event.
    func writeOpenAI(to json: inout JSONWriter) {
        json.beginObject()
        json.key("message")
        json.string(message)
        json.key("type")
        json.string(openAIType)
        json.key("param")
        json.string(param)
        json.key("code")
        json.string(openAICode)
        json.endObject()
    }

    /// The families as OpenAI's clients know them.
    private var openAIType: String {
        switch type {
        case .invalidRequest, .authentication: Family.invalidRequest.rawValue
        case .insufficientCredits: "insufficient_quota"
        case .rateLimit: Family.rateLimit.rawValue
        case .overloaded, .server: Family.server.rawValue
        }
    }

    /// OpenAI's word for what it is, where it has one; null where there is nothing to tell.
    private var openAICode: String? {
        switch reason {
        case "missing_key": nil
        case "invalid_key", "malformed_key": "invalid_api_key"
        case "unknown_model": "model_not_found"
        case "missing_field": "missing_required_parameter"
        case "unsupported_value", "contradiction", "unsupported_type": "invalid_value"
        case "unknown_field": "unknown_parameter"
        case "insufficient_credits", "key_limit_reached": "insufficient_quota"
        case "content_policy": "moderation_blocked"
        case _: reason
        }
    }
}
