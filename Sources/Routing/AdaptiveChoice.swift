/// What measured performance does to the shares by price.
///
/// An endpoint keeps its share unless it is clearly worse than the others of its model, in the time to the outputs, in how
/// often it fails, or in how often what it delivers is not what was asked for. None ever gets more than its share by
/// price, so endpoints that perform alike are chosen by price alone.
package enum AdaptiveChoice {
    /// How long shares stay as they were computed.
    package static let intervalMilliseconds: Int64 = 300_000
    /// An endpoint with fewer measured attempts is neither judged nor compared with.
    package static let samplesMin = 30
    /// Up to this many times the others' median time is as good as theirs.
    package static let timeRatioMax = 1.5
    /// A rate is clearly higher when it is so by this much, besides twice its standard error.
    package static let rateMargin = 0.05
    /// No share is cut to less than this part of itself, so that an endpoint that recovers is measured again.
    package static let multiplierMin = 0.05

    /// The merit of each endpoint of one model, in their order.
    package static func merits(of standings: [EndpointStanding]) -> [EndpointMerit] {
        let measured = standings.indices.filter { standings[$0].samples >= samplesMin }
        return standings.indices.map { index in
            let others = measured.filter { $0 != index }.map { standings[$0] }
            guard measured.contains(index), !others.isEmpty else { return .even }
            return merit(of: standings[index], among: others)
        }
    }

    private static func merit(of standing: EndpointStanding, among others: [EndpointStanding]) -> EndpointMerit {
        var multiplier = 1.0
        var why: [String] = []
        if let time = standing.latency?.p50, let usual = median(others.compactMap { $0.latency?.p50 }),
            time > usual * timeRatioMax
        {
            // Time counts like price: twice as long, a quarter of the share.
            let excess = time / (usual * timeRatioMax)
            multiplier /= excess * excess
            why.append("it takes \(Figures.short(time)) s where others take \(Figures.short(usual)) s")
        }
        if let (rate, usual) = clearlyHigher(\.failureRate, standing, others) {
            let ratio = (1 - rate) / max(0.01, 1 - usual)
            multiplier *= ratio * ratio * ratio * ratio
            why.append("\(Figures.percent(rate)) of its attempts fail where \(Figures.percent(usual)) of others' do")
        }
        if let (rate, usual) = clearlyHigher(\.adjustmentRate, standing, others) {
            let ratio = 1 - (rate - usual) / 2
            multiplier *= ratio * ratio
            why.append(
                "\(Figures.percent(rate)) of its results are not what was asked for, "
                    + "where \(Figures.percent(usual)) of others' are"
            )
        }
        guard !why.isEmpty else { return .even }
        multiplier = min(1, max(multiplierMin, multiplier))
        let left = "It gets \(Figures.percent(multiplier)) of its weight by price"
        return EndpointMerit(multiplier: multiplier, words: "\(left): \(why.joined(separator: "; ")).")
    }

    private static func clearlyHigher(
        _ rate: KeyPath<EndpointStanding, Double?>,
        _ standing: EndpointStanding,
        _ others: [EndpointStanding]
    ) -> (rate: Double, usual: Double)? {
        guard let own = standing[keyPath: rate], let usual = median(others.compactMap { $0[keyPath: rate] }) else {
            return nil
        }
        let error = (own * (1 - own) / Double(max(1, standing.samples))).squareRoot()
        return own - usual > rateMargin + 2 * error ? (own, usual) : nil
    }

    /// The middle one; of an even number the lower of the two.
    private static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        return values.sorted()[(values.count - 1) / 2]
    }
}
