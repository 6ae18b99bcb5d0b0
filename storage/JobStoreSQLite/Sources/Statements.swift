import Foundation
import GRDB
import JobCore
import Ledger

/// Prepared statements by their text, and values by their meaning: every statement of the store goes through here.
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
        try cachedStatement(sql: sql).execute(arguments: try Self.arguments(values))
        return changesCount
    }

    /// The first row that a statement finds, or nil.
    func row(_ sql: String, _ values: [DatabaseValue] = []) throws -> Row? {
        try Row.fetchOne(try cachedStatement(sql: sql), arguments: try Self.arguments(values))
    }

    /// The rows that a statement finds.
    func rows(_ sql: String, _ values: [DatabaseValue] = []) throws -> [Row] {
        try Row.fetchAll(try cachedStatement(sql: sql), arguments: try Self.arguments(values))
    }

    /// The whole number in the first column of the first row; nil when there is none, or it is null.
    func integer(_ sql: String, _ values: [DatabaseValue] = []) throws -> Int64? {
        try Int64.fetchOne(try cachedStatement(sql: sql), arguments: try Self.arguments(values))
    }

    /// Texts are bound up to their first NUL: one that has any would be stored cut, without a word.
    private static func arguments(_ values: [DatabaseValue]) throws -> StatementArguments {
        for value in values {
            if case .string(let text) = value.storage, text.utf8.contains(0) {
                throw SQLiteJobStoreError.unstorableText
            }
        }
        return StatementArguments(values)
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
