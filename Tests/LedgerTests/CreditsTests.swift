import ConformanceKit
import Foundation
import Ledger
import Testing

@Suite struct CreditsTests {
    @Test(arguments: [
        ("0", 0),
        ("100", 100_000_000_000),
        ("0.000000001", 1),
        ("1.5", 1_500_000_000),
        ("-5", -5_000_000_000),
        ("-0.000000001", -1),
        ("-0", 0),
        ("007", 7_000_000_000),
        ("0.400000000", 400_000_000),
        ("9223372036.854775807", Int64.max),
        ("-9223372036.854775807", -Int64.max),
    ])
    func readsDecimalDollars(_ text: String, _ nanoUSD: Int64) {
        #expect(Credits(usd: text)?.nanoUSD == nanoUSD)
    }

    @Test(arguments: [
        "", " ", "1 ", " 1", "+1", "-", ".", "1.", ".5", "-.5", "--1", "1e3", "1E3", "1,5", "1_000", "0x10", "NaN",
        "inf", "1.0000000001", "1.0000000000", "0.0000000001", "9223372036.854775808", "-9223372036.854775808",
        "99999999999999999999", "١", "1.2.3", "１", "1\u{0}",
    ])
    func readsNothingElse(_ text: String) {
        #expect(Credits(usd: text) == nil)
    }

    @Test(arguments: [
        (Int64(0), "0.000000000"),
        (1, "0.000000001"),
        (-1, "-0.000000001"),
        (400_000_000, "0.400000000"),
        (-1_500_000_000, "-1.500000000"),
        (Int64.max, "9223372036.854775807"),
        (Int64.min, "-9223372036.854775808"),
    ])
    func printsAllNinePlaces(_ nanoUSD: Int64, _ text: String) {
        #expect(Credits(nanoUSD: nanoUSD).description == text)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func whatIsPrintedReadsBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let bits = Int.random(in: 1...63, using: &generator)
            let nano = Int64(truncatingIfNeeded: generator.next()) >> (63 - bits)
            guard nano != .min else { continue }
            let credits = Credits(nanoUSD: nano)
            #expect(Credits(usd: credits.description) == credits, "seed \(seed)")
        }
    }

    @Test func sumsAndDifferencesAreExact() throws {
        let (three, two) = (Credits(nanoUSD: 3), Credits(nanoUSD: 2))
        #expect(try three.adding(two) == Credits(nanoUSD: 5))
        #expect(try two.subtracting(three) == Credits(nanoUSD: -1))
        #expect(two < three)
    }

    @Test func whatDoesNotFitIsRefused() {
        let (most, least, one) = (Credits(nanoUSD: .max), Credits(nanoUSD: .min), Credits(nanoUSD: 1))
        #expect(throws: LedgerRefusal.overflow) { try most.adding(one) }
        #expect(throws: LedgerRefusal.overflow) { try least.subtracting(one) }
        #expect(throws: LedgerRefusal.overflow) { try Credits.zero.subtracting(least) }
    }

    @Test func aStoredAmountIsAWholeNumber() throws {
        let encoded = try JSONEncoder().encode([Credits(nanoUSD: Int64.max)])
        #expect(String(decoding: encoded, as: UTF8.self) == "[9223372036854775807]")
        #expect(try JSONDecoder().decode([Credits].self, from: encoded) == [Credits(nanoUSD: .max)])
    }
}
