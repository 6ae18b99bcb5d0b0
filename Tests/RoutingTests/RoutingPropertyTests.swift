import ConformanceKit
import Ledger
import Routing
import Testing

/// What holds of every plan, over drawn candidates and preferences; a failure names its seed.
@Suite("What holds of every plan")
struct RoutingPropertyTests {
    private static let slugs = ["a", "a/x", "a/y", "b", "b/x", "c", "d"]

    private struct Case {
        var candidates: [RoutingCandidate]
        var preferences: RoutingPreferences
        var random: SeededGenerator
    }

    private func drawn(_ seed: UInt64) -> Case {
        var random = SeededGenerator(seed: seed)
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        func maybe(_ inverse: Int) -> Bool { below(inverse) == 0 }
        func slugs() -> [String]? { maybe(3) ? (0..<below(4)).map { _ in Self.slugs[below(7)] } : nil }
        let candidates = (0..<below(9)).map { index in
            RoutingCandidate(
                index: index,
                provider: Self.slugs[below(7)],
                model: "m",
                tier: KeyTier.allCases[below(3)],
                modelRank: below(3),
                price: Credits(nanoUSD: maybe(6) ? 0 : Int64(below(1_000_000)) + 1),
                isWithinMaxPrice: !maybe(8),
                adjustments: below(2),
                standing: EndpointStanding(
                    isInOutage: maybe(3),
                    isOpen: maybe(5),
                    openUntilMilliseconds: 5,
                    pausedUntilMilliseconds: maybe(6) ? 5 : nil,
                    latency: maybe(2) ? flat(Double(below(50))) : nil,
                    throughput: maybe(2) ? flat(Double(below(50))) : nil
                )
            )
        }
        let preferences = RoutingPreferences(
            order: slugs(),
            only: slugs(),
            ignore: slugs(),
            allowFallbacks: maybe(4) ? false : nil,
            sort: maybe(3)
                ? .init(
                    by: RoutingPreferences.Sort.Key.allCases[below(3)],
                    partition: maybe(2) ? .none : .model
                ) : nil,
            maxLatency: maybe(4) ? PercentileBounds(p50: 20) : nil,
            requireParameters: maybe(4) ? true : nil
        )
        return Case(candidates: candidates, preferences: preferences, random: random)
    }

    @Test(arguments: 0..<500)
    func plans(seed: Int) {
        var one = drawn(UInt64(seed))
        let preferences = one.preferences
        let plan = RoutingPlan.ordered(one.candidates, preferences, random: &one.random)
        let byIndex = plan.map { one.candidates[$0.index] }
        #expect(Set(plan.map(\.index)).count == plan.count, "twice the same, seed \(seed)")
        #expect(plan.map(\.reason.place) == Array(1..<(plan.count + 1)), "places, seed \(seed)")
        func isMeant(_ candidate: RoutingCandidate, by slugs: [String]) -> Bool {
            slugs.contains { candidate.provider == $0 || candidate.provider.hasPrefix($0 + "/") }
        }
        func isAllowed(_ candidate: RoutingCandidate) -> Bool {
            candidate.isWithinMaxPrice && !(preferences.requireParameters == true && candidate.adjustments > 0)
                && (preferences.only.map { isMeant(candidate, by: $0) } ?? true)
                && !isMeant(candidate, by: preferences.ignore ?? [])
        }
        let allowed = one.candidates.filter(isAllowed)
        #expect(byIndex.allSatisfy(isAllowed), "one that is excluded, seed \(seed)")
        if preferences.allowFallbacks != false {
            #expect(plan.count == allowed.count, "one was lost, seed \(seed)")
        } else if let order = preferences.order {
            #expect(plan.count == allowed.count { isMeant($0, by: order) }, "not those of the order, seed \(seed)")
        } else {
            #expect(plan.count == min(1, allowed.count), "more than one, seed \(seed)")
        }
        for (earlier, later) in zip(byIndex, byIndex.dropFirst()) {
            expect(earlier, before: later, preferences, seed)
        }
    }

    /// The rules that hold of neighbours, and so of all.
    private func expect(
        _ earlier: RoutingCandidate,
        before later: RoutingCandidate,
        _ preferences: RoutingPreferences,
        _ seed: Int
    ) {
        func misses(_ one: RoutingCandidate) -> Bool {
            guard one.tier != .own, let bound = preferences.maxLatency?.p50, let p50 = one.standing.latency?.p50 else {
                return false
            }
            return p50 > bound
        }
        #expect(!misses(earlier) || misses(later), "a slow one before a fast one, seed \(seed)")
        guard misses(earlier) == misses(later) else { return }
        if preferences.sort?.partition != RoutingPreferences.Sort.Partition.none {
            #expect(earlier.modelRank <= later.modelRank, "a later model before an earlier, seed \(seed)")
            guard earlier.modelRank == later.modelRank else { return }
        }
        #expect(earlier.tier <= later.tier, "tiers, seed \(seed)")
        guard earlier.tier == later.tier else { return }
        #expect(earlier.standing.isAvailable || !later.standing.isAvailable, "a shut one before, seed \(seed)")
        guard earlier.standing.isAvailable == later.standing.isAvailable, preferences.order == nil else { return }
        #expect(earlier.adjustments <= later.adjustments, "one that adjusts before, seed \(seed)")
        guard earlier.adjustments == later.adjustments else { return }
        #expect(!earlier.standing.isInOutage || later.standing.isInOutage, "an outage before, seed \(seed)")
        guard earlier.standing.isInOutage == later.standing.isInOutage, earlier.tier == .shared else { return }
        switch preferences.sort?.by {
        case .price: #expect(earlier.price <= later.price, "price, seed \(seed)")
        case .latency:
            #expect(
                earlier.standing.latency?.p50 ?? .infinity <= later.standing.latency?.p50 ?? .infinity,
                "latency, seed \(seed)"
            )
        case .throughput:
            #expect(
                earlier.standing.throughput?.p50 ?? -1 >= later.standing.throughput?.p50 ?? -1,
                "throughput, seed \(seed)"
            )
        case nil: #expect(earlier.price == .zero || later.price > .zero, "what costs before what is free, seed \(seed)")
        }
    }
}
