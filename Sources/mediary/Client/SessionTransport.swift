import Foundation
import FoundationNetworking
import Glibc
import HTTPTransport
import Synchronization

/// The transport of the client commands, on Foundation's client: one session for each exchange.
///
/// The service is reached directly: a proxy of the environment sees neither it nor the key.
struct SessionTransport: HTTPTransport {
    init() { setenv("no_proxy", "*", 1) }

    func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        guard let url = URL(string: request.url) else {
            throw TransportFailure(.forbidden, requestReachedPeer: .no, "not a URL")
        }
        var message = URLRequest(url: url)
        message.httpMethod = request.method.rawValue
        for field in request.headers { message.setValue(field.value, forHTTPHeaderField: field.name) }
        if request.method == .post { message.httpBody = Data(request.body) }
        message.timeoutInterval = TimeInterval(options.idleTimeoutSeconds)
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForResource = TimeInterval(options.totalTimeoutSeconds)
        let parts = SessionParts()
        let session = URLSession(configuration: configuration, delegate: parts, delegateQueue: nil)
        let task = session.dataTask(with: message)
        let cancel = Cancellation(task)
        session.finishTasksAndInvalidate()
        task.resume()
        let head = try await parts.next(cancel)
        guard case .head(let status, let headers)? = head else {
            throw TransportFailure(.connectionLost, requestReachedPeer: .unknown, "no head")
        }
        return HTTPResponse(
            status: status,
            headers: headers,
            contentLength: nil,
            body: HTTPBody { () throws(TransportFailure) in
                guard case .chunk(let bytes)? = try await parts.next(cancel) else { return nil }
                return bytes
            }
        )
    }
}

/// Ends a transfer when its reader is cancelled, or has gone.
private final class Cancellation: Sendable {
    private let task: URLSessionDataTask

    init(_ task: URLSessionDataTask) { self.task = task }

    deinit { task.cancel() }

    func callAsFunction() { task.cancel() }
}

/// The parts of one answer as they arrive.
private final class SessionParts: NSObject, URLSessionDataDelegate {
    enum Part: Sendable {
        case head(Int, [(name: String, value: String)])
        case chunk([UInt8])
    }

    private let parts: AsyncThrowingStream<Part, any Error>
    private let continuation: AsyncThrowingStream<Part, any Error>.Continuation

    override init() { (parts, continuation) = AsyncThrowingStream.makeStream(of: Part.self) }

    /// The next part; nil after the last.
    func next(_ cancel: Cancellation) async throws(TransportFailure) -> Part? {
        do {
            return try await withTaskCancellationHandler {
                var iterator = parts.makeAsyncIterator()
                return try await iterator.next()
            } onCancel: {
                cancel()
            }
        } catch {
            let code = (error as? URLError)?.code
            let kind: TransportFailure.Kind =
                switch code {
                case .cannotConnectToHost?, .cannotFindHost?, .dnsLookupFailed?, .secureConnectionFailed?: .noConnection
                case .timedOut?: .timedOut
                case .cancelled?: .cancelled
                case _: .connectionLost
                }
            throw TransportFailure(kind, requestReachedPeer: .unknown, "\(error)")
        }
    }

    func urlSession(
        _ session: URLSession,
        dataTask: URLSessionDataTask,
        didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let response = response as? HTTPURLResponse
        let fields = (response?.allHeaderFields ?? [:]).map { (name: "\($0.key)", value: "\($0.value)") }
        continuation.yield(.head(response?.statusCode ?? 0, fields))
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        continuation.yield(.chunk(Array(data)))
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        continuation.finish(throwing: error)
    }
}
