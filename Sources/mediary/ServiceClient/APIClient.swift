import Cryptography
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import JobEngine

/// What the client commands speak to the service with: its own HTTP API, as any program would.
struct APIClient: Sendable {
    /// The longest answer that is read as JSON.
    private static let jsonBytesMax = 64 << 20
    /// Pauses before a submission is sent again, in seconds.
    private static let pauses = [0.5, 1, 2]
    /// A longer pause than this is the user's to take.
    private static let pauseMax = 10.0

    let baseURL: String
    private let key: String
    private let transport: any HTTPTransport
    private let environment: EngineEnvironment

    /// A client for the configured service.
    ///
    /// - Throws: `ClientFailure` without a key.
    init(_ configuration: Configuration, environment: EngineEnvironment) throws {
        guard let key = configuration.clientKey else {
            throw ClientFailure(
                "MEDIARY_API_KEY is not set; make a key with `mediary keys create --name NAME` and export it."
            )
        }
        self.init(baseURL: configuration.baseURL, key: key, environment: environment)
    }

    /// A client for the service at an address.
    init(baseURL: String, key: String, environment: EngineEnvironment) {
        let settings = CurlTransport.Settings(environment: ProcessInfo.processInfo.environment)
        self.init(
            baseURL: baseURL,
            key: key,
            transport: CurlTransport(settings, bootSeconds: environment.bootSeconds),
            environment: environment
        )
    }

    init(baseURL: String, key: String, transport: any HTTPTransport, environment: EngineEnvironment) {
        self.baseURL = baseURL
        self.key = key
        self.transport = transport
        self.environment = environment
    }

    /// Sends a request and reads the answer's JSON.
    ///
    /// - Throws: `ClientFailure` with what the service said, or that it cannot be reached.
    func json(
        _ method: HTTPRequest.Method,
        _ path: String,
        body: JSONValue? = nil,
        headers: [(name: String, value: String)] = []
    ) async throws -> JSONValue {
        var fields = headers
        if body != nil { fields.append(("Content-Type", "application/json")) }
        let response = try await exchange(
            method,
            path,
            headers: fields,
            body: body.map { Array($0.canonicalText.utf8) }
        )
        let value = try await read(response)
        guard (200..<300).contains(response.status) else { throw refusal(response, value) }
        return value
    }

    /// Submits a job, and sends it again when no answer came or the service had no room.
    ///
    /// Every send carries the same idempotency key, so a job is made and paid for once, whichever of them arrived.
    ///
    /// - Parameters:
    ///   - body: The job.
    ///   - note: Told why it is sent again.
    /// - Returns: The job as admitted.
    /// - Throws: `ClientFailure`.
    func submit(_ body: JSONValue, note: (String) -> Void) async throws -> JSONValue {
        let headers = [(name: "Idempotency-Key", value: "cli-" + Hex.encode(environment.randomBytes(16)))]
        for pause in Self.pauses {
            do {
                return try await json(.post, "/api/v1/jobs", body: body, headers: headers)
            } catch let failure as ClientFailure {
                let pause = max(pause, failure.retryAfterSeconds ?? 0)
                guard failure.mayPass, pause <= Self.pauseMax else { throw failure }
                note("\(failure) Trying again.")
                try await environment.sleep(pause)
            }
        }
        return try await json(.post, "/api/v1/jobs", body: body, headers: headers)
    }

    /// Opens an answer whose bytes are read one by one.
    ///
    /// - Throws: `ClientFailure` unless the service answers 200.
    func open(_ path: String) async throws -> HTTPBody {
        let response = try await exchange(.get, path, redirectsMax: 3, seconds: 3_600)
        guard response.status == 200 else { throw refusal(response, try await read(response)) }
        return response.body
    }

    private func exchange(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        redirectsMax: Int = 0,
        seconds: Int64 = 60
    ) async throws -> HTTPResponse {
        var options = ExchangeOptions(totalTimeoutSeconds: seconds)
        options.redirectsMax = redirectsMax
        let request = HTTPRequest(
            method,
            baseURL + path,
            headers: headers + (key.isEmpty ? [] : [("Authorization", "Bearer \(key)")]),
            body: body ?? []
        )
        do throws(TransportFailure) {
            return try await transport.exchange(request, options: options)
        } catch {
            throw noAnswer(error)
        }
    }

    /// Reads an answer as JSON; null when it is none.
    private func read(_ response: HTTPResponse) async throws -> JSONValue {
        do throws(TransportFailure) {
            let bytes = try await response.body.collect(bytesMax: Self.jsonBytesMax)
            return (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))) ?? .null
        } catch {
            throw noAnswer(error)
        }
    }

    private func noAnswer(_ failure: TransportFailure) -> ClientFailure {
        let text =
            failure.kind == .noConnection
            ? "No answer from \(baseURL). Is the service running? Start it with `mediary serve`."
            : "The answer from \(baseURL) did not arrive (\(failure.kind.rawValue))."
        return ClientFailure(text, mayPass: failure.kind != .tooLarge && failure.kind != .cancelled)
    }

    private func refusal(_ response: HTTPResponse, _ body: JSONValue) -> ClientFailure {
        let status = response.status
        guard let message = body["error"]?["message"]?.stringValue else {
            return ClientFailure(
                "\(baseURL) answered \(status), but not as Mediary does. Is MEDIARY_URL right?",
                mayPass: [502, 503, 504].contains(status),
                isAnswer: true
            )
        }
        let hint = status == 401 ? " See MEDIARY_API_KEY." : ""
        return ClientFailure(
            "The service answered \(status): \(Output.plain(message))\(hint)",
            mayPass: [502, 503, 504].contains(status),
            isAnswer: true,
            retryAfterSeconds: response.header("Retry-After").flatMap { Double($0) }
        )
    }
}

/// Why a client command failed, for the person who gave it.
struct ClientFailure: Error, CustomStringConvertible {
    /// One line.
    let description: String
    /// Whether the same may succeed a moment later.
    let mayPass: Bool
    /// Whether something answered.
    let isAnswer: Bool
    /// When to try again, if the service says so.
    let retryAfterSeconds: Double?

    init(
        _ description: String,
        mayPass: Bool = false,
        isAnswer: Bool = false,
        retryAfterSeconds: Double? = nil
    ) {
        self.isAnswer = isAnswer
        self.description = description
        self.mayPass = mayPass
        self.retryAfterSeconds = retryAfterSeconds
    }
}
