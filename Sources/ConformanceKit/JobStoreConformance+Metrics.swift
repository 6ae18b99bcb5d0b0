import JobCore
import Testing

extension JobStoreConformance {
    static let metrics: [Check] = [
        Check("an empty store has nothing to count") { store in
            let metrics = try await store.storeMetrics(now: Timestamp(milliseconds: 0))
            #expect(metrics.jobs == Dictionary(uniqueKeysWithValues: JobState.Name.allCases.map { ($0, 0) }))
            #expect(metrics.waiting == 0)
            #expect(metrics.inFlightWithoutLease == 0)
            #expect(metrics.outboxPending == 0)
            #expect(metrics.outboxOldest == nil)
            #expect(metrics.outboxExhausted == 0)
            #expect(metrics.ledgerDifference == 0)
        },
        Check("jobs are counted by their state, and those that wait apart from those that are claimed") { store in
            var driver = try await JobDriver(store)
            for (count, state) in JobState.Name.allCases.enumerated() {
                for _ in 0...count { _ = try await driver.job(in: state) }
            }
            let metrics = try await store.storeMetrics(now: driver.now)
            for (count, state) in JobState.Name.allCases.enumerated() {
                #expect(metrics.jobs[state] == count + 1, "\(state)")
            }
            let queued = try #require(metrics.jobs[.queued])
            #expect(metrics.waiting == queued)
            _ = try await driver.claim(driver.admit())
            let later = try await store.storeMetrics(now: driver.now)
            #expect(later.jobs[.queued] == queued + 1)
            #expect(later.waiting == queued)
            #expect(later.ledgerDifference == 0)
        },
        Check("a job in flight is noticed when its worker's lease has run out or was ended") { store in
            var driver = try await JobDriver(store)
            let (short, given) = (WorkerID("short"), WorkerID("gives back"))
            try await driver.startLease(of: short, seconds: 15)
            try await driver.startLease(of: given, seconds: 3_600)
            let way = JobSituation.storing
            _ = try await driver.job(in: way)
            for (count, worker) in [short, given, given].enumerated() {
                let claimed = try await driver.claim(driver.admit(), by: worker)
                // What is only claimed is not in flight yet.
                if count < 2 { try await driver.commit(JobScript(claimed.admitted).way(to: way), of: claimed) }
            }
            #expect(try await store.storeMetrics(now: driver.now).inFlightWithoutLease == 0)
            let late = driver.now.adding(seconds: 20)
            #expect(try await store.storeMetrics(now: late).inFlightWithoutLease == 1)
            try await store.release(given)
            #expect(try await store.storeMetrics(now: driver.now).inFlightWithoutLease == 1)
            #expect(try await store.storeMetrics(now: late).inFlightWithoutLease == 2)
            #expect(try await store.claimOrphans(worker: driver.worker, now: late, limit: 10).count == 2)
            #expect(try await store.storeMetrics(now: late).inFlightWithoutLease == 0)
        },
        Check("messages that wait are counted from the oldest on, and those that were given up apart") { store in
            var driver = try await JobDriver(store)
            var messages: [OutboxMessage] = []
            for host in ["a", "b", "c"] {
                messages.append(try await driver.message("https://\(host).example/hook"))
                driver.fixtures.tick(seconds: 5)
            }
            let before = try await store.storeMetrics(now: driver.now)
            #expect(before.outboxPending == 3)
            #expect(before.outboxOldest == messages[0].createdAt)
            let until = driver.now.adding(seconds: 30)
            let claim = try await store.claimDeliveries(
                now: driver.now,
                until: until,
                busy: [:],
                perOrigin: 4,
                limit: 2
            )
            // What is being delivered still waits.
            #expect(try await store.storeMetrics(now: driver.now).outboxPending == 3)
            for (delivery, outcome) in zip(claim.deliveries, [DeliveryOutcome.delivered, .exhausted]) {
                #expect(
                    try await store.recordDelivery(
                        delivery,
                        at: driver.now,
                        result: .status(outcome == .delivered ? 200 : 500),
                        milliseconds: 5,
                        outcome: outcome
                    )
                )
            }
            let after = try await store.storeMetrics(now: driver.now)
            #expect(after.outboxPending == 1)
            #expect(after.outboxOldest == messages[2].createdAt)
            #expect(after.outboxExhausted == 1)
        },
    ]
}
