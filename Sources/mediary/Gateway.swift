import ArgumentParser
import ArtifactStoreFiles
import CurlTransport
import Foundation
import Generation
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
    ///
    /// - Parameters:
    ///   - configuration: Says where.
    ///   - mayCreate: Whether a folder without a database gets one. A command that only looks must not find a mistyped
    ///     folder in order.
    ///   - hasLock: Whether the caller is the one that serves from the folder.
    /// - Throws: `ValidationError` without a database, or for one of another version; what the stores throw.
    init(_ configuration: Configuration, mayCreate: Bool, hasLock: Bool = false) throws {
        let folder = configuration.dataFolder
        // Prompts, callback addresses and hashes of keys are nobody else's to read, whatever the folder's own mode.
        umask(0o077)
        if mayCreate {
            try Self.createFolder(folder)
        } else if !FileManager.default.fileExists(atPath: "\(folder)/mediary.sqlite") {
            throw ValidationError("There is no database in \(folder); set MEDIARY_DATA to the service's folder.")
        }
        let crashPoint = CrashPoint(ProcessInfo.processInfo.environment["MEDIARY_TEST_CRASH_AT"])
        environment = SystemEnvironment.make(crashPoint: crashPoint)
        jobs = try Self.database(in: folder, hasLock: hasLock)
        artifacts = try FileArtifactStore(folder: "\(folder)/files")
        accounts = AccountService(store: jobs, environment: environment)
    }

    /// Opens the database, and brings it up to date unless a service runs on it that does not know the new version.
    private static func database(in folder: String, hasLock: Bool) throws -> SQLiteJobStore {
        let path = "\(folder)/mediary.sqlite"
        do {
            return try SQLiteJobStore(path: path, mayMigrate: hasLock)
        } catch SQLiteJobStoreError.newerSchema(let found, let known) {
            throw ValidationError(
                "The database in \(folder) has version \(found), of a newer mediary; this one knows \(known). Use the newer one."
            )
        } catch SQLiteJobStoreError.olderSchema(let found, let known) {
            guard let lock = try? DataFolderLock(folder: folder) else {
                throw ValidationError(
                    "The database in \(folder) has version \(found), this mediary makes it \(known), and an older one serves from it. Stop that one first, or use its own program."
                )
            }
            defer { lock.release() }
            return try SQLiteJobStore(path: path)
        }
    }

    /// Makes the data folder, for its owner alone.
    static func createFolder(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
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
    private let customerKeys: CustomerKeys
    private let configuration: Configuration
    /// What every provider is spoken to through.
    private let transport: CurlTransport
    private let logger: Logger
    private let lock: DataFolderLock
    private let webhookSecrets: WebhookSecrets
    private let fees: FeeSchedule
    /// Whom to tell when limits are nearly used; nil for nobody.
    private let alerts: AlertSettings?
    /// The settings of the API, with what its links are signed with.
    private let apiConfiguration: APIConfiguration
    /// Bounds on requests to free models; nil when there are none.
    private let freeModels: FreeModelLimits?
    private let routing: ProviderRouting?

    /// Opens the stores, gathers the adapters, and takes the folder's lock.
    init(_ configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        // What cannot be followed is refused before anything is made.
        let file = try configuration.operatorFile.map { try OperatorFile(path: $0) } ?? OperatorFile()
        fees = file.fees
        alerts = file.alerts
        try Stores.createFolder(configuration.dataFolder)
        // Before anything that a second service must not touch.
        lock = try DataFolderLock(folder: configuration.dataFolder)
        stores = try Stores(configuration, mayCreate: true, hasLock: true)
        let masterKey = try MasterKey.load(configuration, mayMake: true)
        webhookSecrets = WebhookSecrets(masterKey: masterKey)
        var api = configuration.api.signingLinks(withMasterKey: masterKey)
        api.creditTerms = file.creditTerms
        api.stripeSecret = Array((configuration.stripeWebhookSecret ?? "").utf8)
        apiConfiguration = api
        freeModels = file.freeModels
        routing = file.routing
        transport = CurlTransport(
            .init(environment: ProcessInfo.processInfo.environment),
            bootSeconds: stores.environment.bootSeconds
        )
        let settings = ProviderSettings(configuration, stores.environment, transport: transport)
        let live = LiveEndpoints()
        catalog = try ModelOffer(settings, file: file, live: live).catalog
        customerKeys = CustomerKeys(
            store: stores.jobs,
            vault: CustomerKeyVault(masterKey: masterKey),
            providers: CustomerProviderKeys(settings, overrides: file.overrides).customerProviders,
            live: live,
            environment: stores.environment,
            logger: logger
        )
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
        // Before any job is driven: those that were begun with customers' keys find them.
        try await customerKeys.refresh()
        try await stores.jobs.setAlertThresholds(alerts?.thresholds ?? [])
        let environment = stores.environment
        let live = LiveJobs(store: stores.jobs)
        let signals = WorkSignals(environment: environment)
        let durations = ObservedDurations()
        let metrics = EngineMetrics()
        let board = EndpointBoard()
        let health = EndpointHealthKeeper(
            board: board,
            store: stores.jobs,
            environment: environment,
            logger: logger
        )
        await health.load()
        let answers = PendingAnswers()
        // Holds for a store that no other process admits jobs to: all later ones are noted here.
        try await answers.load(from: stores.jobs, at: environment.now())
        let folder = configuration.dataFolder
        let outputs = LiveOutputs(folder: "\(URL(filePath: folder).absoluteURL.path)/work/outputs")
        var references = ReferenceSource()
        references.transport = transport
        references.allowedNetworks = configuration.allowNetworks
        references.resolve = { await SystemNames.resolve($0) }
        var limits = JobService.Limits()
        limits.freeModels = freeModels
        let expirer = CreditExpirer(store: stores.jobs, environment: environment, logger: logger)
        let service = JobService(
            store: stores.jobs,
            artifacts: stores.artifacts,
            catalog: catalog,
            live: live,
            signals: signals,
            durations: durations,
            environment: environment,
            answers: answers,
            limits: limits,
            references: references,
            outputs: outputs,
            metrics: metrics,
            customerKeys: customerKeys,
            endpointBoard: board,
            freeDiskBytes: { Self.freeBytes(folder) },
            logger: logger
        ).charging(fees).preferring(routing)
        let sweeper = ArtifactSweeper(
            store: stores.jobs,
            files: stores.artifacts,
            outputs: outputs,
            environment: environment,
            logger: logger
        )
        let marker = AnswerMarker(answers: answers, store: stores.jobs, environment: environment, logger: logger)
        let uses = KeyUseRecorder(accounts: stores.accounts, environment: environment, logger: logger)
        let api = APIServer(
            service: service,
            accounts: stores.accounts,
            artifacts: stores.artifacts,
            store: stores.jobs,
            configuration: apiConfiguration,
            environment: environment,
            logger: logger,
            onListening: onListening
        )
        var settings = JobWorker.Settings()
        settings.isOnlyProcess = true
        settings.allowNetworks = configuration.allowNetworks
        if let most = configuration.retryOnceHoldMax { settings.unknownOutcome = .retryOnce(holdMax: most) }
        settings.publicURL = { api.publicURL }
        let worker = JobWorker(
            store: stores.jobs,
            artifacts: stores.artifacts,
            catalog: catalog,
            live: live,
            signals: signals,
            durations: durations,
            environment: environment,
            references: references,
            outputs: outputs,
            settings: settings,
            metrics: metrics,
            endpointBoard: board,
            logger: logger
        )
        let deliverer = WebhookDeliverer(
            store: stores.jobs,
            live: live,
            transport: transport,
            composer: api.webhooks,
            secrets: webhookSecrets,
            allowNetworks: configuration.allowNetworks,
            userAgent: "mediary/\(Mediary.version)",
            environment: environment,
            // Messages hold our own addresses: before the server listens they may not be known.
            mayStart: { api.knowsItsAddress },
            logger: logger
        )
        // Stopped in reverse: first the worker, which lets sends in flight end and gives its jobs back, while clients are
        // still answered; jobs that are accepted meanwhile wait for the next start.
        var services: [any Service] = [sweeper, expirer, marker, uses, health]
        services += alertDeliverers
        services += [deliverer, customerKeys, api, worker]
        let watch = SchemaWatch(store: stores.jobs, environment: environment, logger: logger)
        var members = services.map { ServiceGroupConfiguration.ServiceConfiguration(service: NamedService($0)) }
        members.append(.init(service: NamedService(watch), successTerminationBehavior: .gracefullyShutdownGroup))
        var groupConfiguration = ServiceGroupConfiguration(
            services: members,
            gracefulShutdownSignals: gracefulShutdownSignals ? [.sigterm, .sigint] : [],
            logger: logger
        )
        groupConfiguration.maximumGracefulShutdownDuration = .seconds(30)
        let group = ServiceGroup(configuration: groupConfiguration)
        started(group)
        try await group.run()
        await transport.shutdown()
        try stores.close()
    }

    /// What sends alerts: nothing, unless the operator's file names somebody.
    private var alertDeliverers: [any Service] {
        guard let alerts else { return [] }
        let sender: any AlertSender =
            switch alerts.receiver {
            case .url(let url):
                AlertPoster(url: url, transport: transport, userAgent: "mediary/\(Mediary.version)")
            case .command(let command):
                AlertCommand(command, environment: ProcessInfo.processInfo.environment)
            }
        return [
            AlertDeliverer(store: stores.jobs, sender: sender, environment: stores.environment, logger: logger)
        ]
    }

    /// How much of the folder's disk is free.
    private static func freeBytes(_ folder: String) -> Int64 {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else { return 0 }
        return Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    }
}

