/// What is charged besides a provider's price, or instead of it: part of a job's price snapshot.
///
/// A share is counted in percent, to the last place, of an amount that is rounded already, and is rounded once itself: a
/// hold's shares up, as all of a hold. So a hold covers its bill, whatever the percentages are.
public struct PriceTerms: Sendable, Hashable, Codable {
    /// What the operator adds to the provider's price, in percent of it.
    ///
    /// Defaults to 0.
    public var markupPercent: ExactDecimal
    /// The platform's fee, in percent of the price with its markup.
    ///
    /// Defaults to 0.
    public var feePercent: ExactDecimal
    /// What holds when the provider bills the client's own key: then nothing of the rest does.
    public var byok: BYOKTerms?

    /// Makes terms.
    public init(
        markupPercent: ExactDecimal = ExactDecimal(0),
        feePercent: ExactDecimal = ExactDecimal(0),
        byok: BYOKTerms? = nil
    ) {
        self.markupPercent = markupPercent
        self.feePercent = feePercent
        self.byok = byok
    }

    /// Whether a bill is the same with and without them.
    public var areEmpty: Bool { markupPercent.mantissa == 0 && feePercent.mantissa == 0 && byok == nil }

    /// A bill of a provider's prices, under these terms.
    func applied(to bill: Bill, rounding: ExactDecimal.Rounding) throws(LedgerRefusal) -> Bill {
        if let byok { return try byok.applied(to: bill, rounding: rounding) }
        var (lines, total) = (bill.lines, bill.total)
        let shares: [(PriceUnit, ExactDecimal, String)] = [
            (.markup, markupPercent, "\(markupPercent) % of the provider's price"),
            (.platformFee, feePercent, "platform fee of \(feePercent) %"),
        ]
        for (unit, percent, why) in shares where percent.mantissa != 0 && total != .zero {
            let line = try BillLine(unit, percent: percent, of: total, rounding: rounding, why: why)
            total = try total.adding(line.amount)
            lines.append(line)
        }
        return Bill(lines: lines, total: total)
    }
}

/// What a job costs whose provider bills the client's own key: a share of the list price, above an allowance.
public struct BYOKTerms: Sendable, Hashable, Codable {
    /// The platform's fee, in percent of the list price.
    ///
    /// Defaults to 0.
    public var feePercent: ExactDecimal
    /// The list price of a workspace's own keys that is free of the fee in each month, in UTC.
    ///
    /// Defaults to 0.
    public var allowance: Credits

    /// Makes terms.
    public init(feePercent: ExactDecimal = ExactDecimal(0), allowance: Credits = .zero) {
        self.feePercent = feePercent
        self.allowance = allowance
    }

    /// A bill of list prices, of which only the fee is charged: in full, as if nothing of the allowance were left.
    func applied(to bill: Bill, rounding: ExactDecimal.Rounding) throws(LedgerRefusal) -> Bill {
        let lines = bill.lines.map { line in
            BillLine(
                unit: line.unit,
                quantity: line.quantity,
                price: line.price,
                amount: .zero,
                why: [line.why, "paid to the provider by your own key"].filter { !$0.isEmpty }.joined(separator: "; ")
            )
        }
        return try with(
            lines,
            listPrice: bill.total,
            feeOf: bill.total,
            rounding: rounding,
            why: "platform fee of \(feePercent) % of the list price"
        )
    }

    /// The bill that is left when a part of the allowance was used before: the fee of what is above it.
    ///
    /// - Parameters:
    ///   - bill: The bill with the whole fee, as ``PriceSheet/bill(_:rounding:notes:)`` makes it.
    ///   - used: The list price of the month's jobs before this one.
    /// - Returns: A bill that costs no more.
    /// - Throws: `overflow`.
    public func bill(_ bill: Bill, afterUse used: Credits) throws(LedgerRefusal) -> Bill {
        guard let listPrice = bill.byokListPrice else { return bill }
        let left = max(.zero, try allowance.subtracting(max(.zero, used)))
        let above = max(.zero, try listPrice.subtracting(left))
        return try with(
            bill.lines.filter(\.unit.isOfPriceList),
            listPrice: listPrice,
            feeOf: above,
            rounding: .halfToEven,
            why: "platform fee of \(feePercent) % of the list price above \(allowance) USD a month"
        )
    }

    private func with(
        _ lines: [BillLine],
        listPrice: Credits,
        feeOf amount: Credits,
        rounding: ExactDecimal.Rounding,
        why: String
    ) throws(LedgerRefusal) -> Bill {
        guard feePercent.mantissa != 0 else { return Bill(lines: lines, total: .zero, byokListPrice: listPrice) }
        let fee = try BillLine(.platformFee, percent: feePercent, of: amount, rounding: rounding, why: why)
        return Bill(lines: lines + [fee], total: fee.amount, byokListPrice: listPrice)
    }
}

extension BillLine {
    /// A share of an amount: the amount in US dollars times a fraction.
    fileprivate init(
        _ unit: PriceUnit,
        percent: ExactDecimal,
        of amount: Credits,
        rounding: ExactDecimal.Rounding,
        why: String
    ) throws(LedgerRefusal) {
        guard let dollars = ExactDecimal(mantissa: amount.nanoUSD, scale: 9),
            let fraction = ExactDecimal(mantissa: percent.mantissa, scale: percent.scale + 2)
        else { throw .overflow }
        self.init(
            unit: unit,
            quantity: dollars,
            price: fraction,
            amount: try dollars.amount(at: fraction, rounding: rounding),
            why: why
        )
    }
}
