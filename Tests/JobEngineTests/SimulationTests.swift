import ConformanceKit
import Cryptography
import Generation
import HTTPTransport
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Synchronization
import Testing

/// The whole engine under everything that can go wrong, from a seed: lost answers, refusals, a database and a medium that
/// fail, nodes that are killed at any step, stand still, or stop in good order, clients that cancel and repeat.
///
/// A failure names its seed; the seed alone brings it back.
@Suite("Everything at once, from a seed")
struct SimulationTests {
    @Test("no job is lost, none is paid twice, and the books are right", arguments: 0..<300)
    func chaos(seed: Int) async throws {
        try await EngineHarness.run(seed: UInt64(seed)) { harness in
            let chaos = Chaos(harness)
            let ids = try await chaos.run()
            for id in ids { try await harness.end(of: id, within: 4_000) }
            // What is late comes after the end, too.
            try await harness.clock.sleep(200)
            try await chaos.expectNothingPaidTwice(ids)
            try await harness.expectSound(ids)
        }
    }
}

/// What goes wrong in one run, and the rules that hold all the same.
private final class Chaos: Sendable {
    private struct State {
        var isOn = true
        /// Generations that failed unbilled: another attempt may follow.
        var unbilled: Set<String> = []
        var frozen: [Node] = []
        var wallOffset = 0.0
        var ids: [JobID] = []
    }

    private static let settle: Int64 = 30
    private static let models = ["fake/video", "fake/other", "fake/image", "fake/speech"]

    private let harness: EngineHarness
    /// Whether there is one process at a time, as on one machine with a database of its own.
    private let isAlone: Bool
    private let state = Mutex(State())

    init(_ harness: EngineHarness) {
        self.harness = harness
        isAlone = harness.world.draw(below: 3) == 0
        let classes: [RecoveryClass] = [
            .resend, .lookUpThenResend(settleSeconds: Self.settle), .lookUp(settleSeconds: Self.settle, complete: true),
            .lookUp(settleSeconds: Self.settle, complete: false), .unrecoverable,
        ]
        var recovery: [String: RecoveryClass] = [:]
        for model in Self.models { recovery[model] = classes[harness.world.draw(below: classes.count)] }
        let known = recovery
        harness.provider.script.recovery = recovery
        harness.provider.script.takesTokens = { known[$0.model] == .resend }
        harness.provider.script.submit = { [self] in reply(to: $0) }
        harness.provider.script.status = { [self] in status(of: $0, $1) }
        harness.provider.script.fetch = { [self] _, _, _ in
            happens(10) ? .cutAfter(500) : happens(5) ? .status(503) : .whole
        }
        harness.provider.script.canLookUp = { [self] _ in !happens(20) }
        // Shown late, but within the settle time.
        harness.provider.script.shows = { $1.seconds(since: $0.startedAt) >= Double($0.body.count % 25) }
        harness.provider.script.cancelCharge = 10_000_000
        harness.web.reply = { [self] _, number in picture(number) }
    }

    /// Whether something of that likelihood, in percent, happens now.
    private func happens(_ percent: Int) -> Bool {
        harness.world.draw(below: 100) < percent && state.withLock { $0.isOn }
    }

    // MARK: The provider

    private func reply(to submit: ScriptedProvider.Submit) -> ScriptedProvider.SubmitReply {
        let seconds = Double(1 + harness.world.draw(below: 60))
        guard state.withLock({ $0.isOn }) else { return .accept(seconds: seconds) }
        let reply: ScriptedProvider.SubmitReply =
            switch harness.world.draw(below: 100) {
            case 0..<45: .accept(seconds: seconds)
            case 45..<62: .acceptAndLose(seconds: seconds)
            case 62..<70: .lose
            case 70..<74: .noConnection
            case 74..<80: .refuse(429, headers: [("retry-after", "7")])
            case 80..<84: .refuse(503)
            case 84..<88: .refuse(502)
            case 88..<90: .refuse(500)
            case 90..<91: .refuse(400)
            case 91..<96: .completeAtOnce
            case _: .completeAndLose
            }
        return happens(30) ? .after(seconds: Double(harness.world.draw(below: 50)), reply) : reply
    }

