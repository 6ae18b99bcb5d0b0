package import Ledger

/// One endpoint that could serve a request.
package struct RoutingCandidate: Sendable {
    /// Its place in the caller's list.
    package var index: Int
    /// The provider's slug.
    package var provider: String
    /// The model's slug.
    package var model: String
    /// Whose key pays the provider.
    package var tier: KeyTier
    /// The place of its model in the request's list of models, from 0.
    package var modelRank: Int
    /// What this request is expected to cost there.
    package var price: Credits
    /// Whether it is within the request's `max_price` and `max_cost`: those that are not are left out.
    ///
    /// They bound unit prices and the hold, so it is for the caller to tell.
    package var isWithinMaxPrice: Bool
    /// How many parameters of the request it would change or leave out.
    package var adjustments: Int
    /// How it stands.
    package var standing: EndpointStanding
    /// What its measured performance does to its share.
    package var merit: EndpointMerit

    /// Describes a candidate.
    package init(
        index: Int,
        provider: String,
        model: String,
        tier: KeyTier = .shared,
        modelRank: Int = 0,
        price: Credits,
        isWithinMaxPrice: Bool = true,
        adjustments: Int = 0,
        standing: EndpointStanding = EndpointStanding(),
        merit: EndpointMerit = .even
    ) {
        self.index = index
        self.provider = provider
        self.model = model
        self.tier = tier
        self.modelRank = modelRank
        self.price = price
        self.isWithinMaxPrice = isWithinMaxPrice
        self.adjustments = adjustments
        self.standing = standing
        self.merit = merit
    }
}

/// Whose key an endpoint is used with; earlier ones come first.
package enum KeyTier: Int, Sendable, Codable, Comparable, CaseIterable {
    /// The workspace's own.
    case own
    /// The operator's.
    case shared
    /// The workspace's own, kept for when the operator's do not serve.
    case ownFallback

    /// Compares by precedence.
    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One step of a plan.
package struct RoutingChoice: Sendable, Hashable, Codable {
    /// The candidate's place in the caller's list.
    package var index: Int
    /// Why it stands where it stands.
    package var reason: RoutingReason

    /// Makes a step.
    package init(index: Int, reason: RoutingReason) {
        self.index = index
        self.reason = reason
    }
}
