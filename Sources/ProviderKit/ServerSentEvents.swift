import HTTPTransport

/// One event of a stream.
public struct ServerSentEvent: Sendable, Hashable {
    /// The name of its kind; nil when it has none.
    public let event: String?
    /// Its data: the lines of it, joined.
    public let data: [UInt8]

    /// The data as text.
    public var text: String { String(decoding: data, as: UTF8.self) }
}

/// Reads `text/event-stream` piece by piece.
///
/// As the HTML standard has it (section 9.2.6, 2026-11): lines end with LF, CR or CRLF, an empty line ends an event,
/// comments and unknown fields are passed over. An event that is not ended when the stream ends is none.
public struct ServerSentEvents: Sendable {
    /// The longest event, in bytes.
    private let eventBytesMax: Int
    private var line: [UInt8] = []
    private var endedWithReturn = false
    private var event: String?
    private var data: [UInt8] = []
    private var hasData = false

    /// Makes a reader.
    ///
    /// - Parameter eventBytesMax: The longest event, in bytes: what one may cost in memory.
    public init(eventBytesMax: Int = 16 << 20) { self.eventBytesMax = eventBytesMax }

    /// Takes a piece of the stream.
    ///
    /// - Returns: The events that end in it.
    /// - Throws: `unknown` for an event that is too long.
    public mutating func take(_ chunk: [UInt8]) throws(ProviderFailure) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var rest = chunk[...]
        while !rest.isEmpty {
            if endedWithReturn, rest.first == 10 { rest = rest.dropFirst() }
            endedWithReturn = false
            guard let end = rest.firstIndex(where: { $0 == 10 || $0 == 13 }) else {
                try append(rest)
                break
            }
            try append(rest[..<end])
            endedWithReturn = rest[end] == 13
            rest = rest[(end + 1)...]
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws(ProviderFailure) {
        guard line.count + data.count + bytes.count <= eventBytesMax else {
            throw ProviderFailure(
                .unknown,
                retry: .never,
                billing: .unknown,
                requestReachedProvider: .yes,
                message: "The provider's answer could not be read.",
                details: "an event of more than \(eventBytesMax) bytes"
            )
        }
        line += bytes
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer { (event, data, hasData) = (nil, [], false) }
            return hasData ? ServerSentEvent(event: event, data: data) : nil
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        var value = line.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        if name.elementsEqual("data".utf8) {
            if hasData { data.append(10) }
            data += value
            hasData = true
        } else if name.elementsEqual("event".utf8) {
            event = String(decoding: value, as: UTF8.self)
        }
        return nil
    }
}
