package import Generation
import HTTPTransport
package import ProviderKit

/// The account's tasks of the last day: what the operator's records are compared with.
extension AlibabaAdapter: ListingAdapter {
    private static let listedPageSize = 100

    /// A day, which is what the list has without a filter by time.
    package var listedSeconds: Int64? { 86_400 }

    package func operations(
        since milliseconds: Int64,
        page: String?
    ) async throws(ProviderFailure) -> OperationPage {
        let number = page.flatMap { Int64($0) } ?? 1
        let query = [("page_no", "\(number)"), ("page_size", "\(Self.listedPageSize)")]
        let answer = try await http.exchange(HTTPRequest(.get, http.url("/tasks/", query: query), headers: headers))
        guard answer.isSuccess else { throw .refusal(answer) }
        guard let lines = WanListing.lines(answer.json) else { throw .unreadable("a list without data") }
        let listed = lines.filter { ProviderHTTP.isPlain($0.id) }.map {
            ListedOperation(remoteID: $0.id, startedAtMilliseconds: $0.createdAt, model: $0.model)
        }
        let isPast = lines.contains { $0.createdAt.map { $0 < milliseconds } ?? false }
        let pages = answer.json?["total_page"]?.wholeNumber ?? 1
        return OperationPage(listed, next: lines.isEmpty || isPast || number >= pages ? nil : "\(number + 1)")
    }

    /// The prices are by what was asked for, which the list does not show: it comes from the request.
    package func operation(of listed: ListedOperation, for request: GenerationRequest) -> ProviderOperation? {
        guard let wan = try? wan(request) else { return nil }
        return operation(listed.remoteID, wan, submittedAt: listed.startedAtMilliseconds ?? now())
    }
}
