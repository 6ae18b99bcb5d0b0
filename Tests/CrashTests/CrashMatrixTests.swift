import Foundation
import Generation
import JobCore
import JobEngine
import Ledger
import ServiceHarness
import Testing

/// The real program is killed at every write-ahead step, and started again.
@Suite(.keepsEvidence) struct CrashMatrixTests {
    /// What is submitted.
    enum Subject: String, CaseIterable, Sendable {
        case studioVideo = "Studio video"
        case sandboxA = "Sandbox class A"
        case sandboxC = "Sandbox class C"
        case sandboxLookUpThenResend = "Sandbox class A'"
        case sandboxB = "Sandbox class B"

        /// The classes whose whole matrix is walked; the others differ from A only around the send.
        static let main: [Subject] = [.studioVideo, .sandboxA, .sandboxC]

        /// The recovery class, as the sandbox's script names it.
        var recovery: String {
            switch self {
            case .studioVideo, .sandboxA: "A"
            case .sandboxLookUpThenResend: "A'"
            case .sandboxB: "B"
            case .sandboxC: "C"
            }
        }

        /// A job that is over in a moment; or one that takes so long that it can be stopped.
        func job(isLong: Bool, losingItsAnswer: Bool) -> JSONValue {
            switch self {
            case .studioVideo:
                [
                    "type": "video", "model": "studio/motion", "prompt": "a crash, and then another try",
                    "duration": isLong ? 10 : 1, "resolution": isLong ? "1080p" : "360p", "aspect_ratio": "16:9",
                    "fps": 24, "seed": 7,
                ]
            case .sandboxA, .sandboxLookUpThenResend, .sandboxB, .sandboxC:
                [
                    "type": "video", "model": "sandbox/video", "prompt": "a crash, and then another try",
                    "duration": 2,
                    "provider": [
                        "options": [
                            "fake-provider": [
                                "delay_ms": isLong ? 20_000 : 150, "progress_steps": 2,
                                "recovery": .string(recovery), "lost_answer": .bool(losingItsAnswer),
                            ]
                        ]
                    ],
                ]
            }
        }

        /// What a completed short job costs.
        var cost: Credits { Credits(nanoUSD: self == .studioVideo ? 10_000_000 : 100_000_000) }
    }

    /// One crash.
    struct Crash: Sendable, CustomTestStringConvertible {
        let subject: Subject
        let step: WriteAheadStep
        var occurrence = 1
        var losesItsAnswer = false

        var testDescription: String {
            "\(subject.rawValue), \(step.rawValue)" + (occurrence > 1 ? " (\(occurrence). time)" : "")
                + (losesItsAnswer ? ", answer lost" : "")
        }

        /// Whether the request was committed, and so survives the crash.
        var isAfterCommit: Bool { step != .checked }

        /// How many submits the provider must have seen in the end.
        ///
        /// Before the crash the send that was answered, and one that lost its answer; after it a resend where the class
        /// has one. A look-up finds what the provider had, and class C asks nobody.
        var submits: Int {
            switch (subject.recovery, step) {
            case ("A", .answered): losesItsAnswer ? 3 : 2
            case ("A", .sending) where occurrence == 2: 2
            case ("C", .sending): 0
            default: 1
            }
        }

        /// Whether nobody can know after the crash what became of the send, in a class where nothing is sent again.
        ///
        /// From `sending` on the provider may have the request; once its answer is evidence, it is known.
        var leavesOutcomeUnknown: Bool {
            guard subject == .sandboxC else { return false }
            switch step {
            case .sending, .answered: return true
            case .checked, .admitted, .claimed, .referenced, .intent, .evidence, .running, .storing, .spooled, .kept,
                .completed, .cancelRequested:
                return losesItsAnswer
            }
        }
    }

