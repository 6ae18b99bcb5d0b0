import Generation
import HTTPTypes
import Hummingbird
import JobCore
import NIOCore
import Synchronization

/// How much a form may hold.
struct MultipartLimits: Sendable {
    /// How many parts there may be.
    ///
    /// Defaults to 100.
    var partsMax = 100
    /// The longest text, in bytes.
    ///
    /// Defaults to 1 MiB.
    var fieldBytesMax = 1_048_576
    /// The most bytes of all texts together.
    ///
    /// Defaults to 4 MiB.
    var fieldsBytesMax = 4 * 1_048_576
    /// The longest file, in bytes.
    var fileBytesMax: Int64
    /// How many files there may be.
    var filesMax: Int
}

/// What came in a form: texts in memory, files on disk.
struct MultipartForm: Sendable {
    /// A text, by the name of its part.
    struct Field: Sendable {
        let name: String
        let value: String
    }

    /// A file, by the name of its part.
    struct File: Sendable {
        let part: MultipartPart
        let file: SpooledFile

        /// The name of its part.
        var name: String { part.name }
    }

    /// The texts, in the order they came.
    var fields: [Field] = []
    /// The files, in the order they came.
    var files: [File] = []
}

/// Reads `multipart/form-data` bodies: texts into memory, files to the disk as they arrive, so that memory does not grow
/// with their length.
struct MultipartReader: Sendable {
    /// The bounds of bytes and time that every body has.
    let bodies: BodyReader
    /// Where files are spooled.
    let artifacts: any ArtifactStore
    /// Fails where so many bytes more must not be spooled.
    let requireRoom: @Sendable (Int64) throws -> Void

    /// Whether a request says that its body is a form.
    static func isMultipart(_ headers: HTTPFields) -> Bool {
        let type = (headers[.contentType] ?? "").prefix { $0 != ";" }
        return type.filter { $0 != " " && $0 != "\t" }.lowercased() == "multipart/form-data"
    }

    /// Reads a form, and hands it to whoever makes something of it.
    ///
    /// Files that were not kept by then are removed afterwards, whatever comes of it; a crash leaves them to the store's
    /// next start.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - limits: How much it may hold.
    ///   - use: What is done with the form.
    /// - Returns: What `use` returns.
    /// - Throws: `RequestProblem` for what is no form, or has a part that is not allowed; `APIError` for one that is too
    ///   large, too slow or not whole; what `requireRoom` throws, before a file is spooled; what the store throws; what
    ///   `use` throws.
    func withForm<Result>(
        of request: Request,
        _ limits: MultipartLimits,
        _ use: (MultipartForm) async throws -> Result
    ) async throws -> Result {
        let form = try await form(of: request, limits)
        do {
            let result = try await use(form)
            await discard(form)
            return result
        } catch {
            await discard(form)
            throw error
        }
    }

    private func discard(_ form: MultipartForm) async {
        for file in form.files { await artifacts.discard(file.file) }
    }

