import Foundation
import Generation

/// What all of Google's wires share: the form of errors, and how pictures come.
enum GoogleWire {
    /// Why a request is refused, in the provider's words.
    struct Refusal: Error {
        let message: String

        init(_ message: String) { self.message = message }
    }

    /// The words of `google.rpc.Code` that the HTTP statuses stand for.
    static func word(of status: Int) -> String {
        switch status {
        case 400: "INVALID_ARGUMENT"
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 409: "ABORTED"
        case 429: "RESOURCE_EXHAUSTED"
        case 499: "CANCELLED"
        case 500: "INTERNAL"
        case 501: "UNIMPLEMENTED"
        case 503: "UNAVAILABLE"
        case 504: "DEADLINE_EXCEEDED"
        case _: "UNKNOWN"
        }
    }

    /// An answer in the form of errors of Google's APIs.
    static func error(
        _ status: Int,
        _ message: String,
        reason: String? = nil,
        retryAfterSeconds: Int? = nil
    ) -> SimulatedAnswer {
        var details: [JSONValue] = []
        if let reason {
            details.append([
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": .string(reason),
                "domain": "googleapis.com",
            ])
        }
        if let retryAfterSeconds {
            // The pause stands in the body; there is no header.
            details.append([
                "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": .string("\(retryAfterSeconds)s"),
            ])
        }
        var error: [String: JSONValue] = [
            "code": .integer(Int64(status)), "message": .string(message), "status": .string(word(of: status)),
        ]
        if !details.isEmpty { error["details"] = .array(details) }
        return .json(status, ["error": .object(error)])
    }

    /// What stands in an answer of a status that a test asked for.
    static func message(_ status: Int) -> String {
        switch status {
        case 401: "Request had invalid authentication credentials."
        case 403: "The caller does not have permission."
        case 404: "Requested entity was not found."
        case 429: "You exceeded your current quota, please check your plan and billing details."
        case 503: "The model is overloaded. Please try again later."
        case _: "Simulated \(status)."
        }
    }

    /// The bytes of a picture, which must be what its media type says.
    static func picture(base64: String, mimeType: String, field: String) throws(Refusal) -> [UInt8] {
        guard let data = Data(base64Encoded: base64), !data.isEmpty else {
            throw Refusal("Invalid value at '\(field)' (TYPE_BYTES), Base64 decoding failed.")
        }
        let starts: [String: [[UInt8]]] = [
            "image/png": [[0x89, 0x50, 0x4E, 0x47]], "image/jpeg": [[0xFF, 0xD8, 0xFF]],
            "image/webp": [Array("RIFF".utf8)],
        ]
        guard let expected = starts[mimeType] else { throw Refusal("Unsupported mime type: \(mimeType).") }
        guard expected.contains(where: { data.starts(with: $0) }) else {
            throw Refusal("Unable to process input image: it is not \(mimeType).")
        }
        return Array(data)
    }

    /// Refuses members that the wire does not have.
    static func only(
        _ known: Set<String>,
        in value: JSONValue?,
        field: String
    ) throws(Refusal) -> [String: JSONValue] {
        guard case .object(let members)? = value else { throw Refusal("Invalid value at '\(field)': an object.") }
        if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
            throw Refusal(
                "Invalid JSON payload received. Unknown name \"\(unknown)\" at '\(field)': Cannot find field."
            )
        }
        return members
    }
}
