import ConformanceKit
import Routing
import Testing

@Suite("Shares that follow what is measured")
struct AdaptiveChoiceTests {
    private func measured(
        seconds: Double = 40,
        failing: Double = 0,
        adjusting: Double = 0,
        samples: Int = 1_000
    ) -> EndpointStanding {
        EndpointStanding(
            latency: flat(seconds),
            failureRate: failing,
            adjustmentRate: adjusting,
            samples: samples
        )
    }

    @Test func thoseThatPerformAlikeKeepTheirShares() {
        let alike = [
            measured(seconds: 40, failing: 0.02, adjusting: 0.01), measured(seconds: 55, failing: 0.05),
            measured(seconds: 45, adjusting: 0.05),
        ]
        #expect(AdaptiveChoice.merits(of: alike) == [.even, .even, .even])
    }

    @Test func oneThatTakesTwiceAsLongLosesShare() throws {
        let merits = AdaptiveChoice.merits(of: [measured(), measured(seconds: 120), measured(seconds: 42)])
        #expect(merits[0] == .even)
        #expect(merits[2] == .even)
        #expect(abs(merits[1].multiplier - 0.25) < 0.01)
        let words = try #require(merits[1].words)
        #expect(words == "It gets 25 % of its weight by price: it takes 120 s where others take 40 s.")
    }

    @Test func oneThatFailsOrAdjustsMoreLosesShare() {
        let failing = AdaptiveChoice.merits(of: [measured(), measured(failing: 0.3)])
        #expect(failing[0] == .even)
        #expect(failing[1].multiplier < 0.3 && failing[1].multiplier > 0.2)
        let adjusting = AdaptiveChoice.merits(of: [measured(), measured(adjusting: 0.5)])
        #expect(adjusting[1].multiplier < 0.6 && adjusting[1].multiplier > 0.5)
    }

    @Test func fewSamplesProveNothing() {
        let few = measured(seconds: 500, failing: 0.5, samples: AdaptiveChoice.samplesMin - 1)
        #expect(AdaptiveChoice.merits(of: [measured(), few]) == [.even, .even])
        #expect(AdaptiveChoice.merits(of: [few, measured(seconds: 500)]) == [.even, .even])
        #expect(AdaptiveChoice.merits(of: [measured(seconds: 500)]) == [.even])
        // Three of thirty is within what chance does where the others have one of a thousand.
        let chance = measured(failing: 0.1, samples: 30)
        #expect(AdaptiveChoice.merits(of: [measured(failing: 0.001), chance])[1] == .even)
    }

    @Test func noneIsEverShutOutOrPreferred() {
        var random = SeededGenerator(seed: 19)
        for _ in 0..<500 {
            let standings = (0..<Int(random.next() % 6)).map { _ in
                measured(
                    seconds: Double(random.next() % 10_000) / 10,
                    failing: Double(random.next() % 101) / 100,
                    adjusting: Double(random.next() % 101) / 100,
                    samples: Int(random.next() % 100)
                )
            }
            for merit in AdaptiveChoice.merits(of: standings) {
                #expect(merit.multiplier <= 1 && merit.multiplier >= AdaptiveChoice.multiplierMin)
                #expect((merit.words == nil) == (merit.multiplier == 1))
            }
        }
    }

    @Test func sharesChangeAtMostEveryFiveMinutes() {
        var ranking = AdaptiveRanking<String>()
        var asked = 0
        func merits(_ now: Int64, _ seconds: Double) -> [String: EndpointMerit] {
            ranking.merits(at: now) {
                asked += 1
                return [("a", measured()), ("b", measured(seconds: seconds))]
            }
        }
        #expect(merits(600_000, 400)["b"]?.multiplier ?? 1 < 1)
        #expect(merits(899_999, 40)["b"]?.multiplier ?? 1 < 1)
        #expect(asked == 1)
        #expect(merits(900_000, 40)["b"] == .even)
        #expect(asked == 2)
    }
}
