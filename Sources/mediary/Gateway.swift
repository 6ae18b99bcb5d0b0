import AdapterCatalog
import ArgumentParser
import ArtifactStoreFiles
import Foundation
import Glibc
import HTTPTransport
import JobAPI
import JobCore
import JobEngine
import JobStoreSQLite
import Logging
import ProviderKit
import ServiceLifecycle
import UnixSignals

/// The stores of a data folder, as administrative commands and the service open them.
struct Stores {
    let jobs: SQLiteJobStore
    let artifacts: FileArtifactStore
    let accounts: AccountService
    let environment: EngineEnvironment

    /// Opens the stores, making what is missing.
    init(_ configuration: Configuration) throws {
        let folder = configuration.dataFolder
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let crashPoint = CrashPoint(ProcessInfo.processInfo.environment["MEDIARY_TEST_CRASH_AT"])
        environment = SystemEnvironment.make(crashPoint: crashPoint)
        jobs = try SQLiteJobStore(path: "\(folder)/mediary.sqlite")
        artifacts = try FileArtifactStore(folder: "\(folder)/files")
        accounts = AccountService(store: jobs, environment: environment)
    }

    /// Closes the database; what was written is durable already.
    func close() throws { try jobs.close() }
}

/// The right to serve from a data folder: held by one process at a time, given back by the kernel when it ends.
struct DataFolderLock {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: `ValidationError` when another process serves from the folder.
    init(folder: String) throws {
        descriptor = open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ValidationError("MEDIARY_DATA: \(folder)/lock cannot be opened: \(String(cString: strerror(errno))).")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ValidationError(
                "Another mediary serves from \(folder) already; give this one a MEDIARY_DATA of its own."
            )
        }
    }

    /// Gives the lock back.
    func release() { close(descriptor) }
}

/// Everything put together: the composition root.
struct Gateway {
    let stores: Stores
    let catalog: EndpointCatalog
    private let configuration: Configuration
    private let logger: Logger
    private let lock: DataFolderLock

    /// Opens the stores, gathers the adapters, and takes the folder's lock.
    init(_ configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        try FileManager.default.createDirectory(
            atPath: configuration.dataFolder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        // Before anything that a second service must not touch.
        lock = try DataFolderLock(folder: configuration.dataFolder)
        stores = try Stores(configuration)
        let now = stores.environment.now
        let work = URL(filePath: "\(configuration.dataFolder)/work").absoluteURL.path
        let settings = ProviderSettings(
            environment: ProcessInfo.processInfo.environment,
            workFolder: work,
            transport: UnavailableTransport(),
            processorCount: ProcessInfo.processInfo.activeProcessorCount,
            now: { now().milliseconds }
        )
        catalog = try EndpointCatalog(AdapterCatalog.instances(settings))
    }

    /// Serves until stopped.
    ///
    /// - Parameters:
    ///   - gracefulShutdownSignals: Whether SIGTERM and SIGINT stop the service in good order.
    ///   - started: Given the service group before it runs, to be able to stop it.
    ///   - onListening: Told the port once the service answers.
    /// - Throws: What a service of the group throws.
    func run(
        gracefulShutdownSignals: Bool,
        group started: @Sendable (ServiceGroup) -> Void = { _ in },
        onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        defer { lock.release() }
        try await stores.accounts.prepare()
        let environment = stores.environment
        let live = LiveJobs(store: stores.jobs)
        let signals = WorkSignals(environment: environment)
        let durations = ObservedDurations()
        let folder = configuration.dataFolder
        let service = JobService(
            store: stores.jobs,
            artifacts: stores.artifacts,
            catalog: catalog,
            live: live,
            signals: signals,
            durations: durations,
            environment: environment,
            freeDiskBytes: { Self.freeBytes(folder) },
            logger: logger
        )
        var settings = JobWorker.Settings()
        settings.isOnlyProcess = true
        let worker = JobWorker(
            store: stores.jobs,
            artifacts: stores.artifacts,
            catalog: catalog,
            live: live,
            signals: signals,
            durations: durations,
            environment: environment,
            settings: settings,
            logger: logger
        )
        let sweeper = ArtifactSweeper(
            store: stores.jobs,
            files: stores.artifacts,
            environment: environment,
            logger: logger
        )
        let api = APIServer(
            service: service,
            accounts: stores.accounts,
            artifacts: stores.artifacts,
            store: stores.jobs,
            configuration: configuration.api,
            environment: environment,
            logger: logger,
            onListening: onListening
        )
        // Stopped in reverse: first nothing new is accepted, then jobs are given back.
        var groupConfiguration = ServiceGroupConfiguration(
            services: [sweeper, worker, api],
            gracefulShutdownSignals: gracefulShutdownSignals ? [.sigterm, .sigint] : [],
            logger: logger
        )
        groupConfiguration.maximumGracefulShutdownDuration = .seconds(30)
        let group = ServiceGroup(configuration: groupConfiguration)
        started(group)
        try await group.run()
        try stores.close()
    }

    /// How much of the folder's disk is free.
    private static func freeBytes(_ folder: String) -> Int64 {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else { return 0 }
        return Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    }
}

extension Configuration {
    /// What these settings say about the HTTP server.
    fileprivate var api: APIConfiguration {
        var api = APIConfiguration()
        api.host = host
        api.port = port
        api.publicURL = publicURL
        api.allowNetworks = allowNetworks
        return api
    }

    /// The logger that these settings ask for.
    func logger() -> Logger {
        let (level, isJSON) = (logLevel, logsJSON)
        return Logger(label: "mediary") { LogOutput(logLevel: level, isJSON: isJSON, label: $0) }
    }
}
