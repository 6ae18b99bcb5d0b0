package import Generation
import HTTPTransport
package import ProviderKit

/// The account's tasks of the second interface: what the operator's records are compared with.
///
/// Source: litellm 1.109.1, `transform_video_list_request` (`GET /v2/query/video_generation`); read on 2026-11-22. Nothing
/// of ours is repeated in it.
extension MiniMaxAdapter {
    /// Seven days.
    package var listedSeconds: Int64? { 7 * 86_400 }

    package func operations(
        since milliseconds: Int64,
        page: String?
    ) async throws(ProviderFailure) -> OperationPage {
        let number = page.flatMap { Int($0) } ?? 1
        let query = [(name: "page_num", value: String(number)), (name: "page_size", value: String(Self.pageSize))]
        let answer = try await http.exchange(
            HTTPRequest(.get, http.url("/v2/query/video_generation", query: query), headers: headers)
        )
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
        guard let json = answer.json, json["total"]?.wholeNumber != nil else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are no list of tasks")
        }
        var items: [JSONValue] = []
        if case .array(let found)? = json["items"] { items = found }
        let listed = items.compactMap(Self.listed)
        let isPast = listed.contains { $0.startedAtMilliseconds.map { $0 < milliseconds } ?? false }
        let total = json["total"]?.wholeNumber ?? 0
        let isLast = items.count < Self.pageSize || Int64(number * Self.pageSize) >= total || isPast
        return OperationPage(listed, next: isLast ? nil : String(number + 1))
    }

    package func operation(of listed: ListedOperation, for request: GenerationRequest) -> ProviderOperation? {
        guard case .video(let video) = request.content, MiniMaxFamily(of: model(of: request)) == .h3 else { return nil }
        return MiniMaxOperation(.h3, seconds: video.duration).operation(listed.remoteID)
    }

    private static func listed(_ task: JSONValue) -> ListedOperation? {
        guard let id = task["id"]?.code, ProviderHTTP.isPlain(id) else { return nil }
        return ListedOperation(
            remoteID: id,
            startedAtMilliseconds: task["created_at"]?.wholeNumber.map { $0 * 1_000 },
            model: task["model"]?.stringValue
        )
    }
}
