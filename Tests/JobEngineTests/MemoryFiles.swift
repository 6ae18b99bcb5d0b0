import ConformanceKit
import Cryptography
import Foundation
import JobCore
import Synchronization

/// Artifacts in memory; what is being received lies in a folder, for inspection.
final class MemoryFiles: ArtifactStore {
    private struct State {
        var files: [ArtifactKey: (bytes: [UInt8], at: Timestamp)] = [:]
        var spooled = 0
        var failures = 0
        var keeps = 0
    }

    /// Reads wait here.
    let readDoor = Door()
    private let folder: URL
    private let clock: TestClock
    private let state = Mutex(State())

    init(clock: TestClock) throws {
        self.clock = clock
        folder = FileManager.default.temporaryDirectory.appending(path: "mediary-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// So many of the next writes fail.
    func failNext(_ count: Int) { state.withLock { $0.failures = count } }

    /// How many files were given a final name, adopted ones included.
    var keeps: Int { state.withLock { $0.keeps } }

    /// The files under final names.
    var keys: [ArtifactKey] { state.withLock { $0.files.keys.sorted { $0.path < $1.path } } }

    /// Files that are being received, or were left behind.
    var leftovers: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] }

    func bytes(of key: ArtifactKey) -> [UInt8]? { state.withLock { $0.files[key]?.bytes } }

    private func mayFail() throws {
        let fails = state.withLock { state in
            defer { state.failures = max(0, state.failures - 1) }
            return state.failures > 0
        }
        if fails { throw ArtifactStoreError.failed("the medium is away") }
    }

    func spool(
        bytesMax: Int64,
        declaredLength: Int64?,
        next: @Sendable () async throws -> [UInt8]?
    ) async throws -> SpooledFile {
        try mayFail()
        var all: [UInt8] = []
        while let chunk = try await next() {
            all += chunk
            guard all.count <= bytesMax, all.count <= declaredLength ?? .max else {
                throw ArtifactStoreError.wrongLength(expected: declaredLength, found: Int64(all.count))
            }
        }
        guard declaredLength.map({ $0 == all.count }) ?? true else {
            throw ArtifactStoreError.wrongLength(expected: declaredLength, found: Int64(all.count))
        }
        let number = state.withLock { state in
            state.spooled += 1
            return state.spooled
        }
        let file = folder.appending(path: "\(number)")
        try Data(all).write(to: file)
        return SpooledFile(path: file.path, bytes: Int64(all.count), sha256: SHA256.hash(all).hex)
    }

    func keep(_ file: SpooledFile, as key: ArtifactKey) async throws {
        try mayFail()
        let bytes = Array(try Data(contentsOf: URL(filePath: file.path)))
        try state.withLock { state in
            state.keeps += 1
            if let known = state.files[key], known.bytes != bytes { throw ArtifactStoreError.conflict(key.path) }
            state.files[key] = (bytes, clock.now)
        }
        try FileManager.default.removeItem(atPath: file.path)
    }

    func discard(_ file: SpooledFile) async { try? FileManager.default.removeItem(atPath: file.path) }

    func length(of key: ArtifactKey) async throws -> Int64? { bytes(of: key).map { Int64($0.count) } }

    func read(
        _ key: ArtifactKey,
        range: Range<Int64>?,
        chunk: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        await readDoor.pass()
        try mayFail()
        guard let bytes = bytes(of: key) else { throw ArtifactStoreError.notFound(key.path) }
        let range = range ?? 0..<Int64(bytes.count)
        guard range.upperBound <= bytes.count else { throw ArtifactStoreError.invalidRange(bytes: Int64(bytes.count)) }
        try await chunk(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
    }

    func delete(_ key: ArtifactKey) async throws { state.withLock { $0.files[key] = nil } }

    func list(prefix: String, after: ArtifactKey?, limit: Int) async throws -> [StoredFile] {
        state.withLock { state in
            let keys = state.files.keys.filter { $0.path.hasPrefix(prefix) && $0.path > after?.path ?? "" }
            return keys.sorted { $0.path < $1.path }.prefix(limit).compactMap { key in
                state.files[key].map { StoredFile(key: key, bytes: Int64($0.bytes.count), modifiedAt: $0.at) }
            }
        }
    }

    func removeLeftovers() async throws {}
}

/// The artifact store as one node sees it: while the node lives.
struct NodeFiles: ArtifactStore {
    let base: any ArtifactStore
    let life: NodeLife

    private func through<Value: Sendable>(_ operation: () async throws -> Value) async throws -> Value {
        try await life.pass()
        let value = try await operation()
        try await life.pass()
        return value
    }

    func spool(
        bytesMax: Int64,
        declaredLength: Int64?,
        next: @Sendable () async throws -> [UInt8]?
    ) async throws -> SpooledFile {
        try await through { try await base.spool(bytesMax: bytesMax, declaredLength: declaredLength, next: next) }
    }

    func keep(_ file: SpooledFile, as key: ArtifactKey) async throws {
        try await through { try await base.keep(file, as: key) }
    }

    func discard(_ file: SpooledFile) async { await base.discard(file) }

    func length(of key: ArtifactKey) async throws -> Int64? { try await through { try await base.length(of: key) } }

    func read(
        _ key: ArtifactKey,
        range: Range<Int64>?,
        chunk: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        try await through { try await base.read(key, range: range, chunk: chunk) }
    }

    func delete(_ key: ArtifactKey) async throws { try await through { try await base.delete(key) } }

    func list(prefix: String, after: ArtifactKey?, limit: Int) async throws -> [StoredFile] {
        try await through { try await base.list(prefix: prefix, after: after, limit: limit) }
    }

    func removeLeftovers() async throws { try await through { try await base.removeLeftovers() } }
}
