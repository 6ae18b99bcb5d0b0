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
    private func owned(by workspace: String, _ changed: [Account: Credits] = [:]) throws(LedgerRefusal) -> Credits {
        let (available, held) = (Account.available(workspace: workspace), Account.held(workspace: workspace))
        return try (changed[available] ?? balance(of: available)).adding(changed[held] ?? balance(of: held))
    }

    /// The lots of a workspace, reckoned now; nil for one that never had any.
    func reckonedLots(of workspace: String) throws(LedgerRefusal) -> CreditLots? {
        var lots = lots[workspace]
        lots?.reckon(owned: try owned(by: workspace))
        return lots
    }

    /// Makes the transfers: all of them, or none when a sum does not fit or a workspace has less.
    ///
    /// - Parameters:
    ///   - new: The transfers, in order.
    ///   - now: When they are made.
    ///   - change: What each of them does to credits that end.
    /// - Throws: `overflow`, `overdrawn`.
    mutating func post(
        _ new: [Transfer],
        at now: Timestamp,
        _ change: (Transfer) -> CreditLots.Change? = { _ in nil }
    ) throws(LedgerRefusal) {
        var changed: [Account: Credits] = [:]
        var changedLots: [String: CreditLots] = [:]
        for transfer in new {
            let move = transfer.creditMove
            var lots: CreditLots?
            if let move {
                let owned = try self.owned(by: move.workspace, changed)
                lots = changedLots[move.workspace] ?? self.lots[move.workspace]
                lots?.reckon(owned: owned)
                if lots == nil, case .opens? = change(transfer) { lots = CreditLots(owned: owned) }
            }
            let left = try (changed[transfer.from] ?? balance(of: transfer.from)).subtracting(transfer.amount)
            try transfer.check(leaving: left)
            changed[transfer.from] = left
            changed[transfer.to] = try (changed[transfer.to] ?? balance(of: transfer.to)).adding(transfer.amount)
            if let move, lots != nil {
                let owned = try self.owned(by: move.workspace, changed)
                lots?.moved(move.amount, owned: owned, by: transfer.id, change(transfer))
                changedLots[move.workspace] = lots
            }
        }
        balances.merge(changed) { $1 }
        lots.merge(changedLots) { $1 }
        transfers += new
        times += new.map { _ in now }
        ids.formUnion(new.map(\.id))
    }

    /// Takes what has ended from every workspace that has such credits.
    mutating func expire(at now: Timestamp) throws(LedgerRefusal) -> [Transfer] {
        var made: [Transfer] = []
        for workspace in lots.keys.sorted() {
            guard let reckoned = try reckonedLots(of: workspace) else { continue }
            lots[workspace] = reckoned
            for (lot, amount) in reckoned.ending(by: now, held: balance(of: .held(workspace: workspace))) {
                let transfer = try Transfer.expiry(of: lot, workspace: workspace, amount: amount)
                try post([transfer], at: now) { _ in .concerns(lot.id) }
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
