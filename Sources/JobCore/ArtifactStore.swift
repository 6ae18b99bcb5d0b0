/// Where a file is kept.
///
/// Keys are made by us, from ids and hashes alone; never from what a client named.
public struct ArtifactKey: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The path within the store: parts of `a-z0-9_-.` joined by `/`.
    public let path: String

    /// Names an artifact of a job: the key carries the attempt and the hash, so no writer can replace another's file.
    public static func artifact(job: JobID, attempt: Int, index: Int, sha256: String) -> ArtifactKey {
        ArtifactKey(unchecked: "artifacts/\(job)/\(attempt)-\(index)-\(sha256)")
    }

    /// Names an input by its content.
    public static func input(sha256: String) -> ArtifactKey { ArtifactKey(unchecked: "inputs/\(sha256)") }

    /// Reads a stored key; nil for a path that is not of our making.
    public init?(_ path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard (2...4).contains(parts.count), path.utf8.count <= 300,
            parts.allSatisfy({ part in
                !part.isEmpty && part.first != "."
                    && part.utf8.allSatisfy { byte in
                        (48...57).contains(byte) || (97...122).contains(byte) || byte == 95 || byte == 45 || byte == 46
                    }
            })
        else { return nil }
        self.path = path
    }

    private init(unchecked path: String) { self.path = path }

    /// The path.
    public var description: String { path }

    /// Reads the path.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = ArtifactKey(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an artifact key")
        }
        self = key
    }

    /// Writes the path.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(path)
    }
}

/// Bytes that were received whole, counted and hashed, and are not yet kept under a final name.
public struct SpooledFile: Sendable, Hashable {
    /// Its path on this machine's own disk: for inspection, while it lasts.
    public let path: String
    /// Its length in bytes.
    public let bytes: Int64
    /// SHA-256 of the bytes, hexadecimal.
    public let sha256: String

    /// Describes a spooled file.
    public init(path: String, bytes: Int64, sha256: String) {
        self.path = path
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// What an artifact store says of a stored file.
public struct StoredFile: Sendable, Hashable {
    /// Its key.
    public let key: ArtifactKey
    /// Its length in bytes.
    public let bytes: Int64
    /// When it was kept, or last adopted: until then somebody wanted it.
    public let modifiedAt: Timestamp

    /// Describes a stored file.
    public init(key: ArtifactKey, bytes: Int64, modifiedAt: Timestamp) {
        self.key = key
        self.bytes = bytes
        self.modifiedAt = modifiedAt
    }
}

/// Why an artifact store does not do what was asked.
public enum ArtifactStoreError: Error, Sendable, Equatable {
    /// There is no file under the key.
    case notFound(String)
    /// There is another file under the key: its bytes differ from those that were to be kept.
    case conflict(String)
    /// More bytes arrived than allowed, or fewer than declared.
    case wrongLength(expected: Int64?, found: Int64)
    /// A range outside of the file.
    case invalidRange(bytes: Int64)
    /// The medium failed: full, read-only, gone.
    case failed(String)
}

/// The port behind which artifacts and inputs are kept.
///
/// Bytes flow through in chunks: memory does not grow with a file's length. Every implementation passes
/// `ArtifactStoreConformance` in ConformanceKit.
public protocol ArtifactStore: Sendable {
    /// Receives a stream into a temporary file of this machine, counting and hashing on the way.
    ///
    /// - Parameters:
    ///   - bytesMax: The most bytes accepted.
    ///   - declaredLength: The length the sender declared; fewer or more bytes are refused.
    ///   - next: Gives the next chunk, nil after the last. What it throws is passed on, and nothing stays behind.
    /// - Returns: The file, durable once `keep` returned; to be given to `keep` or `discard`.
    /// - Throws: `wrongLength`, `failed`, or what `next` throws.
    func spool(
        bytesMax: Int64,
        declaredLength: Int64?,
        next: @Sendable () async throws -> [UInt8]?
    ) async throws -> SpooledFile

    /// Keeps a spooled file under its final name, durably: bytes, name and folder are on the medium when it returns.
    ///
    /// Never over an existing file: one with the same bytes is adopted, so that a repeated or stale writer does no
    /// harm. A crash leaves either nothing or the whole file.
    ///
    /// - Throws: `conflict` when the name holds other bytes; `failed`. The spooled file is then still there.
    func keep(_ file: SpooledFile, as key: ArtifactKey) async throws

    /// Removes a spooled file that is not wanted.
    func discard(_ file: SpooledFile) async

    /// The length of a file, or nil when there is none.
    func length(of key: ArtifactKey) async throws -> Int64?

    /// Reads part of a file, chunk by chunk.
    ///
    /// - Parameters:
    ///   - key: The file.
    ///   - range: The bytes wanted; nil for all.
    ///   - chunk: Called with each chunk in order.
    /// - Throws: `notFound`, `invalidRange`, `failed`, or what `chunk` throws.
    func read(
        _ key: ArtifactKey,
        range: Range<Int64>?,
        chunk: @Sendable ([UInt8]) async throws -> Void
    ) async throws

    /// Deletes a file; one that is not there is no error.
    func delete(_ key: ArtifactKey) async throws

    /// Lists every file under a prefix (`artifacts/` or `inputs/`), page by page, for the sweeper and the audit.
    func list(prefix: String, after: ArtifactKey?, limit: Int) async throws -> [StoredFile]

    /// Removes temporary files that no living process can still be writing: left over by a crash.
    func removeLeftovers() async throws
}
