import JobCore
import Ledger
import Synchronization

/// What a test makes a store operation do.
enum StoreFault: Sendable {
    /// Nothing is written, and the caller gets an error.
    case fails
    /// It is written, and the caller gets an error all the same.
    case failsAfterwards
    /// Nothing is written; an admission is told that the customer's key that was to serve it is gone.
    case findsNoKey
}

/// The error of a faulty operation.
struct StoreIsAway: Error {}

private struct KeyIsGone: Error {}

/// The common store as one node sees it: while the node lives, and while the database answers.
struct NodeStore: JobStore {
    let base: any JobStore
    let life: NodeLife
    /// Asked before each operation, by its name.
    let fault: @Sendable (_ operation: String) -> StoreFault?

    private func through<Value: Sendable>(
        _ name: String = #function,
        _ operation: () async throws -> Value
    ) async throws -> Value {
        try await life.pass()
        let fault = fault(String(name.prefix { $0 != "(" }))
        if case .fails = fault { throw StoreIsAway() }
        if case .findsNoKey = fault { throw KeyIsGone() }
        let value = try await operation()
        try await life.pass()
        if case .failsAfterwards = fault { throw StoreIsAway() }
        return value
    }

    func admit(_ admission: Admission) async throws -> AdmissionOutcome {
        do {
            return try await through { try await base.admit(admission) }
        } catch is KeyIsGone {
            return .customerKeyGone
        }
    }

    func earlierAnswer(
        to idempotencyKey: String,
        keyHash: String,
        fingerprint: String
    ) async throws -> EarlierAnswer? {
        try await through {
            try await base.earlierAnswer(to: idempotencyKey, keyHash: keyHash, fingerprint: fingerprint)
        }
    }

    func markAnswered(_ jobs: [JobID], at now: Timestamp) async throws {
        try await through { try await base.markAnswered(jobs, at: now) }
    }

    func unansweredJobs(since start: Timestamp, limit: Int) async throws -> [UnansweredJob] {
        try await through { try await base.unansweredJobs(since: start, limit: limit) }
    }

    func job(_ id: JobID) async throws -> Job? { try await through { try await base.job(id) } }

    func markDeleted(_ id: JobID) async throws -> JobDeletion? { try await through { try await base.markDeleted(id) } }

    func jobs(_ query: JobQuery) async throws -> [Job] { try await through { try await base.jobs(query) } }

    func attempts(of id: JobID) async throws -> [Attempt] { try await through { try await base.attempts(of: id) } }
    func attempts(of ids: [JobID]) async throws -> [JobID: [Attempt]] {
        try await through { try await base.attempts(of: ids) }
    }

    func attempt(token: String) async throws -> Attempt? { try await through { try await base.attempt(token: token) } }

    func attempt(remoteID: String, provider: String, account: String) async throws -> Attempt? {
        try await through {
            try await base.attempt(remoteID: remoteID, provider: provider, account: account)
        }
    }

    func events(of id: JobID, after version: Int64, limit: Int) async throws -> [JobEventRecord] {
        try await through { try await base.events(of: id, after: version, limit: limit) }
    }

    func outbox(of id: JobID) async throws -> [OutboxMessage] { try await through { try await base.outbox(of: id) } }

    func queuePosition(of job: Job) async throws -> Int? {
        try await through { try await base.queuePosition(of: job) }
    }

    func renewLease(of worker: WorkerID, now: Timestamp, until: Timestamp) async throws -> Bool {
        try await through { try await base.renewLease(of: worker, now: now, until: until) }
    }

    func endOtherLeases(than worker: WorkerID) async throws {
        try await through { try await base.endOtherLeases(than: worker) }
    }

    func release(_ worker: WorkerID) async throws { try await through { try await base.release(worker) } }

    func claimQueued(
        worker: WorkerID,
        lanes: [LaneCapacity],
        now: Timestamp,
        limit: Int
    ) async throws -> ClaimResult {
        try await through { try await base.claimQueued(worker: worker, lanes: lanes, now: now, limit: limit) }
    }

    func claimMovable(worker: WorkerID, lanes: [Lane], now: Timestamp, limit: Int) async throws -> [Job] {
        try await through { try await base.claimMovable(worker: worker, lanes: lanes, now: now, limit: limit) }
    }

    func routes(of id: JobID) async throws -> [JobRoute] { try await through { try await base.routes(of: id) } }

    func endpointHealth() async throws -> [EndpointID: String] { try await through { try await base.endpointHealth() } }

    func saveEndpointHealth(_ health: [EndpointID: String], at now: Timestamp) async throws {
        try await through { try await base.saveEndpointHealth(health, at: now) }
    }

    func claimOrphans(worker: WorkerID, now: Timestamp, limit: Int) async throws -> [Job] {
        try await through { try await base.claimOrphans(worker: worker, now: now, limit: limit) }
    }

    func heldJobs(by worker: WorkerID) async throws -> [Job] {
        try await through { try await base.heldJobs(by: worker) }
    }

