import Generation
import HTTPTransport
import ProviderKit

extension ProviderFailure {
    /// What a refusal of the queue means: of a submit, or of a question.
    ///
    /// Source: fal.ai/docs (errors) in copies of 2026; read on 2026-11-22.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - hidden: What must not come back in a message: the service may quote a field.
    init(refusal answer: ProviderAnswer, hiding hidden: [String]) {
        let finding = FalFinding(answer.json, hiding: hidden)
        let code = finding.type ?? answer.header("X-Fal-Error-Type")
        switch answer.status {
        case 400, 413, 422:
            self = .refused(answer, message: finding.words, providerCode: code)
            if code == FalFinding.contentPolicy {
                self.code = .contentPolicy
                message = "The provider's content filter refused the request."
            }
        case 403:
            self = .refused(answer, providerCode: code)
            // "User is locked. Reason: Exhausted balance."
            if finding.words?.lowercased().contains("balance") == true {
                self.code = .insufficientProviderFunds
                message = "The operator's provider account has no funds."
            }
        case _: self = .refused(answer, providerCode: code)
        }
    }

    /// What the end of a request means that went wrong.
    ///
    /// The host never charges what ends with 500 or above. What a model refuses with 422 it may charge, when it found out
    /// only while it was at it (fal.ai/docs FAQ, "Do you charge for failed requests?"; read 2026-11-22).
    ///
    /// - Parameters:
    ///   - answer: The answer at the place of its result.
    ///   - hidden: What must not come back in a message.
    ///   - errorType: What the queue says besides.
    init(ended answer: ProviderAnswer, hiding hidden: [String], errorType: String?) {
        let finding = FalFinding(answer.json, hiding: hidden)
        let type = [finding.type, answer.header("X-Fal-Error-Type"), errorType].compactMap(\.self).first {
            $0.utf8.count <= 64
        }
        let isServers = answer.status >= 500 || FalFinding.isPlatform(type)
        let kind: (code: Code, retry: Retry, message: String) =
            switch type {
            case FalFinding.contentPolicy:
                (.contentPolicy, .never, "The provider's content filter refused the request or its result.")
            case "generation_timeout", "request_timeout", "startup_timeout":
                (.timedOut, .backoff, "The provider took too long.")
            case "no_media_generated": (.unknown, .backoff, "The provider's model made nothing of the request.")
            case _ where isServers: (.unavailable, .backoff, "The provider failed to make it.")
            case "internal_server_error", "downstream_service_error", "downstream_service_unavailable":
                (.unavailable, .backoff, "The provider failed to make it.")
            case _:
                (
                    .invalidRequest, .never,
                    finding.words.map { "The provider refused the request. It says: \($0)" }
                        ?? "The provider refused the request."
                )
            }
        let isFinal = answer.header("X-Fal-Retryable")?.lowercased() == "false"
        self.init(
            kind.code,
            retry: isFinal ? .never : kind.retry,
            billing: isServers ? .notCharged : .unknown,
            requestReachedProvider: .yes,
            message: kind.message,
            providerCode: type,
            details: "the request ended with status \(answer.status), type \(type ?? "none")"
        )
    }

    /// A result that the filter has blacked out: it was made, and is billed.
    static let blackedOut = ProviderFailure(
        .contentPolicy,
        retry: .never,
        billing: .charged,
        requestReachedProvider: .yes,
        message: "The provider's content filter held the result back.",
        providerCode: "has_nsfw_concepts",
        details: "all images were blacked out"
    )
}

/// What a model or the platform says is wrong: `{"detail": "…", "error_type": "…"}`, or a list of a validator's findings.
struct FalFinding {
    static let contentPolicy = "content_policy_violation"

    /// The type of the first finding, or of the whole.
    let type: String?
    /// The words, without what they repeat of the input.
    let words: String?

    init(_ json: JSONValue?, hiding hidden: [String]) {
        var findings: [JSONValue] = []
        switch json?["detail"] {
        case .array(let items)?: findings = Array(items.prefix(5))
        case .object?: findings = [json?["detail"]].compactMap(\.self)
        case .string?, .null?, .bool?, .integer?, .number?, nil: break
        }
        let texts = findings.compactMap { finding -> String? in
            guard let text = finding["msg"]?.stringValue else { return nil }
            guard case .array(let place)? = finding["loc"], let field = place.last?.stringValue else { return text }
            return "\(field): \(text)"
        }
        let all = texts.isEmpty ? json?["detail"]?.stringValue : texts.joined(separator: "; ")
        words = all.flatMap { text in hidden.contains { text.contains($0) } ? nil : ProviderFailure.passable(text) }
        let given = findings.lazy.compactMap { $0["type"]?.stringValue }.first ?? json?["error_type"]?.stringValue
        type = given.flatMap { $0.utf8.count <= 64 ? $0 : nil }
    }

    /// Whether a type of the queue's own is one of the platform's failures, none of the model's.
    static func isPlatform(_ type: String?) -> Bool {
        guard let type else { return false }
        return type.hasPrefix("runner_") || type == "internal_error" || type == "startup_timeout"
            || type == "request_timeout"
    }
}
