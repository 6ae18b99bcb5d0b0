import Foundation
import Generation
import HTTPTypes
import JobCore
import JobEngine
import Synchronization

/// The transcripts that jobs have written, to make answers of.
struct TranscriptFiles: Sendable {
    /// The longest transcript that is read, in bytes: many hours of speech with the times of every word.
    private static let bytesMax: Int64 = 64 * 1_048_576

    let artifacts: any ArtifactStore
    /// Where long ones are parsed and written: each takes seconds, and many clients may wait for theirs.
    let work: LongWork

    /// Reads a transcript, and makes an answer of it.
    ///
    /// - Parameters:
    ///   - artifact: The transcript; nil fails.
    ///   - write: Writes the answer.
    /// - Returns: What `write` returns.
    /// - Throws: `APIError` for a transcript that is gone, too long or broken; what the store throws.
    func answer(
        of artifact: Artifact?,
        _ write: @escaping @Sendable (JSONValue) -> [UInt8]
    ) async throws -> [UInt8] {
        guard let artifact, artifact.bytes <= Self.bytesMax else { throw APIError.unexpected }
        let text = CollectedBytes()
        do {
            try await artifacts.read(artifact.key, range: nil) { chunk in text.add(chunk) }
        } catch ArtifactStoreError.notFound {
            throw APIError(.gone, reason: "gone", "What the job made is not there any more.")
        }
        return try await work.done(on: artifact.bytes) {
            // Made by us: what does not parse is broken.
            guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.bytes)) else {
                throw APIError.unexpected
            }
            return write(value)
        }
    }
}

/// A file that is read into memory.
private final class CollectedBytes: Sendable {
    private let all = Mutex<[UInt8]>([])

    var bytes: [UInt8] { all.withLock { $0 } }

    func add(_ chunk: [UInt8]) { all.withLock { $0 += chunk } }
}
