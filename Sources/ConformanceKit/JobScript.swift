import Generation
package import JobCore
package import Ledger
import Testing

/// The events of a job's life by name: what a table has as columns.
package enum JobEventKind: String, CaseIterable, Sendable {
    case rerouted
    case attemptBegan, sendingBegan, accepted, completedAtOnce, refused, answerLost, foundAbsent, gaveUpVerifying
    case polled, providerCompleted, providerFailed, providerCancelled
    case outputsRenewed, artifactsStored, outputsRejected
    case cancelRequested, deadlinePassed

    /// The name of an event.
    package init(_ event: JobEvent) {
        self =
            switch event {
            case .rerouted: .rerouted
            case .attemptBegan: .attemptBegan
            case .sendingBegan: .sendingBegan
            case .accepted: .accepted
            case .completedAtOnce: .completedAtOnce
            case .refused: .refused
            case .answerLost: .answerLost
            case .foundAbsent: .foundAbsent
            case .gaveUpVerifying: .gaveUpVerifying
            case .polled: .polled
            case .providerCompleted: .providerCompleted
            case .providerFailed: .providerFailed
            case .providerCancelled: .providerCancelled
            case .outputsRenewed: .outputsRenewed
            case .artifactsStored: .artifactsStored
            case .outputsRejected: .outputsRejected
            case .cancelRequested: .cancelRequested
            case .deadlinePassed: .deadlinePassed
            }
    }
}

/// A place in a job's life that the rules tell from others: at least one for each state.
package enum JobSituation: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case queued
    case queuedAgain = "queued again"
    case intent
    case sending
    case verifying
    case resending
    case verifyingResend = "verifying a resend"
    case stoppingSend = "sending, asked to stop"
    case stoppingVerification = "verifying, asked to stop"
    case running
    case runningWithProgress = "running with progress"
    case stopping = "running, asked to stop"
    case storing
    case storingAtOnce = "storing what came at once"
    case completed
    case failed
    case cancelled
    case cancelledAtCost = "cancelled at a cost"
    case expired

    package var testDescription: String { rawValue }

    /// The plainest situation in a state.
    package init(_ state: JobState.Name) {
        self =
            switch state {
            case .queued: .queued
            case .submitting: .sending
            case .running: .running
            case .storing: .storing
            case .completed: .completed
            case .failed: .failed
            case .cancelled: .cancelled
            case .expired: .expired
            }
    }
}

