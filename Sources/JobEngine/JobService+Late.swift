package import JobCore

/// What came after a job was given up.
extension JobService {
    /// What a job has made, in time or late.
    ///
    /// Late results are recorded by other processes: they are read anew each time.
    package func artifacts(of job: Job) async throws -> [Artifact] {
        if case .completed(let completed) = job.state { return completed.artifacts }
        return try await lateArtifacts(of: [job])[job.id] ?? []
    }

    /// What came late of those of the jobs that can have any: they were sent, and ended without artifacts.
    func lateArtifacts(of jobs: [Job]) async throws -> [JobID: [Artifact]] {
        let ended = jobs.filter { job in
            guard job.startedAt != nil else { return false }
            switch job.state {
            case .failed, .cancelled, .expired: return true
            case .queued, .submitting, .running, .storing, .completed: return false
            }
        }
        guard !ended.isEmpty else { return [:] }
        return try await store.lateResults(of: ended.map(\.id)).mapValues { $0.flatMap(\.artifacts) }
    }
}
