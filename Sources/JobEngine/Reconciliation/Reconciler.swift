import Generation
package import HTTPTransport
package import JobCore
import Ledger
package import Logging
import ProviderKit

/// Compares our attempts with what the providers say that they were asked for, and sets right what can be.
///
/// Runs beside the service or without it, in a process of its own. Nothing here decides about a job: what is found out
/// about a job in flight is recorded as evidence, which its worker acts upon; what is found out about a job that is over
/// is recorded beside it. Each record is one transaction that is written once, so that a second run, or one after a crash
/// in the middle, does only what is left.
package struct Reconciler: Sendable {
    /// Clocks differ, and a queue may stand before a provider's list: so much earlier sends are looked at as well.
    private static let slackSeconds = 3_600.0
    /// Sends of this age may still get their answer: they are given a moment.
    private static let sendingSecondsMax = 5.0
    private static let pageSize = 500
    /// How many pages of one list are read at most.
    private static let pagesMax = 200
    /// So young attempts may not be in a list yet, in seconds.
    private static let settleSeconds = 300.0

    let store: any JobStore
    let artifacts: any ArtifactStore
    let catalog: EndpointCatalog
    let environment: EngineEnvironment
    let allowNetworks: [NetworkRange]
    let logger: Logger

    /// Makes a reconciler.
    package init(
        store: any JobStore,
        artifacts: any ArtifactStore,
        catalog: EndpointCatalog,
        environment: EngineEnvironment,
        allowNetworks: [NetworkRange],
        logger: Logger
    ) {
        self.store = store
        self.artifacts = artifacts
        self.catalog = catalog
        self.environment = environment
        self.allowNetworks = allowNetworks
        self.logger = logger
    }

    /// The slugs of the providers that can be asked.
    package var providers: [String] { Set(catalog.endpoints.map(\.id.provider)).sorted() }

    /// Compares.
    ///
    /// - Parameters:
    ///   - start: Since when.
    ///   - provider: Only this provider; nil for all.
    ///   - isApplying: Whether to set right what can be, or only to tell.
    /// - Returns: What was found; of an account that could not be asked, its problem.
    /// - Throws: What the store throws.
    package func run(since start: Timestamp, provider: String? = nil, isApplying: Bool) async throws -> Reconciliation {
        var report = Reconciliation(since: start.description, isApplied: isApplying)
        for (id, adapters) in accounts where provider == nil || id.provider == provider {
            let listing = adapters.lazy.compactMap { $0 as? any ListingAdapter }.first
            var since = start
            if let seconds = listing?.listedSeconds {
                since = max(since, environment.now().adding(seconds: -Double(seconds)))
            }
            var account = AccountComparison(
                reconciler: self,
                id: id,
                listing: listing,
                since: since,
                isApplying: isApplying
            )
            try await account.run()
            report.accounts.append(account.summary)
            report.findings += account.findings
        }
        return report
    }

    /// The accounts, each with the adapters that speak for it.
    private var accounts: [(id: AccountID, adapters: [any ProviderAdapter])] {
        let byAccount = Dictionary(grouping: catalog.endpoints) {
            AccountID(provider: $0.id.provider, account: $0.id.account)
        }
        return byAccount.map { (id: $0.key, adapters: $0.value.map(\.adapter)) }
            .sorted { ($0.id.provider, $0.id.account) < ($1.id.provider, $1.id.account) }
    }

    /// What was sent to an account since a time, and some of what was sent before.
    func attempts(of id: AccountID, since start: Timestamp) async throws -> [Attempt] {
        var all: [Attempt] = []
        while true {
            let page = try await store.attempts(
                provider: id.provider,
                account: id.account,
                sentSince: start.adding(seconds: -Self.slackSeconds),
                after: all.last.map { AttemptPlace(job: $0.job, number: $0.start.number) },
                limit: Self.pageSize
            )
            all += page
            guard page.count == Self.pageSize else { break }
        }
        let now = environment.now()
        guard all.contains(where: { $0.isBeingSent(at: now, within: Self.sendingSecondsMax) }) else { return all }
        // A service may run, and be about to read an answer: what it learns by itself is no finding.
        try await environment.sleep(Self.sendingSecondsMax)
        return try await all.asyncMap { attempt in
            guard attempt.isBeingSent(at: now, within: Self.sendingSecondsMax) else { return attempt }
            return try await store.attempts(of: attempt.job).first { $0.start.number == attempt.start.number }
                ?? attempt
        }
    }

    /// The account's list since a time, each generation once.
    func listed(_ adapter: any ListingAdapter, since start: Timestamp) async throws -> [ListedOperation] {
        var found: [ListedOperation] = []
        var seen: Set<String> = []
        var page: String?
        for _ in 0..<Self.pagesMax {
            let answer = try await adapter.operations(since: start.milliseconds, page: page)
            found += answer.operations.filter { listed in
                let isWanted = listed.startedAtMilliseconds.map { $0 >= start.milliseconds } ?? true
                return isWanted && JobDriver.isUsable(listed.remoteID) && seen.insert(listed.remoteID).inserted
            }
            guard let next = answer.next else { return found }
            page = next
            if let rate = adapter.pollLimits.bulkPerSecond { try await environment.sleep(1 / rate) }
        }
        throw TooManyPages(pages: Self.pagesMax)
    }

    /// Whether an attempt was sent so long ago that a list must show it.
    func isSettled(_ attempt: Attempt) -> Bool {
        environment.now().seconds(since: attempt.sendingAt ?? attempt.beganAt) > Self.settleSeconds
    }
}

/// A provider's account.
struct AccountID: Hashable {
    let provider: String
    let account: String
}

/// A list that does not end.
struct TooManyPages: Error, CustomStringConvertible {
    let pages: Int

    var description: String { "the list has more than \(pages) pages: compare a shorter time" }
}

extension Attempt {
    /// Whether its send may be on the wire at this moment.
    fileprivate func isBeingSent(at now: Timestamp, within seconds: Double) -> Bool {
        guard state == .sending, let sendingAt else { return false }
        return now.seconds(since: sendingAt) < seconds
    }
}

extension Array {
    /// The elements after a change that takes its time, one after the other.
    fileprivate func asyncMap<Result>(_ change: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await change(element)) }
        return results
    }
}
