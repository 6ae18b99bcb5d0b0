import CCurl
import HTTPTransport

/// One request of an exchange that may follow redirects, and where its connection may lead.
struct Hop {
    /// What another origin may see of a request; everything else may be a credential.
    private static let harmless: Set<String> = [
        "accept", "accept-encoding", "accept-language", "if-range", "range", "user-agent",
    ]

    let request: HTTPRequest
    let reach: NetworkReach

    /// The request that a redirect asks for.
    ///
    /// - Parameters:
    ///   - location: Where the answer pointed, absolute or not.
    ///   - first: The request that the caller made.
    ///   - options: What the exchange demands.
    /// - Returns: The next hop: without credentials where the origin is another one than this hop's.
    /// - Throws: `forbidden` for a place that this exchange may not go to.
    func redirected(
        to location: String,
        first: HTTPRequest,
        _ options: ExchangeOptions
    ) throws(TransportFailure) -> Hop {
        guard let text = Self.resolve(location, against: request.url), let url = try? RemoteURL(text) else {
            throw TransportFailure(.forbidden, requestReachedPeer: .yes, "the redirect is no URL that is followed")
        }
        let isHome = (try? RemoteURL(first.url))?.origin == url.origin
        let reach = isHome ? options.reach : options.reachOfOtherOrigins ?? options.reach
        try reach.check(text, requestReachedPeer: .yes)
        let here = try? RemoteURL(request.url)
        guard url.scheme == .https || here?.scheme == .http || reach == .anywhere else {
            throw TransportFailure(.forbidden, requestReachedPeer: .yes, "the redirect gives up TLS")
        }
        var next = request
        next.url = text
        if here?.origin != url.origin {
            next.headers = next.headers.filter { Self.harmless.contains($0.name.lowercased()) }
        }
        return Hop(request: next, reach: reach)
    }

    /// A reference, made absolute; nil when that is impossible.
    private static func resolve(_ reference: String, against base: String) -> String? {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        var text: UnsafeMutablePointer<CChar>?
        guard !reference.utf8.contains(0),
            curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK,
            // Many servers leave in what should be encoded.
            curl_url_set(url, CURLUPART_URL, reference, UInt32(CURLU_URLENCODE)) == CURLUE_OK,
            curl_url_set(url, CURLUPART_FRAGMENT, nil, 0) == CURLUE_OK,
            curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK, let text
        else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}

extension NetworkReach {
    /// Checks what can be seen of a URL without asking anybody.
    ///
    /// Under `anywhere`, which is the operator's word, libcurl's own reading is good enough.
    func check(_ url: String, requestReachedPeer reached: Reached) throws(TransportFailure) {
        guard self != .anywhere else { return }
        do throws(RemoteURL.Problem) {
            try RemoteURL(url).check(reach: self, plainHTTP: true)
        } catch {
            throw TransportFailure(.forbidden, requestReachedPeer: reached, "the URL \(error.text)")
        }
    }
}

extension HTTPRequest {
    /// Refuses what would become something else on the wire: a line break in a field, a NUL in the URL.
    func checkForm() throws(TransportFailure) {
        let isPlain = headers.allSatisfy { name, value in
            !name.isEmpty
                && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !#"()<>@,;:\"/[]?={}"#.utf8.contains($0) }
                && !value.utf8.contains { $0 < 0x20 && $0 != 9 || $0 == 0x7F }
        }
        guard isPlain, !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw TransportFailure(
                .forbidden,
                requestReachedPeer: .no,
                "the request has a field or URL of no valid form"
            )
        }
    }
}
