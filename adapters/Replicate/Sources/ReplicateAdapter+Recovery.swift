import Foundation
package import Generation
import HTTPTransport
package import ProviderKit

/// The account's predictions: where a submit whose answer was lost is found again, and what the operator's records are
/// compared with.
extension ReplicateAdapter: RecoverableAdapter, ListingAdapter {
    private static let settleSeconds: Int64 = 60
    /// How much earlier than our send a prediction may be dated, in milliseconds, and how much later.
    private static let earlyMilliseconds: Int64 = 60_000
    private static let lateMilliseconds: Int64 = 600_000
    private static let pagesMax = 5

    /// Class B where the list shows the input as it was sent: without pictures.
    package func recovery(of request: GenerationRequest) -> RecoveryClass {
        // What the list does not show may still have been taken: it is not declared complete.
        request.inputs.isEmpty
            ? .lookUp(settleSeconds: Self.settleSeconds, complete: false) : .unrecoverable
    }

    package func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        guard request.inputs.isEmpty, let model = model(of: request),
            let input = try? ReplicateInput(request, model)
        else { return nil }
        let window =
            attempt.sentAtMilliseconds - Self.earlyMilliseconds...attempt.sentAtMilliseconds
            + Self.lateMilliseconds
        var found: [(id: String, time: Int64)] = []
        var cursor: String?
        for _ in 0..<Self.pagesMax {
            let page = try await list(cursor)
            for prediction in page.predictions {
                guard let id = prediction["id"]?.stringValue, ProviderHTTP.isPlain(id),
                    let time = Self.time(prediction), window.contains(time),
                    Self.isWhatWasSent(prediction, input, model, attempt)
                else { continue }
                if await !isTaken(id) { found.append((id, time)) }
            }
            let isPast = page.predictions.last.flatMap(Self.time).map { $0 < window.lowerBound } ?? true
            guard let next = page.next, !isPast else { break }
            cursor = next
        }
        // Of several equal requests any is as good as the other.
        guard let first = found.min(by: { ($0.time, $0.id) < ($1.time, $1.id) }) else { return nil }
        return .accepted(Self.operation(first.id, input))
    }

    /// Whether a prediction is that of an attempt: by the address of its callback where it is shown, else by its content.
    private static func isWhatWasSent(
        _ prediction: JSONValue,
        _ input: ReplicateInput,
        _ model: ModelCapabilities,
        _ attempt: AttemptReference
    ) -> Bool {
        guard prediction["model"]?.stringValue == model.providerModel,
            prediction["input"] == .object(input.fields)
        else { return false }
        return prediction["webhook"]?.stringValue.map { $0.contains(attempt.token) } ?? true
    }

    // MARK: - Listing

    package func operations(
        since milliseconds: Int64,
        page: String?
    ) async throws(ProviderFailure) -> OperationPage {
        let answer = try await list(page)
        let listed = answer.predictions.compactMap { prediction -> ListedOperation? in
            guard let id = prediction["id"]?.stringValue, ProviderHTTP.isPlain(id) else { return nil }
            return ListedOperation(
                remoteID: id,
                startedAtMilliseconds: Self.time(prediction),
                model: prediction["model"]?.stringValue
            )
        }
        let isPast = listed.contains { $0.startedAtMilliseconds.map { $0 < milliseconds } ?? false }
        return OperationPage(listed, next: isPast ? nil : answer.next)
    }

    package func operation(
        of listed: ListedOperation,
        for request: GenerationRequest
    )
        -> ProviderOperation?
    {
        guard let model = model(of: request),
            listed.model == nil || listed.model == model.providerModel,
            let input = try? ReplicateInput(request, model)
        else { return nil }
        return Self.operation(listed.remoteID, input)
    }

    /// One page of the list, the newest first.
    private func list(
        _ cursor: String?
    ) async throws(ProviderFailure) -> (predictions: [JSONValue], next: String?) {
        let query = cursor.map { [(name: "cursor", value: $0)] } ?? []
        let answer = try await http.exchange(
            HTTPRequest(.get, http.url("/v1/predictions", query: query), headers: headers)
        )
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
        guard case .array(let predictions)? = answer.json?["results"] else {
            throw .unreadable("a list without results")
        }
        return (predictions, answer.json?["next"]?.stringValue.flatMap(Self.cursor))
    }

    /// The cursor in the address of the next page: the address itself is not followed.
    private static func cursor(of url: String) -> String? {
        URLComponents(string: url)?.queryItems?.first { $0.name == "cursor" }?.value.flatMap {
            $0.isEmpty ? nil : $0
        }
    }

    /// When a prediction was created, in milliseconds since 1970.
    private static func time(_ prediction: JSONValue) -> Int64? {
        guard let text = prediction["created_at"]?.stringValue, text.utf8.count <= 40 else {
            return nil
        }
        // With six digits, three, or none after the point.
        let plain = text.split(separator: ".").first.map(String.init) ?? text
        let whole = plain.hasSuffix("Z") ? plain : plain + "Z"
        return (try? Date(whole, strategy: .iso8601)).map { Int64($0.timeIntervalSince1970 * 1_000) }
    }
}
