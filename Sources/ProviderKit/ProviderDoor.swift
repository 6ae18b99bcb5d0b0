public import Generation
public import HTTPTransport

/// What every call of one account at one address needs: the address, and the credentials.
public struct ProviderDoor: Sendable {
    /// The address.
    public let http: ProviderHTTP
    /// The header fields that open it.
    public let credentials: [(name: String, value: String)]

    /// Makes a door.
    public init(http: ProviderHTTP, credentials: [(name: String, value: String)]) {
        self.http = http
        self.credentials = credentials
    }

    /// The header fields of every question.
    public var headers: [(name: String, value: String)] { credentials + [(name: "Accept", value: "application/json")] }

    /// A question.
    public func get(_ path: String, query: [(name: String, value: String)] = []) -> HTTPRequest {
        HTTPRequest(.get, http.url(path, query: query), headers: headers)
    }

    /// A paid request.
    public func post(_ path: String, type: String, _ body: [UInt8]) -> HTTPRequest {
        HTTPRequest(.post, http.url(path), headers: headers + [(name: "Content-Type", value: type)], body: body)
    }

    /// A paid request with a JSON body: the same fields give the same bytes.
    public func post(_ path: String, _ fields: [String: JSONValue]) -> HTTPRequest {
        post(path, type: "application/json", Array(JSONValue.object(fields).canonicalText.utf8))
    }
}
