import Foundation
import Generation
import Ledger
import ProviderSimulators
import ServiceHarness
import Testing

/// `mediary reconcile` before vendors, played on this machine.
@Suite(.keepsEvidence, .serialized) struct ReconcileTests {
    static let vendors: [SimulatedVendor] = [.openAI, .ark, .kling, .klingKeyed, .dashScope]

    private static func kinds(_ result: Installation.CommandResult) throws -> [String] {
        guard case .array(let findings)? = result.json["findings"] else {
            throw Unexpected("\(result.ending)\n\(result.output)\(result.errors)")
        }
        #expect(result.ending == .exited(findings.isEmpty ? 0 : 1), "\(result.output)\(result.errors)")
        return findings.map { $0["kind"]?.stringValue ?? "" }
    }

    /// The client's deadline has passed, the hold is given back, and then the vendor is done.
    @Test(.timeLimit(.minutes(4)), arguments: vendors.indices)
    func whatIsDoneAfterTheDeadlineIsAttached(_ index: Int) async throws {
        let vendor = Self.vendors[index]
        let installation = try Installation("reconcile-vendor")
        var settings = vendor.simulatorSettings()
        settings.durations = .manual
        try await withSimulator(vendor.wire, settings) { simulator in
            let environment = [vendor].settings([simulator])
            let (job, looks, after, file) = try await onThread {
                let service = try installation.serve(environment)
                guard case .object(var body) = vendor.request("A lighthouse at dusk.") else { throw Unexpected("body") }
                body["expires_after_seconds"] = 3
                let answer = try service.client.submit(.object(body), idempotencyKey: "late")
                guard let id = answer.json["id"]?.stringValue else { throw Unexpected(answer.text) }
                let job = try service.client.waitForEnd(of: id, within: 60)
                // Still being made: it cannot be stopped, or was.
                let early = try installation.command(["reconcile", "--json"], environment)
                for task in simulator.world.allTasks { simulator.world.finish(task.id) }
                let looks = try [[], ["--apply"], ["--apply"], []].map {
                    try installation.command(["reconcile", "--json", "--since", "1h"] + $0, environment)
                }
                let after = try service.client.job(id)
                let file = try service.client.exchange("GET", "/api/v1/jobs/\(id)/artifacts/0")
                try service.stop()
                return (job, [early] + looks, after, file)
            }
            let name = "\(vendor.name): \(looks.map(\.output))"
            #expect(job["status"] == "expired", "\(name)")
            let kinds = try looks.map(Self.kinds)
            #expect(kinds == [["still_running"], ["late_output"], ["late_output"], [], []], "\(name)")
            #expect(after["status"] == "expired" && after["usage"] == .null, "\(name)")
            #expect(file.status == 200 && !file.body.isEmpty, "\(name)")
            guard case .array(let findings)? = looks[2].json["findings"] else { return }
            let loss = findings.first?["loss"]?.stringValue.flatMap { Credits(usd: $0) } ?? .zero
            #expect(loss > .zero, "\(name)")
            #expect(simulator.count(.submit) == 1, "\(name)")
            let aftermath = try await onThread { try Aftermath(installation) }
            try aftermath.check(spent: .zero, jobs: 1)
            for secret in vendor.secrets {
                for look in looks { #expect(!(look.output + look.errors).contains(secret)) }
            }
        }
        installation.remove()
    }

    /// Killed after the vendor has answered; the comparison is made before the service runs again.
    @Test(.timeLimit(.minutes(4)), arguments: vendors.indices)
    func aLostSubmitIsAdopted(_ index: Int) async throws {
        let vendor = Self.vendors[index]
        let installation = try Installation("reconcile-killed")
        try await withVendors([vendor]) { simulators in
            let environment = [vendor].settings(simulators)
            let (looks, job, aftermath) = try await onThread {
                let doomed = try installation.serve(environment.merging(["MEDIARY_TEST_CRASH_AT": "answered:1"]) { $1 })
                let body = vendor.request("A lighthouse at dusk.")
                _ = try? doomed.client.submit(body, idempotencyKey: "killed")
                let end = try doomed.child.waitForEnd(within: 60)
                guard end == .signalled(SIGKILL) else { throw Unexpected("\(end) instead of a crash\n\(doomed.log)") }
                let looks = try [[], ["--apply"], ["--apply"]].map {
                    try installation.command(["reconcile", "--json"] + $0, environment)
                }
                let service = try installation.serve(environment)
                let answer = try service.client.submit(body, idempotencyKey: "killed")
                guard let id = answer.json["id"]?.stringValue else { throw Unexpected(answer.text) }
                let job = try service.client.waitForEnd(of: id, within: 60)
                try service.stop()
                return (looks, job, try Aftermath(installation))
            }
            let name = "\(vendor.name): \(looks.map(\.output))"
            #expect(try looks.map(Self.kinds) == [["lost_submit"], ["lost_submit"], []], "\(name)")
            #expect(job["status"] == "completed", "\(name) \(job.canonicalText)")
            #expect(simulators[0].count(.submit) == 1, "\(name)")
            try aftermath.check(spent: Ending.cost(of: job), jobs: 1)
        }
        installation.remove()
    }
}
