import Generation
import HTTPTransport
import ProviderKit

extension ProviderFailure {
    /// What a refusal of the service means: `{"title": "…", "detail": "…", "status": 422, "invalid_fields": […]}`.
    ///
    /// Source: replicate.com/docs (errors, rate limits) in copies of 2026; read on 2026-11-22.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - hidden: What must not come back in a message: the service may quote a field.
    init(refusal answer: ProviderAnswer, hiding hidden: [String]) {
        let json = answer.json
        let words = json?["detail"]?.stringValue.flatMap { text in
            hidden.contains { text.contains($0) } ? nil : text
        }
        let title = json?["title"]?.stringValue.flatMap { $0.isEmpty || $0.utf8.count > 64 ? nil : $0 }
        switch answer.status {
        case 400, 413, 422: self = .refused(answer, message: words, providerCode: title)
        case 429:
            self = .refused(answer, providerCode: title, retryAfterSeconds: Self.pause(answer, words))
        case _: self = .refused(answer, providerCode: title)
        }
    }

    /// When to come back: the header, or "Expected available in 4 seconds." in the words.
    private static func pause(_ answer: ProviderAnswer, _ words: String?) -> Double? {
        if let seconds = answer.retryAfterSeconds { return seconds }
        guard let match = words?.firstMatch(of: /available in ~?(\d{1,4}) ?s/) else { return nil }
        return Double(match.output.1).map { min($0, 3_600) }
    }

    /// What a failed prediction means: the words of its `error` are all that there is.
    ///
    /// Nobody says whether the models that are billed by their output bill what failed, so that is unknown.
    ///
    /// - Parameters:
    ///   - prediction: The prediction.
    ///   - hidden: What must not come back in a message.
    init(failed prediction: JSONValue, hiding hidden: [String]) {
        let words = prediction["error"]?.stringValue ?? ""
        let code = words.firstMatch(of: /\(?(E\d{3,4})\)?/).map { String($0.output.1) }
        let lower = words.lowercased()
        func says(_ texts: String...) -> Bool { texts.contains { lower.contains($0) } }
        let kind: (code: Code, retry: Retry, message: String)
        if code == "E005" || says("nsfw", "flagged as sensitive", "safety", "content policy", "moderat") {
            kind = (
                .contentPolicy, .never, "The provider's content filter refused the request or its result."
            )
        } else if code == "E003"
            || says("temporarily unavailable", "queue is full", "high demand", "overloaded")
        {
            kind = (.unavailable, .backoff, "The provider is not available.")
        } else if code == "E006" || says("invalid input", "input validation") {
            let text = hidden.contains { words.contains($0) } ? nil : Self.passable(words)
            let plain = "The provider refused the request."
            kind = (.invalidRequest, .never, text.map { "\(plain) It says: \($0)" } ?? plain)
        } else {
            kind = (.unavailable, .backoff, "The provider failed to make it.")
        }
        self.init(
            kind.code,
            retry: kind.retry,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: kind.message,
            providerCode: code,
            details: "the prediction failed, code \(code ?? "none")"
        )
    }

    /// A prediction that never started: the host says that it is not billed.
    static let aborted = ProviderFailure(
        .timedOut,
        retry: .backoff,
        billing: .notCharged,
        requestReachedProvider: .yes,
        message: "The provider did not start in time.",
        providerCode: "aborted",
        details: "aborted before its start"
    )

    /// A prediction that is paid for and whose files are gone.
    static let removed = ProviderFailure(
        .notFound,
        retry: .never,
        billing: .charged,
        requestReachedProvider: .yes,
        message: "The provider has removed what it made.",
        providerCode: "data_removed",
        details: "asked for more than an hour after its end"
    )
}
