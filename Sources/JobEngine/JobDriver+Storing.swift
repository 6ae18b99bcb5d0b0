import Generation
import HTTPTransport
import JobCore
import Ledger
import Logging
import MediaInspection
import ProviderKit

/// The provider is done: its outputs become ours, checked whole, and are paid for.
extension JobDriver {
    /// How often an output that cannot be had, or fails its check, is fetched, and over how many seconds.
    private static let fetchesMax = 3
    private static let fetchSecondsMax = 30.0
    /// How long a question for fresh URLs waits for its turn, in seconds.
    private static let renewalSecondsMax = 30.0

    /// How often the way to an output may fail: a short outage must not cost what is paid for.
    private static let fetchFailuresMax = 10
    /// How long a job waits for a provider that is no longer configured, and how often it looks, in seconds.
    private static let unconfiguredSecondsMax = 86_400.0
    static let unconfiguredPauseSeconds = 30.0
    /// How many outputs one job may have.
    private static let outputsMax = 64

    /// What it means that a provider is done and gives nothing.
    static let withheld = JobFailure(
        .contentPolicy,
        "The provider finished without giving any media: its content filter withheld the result.",
        retryable: false
    )

    /// Copies every output, then settles.
    ///
    /// Repeatable from the start: what was kept before is found under its name.
    func store(_ job: Job, _ storing: JobState.Storing) async throws -> NextStep {
        guard let endpoint = services.catalog.endpoint(job.admitted.endpoint) else {
            // A start without the provider's key must not cost what is paid for: the key may come back.
            guard environment.now().seconds(since: storing.since) < Self.unconfiguredSecondsMax else {
                return try await advance(job, .outputsRejected(Self.invalid("The provider is no longer configured.")))
            }
            await pause(job, seconds: Self.unconfiguredPauseSeconds)
            return .go(try await reload(job))
        }
        let fetcher = ArtifactFetcher(
            artifacts: services.artifacts,
            transport: endpoint.adapter.transport,
            trustedOrigins: endpoint.adapter.trustedOrigins,
            reach: .publicInternet(and: services.settings.allowNetworks),
            aside: environment.aside,
            authorizer: endpoint.adapter as? any OutputAuthorizingAdapter
        )
        var current = job
        var result = try Self.decode(ProviderResult.self, storing.outputs)
        var outputs: [ProviderOutput] { result.outputs }
        guard !outputs.isEmpty else { return try await advance(job, .outputsRejected(Self.withheld)) }
        guard outputs.count <= Self.outputsMax else {
            return try await advance(job, .outputsRejected(Self.invalid("The provider gave too many outputs.")))
        }
        // Of the output at hand: what an earlier one took does not count against it, nor does the time of a fetch that
        // goes well.
        var fetches = 1
        var firstProblemAt: Timestamp?
        var failures = 0
        var artifacts: [Artifact] = []
        while artifacts.count < outputs.count {
            if halt.isUp { return .leave }
            do {
                artifacts.append(
                    try await keep(outputs[artifacts.count], at: artifacts.count, current, storing, fetcher)
                )
                (fetches, firstProblemAt) = (1, nil)
            } catch let problem as OutputProblem {
                log(.warning, "output not taken", current, ["problem": "\(problem)"])
                if problem.isPassing, failures < Self.fetchFailuresMax {
                    failures += 1
                    await pause(current, seconds: min(30, 0.4 * Double(1 << failures)))
                    continue
                }
                let now = environment.now()
                let isTimeLeft = now.seconds(since: firstProblemAt ?? now) < Self.fetchSecondsMax
                firstProblemAt = firstProblemAt ?? now
                guard fetches < Self.fetchesMax, isTimeLeft else {
                    return try await advance(current, .outputsRejected(Self.invalid(problem.message)))
                }
                try await environment.sleep(0.2 * Double(1 << fetches))
                fetches += 1
                let askedAt = environment.now()
                let renewed = await self.renewed(result, current, storing, endpoint)
                // Time in line is not the output's doing.
                firstProblemAt = firstProblemAt?.adding(seconds: environment.now().seconds(since: askedAt))
                if let renewed, renewed.outputs != outputs, renewed.outputs.count == outputs.count {
                    result = renewed
                    let event = JobEvent.outputsRenewed(outputs: try Self.encode(result))
                    guard case .go(let next) = try await advance(current, event) else { return .leave }
                    current = next
                }
            }
        }
        let bill = try bill(for: current, try await requestToSend(current), artifacts, result.usage)
        let deviations = DeliveredFormat.adjustments(of: artifacts, for: current.admitted.request)
        for deviation in deviations {
            let (asked, delivered) = (deviation.asked.stringValue ?? "", deviation.used.stringValue ?? "")
            log(
                .warning,
                "the provider delivered another format than it was asked for",
                current,
                ["asked": "\(asked)", "delivered": "\(delivered)"]
            )
        }
        let next = try await advance(current, .artifactsStored(artifacts, bill, adjustments: deviations))
        environment.passed(.completed)
        try await noteSuccess(job, of: endpoint, storing, artifacts, wasAdjusted: !deviations.isEmpty)
        return next
    }

