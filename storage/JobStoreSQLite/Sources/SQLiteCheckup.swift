import GRDB

/// What can be told of a database file without changing it.
package struct SQLiteCheckup: Sendable {
    /// How many steps of the schema the file has taken.
    package let schemaVersion: Int64
    /// How many steps this program knows.
    package let schemaKnown: Int64
    /// What SQLite finds damaged; empty for a sound file.
    package let damages: [String]
    /// How many jobs there are.
    package let jobs: Int64
    /// The version of SQLite.
    package let libraryVersion: String

    /// Opens a file for reading alone, and looks through it whole.
    ///
    /// Takes as long as reading the file does; a service on it goes on.
    ///
    /// - Throws: ``SQLiteJobStoreError`` for a file that is not ours or cannot be made durable; what SQLite says.
    package init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "SQLiteCheckup"
        configuration.readonly = true
        configuration.busyMode = .timeout(SQLiteJobStore.busySeconds)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        // Without a transaction around it, in which durability could not be asked for.
        self = try queue.unsafeRead { db in try SQLiteCheckup(db) }
        try queue.close()
    }

    private init(_ db: Database) throws {
        guard try db.integer("PRAGMA application_id") == Migrations.applicationID else {
            throw SQLiteJobStoreError.foreignFile
        }
        try SQLiteJobStore.requireDurability(db)
        schemaVersion = try db.integer("PRAGMA user_version") ?? 0
        schemaKnown = Int64(Migrations.steps.count)
        damages = try String.fetchAll(db, sql: "PRAGMA quick_check(20)").filter { $0 != "ok" }
        jobs = try db.integer("SELECT count(*) FROM jobs") ?? 0
        libraryVersion = try String.fetchOne(db, sql: "SELECT sqlite_version()") ?? ""
    }
}
