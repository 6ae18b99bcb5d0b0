import Generation
import HTTPTransport
import ProviderKit

/// The envelope of every answer, and what its codes mean.
///
/// Both wires answer `{"code","message","request_id","data"}`: 0 is success, and a refusal has an HTTP status and a code,
/// or HTTP 200 and a code. Source: kling.ai/document-api/api/get-started/error-codes, as read 2026-10-02.
enum KlingEnvelope {
    /// What an answer carries.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - hidden: What must not come back in a message: Kling may quote a parameter.
    /// - Returns: The member `data`.
    /// - Throws: What the refusal means; of an answer that cannot be read, that the outcome is unknown.
    static func data(
        of answer: ProviderAnswer,
        hiding hidden: [String] = []
    ) throws(ProviderFailure) -> JSONValue {
        let json = answer.json
        let code = json?["code"]?.wholeNumber
        if answer.isSuccess, code == 0 {
            guard let data = json?["data"] else { throw .unreadable("code 0 without data") }
            return data
        }
        let text = json?["message"]?.stringValue.flatMap { text in
            hidden.contains { text.contains($0) } ? nil : text
        }
        if let code, code != 0 { throw refusal(code, answer, text) }
        guard !answer.isSuccess else { throw .unreadable("status \(answer.status) without a code") }
        throw .refused(answer, message: text)
    }

    /// What a code means, whatever the status was.
    private static func refusal(_ code: Int64, _ answer: ProviderAnswer, _ text: String?) -> ProviderFailure {
        let pause = answer.retryAfterSeconds.map(ProviderFailure.Retry.after(seconds:)) ?? .backoff
        func failure(
            _ portable: ProviderFailure.Code,
            _ retry: ProviderFailure.Retry,
            _ billing: ProviderFailure.Billing,
            _ message: String,
            quoting: Bool = true
        ) -> ProviderFailure {
            let own = quoting ? text.flatMap(ProviderFailure.passable) : nil
            return ProviderFailure(
                portable,
                retry: retry,
                billing: billing,
                requestReachedProvider: .yes,
                message: own.map { "\(message) It says: \($0)" } ?? message,
                providerCode: String(code),
                details: "status \(answer.status), code \(code)"
            )
        }
        // What it says of credentials and of the account is the operator's business, not the client's.
        return switch code {
        case 1003:
            failure(.authentication, .never, .notCharged, "Kling finds our token not valid yet: is the clock right?")
        case 1000...1004:
            failure(.authentication, .never, .notCharged, "Kling refused the operator's credentials.", quoting: false)
        case 1101, 1102:
            failure(
                .insufficientProviderFunds,
                .never,
                .notCharged,
                "The operator's Kling account has no funds, or its resource pack is used up.",
                quoting: false
            )
        // Sent with 429, and no pause helps: the account's state, its rights, its list of addresses.
        case 1100, 1103, 1304:
            failure(
                .authentication,
                .never,
                .notCharged,
                "The operator's Kling account may not use this.",
                quoting: false
            )
        case 1203: failure(.notFound, .never, .notCharged, "Kling does not know the model or the task.")
        case 1200...1299: failure(.invalidRequest, .never, .notCharged, "Kling found the request invalid.")
        case 1300, 1301: failure(.contentPolicy, .never, .notCharged, "Kling's content filter refused the request.")
        case 1302: failure(.rateLimited, pause, .notCharged, "Kling is asked too often.")
        case 1303: failure(.rateLimited, pause, .notCharged, "Kling runs as many tasks as the account may have.")
        case 5002: failure(.timedOut, pause, .unknown, "Kling did not answer in time.")
        case 5000...5999: failure(.unavailable, pause, .unknown, "Kling is not available.")
        case _:
            answer.isSuccess
                ? failure(.unknown, pause, .unknown, "Kling answered with a code that nobody knows.")
                : ProviderFailure.refused(answer, message: text, providerCode: String(code))
        }
    }

    /// What the failure of an accepted task means.
    ///
    /// Its reason is free text; a filter shows by its words alone ("Failure to pass the risk control system"). Failed
    /// tasks are refunded (concurrency and billing rules, 2026-10-02).
    static func failure(of task: KlingTask) -> ProviderFailure {
        let words = ["risk", "sensitive", "policy", "violat", "prohibit"]
        let lower = task.message.lowercased()
        let isFiltered = words.contains { lower.contains($0) }
        let message = isFiltered ? "Kling's content filter refused the video." : "The generation failed at Kling."
        return ProviderFailure(
            isFiltered ? .contentPolicy : .unknown,
            retry: isFiltered ? .never : .backoff,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: ProviderFailure.passable(task.message).map { "\(message) It says: \($0)" } ?? message,
            details: "task \(task.id) failed"
        )
    }

    /// Whether a refusal of a submit can mean that its external id is known already: then the first send was accepted.
    ///
    /// It is an ordinary 1201, told apart by its words; after an earlier send any 1201 is looked into, since the same
    /// body was not refused before.
    static func canBeDuplicate(_ failure: ProviderFailure, wasSentBefore: Bool) -> Bool {
        guard failure.providerCode == "1201" || failure.providerCode == "1200" else { return false }
        let lower = failure.message.lowercased()
        return wasSentBefore
            || ["external_task_id", "external task", "duplicate", "already exist"].contains { lower.contains($0) }
    }
}
