import ConformanceKit
import Ledger
import Routing

/// Candidates for tests: the least that a test has to say.
func candidate(
    _ index: Int,
    _ provider: String? = nil,
    price cents: Int64 = 100,
    tier: KeyTier = .shared,
    model: Int = 0,
    adjustments: Int = 0,
    isWithinMaxPrice: Bool = true,
    merit: EndpointMerit = .even,
    _ standing: EndpointStanding = EndpointStanding()
) -> RoutingCandidate {
    RoutingCandidate(
        index: index,
        provider: provider ?? "provider-\(index)",
        model: "author/model-\(model)",
        tier: tier,
        modelRank: model,
        price: Credits(nanoUSD: cents * 10_000_000),
        isWithinMaxPrice: isWithinMaxPrice,
        adjustments: adjustments,
        standing: standing,
        merit: merit
    )
}

/// The order of a plan, as the candidates' indices.
func plan(
    _ candidates: [RoutingCandidate],
    _ preferences: RoutingPreferences = RoutingPreferences(),
    seed: UInt64 = 1
) -> [Int] {
    choices(candidates, preferences, seed: seed).map(\.index)
}

/// A plan with its reasons.
func choices(
    _ candidates: [RoutingCandidate],
    _ preferences: RoutingPreferences = RoutingPreferences(),
    seed: UInt64 = 1
) -> [RoutingChoice] {
    var random = SeededGenerator(seed: seed)
    return RoutingPlan.ordered(candidates, preferences, random: &random)
}

/// Percentiles that are all the same.
func flat(_ value: Double) -> Percentiles { Percentiles(p50: value, p75: value, p90: value, p99: value) }

extension EndpointStanding {
    /// Failed in the last 30 seconds.
    static let outage = EndpointStanding(isInOutage: true)
    /// Failed again and again.
    static func open(until milliseconds: Int64 = 1_000_000) -> EndpointStanding {
        EndpointStanding(isInOutage: true, isOpen: true, openUntilMilliseconds: milliseconds)
    }
    /// Asked for a pause.
    static func paused(until milliseconds: Int64 = 1_000_000) -> EndpointStanding {
        EndpointStanding(pausedUntilMilliseconds: milliseconds)
    }
}
