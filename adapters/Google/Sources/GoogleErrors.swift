import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// What a refusal of one of Google's APIs says.
///
/// Three forms: `{"error":{"code":400,"message","status","details":[...]}}` of `google.rpc.Status`, the same inside of an
/// array from the front end, and `{"error":{"code":"invalid_request","message"}}` of interactions.
/// Source: cloud.google.com/apis/design/errors; ai.google.dev/gemini-api/docs/troubleshooting (2026); the front end's form
/// as others met it live (2026-10).
struct GoogleError {
    var message: String?
    /// `INVALID_ARGUMENT`, or the word of interactions.
    var status: String?
    /// `API_KEY_INVALID` and the like, of `google.rpc.ErrorInfo`.
    var reason: String?
    /// The pause of `google.rpc.RetryInfo`: it stands in the body, not in a header.
    var retryAfterSeconds: Double?

    init(_ answer: ProviderAnswer) {
        var json = answer.json
        if case .array(let elements)? = json { json = elements.first }
        guard let error = json?["error"] else { return }
        message = error["message"]?.stringValue
        status = error["status"]?.stringValue ?? error["code"]?.stringValue
        guard case .array(let details)? = error["details"] else { return }
        for detail in details {
            reason = reason ?? detail["reason"]?.stringValue
            retryAfterSeconds = retryAfterSeconds ?? detail["retryDelay"]?.stringValue.flatMap(Self.seconds)
        }
    }

    /// Reads `38s` or `38.4s`.
    static func seconds(_ text: String) -> Double? {
        guard text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds.isFinite, seconds >= 0 else {
            return nil
        }
        return min(seconds, 86_400)
    }

    /// Whether it is the filter that refuses.
    var isFiltered: Bool {
        let words = ["SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"]
        if words.contains(status ?? "") || words.contains(reason ?? "") { return true }
        return message.map(SafetyWords.isFilter) ?? false
    }
}

extension ProviderFailure {
    /// What a refusal of one of Google's APIs means.
    ///
    /// A wrong key is 400 here. A 503 that says the model is overloaded, or in high demand, is a refusal for capacity, and
    /// is not billed: failed requests are not charged (ai.google.dev/gemini-api/docs/billing, and the Vertex AI price
    /// list: only requests with status 200 are). Of other 5xx nobody knows whether something was started. What is said of
    /// credentials, rights and quotas names the operator's project, and is not passed on.
    static func google(_ answer: ProviderAnswer) -> ProviderFailure {
        let error = GoogleError(answer)
        let isPrivate = [401, 403, 429].contains(answer.status) || error.message?.contains("projects/") ?? false
        var failure = refused(
            answer,
            message: isPrivate ? nil : error.message,
            providerCode: error.reason ?? error.status,
            retryAfterSeconds: error.retryAfterSeconds
        )
        let message = error.message?.lowercased() ?? ""
        switch answer.status {
        case 400 where error.reason?.hasPrefix("API_KEY") == true || message.hasPrefix("api key"):
            failure.code = .authentication
            failure.message = "The provider refused the operator's credentials."
        case 400 where message.hasPrefix("invalid interaction name"):
            failure.code = .notFound
            failure.message = "The provider does not know this generation."
        case 400, 403, 422:
            if error.isFiltered {
                failure.code = .contentPolicy
                failure.message = SafetyWords.refusal(error.message)
                failure.providerCode = error.message.flatMap(SafetyWords.code) ?? failure.providerCode
            } else if error.reason == "BILLING_DISABLED" {
                failure.code = .insufficientProviderFunds
            }
        case 429 where message.contains("limit: 0") || message.contains("credits are depleted"):
            // A quota that is nought, or an account without money, does not pass by waiting.
            failure.code = .insufficientProviderFunds
            failure.retry = .never
        case 503
        where error.status == "UNAVAILABLE" && (message.contains("overloaded") || message.contains("high demand")):
            failure.billing = .notCharged
        case _: break
        }
        return failure
    }

