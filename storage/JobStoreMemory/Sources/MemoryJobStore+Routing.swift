package import JobCore

extension MemoryJobStore {
    package func claimMovable(worker: WorkerID, lanes: [Lane], now: Timestamp, limit: Int) -> [Job] {
        guard lasts(worker, at: now) else { return [] }
        let movable = table.values.filter { job in
            isWaiting(job) && job.admitted.hasOtherRoutes && lanes.contains(job.admitted.lane)
                && (job.state.dueAt ?? now) <= now
        }
        let claimed = movable.sorted { $0.id < $1.id }.prefix(limit).map { $0.claimed(by: worker) }
        for job in claimed { table[job.id] = job }
        return claimed
    }

    package func routes(of id: JobID) -> [JobRoute] { routeRows[id] ?? [] }

    package func endpointHealth() -> [EndpointID: String] { healthRows }

    package func saveEndpointHealth(_ health: [EndpointID: String], at now: Timestamp) {
        healthRows.merge(health) { $1 }
    }
}
