public import Generation
public import HTTPTransport
import Synchronization

/// One attempt as an adapter sees it: who it is, what it may read, and the one paid send.
///
/// Token exchanges, uploads and look-ups go through the adapter's transport before the send and may be retried: a crash
/// there means that nothing was sent. From the commit of `sending` on, nothing here sends a second time.
public final class AttemptContext: Sendable {
    /// The most that all inputs of one request may have together, in bytes: as base64 that is 64 MB, more than any of the
    /// wires takes, and what one send may cost in memory.
    public static let inputBytesMax: Int64 = 48_000_000

    /// What identifies the attempt toward the provider.
    public let reference: AttemptReference
    /// Where the provider may call back to; nil when callbacks cannot reach us.
    public let callbackURL: String?
    /// How often this attempt was sent before: above 0 only for a resend of class A or A'.
    public let earlierSends: Int

    let outputs: AttemptOutputs
    private let gate: @Sendable (_ body: [UInt8]) async throws(ProviderFailure) -> SendWindow
    private let input: @Sendable (StoredInput) async throws(ProviderFailure) -> [UInt8]
    private let transport: any HTTPTransport
    private let sendTimeoutSeconds: Int64
    private let used = Mutex(false)
    private let inputBytes = Mutex<Int64>(0)
    private let committed = Mutex(false)

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - reference: What identifies the attempt.
    ///   - callbackURL: Where the provider may call back to.
    ///   - earlierSends: How often the attempt was sent before.
    ///   - transport: What the send goes through.
    ///   - sendTimeoutSeconds: The time for the whole exchange.
    ///   - outputs: Where media go that only the answer to the submit carries.
    ///   - input: Reads a stored input.
    ///   - gate: Commits `sending` with the body's hash under the job's epoch. Throws when this worker may not send.
    public init(
        reference: AttemptReference,
        callbackURL: String?,
        earlierSends: Int,
        transport: any HTTPTransport,
        sendTimeoutSeconds: Int64,
        outputs: AttemptOutputs,
        input: @escaping @Sendable (StoredInput) async throws(ProviderFailure) -> [UInt8],
        gate: @escaping @Sendable (_ body: [UInt8]) async throws(ProviderFailure) -> SendWindow
    ) {
        self.reference = reference
        self.callbackURL = callbackURL
        self.earlierSends = earlierSends
        self.transport = transport
        self.sendTimeoutSeconds = sendTimeoutSeconds
        self.outputs = outputs
        self.input = input
        self.gate = gate
    }

    /// Whether `sending` was committed: from then on the provider may have the request.
    public var didCommitSending: Bool { committed.withLock { $0 } }

    /// The bytes of a stored input.
    ///
    /// - Throws: `notFound` when it is gone from storage, `unavailable` when storage cannot be read; `invalidRequest` when
    ///   all inputs together are more than `inputBytesMax`.
    public func bytes(of stored: StoredInput) async throws(ProviderFailure) -> [UInt8] {
        let total = inputBytes.withLock { total in
            total += stored.bytes
            return total
        }
        guard total <= Self.inputBytesMax else {
            throw .notSent(
                .invalidRequest,
                "The references have more than \(Self.inputBytesMax) bytes together, which no request carries."
            )
        }
        return try await input(stored)
    }

    /// The paid request: commits `sending`, then sends once over a connection of its own.
    ///
    /// - Parameter request: The request; an `Idempotency-Key` with the attempt's token is added unless there is one.
    /// - Returns: The provider's answer, whatever its status.
    /// - Throws: `ProviderFailure`, which says whether the request can have reached the provider.
    public func send(_ request: HTTPRequest) async throws(ProviderFailure) -> HTTPResponse {
        var request = request
        if request.header("Idempotency-Key") == nil {
            request.headers.append((name: "Idempotency-Key", value: reference.token))
        }
        let window = try await commit(request.body)
        var options = ExchangeOptions(
            isSubmit: true,
            totalTimeoutSeconds: sendTimeoutSeconds,
            mayStillSend: window.isOpen
        )
        // A provider that answers when it is done is silent until then, and giving up would lose what is paid for.
        options.idleTimeoutSeconds = sendTimeoutSeconds
        do {
            return try await transport.exchange(request, options: options)
        } catch {
            throw ProviderFailure(error)
        }
    }

    /// The same for an engine on this machine: commits `sending`, then starts the work once.
    ///
    /// - Parameters:
    ///   - description: What is started, byte for byte: equal for a resend.
    ///   - work: Starts it, and returns as soon as it has started.
    /// - Returns: What `work` returns.
    /// - Throws: What `work` throws, or `unavailable` when the start came too late or was refused.
    public func start<Started: Sendable>(
        _ description: [UInt8],
        _ work: @Sendable () async throws(ProviderFailure) -> Started
    ) async throws(ProviderFailure) -> Started {
        let window = try await commit(description)
        guard window.isOpen() else {
            throw ProviderFailure(
                TransportFailure(.sendWindowPassed, requestReachedPeer: .no, "the send window has passed")
            )
        }
        return try await work()
    }

    private func commit(_ bytes: [UInt8]) async throws(ProviderFailure) -> SendWindow {
        let isFirst = used.withLock { used in
            defer { used = true }
            return !used
        }
        guard isFirst else {
            throw ProviderFailure(
                .unknown,
                retry: .never,
                billing: .unknown,
                requestReachedProvider: .unknown,
                message: "The provider adapter tried to send twice.",
                details: "a second send in one submit was refused"
            )
        }
        let window = try await gate(bytes)
        committed.withLock { $0 = true }
        return window
    }
}

/// How long a committed send may still start, on a clock that counts suspension.
///
/// A worker that was stopped between the commit and the send finds the window closed and gives up unsent.
public struct SendWindow: Sendable {
    /// Whether the send may still start.
    public let isOpen: @Sendable () -> Bool

    /// Makes a window.
    public init(isOpen: @escaping @Sendable () -> Bool) { self.isOpen = isOpen }
}
