public import Generation
public import Ledger

/// A job at the door, with everything that its admission writes.
public struct Admission: Sendable {
    /// The job.
    public let job: NewJob
    /// The client's idempotency key, if it gave one; scoped to the API key.
    public let idempotencyKey: String?
    /// SHA-256 of the normalized request, hexadecimal: what makes two requests equal.
    public let fingerprint: String
    /// The answer's body, kept to be replayed.
    public let answer: String
    /// How many jobs may wait at most, over all workspaces.
    public let queuedMax: Int
    /// Whether somebody will mark the job once its answer is written (`markAnswered`).
    ///
    /// Until then it counts as unanswered, after a crash too. Without, it counts as answered from the start: a request
    /// with an idempotency key is repeated by its key.
    public let awaitsAnswer: Bool
    /// Bounds on requests to free models, for a job of one; nil for all others, and when there are none.
    public var freeModels: FreeModelLimits?
    /// The job's routes in order, the one that it starts on first; empty for a job with a single one.
    public var routes: [JobRoute]

    /// Describes an admission.
    public init(
        job: NewJob,
        idempotencyKey: String?,
        fingerprint: String,
        answer: String,
        queuedMax: Int,
        awaitsAnswer: Bool = false,
        freeModels: FreeModelLimits? = nil,
        routes: [JobRoute] = []
    ) {
        self.job = job
        self.idempotencyKey = idempotencyKey
        self.fingerprint = fingerprint
        self.answer = answer
        self.queuedMax = queuedMax
        self.awaitsAnswer = awaitsAnswer
        self.freeModels = freeModels
        self.routes = routes
    }

    /// Whether one of several routes costs no more than what a refusal says is left: then the job is tried with it.
    public func hasRoute(within refusal: AdmissionOutcome) -> Bool {
        let remaining: Credits
        switch refusal {
        case .keyLimitReached(let left): remaining = left
        case .budgetReached(_, _, let left): remaining = left
        case .insufficientCredits(let available): remaining = available
        case .admitted, .replayed, .idempotencyConflict, .freeLimitReached, .keyRevoked, .queueFull, .customerKeyGone:
            return false
        }
        return routes.contains { $0.hold <= remaining }
    }

    /// The customers' keys that may serve the job, each once.
    public var customerKeyIDs: [String] {
        Set(([job.endpoint] + routes.map(\.endpoint)).compactMap(\.customerKeyID)).sorted()
    }
}

/// A job whose answer was perhaps never written to its client.
public struct UnansweredJob: Sendable, Hashable {
    /// The job.
    public let id: JobID
    /// SHA-256 of the key that posted it, hexadecimal.
    public let keyHash: String
    /// The fingerprint that it was admitted with.
    public let fingerprint: String
    /// When it was admitted.
    public let createdAt: Timestamp

    /// Describes an unanswered job.
    public init(id: JobID, keyHash: String, fingerprint: String, createdAt: Timestamp) {
        self.id = id
        self.keyHash = keyHash
        self.fingerprint = fingerprint
        self.createdAt = createdAt
    }
}

/// What became of an admission.
///
/// Only `.admitted` has written anything.
public enum AdmissionOutcome: Sendable, Hashable {
    /// The job, its hold, its first event and its idempotency record are durable.
    case admitted(Job)
    /// The same key came with the same request before: its answer.
    case replayed(job: JobID, answer: String)
    /// The same key came with another request before.
    case idempotencyConflict
    /// The workspace has less than the hold.
    case insufficientCredits(available: Credits)
    /// The API key has spent up to its limit.
    case keyLimitReached(remaining: Credits)
    /// The workspace has made as many requests to free models as it may for now.
    case freeLimitReached(FreeModelRefusal)
    /// The keys of the workspace have spent up to its budget for a period.
    case budgetReached(SpendingPeriod, limit: Credits, remaining: Credits)
    /// The API key was revoked, is disabled, has expired, or never was.
    case keyRevoked
    /// Too many jobs wait.
    case queueFull
    /// The customer's own key that was to serve it was deleted or disabled meanwhile.
    case customerKeyGone
}

