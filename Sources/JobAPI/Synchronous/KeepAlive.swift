/// How a client that waits for its job is kept from giving up.
///
/// The answer to a request that waits comes when the job has ended, or begins to come when the provider does; before
/// that, clients and proxies of little patience want to see life.
package enum KeepAlive: String, Sendable, CaseIterable {
    /// `102 Processing`, as often as needed, before the answer: its status stays open until the job has ended.
    ///
    /// A client, or a proxy, of HTTP/1.0 knows none, and gets `body`.
    case processing = "102"
    /// The answer itself is begun with status 200, for proxies that do not pass a `102`: spaces before JSON, comments
    /// in a stream of events, of sound the head alone.
    ///
    /// A job that fails after that cannot be told by the status any more: JSON and events then hold the error, and
    /// sound is cut off.
    case body
}

/// Tells the `ConnectionGuard` of a connection how long the body of an answer is whose length nobody declared, once its
/// last bytes are there to be written: a client may close as soon as it has them.
///
/// It names a length, and not the bytes that come next: earlier ones may still wait for their turn to be written.
struct LastBytes: Sendable {
    /// The request that is answered.
    let request: UInt64
    /// How many bytes the body has with these.
    let bodyLength: Int
}

/// How far the body of an answer is written.
struct BodyProgress {
    /// How long it is; nil while that is not known.
    private var length: Int?
    private var written = 0

    init(length: Int?) { self.length = length }

    /// Takes note of its length.
    mutating func ends(at length: Int) { self.length = length }

    /// Counts the next bytes.
    ///
    /// - Returns: Whether these are the last.
    mutating func writes(_ count: Int) -> Bool {
        written += count
        return written == length
    }
}

/// Asks the `ConnectionGuard` of a connection to tell its client that the request is being worked at.
struct StillProcessing: Sendable {
    /// The client's version of HTTP knows no interim answers.
    struct IsNotUnderstood: Error {}
}
