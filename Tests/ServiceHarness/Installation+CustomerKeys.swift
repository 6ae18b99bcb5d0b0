import JobCore
import JobStoreSQLite

extension Installation {
    /// How many customers' keys the database keeps, those included that were deleted; to be asked when no service runs.
    package func keptCustomerKeys() async throws -> Int {
        let store = try SQLiteJobStore(path: "\(data)/mediary.sqlite")
        let snapshot = try await store.customerKeySnapshot(after: -1)
        try store.close()
        return snapshot?.keys.count ?? 0
    }
}