    /// Every step with every main subject.
    ///
    /// The wish to stop is a test of its own: it needs a client that has it.
    static let crashes: [Crash] =
        Subject.main.flatMap { subject in
            WriteAheadStep.allCases.filter { $0 != .cancelRequested }.map { Crash(subject: subject, step: $0) }
        } + [
            Crash(subject: .sandboxLookUpThenResend, step: .sending),
            Crash(subject: .sandboxLookUpThenResend, step: .answered),
            Crash(subject: .sandboxB, step: .sending),
            Crash(subject: .sandboxB, step: .answered),
            // The resend of class A is a send like the first: it too may be cut at each of its steps.
            Crash(subject: .sandboxA, step: .sending, occurrence: 2, losesItsAnswer: true),
            Crash(subject: .sandboxA, step: .answered, losesItsAnswer: true),
        ]

    @Test(arguments: crashes) func aCrashLosesNothingAndPaysNothingTwice(_ crash: Crash) async throws {
        let installation = try Installation("crash-\(crash.step.rawValue)")
        let key = "crash-matrix"
        let body = crash.subject.job(isLong: false, losingItsAnswer: crash.losesItsAnswer)
        let (ending, after, count, first, second) = try await Gate.machine.run {
            let doomed = try installation.serve(["MEDIARY_TEST_CRASH_AT": "\(crash.step.rawValue):\(crash.occurrence)"])
            let first = try? doomed.client.submit(body, idempotencyKey: key)
            if let first, first.status != 202 { throw Unexpected("\(first.status) \(first.text)") }
            let end = try doomed.child.waitForEnd(within: 30)
            guard end == .signalled(SIGKILL) else { throw Unexpected("\(end) instead of a crash\n\(doomed.log)") }

            let service = try installation.serve()
            let second = try service.client.submit(body, idempotencyKey: key)
            guard second.status == 202, let id = second.json["id"]?.stringValue else {
                throw Unexpected("the repeat: \(second.status) \(second.text)")
            }
            // At once: the folder's lock proves that the old process is dead, so nobody waits for its lease of 15 s.
            _ = try service.client.waitForEnd(of: id, within: 12)
            let ending = try Ending(of: id, service.client)
            let count = try service.client.count(status: "queued,in_progress,completed,failed,cancelled,expired")
            try service.stop()
            return (ending, try Aftermath(installation), count, first, second)
        }

        #expect(count == 1)
        #expect((second.headers["idempotent-replayed"] == "true") == crash.isAfterCommit)
        if let first {
            #expect(first.json["id"] == second.json["id"])
        }
        ending.check()
        let isCompleted = ending.status == "completed"
        #expect(isCompleted == !crash.leavesOutcomeUnknown, "\(ending.job.canonicalText)")
        #expect(ending.cost == (isCompleted ? crash.subject.cost : .zero))
        if !isCompleted { #expect(ending.job["error"]?["code"]?.stringValue == "outcome_unknown") }
        try after.check(spent: ending.cost, jobs: 1)

        if crash.subject == .studioVideo {
            try await checkVideo(of: ending, in: installation)
        } else {
            Aftermath.checkSubmits(after.submits, recovery: crash.subject.recovery)
            #expect(after.submits.count == crash.submits)
        }
        installation.remove()
    }

    @Test(arguments: Subject.main) func aCrashAfterAWishToStopIsFollowed(_ subject: Subject) async throws {
        let installation = try Installation("crash-cancel")
        let body = subject.job(isLong: true, losingItsAnswer: false)
        let (ending, after) = try await Gate.machine.run {
            let doomed = try installation.serve(["MEDIARY_TEST_CRASH_AT": "cancel_requested"])
            let answer = try doomed.client.submit(body, idempotencyKey: "cancelled")
            guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
                throw Unexpected("\(answer.status) \(answer.text)")
            }
            _ = try poll("the job at its provider", within: 20) {
                try doomed.client.job(id)["status"]?.stringValue == "in_progress" ? true : nil
            }
            _ = try? doomed.client.exchange("POST", "/api/v1/jobs/\(id)/cancel")
            let end = try doomed.child.waitForEnd(within: 30)
            guard end == .signalled(SIGKILL) else { throw Unexpected("\(end) instead of a crash\n\(doomed.log)") }

            let service = try installation.serve()
            _ = try service.client.waitForEnd(of: id, within: 20)
            let ending = try Ending(of: id, service.client)
            try service.stop()
            return (ending, try Aftermath(installation))
        }
        ending.check()
        // Cancelled or completed, never both; what the provider does not bill is not charged.
        #expect(ending.status == "cancelled")
        #expect(ending.cost == .zero)
        try after.check(spent: ending.cost, jobs: 1)
        if subject != .studioVideo {
            Aftermath.checkSubmits(after.submits, recovery: subject.recovery)
            #expect(after.submits.count == 1)
            #expect(after.journal.contains { $0.event == "cancel" })
        }
        installation.remove()
    }

