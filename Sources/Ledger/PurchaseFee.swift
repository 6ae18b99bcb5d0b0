/// What is kept of a purchase of credits: a percentage of the credits, with a least amount.
///
/// The fee is part of what is paid: whoever pays 10.80 at 5.5 % and at least 0.80 has 10 in credits.
public struct PurchaseFee: Sendable, Hashable {
    /// How many percent of the credits are kept; from 0 on.
    public let percent: ExactDecimal
    /// The least that is kept; from 0 on.
    public let minimum: Credits

    /// No fee: who pays 10 has 10.
    public static let none = PurchaseFee(percent: ExactDecimal(0), minimum: .zero)

    /// Describes a fee.
    public init(percent: ExactDecimal, minimum: Credits) {
        self.percent = percent
        self.minimum = minimum
    }

    /// Parts what was paid into credits and fee.
    ///
    /// The credits are the most of which the sum with their own fee is not above what was paid; the fee is the rest, so
    /// that no nano-dollar is lost. A payment that is not above the minimum brings no credits.
    public func parts(of paid: Credits) -> (credits: Credits, fee: Credits) {
        guard paid > .zero else { return (.zero, .zero) }
        // c + c * p / 100 = paid. Numbers of at most 64 bits times 10^17 fit 128 bits.
        let whole = Int128(10).power(percent.scale) * 100
        let byPercent = Int128(paid.nanoUSD) * whole / (whole + Int128(max(0, percent.mantissa)))
        let byMinimum = Int128(paid.nanoUSD) - Int128(max(0, minimum.nanoUSD))
        let credits = Int64(clamping: max(0, min(byPercent, byMinimum)))
        return (Credits(nanoUSD: credits), Credits(nanoUSD: paid.nanoUSD - credits))
    }
}
