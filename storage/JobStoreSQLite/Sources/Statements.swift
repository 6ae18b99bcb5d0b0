import Foundation
import GRDB
import GRDBSQLite
import Generation
import JobCore
import Ledger
import Synchronization

/// Prepared statements by their text, and values by their meaning: every statement of the store goes through here.
///
/// Values are bound by SQLite's own functions: GRDB's arguments cost as much time as the statements themselves, and an
/// admission has a dozen.
extension Database {
    /// Runs a statement that changes rows.
    ///
    /// - Parameters:
    ///   - sql: One statement; prepared once per connection.
    ///   - values: What its placeholders stand for, in order.
    /// - Returns: How many rows it changed.
    /// - Throws: What SQLite says; `unstorableText` for a text that SQLite would cut.
    @discardableResult
    func run(_ sql: String, _ values: [DatabaseValue] = []) throws -> Int {
        try stepping(sql, values) { statement in
            while try step(statement, sql) {}
            return changesCount
        }
    }

    /// The first row that a statement finds, or nil.
    func row(_ sql: String, _ values: [DatabaseValue] = []) throws -> Row? {
        try Row.fetchOne(try select(sql, values))
    }

    /// The rows that a statement finds.
    func rows(_ sql: String, _ values: [DatabaseValue] = []) throws -> [Row] {
        try Row.fetchAll(try select(sql, values))
    }

    /// The whole number in the first column of the first row; nil when there is none, or it is null.
    func integer(_ sql: String, _ values: [DatabaseValue] = []) throws -> Int64? {
        try stepping(sql, values) { statement in
            guard try step(statement, sql), sqlite3_column_type(statement, 0) != SQLITE_NULL else { return nil }
            return sqlite3_column_int64(statement, 0)
        }
    }

    private func select(_ sql: String, _ values: [DatabaseValue]) throws -> Statement {
        for value in values { try Self.requireStorable(value) }
        let statement = try cachedStatement(sql: sql)
        // The other initializer, of values that all have one type, makes a key path for each call.
        statement.setUncheckedArguments(StatementArguments(values.map { $0 as (any DatabaseValueConvertible)? }))
        return statement
    }

    /// Lends a prepared statement with its values bound; whatever happens, it is free again afterwards.
    private func stepping<Result>(
        _ sql: String,
        _ values: [DatabaseValue],
        _ body: (OpaquePointer) throws -> Result
    ) throws -> Result {
        let prepared = try cachedStatement(sql: sql)
        let statement = prepared.sqliteStatement
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        guard Int(sqlite3_bind_parameter_count(statement)) == values.count else {
            throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "wrong number of values", sql: sql)
        }
        for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1), of: statement, sql) }
        return try withExtendedLifetime(prepared) { try body(statement) }
    }

    /// Whether the statement has found a row; false when it is done.
    private func step(_ statement: OpaquePointer, _ sql: String) throws -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code, sql)
        }
    }

    private func bind(_ value: DatabaseValue, at index: Int32, of statement: OpaquePointer, _ sql: String) throws {
        try Self.requireStorable(value)
        let code =
            switch value.storage {
            case .null: sqlite3_bind_null(statement, index)
            case .int64(let number): sqlite3_bind_int64(statement, index, number)
            case .double(let number): sqlite3_bind_double(statement, index, number)
            // An empty one may have no address, and would be bound as null.
            case .string(""): sqlite3_bind_text(statement, index, "", 0, Self.copied)
            case .blob(let data) where data.isEmpty: sqlite3_bind_zeroblob(statement, index, 0)
            case .string(var text):
                text.withUTF8 { bytes in
                    bytes.withMemoryRebound(to: CChar.self) {
                        sqlite3_bind_text(statement, index, $0.baseAddress, Int32($0.count), Self.copied)
                    }
                }
            case .blob(let data):
                data.withUnsafeBytes {
                    sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), Self.copied)
                }
            }
        guard code == SQLITE_OK else { throw failure(code, sql) }
    }

    /// Tells SQLite to copy what is bound: it is gone when the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func failure(_ code: Int32, _ sql: String) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqliteConnection.map { sqlite3_extended_errcode($0) } ?? code),
            message: sqliteConnection.flatMap { String(cString: sqlite3_errmsg($0)) },
            sql: sql
        )
    }

    /// Texts end at their first NUL for many readers: one that has any would be read cut, without a word.
    private static func requireStorable(_ value: DatabaseValue) throws {
        guard case .string(var text) = value.storage else { return }
        let hasNUL = text.withUTF8 { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        }
        guard !hasNUL else { throw SQLiteJobStoreError.unstorableText }
    }
}

