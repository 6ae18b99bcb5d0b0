import ConformanceKit
import Ledger
import Testing

@Suite struct PriceTermsTests {
    private let second = PriceLine(unit: .second, price: ExactDecimal(mantissa: 1, scale: 1) ?? ExactDecimal(0))

    private func percent(_ text: String) throws -> ExactDecimal { try #require(ExactDecimal(text)) }

    private func usage(_ seconds: String) throws -> MeteredUsage {
        MeteredUsage(quantities: [.second: try #require(ExactDecimal(seconds))])
    }

    @Test func aMarkupAndAFeeAreLinesOfTheirOwn() throws {
        let terms = PriceTerms(markupPercent: try percent("20"), feePercent: try percent("2.5"))
        let bill = try PriceSheet(lines: [second], terms: terms).bill(usage("4"), rounding: .halfToEven)
        #expect(bill.lines.map(\.unit) == [.second, .markup, .platformFee])
        #expect(bill.lines.map(\.quantity.description) == ["4", "0.400000000", "0.480000000"])
        #expect(bill.lines.map(\.price.description) == ["0.1", "0.20", "0.025"])
        #expect(bill.lines.map(\.amount.nanoUSD) == [400_000_000, 80_000_000, 12_000_000])
        #expect(bill.total.nanoUSD == 492_000_000)
        #expect(try bill.platformShare().nanoUSD == 92_000_000)
        #expect(bill.byokListPrice == nil)
        #expect(bill.lines.last?.why == "platform fee of 2.5 %")
    }

    @Test func theMinimumComesBeforeTheMarkup() throws {
        let floor = PriceLine(unit: .minimum, price: ExactDecimal(1))
        let terms = PriceTerms(markupPercent: try percent("10"))
        let bill = try PriceSheet(lines: [second, floor], terms: terms).bill(usage("4"), rounding: .up)
        #expect(bill.total.nanoUSD == 1_100_000_000)
    }

    @Test func whatCostsNothingHasNoShares() throws {
        let free = PriceLine(unit: .second, price: ExactDecimal(0))
        let terms = PriceTerms(markupPercent: try percent("10"), feePercent: try percent("5"))
        let bill = try PriceSheet(lines: [free], terms: terms).bill(usage("4"), rounding: .up)
        #expect(bill.lines.map(\.unit) == [.second])
        #expect(bill.total == .zero)
        let none = try PriceSheet(lines: [second], terms: PriceTerms()).bill(usage("4"), rounding: .up)
        #expect(none == (try PriceSheet(lines: [second]).bill(usage("4"), rounding: .up)))
    }

    @Test func eachShareIsRoundedOnce() throws {
        // 0.000000005 of markup, to the even nano-dollar; up for a hold.
        let tiny = PriceLine(unit: .second, price: ExactDecimal(mantissa: 5, scale: 9) ?? ExactDecimal(0))
        let sheet = PriceSheet(lines: [tiny], terms: PriceTerms(markupPercent: try percent("10")))
        #expect(try sheet.bill(usage("1"), rounding: .halfToEven).total.nanoUSD == 5)
        #expect(try sheet.bill(usage("3"), rounding: .halfToEven).total.nanoUSD == 17)
        #expect(try sheet.bill(usage("1"), rounding: .up).total.nanoUSD == 6)
    }

    @Test func anOwnKeyCostsTheFeeAlone() throws {
        let terms = PriceTerms(
            markupPercent: try percent("50"),
            feePercent: try percent("50"),
            byok: BYOKTerms(feePercent: try percent("5"), allowance: Credits(nanoUSD: 1_000_000_000))
        )
        let bill = try PriceSheet(lines: [second], terms: terms).bill(usage("4"), rounding: .up)
        #expect(bill.lines.map(\.amount.nanoUSD) == [0, 20_000_000])
        #expect(bill.lines.first?.why == "paid to the provider by your own key")
        #expect(bill.byokListPrice?.nanoUSD == 400_000_000)
        #expect(bill.total.nanoUSD == 20_000_000)
        #expect(try bill.platformShare() == bill.total)
    }

    // What of the month was used; the amount that the fee is of, and the fee.
    @Test(arguments: [
        (Int64(0), Int64(0), Int64(0)), (600_000_000, 0, 0), (600_000_001, 1, 0), (600_000_030, 30, 2),
        (800_000_000, 200_000_000, 10_000_000), (1_000_000_000, 400_000_000, 20_000_000),
        (Int64.max, 400_000_000, 20_000_000), (-5, 0, 0),
    ])
    func theFeeIsOfWhatIsAboveTheAllowance(_ used: Int64, _ above: Int64, _ fee: Int64) throws {
        let byok = BYOKTerms(feePercent: try percent("5"), allowance: Credits(nanoUSD: 1_000_000_000))
        let full = try PriceSheet(lines: [second], terms: PriceTerms(byok: byok)).bill(
            usage("4"),
            rounding: .halfToEven
        )
        let bill = try byok.bill(full, afterUse: Credits(nanoUSD: used))
        #expect(bill.lines.map(\.unit) == [.second, .platformFee])
        #expect(bill.lines.last?.quantity.scaled(toPlaces: 9) == above)
        #expect(bill.total.nanoUSD == fee)
        #expect(bill.byokListPrice == full.byokListPrice)
    }

    @Test func withoutAFeeAnOwnKeyIsFree() throws {
        let bill = try PriceSheet(lines: [second], terms: PriceTerms(byok: BYOKTerms())).bill(usage("4"), rounding: .up)
        #expect(bill.lines.map(\.unit) == [.second])
        #expect(bill.total == .zero)
        #expect(bill.byokListPrice?.nanoUSD == 400_000_000)
        #expect(try BYOKTerms().bill(bill, afterUse: .zero) == bill)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let large = PriceLine(unit: .second, price: ExactDecimal(9_000_000_000))
        let sheet = PriceSheet(lines: [large], terms: PriceTerms(markupPercent: try percent("10")))
        #expect(throws: LedgerRefusal.overflow) { _ = try sheet.bill(usage("1"), rounding: .up) }
        let precise = PriceTerms(feePercent: try percent("0.00000000000001"))
        #expect(throws: LedgerRefusal.overflow) {
            _ = try PriceSheet(lines: [second], terms: precise).bill(usage("1"), rounding: .up)
        }
    }

    /// Whatever the percentages are: a hold covers every bill of no more usage, and a share is never above its bill.
    @Test(arguments: [UInt64(1), 2, 3])
    func aHoldCoversItsBill(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func decimal(_ range: ClosedRange<Int64>, _ scale: Int) throws -> ExactDecimal {
            try #require(ExactDecimal(mantissa: Int64.random(in: range, using: &random), scale: scale))
        }
        for _ in 0..<2_000 {
            let own = Bool.random(using: &random)
            let terms = PriceTerms(
                markupPercent: try decimal(0...1_000, Int.random(in: 0...6, using: &random)),
                feePercent: try decimal(0...1_000, Int.random(in: 0...6, using: &random)),
                byok: own
                    ? BYOKTerms(
                        feePercent: try decimal(0...1_000, Int.random(in: 2...6, using: &random)),
                        allowance: Credits(nanoUSD: Int64.random(in: 0...1_000_000_000, using: &random))
                    ) : nil
            )
            let line = PriceLine(
                unit: .second,
                price: try decimal(0...1_000_000, Int.random(in: 3...12, using: &random))
            )
            let sheet = PriceSheet(lines: [line], terms: terms)
            let held = Int64.random(in: 0...100_000, using: &random)
            let hold = try sheet.bill(
                MeteredUsage(quantities: [.second: .thousandths(held)]),
                rounding: .up
            )
            var bill = try sheet.bill(
                MeteredUsage(quantities: [.second: .thousandths(Int64.random(in: 0...held, using: &random))]),
                rounding: .halfToEven
            )
            if let byok = terms.byok {
                let used = Credits(nanoUSD: Int64.random(in: 0...2_000_000_000, using: &random))
                bill = try byok.bill(bill, afterUse: used)
            }
            #expect(bill.total <= hold.total, "seed \(seed): \(terms) \(bill) \(hold)")
            #expect(bill.lines.reduce(0) { $0 + $1.amount.nanoUSD } == bill.total.nanoUSD)
            #expect(try bill.platformShare() <= bill.total)
        }
    }
}
