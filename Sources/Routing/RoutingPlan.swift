import Ledger

/// The order in which the endpoints of a request are tried.
package enum RoutingPlan {
    /// The endpoints that may serve, best first.
    ///
    /// Left out are those that the preferences exclude. The rest are in groups of equal standing, and the groups in the
    /// order of ``Rank``; within a group the workspace's own keys keep their order, `sort` and `order` sort, and
    /// everything else is drawn without replacement with weight 1/price². What costs nothing comes before all that
    /// costs, in any order.
    ///
    /// - Parameters:
    ///   - candidates: All that offer the models of the request.
    ///   - preferences: What the client and its account ask for.
    ///   - random: What is drawn from; the same numbers give the same plan.
    /// - Returns: The plan; empty when nothing is allowed.
    package static func ordered(
        _ candidates: [RoutingCandidate],
        _ preferences: RoutingPreferences,
        random: inout some RandomNumberGenerator
    ) -> [RoutingChoice] {
        var groups: [Rank: [RoutingCandidate]] = [:]
        for candidate in candidates where allows(candidate, preferences) {
            groups[Rank(candidate, preferences), default: []].append(candidate)
        }
        var steps: [Step] = []
        for rank in groups.keys.sorted() {
            let group = groups[rank] ?? []
            steps += arranged(group, rank, preferences, random: &random).map {
                Step(candidate: $0.candidate, rank: rank, place: $0, peers: group.count)
            }
        }
        if preferences.allowFallbacks == false {
            steps = preferences.order == nil ? Array(steps.prefix(1)) : steps.filter { $0.rank.isOrdered }
        }
        return steps.enumerated().map { offset, step in
            RoutingChoice(
                index: step.candidate.index,
                reason: step.reason(place: offset + 1, of: steps.count, hasOrder: preferences.order != nil)
            )
        }
    }

    /// Whether the preferences allow an endpoint at all.
    private static func allows(_ candidate: RoutingCandidate, _ preferences: RoutingPreferences) -> Bool {
        guard candidate.isWithinMaxPrice else { return false }
        if preferences.requireParameters == true, candidate.adjustments > 0 { return false }
        if let only = preferences.only, !only.contains(where: { ProviderSlug.isMeant(candidate.provider, by: $0) }) {
            return false
        }
        return !(preferences.ignore ?? []).contains { ProviderSlug.isMeant(candidate.provider, by: $0) }
    }

    /// What comes before the draw or the sort, most important first.
    ///
    /// - A bound on throughput or latency comes first, so that a fallback model may stand in for one that is too slow.
    ///   The workspace's own keys are exempt: they come before the operator's in any case.
    /// - Then the models of the request's list, unless it is sorted over all of them, and then the tiers of keys.
    /// - What lets nothing through now is last of its tier, even if the request's `order` names it first.
    /// - `order` is the client's word: it comes before a passing outage and before fidelity.
    /// - An endpoint that would change the request comes behind those that do not, even if these failed just now: a
    ///   failure that costs nothing is tried elsewhere, a wrong picture is not.
    struct Rank: Hashable, Comparable {
        private static let notInOrder = Int.max

        let missesPreference: Bool
        let model: Int
        let tier: KeyTier
        let isShut: Bool
        let order: Int
        let adjusts: Bool
        let isInOutage: Bool

        init(_ candidate: RoutingCandidate, _ preferences: RoutingPreferences) {
            let standing = candidate.standing
            let meets =
                (preferences.maxLatency?.areMaxima(of: standing.latency) ?? true)
                && (preferences.minThroughput?.areMinima(of: standing.throughput) ?? true)
            missesPreference = !meets && candidate.tier != .own
            model = preferences.sort?.partition == RoutingPreferences.Sort.Partition.none ? 0 : candidate.modelRank
            tier = candidate.tier
            isShut = !standing.isAvailable
            order =
                preferences.order?.firstIndex { ProviderSlug.isMeant(candidate.provider, by: $0) } ?? Self.notInOrder
            adjusts = candidate.adjustments > 0
            isInOutage = standing.isInOutage
        }

        var isOrdered: Bool { order != Self.notInOrder }

        private var parts: (Int, Int, Int, Int, Int, Int) {
            (
                missesPreference ? 1 : 0, model, tier.rawValue, isShut ? 1 : 0, order,
                (adjusts ? 2 : 0) + (isInOutage ? 1 : 0)
            )
        }

        static func < (lhs: Self, rhs: Self) -> Bool { lhs.parts < rhs.parts }
    }

    /// One candidate at its place within its group.
    struct Placed {
        let candidate: RoutingCandidate
        let rule: RoutingReason.Rule
        var share: Double?
        var measured: Double?
    }

    private struct Step {
        let candidate: RoutingCandidate
        let rank: Rank
        let place: Placed
        let peers: Int

        func reason(place number: Int, of count: Int, hasOrder: Bool) -> RoutingReason {
            let standing = candidate.standing
            var marks: [RoutingReason.Mark] = []
            if rank.missesPreference { marks.append(.missesPreference) }
            if candidate.modelRank > 0 { marks.append(.fallbackModel) }
            if candidate.tier == .ownFallback { marks.append(.fallbackKey) }
            if standing.isOpen { marks.append(.circuitOpen) }
            if standing.pausedUntilMilliseconds != nil { marks.append(.paused) }
            if hasOrder, !rank.isOrdered { marks.append(.notInOrder) }
            if rank.adjusts { marks.append(.adjustsParameters) }
            if standing.isInOutage, !standing.isOpen { marks.append(.outage) }
            if standing.isProbeDue { marks.append(.probe) }
            let isMoved = (place.rule == .balanced || place.rule == .free) && candidate.merit.multiplier != 1
            if isMoved { marks.append(.measuredWorse) }
            return RoutingReason(
                place: number,
                count: count,
                rule: place.rule,
                peers: peers,
                marks: marks,
                price: candidate.price,
                share: place.share,
                measured: place.measured,
                note: isMoved ? candidate.merit.words : nil
            )
        }
    }

    // MARK: Within a group

    private static func arranged(
        _ group: [RoutingCandidate],
        _ rank: Rank,
        _ preferences: RoutingPreferences,
        random: inout some RandomNumberGenerator
    ) -> [Placed] {
        if rank.tier != .shared {
            return group.sorted { $0.index < $1.index }.map { Placed(candidate: $0, rule: .ownKey) }
        }
        if rank.isOrdered {
            return group.sorted { cheaper($0, $1) }.map { Placed(candidate: $0, rule: .order) }
        }
        guard let sort = preferences.sort else { return drawn(group, random: &random) }
        return sorted(group, by: sort.by)
    }

    private static func cheaper(_ first: RoutingCandidate, _ second: RoutingCandidate) -> Bool {
        (first.price, first.index) < (second.price, second.index)
    }

    private static func sorted(_ group: [RoutingCandidate], by key: RoutingPreferences.Sort.Key) -> [Placed] {
        let placed = group.sorted { cheaper($0, $1) }.map { candidate in
            switch key {
            case .price: Placed(candidate: candidate, rule: .price)
            case .throughput:
                Placed(candidate: candidate, rule: .throughput, measured: candidate.standing.throughput?.p50)
            case .latency: Placed(candidate: candidate, rule: .latency, measured: candidate.standing.latency?.p50)
            }
        }
        guard key != .price else { return placed }
        let isBetter: (Double, Double) -> Bool = key == .throughput ? { $0 > $1 } : { $0 < $1 }
        // Those of equal measure stay as they are: by price, then by index.
        return placed.enumerated().sorted { first, second in
            switch (first.element.measured, second.element.measured) {
            case (let one?, let other?) where one != other: isBetter(one, other)
            case (.some, nil): true
            case (nil, .some): false
            case (.some, .some), (nil, nil): first.offset < second.offset
            }
        }.map(\.element)
    }

    /// Draws without replacement; the share told is that of the first draw.
    private static func drawn(_ group: [RoutingCandidate], random: inout some RandomNumberGenerator) -> [Placed] {
        let free = group.filter { $0.price.nanoUSD <= 0 }
        let paid = group.filter { $0.price.nanoUSD > 0 }
        let lowest = Double(paid.map(\.price.nanoUSD).min() ?? 1)
        return drawn(free.map { Weighted(candidate: $0, weight: $0.merit.multiplier) }, rule: .free, random: &random)
            + drawn(
                paid.map {
                    let relative = lowest / Double($0.price.nanoUSD)
                    return Weighted(candidate: $0, weight: relative * relative * $0.merit.multiplier)
                },
                rule: .balanced,
                random: &random
            )
    }

    private struct Weighted {
        let candidate: RoutingCandidate
        let weight: Double
    }

    private static func drawn(
        _ weighted: [Weighted],
        rule: RoutingReason.Rule,
        random: inout some RandomNumberGenerator
    ) -> [Placed] {
        let total = weighted.reduce(0) { $0 + $1.weight }
        var rest = weighted
        var drawn: [Placed] = []
        while !rest.isEmpty {
            // Where there is nothing to choose nothing is drawn.
            let sum = rest.reduce(0) { $0 + $1.weight }
            var point = rest.count == 1 ? 0 : Double.random(in: 0..<1, using: &random) * sum
            // Rounding may leave a remainder: the last one takes it.
            var choice = rest.count - 1
            for (offset, one) in rest.enumerated() {
                point -= one.weight
                if point < 0 {
                    choice = offset
                    break
                }
            }
            let one = rest.remove(at: choice)
            drawn.append(Placed(candidate: one.candidate, rule: rule, share: total > 0 ? one.weight / total : nil))
        }
        return drawn
    }
}