/// What an idempotency key stands for already.
public enum EarlierAnswer: Sendable, Hashable {
    /// An equal request: its job, and the answer's body.
    case replay(job: JobID, answer: String)
    /// Another request.
    case conflict

    /// The same as an outcome of an admission.
    public var outcome: AdmissionOutcome {
        switch self {
        case .replay(let job, let answer): .replayed(job: job, answer: answer)
        case .conflict: .idempotencyConflict
        }
    }
}

/// What became of a transition.
public enum CommitOutcome: Sendable, Hashable {
    /// It is durable, with all its consequences.
    case committed(Job)
    /// The job had moved on, belongs to another worker, its attempt does not allow the step, or another attempt has the
    /// provider's id. Nothing was written; this is the job as it stands.
    case stale(Job)
    /// There is no such job.
    case missing
}

/// How much a lane can take now.
public struct LaneCapacity: Sendable, Hashable {
    /// The lane.
    public let lane: Lane
    /// How many jobs may be claimed or at the provider at once, over all workers.
    ///
    /// A job that is being stored is neither.
    public let slots: Int
    /// How many may be started now within the rate budget; nil when there is none.
    public let startsNow: Int?

    /// Describes a lane's capacity.
    public init(lane: Lane, slots: Int, startsNow: Int?) {
        self.lane = lane
        self.slots = slots
        self.startsNow = startsNow
    }
}

/// What a claim found.
public struct ClaimResult: Sendable {
    /// The jobs, now the worker's, each under a new epoch.
    public let jobs: [Job]
    /// When the earliest job in these lanes that waits for its time becomes due; nil when none does.
    public let nextDueAt: Timestamp?

    /// Describes a claim's result.
    public init(jobs: [Job], nextDueAt: Timestamp?) {
        self.jobs = jobs
        self.nextDueAt = nextDueAt
    }
}

/// Which jobs a list shows, newest first.
public struct JobQuery: Sendable, Hashable {
    /// Whose jobs.
    public var workspace: String
    /// Only these states; empty for all.
    public var states: Set<JobState.Name> = []
    /// Only this type.
    public var type: GenerationType?
    /// Only this model.
    public var model: String?
    /// Only jobs older than this one: the cursor.
    public var before: JobID?
    /// Only jobs younger than this one: the cursor of a list that starts with the oldest.
    public var after: JobID?
    /// Whether jobs that their clients have deleted are left out.
    public var withoutDeleted = false
    /// Whether the list starts with the oldest job.
    public var isOldestFirst = false
    /// How many at most.
    public var limit = 20

    /// Asks for a workspace's jobs.
    public init(workspace: String) { self.workspace = workspace }
}

/// What a client's deletion has made of a job.
public struct JobDeletion: Sendable, Hashable {
    /// The job as it is now.
    public let job: Job
    /// What it had made: nothing refers to their files any more.
    public let artifacts: [Artifact]

    /// Describes a deletion.
    public init(job: Job, artifacts: [Artifact]) {
        self.job = job
        self.artifacts = artifacts
    }
}

/// A key that opens the API.
///
/// The key itself is not stored: only its hash.
public struct APIKey: Sendable, Hashable {
    /// SHA-256 of the key, hexadecimal: its identity.
    public let hash: String
    /// What the operator calls it.
    public let name: String
    /// The key's first and last characters, to recognize it by.
    public let label: String
    /// The workspace whose credits it spends.
    public let workspace: String
    /// The most it may spend in each period, holds included; nil for no limit.
    public let limit: Credits?
    /// Whether it also opens the account routes.
    public let isManagement: Bool
    /// When it was made.
    public let createdAt: Timestamp
    /// When it was revoked, if it was.
    public let revokedAt: Timestamp?
    /// After what time the limit counts anew.
    public var limitReset = SpendingPeriod.lifetime
    /// Whether what a provider bills to the customer's own account counts against the limit.
    public var includesByok = false
    /// Whether it opens nothing for now.
    public var isDisabled = false
    /// When it stops opening anything; nil for never.
    public var expiresAt: Timestamp?
    /// Who made it, in the operator's words.
    public var creator: String?
    /// For whom of the operator's own users it was made.
    public var externalUser: String?
    /// When it was last changed.
    public var updatedAt: Timestamp?
    /// When it was last used, to a minute or so.
    public var lastUsedAt: Timestamp?

