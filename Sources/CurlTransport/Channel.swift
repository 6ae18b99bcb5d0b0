import HTTPTransport
import Synchronization

/// The head of an answer.
struct ResponseHead: Sendable {
    let status: Int
    let fields: [(name: String, value: String)]
    /// The declared length of the body that follows; nil when none is declared.
    let contentLength: Int64?

    /// Where the answer sends the client instead; nil when it does not.
    var location: String? {
        guard [301, 302, 303, 307, 308].contains(status) else { return nil }
        return fields.first { $0.name.lowercased() == "location" }?.value
    }
}

/// One exchange as its task and the driving thread share it: the answer's head, and a bounded piece of its body.
///
/// The driving thread fills it, one task reads it. When it is full the thread holds the transfer up, so a peer sends no
/// faster than the task reads.
final class Channel: Sendable {
    /// How much of a body waits here before the transfer is held up, in bytes; at most one read of libcurl's more.
    static let bytesMax = 256 * 1_024

    private struct State {
        var head: Result<ResponseHead, TransportFailure>?
        var headReader: CheckedContinuation<Result<ResponseHead, TransportFailure>, Never>?
        var body: [UInt8] = []
        var bodyReader: CheckedContinuation<Result<[UInt8]?, TransportFailure>, Never>?
        /// How the exchange ended: nil while it goes on.
        var end: Result<[UInt8]?, TransportFailure>?
        var isHeldUp = false
        /// Whether the task wants no more.
        var isUnwanted = false
    }

    private let commands: CommandQueue
    private let state = Mutex(State())

    init(_ commands: CommandQueue) { self.commands = commands }

    // MARK: The task's side

    /// Starts the exchange and waits for the answer's head.
    func head(of order: ExchangeOrder) async throws(TransportFailure) -> ResponseHead {
        let result: Result<ResponseHead, TransportFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.headReader = continuation }
                if !commands.post(.start(order, self)) { end(.shutDown) }
            }
        } onCancel: {
            abandon()
        }
        return try result.get()
    }

    /// The next piece of the body, as long as what has arrived; nil after the last.
    func next() async throws(TransportFailure) -> [UInt8]? {
        let result: Result<[UInt8]?, TransportFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (result, goesOn) = state.withLock { state -> (Result<[UInt8]?, TransportFailure>?, Bool) in
                    guard state.body.isEmpty else {
                        let piece = state.body
                        state.body = []
                        defer { state.isHeldUp = false }
                        return (.success(piece), state.isHeldUp)
                    }
                    if let end = state.end { return (end, false) }
                    guard state.bodyReader == nil else {
                        return (.failure(.init(.cancelled, requestReachedPeer: .yes, "two readers of one body")), false)
                    }
                    state.bodyReader = continuation
                    return (nil, false)
                }
                if let result { continuation.resume(returning: result) }
                if goesOn { _ = commands.post(.goOn(self)) }
            }
        } onCancel: {
            abandon()
        }
        return try result.get()
    }

    /// Ends the exchange: its task was cancelled, or has dropped the body.
    func abandon() {
        let wasUnderWay = state.withLock { state in
            defer { state.isUnwanted = true }
            return state.end == nil && !state.isUnwanted
        }
        if wasUnderWay { _ = commands.post(.stop(self)) }
    }

    // MARK: The thread's side

    /// Whether the task wants no more.
    var isUnwanted: Bool { state.withLock { $0.isUnwanted } }

    /// Hands the head over.
    func deliver(_ head: ResponseHead) {
        let reader = state.withLock { state in
            state.head = .success(head)
            defer { state.headReader = nil }
            return state.headReader
        }
        reader?.resume(returning: .success(head))
    }

    /// Hands a piece of the body over.
    ///
    /// - Returns: False when the channel is full: the piece is not taken, and `goOn` will be posted.
    func offer(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (isTaken, reader) = state.withLock { state in
            guard state.body.count < Self.bytesMax else {
                state.isHeldUp = true
                return (false, nil as CheckedContinuation<Result<[UInt8]?, TransportFailure>, Never>?)
            }
            defer { state.bodyReader = nil }
            if state.bodyReader == nil { state.body.append(contentsOf: bytes) }
            return (true, state.bodyReader)
        }
        reader?.resume(returning: .success(Array(bytes)))
        return isTaken
    }

    /// Ends the exchange; what has arrived can still be read.
    ///
    /// - Parameter failure: Why it ended early; nil when it is whole.
    func end(_ failure: TransportFailure?) {
        let result: Result<[UInt8]?, TransportFailure> = failure.map { .failure($0) } ?? .success(nil)
        let (headReader, bodyReader, head) = state.withLock { state in
            state.end = result
            let missing = TransportFailure(.connectionLost, requestReachedPeer: .unknown, "no answer")
            let head = state.head ?? .failure(failure ?? missing)
            state.head = head
            defer { (state.headReader, state.bodyReader) = (nil, nil) }
            return (state.headReader, state.bodyReader, head)
        }
        headReader?.resume(returning: head)
        bodyReader?.resume(returning: result)
    }
}