    func overdueJobs(now: Timestamp, limit: Int) async throws -> [Job] {
        try await through { try await base.overdueJobs(now: now, limit: limit) }
    }

    func commit(
        _ transition: JobTransition,
        of id: JobID,
        expecting version: Int64,
        fence: Fence?
    ) async throws -> CommitOutcome {
        try await through { try await base.commit(transition, of: id, expecting: version, fence: fence) }
    }

    func record(
        _ evidence: SendEvidence,
        of id: JobID,
        attempt number: Int,
        send: Int,
        at now: Timestamp
    ) async throws -> EvidenceOutcome {
        try await through { try await base.record(evidence, of: id, attempt: number, send: send, at: now) }
    }

    func claimDeliveries(
        now: Timestamp,
        until: Timestamp,
        busy: [String: Int],
        perOrigin: Int,
        limit: Int
    ) async throws -> DeliveryClaim {
        try await through {
            try await base.claimDeliveries(now: now, until: until, busy: busy, perOrigin: perOrigin, limit: limit)
        }
    }

    func recordDelivery(
        _ delivery: OutboxDelivery,
        at began: Timestamp,
        result: DeliveryTry.Result,
        milliseconds: Int64,
        outcome: DeliveryOutcome
    ) async throws -> Bool {
        try await through {
            try await base.recordDelivery(
                delivery,
                at: began,
                result: result,
                milliseconds: milliseconds,
                outcome: outcome
            )
        }
    }

    func deliveries(of id: JobID) async throws -> [DeliveryTry] {
        try await through { try await base.deliveries(of: id) }
    }

    func exhaustedMessageCount() async throws -> Int { try await through { try await base.exhaustedMessageCount() } }

    func workspaces() async throws -> [Workspace] { try await through { try await base.workspaces() } }

    func recordReferences(
        _ references: [FetchedReference],
        of id: JobID,
        fence: Fence
    ) async throws -> [FetchedReference]? {
        try await through { try await base.recordReferences(references, of: id, fence: fence) }
    }

    func references(of id: JobID) async throws -> [FetchedReference] {
        try await through { try await base.references(of: id) }
    }

    func ensureWorkspace(_ name: String, at now: Timestamp) async throws {
        try await through { try await base.ensureWorkspace(name, at: now) }
    }

    func createKey(_ key: APIKey) async throws { try await through { try await base.createKey(key) } }

    func key(hash: String) async throws -> APIKey? { try await through { try await base.key(hash: hash) } }

    func keys() async throws -> [APIKey] { try await through { try await base.keys() } }

    func revokeKey(hash: String, at now: Timestamp) async throws -> Bool {
        try await through { try await base.revokeKey(hash: hash, at: now) }
    }

    func transfer(_ transfer: Transfer, at now: Timestamp) async throws -> Bool {
        try await through { try await base.transfer(transfer, at: now) }
    }

    func balance(of workspace: String) async throws -> Balance {
        try await through { try await base.balance(of: workspace) }
    }

    func totals(of workspace: String) async throws -> WorkspaceTotals {
        try await through { try await base.totals(of: workspace) }
    }

    func usage(ofKey hash: String, in periods: UsagePeriods) async throws -> KeyUsage? {
        try await through { try await base.usage(ofKey: hash, in: periods) }
    }

    func updateKey(hash: String, by change: KeyChange, at now: Timestamp) async throws -> APIKey? {
        try await through { try await base.updateKey(hash: hash, by: change, at: now) }
    }

    func recordKeyUses(_ uses: [String: Timestamp]) async throws {
        try await through { try await base.recordKeyUses(uses) }
    }

    func workspaceProfiles() async throws -> [WorkspaceProfile] {
        try await through { try await base.workspaceProfiles() }
    }

    func workspaceProfile(of name: String) async throws -> WorkspaceProfile? {
        try await through { try await base.workspaceProfile(of: name) }
    }

    func createWorkspace(_ profile: WorkspaceProfile) async throws -> Bool {
        try await through { try await base.createWorkspace(profile) }
    }

    func updateWorkspace(
        _ name: String,
        by change: WorkspaceChange,
        at now: Timestamp
    ) async throws -> WorkspaceProfile? {
        try await through { try await base.updateWorkspace(name, by: change, at: now) }
    }

    func deleteWorkspace(_ name: String) async throws -> WorkspaceDeletion {
        try await through { try await base.deleteWorkspace(name) }
    }

    func setBudget(
        _ budget: WorkspaceBudget,
        of workspace: String,
        includesByok: Bool?
    ) async throws -> BudgetOutcome {
        try await through { try await base.setBudget(budget, of: workspace, includesByok: includesByok) }
    }

    func deleteBudget(of workspace: String, for period: SpendingPeriod) async throws {
        try await through { try await base.deleteBudget(of: workspace, for: period) }
    }

    func budgets(of workspace: String, in periods: UsagePeriods) async throws -> [BudgetStanding] {
        try await through { try await base.budgets(of: workspace, in: periods) }
    }

    func setAlertThresholds(_ percents: [Int]) async throws {
        try await through { try await base.setAlertThresholds(percents) }
    }

