package import JobCore
import Synchronization

/// The jobs whose answers are not written yet, or never will be: by them a repeat without an idempotency key finds the
/// job that its first request made.
///
/// Official clients repeat a request by themselves when its connection breaks, and send no key. A repeat takes over one
/// earlier job of an equal request of the same API key, if that one's answer was never fully written and its connection
/// is gone; the job is then the repeat's as it was the first one's. While the earlier connection is open, or once its
/// answer was written, an equal request is a new job. So four requests that were cut and four repeats are four jobs, and
/// four equal requests that were all answered are four jobs too.
///
/// Every request is noted before its job is admitted, so that a repeat that overtakes the admission waits for it.
///
/// What was not answered when an earlier process ended comes from the store, once, at the start (`load`): afterwards all
/// is noted here. That holds while one process admits jobs; a store that several processes share needs its own look-up.
package final class PendingAnswers: Sendable {
    /// What makes two requests equal.
    package struct Scope: Sendable, Hashable {
        /// The API key that they came with.
        let keyHash: String
        /// The hash of what they ask for.
        let fingerprint: String
    }

    /// What a request is.
    enum Claim: Sendable {
        /// A new one: it is noted, and `admitted` or `refused` has to follow.
        case new
        /// The repeat of an earlier one, whose job it has taken over.
        case takesOver(JobID)
    }

    /// How long after its admission a job can be taken over, in seconds.
    static let takeOverSeconds = 3_600.0
    /// How many requests are noted; of those beyond, repeats make new jobs.
    static let requestsMax = 100_000
    /// How many marks wait for the store.
    private static let marksMax = 100_000
    private static let sweepSeconds = 60.0

    fileprivate struct Entry {
        /// The request that it was noted for.
        let first: UInt64
        let notedAt: Timestamp
        /// Whose answer the job awaits: the latest that took it over.
        var connection: ClientConnection
        /// Nil until the admission is decided.
        var job: JobID?
        /// Those who took it over before that.
        var waiting: [CheckedContinuation<TakeOver, Never>] = []
    }

    fileprivate enum TakeOver: Sendable {
        case job(JobID)
        /// Another repeat was faster, or its answer was written.
        case wasTaken
        /// Its job was not admitted.
        case cameToNothing
    }

    fileprivate struct State {
        /// In the order they came.
        var entries: [Scope: [Entry]] = [:]
        var count = 0
        /// The scope of each request that an answer is awaited for.
        var scopes: [UInt64: Scope] = [:]
        /// What earlier processes did not answer, oldest first.
        var inherited: [Scope: [UnansweredJob]] = [:]
        var sweptAt = Timestamp(milliseconds: 0)
        /// Jobs whose answers were written, for the store to know.
        var answered: [JobID] = []
    }

    private let state = Mutex(State())
    private let latestRequest = Atomic<UInt64>(0)
    private let marks: AsyncStream<Void>
    private let marksContinuation: AsyncStream<Void>.Continuation

    package init() {
        (marks, marksContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes over what an earlier process has left unanswered; to be called before the first request.
    ///
    /// - Throws: What the store throws.
    package func load(from store: any JobStore, at now: Timestamp) async throws {
        let start = now.adding(seconds: -Self.takeOverSeconds)
        let jobs = try await store.unansweredJobs(since: start, limit: Self.requestsMax)
        state.withLock { state in
            for job in jobs.reversed() {
                state.inherited[Scope(keyHash: job.keyHash, fingerprint: job.fingerprint), default: []].append(job)
            }
        }
    }

    /// A number for the next request.
    package func nextRequest() -> UInt64 { latestRequest.add(1, ordering: .relaxed).newValue }

    /// How many jobs await an answer at present.
    package var count: Int { state.withLock { $0.count } }

    // MARK: Requests

    /// Finds the job that a request repeats, and makes it this request's; else notes the request as a new one.
    ///
    /// Of several, the oldest. However many repeats come at once, each job goes to one of them.
    ///
    /// - Parameters:
    ///   - scope: What makes it equal to others.
    ///   - former: What made it equal to others in an earlier version, whose jobs an earlier process may have left.
    ///   - connection: What it came over.
    ///   - now: When.
    /// - Returns: What it is.
    func claim(
        _ scope: Scope,
        _ former: Scope? = nil,
        over connection: ClientConnection,
        at now: Timestamp
    ) async -> Claim {
        while true {
            for inherited in [scope, former].compactMap({ $0 }) {
                if let job = takeInherited(inherited, as: scope, connection, now) { return .takesOver(job) }
            }
            let earlier = state.withLock { ($0.entries[scope] ?? []).filter { Self.isFresh($0.notedAt, now) } }
            let lost = earlier.isEmpty ? [] : await ClientConnection.lost(among: earlier.map(\.connection))
            var isCurrent = true
            for entry in earlier where lost.contains(entry.connection.request) {
                switch await takeOver(entry, in: scope, for: connection) {
                case .job(let id): return .takesOver(id)
                // Look again. An admission that failed leaves all as it was before, and there may be others. A job that
                // was taken meanwhile may be free again at once: a request that was cut before its turn came takes one as
                // any other does, and leaves it behind for its own repeat.
                case .wasTaken, .cameToNothing: isCurrent = false
                }
            }
            if isCurrent { break }
        }
        note(Entry(first: connection.request, notedAt: now, connection: connection), scope, now)
        return .new
    }

    private func takeInherited(
        _ inherited: Scope,
        as scope: Scope,
        _ connection: ClientConnection,
        _ now: Timestamp
    ) -> JobID? {
        state.withLock { (state: inout State) -> JobID? in
            guard var jobs = state.inherited.removeValue(forKey: inherited) else { return nil }
            jobs.removeAll { !Self.isFresh($0.createdAt, now) }
            guard !jobs.isEmpty else { return nil }
            let job = jobs.removeFirst()
            if !jobs.isEmpty { state.inherited[inherited] = jobs }
            let entry = Entry(first: connection.request, notedAt: job.createdAt, connection: connection, job: job.id)
            state.add(entry, to: scope)
            return job.id
        }
    }

    private func takeOver(_ entry: Entry, in scope: Scope, for connection: ClientConnection) async -> TakeOver {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                guard let index = state.index(of: entry.first, in: scope),
                    let known = state.entries[scope]?[index], known.connection.request == entry.connection.request
                else {
                    continuation.resume(returning: .wasTaken)
                    return
                }
                state.scopes[known.connection.request] = nil
                state.scopes[connection.request] = scope
                state.entries[scope]?[index].connection = connection
                if let job = known.job {
                    continuation.resume(returning: .job(job))
                } else {
                    state.entries[scope]?[index].waiting.append(continuation)
                }
            }
        }
    }

    private func note(_ entry: Entry, _ scope: Scope, _ now: Timestamp) {
        state.withLock { state in
            // A full registry is swept more often, but not for each request.
            let pause = state.count >= Self.requestsMax ? 1 : Self.sweepSeconds
            if now.seconds(since: state.sweptAt) >= pause {
                state.removeStale(now)
            }
            guard state.count < Self.requestsMax else { return }
            state.add(entry, to: scope)
        }
    }

    /// Tells what became of a new request: its job is durable.
    func admitted(_ job: JobID, for request: UInt64, in scope: Scope) {
        state.withLock { state in
            guard let index = state.index(of: request, in: scope), var entry = state.entries[scope]?[index] else {
                return
            }
            for waiting in entry.waiting { waiting.resume(returning: .job(job)) }
            entry.waiting = []
            entry.job = job
            state.entries[scope]?[index] = entry
        }
    }

    /// Tells what became of a new request: there is no job.
    func refused(_ request: UInt64, in scope: Scope) {
        state.withLock { state in
            guard let entry = state.remove(request, from: scope) else { return }
            for waiting in entry.waiting { waiting.resume(returning: .cameToNothing) }
        }
    }

    // MARK: Answers

    /// The request's answer was written to its end while its client was there: an equal one is a new job from now on.
    ///
    /// A request whose job was taken over meanwhile, or that made none, changes nothing.
    package func answered(_ request: UInt64) {
        let isNew = state.withLock { state in
            guard let job = state.removeOwned(request)?.job else { return false }
            // A mark that gets lost lets an equal request of the next hour find this job after a restart: no harm.
            guard state.answered.count < Self.marksMax else { return false }
            state.answered.append(job)
            return true
        }
        if isNew { marksContinuation.yield() }
    }

    /// The request will not get its job's answer over its connection, open though this may be: a repeat may have it.
    package func withdrawn(_ request: UInt64) {
        state.withLock { state in
            guard let (scope, index) = state.owned(request), let entry = state.entries[scope]?[index] else { return }
            state.entries[scope]?[index].connection = entry.connection.lost
        }
    }

    /// The request has taken over a job that is not there any more.
    func forget(_ request: UInt64) { state.withLock { _ = $0.removeOwned(request) } }

    /// Signals that there are answered jobs to be marked; for one reader.
    var marksToWrite: AsyncStream<Void> { marks }

    /// Takes some of the jobs that are to be marked.
    func takeAnswered(limit: Int) -> [JobID] {
        state.withLock { state in
            let jobs = Array(state.answered.prefix(limit))
            state.answered.removeFirst(jobs.count)
            return jobs
        }
    }

    private static func isFresh(_ notedAt: Timestamp, _ now: Timestamp) -> Bool {
        now.seconds(since: notedAt) <= takeOverSeconds
    }
}

