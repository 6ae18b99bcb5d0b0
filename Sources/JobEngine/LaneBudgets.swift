import Generation
import JobCore
import Synchronization

/// How much each lane can take: its slots, and how many jobs may start in any minute.
///
/// Jobs wait in the queue for both; a client is never refused because a provider is full. Times are on the clock of the
/// boot: a wall clock that is set opens no floodgate and holds up nobody.
final class LaneBudgets: Sendable {
    private static let window = 60.0

    private struct Budget {
        let slots: Int
        let perMinute: Int?
        /// When the jobs of the last minute were started, the earliest first.
        var starts: [Double] = []
        var pausedUntil = 0.0
    }

    private let budgets: Mutex<[Lane: Budget]>

    init(_ catalog: EndpointCatalog) {
        var budgets: [Lane: Budget] = [:]
        for endpoint in catalog.endpoints {
            let limits = endpoint.model.limits
            let known = budgets[endpoint.lane]
            let rates = [known?.perMinute, limits.submitsPerMinute].compactMap { $0 }
            budgets[endpoint.lane] = Budget(
                slots: min(known?.slots ?? limits.slots, limits.slots),
                perMinute: rates.min()
            )
        }
        self.budgets = Mutex(budgets)
    }

    /// What each lane can take now, and in how many seconds one that can take nothing may again.
    func capacities(at now: Double) -> (lanes: [LaneCapacity], nextIn: Double?) {
        budgets.withLock { budgets in
            var lanes: [LaneCapacity] = []
            var next: Double?
            for lane in budgets.keys.sorted(by: { $0.name < $1.name }) {
                guard var budget = budgets[lane] else { continue }
                if budget.pausedUntil > now {
                    next = min(next ?? .infinity, budget.pausedUntil - now)
                    continue
                }
                var starts: Int?
                if let perMinute = budget.perMinute {
                    // A minute in which some have started is over when the earliest of them is a minute old.
                    budget.starts.removeAll { $0 <= now - Self.window }
                    starts = max(0, perMinute - budget.starts.count)
                    if starts == 0, let first = budget.starts.first {
                        next = min(next ?? .infinity, first + Self.window - now)
                    }
                }
                budgets[lane] = budget
                if starts != 0 { lanes.append(LaneCapacity(lane: lane, slots: budget.slots, startsNow: starts)) }
            }
            return (lanes, next)
        }
    }

    /// Takes a start out of a lane's rate budget.
    func spend(_ lane: Lane, at now: Double) {
        budgets.withLock { budgets in
            if budgets[lane]?.perMinute != nil { budgets[lane]?.starts.append(now) }
        }
    }

    /// A start that was taken out at some time happens only now: the minute counts from here.
    func postpone(_ lane: Lane, from spentAt: Double, to now: Double) {
        budgets.withLock { budgets in
            guard var budget = budgets[lane], budget.perMinute != nil else { return }
            let index = budget.starts.firstIndex(of: spentAt)
            // One that is not there was postponed before, unless its minute is over.
            guard index != nil || spentAt <= now - Self.window else { return }
            if let index { budget.starts.remove(at: index) }
            budget.starts.append(now)
            budgets[lane] = budget
        }
    }

    /// Puts a start back that was taken out at some time: nothing is sent.
    func giveBack(_ lane: Lane, spentAt: Double) {
        budgets.withLock { budgets in
            guard let index = budgets[lane]?.starts.firstIndex(of: spentAt) else { return }
            budgets[lane]?.starts.remove(at: index)
        }
    }

    /// The provider said that it is full: nothing is started in the lane until then.
    func pause(_ lane: Lane, until: Double) {
        budgets.withLock { budgets in
            guard let known = budgets[lane] else { return }
            budgets[lane]?.pausedUntil = max(known.pausedUntil, until)
        }
    }
}
