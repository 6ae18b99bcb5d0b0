import ConformanceKit
import Foundation
import Generation
import Ledger
import MediaInspection
import ProviderSimulators
import ServiceHarness
import Testing

/// The whole program before all vendors, played on this machine.
@Suite(.keepsEvidence, .serialized) struct VendorTests {
    /// One script, whose model alone changes.
    @Test(.enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
    func oneScriptGeneratesThroughAllVendors() async throws {
        let installation = try Installation("vendors")
        let vendors = SimulatedVendor.launch
        try await withVendors(vendors) { simulators in
            let settings = vendors.settings(simulators)
            let service = try await Gate.machine.run { try installation.serve(settings) }
            defer { service.child.end() }
            let origin = "http://127.0.0.1:\(service.port)"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (vendor, simulator) in zip(vendors, simulators) {
                    group.addTask {
                        let path = "\(installation.folder)/\(vendor.name).mp4"
                        let options = vendor.fields.sorted { $0.key < $1.key }.flatMap {
                            [$0.key, $0.value.stringValue ?? $0.value.canonicalText]
                        }
                        let arguments = [origin, installation.key, vendor.model, path] + options
                        let report = try await PythonClients.run("five_lines.py", arguments)
                        #expect(report["status"] == "completed", "\(vendor.name): \(report.canonicalText)")
                        #expect(report["cost"] != 0, "\(vendor.name)")
                        let task = try #require(simulator.world.allTasks.first, "\(vendor.name) was not asked")
                        let facts = try MediaInspector.inspect(path: path, expecting: .mp4)
                        #expect(facts.width == task.width && facts.height == task.height, "\(vendor.name)")
                        #expect(simulator.count(.submit) == 1, "\(vendor.name)")
                    }
                }
                try await group.waitForAll()
            }
            try await Gate.machine.run {
                try service.stop()
                _ = try installation.json("audit")
            }
            for secret in vendors.flatMap(\.secrets) { #expect(!service.log.contains(secret)) }
        }
        installation.remove()
    }

    /// A vendor's fault, and how the job must end.
    private struct Fault {
        let name: String
        let prompt: String
        let ends: Set<String>
        /// Of which classes of lost answers.
        var classes: Set<String> = ["A'", "B", "C"]

        static let all =
            passing.map { Fault(name: $0, prompt: $1, ends: ["completed"]) }
            + final.map { Fault(name: $0, prompt: $1, ends: ["failed"]) }
            + lost.flatMap {
                [
                    Fault(name: $0, prompt: $1, ends: ["completed"], classes: ["A'", "B"]),
                    Fault(name: $0, prompt: $1, ends: ["failed"], classes: ["C"]),
                ]
            }
            + unsure.flatMap {
                // In class B it takes minutes until nothing more can be hoped for.
                [
                    Fault(name: $0, prompt: $1, ends: ["completed"], classes: ["A'"]),
                    Fault(name: $0, prompt: $1, ends: ["failed"], classes: ["C"]),
                ]
            }

        /// What a job outlives.
        static let passing = [
            ("busy at the submit, with a time", "[[fault:submit:status:429:2]]"),
            ("busy at the submit", "[[fault:submit:status:429]]"),
            ("a burst of 503", "[[fault:poll:status:503*3]]"), ("500 once", "[[fault:poll:status:500]]"),
            ("busy when asked, with a time", "[[fault:poll:status:429:2]]"),
            ("401 when asked", "[[fault:poll:status:401]]"), ("403 when asked", "[[fault:poll:status:403]]"),
            ("404 once when asked", "[[fault:poll:status:404]]"),
            ("no JSON", "[[fault:poll:malformed_json]]"), ("half of the JSON", "[[fault:poll:truncated_json]]"),
            ("other JSON", "[[fault:poll:other_json]]"), ("a page", "[[fault:poll:html]]"),
            ("nothing", "[[fault:poll:empty]]"), ("no answer", "[[fault:poll:answer_lost]]"),
            ("silence", "[[fault:poll:hang]]"), ("an unknown word", "[[sim:unknown_status]]"),
            ("an expired output, once", "[[fault:download:output_expired]]"),
            ("a truncated output, once", "[[fault:download:download_truncated]]"),
            ("a page for an output, once", "[[fault:download:wrong_content_type]]"),
            ("503 for an output", "[[fault:download:status:503*2]]"),
            ("a slow output", "[[fault:download:slow_drip:200000]]"),
            ("a completion told twice", "[[fault:other:duplicate_completion]]"),
        ]

        /// What ends a job.
        static let final = [
            ("400", "[[fault:submit:status:400*9]]"), ("401", "[[fault:submit:status:401*9]]"),
            ("402", "[[fault:submit:status:402*9]]"), ("403", "[[fault:submit:status:403*9]]"),
            ("404", "[[fault:submit:status:404*9]]"), ("a failure", "[[sim:failed]]"),
            ("a filtered prompt", "[[sim:filtered_input]]"), ("a filtered output", "[[sim:filtered_output]]"),
            ("no media", "[[sim:no_media]]"), ("a lost generation", "[[sim:vanished]]"),
        ]

        /// What ends a job whose output is fetched from somewhere.
        static let fetched = [
            ("an output that has expired", "[[fault:download:output_expired*99]]"),
            ("an output that is gone", "[[fault:download:output_gone*99]]"),
            ("an output that is always truncated", "[[fault:download:download_truncated*99]]"),
            ("a page for an output", "[[fault:download:wrong_content_type*99]]"),
            ("an output at an address inside", "[[fault:download:redirect_to_private*99]]"),
        ].map { Fault(name: $0, prompt: $1, ends: ["failed"]) }

        /// Submits that were accepted, and whose answer nobody can read.
        static let lost = [
            ("a lost answer", "[[fault:submit:answer_lost]]"),
            ("no JSON for a submit", "[[fault:submit:malformed_json]]"),
            ("half an answer to a submit", "[[fault:submit:truncated_json]]"),
            ("a page for a submit", "[[fault:submit:html]]"),
            ("accepted with 500", "[[fault:submit:status_afterwards:500]]"),
        ]

        /// Submits of which nobody can say whether they were accepted; they were not.
        static let unsure = [
            ("500 for a submit", "[[fault:submit:status:500]]"), ("409 for a submit", "[[fault:submit:status:409]]"),
            ("a submit that never arrived", "[[fault:submit:refused_connection]]"),
        ]
    }

    /// A job that was posted, and what was wrong with it.
    private struct Posted: Sendable {
        let id: String
        let vendor: String
        let prompt: String
        let fault: String
        let ends: Set<String>
    }

    @Test(.timeLimit(.minutes(15))) func everyFaultEndsInItsStateWithItsCharge() async throws {
        let installation = try Installation("faults")
        let vendors = SimulatedVendor.launch
        try await withVendors(vendors) { simulators in
            let settings = vendors.settings(simulators).merging(
                // So that vendors call back: their addresses are inside, and so is this one.
                ["MEDIARY_LOG_LEVEL": "info"]
            ) { $1 }
            let (endings, after, log) = try await Gate.machine.run(weight: 3) {
                _ = try installation.json("credits", "grant", "--workspace", "default", "--amount", "900")
                let service = try installation.serve(settings)
                var posted: [Posted] = []
                for vendor in vendors {
                    for fault in Fault.all + Fault.fetched where fault.classes.contains(vendor.recovery) {
                        let prompt = "A lighthouse at dusk. \(fault.prompt)[[job:\(posted.count)]]"
                        let answer = try service.client.submit(
                            vendor.request(prompt),
                            idempotencyKey: "fault-\(posted.count)"
                        )
                        guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
                            throw Unexpected("\(vendor.name), \(fault.name): \(answer.status) \(answer.text)")
                        }
                        posted.append(
                            Posted(id: id, vendor: vendor.name, prompt: prompt, fault: fault.name, ends: fault.ends)
                        )
                    }
                }
                try poll("the end of all jobs", within: 600, every: 0.5) {
                    try service.client.count(status: "queued,in_progress") == 0 ? () : nil
                }
                let endings = try posted.map { ($0, try Ending(of: $0.id, service.client)) }
                try service.stop()
                return (endings, try Aftermath(installation), service.log)
            }
            var spent = Credits.zero
            for (job, ending) in endings {
                let name = "\(job.vendor), \(job.fault)"
                #expect(job.ends.contains(ending.status), "\(name): \(ending.job.canonicalText)")
                #expect((ending.cost == .zero) == (ending.status != "completed"), "\(name): \(ending.cost)")
                if ending.status != "completed" {
                    let message = ending.job["error"]?["message"]?.stringValue ?? ""
                    #expect(message.count > 10, "\(name): \(ending.job.canonicalText)")
                    for secret in vendors.flatMap(\.secrets) { #expect(!message.contains(secret), "\(name)") }
                } else {
                    #expect(!ending.artifacts.isEmpty, "\(name)")
                    let index = try #require(vendors.firstIndex { $0.name == job.vendor })
                    // Some outputs come inside the answer.
                    let isFetched = simulators[index].count(.download) > 0
                    for operation in [SimulatedOperation.submit, .poll, .download]
                    where operation != .download || isFetched {
                        let left = simulators[index].unplayedFaults(of: job.prompt, on: operation)
                        #expect(left == 0, "\(name): the fault was not played")
                    }
                }
                spent = try spent.adding(ending.cost)
            }
            try after.check(granted: "1000", spent: spent, jobs: endings.count)
            for secret in vendors.flatMap(\.secrets) { #expect(!log.contains(secret), "a secret was logged") }
            for (vendor, simulator) in zip(vendors, simulators) {
                // Whatever was sent, no job was made twice.
                let told = simulator.callbacks.filter { $0.standing == "succeeded" }.map(\.task)
                let isCallingBack = ["Ark", "Kling"].contains(vendor.name)
                #expect((Set(told).count < told.count) == isCallingBack, "\(vendor.name): completions told twice")
                let made = simulator.world.allTasks.filter { $0.outcome == .succeeded }
                #expect(Set(made.map(\.prompt)).count == made.count, "\(vendor.name) made something twice")
            }
        }
        installation.remove()
    }

    /// Where the program is killed around a submit.
    enum Crash: String, CaseIterable, Sendable {
        /// The send is recorded, and not sent.
        case sending
        /// It is answered, and the answer is not recorded.
        case answered
        /// The answer is recorded, and the job does not know yet.
        case evidence
        case running
    }

    @Test(.timeLimit(.minutes(6)), arguments: Crash.allCases)
    func aCrashAroundASubmitPaysNothingTwice(_ crash: Crash) async throws {
        let folder = try Installation("vertex")
        let vendors = SimulatedVendor.launch + [SimulatedVendor.klingKeyed, try await .vertex(in: folder.folder)]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for vendor in vendors { group.addTask { try await Self.kill(at: crash, vendor) } }
            try await group.waitForAll()
        }
        folder.remove()
    }

    private static func kill(at crash: Crash, _ vendor: SimulatedVendor) async throws {
        let installation = try Installation("kill-\(crash.rawValue)")
        try await withVendors([vendor]) { simulators in
            let settings = [vendor].settings(simulators)
            let simulator = simulators[0]
            let body = vendor.request("A lighthouse at dusk.")
            // It mostly waits, and so needs little room.
            let (job, after) = try await onThread {
                let doomed = try installation.serve(
                    settings.merging(["MEDIARY_TEST_CRASH_AT": "\(crash.rawValue):1"]) { $1 }
                )
                _ = try? doomed.client.submit(body, idempotencyKey: "killed")
                let end = try doomed.child.waitForEnd(within: 60)
                guard end == .signalled(SIGKILL) else { throw Unexpected("\(end) instead of a crash\n\(doomed.log)") }
                let service = try installation.serve(settings)
                let answer = try service.client.submit(body, idempotencyKey: "killed")
                guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
                    throw Unexpected("the repeat: \(answer.status) \(answer.text)")
                }
                // A send that was not answered may still arrive as long as a send may take: until then it is looked for.
                let isLong = crash == .sending && vendor.recovery != "C"
                let job =
                    if isLong {
                        try service.client.job(id, waitSeconds: 15)
                    } else {
                        try service.client.waitForEnd(of: id, within: 200)
                    }
                try service.stop()
                return (job, isLong ? nil : try Aftermath(installation))
            }
            let status = job["status"]?.stringValue ?? "none"
            let name = "\(vendor.name), \(crash.rawValue): \(job.canonicalText)"
            let submits = simulator.count(.submit)
            switch (crash, vendor.recovery) {
            case (.sending, "C"):
                #expect(status == "failed" && submits == 0, "\(name)")
                #expect(job["error"]?["code"] == "outcome_unknown", "\(name)")
            case (.sending, _): #expect(status == "in_progress" || status == "queued", "\(name)")
            case (.answered, "C"):
                #expect(status == "failed" && submits == 1, "\(name)")
                #expect(job["error"]?["code"] == "outcome_unknown", "\(name)")
            case (.answered, _), (.evidence, _), (.running, _):
                #expect(status == "completed" && submits == 1, "\(name)")
            }
            #expect(simulator.world.allTasks.count <= 1, "\(name)")
            try after?.check(spent: Ending.cost(of: job), jobs: 1)
        }
        installation.remove()
    }
}
