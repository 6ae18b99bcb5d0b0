import ConformanceKit
import Foundation
import Ledger
import Routing
import Testing

@Suite("The order in which endpoints are tried")
struct RoutingPlanTests {
    /// How often each candidate comes first, and how often second, in so many plans.
    private func shares(
        of candidates: [RoutingCandidate],
        _ preferences: RoutingPreferences = RoutingPreferences(),
        place: Int = 0,
        rounds: Int = 20_000
    ) -> [Double] {
        var random = SeededGenerator(seed: 7)
        var counts = Array(repeating: 0, count: candidates.count)
        for _ in 0..<rounds {
            counts[RoutingPlan.ordered(candidates, preferences, random: &random)[place].index] += 1
        }
        return counts.map { Double($0) / Double(rounds) }
    }

    @Test func stableEndpointsAreDrawnByTheInverseSquareOfThePrice() {
        let shares = shares(of: [candidate(0, price: 100), candidate(1, price: 200), candidate(2, price: 300)])
        #expect(abs(shares[0] - 36.0 / 49) < 0.01)
        #expect(abs(shares[1] - 9.0 / 49) < 0.01)
        #expect(abs(shares[2] - 4.0 / 49) < 0.01)
    }

    @Test func theSecondIsDrawnFromTheRestByTheSameRule() {
        let all = [candidate(0, price: 100), candidate(1, price: 200), candidate(2, price: 300)]
        let second = shares(of: all, place: 1)
        // P(second is 0) = P(1 first) * 36/40 + P(2 first) * 36/45.
        #expect(abs(second[0] - (9.0 / 49 * 36 / 40 + 4.0 / 49 * 36 / 45)) < 0.01)
    }

    @Test func whatFailedJustNowComesBehindAsAFallback() {
        let all = [candidate(0, price: 100), candidate(1, price: 200, .outage), candidate(2, price: 300)]
        let first = shares(of: all)
        #expect(abs(first[0] - 0.9) < 0.01)
        #expect(first[1] == 0)
        #expect(shares(of: all, place: 2)[1] == 1)
    }

    @Test func whatLetsNothingThroughComesBehindWhatOnlyFailed() {
        for shut in [EndpointStanding.open(), .paused()] {
            let all = [candidate(0, price: 1, shut), candidate(1, price: 500, .outage), candidate(2, price: 900)]
            #expect(plan(all) == [2, 1, 0])
        }
    }

    @Test func ofSeveralInAnOutageTheCheaperComesFirstMoreOften() {
        let first = shares(of: [candidate(0, price: 100, .outage), candidate(1, price: 200, .outage)])
        #expect(abs(first[0] - 0.8) < 0.015)
    }

    @Test func whatIsFreeComesBeforeAllThatCosts() {
        let all = [candidate(0, price: 1), candidate(1, price: 0), candidate(2, price: 0)]
        let first = shares(of: all)
        #expect(first[0] == 0)
        #expect(abs(first[1] - 0.5) < 0.015)
        #expect(shares(of: all, place: 2)[0] == 1)
        #expect(choices(all)[0].reason.rule == .free)
    }

    @Test func orderComesFirstAndTheRestFollows() {
        let all = [candidate(0, "a", price: 1), candidate(1, "b", price: 9), candidate(2, "c/fast", price: 5)]
        #expect(plan(all, RoutingPreferences(order: ["b", "c"])) == [1, 2, 0])
        // Even when it failed just now: it is the client's word. What lets nothing through cannot be used.
        let failed = [candidate(0, "a", price: 1), candidate(1, "b", price: 9, .outage)]
        #expect(plan(failed, RoutingPreferences(order: ["b"])) == [1, 0])
        let open = [candidate(0, "a", price: 1), candidate(1, "b", price: 9, .open())]
        #expect(plan(open, RoutingPreferences(order: ["b"])) == [0, 1])
    }

    @Test func behindAnOrderThatNamesNoneEverythingIsAsUsual() {
        let all = [candidate(0, "a", price: 100), candidate(1, "b", price: 200)]
        #expect(abs(shares(of: all, RoutingPreferences(order: ["x"]))[0] - 0.8) < 0.01)
    }

