import ConformanceKit
import Cryptography
import Foundation
import Generation
import JobCore
import JobEngine
import JobStoreMemory
import Ledger
import Logging
import ProviderKit
import ServiceLifecycle
import Synchronization
import Testing

/// The whole engine on a simulated clock: one store, one provider, and any number of nodes.
final class EngineHarness: Sendable {
    static let credits = Credits(nanoUSD: 1_000_000_000_000)

    let world: Simulation
    let store: any JobStore
    let files: MemoryFiles
    let provider: ScriptedProvider
    let web: ScriptedWeb
    let key: APIKey
    /// The lines that the nodes have logged.
    let log: LogLines
    /// Where attempts keep their media: on the disk that outlives a node.
    let outputFolder = "\(FileManager.default.temporaryDirectory.path)/mediary-outputs-\(UUID().uuidString)"
    private let nodes = Mutex<[Node]>([])

    private init(_ world: Simulation, store: any JobStore) async throws {
        self.world = world
        self.store = store
        log = LogLines(clock: world.clock)
        files = try MemoryFiles(clock: world.clock)
        provider = ScriptedProvider(world)
        web = ScriptedWeb(clock: world.clock)
        var fixtures = JobFixtures(seed: world.seed)
        key = fixtures.key()
        try await store.ensureWorkspace(key.workspace, at: world.clock.now)
        try await store.createKey(key)
        _ = try await store.transfer(
            Transfer.grant(id: "start", workspace: key.workspace, amount: Self.credits, reason: "test"),
            at: world.clock.now
        )
    }

