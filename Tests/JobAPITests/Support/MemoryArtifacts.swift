import Cryptography
import Foundation
import JobCore
import Synchronization

/// Artifacts in memory, given in chunks of 64 KiB; a file can also be made up while it is read, to be huge for nothing.
final class MemoryArtifacts: ArtifactStore {
    private static let chunkBytes: Int64 = 65_536

    private enum File: Sendable {
        case stored([UInt8])
        case madeUp(bytes: Int64)
    }

    private let files = Mutex<[ArtifactKey: File]>([:])
    private let spooled = Mutex<[String: [UInt8]]>([:])
    /// How many files were begun to be spooled, whatever became of them.
    let spools = Atomic<Int>(0)
    /// Told of each file once it is spooled.
    let onSpooled = Mutex<(@Sendable () -> Void)?>(nil)
    /// How many bytes were handed to readers.
    let bytesRead = Atomic<Int64>(0)

    /// While this stands, every question about a length fails with these words.
    let failure = Mutex<String?>(nil)

    func put(_ bytes: [UInt8], as key: ArtifactKey) { files.withLock { $0[key] = .stored(bytes) } }

    func putMadeUp(bytes: Int64, as key: ArtifactKey) { files.withLock { $0[key] = .madeUp(bytes: bytes) } }

    var keys: [ArtifactKey] { files.withLock { Array($0.keys) } }

    /// How many files are spooled and neither kept nor discarded.
    var spooledCount: Int { spooled.withLock { $0.count } }

    func spool(
        bytesMax: Int64,
        declaredLength: Int64?,
        next: @Sendable () async throws -> [UInt8]?
    ) async throws -> SpooledFile {
        spools.add(1, ordering: .relaxed)
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            bytes += chunk
            guard bytes.count <= declaredLength ?? bytesMax else {
                throw ArtifactStoreError.wrongLength(expected: declaredLength, found: Int64(bytes.count))
            }
        }
        // On disk as well: what came with a request is looked at where it lies.
        let path = "\(FileManager.default.temporaryDirectory.path)/mediary-spool-\(UUID())"
        try Data(bytes).write(to: URL(filePath: path))
        spooled.withLock { $0[path] = bytes }
        onSpooled.withLock { $0 }?()
        return SpooledFile(path: path, bytes: Int64(bytes.count), sha256: SHA256.hash(bytes).hex)
    }

    func keep(_ file: SpooledFile, as key: ArtifactKey) async throws {
        put(spooled.withLock { $0.removeValue(forKey: file.path) } ?? [], as: key)
        try? FileManager.default.removeItem(atPath: file.path)
    }

    func discard(_ file: SpooledFile) async {
        spooled.withLock { $0[file.path] = nil }
        try? FileManager.default.removeItem(atPath: file.path)
    }

    func length(of key: ArtifactKey) async throws -> Int64? {
        if let words = failure.withLock({ $0 }) { throw ArtifactStoreError.failed(words) }
        return switch files.withLock({ $0[key] }) {
        case .stored(let bytes)?: Int64(bytes.count)
        case .madeUp(let bytes)?: bytes
        case nil: nil
        }
    }

    func read(
        _ key: ArtifactKey,
        range: Range<Int64>?,
        chunk: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        guard let file = files.withLock({ $0[key] }) else { throw ArtifactStoreError.notFound(key.path) }
        let length = try await length(of: key) ?? 0
        let range = range ?? 0..<length
        guard range.upperBound <= length else { throw ArtifactStoreError.invalidRange(bytes: length) }
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + Self.chunkBytes, range.upperBound)
            bytesRead.add(end - start, ordering: .relaxed)
            switch file {
            case .stored(let bytes): try await chunk(Array(bytes[Int(start)..<Int(end)]))
            case .madeUp: try await chunk([UInt8](repeating: 7, count: Int(end - start)))
            }
            start = end
        }
    }

    func delete(_ key: ArtifactKey) async throws { files.withLock { $0[key] = nil } }

    func list(prefix: String, after: ArtifactKey?, limit: Int) async throws -> [StoredFile] { [] }

    func removeLeftovers() async throws {}
}
