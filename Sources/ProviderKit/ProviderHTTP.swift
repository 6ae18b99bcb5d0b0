import Foundation
public import Generation
public import HTTPTransport

/// A provider's address, and how its JSON is asked for: what every adapter of a network provider begins with.
///
/// For everything but the paid request, which goes through `AttemptContext.send`.
public struct ProviderHTTP: Sendable {
    /// The longest answer that is read, in bytes.
    public static let answerBytesMax = 4 * 1_048_576

    /// The address that all paths are appended to, without a slash at its end.
    public let baseURL: String
    /// What it is spoken through.
    public let transport: any HTTPTransport
    /// The total time for one question, in seconds.
    public var timeoutSeconds: Int64 = 30

    /// Names a provider's address.
    ///
    /// - Parameters:
    ///   - baseURL: Its address, of the operator's settings or the vendor's own.
    ///   - transport: What it is spoken through.
    public init(baseURL: String, transport: any HTTPTransport) {
        self.baseURL = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        self.transport = transport
    }

    /// The origin of the address: where credentials may go.
    public var origin: String? { (try? RemoteURL(baseURL))?.origin }

    /// A path and a query under the address.
    ///
    /// - Parameters:
    ///   - path: With a slash at its start; its parts are taken as they are.
    ///   - query: Names and values, which are encoded.
    /// - Returns: The whole URL.
    public func url(_ path: String, query: [(name: String, value: String)] = []) -> String {
        let pairs = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }
        return baseURL + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    /// Asks, and reads the whole answer, whatever its status.
    ///
    /// - Throws: What a lost connection means, or an answer beyond `answerBytesMax`.
    public func exchange(_ request: HTTPRequest) async throws(ProviderFailure) -> ProviderAnswer {
        let response: HTTPResponse
        do {
            response = try await transport.exchange(
                request,
                options: ExchangeOptions(totalTimeoutSeconds: timeoutSeconds)
            )
        } catch {
            throw ProviderFailure(error)
        }
        return try await ProviderAnswer(response)
    }

    /// A text as a part of a path or a query.
    public static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            isUnreserved(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16).uppercased()
        }
        .joined()
    }

    /// Whether a provider's id can stand in a path as it is: letters, digits, `-`, `_`, `.` and `~`, and no step upward.
    ///
    /// An id that cannot was never given out by a provider that says so: its operation is not found.
    public static func isPlain(_ id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= 512 && id.utf8.allSatisfy(isUnreserved) && !id.utf8.allSatisfy { $0 == 46 }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            true
        case _: false
        }
    }
}

/// A provider's answer, read whole.
public struct ProviderAnswer: Sendable {
    /// The status code.
    public let status: Int
    /// The header fields.
    public let headers: [(name: String, value: String)]
    /// The body.
    public let body: [UInt8]

    /// Puts an answer together that was read already.
    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Reads an answer to its end.
    ///
    /// - Throws: What a lost connection means, or a body beyond the limit: the provider has answered, but nobody knows what.
    public init(
        _ response: HTTPResponse,
        bytesMax: Int = ProviderHTTP.answerBytesMax
    ) async throws(ProviderFailure) {
        status = response.status
        headers = response.headers
        do {
            body = try await response.body.collect(bytesMax: bytesMax)
        } catch {
            throw ProviderFailure(error)
        }
    }

    /// Whether the status is a success.
    public var isSuccess: Bool { (200...299).contains(status) }

    /// The body as JSON; nil when it is none.
    public var json: JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: Data(body)) }

    /// The first value of a header field.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The pause that `Retry-After` asks for, in seconds: a number, or the time until a date by the provider's own clock.
    public var retryAfterSeconds: Double? {
        guard let text = header("Retry-After")?.trimmingCharacters(in: .whitespaces) else { return nil }
        if let seconds = Double(text) { return seconds.isFinite && seconds >= 0 ? min(seconds, 86_400) : nil }
        guard let until = Self.date(text), let now = header("Date").flatMap(Self.date) else { return nil }
        return min(86_400, max(0, until.timeIntervalSince(now)))
    }

    private static func date(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text)
    }
}
