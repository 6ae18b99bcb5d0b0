import Generation
import JobCore
import Ledger

/// What a submission comes to before anything is written: who may serve it, in which order, as what, and for how much.
///
/// Quotes and submissions both begin with it, so the hold of a job is the one that it was quoted.
struct SubmissionPlan {
    /// One endpoint that takes the request.
    struct Route {
        let endpoint: Endpoint
        /// The request as that endpoint takes it.
        let request: GenerationRequest
        /// What was adjusted for it.
        let adjustments: [Adjustment]
        /// The endpoint's prices, under the terms of who asks.
        let prices: PriceSheet
        /// What it is expected to cost there.
        let bill: Bill
        /// The most that it may cost there.
        let hold: Credits
        /// Why it has its place.
        var reason = ""
    }

    /// The most endpoints that one job is given.
    static let routesMax = 8

    /// The one that is tried first.
    let first: Route
    /// Those that are tried when it cannot serve, in order.
    let others: [Route]

    /// A plan of these routes; nil when there are none.
    init?(_ routes: some Collection<Route>) {
        guard let first = routes.first else { return nil }
        self.first = first
        others = Array(routes.dropFirst())
    }

    /// All of them, in the order in which they are tried.
    var routes: [Route] { [first] + others }

    /// What is set aside: the most that the job may cost, wherever it is served.
    var hold: Credits { others.reduce(first.hold) { max($0, $1.hold) } }

    /// The plan without what can cost more than this; nil when nothing is left out of it, or nothing is left.
    func within(_ most: Credits) -> SubmissionPlan? {
        let affordable = routes.filter { $0.hold <= most }
        return affordable.count < routes.count ? SubmissionPlan(affordable) : nil
    }

    /// The plan without what costs nothing; nil when nothing is left of it.
    var paid: SubmissionPlan? { SubmissionPlan(routes.filter { $0.hold > .zero }) }

    /// After how many seconds from its first send the job expires by itself: the longest of its endpoints', since the time
    /// goes on when it moves.
    var deadlineSeconds: Int64 { routes.map(\.endpoint.model.timing.deadlineSeconds).max() ?? 0 }

    /// The routes as the job keeps them; none when there is only one.
    var jobRoutes: [JobRoute] {
        guard !others.isEmpty else { return [] }
        return routes.enumerated().map { number, route in
            JobRoute(
                number: number,
                endpoint: route.endpoint.id,
                lane: route.endpoint.lane,
                request: route.request,
                adjustments: route.allAdjustments,
                prices: route.prices,
                hold: route.hold,
                estimatedCost: route.bill.total,
                defaultDeadlineSeconds: deadlineSeconds,
                reason: route.reason
            )
        }
    }
}

extension SubmissionPlan.Route {
    /// What is adjusted, in the frames too.
    var allAdjustments: [Adjustment] { adjustments + FrameFit.adjustments(of: request, for: endpoint.model) }
}
