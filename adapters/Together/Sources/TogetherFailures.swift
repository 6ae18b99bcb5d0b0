import Generation
import HTTPTransport
import ProviderKit

extension ProviderFailure {
    private static let pauseMax = 3_600.0

    /// What a refusal of the service means.
    ///
    /// Source: docs.together.ai (error codes: `error.message`, `type`, `param`, `code`); read on 2026-11-22. That the filter
    /// answers with 422 is how others read it; its own words decide.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - hidden: What must not come back in a message: the service may quote a field.
    init(refusal answer: ProviderAnswer, hiding hidden: [String] = []) {
        let error = answer.json?["error"]
        let text = error?["message"]?.stringValue.flatMap { text in
            hidden.contains { text.contains($0) } ? nil : text
        }
        let code = Self.short(error?["code"]) ?? Self.short(error?["type"])
        switch answer.status {
        case 400, 413, 422: self = .refused(answer, message: text, providerCode: code)
        case 429:
            let reset = answer.header("x-ratelimit-reset").flatMap(Double.init)
            let pause = reset.flatMap { (0...Self.pauseMax).contains($0) ? $0 : nil }
            self = .refused(answer, providerCode: code, retryAfterSeconds: answer.retryAfterSeconds ?? pause)
        case _: self = .refused(answer, providerCode: code)
        }
        guard [400, 403, 422].contains(answer.status), Self.isPolicy(code, text) else { return }
        self.code = .contentPolicy
        retry = .never
        message = Self.filtered(text)
    }

    /// What a failed job means; whether it is billed is known where the job tells its cost.
    init(job: JSONValue, cost: Int64?) {
        let code = Self.short(job["error"]?["code"])
        let text = job["error"]?["message"]?.stringValue
        let isPolicy = Self.isPolicy(code, text)
        let plain = "The provider failed to make the video."
        self.init(
            isPolicy ? .contentPolicy : .unavailable,
            retry: isPolicy ? .never : .backoff,
            billing: cost.map { $0 == 0 ? .notCharged : .charged } ?? .unknown,
            requestReachedProvider: .yes,
            message: isPolicy
                ? Self.filtered(text) : text.flatMap(Self.passable).map { "\(plain) It says: \($0)" } ?? plain,
            providerCode: code,
            details: "the video failed, code \(code ?? "none")"
        )
    }

    /// Whether a code or its words are a filter's: `nsfw…`, `content_moderation`.
    private static func isPolicy(_ code: String?, _ text: String?) -> Bool {
        let words = "\(code ?? "") \(text ?? "")".lowercased()
        return ["nsfw", "moderat", "content policy", "content_policy", "safety"].contains { words.contains($0) }
    }

    private static func filtered(_ text: String?) -> String {
        let plain = "The provider's content filter refused the request or its result."
        return text.flatMap(passable).map { "\(plain) It says: \($0)" } ?? plain
    }

    private static func short(_ value: JSONValue?) -> String? {
        value?.stringValue.flatMap { $0.isEmpty || $0.utf8.count > 64 ? nil : $0 }
    }
}
