import Generation
import HTTPTransport
import JobCore
import Logging
import ProviderKit
import Routing

/// Where a job goes that its endpoint cannot serve, and what is remembered of how endpoints do.
///
/// A paid attempt moves to another endpoint only when the first provably did not start, or provably costs nothing
/// (``Failover``). The prices of each route were kept at admission, and the hold covers the dearest.
///
/// A circuit that is open keeps away those jobs alone that others may serve: what one client's requests make fail must not
/// hold up the jobs of others that have nowhere else to go.
extension JobDriver {
    /// Moves a waiting job that its endpoint cannot take now to another of its routes, or puts it off.
    ///
    /// Nothing was sent: a crash here leaves a waiting job, on one route or the other.
    ///
    /// - Returns: What to do next; nil when the job may begin where it is.
    func moveAside(_ job: Job) async throws -> NextStep? {
        guard job.admitted.hasOtherRoutes else { return nil }
        let own = standing(of: job.admitted.endpoint, job.admitted.lane, for: job)
        // Claimed without a slot, to be moved: what need not be moved any more waits for its turn.
        if isToMove, own.isAvailable { return try await stay(job, until: environment.now()) }
        // Of a circuit that is half-open the first that asks is the probe, and others go elsewhere until its outcome is known.
        if own.isAvailable, services.board.admits(job.admitted.endpoint, at: takenAt) { return nil }
        let routes = try await services.store.routes(of: job.id)
        let now = environment.now()
        let next = Failover.route(
            from: job.admitted.route,
            plan: routes.map { standing(of: $0.endpoint, $0.lane, for: job) },
            earlier: earlier(
                try await services.store.attempts(of: job.id),
                routes,
                counted: job.state.tally?.counted ?? 0
            ),
            at: now.milliseconds
        )
        guard routes.indices.contains(next.route), next.route != job.admitted.route || next.afterSeconds > 0 else {
            guard isToMove else { return nil }
            // Nowhere better: not asked about again until its own endpoint may be.
            let until = own.availableAtMilliseconds.map { Timestamp(milliseconds: $0) }
            return try await stay(job, until: until ?? now.adding(seconds: 1))
        }
        let route = routes[next.route]
        services.budgets.giveBack(job.admitted.lane, spentAt: takenAtBoot)
        log(.info, "job moved to another endpoint", job, ["provider": "\(route.endpoint.provider)"])
        let step = try await advance(job, .rerouted(route, availableAt: now.adding(seconds: next.afterSeconds)))
        services.signals.jobsWait()
        return step
    }

    /// Puts a job back into its lane that was claimed to be moved, and can stay.
    private func stay(_ job: Job, until: Timestamp) async throws -> NextStep {
        services.budgets.giveBack(job.admitted.lane, spentAt: takenAtBoot)
        let routes = try await services.store.routes(of: job.id)
        guard routes.indices.contains(job.admitted.route) else { return .leave }
        let next = try await advance(job, .rerouted(routes[job.admitted.route], availableAt: until))
        services.signals.jobsWait()
        return next
    }

    /// Where a job is tried again after an attempt that brought nothing, and when.
    ///
    /// - Parameters:
    ///   - job: The job, as it was during the attempt.
    ///   - failure: How the attempt ended.
    ///   - wasAccepted: Whether the provider had accepted it.
    ///   - attempt: Its number.
    ///   - ownRetryAt: When a job with this endpoint alone would be tried again; nil when it would not.
    /// - Returns: The time, nil for a job that has failed; and the route, nil for the one that it is on.
    /// - Throws: What the store throws.
    func nextTry(
        _ job: Job,
        after failure: ProviderFailure,
        wasAccepted: Bool,
        attempt: Int,
        ownRetryAt: Timestamp?
    ) async throws -> (at: Timestamp?, route: JobRoute?) {
        guard job.admitted.hasOtherRoutes, let tally = job.state.tally else { return (ownRetryAt, nil) }
        let routes = try await services.store.routes(of: job.id)
        let attempts = try await services.store.attempts(of: job.id).filter { $0.start.number != attempt }
        let now = environment.now()
        let decision = Failover.decide(
            after: AttemptEnd(failure, wasAccepted: wasAccepted),
            route: job.admitted.route,
            plan: routes.map { standing(of: $0.endpoint, $0.lane, for: job) },
            earlier: earlier(attempts, routes, counted: tally.counted - 1),
            allowsContentFallback: job.admitted.request.routing?.allowContentFallbacks ?? false,
            at: now.milliseconds
        )
        switch decision {
        case .sameEndpoint(let seconds): return (now.adding(seconds: seconds), nil)
        case .other(let number, let seconds):
            guard routes.indices.contains(number) else { return (nil, nil) }
            log(.info, "job goes on at another endpoint", job, ["provider": "\(routes[number].endpoint.provider)"])
            return (now.adding(seconds: seconds), routes[number])
        case .none(let refusal):
            log(.info, "job is not tried again", job, ["why": "\(refusal.rawValue)"])
            return (nil, nil)
        }
    }

    /// A job's attempts as the rules of failover see them.
    ///
    /// Which of them were refused for capacity is not stored, but how many count is: as many are marked.
    private func earlier(_ attempts: [Attempt], _ routes: [JobRoute], counted: Int) -> [Failover.Earlier] {
        attempts.enumerated().compactMap { place, attempt in
            guard let route = routes.firstIndex(where: { $0.endpoint == attempt.start.endpoint }) else { return nil }
            return Failover.Earlier(
                route: route,
                isRetryable: attempt.failure.map { failure in
                    failure.retryable && AttemptEnd.Failure(rawValue: failure.code.rawValue)?.mayPass ?? true
                } ?? true,
                counts: place < counted,
                endedAtMilliseconds: (attempt.endedAt ?? attempt.beganAt).milliseconds
            )
        }
    }

