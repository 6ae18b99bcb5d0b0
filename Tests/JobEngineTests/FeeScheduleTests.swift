import ConformanceKit
import JobCore
import Ledger
import Testing

@testable import JobEngine

/// Goal: a job is charged by the most specific markup, and by nothing where the operator charges nothing.
@Suite("Fees") struct FeeScheduleTests {
    private let endpoint = EndpointID(model: "vendor/video", provider: "vendor", account: "main")

    private func fees(_ markups: [FeeSchedule.Markup], inference: Int64 = 0) -> FeeSchedule {
        var fees = FeeSchedule()
        fees.markups = markups
        fees.inferencePercent = ExactDecimal(inference)
        return fees
    }

    @Test func nothingIsChargedBesidesByItself() {
        var fixtures = JobFixtures()
        #expect(FeeSchedule().terms(at: endpoint, for: fixtures.key()) == nil)
        let none = fees([FeeSchedule.Markup(percent: ExactDecimal(0))])
        #expect(none.terms(at: endpoint, for: fixtures.key()) == nil)
    }

    @Test func theMostSpecificMarkupCounts() {
        var fixtures = JobFixtures()
        let key = fixtures.key(workspace: "art")
        // From the least specific to the most: each beats all before it, in whatever order they stand.
        let ladder: [FeeSchedule.Markup] = [
            .init(percent: ExactDecimal(1)),
            .init(percent: ExactDecimal(2), model: "vendor/video"),
            .init(percent: ExactDecimal(3), workspace: "art"),
            .init(percent: ExactDecimal(4), model: "vendor/video", workspace: "art"),
            .init(percent: ExactDecimal(5), keyHash: key.hash),
            .init(percent: ExactDecimal(6), model: "vendor/video", keyHash: key.hash),
            .init(percent: ExactDecimal(7), model: "vendor/video", workspace: "art", keyHash: key.hash),
        ]
        for count in 1...ladder.count {
            for known in [Array(ladder.prefix(count)), ladder.prefix(count).reversed()] {
                let terms = fees(known).terms(at: endpoint, for: key)
                #expect(terms?.markupPercent == ExactDecimal(Int64(count)))
            }
        }
        let strangers: [FeeSchedule.Markup] = [
            .init(percent: ExactDecimal(8), model: "vendor/image"), .init(percent: ExactDecimal(8), workspace: "zoo"),
            .init(percent: ExactDecimal(8), model: "vendor/video", workspace: "zoo"),
            .init(percent: ExactDecimal(8), keyHash: fixtures.hash()),
        ]
        #expect(fees(strangers).terms(at: endpoint, for: key) == nil)
        #expect(fees(strangers, inference: 5).terms(at: endpoint, for: key) == PriceTerms(feePercent: ExactDecimal(5)))
    }

    @Test func anOwnKeyHasItsOwnTerms() {
        var fixtures = JobFixtures()
        var schedule = fees([.init(percent: ExactDecimal(1))], inference: 5)
        let own = EndpointID(model: "vendor/video", provider: "vendor", account: "byok:1")
        #expect(schedule.terms(at: own, for: fixtures.key()) == PriceTerms(byok: BYOKTerms()))
        schedule.byok = BYOKTerms(feePercent: ExactDecimal(5), allowance: Credits(nanoUSD: 1))
        #expect(schedule.terms(at: own, for: fixtures.key()) == PriceTerms(byok: schedule.byok))
    }
}
