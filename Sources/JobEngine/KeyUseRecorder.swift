package import Logging
import ServiceLifecycle

/// Writes down when keys were last used, off the path of any request: each key at most once a minute.
///
/// A crash loses the uses of the last minute; nothing but what is shown depends on them.
package struct KeyUseRecorder: Service {
    private let accounts: AccountService
    private let environment: EngineEnvironment
    private let everySeconds: Double
    private let logger: Logger

    /// Makes a recorder.
    ///
    /// - Parameters:
    ///   - accounts: Knows the uses.
    ///   - environment: Time and sleep.
    ///   - everySeconds: How long uses gather.
    ///   - logger: Where the log goes.
    package init(
        accounts: AccountService,
        environment: EngineEnvironment,
        everySeconds: Double = 60,
        logger: Logger
    ) {
        self.accounts = accounts
        self.environment = environment
        self.everySeconds = everySeconds
        self.logger = logger
    }

    /// Writes until told to stop, and then once more: it has to stop after whatever reads keys.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await environment.sleep(everySeconds) } catch { return }
                await record()
            }
        }
        await record()
    }

    private func record() async {
        do {
            try await accounts.recordUses()
        } catch {
            logger.warning("when keys were last used is not written down", metadata: ["error": "\(error)"])
        }
    }
}
