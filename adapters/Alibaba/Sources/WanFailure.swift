import Generation
import HTTPTransport
import ProviderKit

/// What the provider's error codes mean.
///
/// Source: Model Studio, error codes (2026): flat bodies `{"code","message","request_id"}`; a failed task has the two in
/// `output`. Codes have parts: `Throttling.RateQuota`, `InvalidParameter.DataInspection`.
private enum WanCode {
    /// What a code is about.
    enum Meaning {
        case filter
        case request
        case funds
        case account
        case busy
        case outage
        case timeout
    }

    static func meaning(_ code: String?) -> Meaning? {
        guard let code, let first = code.split(separator: ".").first else { return nil }
        // Not the filter: "Unable to download the media resource during the data inspection process."
        if code.hasPrefix("InvalidParameter.DataInspection") { return .request }
        if code.contains("DataInspection") || first == "IPInfringementSuspect" { return .filter }
        if code == "InternalError.Timeout" { return .timeout }
        switch first {
        case "InvalidParameter", "InvalidURL", "InvalidFile", "InvalidImage", "InvalidImageFormat",
            "InvalidImageResolution", "InvalidVideo", "InvalidInputLength", "InvalidSchema", "BadRequest",
            "UnsupportedOperation":
            return .request
        case "Arrearage", "PrepaidBillOverdue", "PostpaidBillOverdue", "CommodityNotPurchased", "AllocationQuota":
            return .funds
        case "InvalidApiKey", "AccessDenied", "Model", "WorkSpaceNotFound": return .account
        case "Throttling", "LimitRequests", "ServiceOverloaded", "ResourceExhausted": return .busy
        case "InternalError", "ModelServiceFailed", "ServiceUnavailable": return .outage
        case _: return nil
        }
    }
}

extension ProviderFailure {
    /// What a refused request means.
    ///
    /// - Parameter answer: The answer; its status is no success.
    /// - Returns: The failure; a definite refusal where the provider refused before it took anything.
    static func refusal(_ answer: ProviderAnswer) -> ProviderFailure {
        let code = answer.json?["code"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        let meaning = WanCode.meaning(code)
        // What is wrong with the operator's account is not the caller's to read.
        let isPrivate = [401, 402, 403].contains(answer.status) || meaning == .account || meaning == .funds
        let message = isPrivate ? nil : answer.json?["message"]?.stringValue
        var failure = ProviderFailure.refused(answer, message: message, providerCode: code)
        failure.details += " \(code ?? "without a code")"
        // Of 5xx, and of what may have been taken, the status alone says enough.
        guard (400...499).contains(answer.status), failure.billing == .notCharged else { return failure }
        switch meaning {
        case .filter:
            failure.code = .contentPolicy
            failure.retry = .never
            failure.message = Self.filtered(message)
        case .request:
            failure.code = .invalidRequest
            failure.retry = .never
        case .funds:
            // Also as 400, 403 and 429: no pause brings the money.
            failure.code = .insufficientProviderFunds
            failure.retry = .never
            failure.message = "The operator's provider account has no funds or quota."
        case .account:
            failure.code = .authentication
            failure.retry = .never
            failure.message = "The provider refused the operator's credentials, or they do not open this model."
        case .busy, .outage, .timeout, nil: break
        }
        return failure
    }

    /// What a failed generation means, of a task or of a call that answers at once; it is not billed (price page: only what succeeds is).
    static func generation(code: String?, message: String?, of what: String) -> ProviderFailure {
        func failure(_ portable: Code, _ retry: Retry, _ text: String) -> ProviderFailure {
            let own = message.flatMap(passable)
            return ProviderFailure(
                portable,
                retry: retry,
                billing: .notCharged,
                requestReachedProvider: .yes,
                message: own.map { "\(text) It says: \($0)" } ?? text,
                providerCode: code,
                details: "\(what) failed: \(code ?? "without a code")"
            )
        }
        return switch WanCode.meaning(code) {
        case .filter: failure(.contentPolicy, .never, "The provider's filter refused the request or its \(what).")
        case .request: failure(.invalidRequest, .never, "The provider could not use the request.")
        case .funds:
            ProviderFailure(
                .insufficientProviderFunds,
                retry: .never,
                billing: .notCharged,
                requestReachedProvider: .yes,
                message: "The operator's provider account has no funds or quota.",
                providerCode: code
            )
        case .account:
            ProviderFailure(
                .authentication,
                retry: .never,
                billing: .notCharged,
                requestReachedProvider: .yes,
                message: "The provider refused the operator's credentials, or they do not open this model.",
                providerCode: code
            )
        case .busy: failure(.rateLimited, .backoff, "The provider was too busy for the generation.")
        case .outage: failure(.unavailable, .backoff, "The provider failed while it generated.")
        case .timeout: failure(.timedOut, .backoff, "The provider took too long to generate.")
        case nil: failure(.unknown, .never, "The generation failed at the provider.")
        }
    }

    private static func filtered(_ message: String?) -> String {
        let text = "The provider's filter refused the request."
        return message.flatMap(passable).map { "\(text) It says: \($0)" } ?? text
    }
}
