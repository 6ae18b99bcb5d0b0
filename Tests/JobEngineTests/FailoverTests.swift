import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Routing
import Synchronization
import Testing

/// Goal: a job whose endpoint cannot serve it goes on at another one, only if the first attempt provably costs nothing;
/// it is billed by who served it, and endpoints that fail are left alone until a probe shows that they are back.
@Suite("Several endpoints behind one model")
struct FailoverTests {
    private static func hosts(_ wire: NodeTransport) -> [any ProviderAdapter] {
        [HostAdapter("cheap", price: "0.1", wire), HostAdapter("dear", price: "0.2", wire)]
    }

    /// A request that goes to the cheapest first.
    private static func request(_ change: (inout ProviderRouting) -> Void = { _ in }) -> GenerationRequest {
        var video = VideoRequest(prompt: "a lighthouse")
        video.duration = 4
        var request = GenerationRequest(model: "fake/video", content: .video(video))
        var routing = ProviderRouting()
        routing.sort = .init(by: .price)
        change(&routing)
        request.routing = routing
        return request
    }

    private func run(
        seed: UInt64 = 1,
        slots: Int = 100,
        _ body: @Sendable (EngineHarness, Node) async throws -> Void
    ) async throws {
        try await EngineHarness.run(seed: seed) { harness in
            let node = try harness.node(hosts: Self.hosts)
            node.start()
            try await body(harness, node)
        }
    }

    private func cost(_ job: Job) -> Int64? {
        guard case .completed(let completed) = job.state else { return nil }
        return completed.bill.total.nanoUSD
    }

    // MARK: What may go on elsewhere

    @Test(
        "a refusal that provably started nothing goes on elsewhere, and is billed there",
        arguments: [
            ScriptedProvider.SubmitReply.refuse(503), .refuse(429), .refuse(502), .noConnection, .refuse(404),
        ]
    )
    func refusedElsewhere(_ reply: ScriptedProvider.SubmitReply) async throws {
        try await run { harness, node in
            harness.provider.script.submit = { $0.model == "cheap" ? reply : .accept() }
            let id = try await node.submit(Self.request())
            let admitted = try await harness.job(id).admitted
            #expect(admitted.endpoint.provider == "cheap" && admitted.routeCount == 2)
            #expect(admitted.hold.nanoUSD == 800_000_000)
            let job = try await harness.end(of: id, within: 30)
            #expect(cost(job) == 800_000_000)
            #expect(job.admitted.endpoint.provider == "dear" && job.admitted.route == 1)
            #expect(harness.provider.submits.map(\.model) == ["cheap", "dear"])
            #expect(harness.provider.generations.count == 1)
            let attempts = try await harness.attempts(id)
            #expect(attempts.map(\.start.endpoint.provider) == ["cheap", "dear"])
            #expect(attempts.map(\.state) == [.refused, .accepted])
            try await harness.expectSound([id])
        }
    }

    @Test("a generation that died unbilled goes on elsewhere; a billed one does not")
    func diedMidRun() async throws {
        for isBilled in [false, true] {
            try await run { harness, node in
                harness.provider.script.status = { generation, now in
                    guard generation.model == "cheap", generation.isDone(at: now) else { return nil }
                    return .failed(code: "unknown", billed: isBilled)
                }
                let id = try await node.submit(Self.request())
                let job = try await harness.end(of: id, within: 60)
                #expect(cost(job) == (isBilled ? nil : 800_000_000))
                #expect(harness.provider.submits.map(\.model) == (isBilled ? ["cheap"] : ["cheap", "dear"]))
                try await harness.expectSound([id])
            }
        }
    }

    @Test("an answer that was lost is never followed by a send elsewhere")
    func lostAnswer() async throws {
        for reply in [ScriptedProvider.SubmitReply.lose, .acceptAndLose(seconds: 10)] {
            try await run { harness, node in
                harness.provider.script.submit = { $0.model == "cheap" ? reply : .accept() }
                let id = try await node.submit(Self.request())
                let job = try await harness.end(of: id)
                #expect(job.state.name == .failed)
                #expect(harness.provider.submits.map(\.model) == ["cheap"])
                try await harness.expectSound([id])
            }
        }
    }

    @Test("what a content filter refused goes elsewhere only if the client allows it")
    func contentRefused() async throws {
        for isAllowed in [false, true] {
            try await run { harness, node in
                harness.provider.script.status = { generation, now in
                    generation.model == "cheap" ? .failed(code: "content_policy", billed: false) : nil
                }
                let id = try await node.submit(Self.request { $0.allowContentFallbacks = isAllowed })
                let job = try await harness.end(of: id, within: 60)
                #expect((job.state.name == .completed) == isAllowed)
                #expect(harness.provider.submits.count == (isAllowed ? 2 : 1))
                try await harness.expectSound([id])
            }
        }
    }

    @Test(
        "what one provider finds wrong with the request is not tried elsewhere, and neither is a job without fallbacks"
    )
    func staysWhereItIs() async throws {
        try await run { harness, node in
            harness.provider.script.submit = { $0.model == "cheap" ? .refuse(400) : .accept() }
            let id = try await node.submit(Self.request())
            #expect(try await harness.end(of: id, within: 30).state.name == .failed)
            #expect(harness.provider.submits.count == 1)
            harness.provider.script.submit = { $0.model == "cheap" ? .refuse(404) : .accept() }
            let alone = try await node.submit(Self.request { $0.allowFallbacks = false })
            #expect(try await harness.job(alone).admitted.hold.nanoUSD == 400_000_000)
            #expect(try await harness.end(of: alone, within: 30).state.name == .failed)
            #expect(harness.provider.submits.map(\.model) == ["cheap", "cheap"])
            try await harness.expectSound([id, alone])
        }
    }