    /// Receives one output, checks it whole, and keeps it under its final name.
    ///
    /// - Throws: `OutputProblem` when it is not what it should be; what the artifact store throws when that is not able,
    ///   upon which the whole step is tried again, for as long as it takes.
    private func keep(
        _ output: ProviderOutput,
        at index: Int,
        _ job: Job,
        _ storing: JobState.Storing,
        _ fetcher: ArtifactFetcher
    ) async throws -> Artifact {
        let (file, facts) = try await fetcher.fetch(output, for: job.admitted.request)
        environment.passed(.spooled)
        let key = ArtifactKey.artifact(job: job.id, attempt: storing.attempt, index: index, sha256: file.sha256)
        do {
            try await services.artifacts.keep(file, as: key)
        } catch {
            await services.artifacts.discard(file)
            throw error
        }
        environment.passed(.kept)
        return Artifact(
            index: index,
            mediaType: facts.mediaType,
            bytes: file.bytes,
            sha256: file.sha256,
            key: key,
            width: facts.width,
            height: facts.height,
            durationMilliseconds: facts.durationMilliseconds
        )
    }

    /// The result as the provider gives it now, with fresh URLs; nil when it cannot be asked.
    ///
    /// Asked within the account's budget, before those who only want to know whether they are done: the bytes may be gone
    /// soon.
    private func renewed(
        _ result: ProviderResult,
        _ job: Job,
        _ storing: JobState.Storing,
        _ endpoint: Endpoint
    ) async -> ProviderResult? {
        guard let text = storing.operation, let operation = try? Self.decode(ProviderOperation.self, text) else {
            return nil
        }
        let wantedAt = environment.bootSeconds()
        let limit = environment.now().adding(seconds: Self.renewalSecondsMax)
        // News of the job, such as a second callback, end a wait before its turn: that is no answer.
        while !halt.isUp, environment.now() < limit {
            let answer = await services.poller.status(
                of: operation,
                job: job,
                at: endpoint,
                wantedAt: wantedAt,
                isUrgent: true,
                until: limit
            )
            guard let answer else { continue }
            guard case .success(.completed(let outputs, let usage)) = answer else { return nil }
            return result.renewed(outputs, usage)
        }
        return nil
    }

    /// What the job costs at the prices that it was accepted at: by what the provider reports, else measured on the
    /// artifacts, and never more than the hold.
    private func bill(
        for job: Job,
        _ sent: GenerationRequest,
        _ artifacts: [Artifact],
        _ usage: ReportedUsage
    ) throws -> Bill {
        let (request, prices) = (job.admitted.request, job.admitted.prices)
        if let nano = usage.costNanoUSD {
            log(.info, "the provider told its own price", job, ["usd": "\(Credits(nanoUSD: nano))"])
        }
        // Figures beyond all bounds come from a hostile file: they cost what was quoted, and block nothing.
        let settlement = try? prices.settlement(
            of: request,
            sent: sent,
            artifacts: artifacts,
            reported: usage.quantities
        )
        guard let settlement, settlement.bill.total >= .zero, settlement.bill.total <= job.admitted.hold else {
            return try prices.bill(prices.worstCase(of: request), rounding: .halfToEven)
        }
        if !settlement.cut.isEmpty {
            let units = settlement.cut.map(\.rawValue).joined(separator: ", ")
            log(
                .warning,
                "the provider reported more than was held; the surplus is not billed",
                job,
                ["units": "\(units)"]
            )
        }
        return settlement.bill
    }

    private static func invalid(_ message: String) -> JobFailure {
        JobFailure(.invalidOutput, message, retryable: true)
    }
}