    /// Describes a key.
    public init(
        hash: String,
        name: String,
        label: String,
        workspace: String,
        limit: Credits?,
        isManagement: Bool,
        createdAt: Timestamp,
        revokedAt: Timestamp?
    ) {
        self.hash = hash
        self.name = name
        self.label = label
        self.workspace = workspace
        self.limit = limit
        self.isManagement = isManagement
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}

/// What a workspace has.
public struct Balance: Sendable, Hashable, Codable {
    /// What it can spend.
    public let available: Credits
    /// What is set aside for its open jobs.
    public let held: Credits

    /// Describes a balance.
    public init(available: Credits, held: Credits) {
        self.available = available
        self.held = held
    }
}

/// A message that a terminal transition left for its client, to be delivered at least once.
public struct OutboxMessage: Sendable, Hashable {
    /// The job.
    public let job: JobID
    /// The job's version: with the job, what makes the message unique.
    public let version: Int64
    /// How the job ended.
    public let state: JobState.Name
    /// Where it is to be told.
    public let url: String
    /// When it was written.
    public let createdAt: Timestamp

    /// Describes a message.
    public init(job: JobID, version: Int64, state: JobState.Name, url: String, createdAt: Timestamp) {
        self.job = job
        self.version = version
        self.state = state
        self.url = url
        self.createdAt = createdAt
    }
}

/// Something that an audit found wrong.
public struct AuditFinding: Sendable, Hashable, Codable {
    /// The rule that does not hold.
    ///
    /// Of money: `sum_zero`, `balance_cached`, `held_sum`, `overdrawn`, `hold_resolved_once`, `settled_twice`,
    /// `posting_without_job`, `charge_due`, `bill_sum`, `platform_share`, `price_changed`, `key_committed`, `key_usage`,
    /// `key_byok_usage`, `workspace_usage`, `usage_row`, `usage_sum`, `payment_booked`, `credit_lots`, `late_loss`. Of
    /// jobs: `event_gap`, `event_state`, `request_missing`, `attempt_missing`, `remote_id_twice`, `artifact_recorded`,
    /// `outbox_missing`, `job_count`, `customer_key_kept`. Of the database: `reference_broken`. Of files:
    /// `artifact_missing`, `artifact_changed`.
    public let rule: String
    /// What it does not hold for: an account, a job.
    public let subject: String
    /// What was found.
    public let detail: String

    /// Describes a finding.
    public init(rule: String, subject: String, detail: String) {
        self.rule = rule
        self.subject = subject
        self.detail = detail
    }
}

/// How much a database audit looked at, and what it found wrong.
public struct AuditReport: Sendable, Hashable, Codable {
    /// How many jobs there are.
    public let jobs: Int
    /// How many transfers there are.
    public let transfers: Int
    /// How many events there are.
    public let events: Int
    /// How many artifacts are recorded.
    public let artifacts: Int
    /// What is wrong; empty when all is well.
    public let findings: [AuditFinding]

    /// Describes an audit.
    public init(jobs: Int, transfers: Int, events: Int, artifacts: Int, findings: [AuditFinding]) {
        self.jobs = jobs
        self.transfers = transfers
        self.events = events
        self.artifacts = artifacts
        self.findings = findings
    }
}

/// The database cannot be written any more, and only a new start can tell what it holds: the process must end.
public struct JobStoreIsBroken: Error, Sendable, Equatable {
    /// What went wrong, for the log.
    public let reason: String

    /// Describes what went wrong.
    public init(_ reason: String) { self.reason = reason }
}

/// The port behind which jobs, money and events are kept.
///
/// Operations are named for what they mean. Each is one transaction: when it returns, it is durable; when it throws, it
/// has happened wholly or not at all, and the caller may look. Every implementation passes `JobStoreConformance`.
public protocol JobStore: Sendable {
    // MARK: Admission

