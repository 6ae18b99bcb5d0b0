import Foundation
import Generation
import HTTPTransport
import JobCore
import MediaInspection
import ProviderKit
import Synchronization

/// Why an output cannot be taken as it is.
struct OutputProblem: Error, CustomStringConvertible {
    /// For the client.
    let message: String
    /// For the log.
    let description: String
}

/// Brings one output of a provider into a temporary file of ours, and checks it whole.
struct ArtifactFetcher: Sendable {
    /// The longest output that is taken, in bytes: 8 GiB.
    private static let bytesMax: Int64 = 8 << 30
    private static let chunkBytes = 256 * 1_024

    let artifacts: any ArtifactStore
    let transport: any HTTPTransport

    /// Receives and checks an output.
    ///
    /// - Throws: `OutputProblem` when the output is not there, truncated, malformed or of another type; what the store
    ///   throws when it cannot write.
    func fetch(_ output: ProviderOutput, for type: GenerationType) async throws -> (SpooledFile, MediaFacts) {
        let file: SpooledFile
        do {
            switch output.location {
            case .url(let url): file = try await fetch(url)
            case .file(let path): file = try await copy(path)
            }
        } catch ArtifactStoreError.wrongLength(let expected, let found) {
            throw OutputProblem(
                message: "The provider's output was truncated.",
                description: "expected \(expected.map(String.init) ?? "at most \(Self.bytesMax)") bytes, got \(found)"
            )
        } catch let failure as TransportFailure {
            throw OutputProblem(
                message: "The provider's output could not be fetched.",
                description: "\(failure.kind.rawValue): \(failure.detail)"
            )
        }
        do {
            let facts = try MediaInspector.inspect(path: file.path)
            guard facts.mediaType.kind == Self.kind(of: type) else {
                throw OutputProblem(
                    message: "The provider's output is \(facts.mediaType.rawValue), not \(type.rawValue).",
                    description: "found \(facts.mediaType.rawValue)"
                )
            }
            return (file, facts)
        } catch let problem as MediaProblem {
            await artifacts.discard(file)
            // Our own disk, and no fault of the output.
            if case .unreadable = problem { throw problem }
            throw OutputProblem(message: "The provider's output is not whole.", description: "\(problem)")
        } catch {
            await artifacts.discard(file)
            throw error
        }
    }

    private func fetch(_ url: String) async throws -> SpooledFile {
        let response = try await transport.exchange(
            HTTPRequest(.get, url),
            options: ExchangeOptions(totalTimeoutSeconds: 3_600)
        )
        guard response.status == 200 else {
            throw OutputProblem(
                message: "The provider's output could not be fetched.",
                description: "status \(response.status)"
            )
        }
        let body = response.body
        return try await artifacts.spool(
            bytesMax: Self.bytesMax,
            declaredLength: response.contentLength,
            next: { try await body.next() }
        )
    }

    /// Copies a file that an adapter on this machine made.
    ///
    /// Short reads, so that no thread is held for long.
    private func copy(_ path: String) async throws -> SpooledFile {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw OutputProblem(message: "The output is gone.", description: "no file")
        }
        let source = FileSource(handle)
        return try await artifacts.spool(bytesMax: Self.bytesMax, declaredLength: try source.length()) {
            try source.next(Self.chunkBytes)
        }
    }

    private static func kind(of type: GenerationType) -> MediaType.Kind? {
        switch type {
        case .video: .video
        case .image: .image
        case .speech, .music, .sound: .audio
        case .transcription: nil
        }
    }
}

/// Reads a file chunk by chunk.
private final class FileSource: Sendable {
    private let handle: Mutex<FileHandle>

    init(_ handle: sending FileHandle) { self.handle = Mutex(handle) }

    func length() throws -> Int64 {
        try handle.withLock { handle in
            let end = try handle.seekToEnd()
            try handle.seek(toOffset: 0)
            return Int64(clamping: end)
        }
    }

    func next(_ count: Int) throws -> [UInt8]? {
        try handle.withLock { handle in
            guard let data = try handle.read(upToCount: count), !data.isEmpty else {
                try handle.close()
                return nil
            }
            return Array(data)
        }
    }
}
