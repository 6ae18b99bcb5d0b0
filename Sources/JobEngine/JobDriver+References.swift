import Generation
import JobCore
import Logging
import ProviderKit

/// References that a client named by URL: fetched before the attempt is recorded, once in a job's life.
///
/// The order is: bytes kept under their hash, then one record of what all URLs gave, then the intent. A crash before the
/// record leaves files that nothing refers to, and the next worker fetches anew; nothing was sent. From the record on
/// every worker and every attempt sends the same bytes, so that the resend of class A has the body of the first send,
/// whatever the URL gives by then. A worker that lost the job meanwhile finds its record refused, and with it every
/// further step.
///
/// All the while the job is `queued`, as nothing was sent: a client's wish to stop and the deadline end it at once.
extension JobDriver {
    /// How long all references of a job may take together, in seconds.
    private static let referenceSecondsMax = 120.0

    /// How a job's references were got.
    private enum Fetch {
        case fetched([FetchedReference])
        case failed(JobFailure)
        /// The job is over, is another worker's, or the process stops.
        case interrupted
    }

    /// Fetches what is not recorded yet of a waiting job's references.
    ///
    /// - Returns: What to do next when the job cannot go on; nil when everything is there.
    func fetchReferences(of job: Job, _ endpoint: Endpoint) async throws -> NextStep? {
        let urls = job.admitted.request.referenceURLs
        guard !urls.isEmpty else { return nil }
        var recorded = try await services.store.references(of: job.id)
        let missing = urls.filter { wanted in !recorded.contains { $0.url == wanted.url } }
        if !missing.isEmpty {
            switch try await fetch(missing, job) {
            case .fetched(let fetched):
                services.budgets.postpone(endpoint.lane, from: takenAtBoot, to: environment.bootSeconds())
                let all = try await services.store.recordReferences(fetched, of: job.id, fence: fence)
                guard let all else { return .go(try await reload(job)) }
                recorded = all
            case .failed(let failure):
                log(.info, "reference not fetched", job, ["reason": "\(failure.message)"])
                services.budgets.giveBack(endpoint.lane, spentAt: takenAtBoot)
                return try await advance(job, .refused(failure, isForCapacity: false, retryAt: nil))
            case .interrupted:
                services.budgets.giveBack(endpoint.lane, spentAt: takenAtBoot)
                return halt.isUp || Task.isCancelled ? .leave : .go(try await reload(job))
            }
        }
        do {
            // What could not be seen at admission: what these are.
            let request = job.admitted.request.replacing(recorded)
            if request.dependsOnInputs { _ = try request.resolved(against: endpoint.model, strict: false) }
            try (endpoint.adapter as? any ValidatingAdapter)?.validate(request)
        } catch {
            let failure = JobFailure(.invalidRequest, error.message, retryable: false)
            return try await advance(job, .refused(failure, isForCapacity: false, retryAt: nil))
        }
        return nil
    }

    /// The job's request with what its references gave: what an adapter is handed.
    ///
    /// Every attempt of the job gets the same.
    func requestToSend(_ job: Job) async throws -> GenerationRequest {
        let request = job.admitted.request
        guard !request.referenceURLs.isEmpty else { return request }
        return request.replacing(try await services.store.references(of: job.id))
    }

    /// Fetches until everything is there, or something comes between.
    private func fetch(_ wanted: [(path: String, url: String)], _ job: Job) async throws -> Fetch {
        try await withThrowingTaskGroup(of: Fetch.self) { group in
            group.addTask {
                do {
                    let kind = job.admitted.request.inputKind
                    return .fetched(try await services.references.fetch(wanted, as: kind))
                } catch let failure as JobFailure {
                    return .failed(failure)
                }
            }
            group.addTask {
                await watch(job)
                return .interrupted
            }
            // A job that fetches has a place in its lane: servers that drip must not hold it for long.
            group.addTask {
                try await environment.sleep(Self.referenceSecondsMax)
                return .failed(
                    JobFailure(.inputUnavailable, "The references could not be fetched in time.", retryable: true)
                )
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .interrupted
        }
    }

    /// Sleeps on the job until it is over, lost or late, or the process stops.
    private func watch(_ job: Job) async {
        while true {
            await services.signals.dueTimes.wait(for: job.id, until: job.deadline)
            if halt.isUp || Task.isCancelled || isLate(job) { return }
            // News. A database that does not answer has none; the record of what was fetched will find out.
            guard let current = try? await services.store.job(job.id) else { continue }
            if current.fence != fence || current.state.isTerminal { return }
        }
    }
}
