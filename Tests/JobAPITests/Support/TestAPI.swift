import Foundation
import Generation
import HTTPTransport
import JobAPI
import JobCore
import JobEngine
import JobStoreMemory
import Ledger
import Logging
import ServiceLifecycle
import Synchronization
import Testing

/// The whole API over a real socket, on a store in memory, with jobs that a test moves by hand.
struct TestAPI: Sendable {
    let port: Int
    let store: any JobStore
    let artifacts: MemoryArtifacts
    let live: LiveJobs
    let outputs: LiveOutputs
    let accounts: AccountService
    /// A key of the workspace `default`, which has 10 US dollars.
    let key: String
    let log: LogCollector
    let stop: @Sendable () async -> Void

    static let credits = Credits(nanoUSD: 10_000_000_000)

    /// Starts a server, runs a test against it, and stops it.
    static func run(
        _ adjust: (inout APIConfiguration) -> Void = { _ in },
        adapter: TestAdapter = TestAdapter(),
        catalog: (TestAdapter) throws -> EndpointCatalog = { try EndpointCatalog([$0]) },
        limits: JobService.Limits = JobService.Limits(),
        fees: FeeSchedule = FeeSchedule(),
        pausing: @escaping @Sendable (WriteAheadStep) async -> Void = { _ in },
        secondsAhead: @escaping @Sendable () -> Double = { 0 },
        _ test: @Sendable (TestAPI) async throws -> Void
    ) async throws {
        var configuration = APIConfiguration()
        configuration.port = 0
        configuration.heartbeatSeconds = 30
        configuration.drainSeconds = 5
        adjust(&configuration)
        let environment = Self.environment(pausing: pausing, secondsAhead: secondsAhead)
        let store = MemoryJobStore()
        let artifacts = MemoryArtifacts()
        let live = LiveJobs(store: store)
        let outputs = LiveOutputs(folder: "\(FileManager.default.temporaryDirectory.path)/mediary-live-\(UUID())")
        let accounts = AccountService(store: store, environment: environment)
        let log = LogCollector()
        let logger = Logger(label: "test") { _ in log }
        let service = JobService(
            store: store,
            artifacts: artifacts,
            catalog: try catalog(adapter),
            live: live,
            signals: WorkSignals(environment: environment),
            durations: ObservedDurations(),
            environment: environment,
            limits: limits,
            references: Self.references,
            outputs: outputs,
            freeDiskBytes: { Int64.max },
            logger: logger
        ).charging(fees)
        let (ports, portsContinuation) = AsyncStream.makeStream(of: Int.self)
        let server = APIServer(
            service: service,
            accounts: accounts,
            artifacts: artifacts,
            store: store,
            configuration: configuration,
            environment: environment,
            logger: logger,
            onListening: { portsContinuation.yield($0) }
        )
        let marker = AnswerMarker(answers: service.answers, store: store, environment: environment, logger: logger)
        let group = ServiceGroup(services: [marker, server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            _ = try await accounts.grant(Self.credits, to: AccountService.defaultWorkspace, reason: "test")
            let api = TestAPI(
                port: port,
                store: store,
                artifacts: artifacts,
                live: live,
                outputs: outputs,
                accounts: accounts,
                key: try await accounts.createKey(name: "test").secret,
                log: log,
                stop: { await group.triggerGracefulShutdown() }
            )
            do {
                try await test(api)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private static func environment(
        pausing: @escaping @Sendable (WriteAheadStep) async -> Void = { _ in },
        secondsAhead: @escaping @Sendable () -> Double = { 0 }
    ) -> EngineEnvironment {
        EngineEnvironment(
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
                    .adding(seconds: secondsAhead())
            },
            bootSeconds: {
                var time = timespec()
                clock_gettime(CLOCK_MONOTONIC, &time)
                return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            },
            sleep: { try await Task.sleep(for: .seconds($0)) },
            randomBytes: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } },
            pausing: pausing
        )
    }

    /// References may be anywhere in public; one name leads inside, and one is nobody's.
    private static let references: ReferenceSource = {
        var source = ReferenceSource()
        source.resolve = { name in
            name == "nowhere.example"
                ? .noSuchName
                : .addresses([IPAddress(name == "inside.example" ? "10.0.0.1" : "8.8.8.8")].compactMap(\.self))
        }
        return source
    }()

    // MARK: Requests

    func connect(receiveBuffer: Int32? = nil) async throws -> RawConnection {
        let port = port
        return try await offPool { try RawConnection(port: port, receiveBuffer: receiveBuffer) }
    }

    var authorization: (String, String) { ("Authorization", "Bearer \(key)") }

    /// One request on a connection of its own, with the key unless another one is given.
    func request(
        _ method: String,
        _ path: String,
        key: String? = nil,
        headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws -> RawAnswer {
        let connection = try await connect()
        var all = [("Authorization", "Bearer \(key ?? self.key)")] + headers
        if body != nil, !headers.contains(where: { $0.0.lowercased() == "content-type" }) {
            all.append(("Content-Type", "application/json"))
        }
        return try await connection.request(method, path, headers: all, body: body)
    }

    func get(_ path: String, key: String? = nil, headers: [(String, String)] = []) async throws -> RawAnswer {
        try await request("GET", path, key: key, headers: headers)
    }

    func submit(
        _ body: JSONValue = TestAPI.video,
        key: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> RawAnswer {
        try await request("POST", "/api/v1/jobs", key: key, headers: headers, body: Array(body.canonicalText.utf8))
    }

    /// Submits a job that must be accepted.
    func submitted(_ body: JSONValue = TestAPI.video, key: String? = nil) async throws -> JobID {
        let answer = try await submit(body, key: key)
        try #require(answer.status == 202, "\(answer.text)")
        return try #require(answer.json["id"]?.stringValue.flatMap { JobID($0) })
    }

    /// A good request: four seconds at 720p for 0.40 US dollars.
    static let video: JSONValue = [
        "type": "video", "model": "test/video", "prompt": "a lighthouse at dusk", "duration": 4, "resolution": "720p",
    ]

    static let image: JSONValue = ["type": "image", "model": "test/image", "prompt": "a lighthouse"]

    /// The cheap request with another prompt.
    static func image(prompt: String) -> JSONValue {
        ["type": "image", "model": "test/image", "prompt": .string(prompt)]
    }

    /// The good request with some fields changed; null takes a field out.
    static func video(_ changes: [String: JSONValue]) -> JSONValue {
        guard case .object(let fields) = video else { return video }
        return .object(fields.merging(changes) { _, new in new }.filter { $0.value != .null })
    }

    // MARK: Moving jobs

    /// Makes a step of a job as a worker would, and tells those who watch it.
    @discardableResult
    func advance(_ id: JobID, _ event: JobEvent) async throws -> Job {
        let job = try #require(try await store.job(id))
        let transition = try job.state.applying(event, at: Self.environment().now())
        let outcome = try await store.commit(transition, of: id, expecting: job.version, fence: nil)
        guard case .committed(let moved) = outcome else { throw MoveFailure(outcome: outcome) }
        live.publish(moved)
        return moved
    }

    struct MoveFailure: Error {
        let outcome: CommitOutcome
    }

    /// Brings a job to its provider: versions 2 to 4.
    func run(_ id: JobID) async throws {
        let job = try #require(try await store.job(id))
        let attempt = NewAttempt(number: 1, endpoint: job.admitted.endpoint, externalID: "x-\(id)", token: "t-\(id)")
        try await advance(id, .attemptBegan(attempt))
        try await advance(id, .sendingBegan(bodySHA256: String(repeating: "0", count: 64)))
        try await advance(
            id,
            .accepted(remoteID: "remote-\(id)", operation: "{}", nextPollAt: Self.environment().now())
        )
    }

    /// Ends a running job with files.
    func complete(_ id: JobID, files: [(mediaType: String, bytes: [UInt8])]) async throws {
        try await complete(
            id,
            artifacts: files.enumerated().map { index, file in
                let hash = String(repeating: "\(index)", count: 64)
                let key = ArtifactKey.artifact(job: id, attempt: 1, index: index, sha256: hash)
                artifacts.put(file.bytes, as: key)
                return Artifact(
                    index: index,
                    mediaType: file.mediaType,
                    bytes: Int64(file.bytes.count),
                    sha256: hash,
                    key: key,
                    width: 1_280,
                    height: 720,
                    durationMilliseconds: 4_042
                )
            }
        )
    }

    func complete(_ id: JobID, artifacts: [Artifact]) async throws {
        let job = try #require(try await store.job(id))
        try await advance(id, .providerCompleted(outputs: "[]"))
        let bill = try job.admitted.prices.bill(.worstCase(of: job.admitted.request), rounding: .halfToEven)
        try await advance(id, .artifactsStored(artifacts, bill))
    }

    /// Waits until something stands in the log so many times.
    func waitForLog(_ words: String, count: Int = 1) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while log.count(of: words) < count {
            try #require(ContinuousClock.now < deadline, "not in the log: \(words)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: What was written

    /// Fails unless nothing was written: no job in the list, no credit moved, no input kept.
    func expectNothingWritten(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let list = try await get("/api/v1/jobs")
        #expect(list.json["data"] == [], sourceLocation: sourceLocation)
        let balance = try await store.balance(of: AccountService.defaultWorkspace)
        #expect(balance == Balance(available: Self.credits, held: .zero), sourceLocation: sourceLocation)
        #expect(artifacts.keys.isEmpty, sourceLocation: sourceLocation)
    }
}

/// Keeps all that is logged, to look for what must not be in it.
struct LogCollector: LogHandler {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private let lines = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    var text: String { lines.all.withLock { $0.joined(separator: "\n") } }

    func count(of words: String) -> Int { lines.all.withLock { $0.count { $0.contains(words) } } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        lines.all.withLock { $0.append("\(event.level) \(event.message) \(all)") }
    }
}
