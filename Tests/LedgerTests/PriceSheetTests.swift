import Ledger
import Testing

@Suite struct PriceSheetTests {
    private func line(
        _ unit: PriceUnit,
        _ price: String,
        _ conditions: [String: String] = [:]
    ) throws -> PriceLine {
        PriceLine(unit: unit, price: try #require(ExactDecimal(price)), conditions: conditions)
    }

    private func seconds(_ quantity: String, _ attributes: [String: String] = [:]) throws -> MeteredUsage {
        MeteredUsage(quantities: [.second: try #require(ExactDecimal(quantity))], attributes: attributes)
    }

    @Test func aBillShowsItsArithmetic() throws {
        let sheet = PriceSheet(lines: [
            try line(.second, "0.05", ["resolution": "720p", "audio": "true"]), try line(.request, "0.001"),
        ])
        let usage = MeteredUsage(
            quantities: [.second: .thousandths(4_040), .request: ExactDecimal(1), .token: ExactDecimal(9)],
            attributes: ["resolution": "720p", "audio": "true", "quality": "high"]
        )
        let bill = try sheet.bill(usage, rounding: .halfToEven)
        #expect(bill.lines.map(\.unit) == [.second, .request])
        #expect(bill.lines.map(\.quantity.description) == ["4.040", "1"])
        #expect(bill.lines.map(\.price.description) == ["0.05", "0.001"])
        #expect(bill.lines.map(\.amount.nanoUSD) == [202_000_000, 1_000_000])
        #expect(bill.lines.map(\.why) == ["audio=true resolution=720p", ""])
        #expect(bill.total.nanoUSD == 203_000_000)
    }

    // A quantity, and what each tier takes of it.
    @Test(arguments: [
        ("0", ["0"], 0), ("59.5", ["59.5"], 5_950_000_000), ("60", ["60"], 6_000_000_000),
        ("60.5", ["60", "0.5"], 6_025_000_000), ("600", ["60", "540"], 33_000_000_000),
        ("601.25", ["60", "540", "1.25"], 33_012_500_000),
    ])
    func whatIsAboveAQuantityHasAPriceOfItsOwn(_ quantity: String, _ parts: [String], _ nano: Int64) throws {
        let resolution = ["resolution": "720p"]
        let first = try line(.second, "0.10", resolution)
        func tier(_ above: String, _ price: String) throws -> PriceLine {
            let start = try #require(ExactDecimal(above))
            return PriceLine(unit: .second, price: try line(.second, price).price, conditions: resolution, above: start)
        }
        let lines = [try tier("600", "0.01"), first, try tier("60", "0.05"), try line(.second, "9")]
        for rotation in lines.indices {
            let sheet = PriceSheet(lines: Array(lines[rotation...] + lines[..<rotation]))
            let bill = try sheet.bill(seconds(quantity, resolution), rounding: .halfToEven)
            #expect(bill.lines.map(\.quantity).map(\.description) == parts)
            #expect(bill.total.nanoUSD == nano)
            let words = ["resolution=720p", "resolution=720p above 60", "resolution=720p above 600"]
            #expect(bill.lines.map(\.why) == Array(words.prefix(parts.count)))
        }
        // What the first units cost must be said.
        let lacking = PriceSheet(lines: [try tier("60", "0.05")])
        #expect(throws: LedgerRefusal.noPrice(unit: "second")) {
            try lacking.bill(seconds("1", resolution), rounding: .up)
        }
    }

    @Test func aPriceHasItsTime() throws {
        let price = try #require(ExactDecimal("0.1"))
        let sheet = PriceSheet(lines: [
            PriceLine(unit: .second, price: price, period: PricePeriod(from: nil, until: 1_000)),
            PriceLine(unit: .token, price: price, period: PricePeriod(from: 1_000, until: 2_000)),
            PriceLine(unit: .minimum, price: price),
        ])
        #expect(sheet.effective(atMilliseconds: 999).lines.map(\.unit) == [.second, .minimum])
        #expect(sheet.effective(atMilliseconds: 1_000).lines.map(\.unit) == [.token, .minimum])
        #expect(sheet.effective(atMilliseconds: 1_999).hasPrice)
        #expect(!sheet.effective(atMilliseconds: 2_000).hasPrice)
    }

    // The attributes of the usage, and the price that they lead to.
    @Test(arguments: [
        ([:], "0.10"),
        (["resolution": "1080p"], "0.10"),
        (["resolution": "720p"], "0.20"),
        (["resolution": "720p", "audio": "false"], "0.20"),
        (["audio": "true"], "0.15"),
        (["resolution": "720p", "audio": "true"], "0.30"),
        (["resolution": "720p", "audio": "true", "quality": "any"], "0.30"),
    ])
    func theLineWithTheMostConditionsThatHoldIsTaken(_ attributes: [String: String], _ price: String) throws {
        let lines = [
            try line(.second, "0.10"), try line(.second, "0.20", ["resolution": "720p"]),
            try line(.second, "0.30", ["resolution": "720p", "audio": "true"]),
            try line(.second, "0.15", ["audio": "true"]),
        ]
        for rotation in lines.indices {
            let sheet = PriceSheet(lines: Array(lines[rotation...] + lines[..<rotation]))
            let bill = try sheet.bill(seconds("1", attributes), rounding: .halfToEven)
            #expect(bill.lines.map(\.price.description) == [price])
        }
    }

    @Test func ofEquallyConditionalLinesTheFirstIsTaken() throws {
        let sheet = PriceSheet(lines: [
            try line(.second, "0.20", ["resolution": "720p"]), try line(.second, "0.15", ["audio": "true"]),
        ])
        let both = ["resolution": "720p", "audio": "true"]
        #expect(try sheet.bill(seconds("1", both), rounding: .up).total.nanoUSD == 200_000_000)
    }

    @Test func nothingIsFreeByAccident() throws {
        let conditional = PriceSheet(lines: [try line(.second, "0.20", ["resolution": "720p"])])
        #expect(throws: LedgerRefusal.noPrice(unit: "second")) {
            try conditional.bill(seconds("1", ["resolution": "1080p"]), rounding: .up)
        }
        let unmetered = PriceSheet(lines: [try line(.second, "0.20"), try line(.token, "0.001")])
        #expect(throws: LedgerRefusal.noPrice(unit: "token")) { try unmetered.bill(seconds("1"), rounding: .up) }
    }

    @Test func anEmptySheetIsFreeOnPurpose() throws {
        #expect(try PriceSheet(lines: []).bill(seconds("4"), rounding: .up) == .empty)
    }

    @Test func holdsRoundUpAndBillsToTheNearer() throws {
        let sheet = PriceSheet(lines: [try line(.second, "0.0000000001"), try line(.request, "0.0000000001")])
        let usage = MeteredUsage(quantities: [.second: ExactDecimal(1), .request: ExactDecimal(1)])
        #expect(try sheet.bill(usage, rounding: .up).total.nanoUSD == 2)
        #expect(try sheet.bill(usage, rounding: .halfToEven).total == .zero)
    }

    @Test func aTotalThatDoesNotFitIsRefused() throws {
        let sheet = PriceSheet(lines: [try line(.second, "9000000000"), try line(.request, "9000000000")])
        let usage = MeteredUsage(quantities: [.second: ExactDecimal(1), .request: ExactDecimal(1)])
        #expect(throws: LedgerRefusal.overflow) { try sheet.bill(usage, rounding: .up) }
    }
}
