import ConformanceKit
import Foundation
import Ledger
import Testing

@Suite struct ExactDecimalTests {
    @Test(arguments: [
        ("5", Int64(5), 0),
        ("-0.125", -125, 3),
        ("0.0125", 125, 4),
        ("1.500", 1_500, 3),
        ("0.000000000000001", 1, 15),
        ("9223372036854775807", Int64.max, 0),
        ("0.00", 0, 2),
    ])
    func readsDigitsAsTheyAre(_ text: String, _ mantissa: Int64, _ scale: Int) throws {
        let value = try #require(ExactDecimal(text))
        #expect(value.mantissa == mantissa)
        #expect(value.scale == scale)
        #expect(value.description == text)
    }

    @Test(arguments: [
        "", "-", ".", "5.", ".5", "+5", "5e1", "0.0000000000000001", "9223372036854775808", "92233720368547758.080",
        " 5", "5 ", "٥", "5.٥", "1.-5", "½",
    ])
    func readsNothingElse(_ text: String) {
        #expect(ExactDecimal(text) == nil)
    }

    @Test func keepsNoMoreThanFifteenPlaces() {
        #expect(ExactDecimal(mantissa: 1, scale: 15) != nil)
        #expect(ExactDecimal(mantissa: 1, scale: 16) == nil)
        #expect(ExactDecimal(mantissa: 1, scale: -1) == nil)
    }

    @Test func millisecondsAreThousandthsOfASecond() {
        #expect(ExactDecimal.thousandths(5_040).description == "5.040")
        #expect(ExactDecimal.thousandths(-1).description == "-0.001")
    }

    @Test(arguments: [
        ("1.5", 9, Int64(1_500_000_000)),
        ("1.500", 1, 15),
        ("-1.5", 1, -15),
        ("9223372036.854775807", 9, Int64.max),
    ])
    func scalesWithoutLoss(_ text: String, _ places: Int, _ mantissa: Int64) {
        #expect(ExactDecimal(text)?.scaled(toPlaces: places) == mantissa)
    }

    @Test(arguments: [("1.55", 1), ("9223372037", 9), ("1", 19)])
    func refusesToScaleWithLoss(_ text: String, _ places: Int) {
        #expect(ExactDecimal(text)?.scaled(toPlaces: places) == nil)
    }

    // Quantity, price, to the nearer or the even, up. In nano US dollars.
    @Test(arguments: [
        ("4", "0.1", Int64(400_000_000), Int64(400_000_000)),
        ("0", "0.1", 0, 0),
        ("5.040", "0.0125", 63_000_000, 63_000_000),
        ("1234567.891", "0.000000123456783", 152_415_780, 152_415_781),
        ("1", "0.000000000000001", 0, 1),
        ("1", "0.0000000005", 0, 1),
        ("3", "0.0000000005", 2, 2),
        ("5", "0.0000000005", 2, 3),
        ("7", "0.0000000005", 4, 4),
        ("1", "0.00000000051", 1, 1),
        ("1", "0.00000000149", 1, 2),
        ("1", "0.0000000015", 2, 2),
        ("1", "0.0000000025", 2, 3),
        ("-1", "0.0000000005", 0, -1),
        ("-3", "0.0000000005", -2, -2),
        ("-1", "0.0000000011", -1, -2),
        ("0.001", "0.000001", 1, 1),
        ("1234567.891", "0.000000123456789", 152_415_788, 152_415_788),
        ("9223372036.854775807", "1", Int64.max, Int64.max),
    ])
    func roundsOncePerLine(_ quantity: String, _ price: String, _ nearest: Int64, _ up: Int64) throws {
        let quantity = try #require(ExactDecimal(quantity))
        let price = try #require(ExactDecimal(price))
        #expect(try quantity.amount(at: price, rounding: .halfToEven).nanoUSD == nearest)
        #expect(try price.amount(at: quantity, rounding: .halfToEven).nanoUSD == nearest)
        #expect(try quantity.amount(at: price, rounding: .up).nanoUSD == up)
    }

    @Test(arguments: [
        ("9223372036.854775807", "2"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775807", "9223372036854775807"),
        ("9223372037", "1"),
    ])
    func refusesWhatDoesNotFit(_ quantity: String, _ price: String) throws {
        let quantity = try #require(ExactDecimal(quantity))
        let price = try #require(ExactDecimal(price))
        #expect(throws: LedgerRefusal.overflow) { try quantity.amount(at: price, rounding: .up) }
    }

    @Test func theSmallestNumbersAreMultipliedWithoutLoss() throws {
        let least = try #require(ExactDecimal(mantissa: .min, scale: 15))
        // 2^126 / 10^30, and that times 10^9: 85,070,591,730,234,615.87 nano.
        #expect(try least.amount(at: least, rounding: .halfToEven).nanoUSD == 85_070_591_730_234_616)
        #expect(try least.amount(at: least, rounding: .up).nanoUSD == 85_070_591_730_234_616)
    }

    /// Held against the definition: a product of integers, and one division.
    @Test(arguments: [UInt64(1), 2, 3])
    func agreesWithTheDefinition(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let mantissas = (0..<2).map { _ in
                Int64(truncatingIfNeeded: generator.next()) >> Int64.random(in: 1...63, using: &generator)
            }
            let scales = (0..<2).map { _ in Int.random(in: 0...15, using: &generator) }
            let quantity = try #require(ExactDecimal(mantissa: mantissas[0], scale: scales[0]))
            let price = try #require(ExactDecimal(mantissa: mantissas[1], scale: scales[1]))
            var numerator = Int128(mantissas[0]) * Int128(mantissas[1])
            var denominator: Int128 = 1
            var doesFit = true
            for _ in 0..<max(0, 9 - scales.reduce(0, +)) where doesFit {
                let (product, overflow) = numerator.multipliedReportingOverflow(by: 10)
                doesFit = !overflow
                numerator = product
            }
            for _ in 0..<max(0, scales.reduce(0, +) - 9) { denominator *= 10 }
            let nearest = try? quantity.amount(at: price, rounding: .halfToEven).nanoUSD
            let up = try? quantity.amount(at: price, rounding: .up).nanoUSD
            guard doesFit, let floor = Int64(exactly: floored(numerator, denominator)) else {
                #expect(nearest == nil)
                continue
            }
            let rest = numerator - Int128(floor) * denominator
            let above = floor.addingReportingOverflow(1).partialValue
            let half = rest * 2
            let expected = half > denominator || (half == denominator && floor % 2 != 0) ? above : floor
            let away = rest == 0 ? floor : (numerator > 0 ? above : floor)
            guard floor < Int64.max, floor > Int64.min else { continue }
            #expect(nearest == expected, "seed \(seed): \(quantity) x \(price)")
            #expect(up == away, "seed \(seed): \(quantity) x \(price)")
        }
    }

    private func floored(_ value: Int128, _ divisor: Int128) -> Int128 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    @Test func isStoredAsText() throws {
        let value = try #require(ExactDecimal("0.0125"))
        let encoded = try JSONEncoder().encode([value])
        #expect(String(decoding: encoded, as: UTF8.self) == #"["0.0125"]"#)
        #expect(try JSONDecoder().decode([ExactDecimal].self, from: encoded) == [value])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ExactDecimal].self, from: Data(#"["1e3"]"#.utf8))
        }
    }
}
