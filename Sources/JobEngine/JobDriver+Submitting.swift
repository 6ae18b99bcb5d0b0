import Cryptography
import Foundation
import Generation
import HTTPTransport
import JobCore
import Logging
import ProviderKit
import Synchronization

/// From the queue to the provider's answer: intent, the one send, evidence, decision.
extension JobDriver {
    /// The most an input may have, in bytes; larger ones were refused at admission.
    private static let inputBytesMax = 64 * 1_048_576
    /// The pause after a resend that did not get as far as its send, in seconds.
    private static let unsentResendSeconds = 5.0

    /// Records the intent: what will be sent, before anything is.
    func begin(_ job: Job, _ queued: JobState.Queued) async throws -> NextStep {
        if isLate(job) { return try await advance(job, .deadlinePassed) }
        if let next = try await moveAside(job) { return next }
        guard let endpoint = services.catalog.endpoint(job.admitted.endpoint) else {
            return try await advance(job, .refused(Self.notConfigured(job), isForCapacity: false, retryAt: nil))
        }
        if let next = try await fetchReferences(of: job, endpoint) {
            services.board.giveBackProbe(endpoint.id, of: takenAt)
            return next
        }
        environment.passed(.referenced)
        let number = queued.tally.begun + 1
        let token = environment.randomHex(bytes: 24)
        let callback = CallbackAddress(publicURL: services.settings.publicURL())
        let attempt = NewAttempt(
            number: number,
            endpoint: job.admitted.endpoint,
            externalID: "\(job.id)_\(number)",
            token: token,
            callbackURL: callback.url(for: endpoint.adapter, token: token)
        )
        let next = try await advance(job, .attemptBegan(attempt))
        environment.passed(.intent)
        return next
    }

    /// The first send of an attempt whose intent is recorded.
    func submitFirst(_ job: Job, _ submitting: JobState.Submitting) async throws -> NextStep {
        if isLate(job) { return try await advance(job, .deadlinePassed) }
        guard let attempt = try await attempt(of: job, submitting.attempt) else { throw AttemptRefusedStep() }
        return try await send(job, attempt)
    }

    /// The send of an attempt: the first, or in class A and A' the same again.
    ///
    /// Whatever happens in here, the job is left in a state from which the next step is right: an answer is recorded as
    /// evidence before it is acted upon, and a send without an answer leaves the outcome unknown.
    func send(_ job: Job, _ attempt: Attempt) async throws -> NextStep {
        guard let endpoint = services.catalog.endpoint(attempt.start.endpoint) else {
            return try await advance(job, .refused(Self.notConfigured(job), isForCapacity: false, retryAt: nil))
        }
        let request = try await requestToSend(job)
        guard request.referenceURLs.isEmpty else {
            // Recorded before any attempt begins, and kept for the job's life: only a hand in the database takes it away.
            // What was sent before may run all the same: then the outcome stays unknown, and its own bound decides.
            guard attempt.sends == 0 else {
                await pause(job, seconds: Self.unsentResendSeconds)
                return .go(try await reload(job))
            }
            return try await advance(job, .refused(Self.referenceLost, isForCapacity: false, retryAt: nil))
        }
        let current = JobBox(job)
        let context = context(for: attempt, endpoint, current)
        let submission: Submission
        let startedAt = environment.now()
        do {
            submission = try await endpoint.adapter.submit(request, attempt: context)
        } catch {
            if !current.hasFailedHere { note(error, of: endpoint, wasAccepted: false, startedAt: startedAt) }
            return try await afterFailedSubmit(current, attempt, context, endpoint, error)
        }
        guard context.didCommitSending else {
            // An adapter that answers without having sent: its conformance suite forbids it. Nothing was paid.
            throw AttemptRefusedStep()
        }
        services.metrics.sent(to: endpoint.id, submission.outcome)
        noteAnswer(of: endpoint, startedAt: startedAt)
        environment.passed(.answered)
        return try await accept(current.job, attempt, send: attempt.sends + 1, submission, endpoint)
    }

