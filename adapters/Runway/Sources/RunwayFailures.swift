import Generation
import HTTPTransport
import ProviderKit

extension ProviderFailure {
    /// What a refusal of the service means.
    ///
    /// Source: docs.dev.runwayml.com/errors/errors (`error`), and the vendor's validator (`issues`, with paths); read on
    /// 2026-11-22. Of 502 and 503 the page says that load is shed and that one may try again, and nothing about what became
    /// of the request: that stays open.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - hidden: What must not come back in a message: the service may quote a field.
    init(refusal answer: ProviderAnswer, hiding hidden: [String] = []) {
        let text = answer.json?["error"]?.stringValue
        let words = Self.words(text, answer.json?["issues"]).flatMap { words in
            hidden.contains { words.contains($0) } ? nil : words
        }
        switch answer.status {
        case 400, 413, 422: self = .refused(answer, message: words)
        case _: self = .refused(answer)
        }
        if answer.status == 400, text?.contains("enough credits") ?? false {
            code = .insufficientProviderFunds
            message = "The operator's provider account has no funds."
        }
    }

    /// What a failed task means, by its code: `SAFETY.INPUT.TEXT`, `INTERNAL.BAD_OUTPUT.CODE01`.
    ///
    /// Source: docs.dev.runwayml.com/errors/task-failures; read on 2026-11-22. The third part of a safety code is a hint for
    /// operators and not meant for clients.
    init(task: JSONValue, cost: Int64?) {
        let code = task["failureCode"]?.stringValue.flatMap { $0.utf8.count <= 64 ? $0 : nil }
        let kind: (code: Code, retry: Retry, message: String)
        if code?.hasPrefix("SAFETY.INPUT") ?? false {
            kind = (.contentPolicy, .never, "The provider's content filter refused the request.")
        } else if code?.hasPrefix("SAFETY") ?? false {
            kind = (.contentPolicy, .never, "The provider's content filter held the result back.")
        } else if code == "ASSET.INVALID" || code?.hasPrefix("INPUT_PREPROCESSING") ?? false {
            kind = (.invalidRequest, .never, "The provider could not use an input of the request.")
        } else {
            kind = (.unavailable, .backoff, "The generation failed at the provider.")
        }
        self.init(
            kind.code,
            retry: kind.retry,
            billing: cost.map { $0 == 0 ? .notCharged : .charged } ?? .unknown,
            requestReachedProvider: .yes,
            message: kind.message,
            providerCode: code,
            details: "the task failed, code \(code ?? "none")"
        )
    }

    /// The words of a refusal, with the fields that its findings name.
    private static func words(_ text: String?, _ issues: JSONValue?) -> String? {
        guard case .array(let findings)? = issues else { return text }
        let texts = findings.prefix(5).compactMap { finding -> String? in
            guard let text = finding["message"]?.stringValue else { return nil }
            guard case .array(let place)? = finding["path"] else { return text }
            let path = place.compactMap(\.stringValue).joined(separator: ".")
            return path.isEmpty ? text : "\(path): \(text)"
        }
        return ([text].compactMap(\.self) + texts).joined(separator: "; ")
    }
}
