import Cryptography
import Foundation
import GRDB
package import JobCore

/// Jobs, money and events in one SQLite file.
///
/// One writer with group commit: operations that arrive while a commit is on its way share the next one. Readers have
/// connections of their own and see every operation that has returned. A crash at any point leaves the last commit.
///
/// Any number of processes may have the file open; which of them runs workers is decided elsewhere.
package final class SQLiteJobStore: JobStore {
    let pool: DatabasePool
    let writer: GroupCommitWriter

    /// How long an operation waits while another process writes, in seconds: well below a client's patience, since the
    /// operation fails afterwards and is answered as "try again".
    static let busySeconds: TimeInterval = 2

    /// After how many pages in the write-ahead log its pages go to the file: pages that many commits touch go once.
    static let checkpointPages = 4_000

    /// Up to which size the write-ahead log is kept after a checkpoint, in bytes.
    static let logBytesKept = 64 << 20

    /// How many pages the writer keeps in memory, in KiB: the ends of the indexes that each admission touches.
    static let writerCacheKiB = 32 << 10

    /// Opens the database, makes it if there is none, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: The file. SQLite keeps `-wal` and `-shm` beside it.
    ///   - mayMigrate: Whether a database of an earlier version is brought up to date. Who does not know whether a service
    ///     of that version runs on it says no.
    /// - Throws: ``SQLiteJobStoreError`` for a file that is not ours, is of a newer version, is of an older one that may
    ///   not be touched, or cannot be made durable.
    package init(path: String, mayMigrate: Bool = true) throws {
        var configuration = Configuration()
        configuration.label = "JobStoreSQLite"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(Self.busySeconds)
        configuration.prepareDatabase { db in
            Self.addFunctions(to: db)
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { db in
            try Self.setSizes(db)
            try Self.requireDurability(db)
            try Migrations.apply(to: db, mayMigrate: mayMigrate)
            try Self.requireReferences(db)
        }
        writer = GroupCommitWriter(pool: pool)
    }

    /// Finishes the operations that were handed in, and closes all connections.
    ///
    /// Later operations throw.
    ///
    /// - Throws: What SQLite says.
    package func close() throws {
        writer.close()
        try pool.close()
    }

    /// The version of the schema that this program knows.
    package static var schemaKnown: Int64 { Int64(Migrations.steps.count) }

    /// The version of the schema that the file has now: another program may have brought it further.
    package func schemaFound() async throws -> Int64 {
        try await pool.read { db in try db.integer("PRAGMA user_version") ?? 0 }
    }

    private static func setSizes(_ db: Database) throws {
        try db.execute(
            sql: """
                PRAGMA cache_size = -\(writerCacheKiB);
                PRAGMA wal_autocheckpoint = \(checkpointPages);
                PRAGMA journal_size_limit = \(logBytesKept);
                """
        )
    }

    /// Makes each commit wait until it is on the medium.
    ///
    /// GRDB sets `synchronous=NORMAL` when it opens a pool, after `prepareDatabase` has run: a power cut would then
    /// lose jobs that were answered for. So FULL is set afterwards, and read back.
    static func requireDurability(_ db: Database) throws {
        try db.execute(sql: "PRAGMA synchronous = FULL")
        let synchronous = try Int64.fetchOne(db, sql: "PRAGMA synchronous")
        let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode")
        guard synchronous == 2, journal == "wal" else {
            throw SQLiteJobStoreError.notDurable(
                "synchronous is \(synchronous.map { "\($0)" } ?? "unknown"), journal_mode is \(journal ?? "unknown")"
            )
        }
    }

    /// Refuses a connection that would write rows which refer to nothing.
    private static func requireReferences(_ db: Database) throws {
        guard try Int64.fetchOne(db, sql: "PRAGMA foreign_keys") == 1 else {
            throw SQLiteJobStoreError.corrupt("references between tables are not checked")
        }
    }

    /// Adds what the statements of the audit and the steps of the schema call.
    static func addFunctions(to db: Database) {
        db.add(function: jobText)
        db.add(function: jobBytes)
        db.add(function: textHash)
    }

    /// The bytes of a job's identifier as transfers name it; null for any other text.
    ///
    /// By them a job is found by its index; by the text, only by looking at every job.
    private static let jobBytes = DatabaseFunction("job_bytes", argumentCount: 1, pure: true) { values in
        String.fromDatabaseValue(values[0]).flatMap { JobID($0) }.map { Data($0.bytes) }
    }

    /// SHA-256 of a text, hexadecimal.
    private static let textHash = DatabaseFunction("sha256_text", argumentCount: 1, pure: true) { values in
        String.fromDatabaseValue(values[0]).map { SHA256.hash($0.utf8).description }
    }

    /// A job's identifier as transfers name it, for the audit.
    private static let jobText = DatabaseFunction("job_text", argumentCount: 1, pure: true) { values in
        Data.fromDatabaseValue(values[0]).flatMap { JobID(bytes: $0) }?.description
    }
}

/// What is wrong with the database, or with what was asked of it.
package enum SQLiteJobStoreError: Error, Sendable, Equatable {
    /// Commits would not survive a power cut.
    case notDurable(String)
    /// The file belongs to another program.
    case foreignFile
    /// The file was written by a newer version of this program.
    case newerSchema(found: Int64, known: Int64)
    /// The file was written by an older version of this program, and must not be brought up to date now.
    case olderSchema(found: Int64, known: Int64)
    /// A stored value cannot be read back.
    case corrupt(String)
    /// A text has a NUL, at which SQLite would cut it.
    case unstorableText
    /// Evidence about an attempt that was never recorded.
    case unknownAttempt(JobID, number: Int)
    /// The provider gave two attempts the same id. Two jobs cannot share one generation.
    case remoteIDTaken(String)
    /// The store was closed, or a flush to the medium failed and it has to be opened anew.
    case closed
}
