import Foundation
import Generation
import JobCore
import JobEngine
import Ledger
import ServiceHarness
import Testing

/// `mediary reconcile`, with the real program and the provider's own account of what it was asked for.
@Suite(.keepsEvidence) struct ReconcileTests {
    private static func job(_ script: [String: JSONValue], _ more: [String: JSONValue] = [:]) -> JSONValue {
        .object(
            [
                "type": "video", "model": "sandbox/video", "prompt": "a lighthouse at dusk", "duration": 2,
                "provider": ["options": ["fake-provider": .object(script)]],
            ].merging(more) { $1 }
        )
    }

    /// What a completed job of these costs: what the operator loses when it is given away.
    private static let price = Credits(nanoUSD: 100_000_000)

    /// The findings of a comparison, which must have been made whole.
    private static func findings(
        _ result: Installation.CommandResult,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [JSONValue] {
        guard case .array(let findings)? = result.json["findings"] else {
            throw Unexpected("\(result.ending)\n\(result.output)\(result.errors)")
        }
        let expected = ChildProcess.Ending.exited(findings.isEmpty ? 0 : 1)
        #expect(result.ending == expected, "\(result.output)\(result.errors)", sourceLocation: sourceLocation)
        return findings
    }

    /// The provider took a generation that cannot be looked up, its answer was lost, and the job was refunded.
    @Test func whatWasRefundedComesLateAndFreeOfCharge() async throws {
        let installation = try Installation("reconcile-late")
        let (looks, before, after, listed, file, completed) = try await Gate.machine.run {
            let service = try installation.serve()
            let client = service.client
            let good = try client.submit(Self.job(["recovery": "C"]), idempotencyKey: "good")
            let lost = try client.submit(Self.job(["recovery": "C", "lost_answer": true]), idempotencyKey: "lost")
            guard let id = lost.json["id"]?.stringValue, let goodID = good.json["id"]?.stringValue else {
                throw Unexpected("\(good.text) \(lost.text)")
            }
            let completed = try client.waitForEnd(of: goodID, within: 20)
            let before = try client.waitForEnd(of: id, within: 20)
            // While the service runs: first only told, then set right, then nothing is left to do.
            let looks = try [[], [], ["--apply"], ["--apply"], []].map { flags in
                try installation.command(["reconcile", "--json", "--provider", "fake-provider"] + flags)
            }
            let after = try client.job(id)
            let listed = try client.exchange("GET", "/api/v1/jobs?status=failed").json["data"]
            let file = try client.exchange("GET", "/api/v1/jobs/\(id)/artifacts/0")
            try service.stop()
            return (looks, before, after, listed, file, completed)
        }
        #expect(before["status"] == "failed")
        #expect(before["error"]?["code"] == "outcome_unknown")
        #expect(before["artifacts"] == [])
        let kinds = try looks.map { try Self.findings($0).map { $0["kind"]?.stringValue ?? "" } }
        #expect(kinds == [["late_output"], ["late_output"], ["late_output"], [], []])
        let done = try #require(try Self.findings(looks[2]).first)
        #expect(done["job"] == before["id"])
        #expect(done["loss"]?.stringValue == Self.price.description)
        #expect(done["isDone"] == true)
        // The job stays as it ended, and has its output all the same.
        guard case .object(var was) = before, case .object(var now) = after,
            case .array(let artifacts)? = after["artifacts"]
        else { throw Unexpected("no job in \(after.canonicalText)") }
        (was["artifacts"], now["artifacts"]) = (nil, nil)
        #expect(was == now)
        #expect(artifacts.count == 1)
        #expect(listed == [after])
        #expect(file.status == 200)
        #expect(artifacts.first?["bytes"]?.integerValue == Int64(file.body.count))
        let aftermath = try Aftermath(installation)
        try aftermath.check(spent: Ending.cost(of: completed), jobs: 2)
        #expect(Ending.cost(of: completed) == Self.price)
        installation.remove()
    }

    /// Killed in the middle of setting right, at each of its steps: the next run does what is left, once.
    @Test(arguments: [WriteAheadStep.spooled, .kept, .evidence])
    func aComparisonThatIsKilledIsTakenUpAgain(_ step: WriteAheadStep) async throws {
        let installation = try Installation("reconcile-killed")
        let (ends, id, file) = try await Gate.machine.run {
            let service = try installation.serve()
            let client = service.client
            let lost = try client.submit(
                Self.job(["recovery": "C", "lost_answer": true, "delay_ms": 0]),
                idempotencyKey: "lost"
            )
            guard let id = lost.json["id"]?.stringValue else { throw Unexpected(lost.text) }
            _ = try client.waitForEnd(of: id, within: 20)
            let crash = ["MEDIARY_TEST_CRASH_AT": "\(step.rawValue):1"]
            let ends = try [crash, [:], [:]].map { settings in
                try installation.command(["reconcile", "--apply", "--provider", "fake-provider"], settings).ending
            }
            let file = try client.exchange("GET", "/api/v1/jobs/\(id)/artifacts/0")
            try service.stop()
            return (ends, id, file)
        }
        #expect(ends == [.signalled(SIGKILL), .exited(1), .exited(0)])
        #expect(file.status == 200)
        let attempts = try await installation.attempts(of: [id])[id] ?? []
        let made = try installation.journal().map { Optional($0.id) }
        #expect(attempts.map(\.orphanRemoteID) == made)
        // What was being received goes with the next start of a service.
        let service = try installation.serve()
        try service.stop()
        try Aftermath(installation).check(spent: .zero, jobs: 1)
        installation.remove()
    }

    /// Killed after the provider has answered and before that was written down, in the class that nobody can look up.
    @Test func aJobInFlightGoesOnWithItsGeneration() async throws {
        let installation = try Installation("reconcile-live")
        let (looks, ending, aftermath) = try await Gate.machine.run {
            let doomed = try installation.serve(["MEDIARY_TEST_CRASH_AT": "answered"])
            let body = Self.job(["recovery": "C", "delay_ms": 100])
            _ = try? doomed.client.submit(body, idempotencyKey: "killed")
            let end = try doomed.child.waitForEnd(within: 30)
            guard end == .signalled(SIGKILL) else { throw Unexpected("\(end) instead of a crash\n\(doomed.log)") }
            let looks = try [[], ["--apply"], ["--apply"]].map { flags in
                try installation.command(["reconcile", "--json", "--provider", "fake-provider"] + flags)
            }
            let service = try installation.serve()
            let repeated = try service.client.submit(body, idempotencyKey: "killed")
            guard let id = repeated.json["id"]?.stringValue else { throw Unexpected(repeated.text) }
            _ = try service.client.waitForEnd(of: id, within: 20)
            let ending = try Ending(of: id, service.client)
            try service.stop()
            return (looks, ending, try Aftermath(installation))
        }
        let kinds = try looks.map { try Self.findings($0).map { $0["kind"]?.stringValue ?? "" } }
        #expect(kinds == [["lost_submit"], ["lost_submit"], []])
        ending.check()
        #expect(ending.status == "completed", "\(ending.job.canonicalText)")
        #expect(ending.cost == Self.price)
        #expect(aftermath.submits.count == 1)
        try aftermath.check(spent: ending.cost, jobs: 1)
        installation.remove()
    }

    /// Two programs with one account: what the other one did is told of, and left alone.
    @Test func whatNobodyHereKnowsIsToldOf() async throws {
        let (mine, other) = (try Installation("reconcile-mine"), try Installation("reconcile-other"))
        let shared = ["SANDBOX_JOURNAL": mine.journalPath]
        let (looks, text, nothing) = try await Gate.machine.run {
            let nothing = try mine.command(["reconcile", "--json"])
            for (installation, name) in [(mine, "mine"), (other, "other")] {
                let service = try installation.serve(shared)
                let answer = try service.client.submit(Self.job(["recovery": "B"]), idempotencyKey: name)
                guard let id = answer.json["id"]?.stringValue else { throw Unexpected(answer.text) }
                _ = try service.client.waitForEnd(of: id, within: 20)
                try service.stop()
            }
            let looks = try [["--apply"], ["--apply"], ["--provider", "studio"], ["--ignore-foreign"]].map {
                try mine.command(["reconcile", "--json"] + $0)
            }
            return (looks, try mine.command(["reconcile"]), nothing)
        }
        #expect(try Self.findings(nothing).isEmpty)
        let ids = Set(try other.journal().map(\.id) + mine.journal().map(\.id))
        for look in looks.prefix(2) {
            let found = try Self.findings(look)
            #expect(found.map { $0["kind"] } == ["unknown_operation"])
            #expect(found.first?["operation"]?.stringValue.map(ids.contains) == true)
            #expect(found.first?["job"] == nil)
        }
        #expect(try Self.findings(looks[2]).isEmpty)
        #expect(try Self.findings(looks[3]).isEmpty)
        #expect(looks[3].ending == .exited(0))
        #expect(text.ending == .exited(1))
        #expect(text.output.contains("unknown_operation"), "\(text.output)")
        try Aftermath(mine).check(spent: Self.price, jobs: 1)
        mine.remove()
        other.remove()
    }

    @Test func whatCannotBeComparedIsAFailure() async throws {
        let installation = try Installation("reconcile-wrong")
        let results = try await Gate.machine.run {
            try [
                (["--since", "2w"], [:]), (["--since=-1d"], [:]), (["--since", "91d"], [:]),
                (["--provider", "nobody"], [:]), ([], ["MEDIARY_DATA": installation.folder]),
                // Nobody listens there.
                (
                    ["--provider", "openai"],
                    ["OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"]
                ),
            ].map { (arguments: [String], settings: [String: String]) in
                try installation.command(["reconcile"] + arguments, settings)
            }
        }
        for result in results { #expect(result.ending == .exited(2), "\(result.output)\(result.errors)") }
        #expect(results[0].errors.contains("the form is 2d, 12h, 30m or 90s"))
        #expect(results[3].errors.contains("fake-provider"))
        #expect(results[4].errors.contains("There is no database"))
        #expect(results[5].output.contains("PROBLEM"))
        #expect(!results[5].output.contains("sk-test"))
        installation.remove()
    }
}
