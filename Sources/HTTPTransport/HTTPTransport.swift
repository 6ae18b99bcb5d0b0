/// One request, whole in memory: provider requests are bounded, and a paid one must be known byte for byte.
public struct HTTPRequest: Sendable, Hashable {
    /// The methods that provider wires use.
    public enum Method: String, Sendable, Hashable {
        /// Reads.
        case get = "GET"
        /// Creates or starts.
        case post = "POST"
        /// Replaces.
        case put = "PUT"
        /// Deletes or cancels.
        case delete = "DELETE"
    }

    /// The method.
    public var method: Method
    /// The absolute URL.
    public var url: String
    /// Header fields in order; names are compared without case.
    public var headers: [(name: String, value: String)] {
        get { fields.map { ($0.name, $0.value) } }
        set { fields = newValue.map { Field(name: $0.name, value: $0.value) } }
    }
    /// The body; empty for none.
    public var body: [UInt8]

    private var fields: [Field]

    private struct Field: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// Makes a request.
    public init(_ method: Method, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.body = body
        self.fields = headers.map { Field(name: $0.name, value: $0.value) }
    }

    /// The first value of a header field, whatever the case of its name.
    public func header(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// The head of an answer, and its body as a stream of chunks.
public struct HTTPResponse: Sendable {
    /// The status code.
    public let status: Int
    /// Header fields in order.
    public let headers: [(name: String, value: String)]
    /// The declared length of the body in bytes; nil when it was not declared.
    public let contentLength: Int64?
    /// The body.
    public let body: HTTPBody

    /// Makes an answer.
    public init(status: Int, headers: [(name: String, value: String)], contentLength: Int64?, body: HTTPBody) {
        self.status = status
        self.headers = headers
        self.contentLength = contentLength
        self.body = body
    }

    /// The first value of a header field, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// A body that is read chunk by chunk, once.
public struct HTTPBody: Sendable {
    private let nextChunk: @Sendable () async throws(TransportFailure) -> [UInt8]?

    /// Makes a body from a function that gives the next chunk, or nil after the last.
    public init(next: @escaping @Sendable () async throws(TransportFailure) -> [UInt8]?) {
        self.nextChunk = next
    }

    /// The next chunk; nil after the last.
    ///
    /// - Throws: `TransportFailure` when the peer closed before the body's declared end.
    public func next() async throws(TransportFailure) -> [UInt8]? { try await nextChunk() }

    /// The whole body, if it has at most `bytesMax` bytes.
    ///
    /// - Throws: `TransportFailure` with `tooLarge` above that, without reading the rest.
    public func collect(bytesMax: Int) async throws(TransportFailure) -> [UInt8] {
        var all: [UInt8] = []
        while let chunk = try await next() {
            guard all.count + chunk.count <= bytesMax else {
                throw TransportFailure(.tooLarge, requestReachedPeer: .yes, "the body exceeds \(bytesMax) bytes")
            }
            all += chunk
        }
        return all
    }
}

/// Whether a request can have reached the peer: what decides if a paid one may be sent again.
public enum Reached: String, Sendable, Codable {
    /// It has: the peer answered.
    case yes
    /// It has not: the failure came before the first byte of the request.
    case no
    /// Nobody can say.
    case unknown
}

/// A request that got no whole answer.
public struct TransportFailure: Error, Sendable {
    /// What went wrong.
    public enum Kind: String, Sendable {
        /// No connection: name, address, TLS.
        case noConnection
        /// The send could not start within its window and was given up unsent.
        case sendWindowPassed
        /// A time-out.
        case timedOut
        /// The connection ended early.
        case connectionLost
        /// More bytes than allowed.
        case tooLarge
        /// The caller was cancelled.
        case cancelled
        /// The address, the scheme or the redirect is not one that this exchange may follow.
        case forbidden
    }

    /// What went wrong.
    public let kind: Kind
    /// Whether the request can have reached the peer.
    public let requestReachedPeer: Reached
    /// For the log.
    public let detail: String

    /// Makes a failure.
    public init(_ kind: Kind, requestReachedPeer: Reached, _ detail: String) {
        self.kind = kind
        self.requestReachedPeer = requestReachedPeer
        self.detail = detail
    }
}

/// Which promises one exchange needs from the transport.
public struct ExchangeOptions: Sendable {
    /// A paid submit: fresh connection, one send, no retry of any kind by the transport.
    public var isSubmit: Bool
    /// Checked after the connection stands and before the first byte: false gives the send up as `sendWindowPassed`.
    public var mayStillSend: @Sendable () -> Bool
    /// The time for the whole exchange, the body's end included, in seconds.
    public var totalTimeoutSeconds: Int64
    /// How long nothing may arrive or be sent, in seconds.
    ///
    /// The time before the answer counts too; the time in which nobody reads what has arrived does not.
    public var idleTimeoutSeconds: Int64 = 60
    /// Where the connection may lead: checked on the very address that the socket connects to.
    ///
    /// Unless it is `anywhere`, the URL must also have the form that `RemoteURL` takes.
    public var reach = NetworkReach.anywhere
    /// Where a redirect to another origin may lead; nil: wherever `reach` does.
    ///
    /// For addresses that the operator wrote down, whose redirects nobody wrote down.
    public var reachOfOtherOrigins: NetworkReach?
    /// How many redirects of a GET are followed, each checked as the first request was; credentials stay with their
    /// origin.
    ///
    /// 0: an answer of 3xx is given back as it is.
    public var redirectsMax = 0
    /// The longest body that is read, in bytes; nil leaves it to the reader, who takes it chunk by chunk.
    ///
    /// The head of the answer is given in any case; reading a longer body fails with `tooLarge`, at once where its length
    /// is declared.
    public var bodyBytesMax: Int64?

    /// Makes options; without arguments those of a read that may be repeated.
    public init(
        isSubmit: Bool = false,
        totalTimeoutSeconds: Int64 = 60,
        mayStillSend: @escaping @Sendable () -> Bool = { true }
    ) {
        self.isSubmit = isSubmit
        self.totalTimeoutSeconds = totalTimeoutSeconds
        self.mayStillSend = mayStillSend
    }
}

/// The port behind which HTTP is spoken.
///
/// An implementation adds nothing by itself: no redirect unless asked, no cookie, no proxy from the environment, and no
/// retry, except of a GET whose kept connection turned out to be closed. With `isSubmit` it uses a connection of its own,
/// asks `mayStillSend` when connected, and sends the bytes exactly once.
public protocol HTTPTransport: Sendable {
    /// Sends a request and returns as soon as the head of the answer is there.
    ///
    /// - Throws: `TransportFailure`, which says whether the request can have reached the peer.
    func exchange(_ request: HTTPRequest, options: ExchangeOptions) async throws(TransportFailure) -> HTTPResponse
}

/// The transport of providers that need no network: every exchange fails before its first byte.
public struct UnavailableTransport: HTTPTransport {
    /// Makes the transport.
    public init() {}

    /// Always throws `noConnection`.
    public func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        throw TransportFailure(.noConnection, requestReachedPeer: .no, "this provider has no network")
    }
}