    /// Admits a job: idempotency record, job, hold and first event (version 1) in one durable transaction.
    ///
    /// Checked in this order: key valid (there, usable, of the job's workspace), idempotency, queue bound, the customer's
    /// own key that is to serve it (there, not disabled, of the job's workspace), workspace's budgets, key's limit,
    /// workspace's credits, bounds on free models. A workspace that has less than nothing gets nothing, not even what is
    /// free. Idempotency keys are scoped to the API key. Against a limit count the open holds of all jobs of the key, and
    /// its settlements since the period began; against a budget those of all keys.
    func admit(_ admission: Admission) async throws -> AdmissionOutcome

    /// What an idempotency key was answered with; nil for a new key.
    ///
    /// A look before anything else is checked, so that a repeat gets its answer whatever has changed since: prices, the
    /// catalog, the balance. `admit` looks again, and decides.
    func earlierAnswer(
        to idempotencyKey: String,
        keyHash: String,
        fingerprint: String
    ) async throws -> EarlierAnswer?

    /// Records that the answers to these jobs' requests were written to their clients.
    func markAnswered(_ jobs: [JobID], at now: Timestamp) async throws

    /// Jobs without that mark that were admitted at a time or later, newest first.
    ///
    /// Cost grows with the jobs found.
    func unansweredJobs(since start: Timestamp, limit: Int) async throws -> [UnansweredJob]

    // MARK: Reading

    /// A job, or nil when there is none.
    func job(_ id: JobID) async throws -> Job?

    /// Jobs, newest first.
    func jobs(_ query: JobQuery) async throws -> [Job]

    /// The attempts of a job, in order.
    func attempts(of id: JobID) async throws -> [Attempt]

    /// Marks a job that is over as deleted, and removes the record of what it has made, in time or late, in one
    /// transaction; all else about the job stays, its money and its events, and so do the files.
    ///
    /// - Returns: The job as it is now, and the artifacts that it had; nil for one that is not over, or was deleted before.
    func markDeleted(_ id: JobID) async throws -> JobDeletion?

    /// The attempts of several jobs, each in order; a job without any is absent.
    func attempts(of ids: [JobID]) async throws -> [JobID: [Attempt]]

    /// The events of a job after a version, in order, without gaps.
    func events(of id: JobID, after version: Int64, limit: Int) async throws -> [JobEventRecord]

    /// The messages that wait to be delivered to a job's client: neither delivered nor given up.
    func outbox(of id: JobID) async throws -> [OutboxMessage]

    /// How many jobs wait before this one in its lane, as a claim would take them within its workspace: 0 for the next.
    ///
    /// Jobs that wait for their time are counted too. Nil for a job that is claimed or no longer
    /// waits, and for one with more than ``Job/queuePositionMax`` before it.
    func queuePosition(of job: Job) async throws -> Int?

    // MARK: Workers

    /// Starts or renews a worker's lease. It lasts while `until` is later than now.
    ///
    /// A lease that ran out and was not noticed is renewed: the jobs are still the worker's. One that was ended, by
    /// another worker's `claimOrphans`, by `release` or by `endOtherLeases`, never comes back.
    ///
    /// - Returns: False when the lease was ended: the worker must start anew, under another id.
    func renewLease(of worker: WorkerID, now: Timestamp, until: Timestamp) async throws -> Bool

    /// Ends the leases of all workers but this one: for a store that only one process can have open.
    func endOtherLeases(than worker: WorkerID) async throws

    /// Gives a worker's jobs back at once and ends its lease.
    func release(_ worker: WorkerID) async throws

    /// Claims waiting jobs that are due, within the lanes' capacity.
    ///
    /// Lanes are served in the order given. Within a lane the workspace with the fewest jobs in flight there goes first,
    /// each claim counted, then priority, then age. A worker whose lease does not last claims nothing. Cost grows with
    /// the jobs claimed, not with those that wait.
    func claimQueued(
        worker: WorkerID,
        lanes: [LaneCapacity],
        now: Timestamp,
        limit: Int
    ) async throws -> ClaimResult

