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

/// Asks the `ConnectionGuard` of a connection to tell its client that the request is being worked at.
struct StillProcessing: Sendable {
    /// The client's version of HTTP knows no interim answers.
    struct IsNotUnderstood: Error {}
}
