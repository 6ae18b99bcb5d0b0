public import HTTPTransport
import Synchronization

/// A transport whose time-outs a check may shorten, so that nobody waits half a minute for what never comes.
///
/// Without a ``Patience`` it is the transport that it was made of.
public struct ImpatientTransport: HTTPTransport {
    /// How long the exchanges of a check may take, and what they would have taken.
    package final class Patience: Sendable {
        private let secondsMax: Int64
        private let seconds = Mutex<[Int64]>([])

        /// Makes a patience of at most so many seconds for each exchange.
        package init(secondsMax: Int64) { self.secondsMax = secondsMax }

        /// How long each exchange was allowed to be silent by whoever started it, in seconds.
        package var asked: [Int64] { seconds.withLock { $0 } }

        fileprivate func shortened(_ options: ExchangeOptions) -> ExchangeOptions {
            seconds.withLock { $0.append(min(options.totalTimeoutSeconds, options.idleTimeoutSeconds)) }
            var options = options
            options.totalTimeoutSeconds = min(options.totalTimeoutSeconds, secondsMax)
            return options
        }
    }

    /// What shortens the exchanges of the task that it is set in.
    @TaskLocal package static var patience: Patience?

    private let transport: any HTTPTransport

    /// Makes a transport of another.
    public init(_ transport: any HTTPTransport) { self.transport = transport }

    /// Passes an exchange on, shortened where a check asked for that.
    ///
    /// - Throws: What the other transport throws.
    public func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        try await transport.exchange(request, options: Self.patience?.shortened(options) ?? options)
    }
}
