import Generation
import HTTPTransport
import ProviderKit

/// What the errors of these servers mean.
///
/// Their forms are many: `{"error": {"message", "type", "code"}}` with a number or a word as its code, `{"error": "..."}`,
/// `{"detail": "..."}`, `{"detail": [{"loc", "msg"}]}` and `{"detail": {"error", "message", "type"}}`.
///
/// A server of the operator's own bills nothing. So what it has answered itself with an error has cost nothing, and may be
/// tried elsewhere: 500, 501, 503 and 507 besides what is refused. Of 502 and 504 nobody knows: they come from what
/// stands in front of a server, which may be at work.
enum CompatibleFailures {
    /// What filters in front of a server say; the servers themselves have none.
    private static let filterCodes: Set<String> = [
        "moderation_blocked", "content_policy_violation", "content_filter", "content_policy",
    ]
    /// The statuses that a server answers itself when it could not do it.
    private static let ownStatuses: Set<Int> = [500, 501, 503, 507]

    /// What an answer means that is no success.
    static func refused(_ answer: ProviderAnswer) -> ProviderFailure {
        let words = Words(answer.json)
        let isPrivate = [401, 403, 429].contains(answer.status)
        var failure = ProviderFailure.refused(
            answer,
            message: isPrivate ? nil : words.message,
            providerCode: words.code ?? words.type
        )
        if ownStatuses.contains(answer.status) {
            failure.billing = .notCharged
            if words.isOutOfMemory {
                failure.code = .unavailable
            } else if answer.status != 503 {
                // It would do the same again: such tries are counted.
                failure.code = .unknown
            }
        } else if (400...499).contains(answer.status), failure.billing == .notCharged, words.isFilter {
            (failure.code, failure.retry) = (.contentPolicy, .never)
        }
        return failure
    }

    /// The error that an event tells of; nil of one that tells of none.
    static func broken(_ event: JSONValue) -> ProviderFailure? {
        let isError = event["type"]?.stringValue?.hasSuffix("error") == true
        guard isError || event["error"].map({ $0 != .null }) == true else { return nil }
        return failed(event["error"] ?? event, doing: "The server broke off.")
    }

    /// Why a video failed.
    static func failed(
        _ error: JSONValue?,
        doing summary: String = "The server could not make the video."
    ) -> ProviderFailure {
        let words = Words(error.map { ["error": $0] })
        let said = words.isFilter ? "The server's filter refused this." : summary
        return ProviderFailure(
            words.isFilter ? .contentPolicy : .unknown,
            retry: words.isOutOfMemory ? .backoff : .never,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: words.message.flatMap(ProviderFailure.passable).map { "\(said) It says: \($0)" } ?? said,
            providerCode: words.code ?? words.type
        )
    }

    /// What an error says, whichever form it has.
    private struct Words {
        var message: String?
        var code: String?
        var type: String?

        init(_ json: JSONValue?) {
            guard let json else { return }
            let error = json["error"] ?? json["detail"] ?? .null
            switch error {
            case .string(let text): message = text
            case .object:
                message = error["message"]?.stringValue ?? error["error"]?.stringValue
                code = error["code"]?.stringValue ?? error["code"]?.wholeNumber.map(String.init)
                type = error["type"]?.stringValue ?? error["error"]?.stringValue
            case .array(let problems):
                let said = problems.prefix(3).compactMap { problem -> String? in
                    guard let text = problem["msg"]?.stringValue else { return nil }
                    guard case .array(let parts)? = problem["loc"] else { return text }
                    return parts.compactMap(\.stringValue).joined(separator: ".") + ": " + text
                }
                message = said.isEmpty ? nil : said.joined(separator: "; ")
            case .null, .bool, .integer, .number: break
            }
        }

        var isFilter: Bool { [code, type].compactMap(\.self).contains(where: filterCodes.contains) }

        /// The words of CUDA and of ROCm, and of the servers when they refuse for it.
        var isOutOfMemory: Bool { message?.lowercased().contains("out of memory") ?? false }
    }
}
