import JobEngine
import JobStoreSQLite
import Logging
import ServiceLifecycle

/// Stops the service when a newer program has brought the database to a version that this one does not know.
///
/// Commands of a newer program refuse while a service runs; a newer service cannot start. What is left is a program that
/// does not look, or a restored file: this one must not go on writing what it does not understand.
struct SchemaWatch: Service {
    private static let secondsBetweenLooks = 1.0

    let store: SQLiteJobStore
    let environment: EngineEnvironment
    let logger: Logger

    /// Looks until told to stop; returns by itself only to have the service stopped.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            let known = SQLiteJobStore.schemaKnown
            while !Task.isCancelled {
                do { try await environment.sleep(Self.secondsBetweenLooks) } catch { return }
                // A database that cannot be read is told of by everything that needs it.
                guard let found = try? await store.schemaFound(), found > known else { continue }
                logger.error(
                    "a newer mediary has changed the database; this one stops",
                    metadata: ["version": "\(found)", "known": "\(known)"]
                )
                return
            }
        }
    }
}
