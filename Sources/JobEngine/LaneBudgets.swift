import Generation
import JobCore
import Synchronization

/// How much each lane can take: its slots, and a token bucket for the provider's rate.
///
/// Jobs wait in the queue for both; a client is never refused because a provider is full.
final class LaneBudgets: Sendable {
    private struct Budget {
        let slots: Int
        let perMinute: Int?
        var tokens: Double
        var refilledAt: Timestamp
        var pausedUntil: Timestamp?
    }

    private let budgets: Mutex<[Lane: Budget]>

    init(_ catalog: EndpointCatalog, now: Timestamp) {
        var budgets: [Lane: Budget] = [:]
        for endpoint in catalog.endpoints {
            let limits = endpoint.model.limits
            let known = budgets[endpoint.lane]
            let rates = [known?.perMinute, limits.submitsPerMinute].compactMap { $0 }
            budgets[endpoint.lane] = Budget(
                slots: min(known?.slots ?? limits.slots, limits.slots),
                perMinute: rates.min(),
                tokens: Double(rates.min() ?? 0),
                refilledAt: now
            )
        }
        self.budgets = Mutex(budgets)
    }

    /// What each lane can take now, and when one that can take nothing may again.
    func capacities(at now: Timestamp) -> (lanes: [LaneCapacity], nextAt: Timestamp?) {
        budgets.withLock { budgets in
            var lanes: [LaneCapacity] = []
            var next: Timestamp?
            for lane in budgets.keys.sorted(by: { $0.name < $1.name }) {
                guard var budget = budgets[lane] else { continue }
                if let until = budget.pausedUntil, until > now {
                    next = min(next ?? until, until)
                    continue
                }
                var starts: Int?
                if let perMinute = budget.perMinute {
                    let earned = now.seconds(since: budget.refilledAt) * Double(perMinute) / 60
                    budget.tokens = min(Double(perMinute), budget.tokens + max(0, earned))
                    budget.refilledAt = now
                    starts = Int(budget.tokens)
                    if budget.tokens < 1 {
                        let at = now.adding(seconds: (1 - budget.tokens) * 60 / Double(perMinute))
                        next = min(next ?? at, at)
                    }
                }
                budgets[lane] = budget
                if starts != 0 { lanes.append(LaneCapacity(lane: lane, slots: budget.slots, startsNow: starts)) }
            }
            return (lanes, next)
        }
    }

    /// Takes a start out of a lane's rate budget.
    func spend(_ lane: Lane) { budgets.withLock { $0[lane]?.tokens -= 1 } }

    /// The provider said that it is full: nothing is started in the lane until then.
    func pause(_ lane: Lane, until: Timestamp) {
        budgets.withLock { budgets in
            guard let known = budgets[lane] else { return }
            budgets[lane]?.pausedUntil = max(known.pausedUntil ?? until, until)
        }
    }
}
