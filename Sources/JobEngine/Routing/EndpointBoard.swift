import Foundation
package import JobCore
package import Routing
import Synchronization

/// What is shown of how an endpoint has done.
package struct EndpointFigures: Sendable {
    /// How it stands.
    package let standing: EndpointStanding
    /// How often what happened in the last day.
    package let outcomes: [AttemptOutcome.Kind: Int]
}

/// How the endpoints of this process have done: what routing chooses by, and what clients are shown of them.
///
/// Kept in memory and written down now and then (``EndpointHealthKeeper``): figures that guide, not records.
package final class EndpointBoard: Sendable {
    /// For how long measurements over minutes and hours are taken for new, in milliseconds.
    fileprivate static let freshMilliseconds: Int64 = 2_000

    fileprivate struct Known {
        var health = EndpointHealth()
        var measured: (at: Int64, figures: EndpointHealth.Measurements)?
        var isWritten = true
    }

    fileprivate struct State {
        var known: [EndpointID: Known] = [:]
        var rankings: [String: AdaptiveRanking<EndpointID>] = [:]
    }

    private let state = Mutex(State())

    /// Makes one that knows nothing.
    package init() {}

    /// How an endpoint stands.
    package func standing(of endpoint: EndpointID, at now: Timestamp) -> EndpointStanding {
        state.withLock { $0.standing(of: endpoint, at: now.milliseconds) }
    }

    /// How often what happened at an endpoint in the last day.
    package func outcomes(of endpoint: EndpointID, at now: Timestamp) -> [AttemptOutcome.Kind: Int] {
        state.withLock { $0.known[endpoint]?.health.outcomes(at: now.milliseconds) ?? [:] }
    }

    /// What the measured performance of a model's endpoints does to their shares.
    func merits(of model: String, _ endpoints: [EndpointID], at now: Timestamp) -> [EndpointID: EndpointMerit] {
        state.withLock { state in
            var ranking = state.rankings[model] ?? AdaptiveRanking()
            let merits = ranking.merits(at: now.milliseconds) {
                endpoints.map { ($0, state.standing(of: $0, at: now.milliseconds)) }
            }
            state.rankings[model] = ranking
            return merits
        }
    }

    /// Takes in what became of an attempt.
    func record(_ outcome: AttemptOutcome, of endpoint: EndpointID, at now: Timestamp) {
        state.withLock { state in
            var known = state.known[endpoint] ?? Known()
            known.health.record(outcome, at: now.milliseconds)
            known.isWritten = false
            state.known[endpoint] = known
        }
    }

    /// The endpoints whose circuits are open.
    func openEndpoints(at now: Timestamp) -> [EndpointID] {
        state.withLock { state in
            state.known.keys.filter { state.standing(of: $0, at: now.milliseconds).isOpen }
        }
    }

    /// Whether an attempt may begin: at a circuit that is half-open the first one may, and is the probe.
    func admits(_ endpoint: EndpointID, at now: Timestamp) -> Bool {
        state.withLock { state in
            guard case .shut? = state.known[endpoint]?.health.admit(at: now.milliseconds) else { return true }
            return false
        }
    }

    /// The probe was not sent after all: another attempt may be it.
    func giveBackProbe(_ endpoint: EndpointID, of takenAt: Timestamp) {
        state.withLock { $0.known[endpoint]?.health.giveBackProbe(of: takenAt.milliseconds) }
    }

    // MARK: Keeping

    /// Takes up what was written down before the start.
    func load(_ rows: [EndpointID: String]) {
        let decoder = JSONDecoder()
        let read = rows.compactMapValues { try? decoder.decode(EndpointHealth.self, from: Data($0.utf8)) }
        state.withLock { state in
            for (endpoint, health) in read where state.known[endpoint] == nil {
                state.known[endpoint] = Known(health: health)
            }
        }
    }

    /// What has changed since it was last asked for, in the form in which it is kept.
    func takeUnwritten() -> [EndpointID: String] {
        let changed = state.withLock { state in
            let changed = state.known.filter { !$0.value.isWritten }
            for endpoint in changed.keys { state.known[endpoint]?.isWritten = true }
            return changed.mapValues(\.health)
        }
        let encoder = JSONEncoder()
        return changed.compactMapValues { health in
            (try? encoder.encode(health)).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// What was taken could not be written: it is taken again.
    func keepUnwritten(_ endpoints: some Sequence<EndpointID>) {
        state.withLock { state in for endpoint in endpoints { state.known[endpoint]?.isWritten = false } }
    }
}

extension EndpointBoard.State {
    fileprivate mutating func standing(of endpoint: EndpointID, at now: Int64) -> EndpointStanding {
        guard let health = known[endpoint]?.health else { return EndpointStanding() }
        let measured: EndpointHealth.Measurements
        if let kept = known[endpoint]?.measured, now - kept.at < EndpointBoard.freshMilliseconds, now >= kept.at {
            measured = kept.figures
        } else {
            measured = health.measured(at: now)
            known[endpoint]?.measured = (now, measured)
        }
        return health.standing(measured, at: now)
    }
}
