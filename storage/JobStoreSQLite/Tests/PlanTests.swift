import Generation
import JobCore
import Testing

@testable import JobStoreSQLite

/// Statements whose cost must not grow with the jobs there are: SQLite finds all of their rows by index.
@Suite struct PlanTests {
    /// A statement, and the index that its jobs must come from.
    struct Expectation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let index: String
    }

    static let expectations: [Expectation] = [
        Expectation(testDescription: "promote", sql: ClaimSQL.promote, index: "jobs_not_due"),
        Expectation(testDescription: "next due", sql: ClaimSQL.nextDue, index: "jobs_not_due"),
        Expectation(testDescription: "in flight", sql: ClaimSQL.inFlight, index: "jobs_in_flight"),
        Expectation(testDescription: "workspaces", sql: ClaimSQL.workspaces, index: "jobs_waiting"),
        Expectation(testDescription: "head", sql: ClaimSQL.head, index: "jobs_waiting"),
        Expectation(testDescription: "holders", sql: WorkerSQL.holders, index: "jobs_held"),
        Expectation(testDescription: "free waiting", sql: WorkerSQL.freeWaiting, index: "jobs_held"),
        Expectation(testDescription: "held", sql: WorkerSQL.held, index: "jobs_held"),
        Expectation(testDescription: "give back", sql: WorkerSQL.giveBack, index: "jobs_held"),
        Expectation(testDescription: "unheld", sql: WorkerSQL.unheld, index: "jobs_unheld"),
        Expectation(testDescription: "held, whole", sql: WorkerSQL.heldJobs, index: "jobs_held"),
        Expectation(testDescription: "overdue", sql: WorkerSQL.overdue, index: "jobs_deadline"),
        Expectation(testDescription: "end leases", sql: WorkerSQL.endLeases, index: "workers_alive"),
        Expectation(testDescription: "claim", sql: WorkerSQL.claim, index: "sqlite_autoindex_jobs_1"),
        Expectation(testDescription: "job", sql: JobRow.byID, index: "sqlite_autoindex_jobs_1"),
        Expectation(testDescription: "unanswered", sql: RepeatSQL.unanswered, index: "jobs_unanswered"),
        Expectation(
            testDescription: "mark answered",
            sql: RepeatSQL.markAnswered,
            index: "sqlite_autoindex_jobs_1"
        ),
        Expectation(testDescription: "waits", sql: ReadSQL.waits, index: "sqlite_autoindex_jobs_1"),
        Expectation(testDescription: "queue position", sql: ReadSQL.queuePosition, index: "jobs_waiting"),
        Expectation(testDescription: "events", sql: ReadSQL.events, index: "sqlite_autoindex_events_1"),
        Expectation(testDescription: "token", sql: ReadSQL.attemptByToken, index: "sqlite_autoindex_attempts_2"),
        Expectation(testDescription: "remote id", sql: ReadSQL.attemptByRemoteID, index: "attempts_remote_id"),
        Expectation(
            testDescription: "orphan",
            sql: ReadSQL.attemptByOrphanID,
            index: "attempts_orphan_remote_id"
        ),
        Expectation(testDescription: "outbox", sql: ReadSQL.outbox, index: "sqlite_autoindex_outbox_1"),
        Expectation(testDescription: "due origins", sql: DeliverySQL.dueOrigins, index: "outbox_origins_due"),
        Expectation(testDescription: "next delivery", sql: DeliverySQL.nextDue, index: "outbox_origins_due"),
        Expectation(testDescription: "due messages", sql: DeliverySQL.due, index: "outbox_waiting"),
        Expectation(testDescription: "message", sql: DeliverySQL.state, index: "sqlite_autoindex_outbox_1"),
        Expectation(testDescription: "dead letters", sql: DeliverySQL.exhausted, index: "outbox_exhausted"),
        Expectation(testDescription: "artifacts", sql: ReadSQL.artifacts, index: "sqlite_autoindex_artifacts_1"),
        Expectation(testDescription: "is held", sql: ReferenceSQL.isHeld, index: "sqlite_autoindex_jobs_1"),
        Expectation(testDescription: "committed", sql: AccountSQL.committed, index: "api_keys_workspace"),
        Expectation(testDescription: "usage", sql: AccountSQL.usage, index: "sqlite_autoindex_api_keys_1"),
        Expectation(testDescription: "charged", sql: BudgetSQL.charged, index: "api_keys_workspace"),
        Expectation(testDescription: "due alerts", sql: AlertSQL.due, index: "spending_alerts_due"),
        Expectation(testDescription: "claimed", sql: MetricsSQL.claimed, index: "jobs_held"),
        Expectation(testDescription: "unheld, counted", sql: MetricsSQL.unheld, index: "jobs_unheld"),
        Expectation(testDescription: "held by the dead", sql: MetricsSQL.heldByDead, index: "jobs_held"),
        Expectation(testDescription: "outbox, counted", sql: MetricsSQL.outbox, index: "outbox_waiting"),
        Expectation(testDescription: "is referenced", sql: ReadSQL.isReferenced, index: "job_inputs_sha256"),
    ]

    @Test(arguments: expectations)
    func goesByIndex(_ expectation: Expectation) async throws {
        try await TemporaryDatabase.withStore { store in
            let plan = try store.plan(of: expectation.sql)
            #expect(plan.contains { $0.contains("INDEX \(expectation.index)") }, "\(plan)")
            expectNoScan(plan)
            #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
        }
    }

    @Test func usageIsReadInOnePieceOfItsTable() async throws {
        try await TemporaryDatabase.withStore { store in
            let time = Timestamp(milliseconds: 0)
            for workspace in [nil, "w"] {
                for filters in [[], [UsageFilter(.user, .isIn, ["a", "b"])]] {
                    for granularity in [nil, UsageGranularity.month] {
                        var query = UsageQuery(workspace: workspace, from: time, to: time)
                        query.filters = filters
                        query.granularity = granularity
                        query.dimensions = granularity == nil ? [] : [.model, .key]
                        query.groupLimit = 1
                        let plan = try store.plan(of: UsageSQL.statement(for: query).sql)
                        let piece = "SEARCH usage USING PRIMARY KEY (workspace=? AND finished_at>? AND finished_at<?)"
                        #expect(plan.contains(piece), "\(plan)")
                        expectNoScan(plan)
                    }
                }
            }
            let plan = try store.plan(of: UsageSQL.record)
            #expect(plan == ["SEARCH usage USING INDEX sqlite_autoindex_usage_1 (job=?)"], "\(plan)")
        }
    }

    @Test func listsGoByIndexWhateverTheyAreFilteredBy() async throws {
        try await TemporaryDatabase.withStore { store in
            let before = JobID(high: 1, low: 1)
            let states: [Set<JobState.Name>] = [[], [.failed], [.queued, .running]]
            for states in states {
                for type in [nil, GenerationType.video] {
                    for model in [nil, "vendor/model"] {
                        for cursor in [nil, before] {
                            var query = JobQuery(workspace: "w")
                            query.states = states
                            query.type = type
                            query.model = model
                            query.before = cursor
                            query.isOldestFirst = cursor == nil
                            query.after = model == nil ? nil : before
                            let plan = try store.plan(of: ListSQL.statement(for: query).sql)
                            let lists = plan.filter {
                                $0.contains("COVERING INDEX jobs_listed (workspace=? AND state=?")
                            }
                            #expect(lists.count == (states.isEmpty ? 8 : states.count), "\(plan)")
                            expectNoScan(plan)
                        }
                    }
                }
            }
        }
    }

    @Test func listsWithoutDeletedJobsGoByIndexToo() async throws {
        try await TemporaryDatabase.withStore { store in
            var query = JobQuery(workspace: "w")
            query.type = .video
            query.withoutDeleted = true
            let plan = try store.plan(of: ListSQL.statement(for: query).sql)
            #expect(plan.filter { $0.contains("INDEX jobs_listed (workspace=? AND state=?") }.count == 8, "\(plan)")
            #expect(plan.contains { $0.contains("SEARCH artifacts USING COVERING INDEX") }, "\(plan)")
            expectNoScan(plan)
        }
    }

    /// Only a partial index that holds nothing but what is asked for may be walked whole.
    private func expectNoScan(_ plan: [String]) {
        let whole = [
            "USING INDEX jobs_unheld", "USING COVERING INDEX jobs_unheld", "USING COVERING INDEX outbox_exhausted",
            "USING INDEX outbox_waiting", "USING INDEX jobs_held",
        ]
        let scans = plan.filter { step in
            [
                "jobs", "attempts", "events", "outbox", "artifacts", "job_requests", "job_inputs", "workers",
                "api_keys",
                "key_usage", "usage",
            ].contains { step.hasPrefix("SCAN \($0)") } && !whole.contains(where: step.hasSuffix)
        }
        #expect(scans == [], "\(plan)")
    }
}
