import Generation
import JobCore
import Ledger
import Logging
import ProviderKit

/// The comparison of one account: whose each generation is, and what to do about it.
struct AccountComparison {
    let reconciler: Reconciler
    let id: AccountID
    let listing: (any ListingAdapter)?
    let since: Timestamp
    let isApplying: Bool

    var summary: Reconciliation.Account
    var findings: [Reconciliation.Finding] = []
    /// Whose each generation is that was matched in this run, by the provider's id.
    private var owners: [String: AttemptPlace] = [:]
    /// The attempts of which a generation was matched.
    private var matched: Set<AttemptPlace> = []

    init(
        reconciler: Reconciler,
        id: AccountID,
        listing: (any ListingAdapter)?,
        since: Timestamp,
        isApplying: Bool
    ) {
        self.reconciler = reconciler
        self.id = id
        self.listing = listing
        self.since = since
        self.isApplying = isApplying
        summary = Reconciliation.Account(
            provider: id.provider,
            account: id.account,
            hasList: listing != nil,
            since: since.description
        )
    }

    var store: any JobStore { reconciler.store }
    var environment: EngineEnvironment { reconciler.environment }

    /// Compares the whole account; what a provider fails to answer becomes the account's problem.
    ///
    /// - Throws: What the store throws.
    mutating func run() async throws {
        let attempts = try await reconciler.attempts(of: id, since: since)
        summary.attempts = attempts.count { $0.sendingAt.map { $0 >= since } ?? false }
        var strangers: [ListedOperation] = []
        var shown: Set<String>?
        if let listing {
            do {
                let listed = try await reconciler.listed(listing, since: since)
                summary.listed = listed.count
                shown = Set(listed.map(\.remoteID))
                strangers = try await compare(listed, with: Index(attempts))
            } catch let failure as ProviderFailure {
                note(failure)
            } catch let failure as TooManyPages {
                summary.problem = summary.problem ?? failure.description
            }
        }
        for attempt in attempts where attempt.sendingAt.map({ $0 >= since }) ?? false {
            do {
                try await examine(attempt, shown)
            } catch let failure as ProviderFailure {
                note(failure)
            }
        }
        for stranger in strangers where owners[stranger.remoteID] == nil {
            let model = stranger.model.map { " of \($0)" } ?? ""
            let time = stranger.startedAtMilliseconds.map { " at \(Timestamp(milliseconds: $0))" } ?? ""
            add(
                .unknownOperation,
                stranger.remoteID,
                nil,
                "a generation\(model) was started\(time) that is nobody's here"
            )
        }
    }

    /// What we know of the attempts of the period, by everything that a provider may repeat.
    private struct Index {
        var byRemoteID: [String: Attempt] = [:]
        var byExternalID: [String: Attempt] = [:]
        var byToken: [String: Attempt] = [:]

        init(_ attempts: [Attempt]) {
            for attempt in attempts {
                if let own = attempt.remoteID { byRemoteID[own] = attempt }
                if let orphan = attempt.orphanRemoteID { byRemoteID[orphan] = byRemoteID[orphan] ?? attempt }
                byExternalID[attempt.start.externalID] = attempt
                byToken[attempt.start.token] = attempt
            }
        }
    }

    /// Settles each listed generation that is somebody's here.
    ///
    /// - Returns: The others.
    private mutating func compare(_ listed: [ListedOperation], with known: Index) async throws -> [ListedOperation] {
        var strangers: [ListedOperation] = []
        for operation in listed {
            guard let attempt = try await owner(of: operation, known) else {
                strangers.append(operation)
                continue
            }
            match(operation.remoteID, AttemptPlace(attempt))
            do {
                try await settle(attempt, .listed(operation))
            } catch let failure as ProviderFailure {
                note(failure)
            }
        }
        return strangers
    }

    private mutating func match(_ remoteID: String, _ place: AttemptPlace) {
        owners[remoteID] = place
        matched.insert(place)
    }

    private func owner(of listed: ListedOperation, _ known: Index) async throws -> Attempt? {
        if let attempt = known.byRemoteID[listed.remoteID] { return attempt }
        // Before what it repeats: a lost answer may have been found by another way, and be another attempt's.
        if let attempt = try await store.attempt(
            remoteID: listed.remoteID,
            provider: id.provider,
            account: id.account
        ) {
            return attempt
        }
        if let externalID = listed.externalID, let attempt = known.byExternalID[externalID] { return attempt }
        guard let token = listed.token else { return nil }
        if let attempt = known.byToken[token] { return attempt }
        return try await store.attempt(token: token)
    }

    // MARK: What the list does not show

    /// Looks for what only asking can tell: a send whose answer was lost, and a generation that is in no list.
    private mutating func examine(_ attempt: Attempt, _ shown: Set<String>?) async throws {
        switch attempt.state {
        case .intent, .refused: return
        case .sending, .unknown, .absent, .abandoned:
            if !matched.contains(AttemptPlace(attempt)) { try await find(attempt) }
        case .accepted, .found: break
        }
        for remoteID in [attempt.remoteID, attempt.orphanRemoteID].compactMap(\.self) where owners[remoteID] == nil {
            if attempt.remoteID == remoteID, shown?.contains(remoteID) == false, reconciler.isSettled(attempt) {
                try await confirm(attempt, remoteID)
            }
            try await settle(attempt, .known(remoteID))
        }
    }