/// A service that goes by the name of its type.
///
/// The lifecycle logs each service as it prints: a struct prints with all that it holds, and that is the master key and
/// every provider's key.
private struct NamedService: Service, CustomStringConvertible {
    let base: any Service

    init(_ base: any Service) { self.base = base }

    var description: String { "\(type(of: base))" }

    func run() async throws { try await base.run() }
}

extension CurlTransport.Settings {
    /// The settings of this program; certificates are where OpenSSL's own variables say.
    init(environment: [String: String]) {
        self.init()
        userAgent = "mediary/\(Mediary.version)"
        certificateFile = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        certificateFolder = environment["SSL_CERT_DIR"].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Configuration {
    /// How many connections leave enough file descriptors for the database, the artifacts and the children.
    ///
    /// The soft limit is raised to the hard one first: many systems start programs with 1,024.
    private static var connectionsMax: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 512 }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return max(32, Int(clamping: limit.rlim_cur) * 3 / 4 - 128)
    }

    /// What these settings say about the HTTP server.
    fileprivate var api: APIConfiguration {
        var api = APIConfiguration()
        api.host = host
        api.port = port
        api.publicURL = publicURL
        api.version = Mediary.version
        api.allowNetworks = allowNetworks
        api.keepAlive = keepAlive
        // What is left of the time for a stop, after the sends in flight.
        api.drainSeconds = 15
        api.connectionsMax = Self.connectionsMax
        return api
    }

    /// The logger that these settings ask for.
    func logger() -> Logger {
        let (level, isJSON) = (logLevel, logsJSON)
        return Logger(label: "mediary") { LogOutput(logLevel: level, isJSON: isJSON, label: $0) }
    }
}