    /// Claims waiting jobs that are due and have other routes, in lanes that can take nothing now, oldest first.
    ///
    /// Whoever claims them moves them to another route, or puts them off. Cost grows with the jobs claimed.
    func claimMovable(worker: WorkerID, lanes: [Lane], now: Timestamp, limit: Int) async throws -> [Job]

    /// The routes of a job in order; empty for one that has a single route.
    func routes(of id: JobID) async throws -> [JobRoute]

    /// What is known about how endpoints have done, as it was written last.
    func endpointHealth() async throws -> [EndpointID: String]

    /// Writes what is known about how endpoints have done.
    ///
    /// Figures for routing, not records: what a crash takes of the last seconds is measured anew.
    func saveEndpointHealth(_ health: [EndpointID: String], at now: Timestamp) async throws

    /// Takes over jobs in flight that nobody holds, or whose worker's lease has run out or was ended, oldest first.
    ///
    /// Ends the leases that ran out, and frees the waiting jobs that those workers had claimed: `claimQueued` finds
    /// them. Each job that is taken over comes under a new epoch. A worker whose lease does not last takes nothing.
    func claimOrphans(worker: WorkerID, now: Timestamp, limit: Int) async throws -> [Job]

    /// The jobs that a worker holds, oldest first: for one that does not know what became of a claim.
    func heldJobs(by worker: WorkerID) async throws -> [Job]

    /// Waiting jobs that nobody holds and whose deadline has passed, in any lane, the longest overdue first.
    ///
    /// Also those that no claim would find: of a lane that is full, or that nobody serves any more. Cost grows with the
    /// jobs found, not with those that wait.
    func overdueJobs(now: Timestamp, limit: Int) async throws -> [Job]

    // MARK: Transitions

    /// Makes a transition: the only way to move a stored job.
    ///
    /// Written only if the job is still at `version` in the transition's `from`, and, with a fence, still that worker's
    /// in that epoch, and if the attempt allows its change (``Attempt/applying(_:epoch:at:)``). In the same transaction:
    /// resolution of the hold, attempt row, artifact rows, event row, outbox row.
    ///
    /// An id that the provider gave belongs to one attempt per provider and account: a transition that would give it to
    /// a second one is stale. It is the same generation, and one job has it already.
    ///
    /// - Parameters:
    ///   - transition: The step.
    ///   - id: The job.
    ///   - version: The version it must still have.
    ///   - fence: The worker's right to decide; nil for a client's decisions.
    /// - Returns: What became of it.
    /// - Throws: `LedgerRefusal.exceedsHold` or `.notPositive` for a charge that the hold does not cover; what the
    ///   database throws, and the step then happened wholly or not at all.
    func commit(
        _ transition: JobTransition,
        of id: JobID,
        expecting version: Int64,
        fence: Fence?
    ) async throws -> CommitOutcome

    /// Records what was learned about one send, whatever the epoch.
    ///
    /// Compare-and-set on the attempt's own state (``Attempt/recording(_:send:jobIsOver:at:)``): `sending` or `unknown`.
    /// A refusal counts only for a first send. For an attempt that is over, or of a job that is, an accepted id is kept
    /// as an orphan.
    ///
    /// Writes nothing, and answers `alreadyKnown`, when there is no such attempt, or when another attempt at the same
    /// provider and account has the id: as an orphan it would be cancelled under that job.
    func record(
        _ evidence: SendEvidence,
        of id: JobID,
        attempt number: Int,
        send: Int,
        at now: Timestamp
    ) async throws -> EvidenceOutcome

    /// The attempt with this token, or nil.
    ///
    /// Cost does not grow with the attempts that there are.
    func attempt(token: String) async throws -> Attempt?

    /// The attempt at a provider account that has this id of the provider's, as its own or as an orphan; nil when it is
    /// nobody's.
    ///
    /// Cost does not grow with the attempts that there are.
    func attempt(remoteID: String, provider: String, account: String) async throws -> Attempt?

    // MARK: Deliveries

