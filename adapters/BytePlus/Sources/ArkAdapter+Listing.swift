package import Generation
package import ProviderKit

/// The account's tasks, all of them: what the operator's records are compared with.
extension ArkAdapter {
    /// Seven days, for which a task's record is kept (ModelArk 1521309, 2026-11-21).
    package var listedSeconds: Int64? { 7 * 86_400 }

    package func operations(
        since milliseconds: Int64,
        page: String?
    ) async throws(ProviderFailure) -> OperationPage {
        let number = page.flatMap { Int($0) } ?? 1
        let query = [("page_num", String(number)), ("page_size", String(Self.pageSize))]
        let (items, total) = try await list(query)
        let listed = items.compactMap(Self.listed)
        let isPast = listed.contains { $0.startedAtMilliseconds.map { $0 < milliseconds } ?? false }
        let isLast = items.count < Self.pageSize || number * Self.pageSize >= total || isPast
        return OperationPage(listed, next: isLast ? nil : String(number + 1))
    }

    package func operation(of listed: ListedOperation, for request: GenerationRequest) -> ProviderOperation? {
        guard case .video = request.content else { return nil }
        return ProviderOperation(remoteID: listed.remoteID)
    }

    /// A task, with the attempt that it repeats; an identifier of the client's own is none of ours.
    private static func listed(_ task: JSONValue) -> ListedOperation? {
        guard let id = task["id"]?.stringValue, ProviderHTTP.isPlain(id) else { return nil }
        return ListedOperation(
            remoteID: id,
            startedAtMilliseconds: task["created_at"]?.wholeNumber.map { $0 * 1_000 },
            externalID: task["safety_identifier"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 },
            model: task["model"]?.stringValue
        )
    }
}
