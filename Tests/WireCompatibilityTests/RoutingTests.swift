import Foundation
import Generation
import Ledger
import ProviderSimulators
import ServiceHarness
import Testing

/// Two real wires behind one model, over HTTP: one of them dies in the middle.
@Suite(.keepsEvidence, .serialized) struct RoutingTests {
    private static let jobs = 16

    private static func provider(_ job: JSONValue) -> String {
        guard case .array(let attempts)? = job["attempts"] else { return "none" }
        return attempts.last?["provider"]?.stringValue ?? "none"
    }

    /// The cheaper host has half of the jobs when all that it runs dies unbilled, and its door shuts.
    @Test(.timeLimit(.minutes(4)))
    func whatDiesAtOneHostIsMadeAtTheOther() async throws {
        let installation = try Installation("two-hosts")
        var ark = SimulatedVendor.ark.simulatorSettings()
        ark.durations = .manual
        var fal = SimulatorSettings()
        fal.limits = SimulatorLimits()
        fal.durations = .fixed(seconds: 0.5)
        try await withSimulator(ArkWire.self, ark) { dying in
            try await withSimulator(FalSimulator.self, fal) { living in
                let environment = SimulatedVendor.ark.settings(dying.baseURL).merging([
                    "FAL_KEY": "fal-test:secret", "FAL_BASE_URL": living.baseURL,
                    "MEDIARY_ALLOW_NETWORKS": "127.0.0.0/8",
                ]) { $1 }
                let (endings, endpoints, aftermath) = try await onThread {
                    let service = try installation.serve(environment)
                    let order: [JSONValue] = ["byteplus", "fal"]
                    let body: JSONValue = [
                        "type": "video", "model": "bytedance/seedance-2.0", "prompt": "A lighthouse at dusk.",
                        "duration": 4, "resolution": "480p", "provider": ["order": .array(order)],
                    ]
                    var ids: [String] = []
                    func submit(_ count: Int) throws {
                        for _ in 0..<count {
                            let answer = try service.client.submit(body, idempotencyKey: "job-\(ids.count)")
                            guard let id = answer.json["id"]?.stringValue else { throw Unexpected(answer.text) }
                            ids.append(id)
                        }
                    }
                    try submit(Self.jobs / 2)
                    // As many as the host lets run at once; the others wait for it.
                    let end = ContinuousClock.now + .seconds(30)
                    while dying.world.allTasks.isEmpty, ContinuousClock.now < end { usleep(50_000) }
                    usleep(500_000)
                    dying.inject(.status(429, retryAfter: 60), on: .submit, times: 10_000)
                    for task in dying.world.allTasks { dying.world.finish(task.id, .failed) }
                    try submit(Self.jobs / 2)
                    let endings = try ids.map { try service.client.waitForEnd(of: $0, within: 120) }
                    // Longer than measurements are taken for new.
                    usleep(2_500_000)
                    let endpoints = try service.client.exchange(
                        "GET",
                        "/api/v1/models/bytedance/seedance-2.0/endpoints"
                    ).json
                    try service.stop()
                    return (endings, endpoints, try Aftermath(installation))
                }
                for job in endings {
                    #expect(job["status"] == "completed", "\(job.canonicalText)")
                    #expect(Self.provider(job) == "fal", "\(job.canonicalText)")
                    #expect(job["routing"]?["why"]?.stringValue?.isEmpty == false, "\(job.canonicalText)")
                }
                // Never a second paid submit: what ran at the first host had failed there, unbilled.
                #expect(!dying.world.allTasks.isEmpty)
                #expect(dying.world.allTasks.allSatisfy { $0.outcome == .failed })
                #expect(living.world.allTasks.count == Self.jobs)
                try aftermath.check(
                    spent: try endings.reduce(.zero) { try $0.adding(Ending.cost(of: $1)) },
                    jobs: Self.jobs
                )
                guard case .array(let hosts)? = endpoints["data"]?["endpoints"] else { return }
                let uptimes = Dictionary(
                    hosts.map { ($0["tag"]?.stringValue ?? "", $0["uptime_last_1d"] ?? .null) }
                ) { first, _ in first }
                #expect(uptimes["fal"]?.canonicalText.hasPrefix("100") == true, "\(endpoints.canonicalText)")
                #expect(uptimes["byteplus"]?.canonicalText.hasPrefix("0") == true, "\(endpoints.canonicalText)")
            }
        }
        installation.remove()
    }
}
