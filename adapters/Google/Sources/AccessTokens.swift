import Generation
import HTTPTransport
import ProviderKit

/// The access token of a service account, kept until shortly before its end.
///
/// Fetched by whoever needs it first, once: others wait for that. Never written down; after a crash a new one is fetched.
/// A request for a token is not paid for and comes before the paid send, so its failure always means "not sent".
actor AccessTokens {
    /// A token, and whether it was fetched for this very call.
    struct Token: Sendable {
        let text: String
        let isFresh: Bool
    }

    /// How long before its end a token is replaced, in milliseconds: a send may take its time.
    private static let earlyMilliseconds: Int64 = 300_000
    private static let timeoutSeconds: Int64 = 20
    private static let answerBytesMax = 64 * 1_024

    private struct Kept {
        let text: String
        let refreshAt: Int64
        let endsAt: Int64
    }

    private let account: ServiceAccount
    private let transport: any HTTPTransport
    private let now: @Sendable () -> Int64
    private var kept: Kept?
    private var isFetching = false
    private var waiting: [CheckedContinuation<Result<String, ProviderFailure>, Never>] = []

    init(_ account: ServiceAccount, transport: any HTTPTransport, now: @escaping @Sendable () -> Int64) {
        self.account = account
        self.transport = transport
        self.now = now
    }

    /// A token that holds for at least some minutes.
    ///
    /// - Throws: That the account was refused, or that nobody could be asked. Nothing that is paid for was sent.
    func token() async throws(ProviderFailure) -> Token {
        if let kept, now() < kept.refreshAt { return Token(text: kept.text, isFresh: false) }
        guard !isFetching else {
            let result = await withCheckedContinuation { waiting.append($0) }
            return Token(text: try result.get(), isFresh: true)
        }
        isFetching = true
        let result: Result<String, ProviderFailure>
        do {
            result = .success(try await fetch())
        } catch {
            // A token that has not ended yet still counts when its successor cannot be had.
            result = kept.flatMap { now() < $0.endsAt ? .success($0.text) : nil } ?? .failure(error)
        }
        isFetching = false
        for waiter in waiting { waiter.resume(returning: result) }
        waiting = []
        return Token(text: try result.get(), isFresh: true)
    }

    /// Forgets a token that was refused, so that the next call fetches another one.
    func forget(_ text: String) {
        if kept?.text == text { kept = nil }
    }

    private func fetch() async throws(ProviderFailure) -> String {
        let askedAt = now()
        let answer: ProviderAnswer
        do throws(TransportFailure) {
            let response = try await transport.exchange(
                account.tokenRequest(now: askedAt / 1_000),
                options: ExchangeOptions(totalTimeoutSeconds: Self.timeoutSeconds)
            )
            answer = ProviderAnswer(
                status: response.status,
                headers: response.headers,
                body: try await response.body.collect(bytesMax: Self.answerBytesMax)
            )
        } catch {
            throw .notSent(
                .unavailable,
                retry: .backoff,
                "The provider gave out no access token.",
                details: "\(error.kind.rawValue): \(error.detail)"
            )
        }
        guard answer.isSuccess else { throw Self.refusal(answer) }
        guard let text = answer.json?["access_token"]?.stringValue, !text.isEmpty,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let seconds = answer.json?["expires_in"]?.wholeNumber, seconds > 0
        else {
            throw .notSent(
                .unavailable,
                retry: .backoff,
                "The provider gave out no access token.",
                details: "an answer of another form"
            )
        }
        let life = min(seconds, 86_400) * 1_000
        kept = Kept(
            text: text,
            refreshAt: askedAt + max(life / 2, life - Self.earlyMilliseconds),
            endsAt: askedAt + life
        )
        return text
    }

    /// `{"error":"invalid_grant","error_description":"…"}`: the account or its key, and no matter of time.
    private static func refusal(_ answer: ProviderAnswer) -> ProviderFailure {
        let isPassing = answer.status == 429 || answer.status >= 500
        let code = answer.json?["error"]?.stringValue
        var failure = ProviderFailure.notSent(
            isPassing ? .unavailable : .authentication,
            retry: isPassing ? .backoff : .never,
            isPassing ? "The provider gave out no access token." : "The provider refused the operator's credentials.",
            details: "the token endpoint answered \(answer.status)"
        )
        failure.providerCode = code
        return failure
    }
}
