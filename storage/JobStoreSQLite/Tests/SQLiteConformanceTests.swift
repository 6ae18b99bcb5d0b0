import ConformanceKit
import Testing

@testable import JobStoreSQLite

@Suite struct SQLiteConformanceTests {
    @Test(arguments: JobStoreConformance.checks)
    func conforms(_ check: JobStoreConformance.Check) async throws {
        try await TemporaryDatabase.with { path in
            let store = try SQLiteJobStore(path: path)
            try await check.run(store)
            try store.close()
        }
    }
}