    /// How an endpoint stands for a job: as it was measured, as its lane is, and whether it is configured at all.
    ///
    /// A customer's key that was deleted or disabled gets no jobs that it does not have.
    private func standing(of id: EndpointID, _ lane: Lane, for job: Job) -> EndpointStanding {
        let now = environment.now()
        var standing = services.board.standing(of: id, at: now)
        // A probe that is out is mostly answered soon: its job's outcome is looked for again before it counts as lost.
        if let until = standing.openUntilMilliseconds,
            until - now.milliseconds > CircuitBreaker.openMillisecondsMax
        {
            standing.openUntilMilliseconds = now.milliseconds + CircuitBreaker.firstOpenMilliseconds
        }
        let isOffered = id == job.admitted.endpoint || services.catalog.live.offers(id)
        guard services.catalog.endpoint(id) != nil, isOffered else {
            standing.isOpen = true
            standing.openUntilMilliseconds = now.adding(seconds: Self.unconfiguredPauseSeconds).milliseconds
            return standing
        }
        let boot = environment.bootSeconds()
        if let paused = services.budgets.pausedUntil(lane, at: boot) {
            let until = now.adding(seconds: paused - boot).milliseconds
            standing.pausedUntilMilliseconds = max(standing.pausedUntilMilliseconds ?? until, until)
        }
        return standing
    }

    // MARK: What is remembered

    /// Takes note of what became of an attempt.
    func note(_ outcome: AttemptOutcome, of endpoint: Endpoint) {
        services.board.record(outcome, of: endpoint.id, at: environment.now())
    }

    /// Takes note that an endpoint took a request.
    func noteAnswer(of endpoint: Endpoint, startedAt: Timestamp) {
        let seconds = max(0, environment.now().seconds(since: startedAt))
        note(
            AttemptOutcome(.accepted, startedAtMilliseconds: startedAt.milliseconds, firstStatusSeconds: seconds),
            of: endpoint
        )
    }

    /// Takes note of a failure.
    func note(_ failure: ProviderFailure, of endpoint: Endpoint, wasAccepted: Bool, startedAt: Timestamp?) {
        var outcome = AttemptOutcome(
            AttemptEnd(failure, wasAccepted: wasAccepted).outcome(isOwnKey: endpoint.id.customerKeyID != nil),
            startedAtMilliseconds: startedAt?.milliseconds,
            wasAccepted: wasAccepted
        )
        if case .after(let seconds) = failure.retry { outcome.retryAfterSeconds = seconds }
        note(outcome, of: endpoint)
    }

    /// Takes note of a job that was done: how long it took, and how much it gave.
    func noteSuccess(
        _ job: Job,
        of endpoint: Endpoint,
        _ storing: JobState.Storing,
        _ artifacts: [Artifact],
        wasAdjusted: Bool
    ) async throws {
        let sentAt = try await attempt(of: job, storing.attempt)?.sendingAt
        let seconds = sentAt.map { max(0, storing.since.seconds(since: $0)) }
        var outcome = AttemptOutcome(
            .succeeded,
            startedAtMilliseconds: sentAt?.milliseconds,
            wasAccepted: true,
            latencySeconds: seconds,
            wasAdjusted: wasAdjusted
        )
        if let seconds, seconds > 0 {
            outcome.throughput = Self.amount(of: artifacts, job.admitted.request) / seconds
        }
        note(outcome, of: endpoint)
    }

    /// How much was made: seconds of video or sound, images, characters that were spoken.
    private static func amount(of artifacts: [Artifact], _ request: GenerationRequest) -> Double {
        switch request.content {
        case .image: Double(artifacts.count)
        case .speech(let speech): Double(speech.input.unicodeScalars.count)
        case .video, .music, .sound, .transcription:
            artifacts.reduce(0) { $0 + Double($1.durationMilliseconds ?? 0) / 1_000 }
        }
    }
}

extension AttemptEnd {
    /// The end that a provider's failure is.
    init(_ failure: ProviderFailure, wasAccepted: Bool) {
        let retry: Retry =
            switch failure.retry {
            case .never: .never
            case .backoff: .backoff
            case .after(let seconds): .after(seconds: seconds)
            }
        self.init(
            Failure(rawValue: failure.code.rawValue) ?? .unknown,
            wasAccepted: wasAccepted,
            isForCapacity: !wasAccepted && failure.isForCapacity,
            billing: Billing(rawValue: failure.billing.rawValue) ?? .unknown,
            requestReachedProvider: Reached(rawValue: failure.requestReachedProvider.rawValue) ?? .unknown,
            retry: retry
        )
    }
}

extension DriverServices {
    /// The lanes whose waiting jobs are moved to other endpoints where they have some: those that are paused for long, and
    /// those of an endpoint alone whose circuit is open.
    ///
    /// In a lane that endpoints share, the others may do well: there each job looks when its turn comes.
    func lanesToLeave() -> [Lane] {
        let open = board.openEndpoints(at: environment.now()).compactMap { catalog.endpoint($0)?.lane }
        let paused = budgets.longPaused(at: environment.bootSeconds())
        return Set(open.filter(budgets.isOfOne) + paused).sorted { $0.name < $1.name }
    }
}
