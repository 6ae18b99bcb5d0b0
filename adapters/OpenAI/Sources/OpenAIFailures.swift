import Generation
import HTTPTransport
import ProviderKit

/// What the errors of the wire mean.
///
/// All have the form `{"error": {"message", "type", "param", "code"}}`, or in servers of the dialect `{"detail": ...}`;
/// in a stream of events the same object comes as an event.
/// Sources: the provider's error page and the answers that users of it have published, read on 2026-11-21.
enum OpenAIFailures {
    /// The filter's words: of a request that is not taken, and of a video that is not given out.
    private static let filterCodes: Set<String> = [
        "moderation_blocked", "sentinel_block", "content_policy_violation", "content_filter",
    ]
    /// What is over until somebody pays.
    private static let fundsCodes: Set<String> = ["insufficient_quota", "billing_hard_limit_reached"]

    /// What an answer means that is no success.
    static func refused(_ answer: ProviderAnswer) -> ProviderFailure {
        let json = answer.json
        let error = json?["error"]
        // A number in some servers of the dialect.
        let code = error?["code"]?.stringValue ?? error?["code"]?.integerValue.map(String.init)
        let type = error?["type"]?.stringValue
        // What is said about a key shows a part of it, and about a rate the operator's organization.
        let isPrivate = [401, 403, 429].contains(answer.status)
        var failure = ProviderFailure.refused(
            answer,
            message: isPrivate
                ? nil : words(of: error) ?? error?.stringValue ?? json?["detail"]?.stringValue,
            providerCode: code ?? type,
            retryAfterSeconds: answer.header("retry-after-ms").flatMap(Double.init)
                .flatMap { $0.isFinite && $0 >= 0 ? min($0 / 1_000, 86_400) : nil }
        )
        guard (400...499).contains(answer.status), failure.billing == .notCharged else { return failure }
        let names = Set([code, type].compactMap(\.self))
        if !names.isDisjoint(with: filterCodes) {
            (failure.code, failure.retry) = (.contentPolicy, .never)
        } else if !names.isDisjoint(with: fundsCodes) {
            (failure.code, failure.retry) = (.insufficientProviderFunds, .never)
            failure.message = "The operator's provider account has no funds."
        }
        return failure
    }

    /// The provider's words, with what its filter found.
    private static func words(of error: JSONValue?) -> String? {
        guard let message = error?["message"]?.stringValue else { return nil }
        guard case .array(let found)? = error?["moderation_details"]?["categories"] else { return message }
        let categories = found.prefix(10).compactMap(\.stringValue)
        return categories.isEmpty ? message : "\(message) (\(categories.joined(separator: ", ")))"
    }

    /// The error that an event tells of; nil of one that tells of none.
    ///
    /// What the filter holds back is not given out, and everything before it was a preview. Of any other error nobody
    /// says whether what was done until then is billed.
    static func broken(_ event: JSONValue) -> ProviderFailure? {
        let error = event["error"] ?? (event["type"]?.stringValue == "error" ? event : .null)
        guard error != .null else { return nil }
        let code = error["code"]?.stringValue
        let type = error["type"]?.stringValue
        let isFilter = [code, type].compactMap(\.self).contains(where: filterCodes.contains)
        let own = words(of: error).flatMap(ProviderFailure.passable)
        let summary = isFilter ? "The provider's filter refused this." : "The provider broke off."
        return ProviderFailure(
            isFilter ? .contentPolicy : .unavailable,
            retry: isFilter ? .never : .backoff,
            billing: isFilter ? .notCharged : .unknown,
            requestReachedProvider: .yes,
            message: isFilter ? own.map { "\(summary) It says: \($0)" } ?? summary : summary,
            providerCode: code ?? type,
            details: "an error in a stream of events"
        )
    }

    /// Why a video failed.
    ///
    /// That a failed video is free is said nowhere officially.
    static func failed(_ error: JSONValue?) -> ProviderFailure {
        let code = error?["code"]?.stringValue
        let isFilter = code.map(filterCodes.contains) ?? false
        let own = error?["message"]?.stringValue.flatMap(ProviderFailure.passable)
        let summary = isFilter ? "The provider's filter refused this." : "The provider could not make the video."
        return ProviderFailure(
            isFilter ? .contentPolicy : .unknown,
            retry: .never,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: own.map { "\(summary) It says: \($0)" } ?? summary,
            providerCode: code
        )
    }

    /// A video that was made, and is gone.
    static let expired = ProviderFailure(
        .notFound,
        retry: .never,
        billing: .charged,
        requestReachedProvider: .yes,
        message: "The provider has deleted the video, which it keeps for about an hour, before it could be fetched.",
        details: "expires_at has passed"
    )
}
