import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import Logging
import MediaInspection
import NIOCore
import Synchronization

/// The route that serves what a job made: whole or in part, in chunks, so that memory does not grow with its length.
///
/// A reader that takes nothing for a while is cut off, so that it does not hold a connection and an open file for ever.
struct ArtifactRoutes: Sendable {
    let service: JobService
    let artifacts: any ArtifactStore
    let authenticator: Authenticator
    /// What opens an artifact besides a key.
    let links: SignedLinks
    /// How long a reader may take nothing.
    let stallSeconds: Double
    let sleep: @Sendable (Double) async throws -> Void
    let now: @Sendable () -> Timestamp

    func add(to routes: inout RouteTable) {
        routes.get(
            "api/v1/jobs/:id/artifacts/:index",
            .init(
                id: "getArtifact",
                tag: .jobs,
                summary: "Fetch what a job made",
                details: "With a key, or by a signed link that an answer has given.",
                isOpen: true,
                checksKey: true,
                parameters: [
                    .jobID, .path("index", .count, "The `index` of the artifact."),
                    .query("expires", .count, "Of a signed link: until when it is good, in seconds since 1970."),
                    .query("signature", .string(pattern: "^[0-9a-f]{64}$"), "Of a signed link: the proof."),
                ] + Self.conditions,
                answers: Self.answers,
                errors: [403, 404, 409, 410, 416]
            )
        ) { request, context in try await artifact(request, context) }
    }

    /// The headers by which a part, or only news, can be asked for.
    static let conditions: [RouteDescription.Parameter] = [
        .header("Range", .string(), "One range of bytes; what is no such range is passed over."),
        .header("If-Range", .string(), "The ETag for which the range is meant."),
        .header("If-None-Match", .string(), "ETags that you have already."),
    ]

    /// The answers that a file can be given in.
    static let answers: [Int: RouteDescription.Answer] = {
        let headers: [RouteDescription.Header] = [
            .init(
                name: "ETag",
                schema: .string(pattern: "^\"[0-9a-f]{64}\"$"),
                about: "The SHA-256 of the whole file."
            ),
            .init(name: "Accept-Ranges", schema: .const("bytes"), about: "Parts can be asked for."),
        ]
        let name = RouteDescription.Header(
            name: "Content-Disposition",
            schema: .string(min: 1),
            about: "A file's name."
        )
        let part = RouteDescription.Header(
            name: "Content-Range",
            schema: .string(min: 1),
            about: "Which bytes these are."
        )
        let mediaTypes = MediaType.allCases.map(\.rawValue)
        return [
            200: .bytes(mediaTypes, "The whole file.", headers: headers + [name]),
            206: .bytes(mediaTypes, "The part that was asked for.", headers: headers + [name, part]),
            304: .empty("You have it already.", headers: headers),
        ]
    }()

    private func artifact(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let index = context.parameters.get("index").flatMap { QueryReader.wholeNumber($0) }
        let job = try await job(request, context, index)
        let made = try await service.artifacts(of: job)
        return try await serve(try Self.artifact(index, of: job, made), of: job, request, context)
    }

    /// The job that the path names, which a key or a signed link opens.
    private func job(_ request: Request, _ context: APIRequestContext, _ index: Int64?) async throws -> Job {
        var query = try QueryReader(request.uri.query)
        let expires = try query.integer("expires", in: 0...Int64.max)
        guard let signature = query.string("signature") else {
            let key = try await authenticator.key(of: request)
            try query.finish()
            let id = try context.jobID
            guard let job = try await service.plainJob(id, workspace: key.workspace) else { throw APIError.noSuchJob }
            return job
        }
        try query.finish()
        let id = try context.jobID
        try links.check(index ?? -1, id, expires: expires ?? 0, signature: signature)
        guard let job = try await service.plainJob(id) else { throw APIError.noSuchJob }
        return job
    }

    /// Answers with a file of a completed job: whole, in part, or with what stands in the way of that.
    ///
    /// - Throws: `APIError`: 410 for a file that is not there any more, 416 for a part that is not there; what the store throws.
    func serve(
        _ artifact: Artifact,
        of job: Job,
        _ request: Request,
        _ context: APIRequestContext
    ) async throws -> Response {
        var headers = Self.headers(of: artifact, job.id)
        if Self.isKnown(artifact, to: request.headers) {
            headers[.contentType] = nil
            headers[.contentDisposition] = nil
            return Response(status: .notModified, headers: headers)
        }
        guard let length = try await artifacts.length(of: artifact.key) else {
            guard !isPastRetention(job) else {
                throw APIError(.gone, reason: "expired", "The artifact was kept for as long as was asked, and is gone.")
            }
            // Asking again will not bring it back, which a 500 would suggest.
            context.logger.error("an artifact is missing in the store", metadata: ["key": "\(artifact.key)"])
            throw APIError(.gone, reason: "gone", "The artifact is not there any more.")
        }
        guard length == artifact.bytes else {
            context.logger.error("an artifact is not in the store as recorded", metadata: ["key": "\(artifact.key)"])
            throw APIError.unexpected
        }
        switch Self.range(of: artifact, request) {
        case .whole:
            return Response(status: .ok, headers: headers, body: body(artifact, 0..<artifact.bytes, context))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(artifact.bytes)"
            return Response(status: .partialContent, headers: headers, body: body(artifact, range, context))
        case .unsatisfiable:
            throw APIError(
                .rangeNotSatisfiable,
                reason: "range_not_satisfiable",
                param: "Range",
                headers: [.contentRange: "bytes */\(artifact.bytes)", .acceptRanges: "bytes"],
                "The artifact has \(artifact.bytes) bytes."
            )
        }
    }

