/// Shares that follow what was measured: of one model's endpoints, computed anew at most every five minutes.
package struct AdaptiveRanking<Key: Hashable & Sendable>: Sendable {
    private var interval: Int64?
    private var merits: [Key: EndpointMerit] = [:]

    /// Makes one that has computed nothing yet.
    package init() {}

    /// The merits for the current five minutes; `measured` is asked only when they have begun.
    package mutating func merits(at now: Int64, measured: () -> [(Key, EndpointStanding)]) -> [Key: EndpointMerit] {
        let interval = now / AdaptiveChoice.intervalMilliseconds
        guard interval != self.interval else { return merits }
        let standings = measured()
        self.interval = interval
        merits = Dictionary(
            zip(standings.map(\.0), AdaptiveChoice.merits(of: standings.map(\.1))),
            uniquingKeysWith: { first, _ in first }
        )
        return merits
    }
}
