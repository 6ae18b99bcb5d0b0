import NIOCore
import NIOHTTP1

/// Notes whether a client speaks HTTP/1.0, right above the decoder: what the server goes on with has no version.
///
/// Such a client knows neither interim answers (1xx) nor chunks: what has no length ends with its connection.
final class VersionNotes: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Whether any request of the connection was older than HTTP/1.1: so are all of them then.
    private(set) var isOld = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data), (head.version.major, head.version.minor) < (1, 1) {
            isOld = true
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOld, case .head(var head) = unwrapOutboundIn(data), !head.headers.contains(name: "content-length")
        else {
            context.write(data, promise: promise)
            return
        }
        // The encoder makes chunks of what has no length, except in this version.
        head.version = .http1_0
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    /// Takes its place in a connection's pipeline; on its event loop.
    func join(_ pipeline: ChannelPipeline.SynchronousOperations) {
        guard let decoder = try? pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self) else { return }
        try? pipeline.addHandler(self, position: .after(decoder))
    }
}
