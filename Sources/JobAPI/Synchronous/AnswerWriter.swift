import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import Logging
import NIOCore

/// Writes the bodies of answers that a job's files are part of.
///
/// A reader that takes nothing for a while is cut off, so that it does not hold a connection and an open file for ever.
struct AnswerWriter: Sendable {
    let artifacts: any ArtifactStore
    /// How long a reader may take nothing.
    let stallSeconds: Double
    let sleep: @Sendable (Double) async throws -> Void
    /// Where answers are made that take long.
    let work: LongWork

    /// The transcripts among them.
    var transcripts: TranscriptFiles { TranscriptFiles(artifacts: artifacts, work: work) }

    /// Fails for a file that is not in the store any more, or not as it was recorded.
    ///
    /// To be called before the head is written: afterwards nothing can be told but by cutting the connection.
    ///
    /// - Throws: `APIError` with status 410 or 500; what the store throws.
    func check(_ parts: [AnswerPart], _ logger: Logger) async throws {
        for artifact in parts.compactMap(\.artifact) {
            guard let length = try await artifacts.length(of: artifact.key) else {
                logger.info("an artifact is asked for that is gone", metadata: ["key": "\(artifact.key)"])
                throw APIError(.gone, reason: "gone", "What the job made is not there any more.")
            }
            guard length == artifact.bytes else {
                logger.error("an artifact is not in the store as recorded", metadata: ["key": "\(artifact.key)"])
                throw APIError.unexpected
            }
        }
    }

    /// A body of parts.
    func body(of parts: [AnswerPart], to connection: ClientConnection, _ context: APIRequestContext) -> ResponseBody {
        ResponseBody(contentLength: parts.length.map { Int($0) }) { writer in
            try await watched(&writer, connection, context) { writer in
                try await write(parts, to: &writer)
            }
            try await writer.finish(nil)
        }
    }

    /// Writes a body, and closes the connection when its reader takes nothing.
    @concurrent func watched(
        _ writer: inout any ResponseBodyWriter,
        _ connection: ClientConnection,
        _ context: APIRequestContext,
        _ write: @concurrent (inout PatientWriter) async throws -> Void
    ) async throws {
        let patience = Patience()
        let (channel, logger) = (context.channel, context.logger)
        var patient = PatientWriter(
            writer: writer,
            patience: patience,
            channel: channel,
            request: connection.request
        )
        try await withThrowingTaskGroup(of: Void.self) { watch in
            watch.addTask {
                try await patience.end(within: stallSeconds, sleep)
                logger.info("an answer is cut off: its reader takes nothing")
                channel.close(promise: nil)
            }
            try await write(&patient)
            watch.cancelAll()
        }
    }

    /// Writes parts, of which the last is the end of the answer.
    ///
    /// - Throws: What `write` of one throws.
    @concurrent func write(_ parts: [AnswerPart], to writer: inout PatientWriter) async throws {
        for part in parts.dropLast() { try await write(part, to: &writer) }
        switch parts.last {
        case .bytes(let bytes)?: try await writer.writeLast(bytes)
        // Which of its bytes are the last is not known before: the client needs the end of the body to know it, too.
        case .file(_)?, .base64(_)?, .chunks(_, _)?: try await write(parts[parts.count - 1], to: &writer)
        case nil: break
        }
    }

    /// Writes a part.
    ///
    /// - Throws: What the store throws, also for a file that is shorter than was recorded; what the connection throws.
    @concurrent func write(_ part: AnswerPart, to writer: inout PatientWriter) async throws {
        switch part {
        case .bytes(let bytes): try await writer.write(bytes)
        case .file(let artifact):
            try await each(of: artifact, to: &writer) { chunk in chunk }
        case .chunks(let artifact, let transform):
            try await each(of: artifact, to: &writer, transform)
        case .base64(let artifact):
            var encoder = Base64Encoder()
            try await each(of: artifact, to: &writer) { chunk in encoder.add(chunk) }
            try await writer.write(encoder.finish())
        }
    }

    @concurrent private func each(
        of artifact: Artifact,
        to writer: inout PatientWriter,
        _ transform: ([UInt8]) -> [UInt8]
    ) async throws {
        let chunks = HandOff<[UInt8]>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { chunks.end() }
                try await artifacts.read(artifact.key, range: nil) { chunk in try await chunks.give(chunk) }
            }
            var read: Int64 = 0
            try await chunks.useAll { chunk in
                read += Int64(chunk.count)
                try await writer.write(transform(chunk))
                return true
            }
            // What the store throws ends the connection: the answer is not whole.
            try await group.waitForAll()
            guard read == artifact.bytes else { throw ArtifactStoreError.notFound(artifact.key.path) }
        }
    }
}

/// Writes to a connection, and tells by each write that its reader takes something.
struct PatientWriter {
    fileprivate var writer: any ResponseBodyWriter
    fileprivate let patience: Patience
    fileprivate let channel: any Channel
    /// The request that is answered.
    fileprivate let request: UInt64
    /// How many bytes the body has so far.
    private var written = 0

    fileprivate init(writer: any ResponseBodyWriter, patience: Patience, channel: any Channel, request: UInt64) {
        self.writer = writer
        self.patience = patience
        self.channel = channel
        self.request = request
    }

    /// Writes bytes; none are not written at all.
    @concurrent mutating func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        patience.writes()
        written += bytes.count
        try await writer.write(ByteBuffer(bytes: bytes))
        patience.hasWritten()
    }

    /// Writes the bytes that the body ends with: with them the answer counts as written.
    @concurrent mutating func writeLast(_ bytes: [UInt8]) async throws {
        let last = LastBytes(request: request, bodyLength: written + bytes.count)
        channel.triggerUserOutboundEvent(last, promise: nil)
        try await write(bytes)
    }
}
