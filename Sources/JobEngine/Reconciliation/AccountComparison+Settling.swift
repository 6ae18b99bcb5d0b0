import Generation
import HTTPTransport
import JobCore
import Ledger
import ProviderKit

/// What is done about a generation once it is known whose it is.
extension AccountComparison {
    private static let outputsMax = 64
    /// How often an output is fetched before it counts as gone.
    private static let fetchesMax = 3

    /// Compares a generation with its attempt and job as they stand now.
    ///
    /// - Throws: `ProviderFailure` when the provider does not answer; what the store throws.
    mutating func settle(_ attempt: Attempt, _ source: Source) async throws {
        guard let job = try await store.job(attempt.job) else { return }
        let attempts = try await store.attempts(of: attempt.job)
        guard let current = attempts.first(where: { $0.start.number == attempt.start.number }) else { return }
        // An answer that had everything in it: there is no id that could be compared.
        let isAnswered = current.state == .accepted || current.state == .found
        guard !isAnswered || current.remoteID != nil else { return }
        let remoteID = source.remoteID
        let isKnown = current.remoteID == remoteID || current.orphanRemoteID == remoteID
        guard job.state.isTerminal else {
            if !isKnown { try await adopt(remoteID, current, source, job) }
            return
        }
        if current.remoteID == remoteID, job.isCharged { return }
        let late = try await store.lateResults(of: [job.id])[job.id] ?? []
        if late.contains(where: { $0.remoteID == remoteID }) { return }
        guard let endpoint = reconciler.catalog.endpoint(current.start.endpoint) else { return }
        guard let operation = try operation(of: current, source, job) else { return }
        switch try await standing(of: operation, endpoint.adapter) {
        // What the provider has forgotten is neither fetched nor billed any more.
        case nil, .failed?: return
        case .pending?: try await stop(operation, current, job, endpoint, isKnown: isKnown)
        case .cancelled(let charged)?:
            guard let charged, charged > 0 else { return }
            try await takeLate([], ReportedUsage(costNanoUSD: charged), operation, current, job, endpoint)
        case .completed(let outputs, let usage)?:
            guard !outputs.isEmpty || usage.costNanoUSD ?? 0 > 0 else { return }
            try await takeLate(outputs, usage, operation, current, job, endpoint)
        }
    }

    /// Gives a job in flight the generation that it does not know of.
    ///
    /// As evidence: its worker decides, now or when it looks again. For an attempt that was given up already it is an
    /// orphan, to be looked at when the job is over.
    private mutating func adopt(_ remoteID: String, _ attempt: Attempt, _ source: Source, _ job: Job) async throws {
        let isAwaited = attempt.state == .sending || attempt.state == .unknown
        let kind = isAwaited ? Reconciliation.Kind.lostSubmit : .surplus
        guard let operation = try operation(of: attempt, source, job) else {
            return add(kind, remoteID, attempt, "the job is \(job.state.name.rawValue); it cannot be asked for")
        }
        guard isApplying else {
            let plan = isAwaited ? "the job would go on with it" : "it would be kept until the job is over"
            return add(kind, remoteID, attempt, "the job is \(job.state.name.rawValue) and does not know it; \(plan)")
        }
        switch try await record(operation, attempt) {
        case .recorded: add(kind, remoteID, attempt, "the job goes on with it", isDone: true)
        case .orphaned: add(kind, remoteID, attempt, "kept until the job is over", isDone: true)
        // Its own worker was faster, or another job has it.
        case .alreadyKnown: return
        }
    }

    /// Asks the provider to stop what nobody waits for any more.
    private mutating func stop(
        _ operation: ProviderOperation,
        _ attempt: Attempt,
        _ job: Job,
        _ endpoint: Endpoint,
        isKnown: Bool
    ) async throws {
        let standing = "the job is \(job.state.name.rawValue), and this is still being made"
        guard isApplying else { return add(.stillRunning, operation.remoteID, attempt, standing) }
        if !isKnown { _ = try await record(operation, attempt) }
        guard let adapter = endpoint.adapter as? any CancellableAdapter else {
            return add(
                .stillRunning,
                operation.remoteID,
                attempt,
                "\(standing); it cannot be stopped: look again later"
            )
        }
        try await adapter.cancel(operation)
        add(.stillRunning, operation.remoteID, attempt, "\(standing); the provider was asked to stop it", isDone: true)
    }

    private func record(_ operation: ProviderOperation, _ attempt: Attempt) async throws -> EvidenceOutcome {
        try await store.record(
            .accepted(
                remoteID: operation.remoteID,
                submission: try JobDriver.encode(Submission.accepted(operation))
            ),
            of: attempt.job,
            attempt: attempt.start.number,
            send: attempt.sends,
            at: environment.now()
        )
    }

    // MARK: Late results

