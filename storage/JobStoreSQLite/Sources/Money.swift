import GRDB
import JobCore
import Ledger

/// Money: what the ledger's values say, written in the transaction that is the reason for it.
extension Database {
    /// The cached balance of an account; zero for one that nothing was moved to or from.
    func balance(of account: Account) throws -> Credits {
        let balance = try integer("SELECT balance_nano FROM accounts WHERE name = ?", [.text(account.name)])
        return Credits(nanoUSD: balance ?? 0)
    }

    /// Moves credits: the transfer's row, and the cached balances of both accounts.
    ///
    /// The same id a second time fails, as does a balance below zero of what a workspace has, but by a refund or a
    /// chargeback.
    ///
    /// Credits that end are reckoned before what is no job's moves, and told of it (``CreditLots``).
    func post(_ transfer: Transfer, at now: Timestamp, _ change: CreditLots.Change? = nil) throws {
        let move = transfer.creditMove
        let reckoned = try move.flatMap { try reckonedLots(of: $0.workspace, for: change) }
        try transfer.check(leaving: try balance(of: transfer.from).subtracting(transfer.amount))
        try add(-transfer.amount.nanoUSD, to: transfer.from)
        try add(transfer.amount.nanoUSD, to: transfer.to)
        try run(
            """
            INSERT INTO transfers (id, from_account, to_account, amount_nano, cause, reason, actor, at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(transfer.id), .text(transfer.from.name), .text(transfer.to.name), .amount(transfer.amount),
                .text(transfer.cause), .text(transfer.reason), .text(transfer.actor), .time(now),
            ]
        )
        if let move, var lots = reckoned {
            lots.moved(move.amount, owned: try owned(by: move.workspace), by: transfer.id, change)
            try keep(lots, of: move.workspace)
        }
    }

    /// Adds to a cached balance.
    ///
    /// Not an upsert: its insert would be checked first, and nothing may start below zero.
    private func add(_ nano: Int64, to account: Account) throws {
        let changed = try run(
            "UPDATE accounts SET balance_nano = balance_nano + ? WHERE name = ?",
            [.integer(nano), .text(account.name)]
        )
        guard changed == 0 else { return }
        try run("INSERT INTO accounts (name, balance_nano) VALUES (?, ?)", [.text(account.name), .integer(nano)])
    }

    /// Sets a new job's worst case aside.
    func openHold(for job: NewJob) throws {
        let hold = Hold(job: job.id.description, workspace: job.workspace, amount: job.hold)
        try run(
            "INSERT INTO holds (job, workspace, amount_nano, state) VALUES (?, ?, ?, 'pending')",
            [.id(job.id), .text(job.workspace), .amount(job.hold)]
        )
        for transfer in try hold.opening() { try post(transfer, at: job.createdAt) }
        try commit(job.hold.nanoUSD, toKey: job.keyHash)
    }

    /// Ends a job's hold as a transition says, once: the ledger refuses a second time, and a charge above the hold.
    func resolveHold(of job: JobRow, by resolution: HoldResolution, in transition: JobTransition) throws {
        let now = transition.at
        let (hold, transfers) = try Hold.find(job.id, in: self).resolving(
            resolution,
            platformShare: try transition.platformShare()
        )
        let name: String
        let charged: Credits?
        switch hold.state {
        case .pending: (name, charged) = ("pending", nil)
        case .posted(let cost): (name, charged) = ("posted", cost)
        case .voided: (name, charged) = ("voided", nil)
        }
        try run(
            "UPDATE holds SET state = ?, charged_nano = ?, platform_nano = ? WHERE job = ?",
            [.text(name), .amount(charged), .amount(hold.platformShare), .id(job.id)]
        )
        for transfer in transfers { try post(transfer, at: now) }
        if let charged, charged > .zero { try countUsage(charged, ofKey: job.keyHash, at: now) }
        try countSpending(charged ?? .zero, transition.byokListPrice ?? .zero, of: job, at: now)
        let released = try hold.amount.subtracting(charged ?? .zero)
        try commit(-released.nanoUSD, toKey: job.keyHash)
        try noteSpending(key: job.keyHash, workspace: job.workspace, at: now)
    }

    /// Counts a charge on its day.
    private func countUsage(_ charged: Credits, ofKey hash: String, at now: Timestamp) throws {
        try run(
            """
            INSERT INTO key_usage (key_hash, day, charged_nano) VALUES (?, ?, ?)
            ON CONFLICT (key_hash, day) DO UPDATE SET charged_nano = charged_nano + excluded.charged_nano
            """,
            [.text(hash), .integer(UsagePeriods.day(of: now)), .amount(charged)]
        )
    }

    /// Counts against a key's limit: what its jobs have cost, and their open holds.
    private func commit(_ nano: Int64, toKey hash: String) throws {
        guard nano != 0 else { return }
        try run(
            "UPDATE api_keys SET committed_nano = committed_nano + ? WHERE hash = ?",
            [.integer(nano), .text(hash)]
        )
    }
}
