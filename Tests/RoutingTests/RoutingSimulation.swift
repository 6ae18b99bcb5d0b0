import ConformanceKit
import Generation
import JobCore
import Ledger
import Routing

/// Many jobs of one model over three endpoints that fail by a script: the real rules of routing, health, failover and of
/// a job's life, in simulated time.
///
/// What a provider really does and bills is kept apart from what it says: only the figures at the end compare the two.
struct RoutingSimulation {
    struct Settings {
        var seed: UInt64
        var jobs: Int
        var preferences = RoutingPreferences()
        /// Whether shares follow what is measured, as in the service.
        var isAdaptive = true
        /// In the middle.
        var secondsBetweenJobs = 1.0
    }

    private enum Event {
        case arrival
        case claim(Int)
        case answer(Int, SimulatedProvider.Answer)
        case resolve(Int)
        case poll(Int)
    }

    struct Job {
        var state = JobState.queued(.init(availableAt: Timestamp(milliseconds: 0)))
        var hold: Hold
        var attempt: Attempt?
        let units: Int64
        /// The endpoints, best first.
        var plan: [Int] = []
        /// Which of them were stable when it was made, by endpoint.
        var wasStable: [Bool] = []
        /// Whether all of them were.
        var isCalm = false
        /// What its measurements made of each one's share.
        var multipliers = [1.0, 1, 1]
        var route = 0
        var earlier: [Failover.Earlier] = []
        var sends: [(endpoint: Int, token: String)] = []
        var isProvenFree = true
        var lookUps = 0
        var sentAt: Int64 = 0
        /// What the shares predict for the endpoint that it went to last, and the cheapest that was really up then.
        var predicted = 0.0
        var cheapestUp: Double?

        var endpoint: Int { plan[route] }
    }

    static let unitPrices: [Int64] = [50_000_000, 100_000_000, 150_000_000]
    private static let start: Int64 = 1_795_251_600_000
    private static let lookUpsMax = 30
    static let artifact = Artifact(
        index: 0,
        mediaType: "video/mp4",
        bytes: 1,
        sha256: String(repeating: "0", count: 64),
        key: .input(sha256: String(repeating: "0", count: 64)),
        width: nil,
        height: nil,
        durationMilliseconds: nil
    )

    let settings: Settings
    var random: SeededGenerator
    var providers: [SimulatedProvider]
    var health = Array(repeating: EndpointHealth(), count: 3)
    var measured: [(at: Int64, EndpointHealth.Measurements)?] = [nil, nil, nil]
    private var ranking = AdaptiveRanking<Int>()
    var jobs: [Job] = []
    private var queue = EventQueue<Event>()
    var bills: [Int64: Bill] = [:]
    var figures = SimulationFigures()

    init(_ settings: Settings) {
        self.settings = settings
        var random = SeededGenerator(seed: settings.seed)
        let end = Self.start + Int64(Double(settings.jobs) * settings.secondsBetweenJobs * 1_000) + 7_200_000
        providers = [SimulatedProvider.Recovery.resend, .lookUp, .none].map { recovery in
            SimulatedProvider(
                outages: SimulatedProvider.script(from: Self.start, until: end, random: &random),
                recovery: recovery
            )
        }
        self.random = random
    }

    /// Runs it to the end of the last job.
    ///
    /// - Throws: What the rules of a job's life or of its hold do not allow.
    mutating func run() throws {
        queue.plan(.arrival, at: Self.start)
        while let (now, event) = queue.next() {
            switch event {
            case .arrival: try arrive(at: now)
            case .claim(let job): try claim(job, at: now)
            case .answer(let job, let answer): try receive(answer, job, at: now)
            case .resolve(let job): try resolve(job, at: now)
            case .poll(let job): try poll(job, at: now)
            }
        }
        finish()
    }

    // MARK: Admission

