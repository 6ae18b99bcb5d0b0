import Foundation
public import Generation
public import HTTPTransport
import Synchronization

extension HTTPResponse {
    /// Whether it is a success.
    public var isSuccess: Bool { (200...299).contains(status) }

    /// The declared media type, without parameters and in lower case; empty when there is none.
    public var mediaType: String {
        (header("Content-Type") ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
    }

    /// Whether its body is a stream of events.
    public var isEventStream: Bool { mediaType == "text/event-stream" }
}

extension HTTPBody {
    /// The longest event, in bytes: a picture of 8 million pixels, as base64.
    private static let eventBytesMax = 64 << 20

    /// A body that is in memory already, in pieces.
    public init(pieces bytes: [UInt8]) {
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

    /// The next bytes of an answer to a paid request; nil at its end.
    ///
    /// - Throws: What a broken connection means: what was begun may be billed.
    public func nextOfAnswer() async throws(ProviderFailure) -> [UInt8]? {
        do {
            return try await next()
        } catch {
            throw ProviderFailure(error)
        }
    }

    /// Reads the events of an answer until `visit` has had enough.
    ///
    /// - Throws: Of a break, an unreadable event and an end before that: they leave the outcome unknown, since what was
    ///   begun may be billed. And what `visit` throws.
    public func readEvents(
        _ visit: (_ event: ServerSentEvent) async throws(ProviderFailure) -> Bool
    ) async throws(ProviderFailure) {
        var events = ServerSentEvents(eventBytesMax: Self.eventBytesMax)
        while let chunk = try await nextOfAnswer() {
            for event in try events.take(chunk) {
                guard try await visit(event) else { return }
            }
        }
        throw .unreadable("a stream without its last event")
    }
}

extension JSONValue {
    /// Bytes as JSON; nil when they are none.
    public init?(parsing bytes: [UInt8]) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else { return nil }
        self = value
    }

    /// Any number that is finite.
    public var finiteNumber: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number.isFinite ? number : nil
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// A count: a whole number that is not negative.
    public var count: Int64? { wholeNumber.flatMap { $0 >= 0 ? $0 : nil } }

    /// A number of seconds in milliseconds; nil beyond what a sound can last.
    public var secondsInMilliseconds: Int64? {
        guard let seconds = finiteNumber, (0...1e7).contains(seconds) else { return nil }
        return Int64((seconds * 1_000).rounded())
    }
}
