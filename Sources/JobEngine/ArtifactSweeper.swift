package import JobCore
package import Logging
import ServiceLifecycle

/// Removes files that nothing refers to: what crashes and refused requests left behind.
///
/// Never touches a young file: a job that is being admitted, or an artifact about to be recorded, refers to its file a
/// moment after it was written.
package struct ArtifactSweeper: Service {
    private static let pageSize = 256

    private let store: any JobStore
    private let files: any ArtifactStore
    private let outputs: LiveOutputs?
    private let environment: EngineEnvironment
    private let intervalSeconds: Double
    private let ageSecondsMin: Double
    private let logger: Logger

    /// Makes a sweeper that runs at the start and then every `intervalSeconds`.
    package init(
        store: any JobStore,
        files: any ArtifactStore,
        outputs: LiveOutputs? = nil,
        environment: EngineEnvironment,
        intervalSeconds: Double = 3_600,
        ageSecondsMin: Double = 86_400,
        logger: Logger
    ) {
        self.store = store
        self.files = files
        self.outputs = outputs
        self.environment = environment
        self.intervalSeconds = intervalSeconds
        self.ageSecondsMin = ageSecondsMin
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await files.removeLeftovers()
                    try await outputs?.removeLeftovers(now: environment.now(), of: store)
                    let removed = try await sweep()
                    if removed > 0 { logger.info("unreferenced files removed", metadata: ["count": "\(removed)"]) }
                } catch {
                    logger.error("sweep failed", metadata: ["error": "\(error)"])
                }
                try? await environment.sleep(intervalSeconds)
            }
        }
    }

    /// Removes every old file that nothing refers to.
    ///
    /// - Returns: How many files were removed.
    /// - Throws: What the stores throw; what was removed by then stays removed.
    package func sweep() async throws -> Int {
        var removed = 0
        for prefix in ["artifacts/", "inputs/"] {
            var after: ArtifactKey?
            while !Task.isCancelled {
                let page = try await files.list(prefix: prefix, after: after, limit: Self.pageSize)
                var unwanted: Set<ArtifactKey> = []
                for file in page where isOld(file) {
                    if try await !store.isReferenced(file.key) { unwanted.insert(file.key) }
                }
                if !unwanted.isEmpty {
                    // A file that was adopted meanwhile is young again; its job may be about to be admitted.
                    let still = try await files.list(prefix: prefix, after: after, limit: Self.pageSize)
                    for file in still where unwanted.contains(file.key) && isOld(file) {
                        try await files.delete(file.key)
                        removed += 1
                    }
                }
                guard let last = page.last, page.count == Self.pageSize else { break }
                after = last.key
            }
        }
        return removed
    }

    private func isOld(_ file: StoredFile) -> Bool {
        environment.now().seconds(since: file.modifiedAt) >= ageSecondsMin
    }
}