    private mutating func arrive(at now: Int64) throws {
        let units = Int64.random(in: 4...12, using: &random)
        let standings = (0..<3).map { standing($0, at: now) }
        var merits: [Int: EndpointMerit] = [:]
        if settings.isAdaptive {
            merits = ranking.merits(at: now) { standings.enumerated().map { ($0, $1) } }
        }
        let candidates = (0..<3).map { endpoint in
            RoutingCandidate(
                index: endpoint,
                provider: "provider-\(endpoint)",
                model: "author/model",
                price: Credits(nanoUSD: Self.unitPrices[endpoint] * units),
                standing: standings[endpoint],
                merit: merits[endpoint] ?? .even
            )
        }
        let plan = RoutingPlan.ordered(candidates, settings.preferences, random: &random)
        let dearest = candidates.map(\.price).max() ?? .zero
        var job = Job(hold: Hold(job: "job-\(jobs.count)", workspace: "w", amount: dearest), units: units)
        job.plan = plan.map(\.index)
        job.wasStable = standings.map { !$0.isInOutage }
        let isCalm = standings.allSatisfy { !$0.isInOutage && $0.isAvailable && !$0.isProbeDue }
        job.multipliers = (0..<3).map { merits[$0]?.multiplier ?? 1 }
        job.isCalm = isCalm && merits.values.allSatisfy { $0 == .even }
        if job.isCalm { figures.calmFirstChoices[job.plan[0]] += 1 }
        figures.firstChoices[job.plan[0]] += 1
        job.predicted = prediction(for: job, standings, chosen: 0)
        jobs.append(job)
        // One in ten waits for a worker: what stood well when it was admitted may stand badly when it is claimed.
        let wait = Int.random(in: 0..<10, using: &random) == 0 ? Int64.random(in: 0..<60_000, using: &random) : 0
        queue.plan(.claim(jobs.count - 1), at: now + wait)
        if jobs.count < settings.jobs {
            let gap = Double.random(in: 0..<2, using: &random) * settings.secondsBetweenJobs
            queue.plan(.arrival, at: now + Int64(gap * 1_000))
        }
    }

    /// What the rules lead to expect a job to cost that now goes to one of the endpoints that it has not tried.
    private func prediction(for job: Job, _ standings: [EndpointStanding], chosen route: Int) -> Double {
        func price(_ endpoint: Int) -> Double { Double(Self.unitPrices[endpoint] * job.units) }
        let tried = Set(job.earlier.map { job.plan[$0.route] })
        let open = job.plan.filter { !tried.contains($0) && standings[$0].isAvailable }
        let stable = open.filter { job.wasStable[$0] }
        let group = stable.isEmpty ? open : stable
        guard !group.isEmpty else { return price(job.plan[route]) }
        if settings.preferences.sort?.by == .price { return group.map(price).min() ?? 0 }
        let weights = group.map { job.multipliers[$0] / (price($0) * price($0)) }
        return zip(group, weights).reduce(0) { $0 + price($1.0) * $1.1 } / weights.reduce(0, +)
    }

    // MARK: One attempt

