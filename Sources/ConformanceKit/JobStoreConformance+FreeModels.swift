import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let freeModels: [Check] = [
        Check("requests to free models are bounded by the minute and by the day, in one transaction") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let start = try #require(Timestamp(rfc3339: "2027-03-01T23:58:10Z"))
            driver.fixtures.tick(seconds: start.seconds(since: driver.now))
            let limits = FreeModelLimits(perMinute: 3, perDay: 5, perDayForPayers: 5, enough: .zero)
            var admissions: [Admission] = []
            for _ in 0..<16 { admissions.append(free(limits, &driver)) }
            let outcomes = try await race(admissions) { try await store.admit($0) }
            let minute = FreeModelRefusal(limit: 3, period: .minute, endsAt: start.adding(seconds: 50))
            #expect(outcomes.count { $0 == .freeLimitReached(minute) } == 13)
            #expect(try await store.audit().jobs == 3)
            driver.fixtures.tick(seconds: 50)
            let end = try #require(Timestamp(rfc3339: "2027-03-02T00:00:00Z"))
            #expect(try await isAdmitted(free(limits, &driver), store))
            #expect(try await isAdmitted(free(limits, &driver), store))
            #expect(
                try await store.admit(free(limits, &driver))
                    == .freeLimitReached(FreeModelRefusal(limit: 5, period: .day, endsAt: end))
            )
            #expect(try await store.freeModelStanding(of: driver.key.workspace).use.today(at: driver.now) == 5)
            // Others have counts of their own, and what is not free has none.
            let other = try await driver.addWorkspace("other", credits: cents(100))
            #expect(try await isAdmitted(free(limits, &driver, other), store))
            _ = try await driver.admit(other)
            driver.fixtures.tick(seconds: 60)
            #expect(try await store.freeModelStanding(of: driver.key.workspace).use.today(at: driver.now) == 0)
            #expect(try await isAdmitted(free(limits, &driver), store))
        },
        Check("who has bought enough may make more requests to free models on a day") { store in
            var driver = try await JobDriver(store, credits: cents(5_000))
            let limits = FreeModelLimits(perMinute: nil, perDay: 1, perDayForPayers: 2, enough: cents(1_000))
            let workspace = driver.key.workspace
            func tell(_ id: String, _ fact: Payment.Fact, _ payment: String) async throws {
                let meaning = PaymentEvent.Meaning.fact(fact, payment: payment)
                let event = PaymentEvent(id: id, kind: "test", createdAt: driver.now, meaning: meaning)
                #expect(try await store.apply(event, at: driver.now) == .applied)
            }
            #expect(try await isAdmitted(free(limits, &driver), store))
            #expect(try await !isAdmitted(free(limits, &driver), store))
            try await tell("a", .paid(.init(workspace: workspace, paid: cents(999), fee: .none)), "p")
            #expect(try await !isAdmitted(free(limits, &driver), store))
            try await tell("b", .paid(.init(workspace: workspace, paid: cents(1), fee: .none)), "q")
            #expect(try await store.freeModelStanding(of: workspace).bought == cents(1_000))
            #expect(try await isAdmitted(free(limits, &driver), store))
            #expect(try await !isAdmitted(free(limits, &driver), store))
            try await tell("c", .refunded(cents(1)), "q")
            #expect(try await store.freeModelStanding(of: workspace).bought == cents(999))
        },
        Check("a repeat of an admitted request to a free model counts once") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let limits = FreeModelLimits(perMinute: nil, perDay: 1, perDayForPayers: nil, enough: cents(1))
            let job = driver.fixtures.newJob(driver.key, hold: .zero)
            let hash = driver.fixtures.hash()
            for number in 0..<3 {
                var admission = driver.fixtures.admission(of: job, idempotencyKey: "k", fingerprint: hash)
                admission.freeModels = limits
                let outcome = try await store.admit(admission)
                if number > 0 { #expect(outcome == .replayed(job: job.id, answer: admission.answer)) }
            }
            #expect(try await store.freeModelStanding(of: driver.key.workspace).use.dayCount == 1)
        },
    ]

    private static func free(
        _ limits: FreeModelLimits,
        _ driver: inout JobDriver,
        _ key: APIKey? = nil
    ) -> Admission {
        var admission = driver.fixtures.admission(of: driver.fixtures.newJob(key ?? driver.key, hold: .zero))
        admission.freeModels = limits
        return admission
    }

    private static func isAdmitted(_ admission: Admission, _ store: any JobStore) async throws -> Bool {
        guard case .admitted = try await store.admit(admission) else { return false }
        return true
    }
}