    /// Whether the time is over for which the client wanted the artifacts kept.
    private func isPastRetention(_ job: Job) -> Bool {
        guard let days = job.admitted.parameters.retentionDays, let finishedAt = job.finishedAt else { return false }
        return finishedAt.adding(seconds: Double(days) * 86_400) <= now()
    }

    private static func artifact(_ index: Int64?, of job: Job, _ made: [Artifact]) throws(APIError) -> Artifact {
        // One that was given up may have something all the same, which came late.
        guard job.state.name == .completed || !made.isEmpty else {
            throw APIError(
                .conflict,
                reason: "not_completed",
                "The job is \(JobWire.Status(job.state.name).rawValue); artifacts are there once it is completed."
            )
        }
        guard let artifact = made.first(where: { Int64($0.index) == index }) else {
            throw APIError(.notFound, reason: "unknown_artifact", "The job has no such artifact.")
        }
        return artifact
    }

    // MARK: Headers

    private static func headers(of artifact: Artifact, _ id: JobID) -> HTTPFields {
        let ending = ArtifactType.fileExtension(of: artifact.mediaType)
        return [
            .contentType: artifact.mediaType,
            .contentDisposition: "inline; filename=\"\(id)-\(artifact.index).\(ending)\"",
            .acceptRanges: "bytes",
            .eTag: tag(of: artifact),
            // What is under an address never changes; that somebody may read it can.
            .cacheControl: "private, no-cache",
            .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: "sandbox",
        ]
    }

    private static func tag(of artifact: Artifact) -> String { "\"\(artifact.sha256)\"" }

    private static func isKnown(_ artifact: Artifact, to headers: HTTPFields) -> Bool {
        guard let known = headers[.ifNoneMatch] else { return false }
        return known.split(separator: ",").contains { entry in
            let tag = entry.filter { $0 != " " && $0 != "\t" }
            return tag == "*" || tag == self.tag(of: artifact) || tag == "W/" + self.tag(of: artifact)
        }
    }

    /// The part that is asked for.
    ///
    /// `If-Range` with another tag, or with a date, asks for the whole.
    private static func range(of artifact: Artifact, _ request: Request) -> ByteRange {
        guard request.method == .get, request.headers[values: .range].count == 1 else { return .whole }
        if let condition = request.headers[.ifRange], condition != tag(of: artifact) { return .whole }
        return ByteRange(request.headers[.range], length: artifact.bytes)
    }

    // MARK: Bytes

    private func body(_ artifact: Artifact, _ range: Range<Int64>, _ context: APIRequestContext) -> ResponseBody {
        let (channel, logger) = (context.channel, context.logger)
        return ResponseBody(contentLength: Int(range.count)) { writer in
            let patience = Patience()
            try await withThrowingTaskGroup(of: Void.self) { watch in
                watch.addTask {
                    try await patience.end(within: stallSeconds, sleep)
                    logger.info("a download is cut off: its reader takes nothing", metadata: ["key": "\(artifact.key)"])
                    channel.close(promise: nil)
                }
                try await send(artifact, range, to: &writer, patience)
                watch.cancelAll()
            }
            try await writer.finish(nil)
        }
    }

    private func send(
        _ artifact: Artifact,
        _ range: Range<Int64>,
        to writer: inout any ResponseBodyWriter,
        _ patience: Patience
    ) async throws {
        let chunks = HandOff<[UInt8]>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { chunks.end() }
                try await artifacts.read(artifact.key, range: range) { chunk in try await chunks.give(chunk) }
            }
            var written: Int64 = 0
            try await chunks.useAll { chunk in
                written += Int64(chunk.count)
                patience.writes()
                try await writer.write(ByteBuffer(bytes: chunk))
                patience.hasWritten()
                return true
            }
            // What the store throws ends the connection: the length that was promised is not reached.
            try await group.waitForAll()
            guard written == Int64(range.count) else { throw ArtifactStoreError.notFound(artifact.key.path) }
        }
    }
}

/// Tells a reader that is slow from one that takes nothing.
///
/// Only the time that one write takes counts: that the store is slow is not the reader's doing.
final class Patience: Sendable {
    /// How often a write is looked at before its reader is given up.
    private static let looksMax = 4

    private struct State {
        var isWriting = false
        var looks = 0
    }

    private let state = Mutex(State())

    func writes() { state.withLock { $0 = State(isWriting: true) } }

    func hasWritten() { state.withLock { $0 = State() } }

    /// Returns once a write has taken so many seconds, give or take a quarter.
    func end(within seconds: Double, _ sleep: @Sendable (Double) async throws -> Void) async throws {
        while true {
            try await sleep(seconds / Double(Self.looksMax))
            let looks = state.withLock { state in
                if state.isWriting { state.looks += 1 }
                return state.looks
            }
            // The first look came some part of an interval after the start.
            if looks > Self.looksMax { return }
        }
    }
}
