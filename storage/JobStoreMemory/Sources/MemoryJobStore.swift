import Generation
package import JobCore
package import Ledger

/// The reference implementation of `JobStore`: everything in dictionaries, each operation one turn of an actor.
///
/// For tests, for simulations, and to read: what a database store does with indexes and transactions is here a plain
/// loop. An operation that can fail computes before it writes, so that it happens wholly or not at all. Nothing
/// survives the process.
package actor MemoryJobStore: JobStore {
    private struct IdempotencyScope: Hashable {
        let keyHash: String
        let idempotencyKey: String
    }

    private struct IdempotencyRecord {
        let fingerprint: String
        let job: JobID
        let answer: String
    }

    /// A worker's lease: it lasts until a time, and comes back while nobody has ended it.
    private struct Lease {
        var until: Timestamp
        var wasEnded = false
    }

    var table: [JobID: Job] = [:]
    private(set) var attemptRows: [JobID: [Attempt]] = [:]
    private var eventRows: [JobID: [JobEventRecord]] = [:]
    /// The messages to clients; what becomes of them is written down beside it.
    var outbox = MemoryOutbox()

    private var referenceRows: [JobID: [FetchedReference]] = [:]
    private var idempotency: [IdempotencyScope: IdempotencyRecord] = [:]
    /// What admitted jobs were asked with, while nobody has marked them as answered.
    private var unansweredFingerprints: [JobID: String] = [:]
    var holds: [JobID: Hold] = [:]
    /// The accounts.
    var ledger = MemoryLedger()
    /// What jobs have cost, by day.
    var usage = MemoryUsage()
    /// Payments, and the messages about them.
    var payments = MemoryPayments()
    /// Requests to free models, by workspace.
    var freeModelUses: [String: FreeModelUse] = [:]
    /// The workspaces, and since when they are there.
    var workspaceRows: [String: Timestamp] = [:]
    /// What jobs that are over have cost, each by itself.
    private(set) var usageRows: [JobID: UsageRecord] = [:]
    var keyRows: [String: APIKey] = [:]
    /// What those who manage workspaces see of them, by name.
    var profiles: [String: WorkspaceProfile] = [:]
    /// Budgets by workspace.
    var budgetRows: [String: [WorkspaceBudget]] = [:]
    /// Word of limits that are nearly used.
    var alerts = MemoryAlerts()
    /// What came late; see the file of that name.
    var lateRows: [JobID: [LateResult]] = [:]
    private var leases: [WorkerID: Lease] = [:]
    /// The routes of jobs that have several.
    var routeRows: [JobID: [JobRoute]] = [:]
    /// What is known about how endpoints have done.
    var healthRows: [EndpointID: String] = [:]
    /// Customers' own keys at providers.
    var customerKeys = MemoryCustomerKeys()

    /// Makes an empty store.
    package init() {}

    // MARK: Admission

    package func earlierAnswer(
        to idempotencyKey: String,
        keyHash: String,
        fingerprint: String
    ) -> EarlierAnswer? {
        earlierAnswer(IdempotencyScope(keyHash: keyHash, idempotencyKey: idempotencyKey), fingerprint)
    }

    private func earlierAnswer(_ scope: IdempotencyScope, _ fingerprint: String) -> EarlierAnswer? {
        guard let record = idempotency[scope] else { return nil }
        guard record.fingerprint == fingerprint else { return .conflict }
        return .replay(job: record.job, answer: record.answer)
    }

    package func admit(_ admission: Admission) throws -> AdmissionOutcome {
        let new = admission.job
        guard let key = keyRows[new.keyHash], key.isUsable(at: new.createdAt), key.workspace == new.workspace else {
            return .keyRevoked
        }
        let scope = admission.idempotencyKey.map { IdempotencyScope(keyHash: key.hash, idempotencyKey: $0) }
        if let scope, let earlier = earlierAnswer(scope, admission.fingerprint) { return earlier.outcome }
        guard table.values.count(where: { $0.state.name == .queued }) < admission.queuedMax else { return .queueFull }
        guard customerKeys.serve(admission) else { return .customerKeyGone }
        if let reached = try limitRefusal(of: new, by: key) {
            if !admission.hasRoute(within: reached) { try noteRefusal(reached, of: new) }
            return reached
        }
        let available = ledger.balance(of: .available(workspace: new.workspace))
        guard new.hold <= available else { return .insufficientCredits(available: available) }
        if let refusal = try freeModelRefusal(of: admission) { return .freeLimitReached(refusal) }

        guard table[new.id] == nil else { throw MemoryStoreError.duplicate("job \(new.id)") }
        let hold = Hold(job: new.id.description, workspace: new.workspace, amount: new.hold)
        try ledger.post(hold.opening(), at: new.createdAt)
        countFreeModel(admission)
        let job = Job(new)
        holds[new.id] = hold
        customerKeys.keep(for: admission)
        table[new.id] = job
        if !admission.routes.isEmpty { routeRows[new.id] = admission.routes }
        eventRows[new.id] = [JobEventRecord(job, at: new.createdAt)]
        if admission.awaitsAnswer { unansweredFingerprints[new.id] = admission.fingerprint }
        if let scope {
            idempotency[scope] = IdempotencyRecord(
                fingerprint: admission.fingerprint,
                job: new.id,
                answer: admission.answer
            )
        }
        try noteSpending(of: new, at: new.createdAt)
        return .admitted(job)
    }

    /// What counts against a key's limit: settlements, and holds that are open.
    func spent(by key: APIKey) throws(LedgerRefusal) -> Credits {
        var sum = Credits.zero
        for job in table.values where job.admitted.keyHash == key.hash {
            switch holds[job.id]?.state {
            case .pending: sum = try sum.adding(job.admitted.hold)
            case .posted(let cost): sum = try sum.adding(cost)
            case .voided, nil: break
            }
        }
        return sum
    }

    package func markAnswered(_ jobs: [JobID], at now: Timestamp) {
        for id in jobs { unansweredFingerprints[id] = nil }
    }

    package func unansweredJobs(since start: Timestamp, limit: Int) -> [UnansweredJob] {
        let found = unansweredFingerprints.compactMap { id, fingerprint -> UnansweredJob? in
            guard let admitted = table[id]?.admitted, admitted.createdAt >= start else { return nil }
            return UnansweredJob(
                id: id,
                keyHash: admitted.keyHash,
                fingerprint: fingerprint,
                createdAt: admitted.createdAt
            )
        }
        return Array(found.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }.prefix(limit))
    }

    // MARK: Reading

    package func job(_ id: JobID) -> Job? { table[id] }

    package func jobs(_ query: JobQuery) -> [Job] {
        let matching = table.values.filter { job in
            job.admitted.workspace == query.workspace
                && (query.states.isEmpty || query.states.contains(job.state.name))
                && (query.type == nil || job.admitted.request.type == query.type)
                && (query.model == nil || job.admitted.request.model == query.model)
                && !(query.withoutDeleted && job.isDeleted)
                && query.before.map { job.id < $0 } ?? true && query.after.map { job.id > $0 } ?? true
        }
        let sorted = matching.sorted { query.isOldestFirst ? $0.id < $1.id : $0.id > $1.id }
        return Array(sorted.prefix(query.limit))
    }

    package func markDeleted(_ id: JobID) -> JobDeletion? {
        guard let job = table[id] else { return nil }
        let late = takeLateArtifacts(of: id)
        guard let deletion = job.deleted else { return late.isEmpty ? nil : JobDeletion(job: job, artifacts: late) }
        table[id] = deletion.job
        return JobDeletion(job: deletion.job, artifacts: deletion.artifacts + late)
    }

    package func attempts(of id: JobID) -> [Attempt] { attemptRows[id] ?? [] }

    package func attempts(of ids: [JobID]) -> [JobID: [Attempt]] {
        Dictionary(ids.map { ($0, attemptRows[$0] ?? []) }) { first, _ in first }.filter { !$0.value.isEmpty }
    }

    package func attempt(token: String) -> Attempt? {
        attemptRows.values.joined().first { $0.start.token == token }
    }

    package func attempt(remoteID: String, provider: String, account: String) -> Attempt? {
        attemptRows.values.joined().first {
            ($0.remoteID == remoteID || $0.orphanRemoteID == remoteID) && $0.start.endpoint.provider == provider
                && $0.start.endpoint.account == account
        }
    }

    package func events(of id: JobID, after version: Int64, limit: Int) -> [JobEventRecord] {
        Array((eventRows[id] ?? []).filter { $0.version > version }.prefix(limit))
    }

    package func queuePosition(of job: Job) -> Int? {
        guard let job = table[job.id], isWaiting(job) else { return nil }
        let before = table.values.count { other in
            isWaiting(other) && other.admitted.lane == job.admitted.lane
                && other.admitted.workspace == job.admitted.workspace && goesBefore(other, job)
        }
        return before > Job.queuePositionMax ? nil : before
    }

    // MARK: Workers

    package func renewLease(of worker: WorkerID, now: Timestamp, until: Timestamp) -> Bool {
        var lease = leases[worker] ?? Lease(until: until)
        guard !lease.wasEnded else { return false }
        lease.until = until
        leases[worker] = lease
        return true
    }

    package func endOtherLeases(than worker: WorkerID) {
        for other in leases.keys where other != worker { leases[other]?.wasEnded = true }
    }

    package func release(_ worker: WorkerID) {
        leases[worker]?.wasEnded = true
        for job in table.values where job.worker == worker { table[job.id] = job.released() }
    }

    package func claimQueued(
        worker: WorkerID,
        lanes: [LaneCapacity],
        now: Timestamp,
        limit: Int
    ) -> ClaimResult {
        var claimed: [Job] = []
        var nextDueAt: Timestamp?
        for capacity in lanes {
            let here = table.values.filter { $0.admitted.lane == capacity.lane }
            let waiting = here.filter(isWaiting)
            let later = waiting.compactMap(\.state.dueAt).filter { $0 > now }
            nextDueAt = ([nextDueAt].compactMap(\.self) + later).min()
            guard lasts(worker, at: now) else { continue }

            var inFlight: [String: Int] = [:]
            for job in here where fillsSlot(job) { inFlight[job.admitted.workspace, default: 0] += 1 }
            var room = min(
                capacity.slots - inFlight.values.reduce(0, +),
                capacity.startsNow ?? Int.max,
                limit - claimed.count
            )
            // Of each workspace the next in line; of those, the one whose workspace has the fewest in flight.
            var lines = Dictionary(
                grouping: waiting.filter { ($0.state.dueAt ?? now) <= now },
                by: \.admitted.workspace
            )
            .mapValues { $0.sorted { goesBefore($1, $0) } }
            while room > 0,
                let next = lines.values.compactMap(\.last).min(by: { left, right in
                    let leftCount = inFlight[left.admitted.workspace] ?? 0
                    let rightCount = inFlight[right.admitted.workspace] ?? 0
                    return leftCount == rightCount ? goesBefore(left, right) : leftCount < rightCount
                })
            {
                lines[next.admitted.workspace]?.removeLast()
                inFlight[next.admitted.workspace, default: 0] += 1
                room -= 1
                let job = next.claimed(by: worker)
                table[job.id] = job
                claimed.append(job)
            }
        }
        return ClaimResult(jobs: claimed, nextDueAt: nextDueAt)
    }

    package func claimOrphans(worker: WorkerID, now: Timestamp, limit: Int) -> [Job] {
        guard lasts(worker, at: now) else { return [] }
        for other in leases.keys where !lasts(other, at: now) { leases[other]?.wasEnded = true }
        var orphans: [Job] = []
        for job in table.values where job.worker.map({ !lasts($0, at: now) }) ?? true {
            switch job.state {
            case .queued: table[job.id] = job.released()
            case .submitting, .running, .storing: orphans.append(job)
            case .completed, .failed, .cancelled, .expired: break
            }
        }
        let taken = orphans.sorted { $0.id < $1.id }.prefix(limit).map { $0.claimed(by: worker) }
        for job in taken { table[job.id] = job }
        return taken
    }

    package func heldJobs(by worker: WorkerID) -> [Job] {
        table.values.filter { $0.worker == worker }.sorted { $0.id < $1.id }
    }

    package func overdueJobs(now: Timestamp, limit: Int) -> [Job] {
        let overdue = table.values.filter { isWaiting($0) && $0.deadline <= now }
        return Array(overdue.sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }.prefix(limit))
    }

    func lasts(_ worker: WorkerID, at now: Timestamp) -> Bool {
        guard let lease = leases[worker] else { return false }
        return !lease.wasEnded && lease.until > now
    }

    func isWaiting(_ job: Job) -> Bool { job.state.name == .queued && job.worker == nil }

    /// Whether a job counts against its lane's slots: it is claimed or at the provider.
    private func fillsSlot(_ job: Job) -> Bool {
        switch job.state {
        case .queued: job.worker != nil
        case .submitting, .running: true
        case .storing, .completed, .failed, .cancelled, .expired: false
        }
    }

    /// Priority, then age.
    private func goesBefore(_ left: Job, _ right: Job) -> Bool {
        let (high, low) = (left.admitted.parameters.priority, right.admitted.parameters.priority)
        return high == low ? left.id < right.id : high > low
    }

    // MARK: Transitions

    package func commit(
        _ transition: JobTransition,
        of id: JobID,
        expecting version: Int64,
        fence: Fence?
    ) throws -> CommitOutcome {
        guard let job = table[id] else { return .missing }
        guard job.version == version, job.state == transition.from, fence == nil || fence == job.fence,
            let attempts = attempts(of: job, after: transition)
        else { return .stale(job) }

        let transition = try usage.afterAllowance(transition, of: job)
        let next = job.applying(transition)
        let row = try UsageRecord(next)
        if let resolution = transition.resolution {
            guard let hold = holds[id] else { throw MemoryStoreError.missing("hold of \(id)") }
            let (resolved, transfers) = try hold.resolving(
                resolution,
                platformShare: try transition.platformShare()
            )
            var counted = usage
            try counted.count(transition, of: job)
            try ledger.post(transfers, at: transition.at)
            usage = counted
            holds[id] = resolved
        }
        table[id] = next
        if next.state.isTerminal { customerKeys.release(next.admitted) }
        usageRows[id] = row
        attemptRows[id] = attempts
        if transition.resolution != nil { try noteSpending(of: job.admitted, at: transition.at) }
        eventRows[id, default: []].append(JobEventRecord(next, at: transition.at))
        if transition.notifiesClient, let url = job.admitted.parameters.callbackURL {
            outbox.append(
                OutboxMessage(
                    job: id,
                    version: next.version,
                    state: next.state.name,
                    url: url,
                    createdAt: transition.at
                )
            )
        }
        return .committed(next)
    }

    /// The job's attempts as a transition leaves them; nil when one of them does not allow it.
    private func attempts(of job: Job, after transition: JobTransition) -> [Attempt]? {
        var rows = attemptRows[job.id] ?? []
        guard let change = transition.attempt else { return rows }
        switch change {
        case .begin(let start):
            guard !rows.contains(where: { $0.start.number == start.number }) else { return nil }
            rows.append(Attempt(start, of: job.id, epoch: job.epoch, at: transition.at))
        case .send(let number, _), .move(let number, _, _, _):
            guard let index = rows.firstIndex(where: { $0.start.number == number }),
                let next = rows[index].applying(change, epoch: job.epoch, at: transition.at),
                !isTaken(next.remoteID, by: next)
            else { return nil }
            rows[index] = next
        }
        return rows
    }

    /// Whether another attempt at the same provider and account has this id.
    private func isTaken(_ remoteID: String?, by attempt: Attempt) -> Bool {
        guard let remoteID else { return false }
        return attemptRows.values.joined().contains { other in
            other.remoteID == remoteID
                && other.start.endpoint.provider == attempt.start.endpoint.provider
                && other.start.endpoint.account == attempt.start.endpoint.account
                && (other.job != attempt.job || other.start.number != attempt.start.number)
        }
    }

    package func record(
        _ evidence: SendEvidence,
        of id: JobID,
        attempt number: Int,
        send: Int,
        at now: Timestamp
    ) -> EvidenceOutcome {
        guard let job = table[id], let index = attemptRows[id]?.firstIndex(where: { $0.start.number == number }),
            let known = attemptRows[id]?[index]
        else { return .alreadyKnown }
        if case .accepted(let remoteID, _) = evidence, isTaken(remoteID, by: known) { return .alreadyKnown }
        let (attempt, outcome) = known.recording(evidence, send: send, jobIsOver: job.state.isTerminal, at: now)
        attemptRows[id]?[index] = attempt
        return outcome
    }

    package func recordReferences(
        _ references: [FetchedReference],
        of id: JobID,
        fence: Fence
    ) -> [FetchedReference]? {
        guard table[id]?.fence == fence else { return nil }
        var rows = referenceRows[id] ?? []
        for reference in references where !rows.contains(where: { $0.url == reference.url }) { rows.append(reference) }
        referenceRows[id] = rows.sorted { $0.url < $1.url }
        return referenceRows[id] ?? []
    }

    package func references(of id: JobID) -> [FetchedReference] { referenceRows[id] ?? [] }

    // MARK: Accounts

    package func workspaces() -> [Workspace] {
        workspaceRows.map { Workspace(name: $0.key, createdAt: $0.value) }.sorted { $0.name < $1.name }
    }

    package func ensureWorkspace(_ name: String, at now: Timestamp) {
        guard workspaceRows[name] == nil else { return }
        workspaceRows[name] = now
        profiles[name] = profile(name, at: now)
    }

    package func createKey(_ key: APIKey) throws {
        guard keyRows[key.hash] == nil else { throw MemoryStoreError.duplicate("key \(key.name)") }
        keyRows[key.hash] = key
    }

    package func key(hash: String) -> APIKey? { keyRows[hash] }

    package func keys() -> [APIKey] {
        keyRows.values.sorted { ($0.createdAt, $0.hash) < ($1.createdAt, $1.hash) }
    }

    package func revokeKey(hash: String, at now: Timestamp) -> Bool {
        guard let key = keyRows[hash] else { return false }
        keyRows[hash] = key.revoked(at: now)
        return true
    }

    package func transfer(_ transfer: Transfer, at now: Timestamp) throws -> Bool {
        guard !ledger.contains(transfer.id) else { return false }
        try ledger.post([transfer], at: now)
        return true
    }

    package func balance(of workspace: String) -> Balance {
        Balance(
            available: ledger.balance(of: .available(workspace: workspace)),
            held: ledger.balance(of: .held(workspace: workspace))
        )
    }

    package func totals(of workspace: String) throws -> WorkspaceTotals {
        let (available, held) = (Account.available(workspace: workspace), Account.held(workspace: workspace))
        var totals = WorkspaceTotals(credited: .zero, charged: .zero)
        for transfer in ledger.transfers where transfer.from != available || transfer.to != held {
            var (credited, charged) = (totals.credited, totals.charged)
            if transfer.to == available, transfer.from != held { credited = try credited.adding(transfer.amount) }
            if transfer.from == available { credited = try credited.subtracting(transfer.amount) }
            if transfer.from == held, transfer.to != available { charged = try charged.adding(transfer.amount) }
            totals = WorkspaceTotals(credited: credited, charged: charged)
        }
        return totals
    }

    package func usage(ofKey hash: String, in periods: UsagePeriods) throws -> KeyUsage? {
        guard let key = keyRows[hash] else { return nil }
        func charged(_ isCounted: (Int64) -> Bool) throws -> Credits {
            var sum = Credits.zero
            for job in table.values where job.admitted.keyHash == hash {
                guard case .posted(let cost)? = holds[job.id]?.state, let finishedAt = job.finishedAt,
                    isCounted(UsagePeriods.day(of: finishedAt))
                else { continue }
                sum = try sum.adding(cost)
            }
            return sum
        }
        let total = try charged { _ in true }
        return KeyUsage(
            total: total,
            daily: try charged { $0 >= periods.day },
            weekly: try charged { $0 >= periods.weekStart },
            monthly: try charged { $0 >= periods.monthStart },
            held: try spent(by: key).subtracting(total)
        )
    }

    // MARK: Upkeep

    package func storeMetrics(now: Timestamp) -> StoreMetrics {
        let inFlight = table.values.filter {
            switch $0.state {
            case .submitting, .running, .storing: true
            case .queued, .completed, .failed, .cancelled, .expired: false
            }
        }
        return StoreMetrics(
            jobs: table.values.reduce(into: Dictionary(uniqueKeysWithValues: JobState.Name.allCases.map { ($0, 0) })) {
                $0[$1.state.name, default: 0] += 1
            },
            waiting: table.values.count(where: isWaiting),
            inFlightWithoutLease: inFlight.count { job in job.worker.map { !lasts($0, at: now) } ?? true },
            outboxPending: outbox.waiting.count,
            outboxOldest: outbox.waiting.first?.createdAt,
            outboxExhausted: outbox.exhaustedCount,
            ledgerDifference: ledger.balances.values.reduce(0) { $0 + $1.nanoUSD }
        )
    }

    package func audit() -> AuditReport {
        AuditReport(
            jobs: table.count,
            transfers: ledger.transfers.count,
            events: eventRows.values.reduce(0) { $0 + $1.count },
            artifacts: recordedArtifacts.count,
            findings: balanceFindings + usageFindings(of: table)
                + table.values.sorted { $0.id < $1.id }.flatMap(findings)
        )
    }

    private var balanceFindings: [AuditFinding] {
        var findings: [AuditFinding] = []
        func expect(_ holds: Bool, _ rule: String, _ subject: String, _ detail: String) {
            if !holds { findings.append(AuditFinding(rule: rule, subject: subject, detail: detail)) }
        }
        let sums = ledger.recomputed()
        let total = sums.values.reduce(0, +)
        expect(total == 0, "sum_zero", "all accounts", "the sum is \(total)")
        for (account, cached) in ledger.balances.sorted(by: { $0.key.name < $1.key.name }) {
            let sum = sums[account] ?? 0
            expect(sum == Int128(cached.nanoUSD), "balance_cached", account.name, "cached \(cached), sum \(sum)")
        }
        var open: [String: Int128] = [:]
        for hold in holds.values where hold.state == .pending {
            open[hold.workspace, default: 0] += Int128(hold.amount.nanoUSD)
        }
        let holding = Set(open.keys).union(workspaceRows.keys).union(table.values.map(\.admitted.workspace))
        for workspace in holding.sorted() {
            let held = sums[.held(workspace: workspace)] ?? 0
            let expected = open[workspace] ?? 0
            expect(held == expected, "held_sum", workspace, "held \(held), open holds \(expected)")
            let available = sums[.available(workspace: workspace)] ?? 0
            let mayOwe = ledger.transfers.contains { $0.mayOverdraw && $0.from == .available(workspace: workspace) }
            expect(available >= 0 || mayOwe, "overdrawn", workspace, "\(available) nano US dollars")
        }
        let shares = holds.values.reduce(Int128(0)) { $0 + Int128($1.platformShare.nanoUSD) }
        let fees = ledger.transfers.filter { $0.kind == .fee }.reduce(Int128(0)) { $0 + Int128($1.amount.nanoUSD) }
        expect(shares == fees, "hold_resolved_once", "fees", "booked \(fees), the holds make \(shares)")
        return findings
    }

    private func findings(_ job: Job) -> [AuditFinding] {
        var findings: [AuditFinding] = []
        let isPending = holds[job.id]?.state == .pending
        if holds[job.id] == nil || isPending == job.state.isTerminal {
            findings.append(
                AuditFinding(
                    rule: "hold_resolved_once",
                    subject: job.id.description,
                    detail: "a \(job.state.name.rawValue) job with \(isPending ? "an open" : "a resolved or no") hold"
                )
            )
        }
        let versions = (eventRows[job.id] ?? []).map(\.version)
        if versions != Array(1...job.version) {
            findings.append(
                AuditFinding(
                    rule: "event_gap",
                    subject: job.id.description,
                    detail: "\(versions.count) events up to version \(job.version)"
                )
            )
        }
        return findings
    }

    private var recordedArtifacts: [Artifact] {
        table.values.flatMap { job -> [Artifact] in
            guard case .completed(let completed) = job.state else { return [] }
            return completed.artifacts
        } + lateRows.values.joined().flatMap(\.artifacts)
    }

    package func artifacts(after key: ArtifactKey?, limit: Int) -> [Artifact] {
        let sorted = recordedArtifacts.sorted { $0.key.path < $1.key.path }
        return Array(sorted.filter { artifact in key.map { artifact.key.path > $0.path } ?? true }.prefix(limit))
    }

    package func isReferenced(_ key: ArtifactKey) -> Bool {
        recordedArtifacts.contains { $0.key == key }
            || table.values.contains { job in
                job.admitted.request.inputs.contains { ArtifactKey($0.input) == key }
            }
            || referenceRows.values.joined().contains { .input(sha256: $0.stored.sha256) == key }
    }

    package func ping() {}
}

/// What a caller of the store did wrong.
package enum MemoryStoreError: Error {
    /// Something of this identity is there already.
    case duplicate(String)
    /// Something that must be there is not.
    case missing(String)
}

extension ArtifactKey {
    /// The key of an input, if it is stored.
    fileprivate init?(_ input: MediaInput) {
        guard case .stored(let stored) = input else { return nil }
        self = .input(sha256: stored.sha256)
    }
}