    @Test("when no endpoint can take it the job waits, and is served by the first that is back")
    func allDown() async throws {
        try await run { harness, node in
            let back = harness.clock.now.adding(seconds: 90)
            let clock = harness.clock
            harness.provider.script.submit = { $0.model == "dear" && clock.now >= back ? .accept() : .refuse(503) }
            let id = try await node.submit(Self.request())
            let job = try await harness.end(of: id, within: 600)
            #expect(cost(job) == 800_000_000)
            #expect(harness.provider.generations.count == 1)
            try await harness.expectSound([id])
        }
    }

    // MARK: Circuits

    @Test("an endpoint that fails again and again is left alone, and found to be back by one probe at a time")
    func circuit() async throws {
        try await run { harness, node in
            let back = harness.clock.now.adding(seconds: 100)
            let clock = harness.clock
            harness.provider.script.submit = { $0.model == "cheap" && clock.now < back ? .refuse(503) : .accept() }
            var ids: [JobID] = []
            for _ in 0..<60 {
                ids.append(try await node.submit(Self.request()))
                try await clock.sleep(1)
            }
            for id in ids { #expect(cost(try await harness.end(of: id, within: 120)) == 800_000_000) }
            // 60 jobs, and no more than the first three and a probe now and then were sent in vain.
            let vain = harness.provider.submits.count { $0.model == "cheap" }
            #expect((3...8).contains(vain), "\(vain)")
            try await clock.sleep(300)
            let probe = try await node.submit(Self.request())
            try await harness.end(of: probe, within: 120)
            let after = try await node.submit(Self.request())
            #expect(cost(try await harness.end(of: after, within: 60)) == 400_000_000)
            try await harness.expectSound(ids + [probe, after])
        }
    }

    @Test("jobs that wait for an endpoint whose circuit opens are moved; those that may not be wait until it is back")
    func backlog() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node(hosts: { wire in
                [HostAdapter("cheap", price: "0.1", slots: 2, wire), HostAdapter("dear", price: "0.2", wire)]
            })
            node.start()
            let (clock, back) = (harness.clock, harness.clock.now.adding(seconds: 200))
            harness.provider.script.status = { generation, now in
                guard generation.model == "cheap", generation.isDone(at: now), now < back else { return nil }
                return .failed(code: "unavailable", billed: false)
            }
            var movable: [JobID] = []
            var bound: [JobID] = []
            for _ in 0..<10 { movable.append(try await node.submit(Self.request())) }
            for _ in 0..<3 { bound.append(try await node.submit(Self.request { $0.only = ["cheap"] })) }
            for id in movable {
                let job = try await harness.end(of: id, within: 100)
                #expect(cost(job) == 800_000_000)
            }
            // Those may use up their attempts while it is down; none of them is paid twice or lost.
            for id in bound { try await harness.end(of: id, within: 1_200) }
            #expect(clock.now >= back || bound.isEmpty == false)
            try await harness.expectSound(movable + bound)
        }
    }

    @Test("what is known about endpoints is there again after a restart")
    func keptHealth() async throws {
        try await run { harness, node in
            harness.provider.script.submit = { $0.model == "cheap" ? .refuse(503) : .accept() }
            for _ in 0..<4 { try await harness.end(of: try await node.submit(Self.request()), within: 60) }
            let keeper = EndpointHealthKeeper(
                board: node.service.endpointBoard,
                store: harness.store,
                environment: node.environment,
                logger: harness.log.logger
            )
            await keeper.save()
            let board = EndpointBoard()
            await EndpointHealthKeeper(
                board: board,
                store: harness.store,
                environment: node.environment,
                logger: harness.log.logger
            ).load()
            let cheap = EndpointID(model: "fake/video", provider: "cheap", account: "main")
            let now = harness.clock.now
            #expect(board.standing(of: cheap, at: now).uptime1d == 0)
            #expect(board.standing(of: cheap, at: now) == node.service.endpointBoard.standing(of: cheap, at: now))
        }
    }

    @Test(
        "whatever is killed when, no job is lost, none is sent again that may be paid, and the books are right",
        arguments: 0..<60
    )
    func killed(seed: Int) async throws {
        try await EngineHarness.run(seed: UInt64(seed)) { harness in
            let unbilled = Mutex<Set<String>>([])
            let world = harness.world
            harness.provider.script.submit = { _ in
                switch world.draw(below: 10) {
                case 0: .refuse(503)
                case 1: .refuse(429)
                case 2: .noConnection
                case 3: .lose
                case 4: .acceptAndLose(seconds: 20)
                case _: .accept(seconds: Double(world.draw(below: 30)))
                }
            }
            harness.provider.script.status = { generation, now in
                guard generation.isDone(at: now), generation.id.utf8.reduce(0, { $0 &+ Int($1) }) % 4 == 0 else {
                    return nil
                }
                _ = unbilled.withLock { $0.insert(generation.id) }
                return .failed(code: "unavailable", billed: false)
            }
            var ids: [JobID] = []
            var node = try harness.node(hosts: Self.hosts)
            node.start()
            for round in 0..<12 {
                ids.append(try await node.submit(Self.request()))
                try await harness.clock.sleep(Double(world.draw(below: 8)))
                guard round % 3 == 2 else { continue }
                await node.kill()
                node = try harness.node(hosts: Self.hosts)
                node.start()
            }
            for id in ids { try await harness.end(of: id, within: 8_000) }
            let free = unbilled.withLock { $0 }
            for id in ids {
                let name = "\(id)"
                let paid = harness.provider.generations.filter {
                    $0.externalID.hasPrefix(name) && !free.contains($0.id)
                }
                #expect(paid.count <= 1, "\(id)")
            }
            try await harness.expectSound(ids)
        }
    }
}
