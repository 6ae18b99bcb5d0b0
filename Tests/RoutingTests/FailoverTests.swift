import ConformanceKit
import Routing
import Testing

@Suite("Where a job goes after an attempt that failed")
struct FailoverTests {
    private let up = [EndpointStanding(), EndpointStanding(), EndpointStanding()]

    private func decide(
        _ end: AttemptEnd,
        route: Int = 0,
        plan: [EndpointStanding]? = nil,
        earlier: [Failover.Earlier] = [],
        allowsContentFallback: Bool = false,
        at now: Int64 = 1_000_000
    ) -> Failover.Decision {
        Failover.decide(
            after: end,
            route: route,
            plan: plan ?? up,
            earlier: earlier,
            allowsContentFallback: allowsContentFallback,
            at: now
        )
    }

    private func refused(_ failure: AttemptEnd.Failure, capacity: Bool = false) -> AttemptEnd {
        AttemptEnd(failure, isForCapacity: capacity, billing: .notCharged, requestReachedProvider: .yes)
    }

    private func tried(
        _ route: Int,
        counts: Bool = true,
        retryable: Bool = true,
        at: Int64 = 999_000
    )
        -> Failover.Earlier
    {
        Failover.Earlier(route: route, isRetryable: retryable, counts: counts, endedAtMilliseconds: at)
    }

    // MARK: Money

    @Test func onlyWhatProvablyCostsNothingIsTriedAgain() {
        for failure in AttemptEnd.Failure.allCases {
            for billing in AttemptEnd.Billing.allCases {
                for reached in AttemptEnd.Reached.allCases {
                    for wasAccepted in [false, true] {
                        let end = AttemptEnd(
                            failure,
                            wasAccepted: wasAccepted,
                            billing: billing,
                            requestReachedProvider: reached,
                            isEndpointsOwn: true
                        )
                        let didNotStart = !wasAccepted && reached == .no
                        let isFree = billing == .notCharged && (wasAccepted || reached == .yes)
                        let decision = decide(end, allowsContentFallback: true)
                        if didNotStart || isFree {
                            #expect(decision == .other(route: 1, afterSeconds: 0), "\(end)")
                        } else {
                            #expect(decision == .none(.mayHaveCharged), "\(end)")
                        }
                    }
                }
            }
        }
    }

    @Test func aLookUpMayProveWhatTheAnswerDidNot() {
        let absent = AttemptEnd(
            .unavailable,
            billing: .unknown,
            requestReachedProvider: .unknown,
            isProvenAbsent: true
        )
        #expect(decide(absent) == .other(route: 1, afterSeconds: 0))
    }

    // MARK: What travels

    @Test(arguments: [
        AttemptEnd.Failure.authentication, .insufficientProviderFunds, .rateLimited, .unavailable, .timedOut,
        .notFound, .unknown,
    ])
    func theProvidersTroublesTravel(failure: AttemptEnd.Failure) {
        #expect(decide(refused(failure)) == .other(route: 1, afterSeconds: 0))
    }