    /// Looks for a lost send as its job's worker would.
    private mutating func find(_ attempt: Attempt) async throws {
        guard let job = try await store.job(attempt.job),
            let adapter = reconciler.catalog.endpoint(attempt.start.endpoint)?.adapter as? any RecoverableAdapter
        else { return }
        switch adapter.recovery(of: job.admitted.request) {
        case .resend, .unrecoverable: return
        case .lookUp, .lookUpThenResend: break
        }
        let (store, id, taken, place) = (store, id, owners, AttemptPlace(attempt))
        let found = try await adapter.find(try await request(of: job), attempt: attempt.reference) { remoteID in
            if let owner = taken[remoteID] { return owner != place }
            do {
                let owner = try await store.attempt(remoteID: remoteID, provider: id.provider, account: id.account)
                return owner.map { AttemptPlace($0) != place } ?? false
            } catch {
                // Nobody gets what may be another's.
                return true
            }
        }
        guard case .accepted(let operation)? = found, JobDriver.isUsable(operation.remoteID) else { return }
        match(operation.remoteID, place)
        try await settle(attempt, .found(operation))
    }

    /// Asks for a generation that should be in the list and is not: only one that the provider denies is told of.
    ///
    /// What became of jobs that ended without a charge is nobody's concern any more.
    private mutating func confirm(_ attempt: Attempt, _ remoteID: String) async throws {
        guard let job = try await store.job(attempt.job),
            let operation = try operation(of: attempt, .known(remoteID), job),
            let adapter = reconciler.catalog.endpoint(attempt.start.endpoint)?.adapter
        else { return }
        switch job.state {
        case .running, .storing, .completed: break
        case .queued, .submitting, .failed, .cancelled, .expired: return
        }
        guard try await standing(of: operation, adapter) == nil else { return }
        add(
            .unknownJob,
            remoteID,
            attempt,
            "the job is \(job.state.name.rawValue), and the provider does not know its generation"
        )
    }

    // MARK: Parts

    /// How a generation came to be looked at.
    enum Source {
        /// The provider's list shows it.
        case listed(ListedOperation)
        /// It was looked for, and found.
        case found(ProviderOperation)
        /// Only our own record has it.
        case known(String)

        var remoteID: String {
            switch self {
            case .listed(let listed): listed.remoteID
            case .found(let operation): operation.remoteID
            case .known(let remoteID): remoteID
            }
        }
    }

    /// How a generation is asked for; nil when that cannot be told.
    func operation(of attempt: Attempt, _ source: Source, _ job: Job) throws -> ProviderOperation? {
        if let text = attempt.submission,
            case .accepted(let operation) = try JobDriver.decode(Submission.self, text),
            operation.remoteID == source.remoteID
        {
            return operation
        }
        switch source {
        case .listed(let listed):
            let adapter = reconciler.catalog.endpoint(attempt.start.endpoint)?.adapter as? any ListingAdapter
            return adapter?.operation(of: listed, for: job.admitted.request)
        case .found(let operation): return operation
        case .known: return nil
        }
    }

    /// Asks how a generation stands, not faster than the account allows.
    ///
    /// - Returns: Its standing; nil when the provider does not know it.
    func standing(
        of operation: ProviderOperation,
        _ adapter: any ProviderAdapter
    ) async throws -> OperationStatus? {
        if let rate = adapter.pollLimits.singlePerSecond { try await environment.sleep(1 / rate) }
        do {
            return try await adapter.status(of: operation)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// The request as it was sent: with what its references gave.
    func request(of job: Job) async throws -> GenerationRequest {
        let request = job.admitted.request
        guard !request.referenceURLs.isEmpty else { return request }
        return request.replacing(try await store.references(of: job.id))
    }

    /// Adds a finding.
    mutating func add(
        _ kind: Reconciliation.Kind,
        _ remoteID: String,
        _ attempt: Attempt?,
        _ detail: String,
        isDone: Bool = false,
        loss: Credits? = nil
    ) {
        findings.append(
            Reconciliation.Finding(
                kind: kind,
                provider: id.provider,
                account: id.account,
                operation: remoteID,
                job: attempt?.job.description,
                attempt: attempt?.start.number,
                detail: detail,
                isDone: isDone,
                loss: loss.flatMap { $0 == .zero ? nil : $0.description }
            )
        )
    }

    /// Keeps the first problem of the account: the others are mostly the same.
    mutating func note(_ failure: ProviderFailure) {
        reconciler.logger.warning(
            "a provider could not be asked",
            metadata: ["provider": "\(id.provider)", "details": "\(failure.details.prefix(500))"]
        )
        summary.problem = summary.problem ?? failure.message
    }
}

extension AttemptPlace {
    /// Where an attempt is.
    init(_ attempt: Attempt) { self.init(job: attempt.job, number: attempt.start.number) }
}
