package import JobCore
import Ledger
package import Logging
import ServiceLifecycle

/// Takes credits that have ended, shortly after they did.
///
/// Each pass is one transaction that finds what is due in the store: after a crash, or while the service stood, nothing is
/// forgotten and nothing is taken twice.
package struct CreditExpirer: Service {
    private let store: any JobStore
    private let environment: EngineEnvironment
    private let intervalSeconds: Double
    private let logger: Logger

    /// Makes one that looks at the start and then every `intervalSeconds`.
    package init(
        store: any JobStore,
        environment: EngineEnvironment,
        intervalSeconds: Double = 60,
        logger: Logger
    ) {
        self.store = store
        self.environment = environment
        self.intervalSeconds = intervalSeconds
        self.logger = logger
    }

    /// Looks until told to stop; what fails is tried again at the next pass.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    for transfer in try await store.expireCredits(at: environment.now()) {
                        logger.info(
                            "credits ended",
                            metadata: ["account": .string(transfer.from.name), "amount": "\(transfer.amount)"]
                        )
                    }
                } catch {
                    logger.error("credits that ended were not taken", metadata: ["error": "\(error)"])
                }
                try? await environment.sleep(intervalSeconds)
            }
        }
    }
}
