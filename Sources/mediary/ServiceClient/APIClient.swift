import Cryptography
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import JobCore
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
    ///   - idempotencyKey: The key; nil: a new one.
    ///   - note: Told why it is sent again.
    /// - Returns: The job as admitted; its id is one.
    /// - Throws: `ClientFailure`, which says so when the service may have the job nevertheless.
    func submit(
        _ body: JSONValue,
        idempotencyKey: String? = nil,
        note: (String) -> Void
    ) async throws -> JSONValue {
        let key = idempotencyKey ?? makeIdempotencyKey()
        var pauses = Self.pauses[...]
        var mayHaveArrived = false
        while true {
            do {
                return try await submitOnce(body, key: key)
            } catch let failure as ClientFailure {
                mayHaveArrived = mayHaveArrived || failure.mayHaveArrived
                let pause = pauses.popFirst().map { max($0, failure.retryAfterSeconds ?? 0) }
                guard failure.mayPass, let pause, pause <= Self.pauseMax else {
                    throw mayHaveArrived ? Self.unsure(failure, key: key) : failure
                }
                note("\(failure) Trying again.")
                try await environment.sleep(pause)
            }
        }
    }

    /// A key under which a job is made once, however often it is sent.
    func makeIdempotencyKey() -> String { "cli-" + Hex.encode(environment.randomBytes(16)) }

    private func submitOnce(_ body: JSONValue, key: String) async throws -> JSONValue {
        let job = try await json(.post, "/api/v1/jobs", body: body, headers: [(name: "Idempotency-Key", value: key)])
        // The id becomes a part of paths, of files' names and of what a terminal shows.
        guard JobID(JobStanding(job).id) != nil else {
            throw ClientFailure("The service's answer names no job.", isAnswer: true, mayHaveArrived: true)
        }
        return job
    }

    private static func unsure(_ failure: ClientFailure, key: String) -> ClientFailure {
        ClientFailure(
            "\(failure) The service may have the job: see `mediary jobs list` before you submit again. "
                + "The same command with --idempotency-key \(key) makes no second job.",
            mayPass: failure.mayPass,
            isAnswer: failure.isAnswer,
            mayHaveArrived: true,
            retryAfterSeconds: failure.retryAfterSeconds
        )
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
        return ClientFailure(
            text,
            mayPass: failure.kind != .tooLarge && failure.kind != .cancelled,
            mayHaveArrived: failure.requestReachedPeer != .no
        )
    }

    private func refusal(_ response: HTTPResponse, _ body: JSONValue) -> ClientFailure {
        let status = response.status
        guard let message = body["error"]?["message"]?.stringValue else {
            return ClientFailure(
                "\(baseURL) answered \(status), but not as Mediary does. Is MEDIARY_URL right?",
                mayPass: [502, 503, 504].contains(status),
                isAnswer: true,
                // A proxy says this also of a request that it has passed on.
                mayHaveArrived: status >= 500
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
    /// Whether the service may have done what it was asked for.
    let mayHaveArrived: Bool
    /// When to try again, if the service says so.
    let retryAfterSeconds: Double?

    init(
        _ description: String,
        mayPass: Bool = false,
        isAnswer: Bool = false,
        mayHaveArrived: Bool = false,
        retryAfterSeconds: Double? = nil
    ) {
        self.isAnswer = isAnswer
        self.mayHaveArrived = mayHaveArrived
        self.description = description
        self.mayPass = mayPass
        self.retryAfterSeconds = retryAfterSeconds
    }
}