    /// Runs a test in a world of its own; whatever nodes it started are ended afterwards.
    static func run(
        seed: UInt64 = 1,
        store: any JobStore = MemoryJobStore(),
        _ body: @Sendable (EngineHarness) async throws -> Void
    ) async throws {
        try await Simulation.run(seed: seed) { world in
            let harness = try await EngineHarness(world, store: store)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(harness))
            } catch {
                result = .failure(error)
            }
            for node in harness.nodes.withLock({ $0 }) { await node.kill() }
            if case .failure = result { Issue.record("\(harness.log.tail)") }
            try result.get()
        }
    }

    var clock: TestClock { world.clock }

    /// Another workspace with a key and credits.
    func addKey(workspace: String, limit: Credits? = nil) async throws -> APIKey {
        var fixtures = JobFixtures(seed: UInt64(workspace.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }))
        let key = fixtures.key(workspace: workspace, limit: limit)
        try await store.ensureWorkspace(workspace, at: clock.now)
        try await store.createKey(key)
        _ = try await store.transfer(
            Transfer.grant(id: workspace, workspace: workspace, amount: Self.credits, reason: "test"),
            at: clock.now
        )
        return key
    }

    /// Makes a node; `start` sets its worker to work.
    func node(
        slots: Int = 100,
        submitsPerMinute: Int? = nil,
        canCancel: Bool = true,
        models: Set<String> = [],
        policy: UnknownOutcomePolicy = .refund,
        limits: JobService.Limits = JobService.Limits(),
        references: ReferenceSource = ReferenceSource(),
        freeDiskBytes: @escaping @Sendable () -> Int64 = { .max },
        fault: @escaping @Sendable (String) -> StoreFault? = { _ in nil },
        passed: @escaping @Sendable (Node, WriteAheadStep) -> Void = { _, _ in },
        adapter own: ((NodeTransport) -> any ProviderAdapter)? = nil,
        hosts: ((NodeTransport) -> [any ProviderAdapter])? = nil,
        settings change: (inout JobWorker.Settings) -> Void = { _ in }
    ) throws -> Node {
        var settings = JobWorker.Settings()
        settings.unknownOutcome = policy
        change(&settings)
        let life = NodeLife()
        let wire = NodeTransport(provider: provider, life: life)
        let able: any ProviderAdapter =
            canCancel
            ? AbleAdapter(wire: wire, slots: slots, submitsPerMinute: submitsPerMinute, offered: models)
            : UnstoppableAdapter(wire: wire, slots: slots, submitsPerMinute: submitsPerMinute, offered: models)
        let node = try Node(
            self,
            life: life,
            adapters: hosts?(wire) ?? [own?(wire) ?? able],
            settings: settings,
            limits: limits,
            references: references,
            freeDiskBytes: freeDiskBytes,
            fault: fault,
            passed: passed
        )
        nodes.withLock { $0.append(node) }
        return node
    }

    /// A node at work.
    func startedNode(
        slots: Int = 100,
        submitsPerMinute: Int? = nil,
        canCancel: Bool = true,
        policy: UnknownOutcomePolicy = .refund,
        fault: @escaping @Sendable (String) -> StoreFault? = { _ in nil },
        passed: @escaping @Sendable (Node, WriteAheadStep) -> Void = { _, _ in },
        settings change: (inout JobWorker.Settings) -> Void = { _ in }
    ) throws -> Node {
        let node = try node(
            slots: slots,
            submitsPerMinute: submitsPerMinute,
            canCancel: canCancel,
            policy: policy,
            fault: fault,
            passed: passed,
            settings: change
        )
        node.start()
        return node
    }

    // MARK: Looking

    func job(_ id: JobID) async throws -> Job { try #require(try await store.job(id)) }

    func state(_ id: JobID) async throws -> JobState.Name { try await job(id).state.name }

    func attempts(_ id: JobID) async throws -> [Attempt] { try await store.attempts(of: id) }

    func events(_ id: JobID) async throws -> [JobEventRecord] {
        try await store.events(of: id, after: 0, limit: 10_000)
    }

    /// Waits, in virtual time, until something holds.
    func until(
        _ what: String,
        within seconds: Double = 120,
        every pause: Double = 0.05,
        location: SourceLocation = #_sourceLocation,
        _ holds: () async throws -> Bool
    ) async throws {
        let deadline = clock.bootSeconds + seconds
        while true {
            await world.settle()
            if try await holds() { return }
            guard clock.bootSeconds < deadline else {
                Issue.record("not within \(seconds) s: \(what)\n\(log.tail)", sourceLocation: location)
                throw NotInTime(what: what)
            }
            try await clock.sleep(pause)
        }
    }

    /// Waits until a job is in a state.
    func until(
        _ id: JobID,
        is state: JobState.Name,
        within seconds: Double = 120,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        try await until("\(id) is \(state.rawValue)", within: seconds, location: location) {
            try await self.state(id) == state
        }
    }

    /// Waits until a job is over.
    @discardableResult
    func end(
        of id: JobID,
        within seconds: Double = 1_200,
        location: SourceLocation = #_sourceLocation
    ) async throws -> Job {
        try await until("\(id) is over", within: seconds, every: 0.5, location: location) {
            try await job(id).state.isTerminal
        }
        return try await job(id)
    }

    /// Waits until a submission is at some stage.
    func until(
        _ id: JobID,
        hasPhase phase: JobPhase,
        within seconds: Double = 120,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        try await until("\(id) is \(phase.rawValue)", within: seconds, location: location) {
            try await job(id).state.phase == phase
        }
    }

    // MARK: Proving

    /// What the workspace has paid so far.
    func spent(_ key: APIKey? = nil) async throws -> Credits {
        let balance = try await store.balance(of: (key ?? self.key).workspace)
        return try Self.credits.subtracting(balance.available).subtracting(balance.held)
    }

    /// Everything that must hold of these jobs once they are over, and of the books.
    func expectSound(
        _ ids: [JobID],
        location: SourceLocation = #_sourceLocation
    ) async throws {
        var charged = Credits.zero
        for id in ids {
            let job = try await job(id)
            #expect(job.state.isTerminal, "\(id)", sourceLocation: location)
            let versions = try await events(id).map(\.version)
            #expect(versions == Array(1...job.version), "\(id)", sourceLocation: location)
            switch job.state {
            case .completed(let completed):
                #expect(completed.bill.total <= job.admitted.hold, sourceLocation: location)
                charged = try charged.adding(completed.bill.total)
                for artifact in completed.artifacts {
                    let bytes = files.bytes(of: artifact.key)
                    #expect(bytes.map { SHA256.hash($0).hex } == artifact.sha256, sourceLocation: location)
                    #expect(bytes?.count == Int(artifact.bytes), sourceLocation: location)
                }
            case .cancelled(let cancelled): charged = try charged.adding(cancelled.charged)
            case .queued, .submitting, .running, .storing, .failed, .expired: break
            }
        }
        let report = try await Auditor(store: store, files: files).run()
        #expect(report.findings == [], sourceLocation: location)
        #expect(try await store.balance(of: key.workspace).held == .zero, sourceLocation: location)
        let workspaces = try await Set(jobWorkspaces(ids))
        if workspaces == [key.workspace] {
            #expect(try await spent() == charged, sourceLocation: location)
        }
    }

    private func jobWorkspaces(_ ids: [JobID]) async throws -> [String] {
        var names: [String] = []
        for id in ids { names.append(try await job(id).admitted.workspace) }
        return names
    }
}

/// Something that a test waited for did not come.
struct NotInTime: Error {
    let what: String
}

/// One process: its own memory, its own worker, the common store.
final class Node: Sendable {
    let life: NodeLife
    let live: LiveJobs
    let outputs: LiveOutputs
    let signals: WorkSignals
    let service: JobService
    let environment: EngineEnvironment
    private let worker: JobWorker
    private let harness: EngineHarness
    private let group: ServiceGroup
    private let task = Mutex<Task<Void, any Error>?>(nil)