    /// Claims messages that are due, to be delivered by the caller until `until`: by then they are due again, whatever
    /// became of the caller.
    ///
    /// Of each origin at most `perOrigin` at once, counted with those that the caller has in delivery already. The
    /// origin with the fewest in delivery goes first, then the message that is due the longest: one that answers slowly
    /// holds up no other. Cost grows with the messages claimed, not with those that wait.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - until: When the claim ends.
    ///   - busy: How many deliveries the caller has under way, by origin.
    ///   - perOrigin: How many there may be at once for each origin.
    ///   - limit: How many to claim at most.
    /// - Returns: The messages, and when to ask again.
    /// - Throws: What the database throws.
    func claimDeliveries(
        now: Timestamp,
        until: Timestamp,
        busy: [String: Int],
        perOrigin: Int,
        limit: Int
    ) async throws -> DeliveryClaim

    /// Records how a delivery ended: in the delivery log, and for the message itself.
    ///
    /// That a message was delivered counts whenever it comes, and once. Any other outcome counts only while the claim is
    /// the caller's: when it has run out and another took the message, that one decides.
    ///
    /// - Returns: Whether it counted; nothing was written otherwise.
    func recordDelivery(
        _ delivery: OutboxDelivery,
        at began: Timestamp,
        result: DeliveryTry.Result,
        milliseconds: Int64,
        outcome: DeliveryOutcome
    ) async throws -> Bool

    /// The tries to deliver a job's messages, in order.
    func deliveries(of id: JobID) async throws -> [DeliveryTry]

    /// How many messages were given up.
    func exhaustedMessageCount() async throws -> Int

    /// Records what the URLs among a job's references gave: from now on the job refers to these files.
    ///
    /// Written only if the job is still that worker's in that epoch: so never for a job that is over, nor by a worker
    /// that lost it. What was recorded for a URL first stays: a repeat changes nothing, and is given what is there.
    ///
    /// - Returns: All that is recorded for the job, by URL; nil, and nothing is written, when the fence does not hold.
    func recordReferences(
        _ references: [FetchedReference],
        of id: JobID,
        fence: Fence
    ) async throws -> [FetchedReference]?

    /// What is recorded for the URLs among a job's references, by URL.
    func references(of id: JobID) async throws -> [FetchedReference]

    // MARK: Accounts

    /// All workspaces, by name.
    func workspaces() async throws -> [Workspace]

    /// Adds a workspace, unless it is there.
    func ensureWorkspace(_ name: String, at now: Timestamp) async throws

    /// Adds a key.
    func createKey(_ key: APIKey) async throws

    /// The key with this hash, or nil.
    func key(hash: String) async throws -> APIKey?

    /// All keys, oldest first.
    func keys() async throws -> [APIKey]

    /// Revokes a key; false when there is none of that hash. Revoking twice keeps the first time.
    func revokeKey(hash: String, at now: Timestamp) async throws -> Bool

    /// Moves credits outside of any job. False when a transfer of that id was made before: nothing is moved then.
    ///
    /// Throws ``LedgerRefusal/overdrawn(account:)`` when a workspace has less, unless it is a refund or a chargeback.
    func transfer(_ transfer: Transfer, at now: Timestamp) async throws -> Bool

    /// What a workspace has.
    func balance(of workspace: String) async throws -> Balance

    /// What came into a workspace and what its jobs were charged; zero for one that nothing is known of.
    ///
    /// Cost grows with the workspace's keys, not with its jobs.
    func totals(of workspace: String) async throws -> WorkspaceTotals

    /// What the jobs of a key were charged, in all and in some periods; nil when there is no such key.
    ///
    /// A charge counts on the day that its job ended. Cost grows with the days on which the key was used, not with its
    /// jobs.
    func usage(ofKey hash: String, in periods: UsagePeriods) async throws -> KeyUsage?

    // MARK: Upkeep

    /// Checks everything that must hold within the database.
    func audit() async throws -> AuditReport

    /// Recorded artifacts after this key, in key order: for the audit of the files.
    func artifacts(after key: ArtifactKey?, limit: Int) async throws -> [Artifact]

    /// Whether any job that is not deleted refers to this file.
    func isReferenced(_ key: ArtifactKey) async throws -> Bool

