import Foundation
public import Generation
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
    private let callbackURL: String?
    private let sendTimeoutSeconds: Int64
    private let record = Mutex(Record())

    /// Makes an attempt at an adapter.
    ///
    /// - Parameters:
    ///   - adapter: What will be asked to submit; the sends go through its transport.
    ///   - externalID: Our id of the attempt.
    ///   - number: The attempt's number.
    ///   - sentAtMilliseconds: When the first send started.
    ///   - inputs: The stored inputs, by hash.
    ///   - callbackURL: Where the provider may call back to.
    ///   - sendTimeoutSeconds: The time for the whole send.
    public init(
        at adapter: any ProviderAdapter,
        externalID: String,
        number: Int = 1,
        sentAtMilliseconds: Int64 = 0,
        inputs: [String: [UInt8]] = [:],
        callbackURL: String? = nil,
        sendTimeoutSeconds: Int64 = 10
    ) {
        transport = adapter.transport
        self.inputs = inputs
        self.callbackURL = callbackURL
        self.sendTimeoutSeconds = sendTimeoutSeconds
        reference = AttemptReference(
            externalID: externalID,
            token: "token-of-\(externalID)-that-nobody-may-see",
            number: number,
            sentAtMilliseconds: sentAtMilliseconds
        )
    }

    /// Where an attempt of a test keeps its media: the system's own temporary folder.
    public static func outputs(
        of reference: AttemptReference,
        watcher: (any OutputWatcher)? = nil
    ) -> AttemptOutputs {
        let folder = FileManager.default.temporaryDirectory.path
        return AttemptOutputs(folder: "\(folder)/mediary-attempts/\(reference.externalID)", watcher: watcher)
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
            callbackURL: callbackURL,
            earlierSends: earlierSends,
            transport: self,
            sendTimeoutSeconds: sendTimeoutSeconds,
            outputs: Self.outputs(of: reference),
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

    /// What a submit would send, its address and its body: it goes nowhere.
    ///
    /// - Parameters:
    ///   - request: What would be asked for.
    ///   - adapter: Who would ask.
    /// - Returns: The address, where it is sent to one, and the body; empty when the adapter did not come so far.
    public func body(of request: GenerationRequest, at adapter: any ProviderAdapter) async -> [UInt8] {
        let seen = Mutex<[UInt8]>([])
        let nowhere = Nowhere()
        let context = AttemptContext(
            reference: reference,
            callbackURL: callbackURL,
            earlierSends: 0,
            transport: nowhere,
            sendTimeoutSeconds: sendTimeoutSeconds,
            outputs: Self.outputs(of: reference),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = self.inputs[stored.sha256] else { throw .notSent(.notFound, "The input is gone.") }
                return bytes
            },
            gate: { (body: [UInt8]) async throws(ProviderFailure) -> SendWindow in
                seen.withLock { $0 = body }
                return SendWindow { true }
            }
        )
        _ = try? await adapter.submit(request, attempt: context)
        return Array((nowhere.url ?? "").utf8) + seen.withLock { $0 }
    }

    /// Notes where a request goes, and reaches nobody.
    private final class Nowhere: HTTPTransport {
        private let seen = Mutex<String?>(nil)
        var url: String? { seen.withLock { $0 } }

        func exchange(
            _ request: HTTPRequest,
            options: ExchangeOptions
        ) async throws(TransportFailure) -> HTTPResponse {
            seen.withLock { $0 = request.url }
            throw TransportFailure(.noConnection, requestReachedPeer: .no, "only the request was asked for")
        }
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
