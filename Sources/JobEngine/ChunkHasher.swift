import Cryptography
import Synchronization

/// Hashes and counts chunks that come from a callback.
final class ChunkHasher: Sendable {
    private let state = Mutex((hasher: SHA256(), bytes: Int64(0)))

    func update(_ chunk: [UInt8]) {
        state.withLock { state in
            state.hasher.update(bytes: chunk)
            state.bytes += Int64(chunk.count)
        }
    }

    func finish() -> (hex: String, bytes: Int64) {
        state.withLock { ($0.hasher.finalize().hex, $0.bytes) }
    }
}