    init(
        _ harness: EngineHarness,
        life: NodeLife,
        adapters: [any ProviderAdapter],
        settings: JobWorker.Settings,
        limits: JobService.Limits,
        references: ReferenceSource,
        freeDiskBytes: @escaping @Sendable () -> Int64,
        fault: @escaping @Sendable (String) -> StoreFault?,
        passed: @escaping @Sendable (Node, WriteAheadStep) -> Void
    ) throws {
        let clock = harness.clock
        let world = harness.world
        let me = NodeReference()
        environment = EngineEnvironment(
            now: { clock.now },
            bootSeconds: { clock.bootSeconds },
            sleep: { seconds in
                try await life.pass()
                try await clock.sleep(seconds)
                try await life.pass()
            },
            randomBytes: { world.bytes($0) },
            passed: { step in if let node = me.node { passed(node, step) } }
        )
        let store = NodeStore(base: harness.store, life: life, fault: fault)
        let files = NodeFiles(base: harness.files, life: life)
        let catalog = try EndpointCatalog(adapters)
        let durations = ObservedDurations()
        let board = EndpointBoard()
        let logger = harness.log.logger
        var references = references
        references.transport = NodeWeb(web: harness.web, life: life)
        references.limits = limits
        self.life = life
        self.harness = harness
        live = LiveJobs(store: store)
        outputs = LiveOutputs(folder: harness.outputFolder)
        signals = WorkSignals(environment: environment)
        service = JobService(
            store: store,
            artifacts: files,
            catalog: catalog,
            live: live,
            signals: signals,
            durations: durations,
            environment: environment,
            limits: limits,
            references: references,
            outputs: outputs,
            endpointBoard: board,
            freeDiskBytes: freeDiskBytes,
            logger: logger
        )
        worker = JobWorker(
            store: store,
            artifacts: files,
            catalog: catalog,
            live: live,
            signals: signals,
            durations: durations,
            environment: environment,
            references: references,
            outputs: outputs,
            settings: settings,
            endpointBoard: board,
            logger: logger
        )
        var configuration = ServiceGroupConfiguration(services: [worker], logger: logger)
        configuration.maximumGracefulShutdownDuration = nil
        group = ServiceGroup(configuration: configuration)
        me.node = self
    }

    /// Sets the worker to work.
    func start() {
        let group = group
        task.withLock { $0 = Task(executorPreference: harness.world) { try await group.run() } }
    }

    /// Stops in good order, and waits for it.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await task.withLock { $0 }?.value
    }

    /// Cancels the worker's task, and waits for it: as when a stop in good order takes too long.
    func abort() async {
        task.withLock { $0 }?.cancel()
        _ = await task.withLock { $0 }?.result
    }

    /// As `kill -9`: what was on its way is on its way, nothing is written any more.
    func die() {
        life.kill()
        task.withLock { $0 }?.cancel()
    }

    /// Kills the node, and waits until nothing of it runs.
    func kill() async {
        die()
        _ = await task.withLock { $0 }?.result
    }

    /// Dies while its requests stand before a door, which is open afterwards.
    func dieBefore(_ door: Door) async {
        die()
        door.open()
        await kill()
    }

    // MARK: As a client of the node

    func submit(
        _ prompt: String = "a lighthouse",
        model: String = "fake/video",
        duration: Int = 4,
        key: APIKey? = nil,
        idempotencyKey: String? = nil,
        parameters: JobParameters = JobParameters()
    ) async throws -> JobID {
        var video = VideoRequest(prompt: prompt)
        video.duration = duration
        let content: GenerationRequest.Content =
            switch model {
            case "fake/image": .image(ImageRequest(prompt: prompt))
            case "fake/speech": .speech(SpeechRequest(input: prompt))
            case _: .video(video)
            }
        return try await submit(
            GenerationRequest(model: model, content: content),
            key: key,
            idempotencyKey: idempotencyKey,
            parameters: parameters
        )
    }

    func submit(
        _ request: GenerationRequest,
        key: APIKey? = nil,
        idempotencyKey: String? = nil,
        parameters: JobParameters = JobParameters()
    ) async throws -> JobID {
        let result = try await service.submit(
            JobSubmission(
                key: key ?? harness.key,
                request: request,
                parameters: parameters,
                idempotencyKey: idempotencyKey
            )
        ) { "\($0.id)" }
        switch result {
        case .accepted(let job): return job.id
        case .replayed(let id, _): return id
        case .takenOver(let view): return view.job.id
        }
    }

    @discardableResult
    func cancel(_ id: JobID) async throws -> JobView? {
        try await service.cancel(id, workspace: harness.job(id).admitted.workspace)
    }
}

/// A node that is not made yet.
private final class NodeReference: Sendable {
    private let value = Mutex<Weak?>(nil)

    private struct Weak: Sendable {
        weak var node: Node?
    }

    var node: Node? {
        get { value.withLock { $0?.node } }
        set { value.withLock { $0 = Weak(node: newValue) } }
    }
}

/// Keeps what is logged, to be shown when a test fails.
final class LogLines: Sendable {
    private let clock: TestClock
    private let lines = Mutex<[String]>([])

    init(clock: TestClock) { self.clock = clock }

    var tail: String { lines.withLock { $0.suffix(120).joined(separator: "\n") } }

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in LineHandler(lines: self) }
    }

    fileprivate func append(_ line: String) {
        let seconds = clock.bootSeconds
        lines.withLock { $0.append("\(seconds) \(line)") }
    }
}

private struct LineHandler: LogHandler {
    let lines: LogLines
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        lines.append("\(event.level) \(event.message) \(details.joined(separator: " "))")
    }
}
