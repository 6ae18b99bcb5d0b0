package import Generation

/// Something that goes wrong with one exchange.
///
/// Those that are `handled` happen after the wire has done what was asked: a submit has made its task, and costs money.
package enum SimulatedFault: Sendable {
    /// The status, in the wire's own form; nothing was done.
    case status(Int, retryAfter: Int? = nil)
    /// The same, but it was done.
    case statusAfterwards(Int, retryAfter: Int? = nil)
    /// This very answer, whether it was done or not: for what only one wire says.
    case answer(SimulatedAnswer, handled: Bool = false)
    /// Done, and answered with text that is no JSON.
    case malformedJSON
    /// Done, and answered with half of the JSON, under a length that fits the half; of media half, under the whole length.
    case truncatedJSON
    /// Done, and answered 200 with JSON of another shape.
    case otherJSON
    /// Done, and answered 200 with a page.
    case html
    /// Done, and answered 200 with nothing.
    case empty
    /// Done, and answered with more bytes than anybody should read.
    case huge(bytes: Int = 8 << 20)
    /// Done, and then silent as long as the connection stands.
    case hang
    /// Done, and answered byte by byte.
    case drip(bytesPerSecond: Int)
    /// Done, and then closed without a byte of an answer.
    case answerLost
    /// Closed without anything done.
    case refusedConnection
    /// The URL of an output has expired: 403.
    case outputExpired
    /// The output is gone: 404.
    case outputGone
    /// More bytes of an output are promised than come before the connection closes.
    case downloadTruncated
    /// A page in place of the output, with status 200.
    case wrongContentType
    /// The output is said to be at an address inside.
    case redirectToPrivate
    /// The callback of a completion comes twice. On any operation.
    case duplicateCompletion

    /// Byte by byte, slowly.
    package static var slowDrip: SimulatedFault { .drip(bytesPerSecond: 20) }

    /// Whether the wire does what was asked before the fault.
    package var isHandled: Bool {
        switch self {
        case .status, .refusedConnection, .outputExpired, .outputGone, .wrongContentType, .redirectToPrivate: false
        case .answer(_, let handled): handled
        case .statusAfterwards, .malformedJSON, .truncatedJSON, .otherJSON, .html, .empty, .huge, .hang, .drip,
            .answerLost, .downloadTruncated, .duplicateCompletion:
            true
        }
    }

    /// The word in the journal and at the admin route.
    package var word: String {
        switch self {
        case .status(let status, _): "status \(status)"
        case .statusAfterwards(let status, _): "status_afterwards \(status)"
        case .answer: "answer"
        case .malformedJSON: "malformed_json"
        case .truncatedJSON: "truncated_json"
        case .otherJSON: "other_json"
        case .html: "html"
        case .empty: "empty"
        case .huge: "huge"
        case .hang: "hang"
        case .drip: "slow_drip"
        case .answerLost: "answer_lost"
        case .refusedConnection: "refused_connection"
        case .outputExpired: "output_expired"
        case .outputGone: "output_gone"
        case .downloadTruncated: "download_truncated"
        case .wrongContentType: "wrong_content_type"
        case .redirectToPrivate: "redirect_to_private"
        case .duplicateCompletion: "duplicate_completion"
        }
    }

    /// Reads a fault as the admin route takes it: `{"fault": "status", "status": 429, "retry_after": 3}`.
    package init?(json: JSONValue) {
        let status = json["status"]?.integerValue.map { Int($0) }
        let retryAfter = json["retry_after"]?.integerValue.map { Int($0) }
        switch json["fault"]?.stringValue {
        case "status": self = .status(status ?? 500, retryAfter: retryAfter)
        case "status_afterwards": self = .statusAfterwards(status ?? 500, retryAfter: retryAfter)
        case "answer":
            let answer = SimulatedAnswer.json(status ?? 200, json["body"] ?? .null)
            self = .answer(answer, handled: json["handled"]?.boolValue ?? false)
        case "malformed_json": self = .malformedJSON
        case "truncated_json": self = .truncatedJSON
        case "other_json": self = .otherJSON
        case "html": self = .html
        case "empty": self = .empty
        case "huge": self = .huge(bytes: json["bytes"]?.integerValue.map { Int($0) } ?? 8 << 20)
        case "hang": self = .hang
        case "slow_drip": self = .drip(bytesPerSecond: json["bytes_per_second"]?.integerValue.map { Int($0) } ?? 20)
        case "answer_lost": self = .answerLost
        case "refused_connection": self = .refusedConnection
        case "output_expired": self = .outputExpired
        case "output_gone": self = .outputGone
        case "download_truncated": self = .downloadTruncated
        case "wrong_content_type": self = .wrongContentType
        case "redirect_to_private": self = .redirectToPrivate
        case "duplicate_completion": self = .duplicateCompletion
        case _: return nil
        }
    }
}
