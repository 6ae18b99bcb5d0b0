import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import ProviderKit
import Synchronization

/// What a provider saw of one account's polls.
final class PollJournal: Sendable {
    struct Call: Sendable {
        /// Seconds of the clock of the boot.
        let at: Double
        let isBulk: Bool
        let ids: [String]
    }

    private let state = Mutex<(calls: [Call], refusals: Int, silent: Set<String>, bulkFails: Bool)>(([], 0, [], false))

    var calls: [Call] { state.withLock { $0.calls } }
    var singles: [Call] { calls.filter { !$0.isBulk } }
    var bulks: [Call] { calls.filter(\.isBulk) }

    /// Answers the next calls with 429.
    func refuse(_ count: Int) { state.withLock { $0.refusals = count } }

    /// These generations are missing from answers for several.
    func hide(_ ids: Set<String>) { state.withLock { $0.silent = ids } }

    /// Calls for several fail.
    func breakBulk() { state.withLock { $0.bulkFails = true } }

    var failsBulk: Bool { state.withLock { $0.bulkFails } }

    func isHidden(_ id: String) -> Bool { state.withLock { $0.silent.contains(id) } }

    /// Notes a call; whether it is refused.
    func note(_ call: Call) -> Bool {
        state.withLock { state in
            state.calls.append(call)
            guard state.refusals > 0 else { return false }
            state.refusals -= 1
            return true
        }
    }

    /// The most calls of a kind in any second.
    func mostInASecond(isBulk: Bool) -> Int {
        let times = calls.filter { $0.isBulk == isBulk }.map(\.at).sorted()
        var (first, most) = (0, 0)
        for (index, time) in times.enumerated() {
            while times[first] <= time - 1 { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }
}

/// Polled singly, under limits, with answers that take their time.
struct LimitedAdapter: ScriptedAdapter, CancellableAdapter {
    let wire: NodeTransport
    let clock: EngineHarness
    let journal: PollJournal
    var pollLimits: PollLimits
    var submitsPerSecond: Int?
    let slots = 2_000
    let submitsPerMinute: Int? = nil
    let offered: Set<String> = []

    func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        _ = try await exchange(HTTPRequest(.post, "https://provider/cancel/\(operation.remoteID)"))
    }

    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        try await journal.take([operation.remoteID], isBulk: false, clock)
        return try await scriptedStatus(of: operation)
    }
}

/// Polled several at once.
struct BulkAdapter: ScriptedAdapter, BulkStatusAdapter {
    let wire: NodeTransport
    let clock: EngineHarness
    let journal: PollJournal
    var pollLimits: PollLimits
    var operationsPerCall = 100
    let slots = 2_000
    let submitsPerMinute: Int? = nil
    let offered: Set<String> = []

    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        try await journal.take([operation.remoteID], isBulk: false, clock)
        return try await scriptedStatus(of: operation)
    }

    func statuses(of operations: [ProviderOperation]) async throws(ProviderFailure) -> [String: OperationStatus] {
        try await journal.take(operations.map(\.remoteID), isBulk: true, clock)
        if journal.failsBulk { throw .unreadable("broken") }
        var found: [String: OperationStatus] = [:]
        for operation in operations where !journal.isHidden(operation.remoteID) {
            found[operation.remoteID] = try await scriptedStatus(of: operation)
        }
        return found
    }
}

extension PollJournal {
    /// One call arrives; its answer takes 20 to 200 ms.
    fileprivate func take(
        _ ids: [String],
        isBulk: Bool,
        _ harness: EngineHarness
    ) async throws(ProviderFailure) {
        let isRefused = note(Call(at: harness.clock.bootSeconds, isBulk: isBulk, ids: ids))
        try? await harness.clock.sleep(0.02 + 0.18 * Double(harness.world.draw(below: 1_000)) / 1_000)
        guard isRefused else { return }
        throw ProviderFailure(
            .rateLimited,
            retry: .after(seconds: 10),
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: "The provider is busy."
        )
    }
}

/// Calls back, resolves lost answers by content, and gives its outputs only to its own clients.
struct CallingAdapter: ScriptedAdapter, CancellableAdapter, RecoverableAdapter, CallbackAdapter,
    OutputAuthorizingAdapter
{
    let wire: NodeTransport
    /// The ids that a look-up goes through, as a list of the provider's would have them.
    var listed: @Sendable () -> [String] = { [] }
    /// Why there are no credentials now.
    var outputFailure: @Sendable () -> ProviderFailure? = { nil }
    let slots = 100
    let submitsPerMinute: Int? = nil
    let offered: Set<String> = []

    func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        _ = try await exchange(HTTPRequest(.post, "https://provider/cancel/\(operation.remoteID)"))
    }

    func recovery(of request: GenerationRequest) -> RecoveryClass {
        wire.provider.script.recovery[request.model] ?? .unrecoverable
    }

    func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        for id in listed() where await !isTaken(id) {
            return .accepted(ProviderOperation(remoteID: id))
        }
        return nil
    }

    func operation(
        inCallback body: [UInt8],
        headers: [(name: String, value: String)],
        for request: GenerationRequest,
        of attempt: AttemptReference
    ) -> ProviderOperation? {
        let fields = try? JSONDecoder().decode([String: String].self, from: Data(body))
        return fields?["id"].map { ProviderOperation(remoteID: $0) }
    }

    func outputHeaders() async throws(ProviderFailure) -> [(name: String, value: String)] {
        if let failure = outputFailure() { throw failure }
        return [("Authorization", "Bearer secret")]
    }
}