    private func status(
        of generation: ScriptedProvider.Generation,
        _ now: Timestamp
    ) -> ScriptedProvider.StatusReply? {
        switch harness.world.draw(below: 100) {
        case 0..<4 where happens(100): return .status(500)
        case 4..<8 where happens(100): return .noConnection
        case 8..<9 where happens(100): return .status(404)
        case 9..<11 where happens(100) && !generation.isDone(at: now) && generation.cancelledAt == nil:
            state.withLock { _ = $0.unbilled.insert(generation.id) }
            return .failed(code: "unknown", billed: false)
        case 11..<40 where !generation.isDone(at: now) && generation.cancelledAt == nil:
            return .pending(progress: now.seconds(since: generation.startedAt) / generation.seconds)
        case _:
            return state.withLock { $0.unbilled.contains(generation.id) }
                ? .failed(code: "unknown", billed: false) : nil
        }
    }

    /// What a reference's URL gives: other bytes each time, late, or nothing at all.
    private func picture(_ number: Int) -> ScriptedWeb.Reply {
        let picture = ScriptedWeb.Reply.bytes(ReferenceTests.variant("\(number)"))
        guard state.withLock({ $0.isOn }) else { return picture }
        let reply: ScriptedWeb.Reply =
            switch harness.world.draw(below: 100) {
            case 0..<10: .status(503)
            case 10..<13: .status(404)
            case 13..<20: .failure(.timedOut)
            case 20..<25: .cutAfter(40)
            case _: picture
            }
        return happens(50) ? .after(seconds: Double(harness.world.draw(below: 40)), reply) : reply
    }

    // MARK: The nodes

    private func startNode() throws -> Node {
        try harness.startedNode(
            slots: 5,
            fault: { [self] operation in
                guard happens(2) else { return nil }
                return harness.world.draw(below: 2) == 0 ? .fails : .failsAfterwards
            },
            passed: { [self] node, _ in if happens(1) { node.die() } },
            settings: { $0.isOnlyProcess = isAlone }
        )
    }

    /// Lets it all happen for a while, then quiet returns.
    func run() async throws -> [JobID] {
        var nodes = [try startNode()]
        if !isAlone { nodes.append(try startNode()) }
        for number in 0..<8 {
            for _ in 0..<3 { try await disturb(&nodes) }
            try await post(number, &nodes)
        }
        for _ in 0..<25 { try await disturb(&nodes) }
        state.withLock { $0.isOn = false }
        for node in state.withLock({ $0.frozen }) { node.life.thaw() }
        harness.files.failNext(0)
        if !isAlone { nodes.append(try startNode()) }
        return state.withLock { $0.ids }
    }

    /// Posts a job as a client does that repeats until it has an answer.
    private func post(_ number: Int, _ nodes: inout [Node]) async throws {
        let model = Self.models[harness.world.draw(below: Self.models.count)]
        var parameters = JobParameters()
        if happens(20) { parameters.expiresAfterSeconds = Int64(20 + harness.world.draw(below: 200)) }
        let request = request(number, model)
        while true {
            let node = nodes[harness.world.draw(below: nodes.count)]
            if let id = try? await node.submit(
                request,
                idempotencyKey: "\(number)",
                parameters: parameters
            ) {
                state.withLock { $0.ids.append(id) }
                return
            }
            try await disturb(&nodes)
        }
    }

    /// A request of which every other has references, most of them by URL.
    private func request(_ number: Int, _ model: String) -> GenerationRequest {
        func reference(_ place: Int) -> MediaInput {
            .url(
                harness.world.draw(below: 5) == 0
                    ? TestMedia.imageDataURL : "https://pictures.example/\(number)/\(place)"
            )
        }
        let prompt = "job \(number)"
        let references = harness.world.draw(below: 2) * (1 + harness.world.draw(below: 2))
        switch model {
        case "fake/image":
            var image = ImageRequest(prompt: prompt)
            image.inputReferences = (0..<references).map(reference)
            return GenerationRequest(model: model, content: .image(image))
        case "fake/speech": return GenerationRequest(model: model, content: .speech(SpeechRequest(input: prompt)))
        case _:
            var video = VideoRequest(prompt: prompt)
            video.duration = 4
            if references > 0 { video.frameImages = [FrameImage(role: .first, image: reference(0))] }
            return GenerationRequest(model: model, content: .video(video))
        }
    }

