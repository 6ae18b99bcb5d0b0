package import HTTPTransport

/// What is known about a host's name.
package enum NameAnswer: Sendable, Equatable {
    /// It has these addresses.
    case addresses([IPAddress])
    /// There is no such name, or it has no address.
    case noSuchName
    /// Nobody could say in time.
    case noAnswer
}

/// How references that clients name by URL are reached, and what they may be.
package struct ReferenceSource: Sendable {
    /// What fetches them: it holds every connection to `reach`, by the address that is connected to.
    package var transport: any HTTPTransport = UnavailableTransport()
    /// The networks besides the public one in which references may be.
    package var allowedNetworks: [NetworkRange] = []
    /// Looks a name up, for admission alone; what decides is the address that is connected to.
    ///
    /// Returns at once when its task is cancelled.
    package var resolve: @Sendable (_ name: String) async -> NameAnswer = { _ in .noAnswer }
    /// How large they may be: the same for those that come with the request.
    package var limits = JobService.Limits()

    package init() {}

    /// Where a reference may lead.
    var reach: NetworkReach { .publicInternet(and: allowedNetworks) }
}
