import Foundation
import Ledger
import Testing

/// Goal: video tokens are counted as the vendor counts them, in whole numbers, and what is held covers what is reported.
@Suite struct VideoMeterTests {
    private let count = VideoMeter.TokenCount(
        framesPerSecond: 24,
        extraFrames: 1,
        pixelsPerToken: 1_024,
        pixelsMax: ["720p": 921_600],
        inputThirdsMin: 5
    )

    // Width, height, seconds, and the tokens: the first is what the vendor's API reported.
    @Test(
        arguments: [
            (1_280, 720, 5, 108_900), (1_280, 720, 4, 87_300), (1_280, 720, 15, 324_900), (1_920, 1_080, 5, 245_025),
            (864, 496, 5, 50_639), (960, 960, 10, 216_900), (1, 1, 0, 1),
        ] as [(Int64, Int64, Int64, Int64)]
    )
    func tokensAreCountedInWholeNumbers(_ width: Int64, _ height: Int64, _ seconds: Int64, _ tokens: Int64) {
        #expect(count.tokens(pixels: width * height, seconds: seconds) == tokens)
    }

    // A file of 121 frames is 5.042 s long; one of 120 frames lacks the frame that is counted besides.
    @Test(
        arguments: [(5_000, 108_900), (5_042, 108_900), (5_041, 108_900), (10_042, 216_900), (0, 900)]
            as [(Int64, Int64)]
    )
    func aMeasuredVideoHasTheTokensOfItsFrames(_ milliseconds: Int64, _ tokens: Int64) {
        #expect(count.tokens(pixels: 921_600, milliseconds: milliseconds) == tokens)
    }

    // The vendor's table of least tokens with video inputs, without the frame that is counted besides: 7 s for 4 s.
    @Test(arguments: [(4, 7), (5, 9), (6, 10), (10, 17), (15, 25)] as [(Int64, Int64)])
    func videoInputsCountAtLeastTwoThirdsMore(_ output: Int64, _ least: Int64) {
        #expect(count.seconds(output: output, inputs: 0) == least)
        #expect(count.seconds(output: output, inputs: 15) == max(least, output + 15))
    }

    @Test func figuresBeyondAllBoundsEndNothing() {
        #expect(count.tokens(pixels: .max, seconds: .max) == .max)
        #expect(count.tokens(pixels: .max, milliseconds: .max) == .max)
        #expect(count.tokens(pixels: -1, seconds: 5) == .max)
        #expect(count.seconds(output: .max, inputs: .max) == .max)
        var broken = count
        (broken.framesPerSecond, broken.pixelsPerToken) = (0, 0)
        #expect(broken.tokens(pixels: 1, milliseconds: 1_000) >= 0)
    }

    @Test func aMinimumBringsTheTotalUpToIt() throws {
        func line(_ unit: PriceUnit, _ price: String, _ conditions: [String: String] = [:]) throws -> PriceLine {
            PriceLine(unit: unit, price: try #require(ExactDecimal(price)), conditions: conditions)
        }
        let sheet = PriceSheet(lines: [
            try line(.minimum, "0.5"), try line(.second, "0.1"), try line(.minimum, "1.25", ["input": "video"]),
        ])
        func bill(_ seconds: Int64, _ attributes: [String: String] = [:]) throws -> Bill {
            let usage = MeteredUsage(quantities: [.second: ExactDecimal(seconds)], attributes: attributes)
            return try sheet.bill(usage, rounding: .halfToEven)
        }
        let short = try bill(3)
        #expect(short.lines.map(\.unit) == [.second, .minimum])
        #expect(short.lines.map(\.amount.nanoUSD) == [300_000_000, 200_000_000])
        #expect(short.lines.last?.why == "up to the minimum of 0.5 USD")
        #expect(short.lines.last?.price.description == "0.200000000")
        #expect(short.total.nanoUSD == 500_000_000)
        #expect(try bill(5).lines.map(\.unit) == [.second])
        #expect(try bill(6).total.nanoUSD == 600_000_000)
        let fromVideo = try bill(3, ["input": "video"])
        #expect(fromVideo.total.nanoUSD == 1_250_000_000)
        #expect(fromVideo.lines.last?.why == "input=video; up to the minimum of 1.25 USD")
    }

    @Test func referencePicturesAreBilledWhereThereAreAny() throws {
        let price = try #require(ExactDecimal("0.03"))
        let sheet = PriceSheet(lines: [
            PriceLine(unit: .request, price: price),
            PriceLine(unit: .referenceImage, price: price, conditions: ["input": "reference"]),
        ])
        func bill(_ pictures: Int64, _ input: String) throws -> Bill {
            let quantities: [PriceUnit: ExactDecimal] = [
                .request: ExactDecimal(1), .referenceImage: ExactDecimal(pictures),
            ]
            return try sheet.bill(MeteredUsage(quantities: quantities, attributes: ["input": input]), rounding: .up)
        }
        #expect(try bill(0, "text").lines.map(\.unit) == [.request])
        #expect(try bill(3, "reference").lines.map(\.amount.nanoUSD) == [30_000_000, 90_000_000])
        #expect(throws: LedgerRefusal.noPrice(unit: "reference_image")) { try bill(1, "text") }
    }

    @Test func quantitiesAreBoundedHoweverTheyAreWritten() throws {
        let more = MeteredUsage(quantities: [
            .second: .thousandths(5_042), .token: ExactDecimal(9), .request: ExactDecimal(1),
        ])
        let held = MeteredUsage(quantities: [.second: ExactDecimal(5), .token: ExactDecimal(10)])
        let (usage, cut) = more.bounded(by: held)
        #expect(cut == [.second])
        #expect(usage.quantities == [.second: ExactDecimal(5), .token: ExactDecimal(9), .request: ExactDecimal(1)])
        #expect(!ExactDecimal.thousandths(5_000).exceeds(ExactDecimal(5)))
        #expect(ExactDecimal.thousandths(5_001).exceeds(ExactDecimal(5)))
        #expect(ExactDecimal(.max).exceeds(.thousandths(.max)))
    }

    /// A job that was admitted before sheets had a meter is still billed.
    @Test func aSnapshotWithoutAMeterIsRead() throws {
        let text = #"{"lines":[{"unit":"second","price":"0.1","conditions":{"resolution":"720p"}}]}"#
        let sheet = try JSONDecoder().decode(PriceSheet.self, from: Data(text.utf8))
        #expect(sheet.videoMeter == nil)
        #expect(sheet.lines.map(\.unit) == [.second])
        let meter = VideoMeter(secondsMax: 15, inputSecondsMax: 15, tokens: count)
        let metered = PriceSheet(lines: sheet.lines, videoMeter: meter)
        #expect(try JSONDecoder().decode(PriceSheet.self, from: JSONEncoder().encode(metered)) == metered)
    }
}
