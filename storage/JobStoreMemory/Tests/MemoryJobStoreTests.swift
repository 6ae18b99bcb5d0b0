import ConformanceKit
import JobStoreMemory
import Testing

@Suite struct MemoryJobStoreTests {
    @Test(arguments: JobStoreConformance.checks)
    func conforms(_ check: JobStoreConformance.Check) async throws {
        try await check.run(MemoryJobStore())
    }
}
