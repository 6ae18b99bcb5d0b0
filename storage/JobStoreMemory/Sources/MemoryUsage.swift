package import JobCore
import Ledger

/// What jobs have cost, by workspace, by key and by day: here, and by keys of the client's own.
struct MemoryUsage {
    private struct Day {
        var charged = Credits.zero
        var byok = Credits.zero
    }

    private var workspaces: [String: [Int64: Day]] = [:]
    private var keys: [String: [Int64: Day]] = [:]

    /// The step that completes a job by the client's own key, as what is left of the month's allowance makes it.
    func afterAllowance(_ transition: JobTransition, of job: Job) throws(LedgerRefusal) -> JobTransition {
        let periods = UsagePeriods(at: transition.at)
        var used = Credits.zero
        for (day, sums) in workspaces[job.admitted.workspace] ?? [:]
        where day >= periods.monthStart && day <= periods.day {
            used = try used.adding(sums.byok)
        }
        return try transition.afterAllowance(job.admitted.prices.terms, used: used)
    }

    /// Counts what a job has cost on the day that it ended.
    mutating func count(_ transition: JobTransition, of job: Job) throws(LedgerRefusal) {
        guard case .settle(let charged) = transition.resolution else { return }
        let day = UsagePeriods.day(of: transition.at)
        let listPrice = transition.byokListPrice ?? .zero
        func adding(_ sums: Day?) throws(LedgerRefusal) -> Day {
            Day(
                charged: try (sums?.charged ?? .zero).adding(charged),
                byok: try (sums?.byok ?? .zero).adding(listPrice)
            )
        }
        let (workspace, key) = (job.admitted.workspace, job.admitted.keyHash)
        workspaces[workspace, default: [:]][day] = try adding(workspaces[workspace]?[day])
        keys[key, default: [:]][day] = try adding(keys[key]?[day])
    }

    /// What a workspace has spent.
    func spending(ofWorkspace name: String, held: Credits, in periods: UsagePeriods) throws(LedgerRefusal) -> Spending {
        try spending(workspaces[name] ?? [:], held: held, in: periods)
    }

    /// What a key has spent.
    func spending(ofKey hash: String, held: Credits, in periods: UsagePeriods) throws(LedgerRefusal) -> Spending {
        try spending(keys[hash] ?? [:], held: held, in: periods)
    }

    private func spending(
        _ days: [Int64: Day],
        held: Credits,
        in periods: UsagePeriods
    ) throws(LedgerRefusal) -> Spending {
        func sums(_ part: (Day) -> Credits) throws(LedgerRefusal) -> PeriodSums {
            var sums = PeriodSums.none
            for (day, spent) in days {
                let amount = part(spent)
                sums.total = try sums.total.adding(amount)
                if day >= periods.day { sums.daily = try sums.daily.adding(amount) }
                if day >= periods.weekStart { sums.weekly = try sums.weekly.adding(amount) }
                if day >= periods.monthStart { sums.monthly = try sums.monthly.adding(amount) }
            }
            return sums
        }
        return Spending(charged: try sums { $0.charged }, byok: try sums { $0.byok }, held: held)
    }
}

extension MemoryJobStore {
    package func spending(ofKey hash: String, in periods: UsagePeriods) throws -> Spending? {
        guard let key = keyRows[hash] else { return nil }
        let charged = try usage.spending(ofKey: hash, held: .zero, in: periods).charged.total
        return try usage.spending(ofKey: hash, held: spent(by: key).subtracting(charged), in: periods)
    }

    package func spending(ofWorkspace name: String, in periods: UsagePeriods) throws -> Spending {
        try usage.spending(ofWorkspace: name, held: ledger.balance(of: .held(workspace: name)), in: periods)
    }
}