    /// Records an acceptance as evidence, whatever became of the job meanwhile, and then decides by it.
    private func accept(
        _ job: Job,
        _ attempt: Attempt,
        send: Int,
        _ submission: Submission,
        _ endpoint: Endpoint
    ) async throws -> NextStep {
        let remoteID: String? =
            switch submission {
            case .accepted(let operation): operation.remoteID
            case .completed: nil
            }
        if let remoteID, !Self.isUsable(remoteID) {
            // Nothing can be asked for under such an id: the answer is as good as lost.
            log(.error, "the provider's id cannot be used", job)
            return try await advance(job, .answerLost)
        }
        let text = try Self.encode(submission)
        let outcome = try await recordSurely(
            .accepted(remoteID: remoteID, submission: text),
            job,
            attempt: attempt.start.number,
            send: send
        )
        environment.passed(.evidence)
        switch outcome {
        case .recorded, .alreadyKnown:
            let next = try await apply(submission, to: job, endpoint)
            // Another worker may hold the job: it should look at once.
            services.signals.wake(job.id)
            return next
        case .orphaned:
            log(.warning, "acceptance came too late; the operation is an orphan", job)
            await cancelOrphan(submission, endpoint, job)
            // The job may still be this worker's: the answer of its resend came after another one.
            return .go(try await reload(job))
        }
    }

    /// Whether a provider's id can be stored and sent back: 1 to 512 bytes, no control characters.
    static func isUsable(_ remoteID: String) -> Bool {
        (1...512).contains(remoteID.utf8.count) && remoteID.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
    }

    /// Moves the job by what the provider accepted; at once to its next step when the endpoint is no longer configured.
    func apply(_ submission: Submission, to job: Job, _ endpoint: Endpoint?) async throws -> NextStep {
        switch submission {
        case .accepted(let operation):
            let jitter = environment.randomFraction()
            let interval = endpoint.map {
                PollSchedule($0, services.durations, job).interval(elapsed: 0, hint: nil, jitter: jitter)
            }
            let next = try await advance(
                job,
                .accepted(
                    remoteID: operation.remoteID,
                    operation: try Self.encode(operation),
                    nextPollAt: environment.now().adding(seconds: interval ?? 0)
                )
            )
            environment.passed(.running)
            return next
        case .completed(let outputs, let usage):
            let result = try Self.encode(ProviderResult(outputs, usage))
            let next = try await advance(job, .completedAtOnce(outputs: result))
            environment.passed(.storing)
            return next
        }
    }

    private func afterFailedSubmit(
        _ current: JobBox,
        _ attempt: Attempt,
        _ context: AttemptContext,
        _ endpoint: Endpoint,
        _ failure: ProviderFailure
    ) async throws -> NextStep {
        let job = current.job
        let failure = failure.told(of: endpoint)
        log(
            .info,
            "submit failed",
            job,
            [
                "code": "\(failure.code.rawValue)", "reached": "\(failure.requestReachedProvider.rawValue)",
                "details": "\(failure.details)",
            ]
        )
        let notSent = !context.didCommitSending
        // A failure without a send is no answer of the provider's.
        if !notSent { services.metrics.failed(endpoint.id, failure) }
        if notSent { services.board.giveBackProbe(endpoint.id, of: takenAt) }
        services.metrics.sent(
            to: endpoint.id,
            notSent ? .notSent : failure.isDefiniteRefusal && attempt.sends == 0 ? .refused : .unknown
        )
        let isResend = attempt.sends > 0
        if isResend {
            // A resend that is not accepted proves nothing about the first send.
            guard !context.didCommitSending else { return try await advance(job, .answerLost) }
            await pause(job, seconds: Self.unsentResendSeconds)
            return .go(try await reload(job))
        }
        guard notSent || failure.isDefiniteRefusal else { return try await advance(job, .answerLost) }
        if !notSent {
            _ = try await recordSurely(.refused(JobFailure(failure)), job, attempt: attempt.start.number, send: 1)
            services.signals.wake(job.id)
        }
        let retryAt = retryTime(failure, tries: attempt.start.number)
        // What failed on this side of the wire says nothing about the provider: the lane's other jobs go on.
        if failure.isForCapacity, !current.hasFailedHere, let retryAt {
            let seconds = retryAt.seconds(since: environment.now())
            services.budgets.pause(endpoint.lane, until: environment.bootSeconds() + seconds)
        }
        // What failed on this side says nothing about the endpoint: the job stays with its first choice.
        let next =
            current.hasFailedHere
            ? (at: retryAt, route: nil)
            : try await nextTry(
                job,
                after: failure,
                wasAccepted: false,
                attempt: attempt.start.number,
                ownRetryAt: retryAt
            )
        return try await advance(
            job,
            .refused(
                JobFailure(failure),
                isForCapacity: failure.isForCapacity,
                retryAt: next.at,
                reroute: next.route
            )
        )
    }

