import Generation
import JobCore
import Synchronization

/// How much each lane can take: its slots, and how many jobs may start in any minute and any second.
///
/// Claims keep to the rates so that no job leaves the queue to wait elsewhere; since what comes between a claim and its
/// send takes its time, each send waits for a moment of its own as well, and that one is exact.
///
/// Jobs wait in the queue for both; a client is never refused because a provider is full. Times are on the clock of the
/// boot: a wall clock that is set opens no floodgate and holds up nobody.
final class LaneBudgets: Sendable {
    private static let window = 60.0
    /// A pause that jobs wait out where they are, though others could serve them.
    private static let shortPauseSeconds = 10.0
    /// The minute of the sends: a little longer, since the provider's begins when the first has arrived.
    private static let sendWindow = 60.4

    private struct Budget {
        let slots: Int
        let perMinute: Int?
        let perSecond: Int?
        /// How many endpoints share the lane.
        let endpoints: Int
        /// When the jobs of the last minute were started, the earliest first.
        var starts: [Double] = []
        var pausedUntil = 0.0
        /// When the sends of the last minute went out, or will; the earliest first.
        var sends: [Double] = []
        var pace: CallPace

        init(slots: Int, perMinute: Int?, perSecond: Int?, endpoints: Int) {
            self.endpoints = endpoints
            self.slots = slots
            self.perMinute = perMinute
            self.perSecond = perSecond
            pace = CallPace(perSecond: perSecond.map(Double.init))
        }

        var hasRate: Bool { perMinute != nil || perSecond != nil }

        /// How many may be started now; nil without a limit.
        mutating func startsNow(at now: Double) -> (count: Int?, nextIn: Double?) {
            // A minute in which some have started is over when the earliest of them is a minute old.
            starts.removeAll { $0 <= now - LaneBudgets.window }
            var (count, next): (Int?, Double?)
            if let perMinute {
                count = max(0, perMinute - starts.count)
                if count == 0, let first = starts.first { next = first + LaneBudgets.window - now }
            }
            if let perSecond {
                let recent = starts.reversed().prefix { $0 > now - 1 }
                let left = max(0, perSecond - recent.count)
                if left == 0, let first = recent.last { next = max(next ?? 0, first + 1 - now) }
                count = min(count ?? left, left)
            }
            return (count, next)
        }
    }

    private let budgets: Mutex<[Lane: Budget]>
    private let live: LiveEndpoints
    /// What is known of the live endpoints: their generation, and their lanes.
    private let known = Mutex<(generation: Int, lanes: Set<Lane>)>((0, []))

    init(_ catalog: EndpointCatalog) {
        budgets = Mutex(Self.budgets(of: catalog.endpoints))
        live = catalog.live
    }

    /// A budget for each lane, as narrow as the narrowest of its endpoints.
    private static func budgets(of endpoints: [Endpoint]) -> [Lane: Budget] {
        var budgets: [Lane: Budget] = [:]
        for endpoint in endpoints {
            let limits = endpoint.model.limits
            let known = budgets[endpoint.lane]
            budgets[endpoint.lane] = Budget(
                slots: min(known?.slots ?? limits.slots, limits.slots),
                perMinute: [known?.perMinute, limits.submitsPerMinute].compactMap { $0 }.min(),
                perSecond: [known?.perSecond, limits.submitsPerSecond].compactMap { $0 }.min(),
                endpoints: (known?.endpoints ?? 0) + 1
            )
        }
        return budgets
    }

    /// Takes in the lanes of customers' keys that jobs were given to, and forgets those of keys that are gone.
    ///
    /// What a lane has spent stays spent while the lane is there.
    private func followLiveEndpoints() {
        known.withLock { known in
            guard let (generation, endpoints) = live.laneEndpoints(after: known.generation) else { return }
            let found = Self.budgets(of: endpoints)
            budgets.withLock { budgets in
                for lane in known.lanes where found[lane] == nil { budgets[lane] = nil }
                for (lane, budget) in found where budgets[lane] == nil { budgets[lane] = budget }
            }
            known = (generation, Set(found.keys))
        }
    }

    /// What each lane can take now, and in how many seconds one that can take nothing may again.
    func capacities(at now: Double) -> (lanes: [LaneCapacity], nextIn: Double?) {
        followLiveEndpoints()
        return budgets.withLock { budgets in
            var lanes: [LaneCapacity] = []
            var next: Double?
            for lane in budgets.keys.sorted(by: { $0.name < $1.name }) {
                guard var budget = budgets[lane] else { continue }
                if budget.pausedUntil > now {
                    next = min(next ?? .infinity, budget.pausedUntil - now)
                    continue
                }
                let (starts, nextIn) = budget.startsNow(at: now)
                if let nextIn { next = min(next ?? .infinity, nextIn) }
                budgets[lane] = budget
                if starts != 0 { lanes.append(LaneCapacity(lane: lane, slots: budget.slots, startsNow: starts)) }
            }
            return (lanes, next)
        }
    }

    /// Takes a start out of a lane's rate budget.
    func spend(_ lane: Lane, at now: Double) {
        budgets.withLock { budgets in
            if budgets[lane]?.hasRate == true { budgets[lane]?.starts.append(now) }
        }
    }

    /// A start that was taken out at some time happens only now: the minute counts from here.
    func postpone(_ lane: Lane, from spentAt: Double, to now: Double) {
        budgets.withLock { budgets in
            guard var budget = budgets[lane], budget.hasRate else { return }
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

    /// Sets a moment aside for a send: nothing of the lane is sent more often than its rates allow.
    ///
    /// - Parameters:
    ///   - lane: The lane.
    ///   - now: The time.
    /// - Returns: When the send may go out.
    func sendTime(_ lane: Lane, at now: Double) -> Double {
        budgets.withLock { budgets in
            guard var budget = budgets[lane], budget.hasRate else { return now }
            var time = max(now, budget.pace.freeAt)
            if let perMinute = budget.perMinute {
                budget.sends.removeAll { $0 <= now - Self.sendWindow }
                if budget.sends.count >= perMinute {
                    time = max(time, budget.sends[budget.sends.count - perMinute] + Self.sendWindow)
                }
                budget.sends.append(time)
            }
            budget.pace.take(at: time)
            budgets[lane] = budget
            return time
        }
    }

    /// Whether a lane is of one endpoint alone.
    func isOfOne(_ lane: Lane) -> Bool { budgets.withLock { $0[lane]?.endpoints == 1 } }

    /// Until when a lane is paused; nil when it is not.
    func pausedUntil(_ lane: Lane, at now: Double) -> Double? {
        budgets.withLock { $0[lane]?.pausedUntil }.flatMap { $0 > now ? $0 : nil }
    }

    /// The lanes that are paused for longer than jobs should wait that others could serve.
    func longPaused(at now: Double) -> [Lane] {
        budgets.withLock { budgets in budgets.filter { $0.value.pausedUntil - now > Self.shortPauseSeconds }.map(\.key)
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