    /// Brings the outputs of a generation to the job that had given it up, and books what it costs as the operator's loss.
    ///
    /// A job that was completed has its artifacts: for it only the loss is booked.
    private mutating func takeLate(
        _ outputs: [ProviderOutput],
        _ usage: ReportedUsage,
        _ operation: ProviderOperation,
        _ attempt: Attempt,
        _ job: Job,
        _ endpoint: Endpoint
    ) async throws {
        let isWanted = job.state.name != .completed && !job.isDeleted && !outputs.isEmpty
        let kind = job.state.name == .completed ? Reconciliation.Kind.surplus : .lateOutput
        let standing = "the job is \(job.state.name.rawValue)"
        guard isApplying else {
            let plan = isWanted ? "its output would be attached free of charge" : "its cost would be booked as a loss"
            return add(kind, operation.remoteID, attempt, "\(standing); the provider has made it; \(plan)")
        }
        let sent = try await request(of: job)
        var problem: String?
        var made: [Artifact] = []
        if isWanted {
            do {
                made = try await fetch(outputs, attempt, job, endpoint)
            } catch let output as OutputProblem {
                guard !output.isPassing else {
                    summary.problem = summary.problem ?? "an output could not be fetched: \(output)"
                    return add(kind, operation.remoteID, attempt, "\(standing); its output cannot be fetched now")
                }
                problem = output.message
            }
        }
        // Made of the same request: of a job that has its artifacts, they tell what this is.
        let measured = if case .completed(let completed) = job.state { completed.artifacts } else { made }
        let loss = try loss(of: job, sent, measured, usage)
        // Evidence first: what is recorded as late is then the attempt's, whatever happens in between.
        if attempt.remoteID != operation.remoteID { _ = try await record(operation, attempt) }
        environment.passed(.evidence)
        let outcome = try await store.recordLate(
            LateResult(
                job: job.id,
                attempt: attempt.start.number,
                remoteID: operation.remoteID,
                artifacts: made,
                loss: loss
            ),
            at: environment.now()
        )
        switch outcome {
        case .alreadyRecorded: return
        case .refused: return add(kind, operation.remoteID, attempt, "\(standing) and takes no late result")
        case .recorded: break
        }
        let attached =
            made.isEmpty
            ? problem.map { "nothing is attached: \($0)" } ?? "nothing is attached"
            : "\(made.count) \(made.count == 1 ? "output is" : "outputs are") attached free of charge"
        add(
            kind,
            operation.remoteID,
            attempt,
            "\(standing) and stays so; \(attached); \(loss) USD are booked as a loss",
            isDone: true,
            loss: loss
        )
    }

    /// Receives and checks outputs, and keeps them under their final names.
    ///
    /// A crash before they are recorded leaves files that nothing refers to, for the sweeper; the next run finds them under
    /// the same names.
    private func fetch(
        _ outputs: [ProviderOutput],
        _ attempt: Attempt,
        _ job: Job,
        _ endpoint: Endpoint
    ) async throws -> [Artifact] {
        guard outputs.count <= Self.outputsMax else {
            throw OutputProblem(message: "The provider gave too many outputs.", description: "\(outputs.count)")
        }
        let fetcher = ArtifactFetcher(
            artifacts: reconciler.artifacts,
            transport: endpoint.adapter.transport,
            trustedOrigins: endpoint.adapter.trustedOrigins,
            reach: .publicInternet(and: reconciler.allowNetworks),
            aside: environment.aside,
            authorizer: endpoint.adapter as? any OutputAuthorizingAdapter
        )
        let first = try await store.lateResults(of: [job.id])[job.id]?.flatMap(\.artifacts).count ?? 0
        var made: [Artifact] = []
        for (offset, output) in outputs.enumerated() {
            let (file, facts) = try await fetch(output, job, fetcher)
            environment.passed(.spooled)
            let index = first + offset
            let key = ArtifactKey.artifact(
                job: job.id,
                attempt: attempt.start.number,
                index: index,
                sha256: file.sha256
            )
            do {
                try await reconciler.artifacts.keep(file, as: key)
            } catch {
                await reconciler.artifacts.discard(file)
                throw error
            }
            environment.passed(.kept)
            made.append(
                Artifact(
                    index: index,
                    mediaType: facts.mediaType,
                    bytes: file.bytes,
                    sha256: file.sha256,
                    key: key,
                    width: facts.width,
                    height: facts.height,
                    durationMilliseconds: facts.durationMilliseconds
                )
            )
        }
        return made
    }

    private func fetch(
        _ output: ProviderOutput,
        _ job: Job,
        _ fetcher: ArtifactFetcher
    ) async throws -> (SpooledFile, OutputFacts) {
        for tries in 1..<Self.fetchesMax {
            do {
                return try await fetcher.fetch(output, for: job.admitted.request)
            } catch is OutputProblem {
                try await environment.sleep(0.4 * Double(1 << tries))
            }
        }
        return try await fetcher.fetch(output, for: job.admitted.request)
    }

    /// What the generation costs the operator: what the provider says, else its list price for what was made.
    private func loss(
        of job: Job,
        _ sent: GenerationRequest,
        _ artifacts: [Artifact],
        _ usage: ReportedUsage
    ) throws -> Credits {
        if let nano = usage.costNanoUSD, nano >= 0 { return Credits(nanoUSD: nano) }
        let (request, admitted) = (job.admitted.request, job.admitted.prices)
        // The provider's own lines alone: whatever else customers are billed is no cost.
        let prices = PriceSheet(
            lines: admitted.lines,
            videoMeter: admitted.videoMeter,
            mediaMeter: admitted.mediaMeter
        )
        let measured =
            artifacts.isEmpty
            ? nil
            : try? prices.settlement(of: request, sent: sent, artifacts: artifacts, reported: usage.quantities).bill
        let bill = try measured ?? prices.bill(prices.worstCase(of: request), rounding: .halfToEven)
        return max(.zero, bill.total)
    }
}

extension Job {
    /// Whether the job paid for its own generation.
    fileprivate var isCharged: Bool {
        switch state {
        case .completed: true
        case .cancelled(let cancelled): cancelled.charged > .zero
        case .queued, .submitting, .running, .storing, .failed, .expired: false
        }
    }
}