    /// Figures for the operator, read at one moment.
    ///
    /// Cost grows with the jobs in flight, the messages that wait and the accounts; not with jobs that wait or are over.
    func storeMetrics(now: Timestamp) async throws -> StoreMetrics

    /// Whether the database answers.
    func ping() async throws

    // MARK: Customers' own keys

    /// Adds a customer's key, behind the others of its workspace and provider.
    ///
    /// - Returns: The key with its place.
    func createCustomerKey(_ key: CustomerKey) async throws -> CustomerKey

    /// The key with this identifier, unless there is none or it was deleted.
    func customerKey(_ id: String) async throws -> CustomerKey?

    /// A part of a workspace's keys, and how many there are in all.
    func customerKeys(_ query: CustomerKeyQuery) async throws -> (keys: [CustomerKey], total: Int)

    /// Writes a key's sealed form, label and terms, if nobody has changed it since it had `revision`.
    func updateCustomerKey(_ key: CustomerKey, expecting revision: Int64) async throws -> CustomerKeyChange

    /// Deletes a key: from now on no job is admitted with it, and none finds it by its identifier.
    ///
    /// While jobs that were admitted with it are under way it is kept for them; it goes with the last one's end, in
    /// that transaction.
    ///
    /// - Returns: False when there is no such key.
    func deleteCustomerKey(_ id: String, at now: Timestamp) async throws -> Bool

    /// All keys, unless nothing has changed since a revision: then nil.
    ///
    /// Cost does not grow with the keys when nothing has changed.
    func customerKeySnapshot(after revision: Int64) async throws -> CustomerKeySnapshot?

    // MARK: Money

    /// What the jobs of a key have cost, here and by keys of the client's own; nil when there is no such key.
    ///
    /// Cost grows with the days on which the key was used, not with its jobs.
    func spending(ofKey hash: String, in periods: UsagePeriods) async throws -> Spending?

    /// What the jobs of a workspace have cost likewise; zero for one that nothing is known of.
    ///
    /// Cost grows with the days on which the workspace was used, not with its jobs.
    func spending(ofWorkspace name: String, in periods: UsagePeriods) async throws -> Spending

    // MARK: Payments

    /// Takes a message of a payment system, and moves what it makes due, in one transaction.
    ///
    /// Facts about a payment may come in any order and any number of times: the credits are the same in the end
    /// (``Payment``). A purchase for a workspace that is not there is refused, and followed when it is repeated after the
    /// workspace was made. What is taken back may leave a workspace with less than nothing. Each message is recorded once.
    func apply(_ event: PaymentEvent, at now: Timestamp) async throws -> PaymentOutcome

    /// Gives a payer back what is not spent of a payment, looked up and taken in one transaction.
    func refund(_ request: RefundRequest, at now: Timestamp) async throws -> RefundOutcome

    /// A payment, or nil when nothing is known of it.
    func payment(_ id: String) async throws -> PaymentRecord?

    /// The payments for a workspace's credits, newest first.
    func payments(of workspace: String, limit: Int) async throws -> [PaymentRecord]

    /// The messages of payment systems, newest first.
    func paymentEvents(limit: Int) async throws -> [PaymentEventRecord]

    /// Moves credits into a workspace that end at a time. False when a transfer of that id was made before.
    func transfer(_ transfer: Transfer, expiringAt end: Timestamp, at now: Timestamp) async throws -> Bool

    /// A workspace's credits that end and are not spent, those that end first in front.
    func creditLots(of workspace: String) async throws -> [CreditLots.Lot]

    /// Takes what has ended by now, in one transaction: see ``CreditLots``.
    ///
    /// Cost grows with the workspaces that have such credits. A second call takes nothing.
    func expireCredits(at now: Timestamp) async throws -> [Transfer]

    /// What decides about a workspace's next request to a free model.
    func freeModelStanding(of workspace: String) async throws -> FreeModelStanding

    /// The transfers from and to a workspace, newest first.
    ///
    /// Cost grows with the transfers of all workspaces.
    func ledgerEntries(of workspace: String, before sequence: Int64?, limit: Int) async throws -> [LedgerEntry]

    // MARK: Usage

    /// The row of usage of a job; nil while it is not over.
    func usageRecord(of id: JobID) async throws -> UsageRecord?

