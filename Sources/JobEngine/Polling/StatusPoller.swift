import Generation
import HTTPTransport
import JobCore
import ProviderKit
import Synchronization

/// Asks providers how generations stand, within what each of their accounts takes.
///
/// Whoever drives a job asks here when a look is due. Per provider instance and account the calls keep to the adapter's
/// ``ProviderAdapter/pollLimits``; where a provider tells of many generations in one answer, looks that are due at about
/// the same time share a call. Nothing is remembered that a crash could take away: what is due then is asked again.
final class StatusPoller: Sendable {
    private typealias Answer = Result<OperationStatus, ProviderFailure>

    private struct DeskID: Hashable {
        let provider: String
        let account: String
    }

    private struct Question {
        let job: JobID
        let desk: DeskID
        let operation: ProviderOperation
        let adapter: any ProviderAdapter
        let wantedAt: Double
        /// What it may do now; nil while it waits.
        var turn: Turn?
    }

    private enum Turn {
        /// Ask by yourself.
        case alone
        /// It was asked along with others.
        case answered(Answer)
    }

    /// What is remembered of a running job's looks.
    private struct Look {
        /// Counts for this version of the job: a later one says itself when it is due.
        var version: Int64 = 0
        var dueAt = 0.0
        /// When it was last seen unfinished.
        var unfinishedAt: Double?
        /// When its provider was last told to stop.
        var stoppedAt: Double?
    }

    private struct State {
        var desks: [DeskID: PollDesk] = [:]
        var questions: [UInt64: Question] = [:]
        var looks: [JobID: Look] = [:]
        var lastTicket: UInt64 = 0
    }

    private static let stopSecondsBetween = 30.0

    private let environment: EngineEnvironment
    private let dueTimes: DueTimes
    private let metrics: EngineMetrics
    private let state = Mutex(State())
    private let changed = Signal()

    init(environment: EngineEnvironment, dueTimes: DueTimes, metrics: EngineMetrics) {
        self.environment = environment
        self.dueTimes = dueTimes
        self.metrics = metrics
    }

    // MARK: When

    /// The next look at a job is due in so many seconds, as long as the job stays as it is.
    func plan(_ job: Job, in seconds: Double) {
        let dueAt = environment.bootSeconds() + seconds
        state.withLock { state in
            state.looks[job.id, default: Look()].version = job.version
            state.looks[job.id, default: Look()].dueAt = dueAt
        }
    }

    /// When the next look is due, on the clock of the boot; nil when the job's own record says so.
    func plannedAt(_ job: Job) -> Double? {
        state.withLock { $0.looks[job.id].flatMap { $0.version == job.version ? $0.dueAt : nil } }
    }

    /// The job was seen unfinished now.
    func sawUnfinished(_ job: Job) {
        let now = environment.bootSeconds()
        state.withLock { $0.looks[job.id, default: Look()].unfinishedAt = now }
    }

    /// Seconds since the job was last seen unfinished; nil when it was not in this process.
    func secondsUnseen(_ job: Job) -> Double? {
        let now = environment.bootSeconds()
        return state.withLock { $0.looks[job.id]?.unfinishedAt }.map { now - $0 }
    }

    /// Whether a job's provider may be told to stop now: at once, and then every half minute, however often it is looked at.
    func mayStop(_ job: Job) -> Bool {
        let now = environment.bootSeconds()
        return state.withLock { state in
            if let before = state.looks[job.id]?.stoppedAt, now - before < Self.stopSecondsBetween { return false }
            state.looks[job.id, default: Look()].stoppedAt = now
            return true
        }
    }

    /// The job is not driven here any more.
    func forget(_ id: JobID) { state.withLock { _ = $0.looks.removeValue(forKey: id) } }

    /// Whether an endpoint's polls have to wait for their turn: then none is spent on what is hardly ever finished.
    func isShort(_ endpoint: Endpoint) -> Bool {
        state.withLock { $0.desks[Self.desk(of: endpoint)]?.delay ?? 0 } > 1.5
    }

