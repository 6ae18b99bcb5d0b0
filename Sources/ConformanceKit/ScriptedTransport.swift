public import HTTPTransport
import Synchronization
import Testing

/// Plays exchanges in the order in which they are written down, and keeps what it was sent.
///
/// An exchange that is not the next one on the list is an issue of the test, and fails before its first byte.
public final class ScriptedTransport: HTTPTransport {
    /// What is expected, and what is answered.
    public struct Exchange: Sendable {
        let method: HTTPRequest.Method
        let url: String
        let answer: Answer

        enum Answer: Sendable {
            case response(status: Int, headers: [(name: String, value: String)], body: [UInt8])
            case failure(TransportFailure)
            case brokenBody(status: Int, TransportFailure)
        }

        /// An exchange that is answered.
        ///
        /// - Parameters:
        ///   - method: The method to expect.
        ///   - url: How the URL begins.
        ///   - status: The status to answer with.
        ///   - headers: The header to answer with.
        ///   - body: The body to answer with.
        /// - Returns: The exchange.
        public static func answered(
            _ method: HTTPRequest.Method,
            _ url: String,
            status: Int,
            headers: [(name: String, value: String)] = [],
            body: String = ""
        ) -> Exchange {
            Exchange(
                method: method,
                url: url,
                answer: .response(status: status, headers: headers, body: Array(body.utf8))
            )
        }

        /// An exchange that gets no answer.
        public static func failed(
            _ method: HTTPRequest.Method,
            _ url: String,
            _ failure: TransportFailure
        ) -> Exchange {
            Exchange(method: method, url: url, answer: .failure(failure))
        }

        /// An exchange whose answer ends before its body does.
        public static func cut(
            _ method: HTTPRequest.Method,
            _ url: String,
            status: Int,
            _ failure: TransportFailure
        ) -> Exchange {
            Exchange(method: method, url: url, answer: .brokenBody(status: status, failure))
        }
    }

    private let state: Mutex<(left: [Exchange], sent: [HTTPRequest])>

    /// Makes a transport that expects exactly these exchanges.
    public init(_ exchanges: [Exchange]) {
        state = Mutex((exchanges, []))
    }

    /// What was sent so far.
    public var requests: [HTTPRequest] { state.withLock { $0.sent } }

    /// How many exchanges have not happened yet: 0 at the end of a test.
    public var exchangesLeft: Int { state.withLock { $0.left.count } }

    /// Plays the next exchange.
    ///
    /// - Throws: What the exchange says, or `noConnection` when another one was expected.
    public func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        guard !options.isSubmit || options.mayStillSend() else {
            throw TransportFailure(.sendWindowPassed, requestReachedPeer: .no, "the send window has passed")
        }
        let next: Exchange? = state.withLock { state in
            state.sent.append(request)
            guard let first = state.left.first, first.method == request.method, request.url.hasPrefix(first.url)
            else { return nil }
            return state.left.removeFirst()
        }
        guard let next else {
            Issue.record("unexpected exchange: \(request.method.rawValue) \(request.url)")
            throw TransportFailure(.noConnection, requestReachedPeer: .no, "not in the script")
        }
        switch next.answer {
        case .failure(let failure): throw failure
        case .response(let status, let headers, let body):
            let rest = Mutex<[UInt8]?>(body)
            return HTTPResponse(
                status: status,
                headers: headers,
                contentLength: Int64(body.count),
                body: HTTPBody { () throws(TransportFailure) in
                    rest.withLock { rest in
                        defer { rest = nil }
                        return rest
                    }
                }
            )
        case .brokenBody(let status, let failure):
            return HTTPResponse(
                status: status,
                headers: [],
                contentLength: 1_000,
                body: HTTPBody { () throws(TransportFailure) in throw failure }
            )
        }
    }
}
