import JobCore
import Ledger

/// Accounts and transfers in memory: a list that only grows, and the sums that it comes to.
struct MemoryLedger {
    /// Every transfer, in order.
    private(set) var transfers: [Transfer] = []
    /// The sum of each account that was ever touched.
    private(set) var balances: [Account: Credits] = [:]
    /// When each transfer was made, in the same order.
    private(set) var times: [Timestamp] = []
    /// Credits that end, of each workspace that ever had any.
    private(set) var lots: [String: CreditLots] = [:]
    private var ids: Set<String> = []

    /// Whether a transfer of this id was made.
    func contains(_ id: String) -> Bool { ids.contains(id) }

    /// What is in an account.
    func balance(of account: Account) -> Credits { balances[account] ?? .zero }

    /// What a workspace owns: what it can spend, and what is held for its jobs.
    func owned(by workspace: String) throws(LedgerRefusal) -> Credits {
        try balance(of: .available(workspace: workspace)).adding(balance(of: .held(workspace: workspace)))
    }

    /// The lots of a workspace, reckoned now; nil for one that never had any.
    func reckonedLots(of workspace: String) throws(LedgerRefusal) -> CreditLots? {
        var lots = lots[workspace]
        lots?.reckon(owned: try owned(by: workspace))
        return lots
    }

    /// Makes the transfers: all of them, or none when a sum does not fit or a workspace has less.
    mutating func post(
        _ new: [Transfer],
        at now: Timestamp,
        _ change: (Transfer) -> CreditLots.Change? = { _ in nil }
    ) throws(LedgerRefusal) {
        var next = self
        for transfer in new { try next.post(transfer, at: now, change(transfer)) }
        self = next
    }

    private mutating func post(
        _ transfer: Transfer,
        at now: Timestamp,
        _ change: CreditLots.Change?
    ) throws(LedgerRefusal) {
        let move = transfer.creditMove
        var reckoned: CreditLots?
        if let move {
            reckoned = try reckonedLots(of: move.workspace)
            if reckoned == nil, case .opens? = change { reckoned = CreditLots(owned: try owned(by: move.workspace)) }
        }
        let left = try balance(of: transfer.from).subtracting(transfer.amount)
        try transfer.check(leaving: left)
        balances[transfer.from] = left
        balances[transfer.to] = try balance(of: transfer.to).adding(transfer.amount)
        transfers.append(transfer)
        times.append(now)
        ids.insert(transfer.id)
        if let move, reckoned != nil {
            reckoned?.moved(move.amount, owned: try owned(by: move.workspace), by: transfer.id, change)
            lots[move.workspace] = reckoned
        }
    }

    /// Takes what has ended from every workspace that has such credits.
    mutating func expire(at now: Timestamp) throws(LedgerRefusal) -> [Transfer] {
        var made: [Transfer] = []
        for workspace in lots.keys.sorted() {
            guard let reckoned = try reckonedLots(of: workspace) else { continue }
            lots[workspace] = reckoned
            for (lot, amount) in reckoned.ending(by: now, held: balance(of: .held(workspace: workspace))) {
                let transfer = try Transfer.expiry(of: lot, workspace: workspace, amount: amount)
                try post(transfer, at: now, .concerns(lot.id))
                made.append(transfer)
            }
        }
        return made
    }

    /// The sums computed anew from the transfers, in more than 64 bits.
    func recomputed() -> [Account: Int128] {
        transfers.reduce(into: [:]) { sums, transfer in
            sums[transfer.from, default: 0] -= Int128(transfer.amount.nanoUSD)
            sums[transfer.to, default: 0] += Int128(transfer.amount.nanoUSD)
        }
    }
}
