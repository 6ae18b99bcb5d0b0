import JobCore
import Ledger

/// What a store's money must come to after any sequence of operations, in plain whole numbers.
///
/// Written without a line of what it is held against: its own sums, its own rounding, its own allowance.
struct LedgerModel {
    /// A workspace.
    struct Purse {
        var available: Int64 = 0
        var held: Int64 = 0
        var charged: Int64 = 0
        /// What was charged, and the list price of own keys, by day.
        var days: [Int64: (charged: Int64, listed: Int64)] = [:]
    }

    /// How a job is charged: percentages in whole percent.
    struct Terms {
        var markup: Int64 = 0
        var fee: Int64 = 0
        /// The fee and the allowance of own keys.
        var own: (fee: Int64, allowance: Int64)?
    }

    var purses: [String: Purse] = [:]
    /// What counts against each key's limit.
    var committed: [String: Int64] = [:]
    /// What the platform has earned.
    var platform: Int64 = 0
    /// The transfers there must be.
    var transfers = 0

    /// Half to even, in whole percent.
    private static func share(_ percent: Int64, of amount: Int64) -> Int64 {
        let (whole, rest) = (amount * percent).quotientAndRemainder(dividingBy: 100)
        return rest > 50 || (rest == 50 && whole % 2 == 1) ? whole + 1 : whole
    }

    /// The most that a job of this list price costs: each part rounded up.
    static func hold(_ price: Int64, _ terms: Terms) -> Int64 {
        func up(_ percent: Int64, _ amount: Int64) -> Int64 { (amount * percent + 99) / 100 }
        if let own = terms.own { return up(own.fee, price) }
        let raised = price + up(terms.markup, price)
        return raised + up(terms.fee, raised)
    }

    /// What a job that has used this much at list price costs, and how much of it is the platform's.
    func charge(_ price: Int64, _ terms: Terms, of workspace: String, at now: Timestamp) -> (cost: Int64, share: Int64)
    {
        guard let own = terms.own else {
            let raised = price + Self.share(terms.markup, of: price)
            let cost = raised + Self.share(terms.fee, of: raised)
            return (cost, cost - price)
        }
        let month = now.description.prefix(7)
        let used = (purses[workspace]?.days ?? [:]).filter { day, _ in
            Timestamp(milliseconds: day * 86_400_000).description.prefix(7) == month
        }
        .values.reduce(0) { $0 + $1.listed }
        let above = min(price, max(0, used + price - own.allowance))
        let cost = Self.share(own.fee, of: above)
        return (cost, cost)
    }

    /// Moves credits in, or out; false when there is less, and a debt is not allowed.
    mutating func move(_ amount: Int64, of workspace: String, mayOwe: Bool = false) -> Bool {
        let left = (purses[workspace]?.available ?? 0) + amount
        guard amount > 0 || left >= 0 || mayOwe else { return false }
        purses[workspace, default: Purse()].available = left
        transfers += 1
        return true
    }

    mutating func admit(_ hold: Int64, of workspace: String, key: String) {
        purses[workspace, default: Purse()].available -= hold
        purses[workspace, default: Purse()].held += hold
        committed[key, default: 0] += hold
        if hold > 0 { transfers += 1 }
    }

    mutating func resolve(
        _ hold: Int64,
        at cost: Int64,
        share: Int64,
        listed: Int64,
        of workspace: String,
        key: String,
        on day: Int64
    ) {
        var purse = purses[workspace] ?? Purse()
        purse.held -= hold
        purse.available += hold - cost
        purse.charged += cost
        if cost > 0 || listed > 0 {
            let sums = purse.days[day] ?? (0, 0)
            purse.days[day] = (sums.charged + cost, sums.listed + listed)
        }
        purses[workspace] = purse
        committed[key, default: 0] -= hold - cost
        platform += share
        transfers += [cost - share, share, hold - cost].count { $0 > 0 }
    }
}
