import Generation
public import HTTPTransport
public import ProviderKit
import Synchronization

/// One attempt as the engine would hand it to an adapter, which counts what is done with it.
public final class TestAttempt: HTTPTransport {
    /// What identifies the attempt.
    public let reference: AttemptReference

    private struct Record {
        var commits: [[UInt8]] = []
        var submits: [HTTPRequest] = []
    }

    private let transport: any HTTPTransport
    private let inputs: [String: [UInt8]]
    private let record = Mutex(Record())

    /// Makes an attempt at an adapter.
    ///
    /// - Parameters:
    ///   - adapter: What will be asked to submit; the sends go through its transport.
    ///   - externalID: Our id of the attempt.
    ///   - number: The attempt's number.
    ///   - sentAtMilliseconds: When the first send started.
    ///   - inputs: The stored inputs, by hash.
    public init(
        at adapter: any ProviderAdapter,
        externalID: String,
        number: Int = 1,
        sentAtMilliseconds: Int64 = 0,
        inputs: [String: [UInt8]] = [:]
    ) {
        transport = adapter.transport
        self.inputs = inputs
        reference = AttemptReference(
            externalID: externalID,
            token: "token-of-\(externalID)-that-nobody-may-see",
            number: number,
            sentAtMilliseconds: sentAtMilliseconds
        )
    }

    /// What was committed before each send: more than one is a bug of the adapter.
    public var commits: [[UInt8]] { record.withLock { $0.commits } }
    /// The paid requests that were sent.
    public var submits: [HTTPRequest] { record.withLock { $0.submits } }

    /// The attempt as the adapter sees it.
    ///
    /// - Parameters:
    ///   - earlierSends: How often it was sent before.
    ///   - isWindowOpen: Whether the send may still start after the commit.
    ///   - refusal: What the gate throws instead of committing.
    /// - Returns: The context for one submit.
    public func context(
        earlierSends: Int = 0,
        isWindowOpen: Bool = true,
        refusal: ProviderFailure? = nil
    ) -> AttemptContext {
        AttemptContext(
            reference: reference,
            callbackURL: nil,
            earlierSends: earlierSends,
            transport: self,
            sendTimeoutSeconds: 10,
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = self.inputs[stored.sha256] else {
                    throw ProviderFailure(
                        .notFound,
                        retry: .never,
                        billing: .notCharged,
                        requestReachedProvider: .no,
                        message: "The input is gone."
                    )
                }
                return bytes
            },
            gate: { (body: [UInt8]) async throws(ProviderFailure) -> SendWindow in
                if let refusal { throw refusal }
                self.record.withLock { $0.commits.append(body) }
                return SendWindow { isWindowOpen }
            }
        )
    }

    /// Passes an exchange on to the adapter's transport, and counts it.
    ///
    /// - Throws: What that transport throws.
    public func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        // A send whose window has closed is passed on too: giving it up is the transport's part.
        if options.isSubmit, options.mayStillSend() {
            record.withLock { $0.submits.append(request) }
        }
        return try await transport.exchange(request, options: options)
    }
}
