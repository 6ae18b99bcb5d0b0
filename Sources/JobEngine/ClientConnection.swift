/// The connection that one request came over: what tells whether its client can still be answered.
package struct ClientConnection: Sendable {
    /// The request, by a number of its own among those of the process.
    package let request: UInt64
    /// What the connection runs on: connections of the same loop are asked in one turn of it.
    private let loop: ObjectIdentifier
    private let isOpen: @Sendable () -> Bool
    private let onLoop: @Sendable (@escaping @Sendable () -> [Bool]) async -> [Bool]?

    /// Describes a connection.
    ///
    /// - Parameters:
    ///   - request: The request's number.
    ///   - loop: What the connection runs on.
    ///   - isOpen: Whether the client has closed neither side, as the system knows at that moment; asked on the loop.
    ///   - onLoop: Runs work on the loop; nil when that has ended.
    package init(
        request: UInt64,
        loop: ObjectIdentifier,
        isOpen: @escaping @Sendable () -> Bool,
        onLoop: @escaping @Sendable (@escaping @Sendable () -> [Bool]) async -> [Bool]?
    ) {
        self.request = request
        self.loop = loop
        self.isOpen = isOpen
        self.onLoop = onLoop
    }

    /// The same request on a connection of which nothing is expected any more.
    var lost: ClientConnection {
        ClientConnection(request: request, loop: loop, isOpen: { false }, onLoop: { $0() })
    }

    /// Whether the client has closed neither side.
    package func isStillOpen() async -> Bool { await onLoop { [isOpen] in [isOpen()] }?.first ?? false }

    /// Those of some connections whose client is gone, by their requests.
    ///
    /// Each is asked anew: a client that repeats a request has closed the connection of the first one before, and the
    /// system knows, even when nobody has read that from it yet.
    static func lost(among connections: [ClientConnection]) async -> Set<UInt64> {
        var lost: Set<UInt64> = []
        for (_, group) in Dictionary(grouping: connections, by: \.loop) {
            let answers = await group[0].onLoop { group.map { $0.isOpen() } } ?? []
            // A loop that has ended has closed its connections.
            for (index, connection) in group.enumerated() where index >= answers.count || !answers[index] {
                lost.insert(connection.request)
            }
        }
        return lost
    }
}
