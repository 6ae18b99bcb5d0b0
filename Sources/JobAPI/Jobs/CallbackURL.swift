package import Generation
package import HTTPTransport

/// Checks the address that a client wants to be told at.
///
/// Only its form: where a name leads to is looked at when the message is delivered, on the very connection. What can
/// be seen to lead inside is refused here already.
package enum CallbackURL {
    /// The longest URL.
    package static let charactersMax = 2_000

    /// Checks one URL.
    ///
    /// - Parameters:
    ///   - url: The URL.
    ///   - field: Its field, for messages.
    ///   - allowed: Networks besides the public one that may be reached, and by plain http.
    /// - Throws: `RequestProblem`; the URL's path and query, which may hold secrets, are not in it.
    package static func check(_ url: String, field: String, allowing allowed: [NetworkRange]) throws(RequestProblem) {
        do throws(RemoteURL.Problem) {
            try RemoteURL(url).check(reach: .publicInternet(and: allowed), plainHTTP: false)
        } catch {
            throw RequestProblem(.invalidValue, field: field, "`\(field)` \(error.text)")
        }
    }
}
