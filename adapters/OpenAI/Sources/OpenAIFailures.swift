import Generation
import HTTPTransport
import ProviderKit

/// What the errors of the wire mean.
///
/// All have the form `{"error": {"message", "type", "param", "code"}}`, or in servers of the dialect `{"detail": ...}`.
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
                ? nil : error?["message"]?.stringValue ?? error?.stringValue ?? json?["detail"]?.stringValue,
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
