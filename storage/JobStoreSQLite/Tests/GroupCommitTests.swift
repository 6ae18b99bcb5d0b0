import ConformanceKit
import Dispatch
import JobCore
import Ledger
import Synchronization
import Testing

@testable import JobStoreSQLite

@Suite struct GroupCommitTests {
    /// How often each of some operations ran.
    private final class Runs: Sendable {
        private let counts = Mutex<[Int: Int]>([:])
        func count(_ operation: Int) { counts.withLock { $0[operation, default: 0] += 1 } }
        var all: [Int: Int] { counts.withLock { $0 } }
    }

    private struct Fault: Error, Equatable {}

    /// Runs operations at once, in one batch: the writer is kept busy until all of them wait.
    private func inOneBatch(
        _ store: SQLiteJobStore,
        _ count: Int,
        _ operation: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> [Int: any Error] {
        let gate = DispatchSemaphore(value: 0)
        return try await withThrowingTaskGroup(of: (Int, (any Error)?).self) { group in
            let isBusy = Runs()
            group.addTask {
                try await store.writer.write { _ in
                    isBusy.count(0)
                    gate.wait()
                }
                return (-1, nil)
            }
            while isBusy.all.isEmpty { await Task.yield() }
            for index in 0..<count {
                group.addTask {
                    do {
                        try await operation(index)
                        return (index, nil)
                    } catch {
                        return (index, error)
                    }
                }
            }
            while store.writer.waitingCount < count { await Task.yield() }
            gate.signal()
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private static let insert = "INSERT INTO workspaces (name, created_at) VALUES (?, 0)"

    @Test func aFaultyOperationHarmsNoNeighbour() async throws {
        try await TemporaryDatabase.withStore { store in
            let runs = Runs()
            let errors = try await inOneBatch(store, 8) { index in
                try await store.writer.write { db in
                    runs.count(index)
                    try db.run(Self.insert, [.text("neighbour \(index)")])
                    if index == 4 { throw Fault() }
                }
            }
            #expect(errors.keys.sorted() == [4])
            #expect(errors[4] is Fault)
            let names = try store.rowsRaw("SELECT name FROM workspaces ORDER BY name").map { $0[0] }
            #expect(names == [0, 1, 2, 3, 5, 6, 7].map { "neighbour \($0)" })
            // They shared a batch: those before the fault ran once with it and once alone.
            #expect(runs.all.values.reduce(0, +) > 8)
            #expect(runs.all[4] == 2)
        }
    }

    @Test func aFaultyAdmissionHarmsNoNeighbour() async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            let taken = try await driver.admit()
            var admissions = (0..<8).map { _ in driver.fixtures.admission(of: driver.fixtures.newJob(driver.key)) }
            // Its id is another job's: the table refuses it, after its endpoint and prices were looked up.
            admissions[3] = driver.fixtures.admission(of: taken.admitted)
            let all = admissions
            let errors = try await inOneBatch(store, all.count) { index in
                let outcome = try await store.admit(all[index])
                #expect(outcome == .admitted(Job(all[index].job)))
            }
            #expect(errors.keys.sorted() == [3])
            let report = try await store.audit()
            #expect(report.jobs == 8)
            #expect(report.findings == [])
        }
    }

    @Test func aFailedCommitFailsAllAndWritesNothing() async throws {
        try await TemporaryDatabase.withStore { store in
            // What a deferred reference refers to is only looked for by COMMIT.
            let errors = try await inOneBatch(store, 4) { index in
                try await store.writer.write { db in
                    try db.run(Self.insert, [.text("neighbour \(index)")])
                    guard index == 2 else { return }
                    try db.run("PRAGMA defer_foreign_keys = ON")
                    try db.run(
                        """
                        INSERT INTO api_keys (hash, name, label, workspace, is_management, created_at)
                        VALUES ('h', 'n', 'l', 'nowhere', 0, 0)
                        """
                    )
                }
            }
            #expect(errors.keys.sorted() == [0, 1, 2, 3])
            #expect(try store.rowsRaw("SELECT name FROM workspaces") == [])
            // It was no fault of the medium: the next one is written.
            try await store.ensureWorkspace("next", at: JobFixtures.start)
            #expect(try store.rowsRaw("SELECT name FROM workspaces") == [["next"]])
        }
    }

    @Test func afterAFailedFlushNothingIsWrittenAnyMore() async throws {
        try await TemporaryDatabase.with { path in
            let store = try SQLiteJobStore(path: path)
            try await store.ensureWorkspace("before", at: JobFixtures.start)
            store.failNextFlush()
            await #expect(throws: (any Error).self) { try await store.ensureWorkspace("lost", at: JobFixtures.start) }
            await #expect(throws: JobStoreIsBroken.self) {
                try await store.ensureWorkspace("after", at: JobFixtures.start)
            }
            await #expect(throws: JobStoreIsBroken.self) { try await store.ping() }
            try store.close()
            let anew = try SQLiteJobStore(path: path)
            try await anew.ensureWorkspace("anew", at: JobFixtures.start)
            #expect(try anew.rowsRaw("SELECT name FROM workspaces ORDER BY name") == [["anew"], ["before"]])
            try anew.close()
        }
    }

    @Test func aTextThatWouldBeCutIsRefused() async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store)
            let admission = driver.fixtures.admission(
                of: driver.fixtures.newJob(driver.key),
                idempotencyKey: "once\0twice"
            )
            await #expect(throws: SQLiteJobStoreError.unstorableText) { try await store.admit(admission) }
            let job = try await driver.job(in: .sending)
            let at = driver.fixtures.tick()
            let evidence = SendEvidence.accepted(remoteID: "remote\0id", submission: "{}")
            await #expect(throws: SQLiteJobStoreError.unstorableText) {
                try await store.record(evidence, of: job.id, attempt: 1, send: 1, at: at)
            }
            #expect(try await store.attempts(of: job.id).map(\.state) == [.sending])
        }
    }

    @Test func anAccountNeverPaysWhatItHasNot() async throws {
        try await TemporaryDatabase.withStore { store in
            let driver = try await JobDriver(store, credits: Credits(nanoUSD: 5))
            let transfer = try Transfer(
                id: "back",
                from: .available(workspace: driver.key.workspace),
                to: .adjustments,
                amount: Credits(nanoUSD: 6),
                cause: "test"
            )
            await #expect(throws: LedgerRefusal.overdrawn(account: "available:default")) {
                try await store.transfer(transfer, at: driver.now)
            }
            #expect(try await store.balance(of: "default").available == Credits(nanoUSD: 5))
        }
    }

    @Test func sixtyFourTasksSpendABalanceToTheLastJob() async throws {
        try await TemporaryDatabase.withStore { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: JobFixtures.hold.nanoUSD * 10 + 1))
            let admissions = (0..<64).map { _ in
                (0..<4).map { _ in driver.fixtures.admission(of: driver.fixtures.newJob(driver.key)) }
            }
            let outcomes = try await withThrowingTaskGroup(of: [AdmissionOutcome].self) { group in
                for mine in admissions {
                    group.addTask {
                        var outcomes: [AdmissionOutcome] = []
                        for admission in mine { outcomes.append(try await store.admit(admission)) }
                        return outcomes
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let refusal = AdmissionOutcome.insufficientCredits(available: Credits(nanoUSD: 1))
            #expect(outcomes.filter { $0 == refusal }.count == 246)
            #expect(try await store.audit().jobs == 10)
            #expect(try await store.audit().findings == [])
        }
    }
}
