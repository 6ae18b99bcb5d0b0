import Generation
import HTTPTransport
import ProviderKit

extension ProviderFailure {
    /// What a refusal of the service means.
    ///
    /// Source: docs.bfl.ai (`detail`: a text, or a list of a validator's findings) and `error-handling.md` of the vendor's
    /// skills repository (`error`, `message`, `retry_after`); read on 2026-11-21.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - hidden: What must not come back in a message: the service may quote a field.
    init(refusal answer: ProviderAnswer, hiding hidden: [String]) {
        let json = answer.json
        let code = json?["error"]?.stringValue
        let pause: Double? =
            switch json?["retry_after"] {
            case .integer(let seconds)? where seconds >= 0: Double(min(seconds, 3_600))
            case .number(let seconds)? where seconds >= 0: min(seconds, 3_600)
            case .integer?, .number?, .null?, .bool?, .string?, .array?, .object?, nil: nil
            }
        switch answer.status {
        case 400, 413, 422:
            let text = Self.words(json).flatMap { text in hidden.contains { text.contains($0) } ? nil : text }
            self = .refused(answer, message: text, providerCode: code)
            if code == "content_policy_violation" {
                self.code = .contentPolicy
                message = "The provider's content filter refused the request."
            }
        case 429: self = .refused(answer, providerCode: code, retryAfterSeconds: answer.retryAfterSeconds ?? pause)
        case _: self = .refused(answer, providerCode: code)
        }
    }

    /// A task that the asked region does not know.
    static let unknownTask = ProviderFailure(
        .notFound,
        retry: .never,
        billing: .unknown,
        requestReachedProvider: .yes,
        message: "The provider does not know this generation.",
        providerCode: FluxTask.notFound,
        details: "task not found"
    )

    /// What a moderated task means: its request or its result was refused.
    init(moderated task: JSONValue, _ word: String) {
        let plain =
            word == "Request Moderated"
            ? "The provider's content filter refused the request."
            : "The provider's content filter held the result back."
        var reasons: [String] = []
        if case .array(let items)? = task["details"]?["Moderation Reasons"] {
            reasons = items.compactMap(\.stringValue)
        }
        let why = Self.passable(reasons.joined(separator: ", "))
        self.init(
            .contentPolicy,
            retry: .never,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: why.map { "\(plain) It says: \($0)" } ?? plain,
            providerCode: word,
            details: word
        )
    }

    /// What a failed task means.
    ///
    /// Its code is in `details.error`, or in `error` as the skills repository has it.
    init(failed task: JSONValue) {
        let given = task["error"]?.stringValue ?? task["details"]?["error"]?.stringValue
        let code = given.flatMap { $0.utf8.count <= 64 ? $0 : nil }
        let kind: (code: Code, retry: Retry, message: String) =
            switch code {
            case "content_policy_violation":
                (.contentPolicy, .never, "The provider's content filter refused the request or its result.")
            case "invalid_image": (.invalidRequest, .never, "The provider could not read a picture of the request.")
            case "generation_timeout": (.timedOut, .backoff, "The provider took too long to make the image.")
            case _: (.unavailable, .backoff, "The provider failed to make the image.")
            }
        self.init(
            kind.code,
            retry: kind.retry,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: kind.message,
            providerCode: code,
            details: "the task failed, code \(code ?? "none")"
        )
    }

    /// The words of a refusal: `{"detail": "…"}`, `{"detail": [{"loc": ["body", "width"], "msg": "…"}]}`, `{"message": "…"}`.
    private static func words(_ json: JSONValue?) -> String? {
        guard case .array(let findings)? = json?["detail"] else {
            return json?["detail"]?.stringValue ?? json?["message"]?.stringValue
        }
        // What else a finding holds is left out: it repeats the input.
        let texts = findings.prefix(5).compactMap { finding -> String? in
            guard let text = finding["msg"]?.stringValue else { return nil }
            guard case .array(let place)? = finding["loc"], let field = place.last?.stringValue else { return text }
            return "\(field): \(text)"
        }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }
}