    // MARK: Asking

    /// Asks how a job's generation stands, when it is its turn.
    ///
    /// - Parameters:
    ///   - operation: The generation.
    ///   - job: The job.
    ///   - endpoint: Where it runs.
    ///   - wantedAt: Since when the answer is wanted, on the clock of the boot: its place in the line.
    ///   - isUrgent: Whether it goes before all others, since the provider has called back.
    ///   - limit: How long to wait at most.
    /// - Returns: The provider's answer, or why there is none. Nil when the job has news, the process stops or the limit has
    ///   passed before it was its turn: nothing was asked then.
    func status(
        of operation: ProviderOperation,
        job: Job,
        at endpoint: Endpoint,
        wantedAt: Double,
        isUrgent: Bool,
        until limit: Timestamp
    ) async -> Result<OperationStatus, ProviderFailure>? {
        let question = Question(
            job: job.id,
            desk: Self.desk(of: endpoint),
            operation: operation,
            adapter: endpoint.adapter,
            wantedAt: wantedAt
        )
        let ticket = enqueue(question, isUrgent: isUrgent)
        defer { withdraw(ticket) }
        if !hasTurn(ticket) { await dueTimes.wait(for: job.id, until: limit) }
        switch takeTurn(ticket) {
        case nil: return nil
        case .answered(let answer): return answer
        case .alone:
            do throws(ProviderFailure) {
                let status = try await endpoint.adapter.status(of: operation)
                note(nil, at: question.desk, isBulk: false)
                return .success(status)
            } catch {
                note(error, at: question.desk, isBulk: false)
                return .failure(error)
            }
        }
    }