    /// More jobs than one claim takes are in flight: none waits for a lease that nobody renews any more.
    @Test func allJobsInFlightAreTakenOverAtOnce() async throws {
        let jobs = 200
        let installation = try Installation("crash-many")
        let (endings, seconds, after) = try await Gate.machine.run(weight: 2) {
            let doomed = try installation.serve()
            let client = doomed.client
            let ids = try (0..<jobs).map { number in
                let job: JSONValue = [
                    "type": "image", "model": "sandbox/image", "prompt": .string("job \(number)"),
                    "provider": ["options": ["fake-provider": ["delay_ms": 2_000, "recovery": "C"]]],
                ]
                let answer = try client.submit(job, idempotencyKey: "job-\(number)")
                guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
                    throw Unexpected("\(answer.status) \(answer.text)")
                }
                return id
            }
            try poll("all jobs at their provider", within: 20) {
                try installation.journal().count == jobs ? () : nil
            }
            try doomed.kill()
            let service = try installation.serve()
            let start = ContinuousClock.now
            try poll("the end of all jobs", within: 20, every: 0.05) {
                try service.client.count(status: "queued,in_progress") == 0 ? () : nil
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let endings = try ids.map { try Ending(of: $0, service.client) }
            try service.stop()
            return (endings, seconds, try Aftermath(installation))
        }
        // A lease that nobody renews lasts 15 s, and a worker looks for orphans every 5 s: neither may show.
        #expect(seconds < 8)
        var spent = Credits.zero
        for ending in endings {
            ending.check()
            // One whose answer was being recorded cannot be known to have been accepted.
            #expect(ending.status == "completed" || ending.status == "failed")
            spent = try spent.adding(ending.cost)
        }
        #expect(endings.count { $0.status == "completed" } > jobs / 2)
        #expect(after.submits.count == jobs)
        try after.check(spent: spent, jobs: jobs)
        installation.remove()
    }

    /// Stopped between the record of the send and the send, for longer than a send may still start.
    @Test func aSendThatWasSuspendedTooLongIsNotSent() async throws {
        let installation = try Installation("suspended")
        let body = Subject.sandboxC.job(isLong: false, losingItsAnswer: false)
        // It mostly sleeps, and so needs no room.
        let (ending, after) = try await Gate.machine.run(weight: 0) {
            let service = try installation.serve(["MEDIARY_TEST_CRASH_AT": "sending:1:stop"])
            let answer = try? ServiceClient(port: service.port, key: installation.key, silenceSeconds: 5)
                .submit(body, idempotencyKey: "suspended")
            sleep(11)
            service.resume()
            let repeated = try service.client.submit(body, idempotencyKey: "suspended")
            guard let id = repeated.json["id"]?.stringValue,
                answer == nil || answer?.json["id"]?.stringValue == id
            else {
                throw Unexpected("\(repeated.status) \(repeated.text)")
            }
            _ = try service.client.waitForEnd(of: id, within: 20)
            let ending = try Ending(of: id, service.client)
            try service.stop()
            return (ending, try Aftermath(installation))
        }
        ending.check()
        #expect(ending.status == "completed")
        // The first attempt gave up unsent; the second was sent.
        #expect(after.submits.map(\.attempt) == [2])
        try after.check(spent: ending.cost, jobs: 1)
        installation.remove()
    }

    /// Checks that the artifact is the video that was asked for, whole.
    private func checkVideo(of ending: Ending, in installation: Installation) async throws {
        let bytes = try #require(ending.artifacts.first)
        let path = "\(installation.folder)/artifact.mp4"
        try Data(bytes).write(to: URL(filePath: path))
        let probe = try await onThread { try MediaProbe(path) }
        try probe.checkVideo(codec: "h264", width: 640, height: 360, seconds: 1, framesPerSecond: 24)
    }
}