    func claimAlerts(now: Timestamp, until: Timestamp, limit: Int) async throws -> [SpendingAlert] {
        try await through { try await base.claimAlerts(now: now, until: until, limit: limit) }
    }

    func recordAlert(_ id: Int64, retryAt: Timestamp?, at now: Timestamp) async throws {
        try await through { try await base.recordAlert(id, retryAt: retryAt, at: now) }
    }

    func audit() async throws -> AuditReport { try await through { try await base.audit() } }

    func artifacts(after key: ArtifactKey?, limit: Int) async throws -> [Artifact] {
        try await through { try await base.artifacts(after: key, limit: limit) }
    }

    func isReferenced(_ key: ArtifactKey) async throws -> Bool {
        try await through { try await base.isReferenced(key) }
    }

    func storeMetrics(now: Timestamp) async throws -> StoreMetrics {
        try await through { try await base.storeMetrics(now: now) }
    }

    func usageRecord(of id: JobID) async throws -> UsageRecord? {
        try await through { try await base.usageRecord(of: id) }
    }

    func usage(_ query: UsageQuery) async throws -> UsageReport { try await through { try await base.usage(query) } }

    func statement(of workspace: String, from: Timestamp, to: Timestamp) async throws -> WorkspaceStatement? {
        try await through { try await base.statement(of: workspace, from: from, to: to) }
    }

    func ping() async throws { try await through { try await base.ping() } }

    func createCustomerKey(_ key: CustomerKey) async throws -> CustomerKey {
        try await through { try await base.createCustomerKey(key) }
    }

    func customerKey(_ id: String) async throws -> CustomerKey? {
        try await through { try await base.customerKey(id) }
    }

    func customerKeys(_ query: CustomerKeyQuery) async throws -> (keys: [CustomerKey], total: Int) {
        try await through { try await base.customerKeys(query) }
    }

    func updateCustomerKey(_ key: CustomerKey, expecting revision: Int64) async throws -> CustomerKeyChange {
        try await through { try await base.updateCustomerKey(key, expecting: revision) }
    }

    func deleteCustomerKey(_ id: String, at now: Timestamp) async throws -> Bool {
        try await through { try await base.deleteCustomerKey(id, at: now) }
    }

    func customerKeySnapshot(after revision: Int64) async throws -> CustomerKeySnapshot? {
        try await through { try await base.customerKeySnapshot(after: revision) }
    }

    func spending(ofKey hash: String, in periods: UsagePeriods) async throws -> Spending? {
        try await through { try await base.spending(ofKey: hash, in: periods) }
    }

    func spending(ofWorkspace name: String, in periods: UsagePeriods) async throws -> Spending {
        try await through { try await base.spending(ofWorkspace: name, in: periods) }
    }

    func apply(_ event: PaymentEvent, at now: Timestamp) async throws -> PaymentOutcome {
        try await through { try await base.apply(event, at: now) }
    }

    func refund(_ request: RefundRequest, at now: Timestamp) async throws -> RefundOutcome {
        try await through { try await base.refund(request, at: now) }
    }

    func payment(_ id: String) async throws -> PaymentRecord? { try await through { try await base.payment(id) } }

    func payments(of workspace: String, limit: Int) async throws -> [PaymentRecord] {
        try await through { try await base.payments(of: workspace, limit: limit) }
    }

    func paymentEvents(limit: Int) async throws -> [PaymentEventRecord] {
        try await through { try await base.paymentEvents(limit: limit) }
    }

    func transfer(_ transfer: Transfer, expiringAt end: Timestamp, at now: Timestamp) async throws -> Bool {
        try await through { try await base.transfer(transfer, expiringAt: end, at: now) }
    }

    func freeModelStanding(of workspace: String) async throws -> FreeModelStanding {
        try await through { try await base.freeModelStanding(of: workspace) }
    }

    func creditLots(of workspace: String) async throws -> [CreditLots.Lot] {
        try await through { try await base.creditLots(of: workspace) }
    }

    func expireCredits(at now: Timestamp) async throws -> [Transfer] {
        try await through { try await base.expireCredits(at: now) }
    }

    func ledgerEntries(of workspace: String, before sequence: Int64?, limit: Int) async throws -> [LedgerEntry] {
        try await through { try await base.ledgerEntries(of: workspace, before: sequence, limit: limit) }
    }

    func attempts(
        provider: String,
        account: String,
        sentSince start: Timestamp,
        after place: AttemptPlace?,
        limit: Int
    ) async throws -> [Attempt] {
        try await through {
            try await base.attempts(
                provider: provider,
                account: account,
                sentSince: start,
                after: place,
                limit: limit
            )
        }
    }

    func recordLate(_ result: LateResult, at now: Timestamp) async throws -> LateOutcome {
        try await through { try await base.recordLate(result, at: now) }
    }

    func lateResults(of ids: [JobID]) async throws -> [JobID: [LateResult]] {
        try await through { try await base.lateResults(of: ids) }
    }
}
