import GRDB

/// SQL as it is, past every rule of the store.
///
/// For this module's own tests, which look at plans and settings, and tamper with what an audit must then find.
extension SQLiteJobStore {
    /// Runs statements on the writer's connection, outside of any transaction.
    ///
    /// - Throws: What SQLite says.
    func runRaw(_ sql: String) throws { try pool.writeWithoutTransaction { try $0.execute(sql: sql) } }

    /// Makes a file as an earlier version left it, with so many steps taken, and statements run that may break any rule.
    ///
    /// - Throws: What SQLite says.
    static func makeFile(path: String, steps: Int, _ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { SQLiteJobStore.addFunctions(to: $0) }
        let file = try DatabaseQueue(path: path, configuration: configuration)
        try file.write { db in
            for step in Migrations.steps.prefix(steps) { try db.execute(sql: step) }
            try db.execute(sql: sql)
            try db.execute(
                sql: "PRAGMA application_id = \(Migrations.applicationID); PRAGMA user_version = \(steps)"
            )
        }
        try file.close()
    }

    /// What a statement finds on the writer's connection: each row's values as text, null as nil.
    ///
    /// - Throws: What SQLite says.
    func rowsRaw(_ sql: String) throws -> [[String?]] {
        try pool.writeWithoutTransaction { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map { $0.isNull ? nil : String.fromDatabaseValue($0) ?? $0.description }
            }
        }
    }

    /// How SQLite would find the rows of a statement, step by step; placeholders need no values for that.
    ///
    /// - Throws: What SQLite says.
    func plan(of sql: String) throws -> [String] {
        try pool.writeWithoutTransaction { db in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
            statement.setUncheckedArguments(StatementArguments())
            return try Row.fetchAll(statement).map { $0["detail"] }
        }
    }
}

/// A medium that fails when a commit is flushed to it.
final class FailingFlush: TransactionObserver {
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws { throw DatabaseError(resultCode: .SQLITE_IOERR_FSYNC) }
    func databaseDidCommit(_ db: Database) {}
    func databaseDidRollback(_ db: Database) {}
}

extension SQLiteJobStore {
    /// Makes the next commit fail as a dying disk would.
    func failNextFlush() {
        pool.writeWithoutTransaction { db in
            db.add(transactionObserver: FailingFlush(), extent: .nextTransaction)
        }
    }
}
