package import JobCore
package import Logging
import ServiceLifecycle

/// Tells the store which jobs' answers were written, off the path of any request.
///
/// Marks gather for a moment and are written together, so that they ride along with admissions instead of making
/// commits of their own. A crash loses the marks of that moment: the jobs then count as unanswered, and an equal request
/// within the hour is told of one of them instead of making another. No money moves by it.
package struct AnswerMarker: Service {
    private static let batchMax = 1_000

    private let answers: PendingAnswers
    private let store: any JobStore
    private let environment: EngineEnvironment
    private let gatherSeconds: Double
    private let logger: Logger

    /// Makes a marker.
    ///
    /// - Parameters:
    ///   - answers: What was answered.
    ///   - store: Where it is recorded.
    ///   - environment: Time and sleep.
    ///   - gatherSeconds: How long marks wait for others.
    ///   - logger: Where the log goes.
    package init(
        answers: PendingAnswers,
        store: any JobStore,
        environment: EngineEnvironment,
        gatherSeconds: Double = 0.05,
        logger: Logger
    ) {
        self.answers = answers
        self.store = store
        self.environment = environment
        self.gatherSeconds = gatherSeconds
        self.logger = logger
    }

    /// Marks until told to stop, and then once more: it has to stop after whatever writes answers.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in answers.marksToWrite {
                try? await environment.sleep(gatherSeconds)
                await markAll()
            }
        }
        await markAll()
    }

    private func markAll() async {
        while case let jobs = answers.takeAnswered(limit: Self.batchMax), !jobs.isEmpty {
            do {
                try await store.markAnswered(jobs, at: environment.now())
            } catch {
                logger.warning(
                    "answers are not marked: equal requests within the hour may be told of their jobs after a restart",
                    metadata: ["jobs": .stringConvertible(jobs.count), "error": "\(error)"]
                )
                return
            }
        }
    }
}
