import Foundation
package import Generation

/// A request as a provider's server gets it.
package struct SimulatedRequest: Sendable {
    package var method: String
    /// The path as it was sent, percent signs and all, without the query.
    package var path: String
    /// The query, decoded.
    package var query: [(name: String, value: String)]
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// In milliseconds since 1970.
    package var receivedAt: Int64
    /// How many bytes the body had; it may have been dropped from the journal.
    package var bodyBytes: Int

    /// Makes a request.
    package init(
        method: String,
        path: String,
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        receivedAt: Int64 = 0
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.receivedAt = receivedAt
        bodyBytes = body.count
    }

    /// The first value of a header field, whatever the case of its name.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The first value of a name in the query.
    package func queryItem(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The body as JSON; nil when it is none.
    package var json: JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: Data(body)) }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// What stands between the slashes of the path, decoded: `["v1", "videos", "video_1"]`.
    package var segments: [String] {
        path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
    }

    /// The token of `Authorization: Bearer TOKEN`.
    package var bearerToken: String? {
        guard let value = header("Authorization"), value.lowercased().hasPrefix("bearer ") else { return nil }
        return String(value.dropFirst("bearer ".count))
    }
}

/// What a provider's server answers.
package struct SimulatedAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Whether its length is not declared: it then comes in pieces, as what is made while it is sent.
    package var isChunked = false

    /// Makes an answer.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// JSON, with the media type for it.
    package static func json(
        _ status: Int,
        _ value: JSONValue,
        headers: [(name: String, value: String)] = []
    ) -> SimulatedAnswer {
        SimulatedAnswer(
            status: status,
            headers: [(name: "Content-Type", value: "application/json")] + headers,
            body: Array(value.canonicalText.utf8)
        )
    }

    /// Whether it says that it is JSON, or nothing.
    var isJSON: Bool {
        headers.first { $0.name.lowercased() == "content-type" }?.value.hasPrefix("application/json") ?? true
    }

    /// Bytes of a media type.
    package static func media(
        _ type: String,
        _ bytes: [UInt8],
        headers: [(name: String, value: String)] = []
    ) -> SimulatedAnswer {
        SimulatedAnswer(status: 200, headers: [(name: "Content-Type", value: type)] + headers, body: bytes)
    }

    /// A page as it comes from something that stands in front of a server.
    package static func page(_ status: Int) -> SimulatedAnswer {
        SimulatedAnswer(
            status: status,
            headers: [(name: "Content-Type", value: "text/html; charset=utf-8")],
            body: Array("<!DOCTYPE html><html><head><title>Oops</title></head><body>Oops.</body></html>\n".utf8)
        )
    }

    /// The header of an answer that says when to come again; none without a time.
    package static func retryAfter(_ seconds: Int?) -> [(name: String, value: String)] {
        seconds.map { [(name: "Retry-After", value: String($0))] } ?? []
    }
}

/// What a request is for: what faults are injected on, and what rates are limited by.
package enum SimulatedOperation: String, Sendable, CaseIterable {
    /// The paid one.
    case submit
    /// How one task stands.
    case poll
    /// How many tasks stand, or which there are.
    case list
    case cancel
    /// The bytes of an output.
    case download
    /// The bytes of an input.
    case upload
    /// A token for the others.
    case token
    case other
}