    private func disturb(_ nodes: inout [Node]) async throws {
        try await harness.clock.sleep(Double(harness.world.draw(below: 80)) / 10)
        let index = harness.world.draw(below: nodes.count)
        switch harness.world.draw(below: 21) {
        case 0, 1:
            await nodes[index].kill()
        case 2 where !isFrozen(nodes[index]):
            try await nodes[index].stop()
            nodes[index].die()
        case 3 where !isAlone:
            // A frozen node answers nobody: it is out of the list, and another takes its place.
            nodes[index].life.freeze()
            state.withLock { $0.frozen.append(nodes[index]) }
            nodes[index] = try startNode()
        case 5, 6:
            if let node = state.withLock({ $0.frozen.popLast() }) { node.life.thaw() }
        case 7:
            harness.files.failNext(harness.world.draw(below: 6))
        case 8, 9:
            let ids = state.withLock { $0.ids }
            if !ids.isEmpty { _ = try? await nodes[index].cancel(ids[harness.world.draw(below: ids.count)]) }
        case 10:
            // A wall clock that is set; back again later, so that deadlines keep their meaning.
            let offset = state.withLock { $0.wallOffset } == 0 ? Double(harness.world.draw(below: 61) - 30) : 0
            harness.clock.setWall(by: offset - state.withLock { $0.wallOffset })
            state.withLock { $0.wallOffset = offset }
        case _: break
        }
        for index in nodes.indices where nodes[index].life.isDead {
            await nodes[index].kill()
            nodes[index] = try startNode()
        }
    }

    private func isFrozen(_ node: Node) -> Bool { state.withLock { $0.frozen.contains { $0 === node } } }

    // MARK: The rules

    func expectNothingPaidTwice(_ ids: [JobID]) async throws {
        let unbilled = state.withLock { $0.unbilled }
        #expect(Set(ids).count == 8)
        #expect(harness.provider.refusedTokens == [])
        for id in ids {
            let job = try await harness.job(id)
            let prompt = job.admitted.request.prompt
            let attempts = try await harness.attempts(id)
            let generations = harness.provider.generations(of: prompt)
            #expect(generations.count { !unbilled.contains($0.id) } <= 1, "\(id) \(generations)")
            let isResendable =
                switch harness.provider.script.recovery[job.admitted.request.model] {
                case .resend, .lookUpThenResend: true
                case .lookUp, .unrecoverable, nil: false
                }
            for attempt in attempts {
                let sends = harness.provider.submits.filter { $0.token == attempt.start.token }
                #expect(Set(sends.map(\.body)).count <= 1)
                #expect(sends.count <= attempt.sends, "\(id) sent more often than recorded")
                if !isResendable { #expect(sends.count <= 1, "\(id) was sent again") }
            }
            let tokens = Set(attempts.map(\.start.token))
            #expect(harness.provider.submits(of: prompt).allSatisfy { tokens.contains($0.token) })
            try await expectOneSetOfReferences(job)
            if case .completed = job.state {
                #expect(generations.count { $0.isDone(at: harness.clock.now) && $0.cancelledAt == nil } >= 1)
                #expect(attempts.last.map { [.accepted, .found].contains($0.state) } == true)
            }
        }
    }
    /// Whatever the URLs gave to others: all sends of a job carried the same bytes, which are still there.
    private func expectOneSetOfReferences(_ job: Job) async throws {
        let sent = Set(harness.provider.submits(of: job.admitted.request.prompt).map(\.inputs))
        #expect(sent.count <= 1, "\(job.id) was sent with different references")
        let recorded = try await harness.store.references(of: job.id)
        let request = job.admitted.request.replacing(recorded)
        if let sent = sent.first {
            #expect(request.inputs.map(\.input) == request.inputs.map { known(sent, $0.input) }, "\(job.id)")
            #expect(request.inputs.count == sent.count)
        }
        for reference in recorded {
            let bytes = harness.files.bytes(of: .input(sha256: reference.stored.sha256))
            #expect(bytes.map { SHA256.hash($0).hex } == reference.stored.sha256, "\(job.id)")
        }
        if case .failed(let failure) = job.state, failure.code == .inputUnavailable { #expect(sent.isEmpty) }
    }

    /// The input if it is stored and was sent.
    private func known(_ sent: [String], _ input: MediaInput) -> MediaInput? {
        guard case .stored(let stored) = input, sent.contains(stored.sha256) else { return nil }
        return input
    }
}
