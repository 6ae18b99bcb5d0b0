import ConformanceKit
import JobCore
import Testing

@Suite struct TimestampTests {
    // From year 0000 to 9999: what RFC 3339 can say.
    private static let range = Int64(-62_167_219_200_000)...253_402_300_799_999

    @Test(arguments: [UInt64(1), 2, 3])
    func whatIsPrintedReadsBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let time = Timestamp(milliseconds: Int64.random(in: Self.range, using: &generator))
            let text = time.description
            #expect(text.utf8.count == 24)
            #expect(Timestamp(rfc3339: text) == time, "seed \(seed): \(text)")
        }
    }

    @Test(arguments: [UInt64(1), 2])
    func laterIsPrintedLater(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let left = Timestamp(milliseconds: Int64.random(in: Self.range, using: &generator))
            let right = left.adding(seconds: Double.random(in: -100_000...100_000, using: &generator))
            guard Self.range.contains(right.milliseconds) else { continue }
            #expect((left < right) == (left.description < right.description), "seed \(seed)")
        }
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (range.lowerBound, "0000-01-01T00:00:00.000Z"),
        (range.upperBound, "9999-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (1_795_253_400_123, "2026-11-21T09:30:00.123Z"),
    ])
    func knownTimesAreRight(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        ("2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000Z"),
        ("2026-11-21t09:30:00z", "2026-11-21T09:30:00.000Z"),
        ("2026-11-21T09:30:00.5Z", "2026-11-21T09:30:00.500Z"),
        ("2026-11-21T09:30:00.05Z", "2026-11-21T09:30:00.050Z"),
        ("2026-11-21T09:30:00.123999999Z", "2026-11-21T09:30:00.123Z"),
        ("2026-11-21T09:30:00+00:00", "2026-11-21T09:30:00.000Z"),
        ("2026-11-21T09:30:00-00:00", "2026-11-21T09:30:00.000Z"),
        ("2026-11-21T09:30:00+05:45", "2026-11-21T03:45:00.000Z"),
        ("2026-11-21T09:30:00.25-08:00", "2026-11-21T17:30:00.250Z"),
        ("2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00.000Z"),
        ("2023-03-01T00:30:00+01:00", "2023-02-28T23:30:00.000Z"),
        ("2026-12-31T23:59:59-00:01", "2027-01-01T00:00:59.000Z"),
        ("2026-11-21T09:30:00+23:59", "2026-11-20T09:31:00.000Z"),
    ])
    func offsetsAndFractionsAreRead(_ text: String, _ utc: String) {
        #expect(Timestamp(rfc3339: text)?.description == utc)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21T09:30Z", "2026-11-21 09:30:00Z", "2026-11-21T09:30:00.Z",
        "2026-11-21T09:30:00,5Z", "2026-11-21T09:30:00ZZ", "2026-11-21T09:30:00Z ", " 2026-11-21T09:30:00Z",
        "2026-11-21T09:30:00+0100", "2026-11-21T09:30:00+01", "2026-11-21T09:30:00+24:00",
        "2026-11-21T09:30:00+01:60", "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:30:60Z",
        "2026-00-21T09:30:00Z", "2026-13-21T09:30:00Z", "2026-11-00T09:30:00Z", "2026-11-31T09:30:00Z",
        "2026-02-29T09:30:00Z", "2024-02-30T09:30:00Z", "2100-02-29T09:30:00Z", "26-11-21T09:30:00Z",
        "12026-11-21T09:30:00Z", "-026-11-21T09:30:00Z", "2026-1-21T09:30:00Z", "2026/11/21T09:30:00Z",
        "2026-11-21T09.30.00Z", "２026-11-21T09:30:00Z", "1795253400", "now",
    ])
    func nothingElseReads(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func sumsAreClampedAtTheEnds() {
        let now = Timestamp(milliseconds: 1_000)
        #expect(now.adding(seconds: 0.0015).milliseconds == 1_002)
        #expect(now.adding(seconds: -2).milliseconds == -1_000)
        #expect(now.adding(seconds: .infinity) > now)
        #expect(now.adding(seconds: -.infinity) < now)
        #expect(Timestamp(milliseconds: .max).adding(seconds: 1).milliseconds == .max)
        #expect(Timestamp(milliseconds: .min).adding(seconds: -1).milliseconds == .min)
    }

    @Test func differencesAreInSeconds() {
        let (early, late) = (Timestamp(milliseconds: -500), Timestamp(milliseconds: 1_000))
        #expect(late.seconds(since: early) == 1.5)
        #expect(early.seconds(since: late) == -1.5)
    }
}
