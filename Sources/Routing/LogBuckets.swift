/// Buckets for measured figures, four to each doubling, from a thousandth to a quarter of a million.
///
/// A percentile read from them is within a tenth of the true one.
enum LogBuckets {
    private static let lowestExponent = -10
    private static let perDoubling = 4
    /// How many there are.
    static let count = 28 * perDoubling
    /// Where the quarters of a doubling begin.
    private static let quarters = [1.0, 1.189_207_115_002_721, 1.414_213_562_373_095, 1.681_792_830_507_429]

    /// The bucket of a figure; nil for what is not a positive number.
    ///
    /// The ends take what is beyond them.
    static func index(of value: Double) -> Int? {
        guard value.isFinite, value > 0 else { return nil }
        let doubling = Int(value.exponent) - lowestExponent
        guard doubling >= 0 else { return 0 }
        let quarter = quarters.lastIndex { $0 <= value.significand } ?? 0
        return min(count - 1, doubling * perDoubling + quarter)
    }

    private static func lowerBound(of index: Int) -> Double {
        Double(sign: .plus, exponent: lowestExponent + index / perDoubling, significand: quarters[index % perDoubling])
    }

    /// The figure below which the share `share` of all lies; nil without any.
    static func quantile(_ share: Double, of counts: [Int]) -> Double? {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var below = 0
        for (index, count) in counts.enumerated() where count > 0 {
            if Double(below + count) >= rank {
                let lower = lowerBound(of: index)
                let upper = index + 1 < Self.count ? lowerBound(of: index + 1) : lower * quarters[1]
                return lower + (upper - lower) * max(0, rank - Double(below)) / Double(count)
            }
            below += count
        }
        return nil
    }

    /// The percentiles of times, where less is better, or of throughputs, where more is.
    static func percentiles(of counts: [Int], moreIsBetter: Bool = false) -> Percentiles? {
        func reached(by share: Double) -> Double? { quantile(moreIsBetter ? 1 - share : share, of: counts) }
        guard let p50 = reached(by: 0.5), let p75 = reached(by: 0.75), let p90 = reached(by: 0.9),
            let p99 = reached(by: 0.99)
        else { return nil }
        return Percentiles(p50: p50, p75: p75, p90: p90, p99: p99)
    }
}
