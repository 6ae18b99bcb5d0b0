package import Generation
package import JobCore
package import Ledger
package import Logging
import ProviderKit

/// What a client posts: read and checked in form, not yet against a model.
package struct JobSubmission: Sendable {
    /// The key it came with.
    package let key: APIKey
    /// What is to be made.
    package let request: GenerationRequest
    /// What was said besides.
    package let parameters: JobParameters
    /// Adjustments that the dialect made already.
    package let adjustments: [Adjustment]
    /// The client's idempotency key, if it gave one.
    package let idempotencyKey: String?
    /// Files that came as parts of their own; the request's inputs name them by number.
    ///
    /// Whoever submits them need not remove them: they are kept, or discarded, by the time there is an answer.
    package let uploads: [Upload]
    /// Which surface it came over.
    ///
    /// Part of what makes two requests equal: each surface answers in a form of its own.
    package let surface: String
    /// Which of the forms its answer is to have, where its surface gives one and the same job in several; else nil.
    ///
    /// Part of what makes two requests equal, too: who asks for events is not answered with a document.
    package let form: String?

    package init(
        key: APIKey,
        request: GenerationRequest,
        parameters: JobParameters,
        adjustments: [Adjustment] = [],
        uploads: [Upload] = [],
        idempotencyKey: String?,
        surface: String = "jobs",
        form: String? = nil
    ) {
        self.key = key
        self.request = request
        self.parameters = parameters
        self.adjustments = adjustments
        self.uploads = uploads
        self.idempotencyKey = idempotencyKey
        self.surface = surface
        self.form = form
    }
}

extension JobSubmission {
    /// A file that came with a request as a part of its own.
    package struct Upload: Sendable {
        /// Its bytes.
        package let file: SpooledFile
        /// The media type that its part declares; nil when it declares none.
        package let mediaType: String?

        package init(file: SpooledFile, mediaType: String?) {
            self.file = file
            self.mediaType = mediaType
        }
    }

    /// How long the media is that stands in the request itself, as it was written.
    var inlineBytes: Int64 {
        request.inputs.reduce(0) { sum, input in
            guard case .url(let url) = input.input else { return sum }
            return sum + Int64(url.utf8.count)
        }
    }

    /// The same with another request.
    func with(_ request: GenerationRequest) -> JobSubmission {
        JobSubmission(
            key: key,
            request: request,
            parameters: parameters,
            adjustments: adjustments,
            uploads: uploads,
            idempotencyKey: idempotencyKey,
            surface: surface,
            form: form
        )
    }
}

/// What a client gets for a submission.
package enum SubmissionResult: Sendable {
    /// A new job.
    case accepted(Job)
    /// The answer that the same key and request got before.
    case replayed(job: JobID, answer: String)
    /// The job of an equal request without a key whose client never got its answer: now this request's, as it stands.
    case takenOver(JobView)
}

/// Why a well-formed submission is not accepted.
///
/// Nothing was written.
package enum SubmissionRefusal: Error, Sendable, Equatable {
    /// The idempotency key came with another request before. 422.
    case idempotencyConflict
    /// The workspace has less than the hold. 402.
    case insufficientCredits(needed: Credits, available: Credits)
    /// The key has spent up to its limit. 402.
    case keyLimitReached(needed: Credits, remaining: Credits)
    /// The workspace has made as many requests to free models as it may for now. 429 with Retry-After.
    case freeLimitReached(FreeModelRefusal, retryAfterSeconds: Int64)
    /// The keys of the workspace have spent up to its budget for a period. 403.
    case budgetReached(SpendingPeriod, limit: Credits, needed: Credits, remaining: Credits)
    /// The key was revoked, disabled or has expired meanwhile. 401.
    case keyRevoked
    /// The client closed the connection before its job was accepted. 400, if it can still read.
    case clientGone
    /// Too many jobs wait. 503 with Retry-After.
    case queueFull
    /// The disk is nearly full. 503 with Retry-After.
    case storageFull
}

