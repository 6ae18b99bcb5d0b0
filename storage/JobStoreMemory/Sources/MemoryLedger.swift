import JobCore
import Ledger

/// Accounts and transfers in memory: a list that only grows, and the sums that it comes to.
struct MemoryLedger {
    /// Every transfer, in order.
    private(set) var transfers: [Transfer] = []
    /// When each of them was made.
    private(set) var times: [Timestamp] = []
    /// The sum of each account that was ever touched.
    private(set) var balances: [Account: Credits] = [:]
    private var ids: Set<String> = []

    /// Whether a transfer of this id was made.
    func contains(_ id: String) -> Bool { ids.contains(id) }

    /// What is in an account.
    func balance(of account: Account) -> Credits { balances[account] ?? .zero }

    /// Makes the transfers: all of them, or none when a sum does not fit or a workspace has less.
    mutating func post(_ new: [Transfer], at now: Timestamp) throws(LedgerRefusal) {
        var changed: [Account: Credits] = [:]
        for transfer in new {
            let left = try (changed[transfer.from] ?? balance(of: transfer.from)).subtracting(transfer.amount)
            try transfer.check(leaving: left)
            changed[transfer.from] = left
            changed[transfer.to] = try (changed[transfer.to] ?? balance(of: transfer.to))
                .adding(transfer.amount)
        }
        balances.merge(changed) { $1 }
        transfers += new
        times += Array(repeating: now, count: new.count)
        ids.formUnion(new.map(\.id))
    }

    /// The sums computed anew from the transfers, in more than 64 bits.
    func recomputed() -> [Account: Int128] {
        transfers.reduce(into: [:]) { sums, transfer in
            sums[transfer.from, default: 0] -= Int128(transfer.amount.nanoUSD)
            sums[transfer.to, default: 0] += Int128(transfer.amount.nanoUSD)
        }
    }
}