    @Test func withoutFallbacksThereIsOneOrThoseOfTheOrder() {
        let all = [candidate(0, "a", price: 1), candidate(1, "b", price: 9), candidate(2, "c", price: 5)]
        #expect(plan(all, RoutingPreferences(allowFallbacks: false)).count == 1)
        #expect(plan(all, RoutingPreferences(order: ["c", "b"], allowFallbacks: false)) == [2, 1])
        #expect(plan(all, RoutingPreferences(order: ["x"], allowFallbacks: false)).isEmpty)
        // Neither does a key of one's own come in that the order does not name.
        let own = all + [candidate(3, "d", tier: .own)]
        #expect(plan(own, RoutingPreferences(order: ["c"], allowFallbacks: false)) == [2])
    }

    @Test func aBaseSlugMeansItsVariantsAndNothingElse() {
        let all = [candidate(0, "acme"), candidate(1, "acme/eu"), candidate(2, "acme-two"), candidate(3, "other")]
        #expect(Set(plan(all, RoutingPreferences(only: ["acme"]))) == [0, 1])
        #expect(plan(all, RoutingPreferences(only: ["acme/eu"])) == [1])
        #expect(Set(plan(all, RoutingPreferences(ignore: ["acme"]))) == [2, 3])
        #expect(Set(plan(all, RoutingPreferences(only: ["acme"], ignore: ["acme/eu"]))) == [0])
        #expect(plan(all, RoutingPreferences(only: [])).isEmpty)
        #expect(!ProviderSlug.isMeant("acme", by: "acme/eu"))
    }

    @Test func sortedPlansAreAlwaysTheSame() {
        let quick = EndpointStanding(latency: flat(10), throughput: flat(1))
        let rich = EndpointStanding(latency: flat(20), throughput: flat(9))
        let all = [
            candidate(0, price: 200, quick), candidate(1, price: 100, rich), candidate(2, price: 100),
            candidate(3, price: 50, .outage),
        ]
        for seed in UInt64(0)..<20 {
            func sorted(_ key: RoutingPreferences.Sort.Key) -> [Int] {
                plan(all, RoutingPreferences(sort: .init(by: key)), seed: seed)
            }
            #expect(sorted(.price) == [1, 2, 0, 3])
            #expect(sorted(.throughput) == [1, 0, 2, 3])
            #expect(sorted(.latency) == [0, 1, 2, 3])
        }
    }

    @Test func aListOfModelsIsExhaustedModelByModelUnlessSortedOverAll() {
        let all = [
            candidate(0, price: 900, model: 0), candidate(1, price: 100, model: 1), candidate(2, price: 800, model: 0),
        ]
        #expect(plan(all, RoutingPreferences(sort: .init(by: .price))) == [2, 0, 1])
        #expect(plan(all, RoutingPreferences(sort: .init(by: .price, partition: .none))) == [1, 2, 0])
        #expect(Set(plan(all).prefix(2)) == [0, 2])
        // Even when all of the first model failed just now.
        let failing = [candidate(0, price: 900, model: 0, .outage), candidate(1, price: 100, model: 1)]
        #expect(plan(failing) == [0, 1])
    }

