import GRDB
package import JobCore

extension SQLiteJobStore {
    package func storeMetrics(now: Timestamp) async throws -> StoreMetrics {
        try await pool.read { db in
            func count(_ sql: String, _ values: [DatabaseValue] = []) throws -> Int {
                Int(try db.integer(sql, values) ?? 0)
            }
            var jobs: [JobState.Name: Int] = [:]
            for row in try db.rows(MetricsSQL.jobs) {
                guard let state = JobState.Name(rawValue: row[0]) else { continue }
                jobs[state] = row[1]
            }
            let outbox = try db.row(MetricsSQL.outbox)
            let oldest: Int64? = outbox?[1]
            return StoreMetrics(
                jobs: jobs,
                waiting: (jobs[.queued] ?? 0) - (try count(MetricsSQL.claimed)),
                inFlightWithoutLease: try count(MetricsSQL.unheld) + count(MetricsSQL.heldByDead, [.time(now)]),
                outboxPending: outbox?[0] ?? 0,
                outboxOldest: try oldest.flatMap { try db.integer(MetricsSQL.message, [.integer($0)]) }
                    .map { Timestamp(milliseconds: $0) },
                outboxExhausted: try count(DeliverySQL.exhausted),
                ledgerDifference: try db.integer(MetricsSQL.ledger) ?? 0
            )
        }
    }
}

/// The statements of the metrics; their plans are tested: none looks at jobs that are over or wait.
enum MetricsSQL {
    static let jobs = "SELECT state, jobs FROM job_counts"

    /// Waiting jobs that a worker has claimed: at most as many as there are slots.
    static let claimed = "SELECT count(*) FROM jobs WHERE worker IS NOT NULL AND state = 'queued'"

    static let unheld = """
        SELECT count(*) FROM jobs WHERE worker IS NULL AND state IN ('submitting', 'running', 'storing')
        """

    /// What workers hold whose lease has ended or run out: the few that hold anything are found one by one.
    static let heldByDead = """
        WITH RECURSIVE holders (name) AS (
            SELECT min(worker) FROM jobs WHERE worker IS NOT NULL
            UNION ALL
            SELECT (SELECT min(worker) FROM jobs WHERE worker IS NOT NULL AND worker > holders.name)
            FROM holders WHERE holders.name IS NOT NULL
        )
        SELECT count(*) FROM holders JOIN workers ON workers.id = holders.name JOIN jobs ON jobs.worker = workers.id
        WHERE (workers.has_ended = 1 OR workers.alive_until <= ?) AND jobs.state <> 'queued'
        """

    /// Messages that wait, and the first of them, by an index that has only those: cost grows with them.
    static let outbox = "SELECT count(*), min(id) FROM outbox WHERE delivered_at IS NULL AND exhausted_at IS NULL"

    static let message = "SELECT created_at FROM outbox WHERE id = ?"

    static let ledger = "SELECT sum(balance_nano) FROM accounts"
}