/// A job with what is looked up for those who read it.
package struct JobView: Sendable {
    /// The job.
    package let job: Job
    /// Its attempts, in order.
    package let attempts: [Attempt]
    /// How many jobs wait before it; nil unless it is queued.
    package let queuePosition: Int?
    /// Seconds until it is probably done: an estimate from the medians seen; nil when nothing is known.
    package let etaSeconds: Double?
    /// Whether a wish to stop it can be followed.
    package let isCancellable: Bool
    /// What came after it was given up: the client's, free of charge.
    package var lateArtifacts: [Artifact] = []
    /// The endpoints that it may be served at, in order; empty where they are not looked up, or there is only one.
    package var routes: [JobRoute] = []
}

/// The use cases: what clients can do with jobs, whatever the dialect.
package struct JobService: Sendable {
    /// Bounds on what is accepted.
    package struct Limits: Sendable {
        /// How many jobs may wait, over all workspaces.
        ///
        /// Defaults to 1,000,000.
        package var queuedMax = 1_000_000
        /// The longest reference, in bytes.
        ///
        /// Defaults to 20 MiB.
        package var inputBytesMax = 20 * 1_048_576
        /// The longest sound that is listened to, in bytes.
        ///
        /// Defaults to 40 MiB.
        package var audioBytesMax = 40 * 1_048_576
        /// The largest reference, in pixels: checked in its header, before anything decodes it.
        ///
        /// Defaults to 50 million.
        package var inputPixelsMax = 50_000_000
        /// Admission stops below this much free disk.
        ///
        /// Defaults to 512 MiB.
        package var freeDiskBytesMin: Int64 = 512 * 1_048_576
        /// Bounds on requests to free models.
        ///
        /// Defaults to none.
        package var freeModels: FreeModelLimits?

        package init() {}
    }

    /// The jobs whose answers are not written yet.
    package let answers: PendingAnswers

    /// What is counted for the operator.
    package let metrics: EngineMetrics

    /// What is charged besides the providers' prices.
    ///
    /// Defaults to nothing.
    package private(set) var fees = FeeSchedule()

    /// Media of jobs that run in this process.
    package let outputs: LiveOutputs

    /// Customers' own provider keys.
    package let customerKeys: CustomerKeys

    /// How the endpoints have done.
    package let endpointBoard: EndpointBoard

    let store: any JobStore
    private let artifacts: any ArtifactStore
    let catalog: EndpointCatalog
    private let live: LiveJobs
    let signals: WorkSignals
    private let durations: ObservedDurations
    let environment: EngineEnvironment
    private let limits: Limits
    let references: ReferenceAdmission
    private let freeDiskBytes: @Sendable () -> Int64
    let logger: Logger

    /// How providers are chosen where a request says nothing.
    package private(set) var houseRouting: ProviderRouting?

    /// The same service, choosing by these preferences where a request says nothing.
    package func preferring(_ routing: ProviderRouting?) -> JobService {
        var service = self
        service.houseRouting = routing
        return service
    }

    /// The same service, charging these fees.
    package func charging(_ fees: FeeSchedule) -> JobService {
        var service = self
        service.fees = fees
        return service
    }

    package init(
        store: any JobStore,
        artifacts: any ArtifactStore,
        catalog: EndpointCatalog,
        live: LiveJobs,
        signals: WorkSignals,
        durations: ObservedDurations,
        environment: EngineEnvironment,
        answers: PendingAnswers = PendingAnswers(),
        limits: Limits = Limits(),
        references: ReferenceSource = ReferenceSource(),
        outputs: LiveOutputs,
        metrics: EngineMetrics = EngineMetrics(),
        customerKeys: CustomerKeys? = nil,
        endpointBoard: EndpointBoard = EndpointBoard(),
        freeDiskBytes: @escaping @Sendable () -> Int64,
        logger: Logger
    ) {
        self.metrics = metrics
        self.customerKeys =
            customerKeys
            ?? CustomerKeys(
                store: store,
                vault: CustomerKeyVault(masterKey: []),
                providers: .none,
                live: catalog.live,
                environment: environment,
                logger: logger
            )
        self.endpointBoard = endpointBoard
        self.outputs = outputs
        self.answers = answers
        self.store = store
        self.artifacts = artifacts
        self.catalog = catalog
        self.live = live
        self.signals = signals
        self.durations = durations
        self.environment = environment
        self.limits = limits
        self.references = ReferenceAdmission(
            source: references,
            limits: limits,
            sleep: environment.sleep,
            aside: environment.aside
        )
        self.freeDiskBytes = freeDiskBytes
        self.logger = logger
    }

    /// Bounds on requests to free models; nil when there are none.
    package var freeModels: FreeModelLimits? { limits.freeModels }

    // MARK: Submitting

    /// Accepts a job, or says why not.
    ///
    /// The order is: an earlier answer under the same idempotency key, or without one the job of an equal request that was
    /// never answered (``PendingAnswers``), whatever has changed since; then model, parameters,
    /// price, references, and one durable transaction. Until that transaction nothing
    /// is written but references under the hash of their content, which the sweeper removes when no job came of them.
    /// After it nothing can fail: a client whose answer is lost finds its job by repeating the request.
    ///
    /// - Parameters:
    ///   - submission: What the client posted.
    ///   - connection: What it came over, when its answer will be told of (`answers.answered`, `answers.withdrawn`); nil
    ///     counts as answered, and is no repeat.
    ///   - answer: Makes the body of the answer from the job as admitted; kept to be replayed.
    /// - Returns: The new job, the answer to be replayed, or the job that was taken over.
    /// - Throws: `RequestProblem`, `SubmissionRefusal`, or what the store throws.
    package func submit(
        _ submission: JobSubmission,
        connection: ClientConnection? = nil,
        answer: (Job) throws -> String
    ) async throws -> SubmissionResult {
        do {
            let result = try await take(submission, connection, answer)
            metrics.submitted(.success(result))
            await discard(submission.uploads)
            return result
        } catch {
            await discard(submission.uploads)
            metrics.submitted(.failure(error))
            throw error
        }
    }

    /// Removes what is not kept of the files that came with a request.
    private func discard(_ uploads: [JobSubmission.Upload]) async {
        for upload in uploads { await artifacts.discard(upload.file) }
    }

    private func take(
        _ submission: JobSubmission,
        _ connection: ClientConnection?,
        _ answer: (Job) throws -> String
    ) async throws -> SubmissionResult {
        let fingerprint = try await environment.longWork.done(on: submission.inlineBytes) {
            submission.fingerprint
        }
        if let idempotencyKey = submission.idempotencyKey {
            switch try await earlierAnswer(to: idempotencyKey, submission, fingerprint) {
            case .replay(let job, let body): return .replayed(job: job, answer: body)
            case .conflict: throw SubmissionRefusal.idempotencyConflict
            case nil: return try await admit(submission, fingerprint, nil, answer)
            }
        }
        guard let connection else { return try await admit(submission, fingerprint, nil, answer) }
        return try await repeatOrAdmit(submission, fingerprint, connection, answer)
    }

    /// What an idempotency key was answered with, by this version or by one that did not tell forms apart.
    private func earlierAnswer(
        to idempotencyKey: String,
        _ submission: JobSubmission,
        _ fingerprint: String
    ) async throws -> EarlierAnswer? {
        let hash = submission.key.hash
        let earlier = try await store.earlierAnswer(to: idempotencyKey, keyHash: hash, fingerprint: fingerprint)
        guard case .conflict? = earlier, let former = submission.formerFingerprint else { return earlier }
        return try await store.earlierAnswer(to: idempotencyKey, keyHash: hash, fingerprint: former)
    }

    /// Refuses a request before its files are received, where that would leave less of the disk free than admission asks.
    ///
    /// Nothing of it was written; it counts as a submission that was not taken.
    ///
    /// - Parameter bytes: How long the files are at most, as far as that is known.
    /// - Throws: `SubmissionRefusal.storageFull`.
    package func requireRoom(for bytes: Int64) throws(SubmissionRefusal) {
        do {
            try requireFreeDisk(for: bytes)
        } catch {
            metrics.submitted(.failure(error))
            throw error
        }
    }

    private func requireFreeDisk(for bytes: Int64) throws(SubmissionRefusal) {
        guard freeDiskBytes() - max(0, bytes) >= limits.freeDiskBytesMin else { throw .storageFull }
    }

    /// Resolves, prices and admits a job that is no repeat.
    ///
    /// - Parameters:
    ///   - submission: What the client posted.
    ///   - fingerprint: What makes it equal to others.
    ///   - connection: What it came over, when its answer will be told of.
    ///   - answer: Makes the body of the answer.
    ///   - kept: The references, when an earlier round has kept them.
    /// - Returns: The job, or the answer of the same idempotency key.
    /// - Throws: What `submit` throws; `UnknownAdmission`.
    func admit(
        _ submission: JobSubmission,
        _ fingerprint: String,
        _ connection: ClientConnection?,
        _ answer: (Job) throws -> String,
        kept: AdmittedReferences? = nil
    ) async throws -> SubmissionResult {
        // Before anything costs time: most refusals are for a word in the request.
        var plan = try plan(submission)
        try requireFreeDisk(for: 0)
        // Uploads can be read once: a second round goes on with what the first one has kept.
        let references: AdmittedReferences
        if let kept {
            references = kept
        } else {
            references = try await self.references.read(submission.request, submission.uploads)
        }
        // Once more with what the inputs turned out to be: it may not fit the model, and it may have a price.
        if references.isMeasured { plan = try self.plan(submission.with(references.measured(submission.request))) }
        if !references.isEmpty {
            // Before anything is written or looked up: the transaction below decides, but most refusals should leave no
            // file.
            let available = try await store.balance(of: submission.key.workspace).available
            if plan.hold > available {
                guard let affordable = plan.within(available) else {
                    throw SubmissionRefusal.insufficientCredits(needed: plan.hold, available: available)
                }
                plan = affordable
            }
        }
        try await self.references.checkAddresses(references)
        environment.passed(.checked)
        if kept == nil { try await keep(references.kept) }
        while true {
            let now = environment.now()
            let job = newJob(submission, plan, at: now)
            let admission = Admission(
                job: job,
                idempotencyKey: submission.idempotencyKey,
                fingerprint: fingerprint,
                answer: try answer(Job(job)),
                queuedMax: limits.queuedMax,
                awaitsAnswer: connection != nil,
                freeModels: plan.first.prices.isFree && plan.first.hold == .zero ? limits.freeModels : nil,
                routes: plan.jobRoutes
            )
            // A request whose client has gone makes no job: its repeat may have come first, and made one.
            if let connection, await !connection.isStillOpen() { throw SubmissionRefusal.clientGone }
            // Before the job is there: nobody claims in the lanes of a key that was never used.
            for route in plan.routes { catalog.live.use(route.endpoint.id) }
            let refusal: SubmissionRefusal
            let most: Credits
            switch try await admit(admission) {
            case .admitted(let admitted):
                environment.passed(.admitted)
                await environment.pausing(.admitted)
                live.publish(admitted)
                signals.jobsWait()
                return .accepted(admitted)
            case .replayed(let id, let body): return .replayed(job: id, answer: body)
            case .idempotencyConflict: throw SubmissionRefusal.idempotencyConflict
            case .insufficientCredits(let available):
                (refusal, most) = (.insufficientCredits(needed: plan.hold, available: available), available)
            case .keyLimitReached(let remaining):
                (refusal, most) = (.keyLimitReached(needed: plan.hold, remaining: remaining), remaining)
            case .budgetReached(let period, let limit, let remaining):
                refusal = .budgetReached(period, limit: limit, needed: plan.hold, remaining: remaining)
                most = remaining
            case .freeLimitReached(let refusal):
                // Others may serve it for credits.
                if let paid = plan.paid {
                    plan = paid
                    continue
                }
                let seconds = refusal.endsAt.seconds(since: now).rounded(.up)
                throw SubmissionRefusal.freeLimitReached(refusal, retryAfterSeconds: max(1, Int64(seconds)))
            case .keyRevoked: throw SubmissionRefusal.keyRevoked
            case .queueFull: throw SubmissionRefusal.queueFull
            case .customerKeyGone:
                // Deleted or disabled between plan and admission: what is there now may serve it as well.
                try await customerKeys.refresh()
                return try await admit(submission, fingerprint, connection, answer, kept: references)
            }
            // What cannot be paid for is left out of the plan; a job that nothing is left for is refused.
            guard let affordable = plan.within(most) else { throw refusal }
            plan = affordable
        }
    }

    private func newJob(_ submission: JobSubmission, _ plan: SubmissionPlan, at now: Timestamp) -> NewJob {
        let first = plan.first
        return NewJob(
            id: newJobID(at: now),
            workspace: submission.key.workspace,
            keyHash: submission.key.hash,
            request: first.request,
            parameters: submission.parameters,
            adjustments: first.allAdjustments,
            endpoint: first.endpoint.id,
            lane: first.endpoint.lane,
            hold: plan.hold,
            estimatedCost: first.bill.total,
            prices: first.prices,
            createdAt: now,
            defaultDeadlineSeconds: plan.deadlineSeconds,
            routeCount: plan.routes.count
        )
    }

    private func newJobID(at now: Timestamp) -> JobID {
        var random = environment.randomBytes(10)
        random[0] = 0x70 | (random[0] & 0x0F)
        random[2] = 0x80 | (random[2] & 0x3F)
        let time = UInt64(clamping: now.milliseconds) << 16 | UInt64(random[0]) << 8 | UInt64(random[1])
        return JobID(high: time, low: random[2...].reduce(0) { $0 << 8 | UInt64($1) })
    }

    // MARK: Reading

    /// A job of a workspace; nil for one that does not exist or is another's, without a difference.
    package func job(_ id: JobID, workspace: String) async throws -> JobView? {
        guard let job = try await plainJob(id, workspace: workspace) else { return nil }
        return try await view(of: job)
    }

    /// A job of a workspace, without what else is known about it: for answers that show no place and no attempts.
    package func plainJob(_ id: JobID, workspace: String) async throws -> Job? {
        guard let job = try await live.job(id), job.admitted.workspace == workspace else { return nil }
        return job
    }

    /// A job of any workspace: for who has shown that it is theirs to see.
    package func plainJob(_ id: JobID) async throws -> Job? { try await live.job(id) }

    /// Waits until a job is over, at most some seconds, and tells how it stands then.
    package func wait(for id: JobID, workspace: String, seconds: Double) async throws -> JobView? {
        // The changes are watched before the job is read, so that none falls between.
        let changes = live.changes(of: id)
        guard let job = try await live.job(id), job.admitted.workspace == workspace else { return nil }
        if !job.state.isTerminal, seconds > 0 {
            let sleep = environment.sleep
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await change in changes where change.state.isTerminal { return } }
                group.addTask { try? await sleep(seconds) }
                await group.next()
                group.cancelAll()
            }
        }
        return try await self.job(id, workspace: workspace)
    }

    /// A workspace's jobs, newest first.
    package func jobs(_ query: JobQuery) async throws -> [JobView] {
        var views: [JobView] = []
        let jobs = try await store.jobs(query)
        let attempts = try await live.attempts(of: jobs)
        // The position in the queue is left out: counting it for each job would cost too much.
        let late = try await lateArtifacts(of: jobs)
        for job in jobs {
            var view = view(of: job, attempts: attempts[job.id] ?? [], queuePosition: nil)
            view.lateArtifacts = late[job.id] ?? []
            views.append(view)
        }
        return views
    }

    /// The events of a job after a version, and then those to come, without gaps, until the job is over.
    package func events(of id: JobID, after version: Int64) -> JobEventFeed {
        JobEventFeed(job: id, after: version, changes: live.changes(of: id), store: store, live: live)
    }

    private func view(of job: Job) async throws -> JobView {
        let position: Int?
        if case .queued = job.state {
            position = try await store.queuePosition(of: job)
        } else {
            position = nil
        }
        var view = view(of: job, attempts: try await live.attempts(of: job), queuePosition: position)
        view.lateArtifacts = try await lateArtifacts(of: [job])[job.id] ?? []
        if job.admitted.hasOtherRoutes { view.routes = try await store.routes(of: job.id) }
        return view
    }

    private func view(of job: Job, attempts: [Attempt], queuePosition: Int?) -> JobView {
        JobView(
            job: job,
            attempts: attempts,
            queuePosition: queuePosition,
            etaSeconds: durations.eta(of: job, now: environment.now()),
            isCancellable: Self.isCancellable(job, catalog.endpoint(job.admitted.endpoint))
        )
    }

    private static func isCancellable(_ job: Job, _ endpoint: Endpoint?) -> Bool {
        switch job.state {
        case .queued: true
        case .submitting(let submitting): submitting.stage == .intent || endpoint?.adapter.canCancel == true
        case .running: endpoint?.adapter.canCancel == true
        case .storing, .completed, .failed, .cancelled, .expired: false
        }
    }

    /// Every endpoint that is offered today, by model and preference, with what it takes and costs.
    package var endpoints: [Endpoint] { catalog.endpoints(at: environment.now()) }

    /// The endpoints of today that a workspace's own keys open for the holder of an API key, in the order in which they
    /// are tried.
    package func ownEndpoints(for key: APIKey) -> [Endpoint] {
        let now = environment.now()
        return catalog.live.offered(to: key.workspace).flatMap { entry in
            entry.endpoints.compactMap { entry.key.serves($0.id.model, for: key) ? $0.offered(at: now) : nil }
        }
    }

    /// How an endpoint has done.
    package func figures(of endpoint: EndpointID) -> EndpointFigures {
        let now = environment.now()
        return EndpointFigures(
            standing: endpointBoard.standing(of: endpoint, at: now),
            outcomes: endpointBoard.outcomes(of: endpoint, at: now)
        )
    }

    /// Other names of models today, as the operator gave them, and the models that they stand for.
    package var aliases: [String: String] { catalog.aliases(at: environment.now()) }

    /// The day of which these are, counted from 1970: what is offered changes with it alone.
    package var day: Int64 { environment.now().milliseconds / 86_400_000 }

    /// Why a model is not there.
    package func absence(of slug: String) -> RequestProblem { catalog.absence(of: slug, at: environment.now()) }

    // MARK: Cancelling

    /// Records the wish to stop a job.
    ///
    /// One that cannot be stopped, or is over, is given back as it is.
    package func cancel(_ id: JobID, workspace: String) async throws -> JobView? {
        while true {
            guard let job = try await store.job(id), job.admitted.workspace == workspace else { return nil }
            let mayStop: Bool
            switch job.state {
            case .running: mayStop = catalog.endpoint(job.admitted.endpoint)?.adapter.canCancel == true
            case .queued, .submitting, .storing, .completed, .failed, .cancelled, .expired: mayStop = true
            }
            guard mayStop, let transition = try? job.state.applying(.cancelRequested, at: environment.now()) else {
                return try await view(of: job)
            }
            switch try await store.commit(transition, of: id, expecting: job.version, fence: nil) {
            case .committed(let cancelled):
                environment.passed(.cancelRequested)
                live.publish(cancelled)
                if cancelled.state.isTerminal { outputs.end(id) }
                signals.wake(id)
                return try await view(of: cancelled)
            case .stale: continue
            case .missing: return nil
            }
        }
    }

    // MARK: Deleting

    /// Deletes a job that is over: what it has made is removed, and lists may leave it out.
    ///
    /// It stays in the books, with its events and what was paid for it. The record goes first: after a crash in between, files are left that nothing refers to, which the sweeper removes.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - workspace: Whose it must be.
    /// - Returns: Whether there is such a job, and it is over.
    /// - Throws: What the stores throw.
    package func delete(_ id: JobID, workspace: String) async throws -> Bool {
        guard let job = try await store.job(id), job.admitted.workspace == workspace, job.state.isTerminal else {
            return false
        }
        guard let deletion = try await store.markDeleted(id) else { return true }
        live.publish(deletion.job)
        for artifact in deletion.artifacts { try await artifacts.delete(artifact.key) }
        return true
    }

    // MARK: References

    /// Keeps the references that came with a request, under the hash of their content.
    private func keep(_ references: [AdmittedReferences.Kept]) async throws {
        for reference in references {
            let key = ArtifactKey.input(sha256: reference.stored.sha256)
            switch reference.source {
            // What is left of it is discarded with the submission.
            case .upload(let file): try await artifacts.keep(file, as: key)
            case .bytes(let bytes):
                let chunks = OnceSequence(bytes)
                let file = try await artifacts.spool(
                    bytesMax: Int64(bytes.count),
                    declaredLength: Int64(bytes.count),
                    next: { chunks.next() }
                )
                do {
                    try await artifacts.keep(file, as: key)
                } catch {
                    await artifacts.discard(file)
                    throw error
                }
            }
        }
    }
}