    /// The attempt as its adapter sees it, with the gate that commits `sending`.
    private func context(for attempt: Attempt, _ endpoint: Endpoint, _ current: JobBox) -> AttemptContext {
        AttemptContext(
            reference: reference(attempt),
            callbackURL: attempt.start.callbackURL,
            earlierSends: attempt.sends,
            transport: endpoint.adapter.transport,
            sendTimeoutSeconds: endpoint.model.timing.sendTimeoutSeconds,
            outputs: services.outputs.outputs(of: current.job.id, externalID: attempt.start.externalID),
            input: { stored throws(ProviderFailure) in
                do throws(ProviderFailure) {
                    return try await read(stored)
                } catch {
                    current.hasFailedHere = true
                    throw error
                }
            },
            gate: { body throws(ProviderFailure) in
                do throws(ProviderFailure) {
                    return try await openGate(body, attempt, current)
                } catch {
                    current.hasFailedHere = true
                    throw error
                }
            }
        )
    }

    /// Commits `sending`: from here on the provider may have the request, and nobody sends this attempt a second time
    /// except in class A or A'.
    ///
    /// - Throws: A failure that says that nothing was sent: the job is lost, stopped, or the database is down.
    private func openGate(
        _ body: [UInt8],
        _ attempt: Attempt,
        _ current: JobBox
    ) async throws(ProviderFailure) -> SendWindow {
        try await awaitSendTime(current.job)
        // What was sent before is resolved whatever the time: it may be paid for.
        guard attempt.sends > 0 || !isLate(current.job) else {
            throw Self.notSent("the deadline passed before the send")
        }
        let openedAt = environment.bootSeconds()
        let hash = SHA256.hash(body).hex
        if let earlier = attempt.bodySHA256, earlier != hash {
            throw Self.notSent("a resend must have the body of the first send")
        }
        do {
            guard let next = try await commitSending(current.job, bodySHA256: hash) else {
                throw Self.notSent("the job was stopped or lost before its send")
            }
            current.job = next
        } catch let refusal as ProviderFailure {
            throw refusal
        } catch {
            throw Self.notSent("`sending` could not be recorded: \(error)")
        }
        environment.passed(.sending)
        let bootSeconds = environment.bootSeconds
        let window = services.settings.sendWindowSeconds
        return SendWindow { bootSeconds() - openedAt < window }
    }

    /// Waits until the lane's rates allow a send.
    ///
    /// - Throws: When the job has news or the process stops meanwhile: nothing was sent.
    private func awaitSendTime(_ job: Job) async throws(ProviderFailure) {
        let time = services.budgets.sendTime(job.admitted.lane, at: environment.bootSeconds())
        while true {
            let seconds = time - environment.bootSeconds()
            guard seconds > 0 else { return }
            // Rounded up: times of the wall clock are whole milliseconds.
            let wakeAt = environment.now().adding(seconds: seconds + 0.001)
            await services.signals.dueTimes.wait(for: job.id, until: wakeAt)
            guard !halt.isUp, !Task.isCancelled else { throw Self.notSent("the worker stops before the send") }
            guard time > environment.bootSeconds() else { return }
            // News: the commit of the send sees what they are. The moment that was set aside is kept.
        }
    }

    /// Commits that this very send begins; nil when it may not.
    ///
    /// Apart from `advance`, which is content when the job is where the event would have brought it: a driver that could
    /// not read the job again after an error does not know of its own earlier send. Only a client's wish to stop may have
    /// come between; the attempt and the number of its sends are as this driver knows them.
    private func commitSending(_ job: Job, bodySHA256: String) async throws -> Job? {
        guard case .submitting(let known) = job.state else { return nil }
        var current = job
        while current.fence == fence, case .submitting(let submitting) = current.state,
            submitting.attempt == known.attempt, submitting.sends == known.sends
        {
            let transition = try current.state.applying(
                .sendingBegan(bodySHA256: bodySHA256),
                at: environment.now()
            )
            switch try await services.store.commit(
                transition,
                of: current.id,
                expecting: current.version,
                fence: fence
            ) {
            case .committed(let moved):
                services.live.publish(moved)
                return moved
            case .stale(let newer):
                services.live.publish(newer)
                guard newer.version != current.version else { return nil }
                current = newer
            case .missing: return nil
            }
        }
        return nil
    }

