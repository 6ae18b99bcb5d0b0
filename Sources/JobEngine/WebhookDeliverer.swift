package import HTTPTransport
package import JobCore
package import Logging
import ServiceLifecycle
import Synchronization

/// Writes what clients are told: the port behind which the wire's words are.
package protocol WebhookComposer: Sendable {
    /// The body of a message about a job that is over.
    ///
    /// Made from nothing but what is stored and never changes, so that each sending of a message has the same bytes.
    func body(of message: OutboxMessage, job: Job) -> [UInt8]
}

/// Delivers the outbox: tells clients at their callback URLs that their jobs are over, at least once.
///
/// A message is claimed for some seconds, sent, and what came of it is recorded. A process that dies in between leaves a
/// claim that ends by itself, and the message is sent again under the same id. Sleeps until the next message is due, or
/// until a job with a callback ends; so many deliveries run at once that one receiver which answers slowly holds up none
/// of the others.
package struct WebhookDeliverer: Service {
    /// Bounds and times.
    package struct Settings: Sendable {
        /// How many deliveries run at once.
        ///
        /// Defaults to 32.
        package var deliveriesMax = 32
        /// How many of them to one origin.
        ///
        /// Defaults to 4.
        package var perOriginMax = 4
        /// How long a receiver may take to answer, in seconds.
        ///
        /// Defaults to 20.
        package var timeoutSeconds: Int64 = 20
        /// How long a claim lasts, in seconds: longer than a delivery takes.
        ///
        /// Defaults to 30.
        package var claimSeconds = 30.0
        /// How long deliveries under way may take when the process is told to stop, in seconds.
        ///
        /// Defaults to 5.
        package var drainSeconds = 5.0
        /// When a message is tried again.
        package var schedule = WebhookSchedule()

        package init() {}
    }

    /// Of an answer no more than this is read; nothing of it is kept.
    private static let answerBytesMax: Int64 = 65_536
    /// The longest sleep, in seconds: a wall clock that was set is noticed.
    private static let pauseSecondsMax = 60.0

    private let store: any JobStore
    private let live: LiveJobs
    private let transport: any HTTPTransport
    private let composer: any WebhookComposer
    private let secrets: WebhookSecrets
    private let reach: NetworkReach
    private let userAgent: String
    private let environment: EngineEnvironment
    private let settings: Settings
    private let mayStart: @Sendable () -> Bool
    private let logger: Logger
    private let slots = DeliverySlots()
    private let stopping = Flag()

    /// Makes a deliverer.
    ///
    /// - Parameters:
    ///   - store: Where the messages are.
    ///   - live: Where their jobs are read, and who tells that one has ended.
    ///   - transport: What they are sent by.
    ///   - composer: What writes them.
    ///   - secrets: What signs them.
    ///   - allowNetworks: Networks besides the public one that they may go to, also by plain http.
    ///   - userAgent: What we call ourselves.
    ///   - environment: Time and chance.
    ///   - settings: Bounds and times.
    ///   - mayStart: Asked until it says yes, before the first message is sent.
    ///   - logger: Where the log goes: hosts, never whole URLs.
    package init(
        store: any JobStore,
        live: LiveJobs,
        transport: any HTTPTransport,
        composer: any WebhookComposer,
        secrets: WebhookSecrets,
        allowNetworks: [NetworkRange],
        userAgent: String,
        environment: EngineEnvironment,
        settings: Settings = Settings(),
        mayStart: @escaping @Sendable () -> Bool = { true },
        logger: Logger
    ) {
        self.store = store
        self.live = live
        self.transport = transport
        self.composer = composer
        self.secrets = secrets
        self.reach = .publicInternet(and: allowNetworks)
        self.userAgent = userAgent
        self.environment = environment
        self.settings = settings
        self.mayStart = mayStart
        self.logger = logger
    }

    /// Delivers until told to stop: then it takes up nothing more, and deliveries under way may end for a bounded time.
    ///
    /// Those that do not are cut off; their claims end by themselves, and the next start sends them again.
    package func run() async throws {
        await withGracefulShutdownHandler {
            while !stopping.isUp, !Task.isCancelled, !mayStart() {
                await live.messages.wait(seconds: 0.05, sleep: environment.sleep)
            }
            await withDiscardingTaskGroup { group in
                while !stopping.isUp, !Task.isCancelled { await claim(into: &group) }
                await drain()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            stopping.raise()
            live.messages.raise()
        }
    }

    /// Takes up what is due and has room, then sleeps until something changes.
    private func claim(into group: inout DiscardingTaskGroup) async {
        let now = environment.now()
        let busy = slots.byOrigin
        let free = settings.deliveriesMax - busy.values.reduce(0, +)
        var pause = Self.pauseSecondsMax
        if free > 0 {
            do {
                let claim = try await store.claimDeliveries(
                    now: now,
                    until: now.adding(seconds: settings.claimSeconds),
                    busy: busy,
                    perOrigin: settings.perOriginMax,
                    limit: free
                )
                for delivery in claim.deliveries {
                    let origin = delivery.message.origin
                    slots.take(origin)
                    group.addTask {
                        await deliver(delivery)
                        slots.free(origin)
                        live.messages.raise()
                    }
                }
                if claim.deliveries.count < free, let next = claim.nextDueAt {
                    pause = min(pause, next.seconds(since: now))
                }
            } catch {
                // What it claimed all the same is due again when the claim ends.
                logger.error("callbacks not claimed", metadata: ["error": "\(error)"])
                pause = 5
            }
        }
        guard !stopping.isUp else { return }
        await live.messages.wait(seconds: max(0.01, pause), sleep: environment.sleep)
    }

    /// Waits for the deliveries under way, so long as a stop may take.
    private func drain() async {
        let end = environment.bootSeconds() + settings.drainSeconds
        while !slots.byOrigin.isEmpty, !Task.isCancelled {
            let left = end - environment.bootSeconds()
            guard left > 0 else { return }
            await live.messages.wait(seconds: left, sleep: environment.sleep)
        }
    }

    // MARK: One delivery

    private func deliver(_ delivery: OutboxDelivery) async {
        let (at, began) = (environment.now(), environment.bootSeconds())
        // Suspended since the claim: by now the message may be another's.
        guard at < delivery.claimedUntil else { return }
        let request: HTTPRequest
        do {
            request = try await self.request(for: delivery.message, at: at)
        } catch {
            logger.error(
                "callback not written; it is tried again",
                metadata: ["job": "\(delivery.message.job)", "error": "\(error)"]
            )
            return
        }
        let (result, response) = await send(request)
        // Cut off by the stop: whether it arrived is not known, so it is sent again.
        guard let result else { return }
        let outcome = settings.schedule.outcome(
            of: result,
            retryAfter: response?.header("Retry-After"),
            number: delivery.number,
            now: environment.now(),
            fraction: environment.randomFraction()
        )
        let milliseconds = Int64((environment.bootSeconds() - began) * 1_000)
        await record(delivery, at: at, result: result, milliseconds: milliseconds, outcome: outcome)
        // Only after the record: an answer that trickles must not make a message that arrived be sent again.
        while let response, (try? await response.body.next()) != nil {}
    }

    /// The signed request of a message.
    private func request(for message: OutboxMessage, at now: Timestamp) async throws -> HTTPRequest {
        // A commit is in the store before it is in memory: only the job as the message tells of it may be written.
        var known = try await live.job(message.job)
        if known?.state.name != message.state { known = try await store.job(message.job) }
        guard let job = known, job.state.name == message.state else { throw MessageWithoutJob() }
        let body = composer.body(of: message, job: job)
        let signed = secrets.secret(of: job.admitted.workspace).headers(for: message, body: body, at: now)
        return HTTPRequest(
            .post,
            message.url,
            headers: [("Content-Type", "application/json"), ("User-Agent", userAgent)] + signed,
            body: body
        )
    }

    /// Sends a request, and waits for the head of the answer.
    ///
    /// - Returns: How it ended; nil when it was cut off.
    private func send(_ request: HTTPRequest) async -> (DeliveryTry.Result?, HTTPResponse?) {
        var options = ExchangeOptions(totalTimeoutSeconds: settings.timeoutSeconds)
        options.idleTimeoutSeconds = settings.timeoutSeconds
        options.reach = reach
        options.bodyBytesMax = Self.answerBytesMax
        do {
            // The networks that are allowed may have changed since the job was admitted.
            try RemoteURL(request.url).check(reach: reach, plainHTTP: false)
        } catch {
            return (.error(TransportFailure.Kind.forbidden.words), nil)
        }
        do {
            let response = try await transport.exchange(request, options: options)
            return (.status(response.status), response)
        } catch {
            guard error.kind != .cancelled, !Task.isCancelled else { return (nil, nil) }
            return (.error(error.kind.words), nil)
        }
    }

    /// Writes down how a delivery ended.
    ///
    /// A database that does not answer is asked again a few times; after that the claim ends by itself, and the message
    /// is sent once more.
    private func record(
        _ delivery: OutboxDelivery,
        at began: Timestamp,
        result: DeliveryTry.Result,
        milliseconds: Int64,
        outcome: DeliveryOutcome
    ) async {
        log(delivery, result, milliseconds, outcome)
        for pause in [1.0, 2, 0] {
            do {
                _ = try await store.recordDelivery(
                    delivery,
                    at: began,
                    result: result,
                    milliseconds: milliseconds,
                    outcome: outcome
                )
                return
            } catch {
                logger.error(
                    "delivery not recorded",
                    metadata: ["job": "\(delivery.message.job)", "error": "\(error)"]
                )
                try? await environment.sleep(pause)
            }
        }
    }

    private func log(
        _ delivery: OutboxDelivery,
        _ result: DeliveryTry.Result,
        _ milliseconds: Int64,
        _ outcome: DeliveryOutcome
    ) {
        var metadata: Logger.Metadata = [
            "job": "\(delivery.message.job)", "attempt": "\(delivery.number)",
            "host": "\(Self.host(of: delivery.message.url))", "milliseconds": "\(milliseconds)",
        ]
        switch result {
        case .status(let status): metadata["status"] = "\(status)"
        case .error(let words): metadata["error"] = "\(words)"
        }
        switch outcome {
        case .delivered: logger.info("callback delivered", metadata: metadata)
        case .retry(let next):
            metadata["next_at"] = "\(next)"
            logger.notice("callback not delivered", metadata: metadata)
        case .exhausted: logger.warning("callback given up", metadata: metadata)
        }
    }

    /// The host of a URL: its path and query may hold secrets.
    private static func host(of url: String) -> String {
        switch try? RemoteURL(url).host {
        case .name(let name): name
        case .address(let address): address.description
        case nil: "unknown"
        }
    }
}

/// A message about a job that the store does not have.
private struct MessageWithoutJob: Error {}

/// The deliveries under way, counted by origin.
private final class DeliverySlots: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    var byOrigin: [String: Int] { counts.withLock { $0 } }

    func take(_ origin: String) { counts.withLock { $0[origin, default: 0] += 1 } }

    func free(_ origin: String) {
        counts.withLock { counts in
            let left = (counts[origin] ?? 1) - 1
            counts[origin] = left > 0 ? left : nil
        }
    }
}

extension TransportFailure.Kind {
    /// For the delivery log, and for those who read it: nothing that could hold an address.
    fileprivate var words: String {
        switch self {
        case .noConnection: "no connection"
        case .sendWindowPassed: "not sent in time"
        case .timedOut: "no answer in time"
        case .connectionLost: "connection lost"
        case .tooLarge: "the answer is too large"
        case .cancelled: "cut off"
        case .forbidden: "the address may not be reached"
        }
    }
}
