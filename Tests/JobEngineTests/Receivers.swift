import ConformanceKit
import HTTPTransport
import JobCore
import JobStoreMemory
import ServiceLifecycle
import Synchronization
import Testing

@testable import JobEngine

/// The receivers of callbacks, on the simulated network.
final class Receivers: HTTPTransport {
    /// What came in.
    struct Post: Sendable {
        let at: Timestamp
        let request: HTTPRequest
        let options: ExchangeOptions

        var id: String? { request.header("webhook-id") }
    }

    /// Answers a post; told how many came to the same URL before.
    typealias Answer = @Sendable (HTTPRequest, _ earlier: Int) async throws(TransportFailure) -> HTTPResponse

    private struct State {
        var posts: [Post] = []
        var open: [String: Int] = [:]
        var openMax: [String: Int] = [:]
        var totalMax = 0
    }

    private let clock: TestClock
    private let answer: Answer
    private let state = Mutex(State())

    init(_ clock: TestClock, _ answer: @escaping Answer) {
        self.clock = clock
        self.answer = answer
    }

    var posts: [Post] { state.withLock { $0.posts } }

    func posts(to url: String) -> [Post] { posts.filter { $0.request.url == url } }

    /// How many were being answered at once at most, for one origin.
    var openMax: Int { state.withLock { $0.openMax.values.max() ?? 0 } }

    /// How many were being answered at once at most.
    var totalMax: Int { state.withLock { $0.totalMax } }

    func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        let origin = String(request.url.split(separator: "/")[1])
        let earlier = state.withLock { state in
            defer { state.posts.append(Post(at: clock.now, request: request, options: options)) }
            state.open[origin, default: 0] += 1
            state.openMax[origin] = max(state.openMax[origin] ?? 0, state.open[origin] ?? 0)
            state.totalMax = max(state.totalMax, state.open.values.reduce(0, +))
            return state.posts.count { $0.request.url == request.url }
        }
        defer { state.withLock { $0.open[origin, default: 0] -= 1 } }
        return try await answer(request, earlier)
    }

    /// Waits as a slow receiver makes its callers wait.
    func pause(_ seconds: Double) async throws(TransportFailure) {
        do {
            try await clock.sleep(seconds)
        } catch {
            throw TransportFailure(.cancelled, requestReachedPeer: .unknown, "cancelled")
        }
    }
}

extension HTTPResponse {
    /// An answer without a body.
    static func status(_ status: Int, _ headers: (name: String, value: String)...) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: headers,
            contentLength: 0,
            body: HTTPBody { () throws(TransportFailure) in nil }
        )
    }
}

/// A store with messages, receivers, and processes that deliver.
struct DeliveryStage: Sendable {
    static let masterKey = Array("a master key of thirty-two bytes".utf8)

    let world: Simulation
    let store: any JobStore = MemoryJobStore()
    let receivers: Receivers
    let log: LogLines
    var driver: ConformanceKit.JobDriver

    /// Runs a test in a world of its own.
    static func run(
        seed: UInt64 = 1,
        answer: @escaping @Sendable (Simulation, HTTPRequest, Int) async throws(TransportFailure) -> HTTPResponse,
        _ body: @Sendable (inout DeliveryStage) async throws -> Void
    ) async throws {
        try await Simulation.run(seed: seed) { world in
            var stage = try await DeliveryStage(world, answer)
            try await body(&stage)
        }
    }

    private init(
        _ world: Simulation,
        _ answer: @escaping @Sendable (Simulation, HTTPRequest, Int) async throws(TransportFailure) -> HTTPResponse
    ) async throws {
        self.world = world
        receivers = Receivers(world.clock) { request, earlier throws(TransportFailure) in
            try await answer(world, request, earlier)
        }
        log = LogLines(clock: world.clock)
        driver = try await ConformanceKit.JobDriver(store)
    }

    /// A process that delivers until it is stopped or killed.
    func deliverer(
        allowing networks: [String] = [],
        fault: @escaping @Sendable (String) -> StoreFault? = { _ in nil }
    ) -> DeliveringProcess {
        let (clock, world) = (world.clock, world)
        let faulty = NodeStore(base: store, life: NodeLife(), fault: fault)
        let live = LiveJobs(store: faulty)
        let deliverer = WebhookDeliverer(
            store: faulty,
            live: live,
            transport: receivers,
            composer: PlainComposer(),
            secrets: WebhookSecrets(masterKey: Self.masterKey),
            allowNetworks: networks.compactMap { NetworkRange($0) },
            userAgent: "mediary/test",
            environment: EngineEnvironment(
                now: { clock.now },
                bootSeconds: { clock.bootSeconds },
                sleep: { try await clock.sleep($0) },
                randomBytes: { world.bytes($0) }
            ),
            logger: log.logger
        )
        return DeliveringProcess(deliverer, live: live, world: world, log: log)
    }

    /// Waits, in virtual time, until something holds.
    func until(
        within seconds: Double = 60,
        every pause: Double = 0.1,
        location: SourceLocation = #_sourceLocation,
        _ holds: () async throws -> Bool
    ) async throws {
        let end = world.clock.bootSeconds + seconds
        while try await !holds() {
            guard world.clock.bootSeconds < end else {
                Issue.record("not within \(seconds) s\n\(log.tail)", sourceLocation: location)
                throw NotInTime(what: "a delivery")
            }
            try await world.clock.sleep(pause)
        }
    }
}

/// One process that delivers.
struct DeliveringProcess: Sendable {
    let live: LiveJobs
    private let group: ServiceGroup
    private let task: Task<Void, any Error>

    init(_ deliverer: WebhookDeliverer, live: LiveJobs, world: Simulation, log: LogLines) {
        self.live = live
        var configuration = ServiceGroupConfiguration(services: [deliverer], logger: log.logger)
        configuration.maximumGracefulShutdownDuration = nil
        let group = ServiceGroup(configuration: configuration)
        self.group = group
        task = Task(executorPreference: world) { try await group.run() }
    }

    /// Stops in good order, and waits for it.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await task.value
    }

    /// Cuts everything off.
    func kill() async {
        task.cancel()
        _ = await task.result
    }
}

/// Writes as little as tells messages apart.
struct PlainComposer: WebhookComposer {
    func body(of message: OutboxMessage, job: Job) -> [UInt8] {
        Array("\(job.id) \(job.state.name.rawValue) \(message.createdAt)".utf8)
    }
}
