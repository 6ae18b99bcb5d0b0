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
        try Self.checkEncoding(headers)
        let parts = (headers[.contentType] ?? "").lowercased().split(separator: ";").map { part in
            part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
        }
        guard parts.first == "application/json" else {
            throw Self.unsupportedType("The Content-Type must be application/json.")
        }
        guard parts.dropFirst().allSatisfy({ !$0.hasPrefix("charset=") || $0 == "charset=utf-8" }) else {
            throw Self.unsupportedType("The body must be UTF-8.")
        }
    }

    /// Refuses a body that is compressed.
    static func checkEncoding(_ headers: HTTPFields) throws(APIError) {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw unsupportedType("The body must be sent as it is, without Content-Encoding.")
        }
    }

    /// The answer to a body of another type.
    static func unsupportedType(_ message: String) -> APIError {
        APIError(.unsupportedMediaType, reason: "unsupported_media_type", param: nil, message)
    }

    /// The answer to a body, or a part of one, that is too large: the rest of it is not read.
    static func tooLarge(_ message: String, _ param: String? = nil) -> APIError {
        APIError(
            .contentTooLarge,
            reason: "body_too_large",
            param: param,
            headers: [.connection: "close"],
            message
        )
    }

    /// Reads the body as it is.
    ///
    /// - Throws: `APIError` for a body that is too large, too slow or not whole.
    func bytes(of request: Request) async throws -> [UInt8] {
        var progress = try progress(of: request.headers)
        var bytes: [UInt8] = []
        // A length that is only declared must cost nothing.
        bytes.reserveCapacity(min(progress.declared ?? 0, 65_536))
        for try await buffer in request.body {
            try progress.add(buffer.readableBytes)
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        try progress.finish()
        return bytes
    }

    /// Starts to hold a body against its bounds.
    ///
    /// - Throws: `APIError` for one that is declared to be too large.
    func progress(of headers: HTTPFields) throws(APIError) -> Progress {
        let progress = Progress(
            declared: headers[.contentLength].flatMap { Int($0) },
            bytesMax: bytesMax,
            seconds: seconds
        )
        if let declared = progress.declared, declared > bytesMax { throw progress.tooLarge }
        return progress
    }

    /// How much of a body has come, and since when it comes.
    struct Progress: Sendable {
        /// The length that the client declared.
        let declared: Int?
        private let bytesMax: Int
        private let seconds: @Sendable () -> Double
        private let start: Double
        private var bytes = 0

        fileprivate init(declared: Int?, bytesMax: Int, seconds: @escaping @Sendable () -> Double) {
            self.declared = declared
            self.bytesMax = bytesMax
            self.seconds = seconds
            start = seconds()
        }

        /// Counts the next bytes.
        ///
        /// - Throws: `APIError` for a body that is too large or too slow.
        mutating func add(_ count: Int) throws(APIError) {
            guard bytes + count <= bytesMax else { throw tooLarge }
            bytes += count
            guard seconds() - start < BodyReader.patienceSeconds + Double(bytes) / BodyReader.bytesPerSecondMin else {
                throw APIError(
                    .requestTimeout,
                    reason: "body_too_slow",
                    headers: [.connection: "close"],
                    "The body arrives too slowly."
                )
            }
        }

        /// Takes note of the body's end.
        ///
        /// - Throws: `APIError` for one that is shorter than was declared.
        func finish() throws(APIError) {
            guard declared == nil || declared == bytes else {
                throw APIError(
                    .badRequest,
                    reason: "incomplete_body",
                    headers: [.connection: "close"],
                    "The body ended before the length that was declared."
                )
            }
        }

        fileprivate var tooLarge: APIError {
            BodyReader.tooLarge("The body is larger than \(bytesMax) bytes, the most that is taken.")
        }
    }
}
