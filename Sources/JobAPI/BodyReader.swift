import Generation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Reads the JSON body of a request, within a bound of bytes and of time.
struct BodyReader: Sendable {
    /// How long a body may take whatever its length, in seconds.
    private static let patienceSeconds = 30.0
    /// How many bytes a second it must bring after that.
    private static let bytesPerSecondMin = 1_024.0

    /// The longest body that is read.
    let bytesMax: Int
    /// Seconds on a clock that never goes back.
    let seconds: @Sendable () -> Double

    /// Reads and parses the body.
    ///
    /// - Throws: `APIError` for a body of another type, or too large, or too slow; `RequestProblem` for what is no JSON.
    func json(of request: Request) async throws -> JSONValue {
        try checkType(request.headers)
        return try JSONReader.read(try await bytes(of: request))
    }

    private func checkType(_ headers: HTTPFields) throws(APIError) {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw unsupportedType("The body must be sent as it is, without Content-Encoding.")
        }
        let parts = (headers[.contentType] ?? "").lowercased().split(separator: ";").map { part in
            part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
        }
        guard parts.first == "application/json" else {
            throw unsupportedType("The Content-Type must be application/json.")
        }
        guard parts.dropFirst().allSatisfy({ !$0.hasPrefix("charset=") || $0 == "charset=utf-8" }) else {
            throw unsupportedType("The body must be UTF-8.")
        }
    }

    private func unsupportedType(_ message: String) -> APIError {
        APIError(.unsupportedMediaType, reason: "unsupported_media_type", param: nil, message)
    }

    /// Reads the body as it is.
    ///
    /// - Throws: `APIError` for a body that is too large, too slow or not whole.
    func bytes(of request: Request) async throws -> [UInt8] {
        let declared = request.headers[.contentLength].flatMap { Int($0) }
        if let declared, declared > bytesMax { throw tooLarge }
        let start = seconds()
        var bytes: [UInt8] = []
        // A length that is only declared must cost nothing.
        bytes.reserveCapacity(min(declared ?? 0, 65_536))
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= bytesMax else { throw tooLarge }
            bytes.append(contentsOf: buffer.readableBytesView)
            guard seconds() - start < Self.patienceSeconds + Double(bytes.count) / Self.bytesPerSecondMin else {
                throw APIError(
                    .requestTimeout,
                    reason: "body_too_slow",
                    headers: [.connection: "close"],
                    "The body arrives too slowly."
                )
            }
        }
        guard declared == nil || declared == bytes.count else {
            throw APIError(
                .badRequest,
                reason: "incomplete_body",
                headers: [.connection: "close"],
                "The body ended before the length that was declared."
            )
        }
        return bytes
    }

    private var tooLarge: APIError {
        APIError(
            .contentTooLarge,
            reason: "body_too_large",
            headers: [.connection: "close"],
            "The body is larger than \(bytesMax) bytes, the most that is taken."
        )
    }
}
