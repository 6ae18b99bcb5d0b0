package import Generation
import HTTPTransport
package import ProviderKit

/// The account's tasks: what the operator's records are compared with.
extension KlingAdapter: ListingAdapter {
    /// Thirty days, after which results are cleared (kling.ai/document-api, query task, 2026-10-08).
    package var listedSeconds: Int64? { 30 * 86_400 }

    package func operations(
        since milliseconds: Int64,
        page: String?
    ) async throws(ProviderFailure) -> OperationPage {
        guard let question = wire.question(since: milliseconds, page: page, http) else {
            throw .unreadable("a page that was never named")
        }
        var request = HTTPRequest(.get, question.url, headers: authorization)
        if let body = question.body {
            request = HTTPRequest(
                .post,
                question.url,
                headers: [(name: "Content-Type", value: "application/json")] + authorization,
                body: Array(body.canonicalText.utf8)
            )
        }
        let data = try KlingEnvelope.data(of: try await http.exchange(request))
        guard let tasks = question.tasks(data)?.compactMap(wire.task) else { throw .unreadable("a list without tasks") }
        let listed = tasks.filter { ProviderHTTP.isPlain($0.id) }.map {
            ListedOperation(remoteID: $0.id, startedAtMilliseconds: $0.createdAt, externalID: $0.externalID)
        }
        let isPast = tasks.contains { $0.createdAt.map { $0 < milliseconds } ?? false }
        return OperationPage(listed, next: question.next(data, isPast))
    }

    /// Where a task is asked for depends on what was asked for in it, which a list does not repeat whole.
    package func operation(of listed: ListedOperation, for request: GenerationRequest) -> ProviderOperation? {
        guard let model = model(of: request), case .video(let video) = request.content else { return nil }
        return operation(listed.remoteID, KlingModels.family(of: model, video), video)
    }
}
