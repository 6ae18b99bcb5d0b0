package import JobCore
package import Logging
import ServiceLifecycle

/// Writes down how endpoints have done, and reads it again at the start, so that a restart does not begin blind.
package struct EndpointHealthKeeper: Service {
    private let board: EndpointBoard
    private let store: any JobStore
    private let environment: EngineEnvironment
    private let intervalSeconds: Double
    private let logger: Logger

    /// Makes a keeper that writes every `intervalSeconds` what has changed, and once more at the end.
    package init(
        board: EndpointBoard,
        store: any JobStore,
        environment: EngineEnvironment,
        intervalSeconds: Double = 10,
        logger: Logger
    ) {
        self.board = board
        self.store = store
        self.environment = environment
        self.intervalSeconds = intervalSeconds
        self.logger = logger
    }

    /// Takes up what was written down before; without it routing starts from nothing.
    package func load() async {
        do {
            board.load(try await store.endpointHealth())
        } catch {
            logger.warning("the figures of the endpoints could not be read", metadata: ["error": "\(error)"])
        }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await environment.sleep(intervalSeconds)
                await save()
            }
        }
        await save()
    }

    /// Writes what has changed.
    package func save() async {
        let changed = board.takeUnwritten()
        do {
            try await store.saveEndpointHealth(changed, at: environment.now())
        } catch {
            board.keepUnwritten(changed.keys)
            logger.warning("the figures of the endpoints could not be written", metadata: ["error": "\(error)"])
        }
    }
}
