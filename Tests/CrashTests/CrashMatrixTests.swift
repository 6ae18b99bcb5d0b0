import Foundation
import Generation
import JobCore
import JobEngine
import Ledger
import Testing

/// The real program is killed at every write-ahead step, and started again.
@Suite struct CrashMatrixTests {
    /// What is submitted.
    enum Subject: String, CaseIterable, Sendable {
        case studioVideo = "Studio video"
        case sandboxA = "Sandbox class A"
        case sandboxC = "Sandbox class C"

        /// A job that is over in a moment; or one that takes so long that it can be stopped.
        func job(isLong: Bool, losingItsAnswer: Bool) -> JSONValue {
            switch self {
            case .studioVideo:
                [
                    "type": "video", "model": "studio/motion", "prompt": "a crash, and then another try",
                    "duration": isLong ? 10 : 1, "resolution": isLong ? "1080p" : "360p", "aspect_ratio": "16:9",
                    "fps": 24, "seed": 7,
                ]
            case .sandboxA, .sandboxC:
                [
                    "type": "video", "model": "sandbox/video", "prompt": "a crash, and then another try",
                    "duration": 2,
                    "provider": [
                        "options": [
                            "fake-provider": [
                                "delay_ms": isLong ? 20_000 : 150, "progress_steps": 2,
                                "recovery": self == .sandboxA ? "A" : "C", "lost_answer": .bool(losingItsAnswer),
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

        /// Whether nobody can know after the crash what became of the send, in a class where nothing is sent again.
        ///
        /// From `sending` on the provider may have the request; once its answer is evidence, it is known.
        var leavesOutcomeUnknown: Bool {
            guard subject == .sandboxC else { return false }
            switch step {
            case .sending, .answered: return true
            case .checked, .admitted, .claimed, .intent, .evidence, .running, .storing, .spooled, .kept, .completed,
                .cancelRequested:
                return losesItsAnswer
            }
        }
    }

    /// Every step with every subject.
    ///
    /// The wish to stop is a test of its own: it needs a client that has it.
    static let crashes: [Crash] =
        Subject.allCases.flatMap { subject in
            WriteAheadStep.allCases.filter { $0 != .cancelRequested }.map { Crash(subject: subject, step: $0) }
        } + [
            // The resend of class A is a send like the first: it too may be cut at each of its steps.
            Crash(subject: .sandboxA, step: .sending, occurrence: 2, losesItsAnswer: true),
            Crash(subject: .sandboxA, step: .answered, losesItsAnswer: true),
        ]

    @Test(arguments: crashes) func aCrashLosesNothingAndPaysNothingTwice(_ crash: Crash) async throws {
        let installation = try Installation("crash-\(crash.step.rawValue)")
        let key = "crash matrix"
        let body = crash.subject.job(isLong: false, losingItsAnswer: crash.losesItsAnswer)
        let (ending, after, count, first, second) = try await Gate.machine.run {
            let doomed = try installation.serve(["MEDIARY_TEST_CRASH_AT": "\(crash.step.rawValue):\(crash.occurrence)"])
            let first = try? doomed.client.submit(body, idempotencyKey: key)
            let end = try doomed.child.waitForEnd(within: 30)
            guard end == .signalled(SIGKILL) else { throw Unexpected("\(end) instead of a crash\n\(doomed.log)") }

            let service = try installation.serve()
            let second = try service.client.submit(body, idempotencyKey: key)
            guard second.status == 202, let id = second.json["id"]?.stringValue else {
                throw Unexpected("the repeat: \(second.status) \(second.text)")
            }
            // At once: the folder's lock proves that the old process is dead, so nobody waits for its lease.
            _ = try service.client.waitForEnd(of: id, within: 20)
            let ending = try Ending(of: id, service.client)
            let count = try service.client.count(status: "queued,in_progress,completed,failed,cancelled,expired")
            try service.stop()
            return (ending, try Aftermath(installation), count, first, second)
        }

        #expect(count == 1)
        #expect((second.headers["idempotent-replayed"] == "true") == crash.isAfterCommit)
        if let first {
            #expect(first.status == 202)
            #expect(first.json["id"] == second.json["id"])
        }
        ending.check()
        let isCompleted = ending.status == "completed"
        #expect(isCompleted == !crash.leavesOutcomeUnknown, "\(ending.job.canonicalText)")
        #expect(ending.cost == (isCompleted ? crash.subject.cost : .zero))
        if !isCompleted { #expect(ending.job["error"]?["code"]?.stringValue == "outcome_unknown") }
        try after.check(spent: ending.cost, jobs: 1)

        switch crash.subject {
        case .studioVideo: try await checkVideo(of: ending, in: installation)
        case .sandboxA: Aftermath.checkSubmits(after.submits, recovery: "A")
        case .sandboxC: Aftermath.checkSubmits(after.submits, recovery: "C")
        }
        if crash.subject == .sandboxA, crash.step == .answered || crash.occurrence > 1 {
            // The provider saw it before the crash and after it: else this test would prove nothing.
            #expect(after.submits.count == 2)
        }
        installation.remove()
    }

    @Test(arguments: Subject.allCases) func aCrashAfterAWishToStopIsFollowed(_ subject: Subject) async throws {
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
            Aftermath.checkSubmits(after.submits, recovery: subject == .sandboxA ? "A" : "C")
            #expect(after.submits.count == 1)
            #expect(after.journal.contains { $0.event == "cancel" })
        }
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