    private mutating func claim(_ id: Int, at now: Int64) throws {
        var job = jobs[id]
        if !standing(job.endpoint, at: now).isAvailable {
            let standings = (0..<3).map { standing($0, at: now) }
            let next = Failover.route(
                from: job.route,
                plan: job.plan.map { standings[$0] },
                earlier: job.earlier,
                at: now
            )
            if next.route != job.route || next.afterSeconds > 0 {
                if next.route != job.route {
                    jobs[id].predicted = prediction(for: job, standings, chosen: next.route)
                    figures.leftBeforeSending += 1
                }
                let at = now + Int64((next.afterSeconds * 1_000).rounded(.up))
                try apply(.rerouted(route(next.route, of: job), availableAt: Timestamp(milliseconds: at)), id, at: now)
                guard at == now else { return queue.plan(.claim(id), at: at) }
                job = jobs[id]
            }
        }
        switch health[job.endpoint].admit(at: now) {
        case .open: break
        case .probe: figures.probes += 1
        case .shut(let until):
            queue.plan(.claim(id), at: until)
            return
        }
        let number = (job.state.tally?.begun ?? 0) + 1
        let token = "\(id)-\(number)"
        countPaidTwice(job, except: token, at: now)
        job.cheapestUp = (0..<3).filter { providers[$0].isUp(at: now) }.map { Self.unitPrices[$0] }.min()
            .map { Double($0 * job.units) }
        job.sends.append((job.endpoint, token))
        job.sentAt = now
        jobs[id] = job
        try apply(
            .attemptBegan(
                NewAttempt(
                    number: number,
                    endpoint: endpointID(job.endpoint),
                    externalID: token,
                    token: token
                )
            ),
            id,
            at: now
        )
        try send(id, at: now)
    }

    private mutating func send(_ id: Int, at now: Int64) throws {
        try apply(.sendingBegan(bodySHA256: "body of \(id)"), id, at: now)
        figures.sends += 1
        let (endpoint, token) = (jobs[id].endpoint, jobs[id].attempt?.start.token ?? "")
        let answer = providers[endpoint].submit(job: id, token: token, at: now, random: &random)
        queue.plan(.answer(id, answer), at: now + Int64.random(in: 200..<1_500, using: &random))
    }

    /// The rule of all rules, checked against what really happens at the providers.
    private mutating func countPaidTwice(_ job: Job, except token: String, at now: Int64) {
        for send in job.sends where send.token != token {
            guard let generation = providers[send.endpoint].generations[send.token] else { continue }
            if generation.isBilled || generation.death == nil || generation.endsAt > now { figures.secondPaid += 1 }
        }
    }

    private mutating func receive(_ answer: SimulatedProvider.Answer, _ id: Int, at now: Int64) throws {
        let job = jobs[id]
        guard case .submitting(let submitting) = job.state else { return }
        switch answer {
        case .accepted(let endsAt): try accept(id, endsAt: endsAt, at: now)
        case .refused where submitting.sends > 1, .lost:
            record(AttemptOutcome(.answerLost, startedAtMilliseconds: job.sentAt), job.endpoint, at: now)
            try apply(.answerLost, id, at: now)
            queue.plan(.resolve(id), at: now + 20_000)
        case .refused(let end): try fail(end, id, at: now)
        }
    }

    private mutating func accept(_ id: Int, endsAt: Int64, at now: Int64) throws {
        let job = jobs[id]
        record(AttemptOutcome(.accepted, startedAtMilliseconds: job.sentAt), job.endpoint, at: now)
        let poll = max(now, endsAt) + Int64.random(in: 0..<2_000, using: &random)
        try apply(
            .accepted(
                remoteID: job.attempt?.start.token ?? "",
                operation: "{}",
                nextPollAt: Timestamp(milliseconds: poll)
            ),
            id,
            at: now
        )
        queue.plan(.poll(id), at: poll)
    }

    // MARK: Answers that were lost

    private mutating func resolve(_ id: Int, at now: Int64) throws {
        let job = jobs[id]
        jobs[id].lookUps += 1
        let provider = providers[job.endpoint]
        guard job.lookUps <= Self.lookUpsMax, provider.recovery != .none else {
            jobs[id].isProvenFree = false
            let failure = JobFailure(.outcomeUnknown, "Nobody can say what became of it.", retryable: true)
            return try apply(.gaveUpVerifying(failure, retryAt: nil), id, at: now)
        }
        guard provider.recovery == .lookUp else { return try send(id, at: now) }
        guard provider.isUp(at: now) else { return queue.plan(.resolve(id), at: now + 20_000) }
        if let generation = provider.generations[job.attempt?.start.token ?? ""] {
            return try accept(id, endsAt: generation.endsAt, at: now)
        }
        try fail(
            AttemptEnd(.unavailable, billing: .unknown, requestReachedProvider: .unknown, isProvenAbsent: true),
            id,
            at: now
        )
    }