    /// What the error of an operation means that has ended with one: a code of `google.rpc.Code`.
    ///
    /// Only videos that were made are billed (ai.google.dev/gemini-api/docs/pricing: Veo; the texts of the filter on
    /// Vertex AI say the same).
    static func operation(_ error: JSONValue) -> ProviderFailure {
        let text = error["message"]?.stringValue ?? ""
        let number = error["code"]?.integerValue ?? 2
        func failure(_ code: Code, _ retry: Retry, _ fallback: String) -> ProviderFailure {
            ProviderFailure(
                code,
                retry: retry,
                billing: .notCharged,
                requestReachedProvider: .yes,
                message: [5, 7, 8, 16].contains(number)
                    ? fallback : passable(text).map { "\(fallback) It says: \($0)" } ?? fallback,
                providerCode: String(number),
                details: "the operation ended with code \(number)"
            )
        }
        if SafetyWords.isFilter(text) {
            var filtered = failure(.contentPolicy, .never, "")
            filtered.message = SafetyWords.refusal(text)
            filtered.providerCode = SafetyWords.code(text) ?? filtered.providerCode
            return filtered
        }
        return switch number {
        case 3, 9, 11: failure(.invalidRequest, .never, "The provider refused the request.")
        case 4: failure(.timedOut, .backoff, "The provider did not finish in time.")
        case 5: failure(.notFound, .never, "The provider does not know what was asked for.")
        case 7, 16: failure(.authentication, .never, "The provider refused the operator's credentials.")
        case 8: failure(.rateLimited, .backoff, "The provider is busy.")
        case 13, 14: failure(.unavailable, .backoff, "The provider could not make the video.")
        case _: failure(.unknown, .never, "The provider could not make the video.")
        }
    }

    /// A generation that the filter has held back.
    static func filtered(_ reasons: [String]) -> ProviderFailure {
        let text = reasons.joined(separator: " ")
        return ProviderFailure(
            .contentPolicy,
            retry: .never,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: SafetyWords.refusal(text),
            providerCode: SafetyWords.code(text),
            details: "held back by the filter"
        )
    }
}

/// What the support codes of the filter stand for.
///
/// Source: docs.cloud.google.com, Veo: responsible AI and usage guidelines (2026-11).
enum SafetyWords {
    private static let categories: [(words: String, codes: Set<String>)] = [
        ("a child", ["58061214", "17301594"]),
        ("a celebrity", ["29310472", "15236754"]),
        ("the video's safety", ["64151117", "42237218"]),
        ("dangerous content", ["62263041"]),
        ("hate", ["57734940", "22137204"]),
        ("other safety reasons", ["74803281", "29578790", "42876398"]),
        ("prohibited content", ["89371032", "49114662", "63429089", "72817394", "60599140"]),
        ("content of third parties", ["35561574", "35561575"]),
        ("sexual content", ["90789179", "43188360"]),
        ("toxic content", ["78610348"]),
        ("violence", ["61493863", "56562880"]),
        ("vulgar content", ["32635315"]),
    ]

    /// The first support code of a text.
    static func code(_ text: String) -> String? {
        text.split { !$0.isNumber }.map(String.init).first { number in
            categories.contains { $0.codes.contains(number) }
        }
    }

    /// Whether a text is the filter's.
    static func isFilter(_ text: String) -> Bool {
        if code(text) != nil { return true }
        let lower = text.lowercased()
        return lower.contains("responsible ai") || lower.contains("usage guidelines")
            || lower.contains("safety reasons")
            || (lower.contains("blocked") && (lower.contains("safety") || lower.contains("polic")))
    }

    /// The message for the client: what the support code means, and the filter's own words.
    static func refusal(_ text: String?) -> String {
        let own = text.flatMap(ProviderFailure.passable)
        let category = text.flatMap(code).flatMap { number in
            categories.first { $0.codes.contains(number) }?.words
        }
        let reason = category.map { ", because of \($0)" } ?? ""
        return "The provider's filter refused this\(reason)." + (own.map { " It says: \($0)" } ?? "")
    }
}
