package import JobCore
import Ledger

/// What those who manage keys and workspaces do, and what limits allow.
extension MemoryJobStore {
    package func updateKey(hash: String, by change: KeyChange, at now: Timestamp) -> APIKey? {
        guard let key = keyRows[hash], key.revokedAt == nil else { return nil }
        let changed = key.applying(change, at: now)
        keyRows[hash] = changed
        return changed
    }

    package func recordKeyUses(_ uses: [String: Timestamp]) {
        for (hash, time) in uses where keyRows[hash]?.lastUsedAt.map({ $0 < time }) ?? true {
            keyRows[hash]?.lastUsedAt = time
        }
    }

    // MARK: Workspaces

    package func workspaceProfiles() -> [WorkspaceProfile] {
        profiles.values.sorted { ($0.createdAt, $0.name) < ($1.createdAt, $1.name) }
    }

    package func workspaceProfile(of name: String) -> WorkspaceProfile? { profiles[name] }

    package func createWorkspace(_ profile: WorkspaceProfile) -> Bool {
        guard workspaceRows[profile.name] == nil else { return false }
        workspaceRows[profile.name] = profile.createdAt
        profiles[profile.name] = profile
        return true
    }

    package func updateWorkspace(_ name: String, by change: WorkspaceChange, at now: Timestamp) -> WorkspaceProfile? {
        guard let profile = profiles[name]?.applying(change, at: now) else { return nil }
        profiles[name] = profile
        return profile
    }

    package func deleteWorkspace(_ name: String) -> WorkspaceDeletion {
        guard workspaceRows[name] != nil else { return .missing }
        let accounts: Set<Account> = [.available(workspace: name), .held(workspace: name)]
        guard !keyRows.values.contains(where: { $0.workspace == name && $0.revokedAt == nil }),
            !table.values.contains(where: { $0.admitted.workspace == name }),
            accounts.isDisjoint(with: ledger.balances.keys)
        else { return .notEmpty }
        keyRows = keyRows.filter { $0.value.workspace != name }
        workspaceRows[name] = nil
        profiles[name] = nil
        budgetRows[name] = nil
        return .deleted
    }

    /// A workspace that came to be by the way, with an identifier that its name makes.
    func profile(_ name: String, at now: Timestamp) -> WorkspaceProfile {
        // FNV-1a, twice: no two names of a test have one identifier.
        func digits(_ start: UInt64) -> String {
            let hash = name.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
            let text = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let text = digits(0xCBF2_9CE4_8422_2325) + digits(0x8422_2325_CBF2_9CE4)
        func part(_ from: Int, _ count: Int) -> Substring { text.dropFirst(from).prefix(count) }
        return WorkspaceProfile(
            id: "\(part(0, 8))-\(part(8, 4))-4\(part(13, 3))-8\(part(17, 3))-\(part(20, 12))",
            name: name,
            title: WorkspaceProfile.title(of: name),
            createdAt: now
        )
    }

    // MARK: Limits

    /// Which limit does not allow a job: a budget, the shortest period first, or the key's own; nil when all do.
    func limitRefusal(of job: NewJob, by key: APIKey) throws -> AdmissionOutcome? {
        let periods = UsagePeriods(at: job.createdAt)
        for standing in try budgets(of: job.workspace, in: periods) {
            let remaining = try standing.budget.limit.subtracting(standing.spent)
            guard job.hold <= remaining else {
                return .budgetReached(
                    standing.budget.period,
                    limit: standing.budget.limit,
                    remaining: max(.zero, remaining)
                )
            }
        }
        guard let limit = key.limit, let usage = try usage(ofKey: key.hash, in: periods) else { return nil }
        let remaining = try limit.subtracting(usage.spent(in: key.limitReset))
        return job.hold <= remaining ? nil : .keyLimitReached(remaining: max(.zero, remaining))
    }

    package func setBudget(
        _ budget: WorkspaceBudget,
        of workspace: String,
        includesByok: Bool?
    ) -> BudgetOutcome {
        guard workspaceRows[workspace] != nil else { return .missing }
        var known = budgetRows[workspace] ?? []
        if let conflict = budget.conflict(among: known) { return .conflict(conflict) }
        let earlier = known.first { $0.period == budget.period }
        let next = earlier?.with(limit: budget.limit, at: budget.updatedAt) ?? budget
        known.removeAll { $0.period == budget.period }
        budgetRows[workspace] = known + [next]
        if let includesByok { profiles[workspace]?.includesByok = includesByok }
        return .set(next)
    }

    package func deleteBudget(of workspace: String, for period: SpendingPeriod) {
        budgetRows[workspace]?.removeAll { $0.period == period }
    }

    package func budgets(of workspace: String, in periods: UsagePeriods) throws -> [BudgetStanding] {
        let budgets = (budgetRows[workspace] ?? []).sorted { $1.period.isLonger(than: $0.period) }
        let held = ledger.balance(of: .held(workspace: workspace))
        return try budgets.map { budget in
            let start = periods.start(of: budget.period) ?? Int64.min
            var spent = held
            for job in table.values where job.admitted.workspace == workspace {
                guard case .posted(let cost)? = holds[job.id]?.state, let finishedAt = job.finishedAt,
                    UsagePeriods.day(of: finishedAt) >= start
                else { continue }
                spent = try spent.adding(cost)
            }
            return BudgetStanding(budget: budget, spent: spent)
        }
    }

    // MARK: Alerts

    package func setAlertThresholds(_ percents: [Int]) { alerts.thresholds = Set(percents).sorted() }

    package func claimAlerts(now: Timestamp, until: Timestamp, limit: Int) -> [SpendingAlert] {
        alerts.claim(now: now, until: until, limit: limit)
    }

    package func recordAlert(_ id: Int64, retryAt: Timestamp?, at now: Timestamp) {
        alerts.record(id, retryAt: retryAt)
    }

    /// Writes the alerts that the spending of a job's key and workspace gives cause for, each once.
    func noteSpending(of job: NewJob, at now: Timestamp) throws {
        guard !alerts.thresholds.isEmpty else { return }
        let periods = UsagePeriods(at: now)
        if let key = keyRows[job.keyHash], let limit = key.limit,
            let spent = try usage(ofKey: key.hash, in: periods)?.spent(in: key.limitReset)
        {
            alerts.note(key.hash, job.workspace, key.limitReset, periods, limit: limit, spent: spent, at: now)
        }
        for standing in try budgets(of: job.workspace, in: periods) {
            let (budget, spent) = (standing.budget, standing.spent)
            alerts.note(nil, job.workspace, budget.period, periods, limit: budget.limit, spent: spent, at: now)
        }
    }

    /// Writes that a limit is used up, when that is what a job is refused for: what is left of it is of no use.
    func noteRefusal(_ refusal: AdmissionOutcome, of job: NewJob) throws {
        let now = job.createdAt
        let periods = UsagePeriods(at: now)
        if case .keyLimitReached = refusal, let key = keyRows[job.keyHash], let limit = key.limit,
            let spent = try usage(ofKey: key.hash, in: periods)?.spent(in: key.limitReset)
        {
            alerts.noteFull(key.hash, job.workspace, key.limitReset, periods, limit: limit, spent: spent, at: now)
        }
        if case .budgetReached(let period, let limit, let remaining) = refusal {
            let spent = try limit.subtracting(remaining)
            alerts.noteFull(nil, job.workspace, period, periods, limit: limit, spent: spent, at: now)
        }
    }
}
