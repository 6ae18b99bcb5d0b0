import ConformanceKit
import Foundation
import Generation
import JobCore
import Ledger
import ServiceHarness
import Synchronization
import Testing

/// The real program is killed at times that nobody chose, with clients that do not give up.
@Suite(.keepsEvidence) struct RandomKillTests {
    private static let clients = 9
    /// Environment CRASH_ROUNDS: how often the program is killed.
    private static let rounds = setting("CRASH_ROUNDS").map(Int.init) ?? 30
    /// Environment CRASH_SEED: repeats a run's choices.
    private static let seed = setting("CRASH_SEED") ?? UInt64.random(in: 1...999_999)

    private static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    /// A job that some client got a 202 for.
    private struct Accepted: Sendable {
        let id: String
        /// The recovery class of a sandbox job; "Studio" of one that runs as processes of this machine.
        let recovery: String
        let losesItsAnswer: Bool
    }

    /// What the clients share: where the service is at the moment, and whether it is time to stop.
    private final class Scene: Sendable {
        private let state = Mutex((port: 0, isOver: false, accepted: [Accepted](), problems: [String]()))

        var port: Int {
            get { state.withLock { $0.port } }
            set { state.withLock { $0.port = newValue } }
        }
        var isOver: Bool {
            get { state.withLock { $0.isOver } }
            set { state.withLock { $0.isOver = newValue } }
        }
        var accepted: [Accepted] { state.withLock { $0.accepted } }
        var problems: [String] { state.withLock { $0.problems } }

        func add(_ job: Accepted) { state.withLock { $0.accepted.append(job) } }
        func add(problem: String) { state.withLock { $0.problems.append(problem) } }
    }

    @Test func noJobIsLostAndNoneIsPaidTwice() async throws {
        print("random kills: CRASH_SEED=\(Self.seed) CRASH_ROUNDS=\(Self.rounds)")
        let installation = try Installation("random-kills")
        let scene = Scene()
        let (endings, after) = try await Gate.machine.run(weight: 2) {
            let clients = Clients(Self.clients) { try Self.submitUntilOver(client: $0, scene, installation.key) }
            defer {
                scene.isOver = true
                clients.wait()
            }
            var random = SeededGenerator(seed: Self.seed)
            for _ in 0..<Self.rounds {
                let service = try installation.serve()
                scene.port = service.port
                usleep(UInt32.random(in: 50_000...1_500_000, using: &random))
                try service.kill()
                // Now and then already while it opens its stores and takes over.
                if Int.random(in: 0..<4, using: &random) == 0 {
                    let milliseconds = Int.random(in: 5...200, using: &random)
                    try ServiceProcess.startAndKill(installation, afterMilliseconds: milliseconds)
                }
            }
            let service = try installation.serve()
            scene.port = service.port
            scene.isOver = true
            try clients.finish()
            try poll("the end of all jobs", within: 60, every: 0.1) {
                try service.client.count(status: "queued,in_progress") == 0 ? () : nil
            }
            let endings = try scene.accepted.map { try Ending(of: $0.id, service.client) }
            try service.stop()
            return (endings, try Aftermath(installation))
        }

        #expect(scene.problems == [])
        let accepted = scene.accepted
        #expect(accepted.count > Self.rounds)
        #expect(Set(accepted.map(\.id)).count == accepted.count)
        let attempts = try await installation.attempts(of: accepted.map(\.id))
        let submits = Dictionary(grouping: after.submits, by: { $0.token ?? "" })
        var spent = Credits.zero
        var unknown = 0
        for (job, ending) in zip(accepted, endings) {
            ending.check()
            spent = try spent.adding(ending.cost)
            let tokens = try #require(attempts[job.id]).map(\.start.token)
            Aftermath.checkSubmits(tokens.flatMap { submits[$0] ?? [] }, recovery: job.recovery, job.id)
            if job.recovery == "Studio", ending.status == "failed" {
                // Three kills while it ran: that is all the tries that a job has.
                #expect(ending.job["error"]?["code"] == "unavailable")
                #expect(tokens.count == 3)
            } else if job.recovery == "C", ending.status == "failed" {
                #expect(ending.job["error"]?["code"]?.stringValue == "outcome_unknown")
                unknown += 1
            } else {
                #expect(ending.status == "completed", "\(ending.job.canonicalText)")
                #expect(!(job.recovery == "C" && job.losesItsAnswer))
            }
        }
        #expect(accepted.contains { $0.recovery == "Studio" })
        let sends = after.submits.count
        print("random kills: \(accepted.count) jobs, \(sends) submits, \(unknown) of class C refunded")
        try after.check(spent: spent, jobs: accepted.count)
        installation.remove()
    }