    private func form(of request: Request, _ limits: MultipartLimits) async throws -> MultipartForm {
        let boundary = try boundary(request.headers)
        let source = MultipartSource(boundary, try bodies.progress(of: request.headers))
        let body = request.body
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await source.pump(body) }
            defer { group.cancelAll() }
            return try await form(source, limits)
        }
    }

    private func boundary(_ headers: HTTPFields) throws -> String {
        try BodyReader.checkEncoding(headers)
        guard Self.isMultipart(headers), let value = HeaderValue(headers[.contentType] ?? "") else {
            throw BodyReader.unsupportedType("The Content-Type must be multipart/form-data with a boundary.")
        }
        guard let boundary = value["boundary"], (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), boundary.last != " "
        else {
            throw RequestProblem(
                .invalidValue,
                field: "Content-Type",
                "The Content-Type multipart/form-data needs a `boundary` of 1 to 70 characters."
            )
        }
        return boundary
    }

    private func form(_ source: MultipartSource, _ limits: MultipartLimits) async throws -> MultipartForm {
        var form = MultipartForm()
        var fieldsBytes = 0
        do {
            while let event = try await source.next() {
                // Between parts there is nothing but the beginning of another.
                guard case .part(let part) = event else { continue }
                guard form.fields.count + form.files.count < limits.partsMax else {
                    throw MultipartParser.problem("it has more than \(limits.partsMax) parts.")
                }
                if part.isFile {
                    form.files.append(.init(part: part, file: try await file(part, source, form, limits)))
                } else {
                    let left = min(limits.fieldBytesMax, limits.fieldsBytesMax - fieldsBytes)
                    let text = try await text(part, source, left)
                    fieldsBytes += text.utf8.count
                    form.fields.append(.init(name: part.name, value: text))
                }
            }
            return form
        } catch {
            await discard(form)
            throw error
        }
    }

    private func text(_ part: MultipartPart, _ source: MultipartSource, _ bytesMax: Int) async throws -> String {
        let field = RequestProblem.shortened(part.name)
        var bytes: [UInt8] = []
        while let chunk = try await source.content() {
            guard bytes.count + chunk.count <= bytesMax else {
                throw BodyReader.tooLarge("`\(field)` is longer than \(bytesMax) bytes, the most that is taken.", field)
            }
            bytes += chunk
        }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw RequestProblem(
                .invalidValue,
                field: part.name,
                "`\(field)` is not text in UTF-8. A file needs a `filename` in its Content-Disposition."
            )
        }
        return text
    }

    private func file(
        _ part: MultipartPart,
        _ source: MultipartSource,
        _ form: MultipartForm,
        _ limits: MultipartLimits
    ) async throws -> SpooledFile {
        let field = RequestProblem.shortened(part.name)
        guard form.files.count < limits.filesMax else {
            throw RequestProblem(
                .invalidValue,
                field: part.name,
                limits.filesMax == 0
                    ? "`\(field)` is a file; none is taken here."
                    : "`\(field)` is one of more than \(limits.filesMax) files, the most that are taken."
            )
        }
        // What is received lies on the disk before the request is looked at: room is asked for before. The declared length
        // is that of all files; once the first is there, its bytes are missing from the disk's.
        try requireRoom(form.files.isEmpty ? Int64(source.declaredLength ?? 0) : 0)
        do {
            let file = try await artifacts.spool(bytesMax: limits.fileBytesMax, declaredLength: nil) {
                try await source.content()
            }
            guard file.bytes > 0 else {
                await artifacts.discard(file)
                throw RequestProblem(.invalidValue, field: part.name, "`\(field)` is an empty file.")
            }
            guard file.bytes <= limits.fileBytesMax else {
                await artifacts.discard(file)
                throw ArtifactStoreError.wrongLength(expected: nil, found: file.bytes)
            }
            return file
        } catch ArtifactStoreError.wrongLength {
            throw BodyReader.tooLarge(
                "`\(field)` is larger than \(limits.fileBytesMax) bytes, the most that is taken.",
                field
            )
        }
    }
}

/// The parts of one body as they arrive.
///
/// The body is read by the task that runs `pump`, one chunk whenever somebody waits for one.
private final class MultipartSource: Sendable {
    private struct State {
        var parser: MultipartParser
        var progress: BodyReader.Progress
    }

    /// The length that the client declared of the whole body.
    let declaredLength: Int?
    private let state: Mutex<State>
    private let chunks: AsyncThrowingStream<ByteBuffer, any Error>
    private let chunksContinuation: AsyncThrowingStream<ByteBuffer, any Error>.Continuation
    private let wishes: AsyncStream<Void>
    private let wishesContinuation: AsyncStream<Void>.Continuation

    init(_ boundary: String, _ progress: BodyReader.Progress) {
        declaredLength = progress.declared
        state = Mutex(State(parser: MultipartParser(boundary: boundary), progress: progress))
        (chunks, chunksContinuation) = AsyncThrowingStream.makeStream()
        (wishes, wishesContinuation) = AsyncStream.makeStream()
    }

    /// Reads the body as it is asked for; ends with it, or when cancelled.
    @concurrent func pump(_ body: RequestBody) async {
        var iterator = body.makeAsyncIterator()
        do {
            for await _ in wishes {
                guard let chunk = try await iterator.next() else { break }
                chunksContinuation.yield(chunk)
            }
            chunksContinuation.finish()
        } catch {
            chunksContinuation.finish(throwing: error)
        }
    }

    /// The next event; nil at the end of the body.
    ///
    /// - Throws: `RequestProblem`, `APIError`, or what the connection throws.
    func next() async throws -> MultipartParser.Event? {
        while true {
            if let event = try state.withLock({ try $0.parser.next() }) { return event }
            wishesContinuation.yield()
            var iterator = chunks.makeAsyncIterator()
            guard let chunk = try await iterator.next() else {
                try Task.checkCancellation()
                try state.withLock { state in
                    try state.progress.finish()
                    guard state.parser.isComplete else {
                        throw MultipartParser.problem("it ends before its last boundary.")
                    }
                }
                return nil
            }
            try state.withLock { state in
                try state.progress.add(chunk.readableBytes)
                state.parser.add(chunk.readableBytesView)
            }
        }
    }

    /// The next bytes of the part that has begun; nil at its end.
    ///
    /// - Throws: What `next` throws.
    func content() async throws -> [UInt8]? {
        guard case .bytes(let bytes)? = try await next() else { return nil }
        return bytes
    }
}