    private func read(_ stored: StoredInput) async throws(ProviderFailure) -> [UInt8] {
        let bytes = ByteCollector()
        do {
            guard stored.bytes <= Self.inputBytesMax else { throw ArtifactStoreError.notFound(stored.sha256) }
            try await services.artifacts.read(.input(sha256: stored.sha256), range: nil) { bytes.append($0) }
        } catch ArtifactStoreError.notFound {
            throw ProviderFailure(
                .notFound,
                retry: .never,
                billing: .notCharged,
                requestReachedProvider: .no,
                message: "A reference of this job is no longer stored."
            )
        } catch {
            throw Self.notSent("an input could not be read: \(error)")
        }
        return bytes.all
    }

    /// Records evidence, however long the database is away: what is known about a paid request must not be forgotten.
    private func recordSurely(
        _ evidence: SendEvidence,
        _ job: Job,
        attempt number: Int,
        send: Int
    ) async throws -> EvidenceOutcome {
        var tries = 0
        while true {
            do {
                return try await services.store.record(
                    evidence,
                    of: job.id,
                    attempt: number,
                    send: send,
                    at: environment.now()
                )
            } catch {
                tries += 1
                log(.error, "evidence not recorded; it is tried again", job, ["error": "\(error)"])
                try await environment.sleep(min(5, 0.1 * Double(1 << min(tries, 6))))
            }
        }
    }

    /// Stops at the provider what nobody will use.
    func cancelOrphan(_ submission: Submission, _ endpoint: Endpoint, _ job: Job) async {
        guard case .accepted(let operation) = submission, let adapter = endpoint.adapter as? any CancellableAdapter
        else { return }
        do {
            try await adapter.cancel(operation)
        } catch {
            log(.warning, "orphan not cancelled at the provider", job, ["details": "\(error.details)"])
        }
    }

    /// The attempt of that number.
    func attempt(of job: Job, _ number: Int) async throws -> Attempt? {
        try await services.store.attempts(of: job.id).first { $0.start.number == number }
    }

    /// The job as the store has it.
    func reload(_ job: Job) async throws -> Job { try await services.store.job(job.id) ?? job }

    /// What identifies an attempt toward its provider.
    func reference(_ attempt: Attempt) -> AttemptReference { attempt.reference }

    private static func notConfigured(_ job: Job) -> JobFailure {
        JobFailure(
            .unavailable,
            "The provider of \(job.admitted.endpoint.model) is no longer configured.",
            retryable: false
        )
    }

    private static let referenceLost = JobFailure(
        .inputUnavailable,
        "A reference of this job is no longer stored.",
        retryable: true
    )

    private static func notSent(_ details: String) -> ProviderFailure {
        ProviderFailure(
            .unavailable,
            retry: .backoff,
            billing: .notCharged,
            requestReachedProvider: .no,
            message: "The request was not sent.",
            details: details
        )
    }

    /// The form in which provider values are stored: JSON with sorted keys.
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Reads the form in which provider values are stored.
    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

/// The job that a submit is about, as of its latest commit.
private final class JobBox: Sendable {
    private let value: Mutex<(job: Job, hasFailedHere: Bool)>

    init(_ job: Job) { value = Mutex((job, false)) }

    var job: Job {
        get { value.withLock { $0.job } }
        set { value.withLock { $0.job = newValue } }
    }

    /// Whether the gate was not opened or an input not read: no fault of the provider.
    var hasFailedHere: Bool {
        get { value.withLock { $0.hasFailedHere } }
        set { value.withLock { $0.hasFailedHere = newValue } }
    }
}

/// Gathers chunks that come from a callback.
private final class ByteCollector: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    var all: [UInt8] { bytes.withLock { $0 } }

    func append(_ chunk: [UInt8]) { bytes.withLock { $0 += chunk } }
}

extension Submission {
    /// What it is counted as.
    fileprivate var outcome: EngineMetrics.SubmitOutcome {
        switch self {
        case .accepted: .accepted
        case .completed: .completed
        }
    }
}

extension Attempt {
    /// What identifies it toward its provider.
    var reference: AttemptReference {
        AttemptReference(
            externalID: start.externalID,
            token: start.token,
            number: start.number,
            sentAtMilliseconds: (sendingAt ?? beganAt).milliseconds
        )
    }
}
