import Generation
package import HTTPTransport
package import JobCore
import Ledger
package import Logging
import ServiceLifecycle

/// Whom alerts are sent to: the port behind which the operator's URL or command stands.
package protocol AlertSender: Sendable {
    /// Hands an alert over.
    ///
    /// - Parameters:
    ///   - body: The alert, as JSON.
    ///   - name: What makes a repeat recognizable.
    /// - Throws: When it did not arrive, or perhaps did not: it is sent again.
    func send(_ body: [UInt8], name: String) async throws
}

/// An alert that was not taken.
package struct AlertNotTaken: Error, CustomStringConvertible {
    /// Why, for the log.
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Sends the alerts about limits that are nearly used, each at least once.
///
/// An alert is claimed for a minute, sent, and marked as sent. A process that dies in between leaves a claim that ends by
/// itself, and the alert is sent again under the same name. One that is not taken is tried again, at last once an hour.
package struct AlertDeliverer: Service {
    /// How long a claim lasts, in seconds: longer than all sendings of one claim may take.
    private static let claimSeconds = 120.0
    private static let claimMax = 4
    private static let retrySecondsMax = 3_600.0

    private let store: any JobStore
    private let sender: any AlertSender
    private let environment: EngineEnvironment
    private let everySeconds: Double
    private let logger: Logger

    /// Makes a deliverer.
    ///
    /// - Parameters:
    ///   - store: Where the alerts are.
    ///   - sender: Whom they are sent to.
    ///   - environment: Time and sleep.
    ///   - everySeconds: How often it looks.
    ///   - logger: Where the log goes.
    package init(
        store: any JobStore,
        sender: any AlertSender,
        environment: EngineEnvironment,
        everySeconds: Double = 2,
        logger: Logger
    ) {
        self.store = store
        self.sender = sender
        self.environment = environment
        self.everySeconds = everySeconds
        self.logger = logger
    }

    /// Sends until told to stop; what is being sent then is cut off, and sent again after the next start.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let found = await sendDue()
                guard found < Self.claimMax else { continue }
                do { try await environment.sleep(everySeconds) } catch { return }
            }
        }
    }

    /// Sends what is due, and tells how many alerts that were.
    package func sendDue() async -> Int {
        let now = environment.now()
        do {
            let due = try await store.claimAlerts(
                now: now,
                until: now.adding(seconds: Self.claimSeconds),
                limit: Self.claimMax
            )
            for alert in due { try await send(alert) }
            return due.count
        } catch {
            // What was claimed all the same is due again when the claim ends.
            logger.error("alerts not sent", metadata: ["error": "\(error)"])
            return 0
        }
    }

    private func send(_ alert: SpendingAlert) async throws {
        let key = if let hash = alert.keyHash { try await store.key(hash: hash) } else { APIKey?.none }
        var retryAt: Timestamp?
        do {
            try await sender.send(Self.body(of: alert, key: key), name: Self.name(of: alert))
            logger.info("alert sent", metadata: ["alert": "\(alert.id)", "percent": "\(alert.percent)"])
        } catch {
            // Cut off by the stop: whether it arrived is not known.
            guard !Task.isCancelled else { return }
            let seconds = min(Self.retrySecondsMax, 10 * Double(1 << min(alert.tries, 10)))
            retryAt = environment.now().adding(seconds: seconds)
            logger.warning(
                "alert not taken; it is sent again",
                metadata: ["alert": "\(alert.id)", "try": "\(alert.tries)", "error": "\(error)"]
            )
        }
        try await store.recordAlert(alert.id, retryAt: retryAt, at: environment.now())
    }

    private static func name(of alert: SpendingAlert) -> String { "alert_\(alert.id)" }

    /// The alert as JSON: the same bytes each time, but for a key that was renamed.
    private static func body(of alert: SpendingAlert, key: APIKey?) -> [UInt8] {
        var members: [String: JSONValue] = [
            "id": .string(name(of: alert)),
            "type": "spending.threshold",
            "scope": .string(alert.subject.rawValue),
            "workspace": .string(alert.workspace),
            "period": .string(alert.period.rawValue),
            "threshold_percent": .integer(Int64(alert.percent)),
            "limit": .string(alert.limit.description),
            "spent": .string(alert.spent.description),
            "currency": "USD",
            "created_at": .string(alert.createdAt.description),
        ]
        if let start = alert.periodStart {
            let time = Timestamp(milliseconds: start * 86_400_000)
            members["period_start"] = .string(time.description)
            members["resets_at"] = UsagePeriods(at: time).end(of: alert.period).map { .string($0.description) }
        }
        if let hash = alert.keyHash {
            var about: [String: JSONValue] = ["hash": .string(hash)]
            about["name"] = (key?.name).map(JSONValue.string)
            about["label"] = (key?.label).map(JSONValue.string)
            members["key"] = .object(about)
        }
        return Array(JSONValue.object(members).canonicalText.utf8)
    }
}

/// Posts alerts to a URL of the operator's.
package struct AlertPoster: AlertSender {
    private let url: String
    private let transport: any HTTPTransport
    private let userAgent: String

    /// Makes a poster.
    ///
    /// - Parameters:
    ///   - url: Where alerts go: the operator wrote it down, so it may be anywhere.
    ///   - transport: What they are sent by.
    ///   - userAgent: What we call ourselves.
    package init(url: String, transport: any HTTPTransport, userAgent: String) {
        self.url = url
        self.transport = transport
        self.userAgent = userAgent
    }

    package func send(_ body: [UInt8], name: String) async throws {
        let request = HTTPRequest(
            .post,
            url,
            headers: [
                ("Content-Type", "application/json"), ("User-Agent", userAgent), ("Idempotency-Key", name),
            ],
            body: body
        )
        var options = ExchangeOptions(totalTimeoutSeconds: 20)
        options.idleTimeoutSeconds = 20
        options.bodyBytesMax = 65_536
        do {
            let response = try await transport.exchange(request, options: options)
            guard (200..<300).contains(response.status) else {
                throw AlertNotTaken("the answer's status is \(response.status)")
            }
        } catch let failure as TransportFailure {
            throw AlertNotTaken(failure.kind.rawValue)
        }
    }
}
