import ArtifactStoreFiles
import ConformanceKit
import Cryptography
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import JobStoreSQLite
import Ledger
import Logging
import ProviderKit
import SandboxAdapter
import ServiceLifecycle
import Testing

/// The engine as it is put together for a real service, without its HTTP: SQLite, files, the machine's own clocks.
@Suite("On the real stores")
struct RealStoresTests {
    @Test("jobs of all kinds and fates end as they should, through a stop in good order in the middle")
    func mixed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mediary-engine-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try SQLiteJobStore(path: folder.appending(path: "jobs.sqlite").path)
        let files = try FileArtifactStore(folder: folder.appending(path: "files").path)
        let parts = try Parts(store: store, files: files, folder: folder)
        let accounts = AccountService(store: store, environment: parts.environment)
        try await accounts.prepare()
        let key = try await accounts.createKey(name: "test").key
        _ = try await accounts.grant(Credits(nanoUSD: 100_000_000_000), to: key.workspace, reason: "test")

        var expected: [JobID: JobState.Name] = [:]
        try await withThrowingTaskGroup(of: Void.self) { group in
            let first = parts.group(logger: parts.logger)
            group.addTask { try await first.run() }
            for round in 0..<4 {
                for (request, state) in Self.requests {
                    let id = try await parts.submit(request, key)
                    expected[id] = state
                }
                if round == 1 { await first.triggerGracefulShutdown() }
            }
            try await group.next()
            let second = parts.group(logger: parts.logger)
            group.addTask { try await second.run() }
            for (id, state) in expected {
                let view = try await parts.service.wait(for: id, workspace: key.workspace, seconds: 60)
                #expect(view?.job.state.name == state, "\(String(describing: view))")
            }
            await second.triggerGracefulShutdown()
        }

        var charged = Credits.zero
        for id in expected.keys {
            let job = try #require(try await store.job(id))
            let events = try await store.events(of: id, after: 0, limit: 1_000)
            #expect(events.map(\.version) == Array(1...job.version))
            if case .completed(let completed) = job.state { charged = try charged.adding(completed.bill.total) }
            #expect(try await store.attempts(of: id).allSatisfy { $0.sends <= 2 })
        }
        let balance = try await store.balance(of: key.workspace)
        #expect(balance.held == .zero)
        #expect(try balance.available.adding(charged) == Credits(nanoUSD: 100_000_000_000))
        let report = try await Auditor(store: store, files: files).run()
        #expect(report.findings == [] && report.leftovers == [])
        #expect(report.database.artifacts == expected.values.count { $0 == .completed })
        try store.close()
    }

    /// Requests, and how they end.
    private static let requests: [(GenerationRequest, JobState.Name)] = {
        func video(_ script: [String: JSONValue]) -> GenerationRequest {
            var video = VideoRequest(prompt: "a lighthouse")
            video.duration = 2
            return GenerationRequest(
                model: "sandbox/video",
                content: .video(video),
                providerOptions: [SandboxAdapter.slug: .object(script)]
            )
        }
        func video(from url: String) -> GenerationRequest {
            var video = VideoRequest(prompt: "from here")
            video.duration = 2
            video.frameImages = [FrameImage(role: .first, image: .url(url))]
            return GenerationRequest(model: "sandbox/video", content: .video(video))
        }
        return [
            (video([:]), .completed),
            (video(from: "https://pictures.example/a.png"), .completed),
            (video(from: "https://pictures.example/a.png?again"), .completed),
            (video(from: "https://pictures.example/gone.png"), .failed),
            (video(["delay_ms": 900, "progress_steps": 4]), .completed),
            (video(["sync": true]), .completed),
            (video(["fail": "invalid_request"]), .failed),
            (video(["fail": "no_media"]), .failed),
            (video(["fail": "unavailable", "fail_times": 1]), .completed),
            (video(["lost_answer": true]), .completed),
            (video(["lost_answer": true, "recovery": "C"]), .failed),
            (video(["truncate": "silent"]), .failed),
            (GenerationRequest(model: "sandbox/image", content: .image(ImageRequest(prompt: "a boat"))), .completed),
            (GenerationRequest(model: "sandbox/speech", content: .speech(SpeechRequest(input: "hello"))), .completed),
        ]
    }()
}

/// A web with one picture, and one that is gone.
private struct Pictures: HTTPTransport {
    func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        do {
            try await Task.sleep(for: .milliseconds(150))
        } catch {
            throw TransportFailure(.cancelled, requestReachedPeer: .unknown, "stopped")
        }
        guard !request.url.contains("gone") else {
            return HTTPResponse(status: 404, headers: [], contentLength: 0, body: HTTPBody { nil })
        }
        let chunks = ScriptedWeb.Once(TestMedia.image)
        return HTTPResponse(status: 200, headers: [], contentLength: nil, body: HTTPBody { chunks.next() })
    }
}

/// What a process is put together from.
private struct Parts {
    let store: SQLiteJobStore
    let files: FileArtifactStore
    let environment: EngineEnvironment
    let catalog: EndpointCatalog
    let live: LiveJobs
    let outputs: LiveOutputs
    let signals: WorkSignals
    let durations = ObservedDurations()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let service: JobService
    let references: ReferenceSource

    init(store: SQLiteJobStore, files: FileArtifactStore, folder: URL) throws {
        let start = ContinuousClock.now
        let wall = Int64(Date().timeIntervalSince1970 * 1_000)
        let elapsed: @Sendable () -> Double = { (ContinuousClock.now - start) / .seconds(1) }
        environment = EngineEnvironment(
            now: { Timestamp(milliseconds: wall).adding(seconds: elapsed()) },
            bootSeconds: elapsed,
            sleep: { try await Task.sleep(for: .seconds(max(0, $0))) },
            randomBytes: { SystemRandom.bytes($0) }
        )
        let now = environment.now
        catalog = try EndpointCatalog(
            SandboxAdapter.instances(
                ProviderSettings(
                    environment: [:],
                    workFolder: folder.appending(path: "work").path,
                    transport: UnavailableTransport(),
                    processorCount: 2,
                    now: { now().milliseconds }
                )
            )
        )
        var references = ReferenceSource()
        references.transport = Pictures()
        self.references = references
        self.store = store
        self.files = files
        live = LiveJobs(store: store)
        outputs = LiveOutputs(folder: "\(FileManager.default.temporaryDirectory.path)/mediary-live")
        signals = WorkSignals(environment: environment)
        service = JobService(
            store: store,
            artifacts: files,
            catalog: catalog,
            live: live,
            signals: signals,
            durations: durations,
            environment: environment,
            references: references,
            outputs: outputs,
            freeDiskBytes: { .max },
            logger: logger
        )
    }

    /// A service group with one worker, as a process runs it.
    func group(logger: Logger) -> ServiceGroup {
        var settings = JobWorker.Settings()
        settings.isOnlyProcess = true
        let worker = JobWorker(
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
            logger: logger
        )
        return ServiceGroup(configuration: ServiceGroupConfiguration(services: [worker], logger: logger))
    }

    func submit(_ request: GenerationRequest, _ key: APIKey) async throws -> JobID {
        let result = try await service.submit(
            JobSubmission(key: key, request: request, parameters: JobParameters(), idempotencyKey: nil)
        ) { "\($0.id)" }
        switch result {
        case .accepted(let job): return job.id
        case .replayed(let id, _): return id
        case .takenOver(let view): return view.job.id
        }
    }
}