    @Test func whatMissesABoundComesLastButStays() {
        let slow = EndpointStanding(latency: flat(50), throughput: flat(1))
        let fast = EndpointStanding(latency: flat(5), throughput: flat(8))
        let all = [candidate(0, price: 1, slow), candidate(1, price: 900, fast)]
        #expect(plan(all, RoutingPreferences(maxLatency: PercentileBounds(p90: 10))) == [1, 0])
        #expect(plan(all, RoutingPreferences(minThroughput: PercentileBounds(p50: 4))) == [1, 0])
        #expect(plan(all, RoutingPreferences(maxLatency: PercentileBounds(p50: 60, p99: 10))) == [1, 0])
        // What was never measured misses nothing.
        #expect(
            plan([candidate(0), candidate(1, price: 100, slow)], RoutingPreferences(maxLatency: .init(p50: 1))) == [
                0, 1,
            ]
        )
        // A fallback model may stand in for one that is too slow; a key of one's own comes first all the same.
        let models = [candidate(0, model: 0, slow), candidate(1, model: 1, fast)]
        #expect(plan(models, RoutingPreferences(maxLatency: .init(p50: 10))) == [1, 0])
        let own = [candidate(0, tier: .own, slow), candidate(1, price: 100, fast)]
        #expect(plan(own, RoutingPreferences(maxLatency: .init(p50: 10))) == [0, 1])
    }

    @Test func ownKeysComeFirstInTheirOrderAndFallbackKeysLast() {
        let all = [
            candidate(0, "a", price: 1), candidate(1, "b", price: 900, tier: .own),
            candidate(2, "c", price: 800, tier: .own), candidate(3, "d", price: 0, tier: .ownFallback),
        ]
        for seed in UInt64(0)..<20 {
            #expect(plan(all, seed: seed) == [1, 2, 0, 3])
            #expect(plan(all, RoutingPreferences(order: ["a"]), seed: seed) == [1, 2, 0, 3])
            #expect(plan(all, RoutingPreferences(sort: .init(by: .price)), seed: seed) == [1, 2, 0, 3])
        }
    }

    @Test func whatChangesTheRequestComesBehindWithinItsTier() {
        let all = [
            candidate(0, price: 1, adjustments: 1), candidate(1, price: 900), candidate(2, price: 800, .outage),
            candidate(3, price: 900, tier: .own, adjustments: 2),
        ]
        #expect(plan(all) == [3, 1, 2, 0])
        #expect(plan(all, RoutingPreferences(sort: .init(by: .price))) == [3, 1, 2, 0])
        #expect(plan(all, RoutingPreferences(requireParameters: true)) == [1, 2])
        let named = RoutingPreferences(order: ["provider-0"])
        #expect(plan(all, named) == [3, 0, 1, 2])
    }

    @Test func whatIsAboveTheMaximumPriceIsLeftOut() {
        #expect(plan([candidate(0, isWithinMaxPrice: false), candidate(1)]) == [1])
        #expect(plan([candidate(0, isWithinMaxPrice: false)]).isEmpty)
    }

    @Test func aWorseMeritTakesItsPartOfTheShare() {
        let worse = EndpointMerit(multiplier: 0.25, words: "It is slow.")
        let all = [candidate(0, price: 100, merit: worse), candidate(1, price: 100)]
        #expect(abs(shares(of: all)[0] - 0.2) < 0.01)
        let reason = choices(all).first { $0.index == 0 }?.reason
        #expect(reason?.marks == [.measuredWorse])
        #expect(reason?.note == "It is slow.")
        // A sort is the client's word: merits do not touch it.
        #expect(plan(all, RoutingPreferences(sort: .init(by: .price))) == [0, 1])
    }

    @Test func reasonsAreToldInWordsAndSurviveBeingStored() throws {
        let all = [candidate(0, price: 40), candidate(1, price: 80, .open()), candidate(2, price: 80, .outage)]
        let made = choices(all)
        #expect(
            made.map(\.reason.words) == [
                "First choice: the only one of its standing, at $0.40.",
                "Choice 2 of 3: the only one of its standing, at $0.80. Held back: it failed in the last 30 seconds.",
                "Choice 3 of 3: the only one of its standing, at $0.80. "
                    + "Held back: it fails again and again, and is left alone for now.",
            ]
        )
        let drawn = choices([candidate(0, price: 40), candidate(1, price: 80)]).first { $0.index == 0 }
        #expect(drawn?.reason.words.hasSuffix("at $0.40 its share is 80 %.") == true)
        let stored = try JSONDecoder().decode([RoutingChoice].self, from: JSONEncoder().encode(made))
        #expect(stored == made)
        for rule in RoutingReason.Rule.allCases {
            let reason = RoutingReason(
                place: 1,
                count: 1,
                rule: rule,
                peers: 2,
                marks: RoutingReason.Mark.allCases,
                price: Credits(nanoUSD: 1),
                share: 0.5
            )
            #expect(!reason.words.isEmpty)
        }
    }

    @Test func theSameSeedMakesTheSamePlan() {
        let all = (0..<8).map { candidate($0, price: Int64($0 + 1)) }
        #expect(plan(all, seed: 5) == plan(all, seed: 5))
        #expect(Set((UInt64(0)..<20).map { plan(all, seed: $0) }).count > 10)
    }

    @Test func anAccountsDefaultsFillWhatTheRequestDoesNotSay() {
        let account = RoutingPreferences(
            order: ["a"],
            only: ["a", "b/x", "c"],
            ignore: ["d"],
            allowFallbacks: false,
            sort: .init(by: .price)
        )
        let silent = RoutingPreferences().over(account)
        #expect(silent == account)
        let request = RoutingPreferences(order: ["z"], only: ["b", "c", "e"], ignore: ["f"], allowFallbacks: true)
        let both = request.over(account)
        #expect(both.order == ["z"])
        #expect(both.only.map(Set.init) == ["b/x", "c"])
        #expect(both.ignore.map(Set.init) == ["d", "f"])
        #expect(both.allowFallbacks == true)
        #expect(both.sort == .init(by: .price))
        #expect(RoutingPreferences(only: ["x"]).over(account).only == [])
        #expect(RoutingPreferences().over(RoutingPreferences()) == RoutingPreferences())
    }
}
