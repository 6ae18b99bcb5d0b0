import Foundation
import JobCore

@testable import JobStoreSQLite

/// A folder for one test's database, gone afterwards.
enum TemporaryDatabase {
    /// Runs a test with a path at which there is no file yet.
    static func with(_ test: (_ path: String) async throws -> Void) async throws {
        let folder = try makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try await test(folder.appending(path: "jobs.sqlite").path)
    }

    /// Runs a test with an empty store.
    static func withStore(_ test: (_ store: SQLiteJobStore) async throws -> Void) async throws {
        try await with { path in
            let store = try SQLiteJobStore(path: path)
            try await test(store)
            try store.close()
        }
    }

    private static func makeFolder() throws -> URL {
        var template = Array(FileManager.default.temporaryDirectory.appending(path: "jobs-XXXXXX").path.utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        let path = template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return URL(filePath: String(decoding: path, as: UTF8.self))
    }
}