    // MARK: The end of an attempt

    private mutating func poll(_ id: Int, at now: Int64) throws {
        let job = jobs[id]
        guard let generation = providers[job.endpoint].generations[job.attempt?.start.token ?? ""] else {
            throw SimulationFailure(message: "job \(id) runs nowhere")
        }
        if let death = generation.death { return try fail(death, id, at: now) }
        let seconds = Double(now - job.sentAt) / 1_000
        record(
            AttemptOutcome(
                .succeeded,
                startedAtMilliseconds: job.sentAt,
                wasAccepted: true,
                latencySeconds: seconds,
                throughput: Double(job.units) / seconds
            ),
            job.endpoint,
            at: now
        )
        try apply(.providerCompleted(outputs: "[]"), id, at: now)
        try apply(.artifactsStored([Self.artifact], bill(job)), id, at: now)
    }

    private mutating func fail(_ end: AttemptEnd, _ id: Int, at now: Int64) throws {
        let job = jobs[id]
        var outcome = AttemptOutcome(
            end.outcome(),
            startedAtMilliseconds: job.sentAt,
            wasAccepted: end.wasAccepted
        )
        if case .after(let seconds) = end.retry { outcome.retryAfterSeconds = seconds }
        // That an answer was lost is recorded already.
        if !end.isProvenAbsent { record(outcome, job.endpoint, at: now) }
        if !end.isProvenFree { jobs[id].isProvenFree = false }
        let standings = (0..<3).map { standing($0, at: now) }
        let decision = Failover.decide(
            after: end,
            route: job.route,
            plan: job.plan.map { standings[$0] },
            earlier: job.earlier,
            allowsContentFallback: false,
            at: now
        )
        jobs[id].earlier.append(Failover.Earlier(end, route: job.route, at: now))
        var retry: (route: Int, at: Int64)?
        switch decision {
        case .sameEndpoint(let seconds): retry = (job.route, now + Int64((seconds * 1_000).rounded(.up)))
        case .other(let route, let seconds): retry = (route, now + Int64((seconds * 1_000).rounded(.up)))
        case .none(let refusal): figures.refusals[refusal, default: 0] += 1
        }
        try apply(event(for: end, of: job, retry: retry, now), id, at: now)
        guard case .queued = jobs[id].state else { return }
        guard let retry else { throw SimulationFailure(message: "job \(id) waits for nothing") }
        jobs[id].predicted = prediction(for: jobs[id], standings, chosen: retry.route)
        if retry.route != job.route { figures.failovers += 1 }
        if retry.route != jobs[id].route {
            // A look-up that found nothing says nothing of routes: the waiting job is moved.
            let availableAt = Timestamp(milliseconds: retry.at)
            try apply(.rerouted(route(retry.route, of: job), availableAt: availableAt), id, at: now)
        }
        queue.plan(.claim(id), at: retry.at)
    }

    private func event(
        for end: AttemptEnd,
        of job: Job,
        retry: (route: Int, at: Int64)?,
        _ now: Int64
    ) -> JobEvent {
        let retryAt = retry.map { Timestamp(milliseconds: $0.at) }
        let reroute = retry.flatMap { $0.route == job.route ? nil : route($0.route, of: job) }
        let failure = JobFailure(
            JobFailure.Code(rawValue: end.failure.rawValue) ?? .unknown,
            "It failed.",
            retryable: true
        )
        if end.isProvenAbsent { return .foundAbsent(retryAt: retryAt ?? Timestamp(milliseconds: now)) }
        if end.wasAccepted { return .providerFailed(failure, retryAt: retryAt, reroute: reroute) }
        return .refused(failure, isForCapacity: end.isForCapacity, retryAt: retryAt, reroute: reroute)
    }
}