    /// Sums up the rows of usage.
    ///
    /// Cost grows with the jobs that ended in the time asked about, in the workspaces asked about.
    func usage(_ query: UsageQuery) async throws -> UsageReport

    /// What happened to a workspace's credits in a time; nil for a workspace that does not exist.
    ///
    /// Cost grows with all transfers that there are: for reports, not for requests.
    func statement(of workspace: String, from: Timestamp, to: Timestamp) async throws -> WorkspaceStatement?

    // MARK: Keys and workspaces

    /// Changes a key: nil when there is none of that hash, or it was revoked.
    func updateKey(hash: String, by change: KeyChange, at now: Timestamp) async throws -> APIKey?

    /// Notes when keys were last used, by their hashes; an earlier time than is known changes nothing.
    func recordKeyUses(_ uses: [String: Timestamp]) async throws

    /// All workspaces as those who manage them see them, oldest first, then by name.
    func workspaceProfiles() async throws -> [WorkspaceProfile]

    /// The workspace of this name, or nil.
    func workspaceProfile(of name: String) async throws -> WorkspaceProfile?

    /// Adds a workspace; false, and nothing is written, when there is one of that name.
    func createWorkspace(_ profile: WorkspaceProfile) async throws -> Bool

    /// Changes a workspace; nil when there is none of that name.
    func updateWorkspace(
        _ name: String,
        by change: WorkspaceChange,
        at now: Timestamp
    ) async throws -> WorkspaceProfile?

    /// Deletes a workspace that has no keys that work, and never had jobs or credits; its budgets go with it.
    func deleteWorkspace(_ name: String) async throws -> WorkspaceDeletion

    /// Sets the budget of a workspace for a period, or changes the one that is there: it keeps its identifier and its
    /// first day.
    ///
    /// - Parameters:
    ///   - budget: The budget; of its times the later is now.
    ///   - workspace: The workspace.
    ///   - includesByok: What becomes of the workspace's setting; nil leaves it.
    /// - Returns: What became of it; only `.set` has written anything.
    /// - Throws: What the database throws.
    func setBudget(_ budget: WorkspaceBudget, of workspace: String, includesByok: Bool?) async throws -> BudgetOutcome

    /// Takes a budget away; nothing happens when there is none.
    func deleteBudget(of workspace: String, for period: SpendingPeriod) async throws

    /// The budgets of a workspace with what counts against them, the shortest period first.
    ///
    /// Cost grows with the days of the periods and the workspace's keys, not with its jobs.
    func budgets(of workspace: String, in periods: UsagePeriods) async throws -> [BudgetStanding]

    // MARK: Alerts

    /// Sets at what shares of a limit, in percent, an alert is written from now on; none for no alerts.
    func setAlertThresholds(_ percents: [Int]) async throws

    /// Claims alerts that are due, to be sent by the caller until `until`: by then they are due again, whatever became of
    /// the caller. Oldest first.
    func claimAlerts(now: Timestamp, until: Timestamp, limit: Int) async throws -> [SpendingAlert]

    /// Records that an alert was sent, or, with a time, that it is to be sent again then.
    func recordAlert(_ id: Int64, retryAt: Timestamp?, at now: Timestamp) async throws

    // MARK: Reconciliation

    /// Attempts that were sent at a provider account at a time or later, by job and number.
    ///
    /// Cost grows with the attempts that there are: it is asked now and then, by the operator.
    func attempts(
        provider: String,
        account: String,
        sentSince start: Timestamp,
        after place: AttemptPlace?,
        limit: Int
    ) async throws -> [Attempt]

    /// Records what came of a generation after its job was over: artifacts, and the loss to the ledger.
    ///
    /// Once for each generation. Neither the job's state nor its hold changes, and no event and no message are written.
    func recordLate(_ result: LateResult, at now: Timestamp) async throws -> LateOutcome

    /// What came late of these jobs, in the order it was recorded; a job without any is absent.
    ///
    /// Cost grows with the jobs asked for.
    func lateResults(of ids: [JobID]) async throws -> [JobID: [LateResult]]
}