extension PendingAnswers.State {
    fileprivate func index(of first: UInt64, in scope: PendingAnswers.Scope) -> Int? {
        entries[scope]?.firstIndex { $0.first == first }
    }

    /// Where the entry is whose answer a request is to bring.
    fileprivate func owned(_ request: UInt64) -> (PendingAnswers.Scope, Int)? {
        guard let scope = scopes[request] else { return nil }
        return entries[scope]?.firstIndex { $0.connection.request == request }.map { (scope, $0) }
    }

    fileprivate mutating func add(_ entry: PendingAnswers.Entry, to scope: PendingAnswers.Scope) {
        entries[scope, default: []].append(entry)
        scopes[entry.connection.request] = scope
        count += 1
    }

    fileprivate mutating func removeOwned(_ request: UInt64) -> PendingAnswers.Entry? {
        guard let (scope, index) = owned(request), let first = entries[scope]?[index].first else { return nil }
        return remove(first, from: scope)
    }

    fileprivate mutating func remove(_ first: UInt64, from scope: PendingAnswers.Scope) -> PendingAnswers.Entry? {
        guard let index = index(of: first, in: scope), let entry = entries[scope]?.remove(at: index) else { return nil }
        if entries[scope]?.isEmpty == true { entries[scope] = nil }
        scopes[entry.connection.request] = nil
        count -= 1
        return entry
    }

    /// Drops what no repeat can take over any more.
    fileprivate mutating func removeStale(_ now: Timestamp) {
        sweptAt = now
        for (scope, list) in entries {
            for entry in list
            where entry.job != nil && now.seconds(since: entry.notedAt) > PendingAnswers.takeOverSeconds {
                _ = remove(entry.first, from: scope)
            }
        }
        inherited = inherited.compactMapValues { jobs in
            let fresh = jobs.filter { now.seconds(since: $0.createdAt) <= PendingAnswers.takeOverSeconds }
            return fresh.isEmpty ? nil : fresh
        }
    }
}