    @Test func aContentRefusalTravelsOnlyIfTheClientAllowsIt() {
        #expect(decide(refused(.contentPolicy)) == .none(.contentPolicy))
        #expect(decide(refused(.contentPolicy), allowsContentFallback: true) == .other(route: 1, afterSeconds: 0))
        // Never to the one that refused it.
        #expect(
            decide(refused(.contentPolicy), plan: [EndpointStanding()], allowsContentFallback: true)
                == .none(.planExhausted)
        )
    }

    @Test func aBadRequestTravelsOnlyIfItIsTheEndpointsFault() {
        var end = refused(.invalidRequest)
        #expect(decide(end) == .none(.invalidRequest))
        end.isEndpointsOwn = true
        #expect(decide(end) == .other(route: 1, afterSeconds: 0))
        #expect(decide(end, plan: [EndpointStanding()]) == .none(.planExhausted))
    }

    // MARK: Where to

    @Test func theNextIsTheFirstThatWasNotTriedAndCanBeUsed() {
        let plan = [EndpointStanding(), .open(until: 1_050_000), EndpointStanding()]
        #expect(decide(refused(.unavailable), plan: plan) == .other(route: 2, afterSeconds: 0))
        #expect(
            decide(refused(.unavailable), route: 2, plan: plan, earlier: [tried(0, at: 990_000)])
                == .other(route: 0, afterSeconds: 0)
        )
    }

    @Test func whenAllWereTriedTheOneThatIsReadySoonestIsAskedAgain() {
        // Its own pause is shorter than the time the other is shut for.
        let plan = [EndpointStanding(), EndpointStanding.open(until: 1_050_000)]
        #expect(decide(refused(.unavailable, capacity: true), plan: plan) == .sameEndpoint(afterSeconds: 1))
        var slow = refused(.rateLimited, capacity: true)
        slow.retry = .after(seconds: 80)
        #expect(decide(slow, plan: plan) == .other(route: 1, afterSeconds: 50))
        #expect(decide(slow, plan: [EndpointStanding()]) == .sameEndpoint(afterSeconds: 80))
    }

    @Test func pausesGrowWithTheTriesAtOneEndpoint() {
        let earlier = (0..<4).map { tried(0, counts: false, at: 900_000 + Int64($0)) }
        #expect(
            decide(refused(.unavailable, capacity: true), plan: [EndpointStanding()], earlier: earlier)
                == .sameEndpoint(afterSeconds: 16)
        )
        #expect(Failover.backoffSeconds(100) == 60)
    }

    @Test func whatWouldRefuseAgainIsNotAskedAgain() {
        for failure in [AttemptEnd.Failure.authentication, .insufficientProviderFunds] {
            #expect(decide(refused(failure), plan: [EndpointStanding()]) == .none(.planExhausted))
        }
        var never = refused(.unavailable)
        never.retry = .never
        #expect(decide(never, plan: [EndpointStanding()]) == .none(.planExhausted))
        #expect(
            decide(refused(.unavailable), plan: [EndpointStanding()], earlier: [tried(0, retryable: false)])
                == .none(.planExhausted)
        )
    }

    @Test func threeAttemptsAreAllButThoseRefusedForCapacityDoNotCount() {
        #expect(decide(refused(.unknown), route: 2, earlier: [tried(0), tried(1)]) == .none(.attemptsUsed))
        #expect(decide(refused(.unknown), route: 1, earlier: [tried(0)]) == .other(route: 2, afterSeconds: 0))
        let free = (0..<30).map { tried($0 % 3, counts: false, at: 900_000) }
        #expect(decide(refused(.rateLimited, capacity: true), earlier: free) != .none(.attemptsUsed))
        #expect(decide(refused(.unknown), earlier: free + [tried(1), tried(2)]) == .none(.attemptsUsed))
    }

    @Test func aWaitingJobLeavesAnEndpointThatWasShutMeanwhile() {
        let plan = [EndpointStanding.open(until: 1_060_000), EndpointStanding(), EndpointStanding()]
        #expect(Failover.route(from: 0, plan: plan, earlier: [], at: 1_000_000) == (1, 0))
        #expect(Failover.route(from: 2, plan: plan, earlier: [], at: 1_000_000) == (2, 0))
        let shut = [EndpointStanding.open(until: 1_060_000), .paused(until: 1_020_000)]
        #expect(Failover.route(from: 0, plan: shut, earlier: [], at: 1_000_000) == (1, 20))
        #expect(Failover.route(from: 0, plan: [], earlier: [], at: 1_000_000) == (0, 0))
    }

    @Test func refusalsAreToldInWords() {
        for refusal in Failover.Refusal.allCases { #expect(refusal.words.hasSuffix(".")) }
    }

    // MARK: What it says about the endpoint

    @Test func ownMistakesAreNotHeldAgainstTheEndpoint() {
        func outcome(_ failure: AttemptEnd.Failure, own: Bool = false) -> AttemptOutcome.Kind {
            refused(failure).outcome(isOwnKey: own)
        }
        #expect(outcome(.invalidRequest) == .ownMistake)
        #expect(outcome(.contentPolicy) == .contentRefused)
        #expect(outcome(.insufficientProviderFunds) == .accessRefused)
        #expect(outcome(.insufficientProviderFunds, own: true) == .ownMistake)
        #expect(outcome(.authentication, own: true) == .ownMistake)
        #expect(outcome(.rateLimited) == .rateLimited)
        #expect(outcome(.notFound) == .ownMistake)
        for failure in [AttemptEnd.Failure.unavailable, .timedOut, .unknown] {
            #expect(outcome(failure).isProvidersFault)
        }
        let died = AttemptEnd(.notFound, wasAccepted: true, billing: .unknown, requestReachedProvider: .yes)
        #expect(died.outcome() == .failed)
        let lost = AttemptEnd(.unavailable, billing: .unknown, requestReachedProvider: .unknown)
        #expect(lost.outcome() == .answerLost)
    }

    // MARK: Properties

    @Test(arguments: 0..<300)
    func aJobIsNeverTriedForEver(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        var earlier: [Failover.Earlier] = []
        var route = 0
        var now: Int64 = 1_000_000
        let size = below(4) + 1
        for step in 0..<200 {
            let plan = (0..<size).map { _ in
                below(3) == 0 ? EndpointStanding.open(until: now + Int64(below(100_000))) : EndpointStanding()
            }
            let end = AttemptEnd(
                AttemptEnd.Failure.allCases[below(9)],
                wasAccepted: below(2) == 0,
                isForCapacity: false,
                billing: AttemptEnd.Billing.allCases[below(3)],
                requestReachedProvider: AttemptEnd.Reached.allCases[below(3)],
                retry: below(3) == 0 ? .never : .backoff
            )
            let decision = decide(end, route: route, plan: plan, earlier: earlier, at: now)
            let record = Failover.Earlier(
                route: route,
                isRetryable: end.retry != .never,
                counts: true,
                endedAtMilliseconds: now
            )
            switch decision {
            case .none: return
            case .sameEndpoint(let seconds):
                #expect(end.isProvenFree && seconds > 0 && end.retry != .never, "seed \(seed)")
                now += Int64(seconds * 1_000)
            case .other(let next, let seconds):
                #expect(end.isProvenFree && next != route && plan.indices.contains(next), "seed \(seed)")
                #expect(
                    seconds == 0 || !plan[next].isAvailable || earlier.contains { $0.route == next },
                    "seed \(seed)"
                )
                route = next
                now += Int64(seconds * 1_000)
            }
            earlier.append(record)
            #expect(step < Failover.countedMax - 1, "seed \(seed)")
        }
    }
}
