import Generation
import JobCore
import Logging
import ProviderKit

/// What providers call back about.
extension JobService {
    /// Takes a provider's callback.
    ///
    /// Taken from it is which generation it is about: as evidence for a send whose answer was lost, compare-and-set on the
    /// attempt as every evidence is. No status and no output: the provider is asked how the generation stands, at once.
    /// The same callback twice changes nothing.
    ///
    /// - Parameters:
    ///   - token: The attempt's token, from the address.
    ///   - headers: The callback's header fields.
    ///   - body: Reads its body.
    /// - Returns: Whether a job in flight is called by that token: for a job that is over the answer is the same as for one
    ///   that never was.
    /// - Throws: What `body` and the store throw.
    package func calledBack(
        token: String,
        headers: [(name: String, value: String)],
        body: () async throws -> [UInt8]
    ) async throws -> Bool {
        guard let attempt = try await store.attempt(token: token) else {
            // As much work as for one that is known.
            _ = try await store.job(JobID(high: 0, low: 0))
            return false
        }
        guard let job = try await store.job(attempt.job) else { return false }
        let bytes = try await body()
        // One orphan is kept of an attempt: who holds an old token cannot have more and more of them stopped.
        if attempt.remoteID == nil, attempt.orphanRemoteID == nil, attempt.sends > 0,
            let endpoint = catalog.endpoint(attempt.start.endpoint)
        {
            try await takeEvidence(bytes, headers, of: attempt, job, endpoint)
        }
        guard !job.state.isTerminal else { return false }
        signals.pollNow(job.id)
        return true
    }

    /// Records which generation the attempt has become, if the callback says so.
    private func takeEvidence(
        _ body: [UInt8],
        _ headers: [(name: String, value: String)],
        of attempt: Attempt,
        _ job: Job,
        _ endpoint: Endpoint
    ) async throws {
        guard let adapter = endpoint.adapter as? any CallbackAdapter,
            let operation = adapter.operation(
                inCallback: body,
                headers: headers,
                for: job.admitted.request,
                of: attempt.reference
            ),
            JobDriver.isUsable(operation.remoteID)
        else { return }
        let outcome = try await store.record(
            .accepted(
                remoteID: operation.remoteID,
                submission: try JobDriver.encode(Submission.accepted(operation))
            ),
            of: job.id,
            attempt: attempt.start.number,
            send: attempt.sends,
            at: environment.now()
        )
        guard outcome == .orphaned else { return }
        logger.warning("a callback came too late; its generation is an orphan", metadata: ["job": "\(job.id)"])
        guard let adapter = endpoint.adapter as? any CancellableAdapter else { return }
        do {
            try await adapter.cancel(operation)
        } catch {
            logger.warning(
                "orphan not cancelled at the provider",
                metadata: ["job": "\(job.id)", "details": "\(error.details)"]
            )
        }
    }
}
