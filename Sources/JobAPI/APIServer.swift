import HTTPTypes
import Hummingbird
import HummingbirdCore
package import JobCore
package import JobEngine
package import Logging
import NIOCore
import ServiceLifecycle

/// The HTTP server with all routes of the API.
///
/// Runs until it is told to stop: then it accepts no more, ends the streams of events with a comment, answers those who
/// wait for a job, and lets answers under way finish for a bounded time.
package struct APIServer: Service {
    /// What headers may hold: enough for any client, too little to fill memory with.
    private static let headers = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 16 * 1_024,
        maxHeaderListSize: 32 * 1_024,
        maxHeaderFieldCount: 100
    )

    private let configuration: APIConfiguration
    private let environment: EngineEnvironment
    private let logger: Logger
    private let address: PublicAddress
    private let answers: PendingAnswers
    private let responder: RouterResponder<APIRequestContext>
    private let onListening: @Sendable (Int) async -> Void

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - service: The use cases.
    ///   - accounts: What opens the API.
    ///   - artifacts: Where artifacts are read from.
    ///   - store: Asked whether it answers, for readiness.
    ///   - configuration: The settings.
    ///   - environment: Time and sleep.
    ///   - logger: Where the log goes.
    ///   - onListening: Told the port once the server accepts connections.
    package init(
        service: JobService,
        accounts: AccountService,
        artifacts: any ArtifactStore,
        store: any JobStore,
        configuration: APIConfiguration,
        environment: EngineEnvironment,
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
        self.onListening = onListening
        let address = PublicAddress(configuration)
        self.address = address
        self.answers = service.answers
        let authenticator = Authenticator(accounts: accounts)
        let bodies = BodyReader(bytesMax: configuration.bodyBytesMax, seconds: environment.bootSeconds)

        let router = Router(context: APIRequestContext.self)
        let metrics = HTTPMetrics()
        router.add(middleware: AnswerMiddleware(seconds: environment.bootSeconds, metrics: metrics))
        var routes = RouteTable(router: router)
        HealthRoutes(store: store, sleep: environment.sleep).add(to: &routes)
        MetricsRoutes(
            engine: service.metrics,
            http: metrics,
            store: StoreFigures(environment: environment) { try await store.storeMetrics(now: environment.now()) },
            version: configuration.version,
            environment: environment,
            startedAt: environment.bootSeconds()
        ).add(to: &routes)
        let submissions = SubmissionReader(allowNetworks: configuration.allowNetworks)
        JobRoutes(
            service: service,
            submitter: Submitter(service: service),
            authenticator: authenticator,
            bodies: bodies,
            submissions: submissions,
            address: address
        ).add(to: &routes)
        QuoteRoutes(service: service, authenticator: authenticator, bodies: bodies, submissions: submissions)
            .add(to: &routes)
        CatalogRoutes(service: service, authenticator: authenticator).add(to: &routes)
        EventRoutes(
            service: service,
            store: store,
            authenticator: authenticator,
            address: address,
            streams: metrics.streams,
            heartbeatSeconds: configuration.heartbeatSeconds,
            sleep: environment.sleep
        ).add(to: &routes)
        let links = SignedLinks(
            key: configuration.linkKey.isEmpty ? environment.randomBytes(32) : configuration.linkKey,
            now: environment.now
        )
        let files = ArtifactRoutes(
            service: service,
            artifacts: artifacts,
            authenticator: authenticator,
            links: links,
            stallSeconds: configuration.downloadStallSeconds,
            sleep: environment.sleep,
            now: environment.now
        )
        files.add(to: &routes)
        let answers = SynchronousAnswers(
            submitter: Submitter(service: service),
            writer: AnswerWriter(
                artifacts: artifacts,
                stallSeconds: configuration.downloadStallSeconds,
                sleep: environment.sleep,
                work: environment.longWork
            ),
            keepAlive: configuration.keepAlive,
            keepAliveSeconds: configuration.keepAliveSeconds
        )
        OpenRouterRoutes(
            service: service,
            accounts: accounts,
            authenticator: authenticator,
            bodies: bodies,
            files: files,
            answers: answers,
            allowNetworks: configuration.allowNetworks,
            address: address
        ).add(to: &routes)
        CustomerKeyRoutes(
            keys: service.customerKeys,
            accounts: accounts,
            authenticator: authenticator,
            bodies: bodies
        ).add(to: &routes)
        OpenAIRoutes(
            service: service,
            authenticator: authenticator,
            bodies: bodies,
            artifacts: artifacts,
            files: files,
            links: links,
            answers: answers,
            address: address,
            now: environment.now
        ).add(to: &routes)
        KeyRoutes(accounts: accounts, authenticator: authenticator, bodies: bodies, now: environment.now).add(
            to: &routes
        )
        WorkspaceRoutes(accounts: accounts, authenticator: authenticator, bodies: bodies).add(to: &routes)
        BudgetRoutes(accounts: accounts, authenticator: authenticator, bodies: bodies).add(to: &routes)
        ProviderCallbackRoutes(service: service, seconds: environment.bootSeconds).add(to: &routes)
        PaymentEventRoutes(
            payments: PaymentService(store: store, environment: environment, terms: configuration.creditTerms),
            stripeSecret: configuration.stripeSecret,
            environment: environment,
            logger: logger
        ).add(to: &routes)
        let document = OpenAPIDocument(version: configuration.version)
        OpenAPIRoutes(document: document, address: address).add(to: &routes)
        document.describe(routes)
        routes.refuseOtherMethods()
        self.responder = router.buildResponder()
    }

    /// Writes messages to clients with this server's addresses.
    package var webhooks: WebhookWire { WebhookWire { [address] in address.wire } }

    /// The base of every URL that it hands out; nil until it is final.
    package var publicURL: String? { address.isFinal ? address.url : nil }

    /// Whether the URLs that it hands out are final: its address is configured, or it listens.
    package var knowsItsAddress: Bool { address.isFinal }

    /// Serves until told to stop.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask {
                try await gracefulShutdown()
                try await environment.sleep(configuration.drainSeconds)
                logger.warning("answers under way are cut off: they took too long to finish")
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private var application: Application<RouterResponder<APIRequestContext>> {
        let (bodyBytesMax, answers) = (configuration.bodyBytesMax, self.answers)
        return Application(
            responder: responder,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [ConnectionGuard(bodyBytesMax: bodyBytesMax, answers: answers)],
                    idleTimeout: .seconds(configuration.idleSeconds),
                    httpDecoderConfiguration: Self.headers
                )
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                backlog: 1_024,
                availableConnectionsDelegate: configuration.connectionsMax.map(MaximumAvailableConnections.init)
            ),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                address.listening(at: port, configuration)
                await onListening(port)
            },
            logger: logger
        )
    }
}
