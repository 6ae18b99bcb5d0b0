package import JobCore

/// What came of generations after their jobs were over.
extension MemoryJobStore {
    package func attempts(
        provider: String,
        account: String,
        sentSince start: Timestamp,
        after place: AttemptPlace?,
        limit: Int
    ) -> [Attempt] {
        let found = attemptRows.values.joined().filter { attempt in
            attempt.start.endpoint.provider == provider && attempt.start.endpoint.account == account
                && attempt.sendingAt.map { $0 >= start } ?? false
                && place.map { (attempt.job, attempt.start.number) > ($0.job, $0.number) } ?? true
        }
        return Array(found.sorted { ($0.job, $0.start.number) < ($1.job, $1.start.number) }.prefix(limit))
    }

    package func recordLate(_ result: LateResult, at now: Timestamp) throws -> LateOutcome {
        guard let job = table[result.job], job.state.isTerminal,
            attemptRows[result.job]?.contains(where: { $0.start.number == result.attempt }) == true
        else { return .refused }
        let known = lateRows[result.job] ?? []
        guard !known.contains(where: { $0.remoteID == result.remoteID }) else { return .alreadyRecorded }
        guard result.artifacts.isEmpty || (job.state.name != .completed && !job.isDeleted) else { return .refused }
        let numbers = known.flatMap(\.artifacts).map(\.index)
        guard Set(numbers).isDisjoint(with: result.artifacts.map(\.index)) else {
            throw MemoryStoreError.duplicate("artifacts of \(result.job)")
        }
        try ledger.post([result.transfer()].compactMap(\.self), at: now)
        lateRows[result.job] = known + [result]
        return .recorded
    }

    package func lateResults(of ids: [JobID]) -> [JobID: [LateResult]] {
        lateRows.filter { ids.contains($0.key) && !$0.value.isEmpty }
    }

    /// Removes what came late of a job; its losses stay booked.
    func takeLateArtifacts(of id: JobID) -> [Artifact] {
        let results = lateRows[id] ?? []
        let artifacts = results.flatMap(\.artifacts)
        guard !artifacts.isEmpty else { return [] }
        lateRows[id] = results.map {
            LateResult(job: id, attempt: $0.attempt, remoteID: $0.remoteID, artifacts: [], loss: $0.loss)
        }
        return artifacts
    }
}
