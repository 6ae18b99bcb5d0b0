import JobCore
import Synchronization

/// The endpoints that come and go while the process runs: those with customers' own keys.
///
/// Each belongs to one workspace. What a key that was deleted has begun is followed to its end: its endpoints are found
/// by their ids as long as the store keeps the key, and offered to nobody.
package final class LiveEndpoints: Sendable {
    /// A customer's key, and what it opens.
    struct Entry: Sendable {
        let key: CustomerKey
        /// The endpoints, one for each model and instance; empty when the key cannot be read.
        let endpoints: [Endpoint]
    }

    private struct State {
        /// The store's number of the last change that is in here.
        var revision: Int64 = 0
        var byID: [String: Entry] = [:]
        /// The keys that are offered, by workspace, in the order in which they are tried.
        var offered: [String: [Entry]] = [:]
        /// The keys that a job was ever given to, since the start or before it.
        var inUse: Set<String> = []
        /// Counts what changes the lanes.
        var generation = 0
    }

    private let state = Mutex(State())

    /// Makes it without any endpoint.
    package init() {}

    /// The number of the last change that is in here.
    var revision: Int64 { state.withLock { $0.revision } }

    /// What the keys of before have opened, by their identifiers.
    var entries: [String: Entry] { state.withLock { $0.byID } }

    /// Takes over what a newer snapshot says; an older one changes nothing.
    ///
    /// - Parameters:
    ///   - entries: All keys with their endpoints, in the order in which they are tried.
    ///   - snapshot: What they were made from.
    func replace(_ entries: [Entry], from snapshot: CustomerKeySnapshot) {
        state.withLock { state in
            guard snapshot.revision > state.revision else { return }
            state.revision = snapshot.revision
            state.byID = Dictionary(entries.map { ($0.key.id, $0) }) { first, _ in first }
            let offered = entries.filter { $0.key.deletedAt == nil && !$0.key.terms.isDisabled }
            state.offered = Dictionary(grouping: offered, by: \.key.workspace)
            state.inUse = state.inUse.union(snapshot.inUse).filter { state.byID[$0] != nil }
            state.generation += 1
        }
    }

    /// The endpoint with this id.
    func endpoint(_ id: EndpointID) -> Endpoint? {
        guard let key = id.customerKeyID else { return nil }
        return state.withLock { $0.byID[key] }?.endpoints.first { $0.id == id }
    }

    /// Whether an endpoint may be given jobs that it does not have: its key was neither deleted nor disabled.
    ///
    /// The operator's always may.
    func offers(_ id: EndpointID) -> Bool {
        guard let key = id.customerKeyID else { return true }
        guard let known = state.withLock({ $0.byID[key] })?.key else { return false }
        return known.deletedAt == nil && !known.terms.isDisabled
    }

    /// The keys that a workspace's jobs may be served with, in the order in which they are tried.
    func offered(to workspace: String) -> [Entry] { state.withLock { $0.offered[workspace] ?? [] } }

    /// A job is about to be given to an endpoint: from now on jobs are claimed in the lanes of its key.
    ///
    /// To be called before the job is admitted, so that none waits in a lane that nobody looks at.
    func use(_ id: EndpointID) {
        guard let key = id.customerKeyID else { return }
        state.withLock { state in
            if state.byID[key] != nil, state.inUse.insert(key).inserted { state.generation += 1 }
        }
    }

    /// The endpoints whose lanes may have jobs, unless nothing has changed since a generation: then nil.
    func laneEndpoints(after generation: Int) -> (generation: Int, endpoints: [Endpoint])? {
        state.withLock { state in
            guard state.generation != generation else { return nil }
            return (state.generation, state.inUse.sorted().flatMap { state.byID[$0]?.endpoints ?? [] })
        }
    }
}