    /// Lets those who wait have their turns, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let now = environment.bootSeconds()
                let (woken, batches, next) = state.withLock { Self.serve(&$0, at: now) }
                for job in woken { dueTimes.wake(job) }
                for batch in batches { group.addTask { await self.ask(batch) } }
                await changed.wait(seconds: min(60, max(0.001, next - now)), sleep: environment.sleep)
            }
        }
    }

    private static func desk(of endpoint: Endpoint) -> DeskID {
        DeskID(provider: endpoint.id.provider, account: endpoint.id.account)
    }

    /// Puts a question in line; where nobody waits and one may ask at once, its turn has come.
    private func enqueue(_ question: Question, isUrgent: Bool) -> UInt64 {
        let now = environment.bootSeconds()
        let (ticket, isNews) = state.withLock { state -> (UInt64, Bool) in
            state.lastTicket += 1
            let ticket = state.lastTicket
            state.questions[ticket] = question
            var desk = state.desks[question.desk] ?? Self.newDesk(question.adapter, at: now)
            let isSooner = desk.add(ticket, wantedAt: question.wantedAt, isUrgent: isUrgent, at: now)
            // The usual case, without a detour: nobody else waits.
            let hasTurn = desk.takeOnly(at: now)
            state.desks[question.desk] = desk
            if hasTurn { Self.give(.alone, to: ticket, &state, at: now) }
            return (ticket, isSooner && !hasTurn)
        }
        if isNews { changed.raise() }
        return ticket
    }

    private static func newDesk(_ adapter: any ProviderAdapter, at now: Double) -> PollDesk {
        var desk = PollDesk(adapter)
        desk.begin(at: now)
        return desk
    }

    private func withdraw(_ ticket: UInt64) {
        state.withLock { state in
            guard let question = state.questions.removeValue(forKey: ticket), question.turn == nil else { return }
            state.desks[question.desk]?.remove(ticket)
        }
    }

    private func hasTurn(_ ticket: UInt64) -> Bool { state.withLock { $0.questions[ticket]?.turn != nil } }

    private func takeTurn(_ ticket: UInt64) -> Turn? { state.withLock { $0.questions[ticket]?.turn } }

    /// Gives every turn that can be given now.
    private static func serve(
        _ state: inout State,
        at now: Double
    ) -> (woken: [JobID], batches: [[UInt64]], next: Double) {
        var woken: [JobID] = []
        var batches: [[UInt64]] = []
        var next = Double.infinity
        for id in state.desks.keys {
            steps: while let step = state.desks[id]?.step(at: now) {
                switch step {
                case .idle: break steps
                case .later(let time):
                    next = min(next, time)
                    break steps
                case .alone(let ticket):
                    give(.alone, to: ticket, &state, at: now)
                    if let job = state.questions[ticket]?.job { woken.append(job) }
                case .together(let tickets):
                    for ticket in tickets { note(ticket, &state, at: now) }
                    batches.append(tickets)
                }
            }
        }
        return (woken, batches, next)
    }

    private static func give(_ turn: Turn, to ticket: UInt64, _ state: inout State, at now: Double) {
        note(ticket, &state, at: now)
        state.questions[ticket]?.turn = turn
    }

    /// A question has come so late.
    private static func note(_ ticket: UInt64, _ state: inout State, at now: Double) {
        guard let question = state.questions[ticket] else { return }
        state.desks[question.desk]?.served(after: now - question.wantedAt)
    }

    private func note(_ failure: ProviderFailure?, at desk: DeskID, isBulk: Bool) {
        let now = environment.bootSeconds()
        state.withLock { state in
            if let failure {
                state.desks[desk]?.failed(failure, isBulk: isBulk, at: now)
            } else {
                state.desks[desk]?.answered(isBulk: isBulk)
            }
        }
    }

    // MARK: Several at once

    /// One call for several.
    ///
    /// Whoever has left meanwhile is asked for all the same: the call is made up.
    private func ask(_ tickets: [UInt64]) async {
        let questions = state.withLock { state in tickets.compactMap { state.questions[$0] } }
        guard let first = questions.first, let adapter = first.adapter as? any BulkStatusAdapter else { return }
        do throws(ProviderFailure) {
            let found = try await adapter.statuses(of: questions.map(\.operation))
            note(nil, at: first.desk, isBulk: true)
            metrics.askedTogether(first.desk.provider, "answered")
            deliver(tickets) { found[$0.operation.remoteID].map(Answer.success) }
        } catch {
            note(error, at: first.desk, isBulk: true)
            metrics.askedTogether(first.desk.provider, "error")
            guard error.code == .notFound else { return deliver(tickets) { _ in .failure(error) } }
            // One that is gone must not speak for all that were asked for along with it: each is asked for by itself, or
            // the question counts as not answered.
            let isAskedSingly = state.withLock { $0.desks[first.desk]?.mayAskSingly ?? false }
            var unanswered = error
            (unanswered.code, unanswered.retry) = (.unavailable, .backoff)
            deliver(tickets) { [unanswered] _ in isAskedSingly ? nil : .failure(unanswered) }
        }
    }

    /// Hands out what a call has brought; those it says nothing about are asked for by themselves.
    private func deliver(_ tickets: [UInt64], _ answer: (Question) -> Answer?) {
        var isLeft = false
        let woken = state.withLock { state -> [JobID] in
            var woken: [JobID] = []
            for ticket in tickets {
                guard let question = state.questions[ticket] else { continue }
                if let answer = answer(question) {
                    state.questions[ticket]?.turn = .answered(answer)
                } else if state.desks[question.desk]?.mayAskSingly == true {
                    state.desks[question.desk]?.addApart(ticket, wantedAt: question.wantedAt)
                    isLeft = true
                    continue
                } else {
                    state.questions[ticket]?.turn = .answered(.failure(Self.unknownToProvider))
                }
                woken.append(question.job)
            }
            return woken
        }
        for job in woken { dueTimes.wake(job) }
        if isLeft { changed.raise() }
    }

    private static let unknownToProvider = ProviderFailure(
        .notFound,
        retry: .backoff,
        billing: .unknown,
        requestReachedProvider: .yes,
        message: "The provider does not know this generation.",
        details: "missing from an answer for several"
    )
}
