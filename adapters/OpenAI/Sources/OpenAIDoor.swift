import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Synchronization

/// What every call of this vendor needs: its address, and the key.
struct OpenAIDoor: Sendable {
    let http: ProviderHTTP
    let credentials: [(name: String, value: String)]

    /// The header fields of every question.
    var headers: [(name: String, value: String)] { credentials + [(name: "Accept", value: "application/json")] }

    /// A paid request.
    func post(_ path: String, type: String, _ body: [UInt8]) -> HTTPRequest {
        HTTPRequest(.post, http.url(path), headers: headers + [(name: "Content-Type", value: type)], body: body)
    }

    /// A paid request with a JSON body: the same fields give the same bytes.
    func post(_ path: String, _ fields: [String: JSONValue]) -> HTTPRequest {
        post(path, type: "application/json", Array(JSONValue.object(fields).canonicalText.utf8))
    }

    /// The longest event, in bytes: a picture of 8 million pixels, as base64.
    private static let eventBytesMax = 64 << 20

    /// Reads the events of an answer until `visit` has had enough.
    ///
    /// A break, an unreadable event and an end before that leave the outcome unknown: what was begun may be billed.
    static func events(
        of body: HTTPBody,
        _ visit: (_ event: ServerSentEvent) async throws(ProviderFailure) -> Bool
    ) async throws(ProviderFailure) {
        var events = ServerSentEvents(eventBytesMax: eventBytesMax)
        while true {
            let chunk: [UInt8]?
            do {
                chunk = try await body.next()
            } catch {
                throw ProviderFailure(error)
            }
            guard let chunk else { break }
            for event in try events.take(chunk) {
                guard try await visit(event) else { return }
            }
        }
        throw .unreadable("a stream without its last event")
    }
}

extension HTTPResponse {
    /// Whether it is a success.
    var isSuccess: Bool { (200...299).contains(status) }

    /// The declared media type, without parameters and in lower case; empty when there is none.
    var mediaType: String {
        (header("Content-Type") ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
    }

    /// Whether its body is a stream of events.
    var isEventStream: Bool { mediaType == "text/event-stream" }
}

extension HTTPBody {
    /// A body that is in memory already, in pieces.
    init(pieces bytes: [UInt8]) {
        let position = Mutex(0)
        self.init { () throws(TransportFailure) in
            let start = position.withLock { position in
                defer { position = min(bytes.count, position + 262_144) }
                return position
            }
            guard start < bytes.count else { return nil }
            return Array(bytes[start..<min(bytes.count, start + 262_144)])
        }
    }
}

extension JSONValue {
    /// Bytes as JSON; nil when they are none.
    init?(parsing bytes: [UInt8]) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else { return nil }
        self = value
    }

    /// Any number that is finite.
    var finiteNumber: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number.isFinite ? number : nil
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// A count: a whole number that is not negative.
    var count: Int64? { wholeNumber.flatMap { $0 >= 0 ? $0 : nil } }
}