extension DatabaseValue {
    /// A text, or null.
    static func text(_ text: String?) -> DatabaseValue { text?.databaseValue ?? .null }

    /// A whole number, or null.
    static func integer(_ number: Int64?) -> DatabaseValue { number?.databaseValue ?? .null }

    /// A whole number, or null.
    static func integer(_ number: Int?) -> DatabaseValue { number?.databaseValue ?? .null }

    /// A number, or null.
    static func number(_ number: Double?) -> DatabaseValue { number?.databaseValue ?? .null }

    /// 0 or 1.
    static func flag(_ flag: Bool) -> DatabaseValue { (flag ? 1 : 0).databaseValue }

    /// Milliseconds since 1970, or null.
    static func time(_ time: Timestamp?) -> DatabaseValue { integer(time?.milliseconds) }

    /// Nano US dollars, or null.
    static func amount(_ amount: Credits?) -> DatabaseValue { integer(amount?.nanoUSD) }

    /// The 16 bytes of a job's identifier: they sort as the job does.
    static func id(_ job: JobID) -> DatabaseValue { Data(job.bytes).databaseValue }

    /// A worker's name, or null.
    static func worker(_ worker: WorkerID?) -> DatabaseValue { text(worker?.name) }

    /// A state's name.
    static func state(_ state: JobState.Name) -> DatabaseValue { text(state.rawValue) }
}

extension Row {
    /// The point in time in a column, or nil.
    func time(_ column: Int) -> Timestamp? {
        let milliseconds: Int64? = self[column]
        return milliseconds.map { Timestamp(milliseconds: $0) }
    }

    /// The job's identifier in a column.
    ///
    /// - Throws: `corrupt` when it does not have 16 bytes.
    func jobID(_ column: Int) throws -> JobID {
        let bytes: Data = self[column]
        guard let id = JobID(bytes: bytes) else { throw SQLiteJobStoreError.corrupt("an id of \(bytes.count) bytes") }
        return id
    }
}

/// JSON as it is stored: sorted keys, so that equal values are equal text.
enum StoredJSON {
    /// The text of a value.
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// The value of a text.
    static func value<Value: Decodable>(_ type: Value.Type, of text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

/// The texts of values that many jobs have in common, and the values of those texts: price sheets, and parameters that
/// are mostly the same.
///
/// Reading and writing such JSON would take most of the time of an admission and of a list.
final class SharedJSON<Value: Codable & Hashable & Sendable>: Sendable {
    private struct State {
        var texts: [Value: String] = [:]
        /// By their bytes: texts that are written in different ways are different, whatever they mean.
        var values: [[UInt8]: Value] = [:]
    }

    /// How many are remembered; more than that are as many as there are jobs, and remembering helps nobody.
    private let countMax: Int
    /// The longest text that is remembered.
    private static var bytesMax: Int { 4_096 }
    private let state = Mutex(State())

    init(countMax: Int = 64) { self.countMax = countMax }

    /// The text of a value.
    func text(_ value: Value) throws -> String {
        if let text = state.withLock({ $0.texts[value] }) { return text }
        let text = try StoredJSON.text(value)
        remember(value, text)
        return text
    }

    /// The value of a text.
    func value(of text: String) throws -> Value {
        let bytes = Array(text.utf8)
        if let value = state.withLock({ $0.values[bytes] }) { return value }
        let value = try StoredJSON.value(Value.self, of: text)
        remember(value, text)
        return value
    }

    private func remember(_ value: Value, _ text: String) {
        // Equal texts may differ in their bytes only beyond ASCII, and what a client wrote is given back as it came.
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ $0 < 0x80 }) else { return }
        state.withLock { state in
            if state.texts.count >= countMax { state.texts.removeAll() }
            if state.values.count >= countMax { state.values.removeAll() }
            state.texts[value] = text
            state.values[Array(text.utf8)] = value
        }
    }
}

/// What the jobs of a process have in common.
enum SharedTexts {
    static let prices = SharedJSON<PriceSheet>()
    static let parameters = SharedJSON<JobParameters>()
    static let adjustments = SharedJSON<[Adjustment]>()
}
