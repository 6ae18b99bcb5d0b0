import Foundation
import Generation
import HTTPTransport
import ProviderKit

extension ProviderFailure {
    /// What a refusal of the service means, by its own code first.
    ///
    /// Source: the table of error codes (volcengine.com docs 82379/1299023, the same on both platforms), read through a
    /// copy on 2026-11-21. Where a message can hold an account's number, ours stands in its place.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - hidden: What must not come back in a message: the service may quote a parameter.
    init(refusal answer: ProviderAnswer, hiding hidden: [String] = []) {
        let error = answer.json?["error"]
        let code = error?["code"]?.stringValue
        let text = error?["message"]?.stringValue.flatMap(Self.withoutRequestID).flatMap { text in
            hidden.contains { text.contains($0) } ? nil : text
        }
        switch answer.status {
        case 400, 413, 422:
            self = .refused(answer, message: text, providerCode: code)
            if Self.isPolicy(code) {
                self.code = .contentPolicy
                message = Self.filtered(text)
            }
        case 403:
            self = .refused(answer, providerCode: code)
            if code == "AccountOverdueError" || code == "OperationDenied.ServiceOverdue" {
                self.code = .insufficientProviderFunds
                message = "The operator's provider account is overdue."
            }
        case 404:
            self = .refused(answer, providerCode: code)
            if code?.hasPrefix("ModelNotOpen") ?? false {
                message = "The operator's provider account has not activated this model."
            } else if code?.hasPrefix("InvalidEndpointOrModel") ?? false {
                message = "The operator's provider account has no such model or endpoint."
            }
        case 429:
            self = .refused(answer, providerCode: code)
            if let why = Self.exhaustion(code, text) {
                self.code = .insufficientProviderFunds
                retry = .never
                message = why
            }
        case _: self = .refused(answer, providerCode: code)
        }
        details = "status \(answer.status), code \(code ?? "none")"
    }

    /// What the failure of an accepted task, or of an image, means; it is not charged.
    init(task error: JSONValue?, making what: String = "video") {
        let code = error?["code"]?.stringValue
        let text = error?["message"]?.stringValue.flatMap(Self.withoutRequestID).flatMap(Self.passable)
        let kind: (code: Code, retry: Retry, message: String)
        if Self.isPolicy(code) {
            kind = (.contentPolicy, .never, Self.filtered(text))
        } else if let code, ["InvalidParameter", "MissingParameter", "InvalidImageURL"].contains(where: code.hasPrefix)
        {
            kind = (
                .invalidRequest, .never,
                text.map { "The provider refused the request. It says: \($0)" }
                    ?? "The provider refused the request."
            )
        } else if code == "InternalServiceError" || code == "ServerOverloaded" {
            kind = (.unavailable, .backoff, "The provider failed to make the \(what).")
        } else {
            kind = (
                .unknown, .backoff,
                text.map { "The \(what) failed at the provider. It says: \($0)" }
                    ?? "The \(what) failed at the provider."
            )
        }
        self.init(
            kind.code,
            retry: kind.retry,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: kind.message,
            providerCode: code,
            details: "the \(what) failed, code \(code ?? "none")"
        )
    }

    /// Whether a code is a filter's: `InputImageSensitiveContentDetected.PrivacyInformation`, `OutputTextRiskDetection` ...
    private static func isPolicy(_ code: String?) -> Bool {
        guard let code else { return false }
        return code.contains("SensitiveContentDetected") || code.contains("RiskDetection")
    }

    private static func filtered(_ text: String?) -> String {
        let plain = "The provider's content filter refused the request or its result."
        return text.flatMap(passable).map { "\(plain) It says: \($0)" } ?? plain
    }

    /// Why a 429 will not pass by itself; nil when it will.
    ///
    /// `QuotaExceeded` is three things: a full queue ("The request has exceeded the quota"), which passes, a used-up free
    /// trial, and a used-up plan.
    private static func exhaustion(_ code: String?, _ text: String?) -> String? {
        guard let code else { return nil }
        if code == "SetLimitExceeded" {
            return "The spending limit that the operator set at the provider is reached."
        }
        guard code.hasPrefix("QuotaExceeded"), let text else { return nil }
        guard text.contains("free trial") || text.contains("usage quota") || code != "QuotaExceeded" else { return nil }
        return "The operator's quota at the provider is used up."
    }

    /// A message without the request id at its end, which is of no use to a client.
    private static func withoutRequestID(_ text: String) -> String? {
        guard let range = text.range(of: "request id:", options: .caseInsensitive) else { return text }
        let rest = String(text[..<range.lowerBound]).trimmingCharacters(in: .whitespacesAndNewlines)
        return rest.isEmpty ? nil : rest
    }
}
