import Cryptography
import Glibc
import JobCore
import Synchronization

/// A file of a job that runs, read while it grows and hashed on the way.
///
/// Whoever has opened it reads it to its end, even when it was removed meanwhile.
final class LiveFile: Sendable {
    private static let chunkBytes: Int64 = 65_536

    private struct State {
        var read: Int64 = 0
        var hash = SHA256()
    }

    /// Where it was.
    let path: String
    private let descriptor: Int32
    private let state = Mutex(State())

    /// Opens a file; nil when it is not there.
    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        if descriptor < 0 { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The next bytes, of which there must be so many; nil when all of them were read.
    ///
    /// - Throws: `ArtifactStoreError` for a file that is shorter than it was said to be, or cannot be read.
    func next(upTo end: Int64) throws(ArtifactStoreError) -> [UInt8]? {
        let bytes = state.withLock { state -> [UInt8]? in
            let count = min(end - state.read, Self.chunkBytes)
            guard count > 0 else { return nil }
            let chunk = Self.read(descriptor, at: state.read, count: Int(count))
            state.read += Int64(chunk.count)
            state.hash.update(bytes: chunk)
            return chunk
        }
        guard let bytes else { return nil }
        guard !bytes.isEmpty else { throw .failed("a file that flows is shorter than was told") }
        return bytes
    }

    /// All of it at once.
    func readAll() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let chunk = Self.read(descriptor, at: Int64(bytes.count), count: Int(Self.chunkBytes))
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }

    /// Whether what was read is what is kept.
    func isSame(as artifact: Artifact) -> Bool {
        state.withLock { $0.read == artifact.bytes && $0.hash.finalize().hex == artifact.sha256 }
    }

    private static func read(_ descriptor: Int32, at offset: Int64, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
            length = max(0, pread(descriptor, buffer.baseAddress, count, off_t(offset)))
        }
    }
}
