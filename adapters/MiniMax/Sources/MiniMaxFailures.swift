import Generation
import HTTPTransport
import ProviderKit

/// What a code of the vendor means, wherever it stands.
///
/// Source: the table of error codes (platform.minimax.io, api-reference/errorcode), and the examples of the pages of the
/// second interface, where the code stands in brackets at the end of a message: "invalid params, … (2013)"; read on
/// 2026-11-22.
struct MiniMaxCode {
    let code: ProviderFailure.Code
    let retry: ProviderFailure.Retry
    let billing: ProviderFailure.Billing
    let words: String

    /// What a code means; nil of one that is not known.
    init?(_ text: String?) {
        switch text {
        case "1000", "1024", "1033":
            self.init(.unavailable, .backoff, .unknown, "The provider is not available.")
        case "1001": self.init(.timedOut, .backoff, .unknown, "The provider did not answer in time.")
        case "1002", "1039", "1041", "2045":
            self.init(.rateLimited, .backoff, .notCharged, "The provider is busy.")
        case "1004", "2038", "2049":
            self.init(.authentication, .never, .notCharged, "The provider refused the operator's credentials.")
        case "1008", "2056":
            self.init(
                .insufficientProviderFunds,
                .never,
                .notCharged,
                "The operator's provider account has no funds."
            )
        case "1026", "1027":
            self.init(
                .contentPolicy,
                .never,
                .notCharged,
                "The provider's content filter refused the request or its result."
            )
        case "1042", "2013", "20132":
            self.init(.invalidRequest, .never, .notCharged, "The provider refused the request.")
        case _: return nil
        }
    }

    private init(
        _ code: ProviderFailure.Code,
        _ retry: ProviderFailure.Retry,
        _ billing: ProviderFailure.Billing,
        _ words: String
    ) {
        (self.code, self.retry, self.billing, self.words) = (code, retry, billing, words)
    }

    /// The code in brackets at the end of a message.
    static func inBrackets(_ message: String?) -> String? {
        guard let message, message.hasSuffix(")"), let open = message.lastIndex(of: "(") else { return nil }
        let digits = message[message.index(after: open)...].dropLast()
        return digits.count >= 4 && digits.count <= 5 && digits.utf8.allSatisfy { (48...57).contains($0) }
            ? String(digits) : nil
    }
}

extension ProviderFailure {
    /// What a refusal with a status means: the second interface, and whatever stands in front of either.
    ///
    /// - Parameters:
    ///   - answer: The answer; its status is no success.
    ///   - hidden: What must not come back in a message.
    init(refusal answer: ProviderAnswer, hiding hidden: [String] = []) {
        let error = answer.json?["error"]
        let text = error?["message"]?.stringValue.flatMap { text in
            hidden.contains { text.contains($0) } ? nil : text
        }
        let code = MiniMaxCode.inBrackets(text) ?? error?["type"]?.stringValue
        switch answer.status {
        case 400, 413, 422: self = .refused(answer, message: text, providerCode: code)
        case _: self = .refused(answer, providerCode: code)
        }
        if answer.status == 500, text?.hasPrefix(Self.unknownRecord) ?? false {
            // So the vendor answers to the id of a task that it does not know.
            (self.code, retry, message) = (.notFound, .never, "The provider does not know this generation.")
        } else if answer.status == 422 {
            // This status stands for the filter alone.
            self.code = .contentPolicy
            message =
                text.flatMap(Self.passable).map { "The provider's content filter refused the request. It says: \($0)" }
                ?? "The provider's content filter refused the request."
        } else if answer.status < 500, let known = MiniMaxCode(code), known.billing == .notCharged {
            self.code = known.code
            if answer.status != 429 { retry = known.retry }
        }
        details = "status \(answer.status), code \(code ?? "none")"
    }

    /// How the vendor begins its answer about an id that it does not know.
    private static let unknownRecord = "record not found"

    /// What an answer of status 200 means whose `base_resp` is not 0: so the first interface refuses.
    ///
    /// - Parameters:
    ///   - base: The member `base_resp`.
    ///   - isQuestion: Whether it is the answer to a question for one task: what is wrong with that is the id alone.
    ///   - hidden: What must not come back in a message.
    /// - Returns: Nil when it is 0, or not there.
    static func refused(
        _ base: JSONValue?,
        isQuestion: Bool = false,
        hiding hidden: [String] = []
    ) -> ProviderFailure? {
        guard let code = base?["status_code"]?.code, code != "0" else { return nil }
        let text = base?["status_msg"]?.stringValue.flatMap { text in
            hidden.contains { text.contains($0) } ? nil : passable(text)
        }
        if isQuestion, code == "2013" || text?.contains(unknownRecord) ?? false {
            var failure = ProviderFailure.strangeOperation
            (failure.providerCode, failure.requestReachedProvider) = (code, .yes)
            return failure
        }
        let known = MiniMaxCode(code)
        let words = known?.words ?? "The provider could not say what became of the request."
        let isTold = known?.code == .invalidRequest || known?.code == .contentPolicy
        return ProviderFailure(
            known?.code ?? .unknown,
            retry: known?.retry ?? .backoff,
            billing: known?.billing ?? .unknown,
            requestReachedProvider: .yes,
            message: isTold ? text.map { "\(words) It says: \($0)" } ?? words : words,
            providerCode: code,
            details: "status 200, code \(code)"
        )
    }

    /// What the failure of an accepted task means; it is not charged.
    init(task code: String?, _ text: String?) {
        let known = MiniMaxCode(code)
        let plain: String =
            switch known?.code {
            case .contentPolicy?, .invalidRequest?: known?.words ?? ""
            case .authentication?, .insufficientProviderFunds?, .rateLimited?, .unavailable?, .timedOut?, .notFound?,
                .unknown?, nil:
                "The provider failed to make the video."
            }
        let isFinal = known?.code == .contentPolicy || known?.code == .invalidRequest
        self.init(
            isFinal ? known?.code ?? .unknown : .unavailable,
            retry: isFinal ? .never : .backoff,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: text.flatMap(Self.passable).map { "\(plain) It says: \($0)" } ?? plain,
            providerCode: code,
            details: "the video failed, code \(code ?? "none")"
        )
    }

    /// A task that the vendor gave up.
    static let expiredTask = ProviderFailure(
        .timedOut,
        retry: .never,
        billing: .notCharged,
        requestReachedProvider: .yes,
        message: "The provider gave the video up: it was not begun and finished within the time for it.",
        details: "expired"
    )
}