    /// A client: one job after another, each posted until there is an answer to it.
    private static func submitUntilOver(client: Int, _ scene: Scene, _ key: String) throws {
        var random = SeededGenerator(seed: seed &+ UInt64(client) &* 7_919)
        var number = 0
        while !scene.isOver {
            number += 1
            let name = "client-\(client)-job-\(number)"
            let isStudio = client == 0
            let recovery = isStudio ? "Studio" : ["A", "A'", "B", "C"].randomElement(using: &random) ?? "A"
            let losesItsAnswer = !isStudio && Int.random(in: 0..<3, using: &random) == 0
            let sandboxed: JSONValue = [
                "type": "image", "model": "sandbox/image", "prompt": .string(name),
                "provider": [
                    "options": [
                        "fake-provider": [
                            "delay_ms": .integer(Int64.random(in: 0...400, using: &random)),
                            "recovery": .string(recovery), "lost_answer": .bool(losesItsAnswer),
                        ]
                    ]
                ],
            ]
            let job = isStudio ? ["type": "speech", "model": "studio/voice", "input": .string(name)] : sandboxed
            let id = try submit(job, name, scene, key)
            // A client that did not see its answer asks again; it must be the same job.
            if Int.random(in: 0..<5, using: &random) == 0, try submit(job, name, scene, key) != id {
                scene.add(problem: "\(name) became a second job")
            }
            scene.add(Accepted(id: id, recovery: recovery, losesItsAnswer: losesItsAnswer))
            // Studio runs two at a time, and each takes half a second.
            usleep(UInt32.random(in: 50_000...250_000, using: &random) * (isStudio ? 4 : 1))
        }
    }

    private static func submit(_ job: JSONValue, _ name: String, _ scene: Scene, _ key: String) throws -> String {
        try poll("an answer to \(name)", within: 60, every: 0.02) {
            guard let answer = try? ServiceClient(port: scene.port, key: key).submit(job, idempotencyKey: name) else {
                return nil
            }
            if answer.status == 202, let id = answer.json["id"]?.stringValue { return id }
            // A service that cannot say is asked again; any other answer is wrong.
            if answer.status != 503 { scene.add(problem: "\(name): \(answer.status) \(answer.text)") }
            return nil
        }
    }
}

/// Threads that work side by side.
final class Clients: Sendable {
    private let group = DispatchGroup()
    private let failures = Mutex<[String]>([])

    /// Starts them; each is given its number.
    init(_ count: Int, _ work: @escaping @Sendable (Int) throws -> Void) {
        for number in 0..<count {
            group.enter()
            Thread.detachNewThread { [self] in
                do {
                    try work(number)
                } catch {
                    failures.withLock { $0.append("client \(number): \(error)") }
                }
                group.leave()
            }
        }
    }

    /// Waits for all of them.
    func wait() { group.wait() }

    /// Waits for all of them.
    ///
    /// - Throws: `Unexpected` with what went wrong in any.
    func finish() throws {
        wait()
        let all = failures.withLock { $0 }
        guard all.isEmpty else { throw Unexpected(all.joined(separator: "\n")) }
    }
}
