import HTTPTransport

extension ProviderFailure {
    /// The longest message of a provider that is passed on, in characters.
    private static let messageCharactersMax = 500

    /// A failure before anything was sent: nothing is paid, and a new attempt may follow unless `retry` says never.
    public static func notSent(
        _ code: Code,
        retry: Retry = .never,
        _ message: String,
        details: String = ""
    ) -> ProviderFailure {
        ProviderFailure(
            code,
            retry: retry,
            billing: .notCharged,
            requestReachedProvider: .no,
            message: message,
            details: details
        )
    }

    /// An answer that nobody can read: of a submit it leaves the outcome unknown.
    public static func unreadable(_ details: String) -> ProviderFailure {
        ProviderFailure(
            .unknown,
            retry: .backoff,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: "The provider's answer could not be understood.",
            details: details
        )
    }

    /// An operation that the provider cannot have given out; nothing is asked.
    public static let strangeOperation = ProviderFailure(
        .notFound,
        retry: .never,
        billing: .unknown,
        requestReachedProvider: .no,
        message: "The provider does not know this generation.",
        details: "an id that the provider never gave"
    )

    /// What an answer's status means, before a wire's own codes are looked at.
    ///
    /// - Parameters:
    ///   - answer: The answer; its status is no success.
    ///   - message: The provider's own words, if it has any: they are passed on, cut to a length.
    ///   - providerCode: The provider's own code.
    ///   - retryAfterSeconds: When to come back, if the body says so; otherwise the header does.
    /// - Returns: A failure. Only of a definite refusal is it known that nothing is billed: 4xx except 408, 409, 425 and
    ///   499. Whoever knows a documented unbilled 5xx changes `billing`.
    public static func refused(
        _ answer: ProviderAnswer,
        message: String? = nil,
        providerCode: String? = nil,
        retryAfterSeconds: Double? = nil
    ) -> ProviderFailure {
        let pause = (retryAfterSeconds ?? answer.retryAfterSeconds).map(Retry.after(seconds:)) ?? .backoff
        let own = message.flatMap(passable)
        func failure(_ code: Code, _ retry: Retry, _ billing: Billing, _ fallback: String) -> ProviderFailure {
            ProviderFailure(
                code,
                retry: retry,
                billing: billing,
                requestReachedProvider: .yes,
                message: own.map { "\(fallback) It says: \($0)" } ?? fallback,
                providerCode: providerCode,
                details: "status \(answer.status)"
            )
        }
        return switch answer.status {
        case 401, 403: failure(.authentication, .never, .notCharged, "The provider refused the operator's credentials.")
        case 402:
            failure(.insufficientProviderFunds, .never, .notCharged, "The operator's provider account has no funds.")
        case 404, 410: failure(.notFound, .never, .notCharged, "The provider does not know what was asked for.")
        case 408, 504: failure(.timedOut, pause, .unknown, "The provider did not answer in time.")
        case 409, 425, 499: failure(.unknown, pause, .unknown, "The provider could not say what became of the request.")
        case 429: failure(.rateLimited, pause, .notCharged, "The provider is busy.")
        case 400...498: failure(.invalidRequest, .never, .notCharged, "The provider refused the request.")
        case 500...: failure(.unavailable, pause, .unknown, "The provider is not available.")
        case _: failure(.unknown, pause, .unknown, "The provider's answer was not expected.")
        }
    }

    /// A provider's words as they may be passed on: one line, of bounded length; nil when nothing is left.
    public static func passable(_ text: String) -> String? {
        let line = text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) }
        let trimmed = String(String(line).split(separator: " ", omittingEmptySubsequences: true).joined(separator: " "))
        guard !trimmed.isEmpty else { return nil }
        return trimmed.count <= messageCharactersMax ? trimmed : String(trimmed.prefix(messageCharactersMax)) + "…"
    }
}
