import Hummingbird
import Logging
import NIOCore

/// What goes along with one request.
struct APIRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection it came over: streams end with it.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.channel = source.channel
    }

    /// The request's name in the log and in its answer.
    var requestID: String { logger[metadataKey: "hb.request.id"]?.description ?? RequestID().description }
}
