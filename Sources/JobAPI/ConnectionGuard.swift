import HTTPTypes
import Hummingbird
import JobEngine
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Stands on each connection below the router, and sees to what can only be done there.
///
/// - A client that asks whether to send its body (`Expect: 100-continue`) is told to, unless it is too large anyway.
/// - An answer given before the body was read ends the connection: the rest of the body is dropped, for a short time
///   and some bytes, so that the client sees the answer and not a reset, and nobody has to read a gigabyte.
/// - What is no HTTP is answered in the form of all errors, with a request id.
/// - A client that waits for its answer is shown that the request is being worked at (`StillProcessing`).
/// - A client of HTTP/1.0 gets no interim answer, which it would take for the answer, and its connection ends where it
///   does not ask to keep it, or where an answer has no length.
/// - An answer that brings a job to its client is told of once it was written to its end, if the client had not closed
///   before: by then an equal request is a new job (``PendingAnswers``).
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How much of an unwanted body is dropped before the connection is cut.
    private static let droppedBytesMax = 1_048_576
    /// How long that may take.
    private static let dropTime = TimeAmount.seconds(2)

    private let bodyBytesMax: Int
    private let answers: PendingAnswers
    private let version = VersionNotes()
    /// The request whose answer is being written, if that brings a job.
    private var pendingAnswer: UInt64?
    /// How far the body of that answer is written.
    private var body = BodyProgress(length: nil)
    /// Requests whose head was read and whose answer is not written to its end.
    private var openRequests = 0
    /// Whether the latest request's body has not arrived to its end.
    private var isBodyOpen = false
    /// Whether the client sends no further request.
    private var isLastRequest = false
    /// Whether the head of an answer is written, and its end is not.
    private var isAnswering = false
    /// Whether the answer that is being written is the connection's last.
    private var isClosing = false
    /// Why the bytes that came are no HTTP.
    private var parseError: HTTPParserError?
    private var isDropping = false
    private var droppedBytes = 0

    init(bodyBytesMax: Int, answers: PendingAnswers) {
        self.bodyBytesMax = bodyBytesMax
        self.answers = answers
    }

    // MARK: Requests

    func handlerAdded(context: ChannelHandlerContext) { version.join(context.pipeline.syncOperations) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard !isDropping else { return drop(part, context) }
        switch part {
        case .head(let head):
            openRequests += 1
            isBodyOpen = true
            let connection = head.headerFields[.connection]?.lowercased()
            isLastRequest = version.isOld ? connection != "keep-alive" : connection == "close"
            if openRequests == 1, isBodyToBeSent(head) {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body: break
        case .end: isBodyOpen = false
        }
        context.fireChannelRead(data)
    }

    private func isBodyToBeSent(_ head: HTTPRequest) -> Bool {
        guard !version.isOld, head.headerFields[.expect]?.lowercased() == "100-continue" else { return false }
        guard let length = head.headerFields[.contentLength] else { return true }
        return Int(length).map { $0 <= bodyBytesMax } ?? false
    }

    private func drop(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head: break
        case .body(let bytes): countDropped(bytes.readableBytes, context)
        case .end: context.close(promise: nil)
        }
    }

    private func countDropped(_ count: Int, _ context: ChannelHandlerContext) {
        droppedBytes += count
        if droppedBytes > Self.droppedBytesMax { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isDropping {
            if let error = error as? ByteToMessageDecoderError, case .dataReceivedInErrorState(_, let bytes) = error {
                countDropped(bytes.readableBytes, context)
            }
            return
        }
        if parseError == nil { parseError = error as? HTTPParserError }
        context.fireErrorCaught(error)
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind == .informational: context.write(data, promise: promise)
        case .head(var head):
            if openRequests == 0, let parseError {
                writeParseError(parseError, context, promise)
                return
            }
            if openRequests == 1, isBodyOpen || isLastRequest || parseError != nil {
                head.headerFields[.connection] = "close"
            }
            if version.isOld, head.headerFields[.contentLength] == nil { head.headerFields[.connection] = "close" }
            isClosing = head.headerFields[.connection] == "close"
            isAnswering = true
            pendingAnswer = head.headerFields[.pendingAnswer].flatMap { UInt64($0) }
            if pendingAnswer != nil { head.headerFields[.pendingAnswer] = nil }
            body = BodyProgress(length: head.headerFields[.contentLength].flatMap { Int($0) })
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body(let bytes):
            // A client that has the last byte has all, and may close before the end is written.
            let isWhole = body.writes(bytes.readableBytes)
            context.write(data, promise: isWhole ? telling(promise, context) : promise)
        case .end:
            openRequests = max(0, openRequests - 1)
            isAnswering = false
            let promise = telling(promise, context)
            guard isClosing else {
                context.write(data, promise: promise)
                return
            }
            writeLast(data, context, promise)
        }
    }

    /// Tells the client that its request is being worked at, unless its answer has begun meanwhile; or takes note of how
    /// long its answer is.
    ///
    /// The promise is kept at once, or broken where the client's version of HTTP knows no such answers.
    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if let last = event as? LastBytes {
            // What is said of another answer than the one that is being written comes too late, and changes nothing.
            if last.request == pendingAnswer { body.ends(at: last.bodyLength) }
            promise?.succeed()
            return
        }
        guard event is StillProcessing else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        guard !version.isOld else {
            promise?.fail(StillProcessing.IsNotUnderstood())
            return
        }
        // Requests are answered in their order: the one that is worked at is the first that has no answer.
        guard openRequests > 0, !isAnswering, !isDropping else {
            promise?.succeed()
            return
        }
        let head = HTTPResponse(status: .init(code: 102, reasonPhrase: "Processing"))
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        promise?.succeed()
    }

    /// What is to be kept when the end of an answer is written: the promise of its writer, and ours to tell of the job.
    ///
    /// A client that has closed before is not answered, though the system may take the bytes. One that refuses them at
    /// once had closed in the very moment.
    private func telling(
        _ promise: EventLoopPromise<Void>?,
        _ context: ChannelHandlerContext
    ) -> EventLoopPromise<Void>? {
        guard let request = pendingAnswer else { return promise }
        pendingAnswer = nil
        let channel = context.channel
        guard case .isThere = PeerState(of: channel) else { return promise }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.cascade(to: promise)
        written.futureResult.assumeIsolated().whenSuccess { [answers] in
            if case .hasReset = PeerState(of: channel) { return }
            answers.answered(request)
        }
        return written
    }

    /// Puts the form of all errors in the place of the server's own bare answer to what it cannot parse.
    private func writeParseError(
        _ error: HTTPParserError,
        _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>?
    ) {
        let answer = APIError.unparsable(error)
        let body = answer.body
        var head = HTTPResponse(status: answer.status)
        head.headerFields[.contentType] = "application/json"
        head.headerFields[.contentLength] = String(body.count)
        head.headerFields[.connection] = "close"
        head.headerFields[.requestID] = RequestID().description
        isClosing = true
        isBodyOpen = true
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: promise)
    }

    /// Writes the end of the last answer, and closes once it is out.
    private func writeLast(_ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        isDropping = true
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.cascade(to: promise)
        written.futureResult.assumeIsolated().whenComplete { _ in self.finish(context) }
        context.writeAndFlush(data, promise: written)
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard isBodyOpen else {
            context.close(promise: nil)
            return
        }
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.dropTime) { context.close(promise: nil) }
    }
}

extension APIError {
    /// What arrived is no HTTP, or its headers are too large.
    static func unparsable(_ error: HTTPParserError) -> APIError {
        error == .headerOverflow
            ? APIError(
                .requestHeaderFieldsTooLarge,
                reason: "headers_too_large",
                "The headers of the request are too large."
            )
            : APIError(.badRequest, reason: "malformed_http", "The request is not valid HTTP.")
    }
}
