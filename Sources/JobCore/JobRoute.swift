public import Generation
public import Ledger

/// One of the ways in which a job may be served: an endpoint, with the request as it takes it and what that costs there.
///
/// A job's routes are fixed at its admission, in the order in which they are tried; its hold covers the dearest. The
/// prices are kept with each, so that a job that moves to another endpoint is billed by what it was admitted at.
public struct JobRoute: Sendable, Hashable {
    /// Its place in the job's plan, from 0.
    public let number: Int
    /// Model, provider and account.
    public let endpoint: EndpointID
    /// What its slots and rate budget are counted in.
    public let lane: Lane
    /// The request as this endpoint takes it.
    public let request: GenerationRequest
    /// What was adjusted for it.
    public let adjustments: [Adjustment]
    /// Its prices, under the terms of who asks.
    public let prices: PriceSheet
    /// The most that the job may cost there.
    public let hold: Credits
    /// What it is expected to cost there.
    public let estimatedCost: Credits
    /// After how many seconds from its first send a job without a deadline of its own expires there.
    public let defaultDeadlineSeconds: Int64
    /// Why it has its place, in words for whoever reads the job.
    public let reason: String

    /// Describes a route.
    public init(
        number: Int,
        endpoint: EndpointID,
        lane: Lane,
        request: GenerationRequest,
        adjustments: [Adjustment],
        prices: PriceSheet,
        hold: Credits,
        estimatedCost: Credits,
        defaultDeadlineSeconds: Int64,
        reason: String
    ) {
        self.number = number
        self.endpoint = endpoint
        self.lane = lane
        self.request = request
        self.adjustments = adjustments
        self.prices = prices
        self.hold = hold
        self.estimatedCost = estimatedCost
        self.defaultDeadlineSeconds = defaultDeadlineSeconds
        self.reason = reason
    }
}

extension NewJob {
    /// The job as another of its routes serves it: what it holds, and who pays, stays as it is.
    public func moved(to route: JobRoute) -> NewJob {
        NewJob(
            id: id,
            workspace: workspace,
            keyHash: keyHash,
            request: route.request,
            parameters: parameters,
            adjustments: route.adjustments,
            endpoint: route.endpoint,
            lane: route.lane,
            hold: hold,
            estimatedCost: route.estimatedCost,
            prices: route.prices,
            createdAt: createdAt,
            defaultDeadlineSeconds: route.defaultDeadlineSeconds,
            route: route.number,
            routeCount: routeCount
        )
    }

    /// Whether another endpoint may serve it when this one cannot.
    public var hasOtherRoutes: Bool { routeCount > 1 }
}
