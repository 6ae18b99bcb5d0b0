/// Where a job goes after an attempt that brought nothing.
///
/// The first rule is about money: a job is tried again only if the attempt provably did not start, or is provably not
/// billed. Everything else only decides where.
package enum Failover {
    /// How many attempts a job may have, without those refused for capacity.
    package static let countedMax = 3
    private static let firstBackoffSeconds = 1.0
    private static let backoffSecondsMax = 60.0

    /// What is to be done.
    package enum Decision: Sendable, Hashable {
        /// The same endpoint, after a pause.
        case sameEndpoint(afterSeconds: Double)
        /// Another endpoint of the plan, by its place from 0; after a pause when it cannot be used yet.
        case other(route: Int, afterSeconds: Double)
        /// Nothing: the job has failed, and its hold is void.
        case none(Refusal)
    }

    /// Why a job is not tried again.
    package enum Refusal: String, Sendable, Codable, CaseIterable {
        /// The provider may bill the attempt.
        case mayHaveCharged = "may_have_charged"
        /// It had as many attempts as it may.
        case attemptsUsed = "attempts_used"
        /// A content filter refused, and the client did not allow others to be asked.
        case contentPolicy = "content_policy"
        /// The request itself was found wrong.
        case invalidRequest = "invalid_request"
        /// No endpoint of the plan is left that could do better.
        case planExhausted = "plan_exhausted"

        /// The reason in a sentence, safe for the client.
        package var words: String {
            switch self {
            case .mayHaveCharged: "The provider may have charged for the attempt, so it was not repeated elsewhere."
            case .attemptsUsed: "The job had as many attempts as it may."
            case .contentPolicy: "A content filter refused it, and the request does not allow another provider then."
            case .invalidRequest: "The provider found the request itself wrong."
            case .planExhausted: "No endpoint was left that could do better."
            }
        }
    }

    /// One earlier attempt of the job, the one that ended just now included.
    package struct Earlier: Sendable, Hashable {
        /// The place of its endpoint in the plan, from 0.
        package var route: Int
        /// Whether the same endpoint may be asked again.
        package var isRetryable: Bool
        /// Whether it counts against the job.
        package var counts: Bool
        /// When it ended.
        package var endedAtMilliseconds: Int64

        /// Describes an attempt.
        package init(route: Int, isRetryable: Bool, counts: Bool, endedAtMilliseconds: Int64) {
            self.route = route
            self.isRetryable = isRetryable
            self.counts = counts
            self.endedAtMilliseconds = endedAtMilliseconds
        }

        /// The attempt that ended so.
        package init(_ end: AttemptEnd, route: Int, at now: Int64) {
            self.init(
                route: route,
                isRetryable: end.mayBeRepeatedThere,
                counts: !end.isForCapacity,
                endedAtMilliseconds: now
            )
        }
    }

    /// Decides.
    ///
    /// - Parameters:
    ///   - end: How the attempt ended.
    ///   - route: The place of its endpoint in the plan, from 0.
    ///   - plan: How the plan's endpoints stand now, in the plan's order. What the client allows is in the plan: without
    ///     fallbacks it has one endpoint.
    ///   - earlier: The job's attempts before this one.
    ///   - allowsContentFallback: Whether a refusal by a content filter may be tried elsewhere.
    ///   - now: The time.
    /// - Returns: What is to be done.
    package static func decide(
        after end: AttemptEnd,
        route: Int,
        plan: [EndpointStanding],
        earlier: [Earlier],
        allowsContentFallback: Bool,
        at now: Int64
    ) -> Decision {
        guard end.isProvenFree else { return .none(.mayHaveCharged) }
        switch end.failure {
        case .contentPolicy where !allowsContentFallback: return .none(.contentPolicy)
        case .invalidRequest where !end.isEndpointsOwn: return .none(.invalidRequest)
        case .invalidRequest, .contentPolicy, .authentication, .insufficientProviderFunds, .rateLimited, .unavailable,
            .timedOut, .notFound, .unknown:
            break
        }
        let attempts = earlier + [Earlier(end, route: route, at: now)]
        guard attempts.count(where: \.counts) < countedMax else { return .none(.attemptsUsed) }
        var hint = 0.0
        if case .after(let seconds) = end.retry, seconds.isFinite { hint = max(0, seconds) }
        guard let next = next(plan, attempts, hint: (route, hint), at: now) else { return .none(.planExhausted) }
        let seconds = Double(max(0, next.at - now)) / 1_000
        return next.route == route
            ? .sameEndpoint(afterSeconds: seconds)
            : .other(
                route: next.route,
                afterSeconds: seconds
            )
    }

    /// Where a job goes that has not begun an attempt: its endpoint may have failed while it waited.
    ///
    /// - Parameters:
    ///   - route: Where it was to go.
    ///   - plan: How the plan's endpoints stand now.
    ///   - earlier: The job's attempts so far.
    ///   - now: The time.
    /// - Returns: The endpoint to use and the pause before; the given one when none is better.
    package static func route(
        from route: Int,
        plan: [EndpointStanding],
        earlier: [Earlier],
        at now: Int64
    ) -> (route: Int, afterSeconds: Double) {
        guard plan.indices.contains(route), !plan[route].isAvailable,
            let next = next(plan, earlier, hint: nil, at: now)
        else { return (route, 0) }
        return (next.route, Double(max(0, next.at - now)) / 1_000)
    }

    /// The next endpoint: the first that was not tried and can be used at once, else whichever can be used soonest.
    private static func next(
        _ plan: [EndpointStanding],
        _ attempts: [Earlier],
        hint: (route: Int, seconds: Double)?,
        at now: Int64
    ) -> (route: Int, at: Int64)? {
        var soonest: (route: Int, at: Int64)?
        for (route, standing) in plan.enumerated() {
            let tries = attempts.filter { $0.route == route }
            guard tries.allSatisfy(\.isRetryable) else { continue }
            var at = max(now, standing.availableAtMilliseconds ?? now)
            if let last = tries.last {
                let pause = max(backoffSeconds(tries.count), hint?.route == route ? hint?.seconds ?? 0 : 0)
                at = max(at, last.endedAtMilliseconds + Int64((min(pause, 86_400) * 1_000).rounded(.up)))
            } else if standing.isAvailable {
                return (route, now)
            }
            if at < soonest?.at ?? .max { soonest = (route, at) }
        }
        return soonest
    }

    /// 1 s, 2 s, 4 s and so on, up to a minute.
    package static func backoffSeconds(_ tries: Int) -> Double {
        min(backoffSecondsMax, firstBackoffSeconds * Double(1 << min(20, max(0, tries - 1))))
    }
}
