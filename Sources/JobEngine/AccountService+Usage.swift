package import JobCore

/// What was used, and what it cost: of jobs that are over.
extension AccountService {
    /// The time.
    package var now: Timestamp { environment.now() }

    /// Sums up what was used.
    package func usage(_ query: UsageQuery) async throws -> UsageReport { try await store.usage(query) }

    /// Sums up what was used, and tells how long that took, in milliseconds.
    package func timedUsage(_ query: UsageQuery) async throws -> (report: UsageReport, milliseconds: Double) {
        let start = environment.bootSeconds()
        let report = try await store.usage(query)
        return (report, max(0, (environment.bootSeconds() - start) * 1_000))
    }

    /// What a job has cost; nil while it is not over.
    package func usageRecord(of id: JobID) async throws -> UsageRecord? { try await store.usageRecord(of: id) }

    /// What happened to a workspace's credits in a time; nil for a workspace that does not exist.
    package func statement(
        of workspace: String,
        from: Timestamp,
        to: Timestamp
    ) async throws -> WorkspaceStatement? { try await store.statement(of: workspace, from: from, to: to) }
}