/// What happens to one job, in events: the way to each situation, and a sample of every event.
package struct JobScript: Sendable {
    /// The job: its tokens and the provider's ids are made from it, so that no two jobs share any.
    package let job: JobID
    /// Where it is served.
    package let endpoint: EndpointID
    /// When its times count from.
    package let start: Timestamp
    /// What it costs when it costs anything.
    package let charge: Credits
    private let new: NewJob

    /// Scripts the life of a job.
    package init(_ job: NewJob, charge: Credits? = nil) {
        self.new = job
        self.job = job.id
        self.endpoint = job.endpoint
        self.start = job.createdAt
        self.charge = min(charge ?? Credits(nanoUSD: 123_456_789), job.hold)
    }

    /// The provider's id of an attempt.
    package func remoteID(_ attempt: Int) -> String { "remote-\(attempt)-\(job)" }

    /// An attempt as it begins.
    package func attempt(_ number: Int) -> NewAttempt {
        NewAttempt(
            number: number,
            endpoint: endpoint,
            externalID: "external-\(number)-\(job)",
            token: "token-\(number)-\(job)"
        )
    }

    /// The artifacts that it gives.
    package var artifacts: [Artifact] {
        [("video/mp4", "a"), ("image/png", "b")].enumerated().map { index, kind in
            let sha256 = String(repeating: kind.1, count: 64)
            return Artifact(
                index: index,
                mediaType: kind.0,
                bytes: 1_000,
                sha256: sha256,
                key: .artifact(job: job, attempt: 1, index: index, sha256: sha256),
                width: 1_280,
                height: 720,
                durationMilliseconds: index == 0 ? 4_000 : nil
            )
        }
    }

    /// A bill of one line and this total.
    package static func bill(_ total: Credits) throws(LedgerRefusal) -> Bill {
        guard let price = ExactDecimal(mantissa: total.nanoUSD, scale: 9) else { throw .overflow }
        return try PriceSheet(lines: [PriceLine(unit: .request, price: price)])
            .bill(MeteredUsage(quantities: [.request: ExactDecimal(1)]), rounding: .halfToEven)
    }

    private static let bodySHA256 = String(repeating: "c", count: 64)
    private static let adjustments = [
        Adjustment(parameter: "output_format", asked: "webp", used: "png", reason: .deliveredOtherwise)
    ]
    private static let failure = JobFailure(.unavailable, "The provider was down.", retryable: true)

    private var later: Timestamp { start.adding(seconds: 60) }

    /// The events that lead from the queue to a situation, in order.
    ///
    /// - Parameters:
    ///   - situation: Where they lead.
    ///   - number: The attempt that they are about: one more than were begun before.
    /// - Returns: The events.
    /// - Throws: `LedgerRefusal` for a charge that makes no bill.
    package func way(to situation: JobSituation, attempt number: Int = 1) throws(LedgerRefusal) -> [JobEvent] {
        let began: [JobEvent] = [.attemptBegan(attempt(number))]
        let sent = began + [.sendingBegan(bodySHA256: Self.bodySHA256)]
        let resent = sent + [.answerLost, .sendingBegan(bodySHA256: Self.bodySHA256)]
        let ran = sent + [.accepted(remoteID: remoteID(number), operation: "operation", nextPollAt: later)]
        let stored = ran + [.providerCompleted(outputs: "outputs")]
        return switch situation {
        case .queued: []
        case .queuedAgain: sent + [.refused(Self.failure, isForCapacity: true, retryAt: start)]
        case .intent: began
        case .sending: sent
        case .verifying: sent + [.answerLost]
        case .resending: resent
        case .verifyingResend: resent + [.answerLost]
        case .stoppingSend: sent + [.cancelRequested]
        case .stoppingVerification: sent + [.answerLost, .cancelRequested]
        case .running: ran
        case .runningWithProgress:
            ran + [.polled(progress: 0.5, isQueuedAtProvider: false, nextPollAt: later, found: true)]
        case .stopping: ran + [.cancelRequested]
        case .storing: stored
        case .storingAtOnce: sent + [.completedAtOnce(outputs: "outputs")]
        case .completed: stored + [.artifactsStored(artifacts, try Self.bill(charge), adjustments: Self.adjustments)]
        case .failed: ran + [.providerFailed(Self.failure, retryAt: nil)]
        case .cancelled: [.cancelRequested]
        case .cancelledAtCost: ran + [.cancelRequested, .providerCancelled(charged: charge)]
        case .expired: [.deadlinePassed]
        }
    }

    /// The events of as many attempts as make the next one the last, each refused.
    package var wayToLastAttempt: [JobEvent] {
        (1..<JobState.Tally.countedMax).flatMap { number -> [JobEvent] in
            [
                .attemptBegan(attempt(number)), .sendingBegan(bodySHA256: Self.bodySHA256),
                .refused(Self.failure, isForCapacity: false, retryAt: start),
            ]
        }
    }

    /// Samples of an event, one for each way in which it can differ, fit for a job in `state`.
    ///
    /// - Throws: `LedgerRefusal` for a charge that makes no bill.
    package func samples(of kind: JobEventKind, in state: JobState) throws(LedgerRefusal) -> [JobEvent] {
        let failure = Self.failure
        let number = (state.tally?.begun ?? 0) + 1
        return switch kind {
        case .rerouted: [.rerouted(new.route(), availableAt: later)]
        case .attemptBegan: [.attemptBegan(attempt(number))]
        case .sendingBegan: [.sendingBegan(bodySHA256: Self.bodySHA256)]
        case .accepted: [.accepted(remoteID: remoteID(number - 1), operation: "operation", nextPollAt: later)]
        case .completedAtOnce: [.completedAtOnce(outputs: "outputs")]
        case .refused:
            [
                .refused(failure, isForCapacity: false, retryAt: nil),
                .refused(failure, isForCapacity: false, retryAt: later),
                .refused(failure, isForCapacity: true, retryAt: later),
            ]
        case .answerLost: [.answerLost]
        case .foundAbsent: [.foundAbsent(retryAt: later)]
        case .gaveUpVerifying: [.gaveUpVerifying(failure, retryAt: nil), .gaveUpVerifying(failure, retryAt: later)]
        case .polled: [.polled(progress: 0.25, isQueuedAtProvider: true, nextPollAt: later, found: true)]
        case .providerCompleted: [.providerCompleted(outputs: "outputs")]
        case .providerFailed: [.providerFailed(failure, retryAt: nil), .providerFailed(failure, retryAt: later)]
        case .providerCancelled: [.providerCancelled(charged: .zero), .providerCancelled(charged: charge)]
        case .outputsRenewed: [.outputsRenewed(outputs: "other outputs")]
        case .artifactsStored:
            [
                .artifactsStored(artifacts, try Self.bill(charge), adjustments: Self.adjustments),
                .artifactsStored(artifacts, .empty),
            ]
        case .outputsRejected: [.outputsRejected(failure)]
        case .cancelRequested: [.cancelRequested]
        case .deadlinePassed: [.deadlinePassed]
        }
    }

    /// Samples of every event, fit for a job in `state`.
    ///
    /// - Throws: `LedgerRefusal` for a charge that makes no bill.
    package func samples(in state: JobState) throws(LedgerRefusal) -> [JobEvent] {
        var all: [JobEvent] = []
        for kind in JobEventKind.allCases { all += try samples(of: kind, in: state) }
        return all
    }
}
