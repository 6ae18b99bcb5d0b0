import ConformanceKit
import Foundation
import JobCore
import Ledger
import Testing

@testable import JobStoreSQLite

@Suite struct DurabilityTests {
    @Test func everyCommitWaitsForTheMedium() async throws {
        try await TemporaryDatabase.withStore { store in
            // GRDB leaves 1 (NORMAL), with which a power cut loses what was answered for.
            let synchronous = try store.rowsRaw("PRAGMA synchronous")
            #expect(synchronous == [["2"]])
            #expect(try store.rowsRaw("PRAGMA journal_mode") == [["wal"]])
            #expect(try store.rowsRaw("PRAGMA foreign_keys") == [["1"]])
        }
    }

    @Test func anotherOpeningFindsAllThatWasThere() async throws {
        try await TemporaryDatabase.with { path in
            let first = try SQLiteJobStore(path: path)
            var driver = try await JobDriver(first)
            var before: [JobObservation] = []
            for situation in JobSituation.allCases {
                before.append(try await driver.observe(driver.job(in: situation)))
            }
            let report = try await first.audit()
            let keys = try await first.keys()
            try first.close()

            let second = try SQLiteJobStore(path: path)
            for observation in before {
                let id = try #require(observation.job?.id)
                #expect(try await second.job(id) == observation.job)
                #expect(try await second.attempts(of: id) == observation.attempts)
                #expect(try await second.events(of: id, after: 0, limit: 100) == observation.events)
                #expect(try await second.outbox(of: id) == observation.outbox)
            }
            #expect(try await second.keys() == keys)
            #expect(try await second.audit() == report)
            #expect(try second.rowsRaw("PRAGMA synchronous") == [["2"]])
            try second.close()
        }
    }

    @Test func twoProcessesMayOpenANewFileAtOnce() async throws {
        try await TemporaryDatabase.with { path in
            let stores = try await withThrowingTaskGroup(of: SQLiteJobStore.self) { group in
                for _ in 0..<4 { group.addTask { try SQLiteJobStore(path: path) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // What one has written, the others read at once.
            let driver = try await JobDriver(stores[0])
            for store in stores { #expect(try await store.key(hash: driver.key.hash) == driver.key) }
            for store in stores { try store.close() }
        }
    }

    @Test func aClosedStoreAnswersWithErrors() async throws {
        try await TemporaryDatabase.with { path in
            let store = try SQLiteJobStore(path: path)
            let driver = try await JobDriver(store)
            try store.close()
            await #expect(throws: SQLiteJobStoreError.closed) {
                try await store.ensureWorkspace("late", at: driver.now)
            }
            await #expect(throws: (any Error).self) { try await store.ping() }
        }
    }

    @Test func aFileOfAnotherProgramIsLeftAlone() async throws {
        try await TemporaryDatabase.with { path in
            let store = try SQLiteJobStore(path: path)
            try store.runRaw("PRAGMA application_id = 1")
            try store.close()
            #expect(throws: SQLiteJobStoreError.foreignFile) { try SQLiteJobStore(path: path) }
        }
    }

    @Test func aFileOfANewerVersionIsLeftAlone() async throws {
        try await TemporaryDatabase.with { path in
            let store = try SQLiteJobStore(path: path)
            try store.runRaw("PRAGMA user_version = 999")
            try store.close()
            #expect(throws: SQLiteJobStoreError.newerSchema(found: 999, known: Int64(Migrations.steps.count))) {
                try SQLiteJobStore(path: path)
            }
        }
    }

    @Test func aFileOfAnOlderVersionIsLeftAloneByWhoMayNotMigrate() async throws {
        try await TemporaryDatabase.with { path in
            // A new file is nobody's yet.
            let store = try SQLiteJobStore(path: path, mayMigrate: false)
            #expect(try await store.schemaFound() == SQLiteJobStore.schemaKnown)
            let older = SQLiteJobStore.schemaKnown - 1
            try store.runRaw("PRAGMA user_version = \(older)")
            #expect(try await store.schemaFound() == older)
            try store.close()
            #expect(throws: SQLiteJobStoreError.olderSchema(found: older, known: SQLiteJobStore.schemaKnown)) {
                try SQLiteJobStore(path: path, mayMigrate: false)
            }
        }
    }

    @Test func aFolderThatIsNotThereIsAnError() async throws {
        try await TemporaryDatabase.with { path in
            #expect(throws: (any Error).self) { try SQLiteJobStore(path: "\(path)/nowhere/jobs.sqlite") }
        }
    }
}
