import Foundation
package import Generation
import HTTPTransport
package import ProviderKit

/// How a submit whose answer was lost is found again: class B, by content and time.
///
/// The provider takes no key of ours and echoes no token. Its list has tasks by model and time, without their prompts; a
/// task that has succeeded shows the prompt it was sent. So a candidate is known once it is done, not before.
extension AlibabaAdapter {
    /// How long is looked for: a task shows its prompt when it is done, "usually after 1 to 5 minutes".
    static let settleSeconds: Int64 = 1_200
    /// How much earlier than our send a task may be dated, in milliseconds.
    private static let earlyMilliseconds: Int64 = 60_000
    /// How much later.
    private static let lateMilliseconds: Int64 = 600_000
    private static let pageSize = 50
    private static let pagesMax = 4
    private static let candidatesMax = 10

    /// Class B for what a finished task shows whole; with pictures, sound, options or a seed the submit cannot be found.
    ///
    /// A task does not show those. Two lost requests with one prompt and different pictures could not be told apart, and
    /// one client would be handed what was made of another's picture.
    package func recovery(of request: GenerationRequest) -> RecoveryClass {
        guard request.inputs.isEmpty, let wan = try? wan(request), wan.mode == .text, !wan.hasMoreThanShown else {
            return .unrecoverable
        }
        // What the list does not show may still have been taken: it is not declared complete.
        return .lookUp(settleSeconds: Self.settleSeconds, complete: false)
    }

    package func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        let wan: WanRequest
        do {
            wan = try self.wan(request)
        } catch {
            // Such a request is refused before anything is sent.
            return nil
        }
        guard wan.mode == .text, !wan.hasMoreThanShown else { return nil }
        var found: [WanListing] = []
        var looked = 0
        for candidate in try await candidates(wan, sentAt: attempt.sentAtMilliseconds) {
            guard looked < Self.candidatesMax else { break }
            guard !(await isTaken(candidate.id)) else { continue }
            looked += 1
            if try await task(candidate.id).shows(wan) { found.append(candidate) }
        }
        // Of several equal requests any is as good as the other.
        guard let first = found.first else { return nil }
        return .accepted(operation(first.id, wan, submittedAt: first.createdAt ?? attempt.sentAtMilliseconds))
    }

    /// The tasks of the model that were taken around the time of the send and have succeeded, the earliest first.
    ///
    /// The list's own filter by time is not used: in which zone it reads `20261121180325` is not documented. Without it
    /// the list has the last 24 hours, newest first.
    private func candidates(_ wan: WanRequest, sentAt: Int64) async throws(ProviderFailure) -> [WanListing] {
        var found: [WanListing] = []
        for page in 1...Self.pagesMax {
            let query = [("model_name", wan.model), ("page_no", "\(page)"), ("page_size", "\(Self.pageSize)")]
            let answer = try await http.exchange(
                HTTPRequest(.get, http.url("/tasks/", query: query), headers: headers)
            )
            guard answer.isSuccess else { throw .refusal(answer) }
            guard let lines = WanListing.lines(answer.json) else { throw .unreadable("a list without data") }
            // The window is moved to the provider's clock, by which the list is dated.
            let sent = sentAt + (answer.providerTime.map { $0 - now() } ?? 0)
            let window = sent - Self.earlyMilliseconds...sent + Self.lateMilliseconds
            found += lines.filter { line in
                line.model == wan.model && line.status == "SUCCEEDED" && ProviderHTTP.isPlain(line.id)
                    && line.createdAt.map(window.contains) ?? false
            }
            let pages = answer.json?["total_page"]?.wholeNumber ?? 1
            let isPast = lines.last?.createdAt.map { $0 < window.lowerBound } ?? true
            if lines.isEmpty || isPast || Int64(page) >= pages { break }
        }
        return found.sorted { ($0.createdAt ?? 0, $0.id) < ($1.createdAt ?? 0, $1.id) }
    }
}

extension WanRequest {
    /// Whether the request says something that a finished task does not show.
    fileprivate var hasMoreThanShown: Bool {
        video.seed != nil || video.negativePrompt != nil || options != WanOptions.none
            || (family == .unified && (video.generateAudio == false || video.aspectRatio != nil))
    }
}

extension ProviderAnswer {
    /// The provider's time when it answered, in milliseconds since 1970.
    fileprivate var providerTime: Int64? {
        guard let text = header("Date") else { return nil }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { Int64($0.timeIntervalSince1970 * 1_000) }
    }
}
