import CCurl
import Foundation
public import HTTPTransport

/// HTTP over libcurl: one thread drives every exchange of one transport, over connections that are kept and used again.
///
/// A paid submit gets a connection of its own, and is sent once: on a kept connection libcurl sends a POST again by
/// itself when the peer closes without an answer, and tells nobody. The thread ends with `shutdown()`, or when nobody
/// holds the transport any more.
public final class CurlTransport: HTTPTransport {
    /// What is the same for all exchanges.
    public struct Settings: Sendable {
        /// The `User-Agent` of requests that name none.
        public var userAgent = "mediary"
        /// The time for name, connection and TLS together, in seconds.
        ///
        /// Defaults to 10.
        public var connectTimeoutSeconds: Int64 = 10
        /// A file of certificates that are trusted, as in `SSL_CERT_FILE`; nil for the system's.
        public var certificateFile: String?
        /// A folder of such certificates, as in `SSL_CERT_DIR`; nil for the system's.
        public var certificateFolder: String?
        /// Names that are not asked for, in libcurl's form `name:port:address`: for tests.
        package var addresses: [String] = []

        /// The defaults.
        public init() {}
    }

    /// The version of libcurl in use.
    public static var libraryVersion: String { curl_version().map { String(cString: $0) } ?? "" }

    /// Once for the process, before anything else of the library.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let commands = CommandQueue()
    private let bootSeconds: @Sendable () -> Double

    /// Makes a transport and starts its thread.
    ///
    /// - Parameters:
    ///   - settings: What is the same for all exchanges.
    ///   - bootSeconds: Seconds on a clock that never goes back: for time-outs.
    public init(_ settings: Settings = Settings(), bootSeconds: @escaping @Sendable () -> Double) {
        self.bootSeconds = bootSeconds
        let commands = commands
        let isReady = Self.isLibraryReady
        Thread.detachNewThread {
            Thread.current.name = "mediary-http"
            let driver = isReady ? CurlDriver(commands, settings: settings, bootSeconds: bootSeconds) : nil
            driver?.run()
            // Also without a library: whoever waits is answered.
            for channel in commands.end() { channel.end(.shutDown) }
        }
    }

    deinit { commands.stop() }

    /// Ends what is under way as `cancelled`, closes every connection, and returns when the thread has ended.
    ///
    /// Later exchanges fail with `noConnection`.
    public func shutdown() async { await commands.stopAndWait() }

    /// Sends a request and returns as soon as the head of the answer is there.
    ///
    /// Cancelling the task ends the exchange, and so does dropping the body unread.
    ///
    /// - Throws: `TransportFailure`, which says whether the request can have reached the peer.
    public func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        let deadline = bootSeconds() + Double(options.totalTimeoutSeconds)
        try request.checkForm()
        try options.reach.check(request.url, requestReachedPeer: .no)
        var hop = Hop(request: request, reach: options.reach)
        var followed = 0
        while true {
            let reader = BodyReader(Channel(commands))
            let head: ResponseHead
            do throws(TransportFailure) {
                head = try await reader.channel.head(
                    of: ExchangeOrder(request: hop.request, reach: hop.reach, options: options, deadline: deadline)
                )
            } catch {
                // The first peer has answered, whatever became of the others.
                throw followed == 0 ? error : TransportFailure(error.kind, requestReachedPeer: .yes, error.detail)
            }
            guard options.redirectsMax > 0, !options.isSubmit, request.method == .get, let location = head.location
            else {
                return HTTPResponse(
                    status: head.status,
                    headers: head.fields,
                    contentLength: head.contentLength,
                    body: HTTPBody { () throws(TransportFailure) in try await reader.next() }
                )
            }
            followed += 1
            guard followed <= options.redirectsMax else {
                throw TransportFailure(
                    .forbidden,
                    requestReachedPeer: .yes,
                    "more than \(options.redirectsMax) redirects"
                )
            }
            hop = try hop.redirected(to: location, first: request, options)
        }
    }
}

/// Holds a body for its reader, and ends the transfer when the reader has gone.
final class BodyReader: Sendable {
    let channel: Channel

    init(_ channel: Channel) { self.channel = channel }

    deinit { channel.abandon() }

    func next() async throws(TransportFailure) -> [UInt8]? { try await channel.next() }
}

extension TransportFailure {
    /// The answer to whatever comes when the thread has ended.
    static let shutDown = TransportFailure(.noConnection, requestReachedPeer: .no, "the transport is shut down")
}
